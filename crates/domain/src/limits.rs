//! The limits that a site can set: upstream's `[transport]` options and the few others that steer the domain.

/// Which texts are taken as a client's id (`client_id_uuid_safe`).
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum ClientIdRule {
    /// Only UUIDs (`strict`).
    #[default]
    Uuid,
    /// Any text whose length is within the limits (`off`).
    AnyText,
}

/// Each member is the option of the same name, `Default` its default. Times are in seconds, sizes in bytes.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Limits {
    pub default_message_ttl: u32,
    pub default_message_delay: u32,
    pub default_claim_ttl: u32,
    pub default_claim_grace: u32,
    pub default_subscription_ttl: u32,
    pub max_queues_per_page: usize,
    pub max_messages_per_page: usize,
    pub max_subscriptions_per_page: usize,
    pub max_flavors_per_page: usize,
    pub max_pools_per_page: usize,
    pub max_messages_per_claim_or_pop: usize,
    pub max_queue_metadata: u64,
    pub max_messages_post_size: u64,
    pub max_message_ttl: u32,
    pub max_message_delay: u32,
    pub max_claim_ttl: u32,
    pub max_claim_grace: u32,
    pub subscriber_types: Vec<String>,
    pub client_id_uuid_safe: ClientIdRule,
    pub min_length_client_id: usize,
    pub max_length_client_id: usize,
    pub message_delete_with_claim_id: bool,
    /// `[DEFAULT] enable_checksum`.
    pub enable_checksum: bool,
    /// `[notification] require_confirmation`.
    pub require_confirmation: bool,
    /// `[notification] max_confirmations_per_hour`.
    pub max_confirmations_per_hour: u32,
}

/// No message lives shorter, no claim and no subscription either, and no grace is shorter: upstream has no options for these.
pub const MIN_MESSAGE_TTL: u32 = 60;
pub const MIN_CLAIM_TTL: u32 = 60;
pub const MIN_CLAIM_GRACE: u32 = 60;
pub const MIN_SUBSCRIPTION_TTL: u32 = 60;

/// How many items a listing or a claim has that names no limit, unless the site's limit is lower.
pub(crate) const DEFAULT_PAGE: usize = 10;

impl Default for Limits {
    fn default() -> Self {
        Self {
            default_message_ttl: 3600,
            default_message_delay: 0,
            default_claim_ttl: 300,
            default_claim_grace: 60,
            default_subscription_ttl: 3600,
            max_queues_per_page: 20,
            max_messages_per_page: 20,
            max_subscriptions_per_page: 20,
            max_flavors_per_page: 20,
            max_pools_per_page: 20,
            max_messages_per_claim_or_pop: 20,
            max_queue_metadata: 64 * 1024,
            max_messages_post_size: 256 * 1024,
            max_message_ttl: 1_209_600,
            max_message_delay: 900,
            max_claim_ttl: 43_200,
            max_claim_grace: 43_200,
            subscriber_types: ["http", "https", "mailto", "trust+http", "trust+https"]
                .map(String::from)
                .to_vec(),
            client_id_uuid_safe: ClientIdRule::Uuid,
            min_length_client_id: 10,
            max_length_client_id: 36,
            message_delete_with_claim_id: false,
            enable_checksum: false,
            require_confirmation: false,
            max_confirmations_per_hour: 20,
        }
    }
}

/// `value` if it is at least 1 and at most `max`; what was not given is `default`, or `max` if that is lower.
pub(crate) fn count_within(value: Option<i64>, max: usize, default: usize) -> Option<usize> {
    match value {
        None => Some(default.min(max)),
        Some(value) => usize::try_from(value).ok().filter(|count| (1..=max).contains(count)),
    }
}

/// `value` if it lies between `min` and `max`, both included.
pub(crate) fn seconds_within(value: i64, min: u32, max: u32) -> Option<u32> {
    u32::try_from(value).ok().filter(|seconds| (min..=max).contains(seconds))
}

#[cfg(test)]
mod tests {
    use super::{count_within, seconds_within};

    #[test]
    fn a_count_is_at_least_one_and_at_most_the_limit() {
        assert_eq!(count_within(None, 20, 10), Some(10));
        assert_eq!(count_within(None, 3, 10), Some(3));
        assert_eq!(count_within(Some(20), 20, 10), Some(20));
        for bad in [0, -1, 21, i64::MAX, i64::MIN] {
            assert_eq!(count_within(Some(bad), 20, 10), None);
        }
    }

    #[test]
    fn seconds_include_both_bounds() {
        assert_eq!(seconds_within(60, 60, 100), Some(60));
        assert_eq!(seconds_within(100, 60, 100), Some(100));
        for bad in [59, 101, -60, i64::MAX] {
            assert_eq!(seconds_within(bad, 60, 100), None);
        }
    }
}
