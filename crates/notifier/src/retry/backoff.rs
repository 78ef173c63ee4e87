//! How delays grow from the minimum to the maximum.

/// The linear function's step, in seconds; the others have as many retries as it has.
const STEP: u64 = 5;

/// The shape of the growth. Each function is total: no delay is below the minimum or above the maximum.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Backoff {
    /// Each delay is five seconds longer than the one before.
    #[default]
    Linear,
    /// The steps themselves grow evenly: 1, 2, 3, … parts.
    Arithmetic,
    /// Each delay is the one before times the same factor; the last is the maximum.
    Geometric,
    /// Each delay is twice the one before, up to the maximum.
    Exponential,
}

impl Backoff {
    /// By its name in a retry policy.
    pub fn named(name: &str) -> Option<Self> {
        match name {
            "linear" => Some(Self::Linear),
            "arithmetic" => Some(Self::Arithmetic),
            "geometric" => Some(Self::Geometric),
            "exponential" => Some(Self::Exponential),
            _ => None,
        }
    }

    /// How many retries there are.
    pub(super) const fn retries(self, minimum: u64, maximum: u64) -> u64 {
        maximum.saturating_sub(minimum).div_ceil(STEP)
    }

    /// The delay before one of them, from 0 on, in seconds.
    pub(super) fn delay(self, minimum: u64, maximum: u64, retry: u64) -> u64 {
        let span = maximum.saturating_sub(minimum);
        let last = self.retries(minimum, maximum).saturating_sub(1).max(1);
        let delay = match self {
            Self::Linear => minimum.saturating_add(retry.saturating_mul(STEP)),
            Self::Arithmetic => {
                let parts = u128::from(retry) * (u128::from(retry) + 1);
                let all = u128::from(last) * (u128::from(last) + 1);
                let grown = u128::from(span) * parts / all;
                minimum.saturating_add(u64::try_from(grown).unwrap_or(span))
            }
            Self::Geometric => geometric(minimum.max(1), maximum, retry, last),
            Self::Exponential => {
                let factor = u32::try_from(retry).ok().and_then(|retry| 1_u64.checked_shl(retry));
                factor.map_or(maximum, |factor| minimum.max(1).saturating_mul(factor))
            }
        };
        delay.clamp(minimum, maximum)
    }
}

#[allow(
    clippy::cast_precision_loss,
    clippy::cast_possible_truncation,
    clippy::cast_sign_loss,
    reason = "delays are below 2^21 seconds; a float that is out of range becomes the nearest number, and is clamped"
)]
fn geometric(minimum: u64, maximum: u64, retry: u64, last: u64) -> u64 {
    let growth = maximum.max(minimum) as f64 / minimum as f64;
    let delay = minimum as f64 * growth.powf(retry as f64 / last as f64);
    delay.round() as u64
}
