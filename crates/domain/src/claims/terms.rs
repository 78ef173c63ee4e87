//! For how long a claim and its messages live.

use zaqar_model::{ClaimTerms, GraceSeconds, TtlSeconds};

use crate::limits::{Limits, MIN_CLAIM_GRACE, MIN_CLAIM_TTL, seconds_within};
use crate::{Error, Result};

/// What a client asks for; what it leaves out is the site's default.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct ClaimWish {
    pub ttl: Option<i64>,
    pub grace: Option<i64>,
}

impl ClaimWish {
    /// The terms of a new claim.
    pub(super) fn for_creation(self, limits: &Limits) -> Result<ClaimTerms> {
        self.terms(limits, MIN_CLAIM_GRACE)
    }

    /// The terms of a renewed claim: upstream lets its grace be shorter.
    pub(super) fn for_renewal(self, limits: &Limits) -> Result<ClaimTerms> {
        self.terms(limits, 0)
    }

    fn terms(self, limits: &Limits, min_grace: u32) -> Result<ClaimTerms> {
        let wished = |given: Option<i64>, default: u32| given.unwrap_or_else(|| default.into());
        let max = limits.max_claim_ttl;
        let ttl = seconds_within(wished(self.ttl, limits.default_claim_ttl), MIN_CLAIM_TTL, max)
            .ok_or_else(|| out_of_bounds("TTL", max, MIN_CLAIM_TTL))?;
        let max = limits.max_claim_grace;
        let grace = seconds_within(wished(self.grace, limits.default_claim_grace), min_grace, max)
            .ok_or_else(|| out_of_bounds("grace", max, min_grace))?;
        Ok(ClaimTerms { ttl: TtlSeconds::new(ttl), grace: GraceSeconds::new(grace) })
    }
}

fn out_of_bounds(what: &str, max: u32, min: u32) -> Error {
    Error::invalid(format!(
        "The {what} for a claim may not exceed {max} seconds, and must be at least {min} seconds long."
    ))
}

#[cfg(test)]
mod tests {
    use super::ClaimWish;
    use crate::Limits;

    #[test]
    fn what_is_left_out_is_the_default() {
        let terms = ClaimWish::default().for_creation(&Limits::default()).unwrap();
        assert_eq!((terms.ttl.get(), terms.grace.get()), (300, 60));
    }

    #[test]
    fn terms_stay_within_their_bounds() {
        let limits = Limits::default();
        for (ttl, grace) in [(-1, -1), (59, 60), (60, 59), (60, 43_201), (43_201, 60)] {
            let wish = ClaimWish { ttl: Some(ttl), grace: Some(grace) };
            assert!(wish.for_creation(&limits).is_err(), "{wish:?}");
        }
        let text = ClaimWish { ttl: Some(59), grace: None }.for_creation(&limits).unwrap_err().to_string();
        assert_eq!(
            text,
            "The TTL for a claim may not exceed 43200 seconds, and must be at least 60 seconds long."
        );
    }

    #[test]
    fn a_renewal_may_have_any_grace_up_to_the_limit() {
        let limits = Limits::default();
        for (grace, good) in [(0, true), (5, true), (43_200, true), (-1, false), (43_201, false)] {
            let wish = ClaimWish { ttl: Some(60), grace: Some(grace) };
            assert_eq!(wish.for_renewal(&limits).is_ok(), good, "{grace}");
        }
    }
}
