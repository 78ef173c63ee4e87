//! For how long a claim and its messages live.

use zaqar_model::{ClaimTerms, GraceSeconds, TtlSeconds};

use crate::limits::{DEFAULT_PAGE, Limits, MIN_CLAIM_GRACE, MIN_CLAIM_TTL, count_within, seconds_within};
use crate::{Error, Result};

/// What a client asks for; what it leaves out is the site's default.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct ClaimParams {
    pub ttl: Option<i64>,
    pub grace: Option<i64>,
}

impl ClaimParams {
    /// The terms of a new claim, and of how many messages at most. Of several faults upstream's first is told.
    pub(super) fn for_creation(self, limit: Option<i64>, limits: &Limits) -> Result<(ClaimTerms, usize)> {
        let ttl = self.ttl(limits)?;
        let max = limits.max_messages_per_claim_or_pop;
        let limit = count_within(limit, max, DEFAULT_PAGE).ok_or_else(|| {
            Error::invalid(format!("Limit must be at least 1 and may not be greater than {max}."))
        })?;
        Ok((ClaimTerms { ttl, grace: self.grace(limits, MIN_CLAIM_GRACE)? }, limit))
    }

    /// The terms of a renewed claim: upstream lets its grace be shorter.
    pub(super) fn for_renewal(self, limits: &Limits) -> Result<ClaimTerms> {
        Ok(ClaimTerms { ttl: self.ttl(limits)?, grace: self.grace(limits, 0)? })
    }

    fn ttl(self, limits: &Limits) -> Result<TtlSeconds> {
        let max = limits.max_claim_ttl;
        seconds_within(self.ttl.unwrap_or_else(|| limits.default_claim_ttl.into()), MIN_CLAIM_TTL, max)
            .map(TtlSeconds::new)
            .ok_or_else(|| out_of_bounds("TTL", max, MIN_CLAIM_TTL))
    }

    fn grace(self, limits: &Limits, min: u32) -> Result<GraceSeconds> {
        let max = limits.max_claim_grace;
        seconds_within(self.grace.unwrap_or_else(|| limits.default_claim_grace.into()), min, max)
            .map(GraceSeconds::new)
            .ok_or_else(|| out_of_bounds("grace", max, min))
    }
}

fn out_of_bounds(what: &str, max: u32, min: u32) -> Error {
    Error::invalid(format!(
        "The {what} for a claim may not exceed {max} seconds, and must be at least {min} seconds long."
    ))
}

#[cfg(test)]
mod tests {
    use super::ClaimParams;
    use crate::Limits;

    #[test]
    fn what_is_left_out_is_the_default() {
        let (terms, limit) = ClaimParams::default().for_creation(None, &Limits::default()).unwrap();
        assert_eq!((terms.ttl.get(), terms.grace.get(), limit), (300, 60, 10));
    }

    #[test]
    fn terms_stay_within_their_bounds() {
        let limits = Limits::default();
        for (ttl, grace) in [(-1, -1), (59, 60), (60, 59), (60, 43_201), (43_201, 60)] {
            let wish = ClaimParams { ttl: Some(ttl), grace: Some(grace) };
            assert!(wish.for_creation(None, &limits).is_err(), "{wish:?}");
        }
    }

    #[test]
    fn of_several_faults_upstreams_first_is_told() {
        for (ttl, limit, text) in [
            (
                59,
                0,
                "The TTL for a claim may not exceed 43200 seconds, and must be at least 60 seconds long.",
            ),
            (60, 0, "Limit must be at least 1 and may not be greater than 20."),
            (
                60,
                1,
                "The grace for a claim may not exceed 43200 seconds, and must be at least 60 seconds long.",
            ),
        ] {
            let wish = ClaimParams { ttl: Some(ttl), grace: Some(59) };
            assert_eq!(wish.for_creation(Some(limit), &Limits::default()).unwrap_err().to_string(), text);
        }
    }

    #[test]
    fn a_renewal_may_have_any_grace_up_to_the_limit() {
        let limits = Limits::default();
        for (grace, good) in [(0, true), (5, true), (43_200, true), (-1, false), (43_201, false)] {
            let wish = ClaimParams { ttl: Some(60), grace: Some(grace) };
            assert_eq!(wish.for_renewal(&limits).is_ok(), good, "{grace}");
        }
    }
}
