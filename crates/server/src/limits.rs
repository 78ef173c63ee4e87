//! The limits of the domain, from the configuration.

use zaqar_config::{ClientIdUuidSafe, Config};
use zaqar_domain::{ClientIdRule, Limits};

pub(crate) fn of(config: &Config) -> Limits {
    let transport = &config.transport;
    Limits {
        default_message_ttl: seconds(transport.default_message_ttl),
        default_message_delay: seconds(transport.default_message_delay),
        default_claim_ttl: seconds(transport.default_claim_ttl),
        default_claim_grace: seconds(transport.default_claim_grace),
        default_subscription_ttl: seconds(transport.default_subscription_ttl),
        max_queues_per_page: count(transport.max_queues_per_page),
        max_messages_per_page: count(transport.max_messages_per_page),
        max_subscriptions_per_page: count(transport.max_subscriptions_per_page),
        max_flavors_per_page: count(transport.max_flavors_per_page),
        max_pools_per_page: count(transport.max_pools_per_page),
        max_messages_per_claim_or_pop: count(transport.max_messages_per_claim_or_pop),
        max_queue_metadata: transport.max_queue_metadata,
        max_messages_post_size: transport.max_messages_post_size,
        max_message_ttl: seconds(transport.max_message_ttl),
        max_message_delay: seconds(transport.max_message_delay),
        max_claim_ttl: seconds(transport.max_claim_ttl),
        max_claim_grace: seconds(transport.max_claim_grace),
        subscriber_types: transport.subscriber_types.clone(),
        client_id_uuid_safe: match transport.client_id_uuid_safe {
            ClientIdUuidSafe::Strict => ClientIdRule::Uuid,
            ClientIdUuidSafe::Off => ClientIdRule::AnyText,
        },
        min_length_client_id: count(transport.min_length_client_id),
        max_length_client_id: count(transport.max_length_client_id),
        message_delete_with_claim_id: transport.message_delete_with_claim_id,
        enable_checksum: config.default.enable_checksum,
        require_confirmation: config.notification.require_confirmation,
        max_confirmations_per_hour: config.notification.max_confirmations_per_hour,
    }
}

/// More than 136 years are as good as 136.
fn seconds(option: u64) -> u32 {
    u32::try_from(option).unwrap_or(u32::MAX)
}

fn count(option: u32) -> usize {
    usize::try_from(option).unwrap_or(usize::MAX)
}

#[cfg(test)]
mod tests {
    use zaqar_config::Config;
    use zaqar_domain::Limits;

    use super::of;

    #[test]
    fn without_configuration_the_limits_are_those_of_the_domain() {
        assert_eq!(of(&Config::default()), Limits::default());
    }
}
