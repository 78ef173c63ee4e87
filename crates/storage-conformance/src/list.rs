//! The list of all cases, by noun and file, and the macros that make a test of each.

/// Holds a message store to the contract: `message_store!(name, fixture)` makes a module `name` with a test for each
/// case. `fixture` is a function (or a closure) that makes a [`MessageFixture`](crate::MessageFixture): a place for a
/// store, empty.
#[macro_export]
macro_rules! message_store {
    ($name:ident, $fixture:expr) => {
        $crate::__message_cases! { __message_tests, $name, $fixture }
    };
}

/// As [`message_store!`], but all cases are one test `name`, for servers that take long to start. A case whose name (as
/// `noun::file::case`) `leaves_out` admits is not run.
#[macro_export]
macro_rules! message_store_together {
    ($name:ident, $fixture:expr, $leaves_out:expr) => {
        #[test]
        fn $name() {
            let fixture = $fixture;
            $crate::check_message_store(&|| ::std::boxed::Box::new(fixture()), &$leaves_out);
        }
    };
}

/// Holds a management store to the contract: `management_store!(name, fixture)` makes a module `name` with a test for
/// each case. `fixture` is a function (or a closure) that makes a [`ManagementFixture`](crate::ManagementFixture): a
/// place for a store, empty.
#[macro_export]
macro_rules! management_store {
    ($name:ident, $fixture:expr) => {
        $crate::__management_cases! { __management_tests, $name, $fixture }
    };
}

/// As [`management_store!`], but all cases are one test `name`, for servers that take long to start. A case whose name (as
/// `noun::file::case`) `leaves_out` admits is not run.
#[macro_export]
macro_rules! management_store_together {
    ($name:ident, $fixture:expr, $leaves_out:expr) => {
        #[test]
        fn $name() {
            let fixture = $fixture;
            $crate::check_management_store(&|| ::std::boxed::Box::new(fixture()), &$leaves_out);
        }
    };
}

#[doc(hidden)]
#[macro_export]
macro_rules! __message_tests {
    ($name:ident, $fixture:expr, $($noun:ident { $($file:ident { $($case:ident,)* })* })*) => {
        mod $name {
            #[allow(unused_imports, clippy::wildcard_imports, reason = "the fixture's path is the caller's")]
            use super::*;
            $(mod $noun {
                #[allow(unused_imports, clippy::wildcard_imports, reason = "the fixture's path is the caller's")]
                use super::*;
                $(mod $file {
                    #[allow(unused_imports, clippy::wildcard_imports, reason = "the fixture's path is the caller's")]
                    use super::*;
                    $(#[test]
                    fn $case() {
                        $crate::message_cases::$noun::$file::$case(::std::boxed::Box::new(|| {
                            ::std::boxed::Box::new(($fixture)())
                        }));
                    })*
                })*
            })*
        }
    };
}

#[doc(hidden)]
#[macro_export]
macro_rules! __management_tests {
    ($name:ident, $fixture:expr, $($noun:ident { $($file:ident { $($case:ident,)* })* })*) => {
        mod $name {
            #[allow(unused_imports, clippy::wildcard_imports, reason = "the fixture's path is the caller's")]
            use super::*;
            $(mod $noun {
                #[allow(unused_imports, clippy::wildcard_imports, reason = "the fixture's path is the caller's")]
                use super::*;
                $(mod $file {
                    #[allow(unused_imports, clippy::wildcard_imports, reason = "the fixture's path is the caller's")]
                    use super::*;
                    $(#[test]
                    fn $case() {
                        $crate::management_cases::$noun::$file::$case(::std::boxed::Box::new(|| {
                            ::std::boxed::Box::new(($fixture)())
                        }));
                    })*
                })*
            })*
        }
    };
}

/// A function `$name` that runs all cases of `$cases`, one after the other.
#[doc(hidden)]
#[macro_export]
macro_rules! __together {
    ($name:ident, $cases:ident, $fixture:ident, $($noun:ident { $($file:ident { $($case:ident,)* })* })*) => {
        /// Runs all cases one after the other but those whose name (as `noun::file::case`) `leaves_out` admits, and fails at the
        /// end if any of them has.
        pub fn $name(fixture: &dyn Fn() -> Box<dyn $crate::$fixture>, leaves_out: &dyn Fn(&str) -> bool) {
            let together = $crate::run::Together::new(leaves_out);
            $($($(together.run(
                concat!(stringify!($noun), "::", stringify!($file), "::", stringify!($case)),
                || $crate::$cases::$noun::$file::$case(Box::new(fixture)),
            );)*)*)*
            together.end();
        }
    };
}

/// A plain function for each case, `$name::noun::file::case`: so its code is made here, once, and not in each driver's tests.
#[doc(hidden)]
#[macro_export]
macro_rules! __runners {
    ($run:ident, $make:ident, $($noun:ident { $($file:ident { $($case:ident,)* })* })*) => {
        $(pub mod $noun {
            $(pub mod $file {
                $(#[inline(never)]
                pub fn $case(fixture: $crate::run::$make<'_>) {
                    $crate::run::$run(
                        $crate::cases::$noun::$file::$case,
                        $crate::cases::$noun::needs,
                        fixture,
                    );
                })*
            })*
        })*
    };
}

/// All cases of a message store.
#[doc(hidden)]
#[macro_export]
macro_rules! __message_cases {
    ($expand:ident, $($given:tt)*) => {
        $crate::$expand! { $($given)*,
            delivery_migration {
                changing {
                    a_delivery_that_changes_comes_again,
                    subscriptions_that_change_come_again,
                    a_message_comes_behind_whom_it_stays_for,
                    early_and_late_items_make_the_whole,
                    what_nobody_needs_any_more_is_gone,
                }
                in_use {
                    a_queue_moves_while_it_is_in_use,
                }
                leaving {
                    deliveries_go_along,
                    imported_deliveries_are_kept,
                    what_was_taken_goes_along,
                    leases_go_along,
                    an_attempt_that_is_broken_off_after_a_move_is_on_record,
                    pauses_go_along,
                    who_is_owed_what_stays,
                    respected_delays_go_along,
                    what_expires_before_its_delay_ends_goes_along,
                    what_has_expired_goes_along,
                    attempts_to_ask_go_along,
                    suspensions_go_along,
                }
                sealing {
                    what_lives_elsewhere_refuses_every_call,
                    a_lease_passes_it_over,
                    the_others_are_recorded,
                    abandoning_lets_it_be_due_again,
                }
            }
            messages {
                adopting {
                    adopted_message_comes_as_it_was,
                    adopted_messages_stand_behind_the_others,
                    adopting_twice_doubles_nothing,
                    a_message_brought_twice_is_taken_once,
                    a_popped_message_can_be_adopted_again,
                    concurrent_adoptions_double_nothing,
                    adopted_message_keeps_its_expiry,
                    adopted_message_keeps_its_delay,
                    an_expired_message_is_adopted_in_vain,
                    adopted_message_is_free,
                    adopted_message_can_be_deleted,
                    adopted_message_keeps_its_client,
                    adopted_message_is_in_its_new_queue_only,
                    a_dropped_queue_adopts_nothing,
                }
                deleting {
                    deleted_message_is_gone,
                    deleting_an_absent_message_is_done,
                    deleting_twice_is_done,
                    deleting_an_expired_message_is_done,
                    delayed_message_can_be_deleted,
                    a_foreign_id_deletes_nothing,
                    delete_many_deletes_what_exists,
                    delete_many_takes_delayed_messages,
                    delete_many_of_none_is_done,
                    an_unknown_queue_has_nothing_to_delete,
                    the_id_of_a_deleted_message_does_not_come_again,
                }
                dropping {
                    a_dropped_queue_has_no_messages,
                    dropping_twice_is_done,
                    a_queue_dropped_before_its_first_message_takes_none,
                    dropping_leaves_other_queues_alone,
                    a_later_queue_of_the_same_name_begins_empty,
                    dropping_spares_a_later_queue_of_the_same_name,
                }
                durability {
                    posted_messages_are_kept,
                    the_identity_is_kept,
                    a_large_body_is_kept,
                    messages_of_many_queues_are_kept,
                    delays_and_expiry_are_kept,
                    expired_messages_do_not_come_back,
                    deleted_messages_do_not_come_back,
                    popped_messages_do_not_come_back,
                    purged_messages_do_not_come_back,
                    a_dropped_queue_stays_dropped,
                    adopted_messages_are_kept,
                    a_queue_goes_on_after_reopening,
                    a_store_may_be_reopened_again_and_again,
                }
                expiring {
                    a_message_expires_when_its_ttl_has_passed,
                    each_message_expires_at_its_own_time,
                    giving_back_space_changes_nothing_visible,
                    a_queue_goes_on_after_everything_expired,
                    the_longest_ttl_does_not_overflow,
                }
                fetching {
                    a_listing_says_when_a_message_comes_within_reach,
                    messages_come_in_the_order_asked_for,
                    unknown_ids_are_passed_over,
                    no_ids_find_no_messages,
                    an_unknown_queue_has_no_messages,
                    delayed_message_can_be_fetched,
                    expired_message_cannot_be_fetched,
                    an_id_means_nothing_in_another_queue,
                    ids_beyond_the_ends_of_the_queue_mean_nothing,
                }
                lifecycle {
                    an_open_store_is_alive,
                    a_closed_store_answers_unavailable,
                    capabilities_are_constant,
                }
                listing {
                    an_unknown_queue_lists_nothing,
                    a_page_holds_at_most_its_limit,
                    a_marker_goes_on_behind_the_last_item,
                    pages_cover_the_queue_without_gap_or_overlap,
                    a_marker_at_the_end_finds_later_messages,
                    a_listing_goes_on_behind_a_message,
                    an_empty_page_tells_where_it_starts,
                    a_marker_behind_the_end_is_the_end,
                    a_page_says_how_far_it_has_looked,
                    a_page_holds_little_more_than_its_bytes,
                    a_marker_outlives_its_message,
                    a_marker_outlives_the_expiry_of_its_message,
                    own_messages_are_left_out_where_asked,
                    own_messages_do_not_shorten_a_page,
                    delayed_message_is_not_listed,
                    delayed_messages_do_not_shorten_a_page,
                    expired_messages_do_not_shorten_a_page,
                    deleted_messages_do_not_shorten_a_page,
                }
                popping {
                    pop_takes_the_first_messages,
                    popped_message_is_gone,
                    delayed_message_is_not_popped,
                    a_pop_does_not_lengthen_a_life,
                    expired_message_is_not_popped,
                    pop_from_an_empty_queue_takes_nothing,
                    concurrent_pops_never_share_a_message,
                }
                posting {
                    ids_are_answered_in_the_order_of_the_messages,
                    messages_keep_the_order_of_posting,
                    ids_are_distinct,
                    concurrent_posts_do_not_interleave,
                    a_thousand_messages_in_one_post_are_all_there,
                    a_message_comes_back_as_it_was_posted,
                    the_time_of_posting_is_exact,
                    a_body_comes_back_byte_for_byte,
                    a_sealed_body_comes_back_byte_for_byte,
                    a_body_of_256_kib_comes_back_byte_for_byte,
                    a_checksum_belongs_to_its_message,
                    a_time_to_live_belongs_to_its_message,
                    queues_are_apart,
                    a_queue_and_a_topic_of_one_name_are_apart,
                    projects_are_apart,
                    a_post_to_a_dropped_queue_is_not_found,
                    any_text_may_name_a_client,
                }
                purging {
                    purge_deletes_all_messages,
                    a_purged_queue_takes_new_messages,
                    purge_leaves_other_queues_alone,
                    an_empty_queue_can_be_purged,
                    a_deep_queue_is_purged_whole,
                }
                arriving {
                    who_waits_is_woken_by_a_post,
                    all_who_wait_are_woken,
                    what_is_there_already_is_not_waited_for,
                    who_waits_is_woken_by_what_is_adopted,
                    a_dropped_queue_is_not_waited_for,
                }
                reaching {
                    a_message_comes_within_reach_after_its_delay,
                    a_delayed_message_keeps_its_place,
                    each_delay_ends_at_its_own_time,
                    a_message_may_expire_before_its_delay_ends,
                    the_ttl_counts_from_posting,
                    a_clock_a_little_behind_does_no_harm,
                }
                repeating {
                    a_batch_is_posted_once,
                    a_batch_is_recognised_in_its_queue_after_a_restart,
                    a_deletion_may_be_repeated,
                    a_pop_takes_messages_once,
                }
                stats {
                    an_empty_queue_counts_nothing,
                    oldest_and_newest_are_first_and_last,
                    a_single_message_is_oldest_and_newest,
                    delayed_messages_count_as_free,
                    a_queue_of_delayed_messages_has_stats,
                    expired_messages_are_not_counted,
                    oldest_and_newest_follow_deletions,
                    the_volume_is_that_of_all_queues,
                }
            }
            claims {
                claiming {
                    claim_takes_the_first_messages,
                    claimed_message_comes_with_claim_and_count,
                    a_claim_is_found_by_its_id,
                    a_claim_on_an_empty_queue_is_none,
                    a_claim_may_hold_fewer_than_asked_for,
                    claimed_message_is_not_claimed_again,
                    a_claim_tests_every_message,
                    delayed_message_is_not_claimed,
                    expired_message_is_not_claimed,
                    every_claim_counts,
                    a_claim_means_nothing_in_another_queue,
                    a_topic_can_be_claimed_from,
                    adopted_message_can_be_claimed,
                }
                concurrency {
                    concurrent_claims_never_share_a_message,
                    one_of_many_gets_a_single_message,
                    concurrent_claims_and_pops_never_share_a_message,
                    expired_claims_are_taken_over_by_one,
                    consumers_that_claim_and_delete_get_each_message_once,
                    counts_are_exact_under_concurrency,
                    posting_while_claiming_loses_nothing,
                }
                deleting {
                    claimed_message_is_not_deleted_without_its_claim,
                    claimed_message_is_deleted_with_its_claim,
                    free_message_is_not_deleted_with_a_claim,
                    message_of_another_claim_is_not_deleted,
                    claimed_message_is_not_deleted_with_an_unknown_claim,
                    message_of_an_expired_claim_is_deleted_without_claim,
                    deleting_twice_with_the_claim_is_done,
                    a_claim_ends_with_its_last_message,
                    a_claim_ends_when_all_its_messages_are_deleted,
                    a_claim_of_another_queue_does_not_delete,
                    delete_many_without_claims_takes_claimed_messages,
                    delete_many_with_claims_takes_what_they_hold,
                    delete_many_with_claims_passes_over_what_is_not_there,
                    delete_many_with_claims_is_all_or_nothing_over_a_free_message,
                    delete_many_with_claims_is_all_or_nothing_over_anothers_message,
                    delete_many_with_an_unknown_claim_deletes_nothing,
                    the_first_message_not_held_decides_the_answer,
                    delayed_message_is_not_deleted_with_a_claim,
                }
                durability {
                    a_claim_is_kept,
                    a_kept_claim_deletes,
                    a_renewal_is_kept,
                    a_release_is_kept,
                    counts_and_extensions_are_kept,
                    deletion_with_a_claim_is_kept,
                    an_expired_claim_does_not_come_back,
                    purged_claims_do_not_come_back,
                    exhausted_messages_are_kept,
                    discarded_messages_do_not_come_back,
                    a_move_broken_off_by_a_restart_is_made_again,
                }
                ending {
                    a_claim_expires_when_its_ttl_has_passed,
                    messages_of_an_expired_claim_are_free_in_their_places,
                    messages_of_an_expired_claim_can_be_popped,
                    each_claim_expires_at_its_own_time,
                    giving_back_space_frees_the_messages_of_expired_claims,
                    an_expired_claim_has_no_power_over_its_messages,
                    a_clock_a_little_behind_does_not_share_a_message,
                }
                exhausting {
                    a_message_claimed_often_enough_is_set_aside,
                    exhausted_message_is_invisible,
                    a_claim_goes_on_behind_exhausted_messages,
                    a_claim_sets_aside_only_what_it_meets,
                    moved_messages_are_here_no_more,
                    a_move_is_not_made_twice,
                    a_move_is_kept,
                    without_policy_nothing_is_exhausted,
                    claimed_message_is_not_set_aside,
                    exhausted_message_comes_with_all_that_travels,
                    exhausted_messages_come_at_most_so_many,
                    discarded_message_is_forgotten,
                    discarding_leaves_other_messages_alone,
                    exhausted_message_expires,
                    destinations_with_exhausted_messages_are_found,
                    purge_leaves_exhausted_messages,
                    a_dropped_queue_has_no_exhausted_messages,
                    exhausted_messages_are_of_their_queue,
                    a_broken_off_move_is_made_again,
                    concurrent_claims_set_aside_each_message_once,
                }
                grace {
                    a_claim_extends_the_life_of_its_messages,
                    an_extended_message_shows_its_new_ttl,
                    a_message_that_outlives_its_claim_is_not_extended,
                    an_extension_outlives_its_claim,
                    claimed_message_does_not_expire_before_its_claim,
                    each_message_is_extended_for_itself,
                    a_claim_may_leave_lives_alone,
                    the_longest_terms_do_not_overflow,
                }
                holding {
                    claimed_message_is_not_listed,
                    claimed_and_delayed_are_asked_for_apart,
                    claimed_messages_do_not_shorten_a_page,
                    claimed_message_can_be_fetched,
                    claimed_message_is_not_popped,
                    claimed_messages_are_counted_apart,
                    messages_of_an_expired_claim_are_counted_as_free,
                    a_queue_of_claimed_messages_has_stats,
                    purge_deletes_claimed_messages_and_claims,
                    a_dropped_queue_has_no_claims,
                    the_volume_counts_claimed_messages_apart,
                }
                late {
                    an_expired_claim_deletes_what_nobody_took_since,
                    an_expired_claim_deletes_only_what_it_held,
                    an_expired_claim_does_not_delete_what_another_took,
                    of_two_expired_claims_the_last_deletes,
                    what_another_gave_back_is_not_deleted,
                    a_late_deletion_of_many_is_all_or_nothing,
                    an_expired_claim_is_still_gone,
                    a_late_claim_is_kept,
                }
                releasing {
                    released_messages_are_free_in_their_places,
                    a_released_claim_is_gone,
                    a_released_message_keeps_its_count,
                    releasing_an_unknown_claim_does_nothing,
                    a_released_claim_has_no_power_over_its_messages,
                    deleted_messages_do_not_come_back_with_a_release,
                }
                renewing {
                    a_renewed_claim_begins_anew,
                    a_renewed_claim_shows_its_new_terms,
                    a_renewal_may_shorten_a_claim,
                    a_renewal_does_not_count,
                    a_renewal_extends_the_life_of_its_messages,
                    a_renewal_extends_only_what_is_held,
                    an_unknown_claim_is_not_renewed,
                    a_claim_may_be_renewed_again_and_again,
                }
                repeating {
                    a_claim_is_made_once,
                    a_claim_that_is_made_twice_at_once_is_made_once,
                    an_ended_claim_is_not_taken_for_the_same,
                    renewals_and_releases_may_be_repeated,
                }
                setting_aside {
                    a_message_is_set_aside_when_its_claim_has_expired,
                    a_message_is_set_aside_when_its_claim_was_released,
                    what_was_claimed_less_often_stays,
                    what_was_taken_again_is_not_set_aside,
                    without_a_policy_nothing_is_set_aside,
                    destinations_with_ended_claims_are_found,
                    many_are_set_aside_some_at_a_time,
                    ended_claims_are_found_after_reopening,
                }
            }
            migration {
                changing {
                    an_export_comes_in_pages,
                    a_page_may_be_asked_for_again,
                    a_change_after_its_export_comes_again,
                    what_is_gone_is_told,
                    a_dead_letter_is_told,
                    the_end_comes_last,
                    a_later_item_takes_the_place_of_an_earlier,
                    an_unknown_queue_can_move,
                    positions_of_another_store_stay,
                }
                leaving {
                    a_queue_comes_back_as_it_was,
                    live_claims_go_along,
                    delays_go_along,
                    dead_letters_go_along,
                    markers_stay_good,
                    an_empty_queue_goes_on_behind_its_last_position,
                    imported_messages_are_kept,
                    a_queue_that_came_back_is_in_use_again,
                    a_late_claim_goes_along,
                    ended_claims_are_found_after_a_move,
                    batches_go_along,
                    letters_go_along,
                }
                overtaking {
                    a_later_export_ends_an_earlier,
                    what_has_left_is_not_exported,
                    a_later_import_ends_an_earlier,
                    an_open_queue_is_left_alone,
                    only_who_has_begun_brings_more,
                    a_later_mover_opens_what_has_arrived,
                    leavings_are_let_go,
                }
                sealing {
                    what_lives_elsewhere_refuses_every_call,
                    dropped_after_the_seal_it_has_moved,
                    dropped_before_the_seal_it_is_gone,
                    who_waits_is_woken,
                    abandoning_takes_the_seal_off,
                    a_sealed_queue_is_left_out,
                    nothing_expires_on_its_way,
                }
            }
            subscriptions {
                changing {
                    a_change_touches_only_what_it_names,
                    a_new_ttl_counts_from_now,
                    a_change_without_ttl_keeps_the_expiry,
                    an_unknown_subscription_is_not_changed,
                    a_change_is_made_only_while_the_subscriber_is_the_one_that_was_seen,
                    a_change_to_anothers_subscriber_is_a_conflict,
                    a_change_to_the_same_subscriber_is_no_conflict,
                }
                durability {
                    a_subscription_is_kept,
                }
                keeping {
                    a_subscription_comes_back_as_it_was_kept,
                    options_that_are_null_stay_so,
                    an_unknown_subscription_is_not_found,
                    a_subscriber_has_one_subscription_a_source,
                    concurrent_subscriptions_of_one_subscriber_are_one,
                    a_subscriber_may_have_many_sources,
                    subscriptions_are_listed_in_the_order_of_their_ids,
                    an_unknown_source_has_no_subscriptions,
                    an_expired_subscription_counts_as_absent,
                    expired_subscriptions_do_not_shorten_a_page,
                    an_ended_subscription_is_gone,
                    subscriptions_are_gone_with_their_source,
                    a_dropped_source_takes_no_subscription,
                    purge_leaves_subscriptions,
                    a_subscription_may_be_stored_again,
                }
            }
            deliveries {
                breaking_off {
                    an_attempt_that_was_broken_off_is_on_record,
                    an_attempt_that_was_broken_off_is_not_counted,
                    what_is_under_way_is_not_on_record_yet,
                    what_was_given_back_leaves_no_attempt,
                    a_redelivery_puts_it_on_record,
                    it_is_on_record_also_when_the_message_has_expired,
                    it_is_on_record_also_when_the_message_expires_over_a_restart,
                }
                confirming {
                    attempts_to_ask_are_on_record_among_the_others,
                    they_count_with_the_others,
                    of_a_subscription_that_is_gone_none_is_kept,
                }
                delays {
                    a_delay_may_be_respected,
                    a_delayed_message_holds_up_none_behind_it,
                    respected_delays_are_kept,
                    a_delayed_message_stays_until_it_is_due,
                    a_delayed_message_that_expires_before_it_is_due_is_owed_as_expired,
                    it_is_owed_as_expired_whatever_holds_its_subscription_back,
                    a_delay_outlasts_a_suspension,
                    a_delayed_message_is_sent_again_at_once,
                }
                durability {
                    what_is_owed_is_kept,
                    the_kind_of_a_source_is_kept,
                    what_was_delivered_is_not_owed_again,
                    a_retry_is_kept,
                    a_lease_that_a_restart_broke_off_is_due_again,
                    an_attempt_that_a_restart_broke_off_is_on_record,
                    what_was_given_back_was_not_broken_off,
                }
                expiring {
                    it_is_due_at_once_also_when_its_retry_was_later,
                    it_is_due_at_once_whatever_holds_its_subscription_back,
                    it_fails_without_an_attempt,
                    it_is_seen_by_no_other_call,
                    a_live_lease_keeps_it,
                    it_can_be_postponed,
                    a_claim_puts_it_off,
                    it_is_leased_within_the_limits,
                    it_is_forgotten_with_its_subscription,
                }
                leasing {
                    nothing_owed_is_nothing_due,
                    what_was_posted_is_due_at_once,
                    a_lease_takes_at_most_so_many,
                    a_lease_has_its_deliveries_alone_until_it_ends,
                    concurrent_leases_never_share_a_delivery,
                    what_was_delivered_is_done,
                    outcomes_may_come_in_any_order,
                    what_failed_for_good_is_done,
                    a_retry_is_due_at_its_time,
                    a_retry_does_not_hold_up_the_next,
                    subscriptions_do_not_hold_up_each_other,
                    a_retry_outlasts_its_message,
                    a_lease_that_was_taken_over_records_nothing,
                    a_late_record_counts_if_no_other_took_over,
                    an_unknown_lease_records_nothing,
                    a_record_for_an_ended_subscription_does_nothing,
                }
                limiting {
                    a_subscription_has_at_most_so_many_under_lease,
                    a_record_makes_room_for_another,
                    an_ended_lease_makes_room,
                    what_is_due_next_knows_the_limit,
                    subscriptions_take_turns,
                    dead_subscriptions_do_not_delay_a_healthy_one,
                    a_lease_without_time_takes_nothing,
                    retries_take_no_turn_of_first_attempts,
                    a_lease_takes_first_attempts_first,
                }
                notifying {
                    one_that_is_not_notified_is_owed_nothing,
                    one_need_not_be_confirmed_to_be_notified,
                    it_is_owed_what_is_posted_from_then_on,
                    what_it_was_owed_is_forgotten,
                    a_change_leaves_what_is_owed,
                }
                owing {
                    every_message_posted_from_now_on_is_owed,
                    a_delivery_brings_subscription_and_message,
                    every_subscription_is_owed_every_message,
                    nothing_of_another_source_is_owed,
                    a_deleted_message_stays_for_its_subscribers,
                    a_purged_message_stays_for_its_subscribers,
                    a_message_claimed_too_often_stays_for_its_subscribers,
                    a_claimed_message_is_owed_as_long_as_it_lives,
                    an_expired_message_is_owed_for_a_day,
                    an_ended_subscription_is_owed_nothing,
                    a_new_subscription_begins_anew,
                    an_expired_subscription_is_owed_nothing,
                    nothing_of_a_dropped_source_is_owed,
                    delayed_message_is_owed_at_once,
                    what_arrives_from_another_queue_is_owed,
                    a_moved_dead_letter_is_owed,
                    what_goes_round_is_owed_each_time_it_arrives,
                    a_returned_message_is_not_owed,
                    a_letter_stays_a_letter,
                }
                pausing {
                    nothing_of_a_paused_subscription_is_leased,
                    a_post_does_not_end_a_pause,
                    a_pause_is_lifted,
                    a_pause_leaves_leases_alone,
                    retries_are_paused_alone,
                    a_pause_of_retries_leaves_that_of_all,
                }
                recording {
                    every_attempt_is_on_record,
                    an_attempt_tells_where_it_went,
                    attempts_are_filtered,
                    attempts_are_found_by_message,
                    attempts_are_listed_in_pages,
                    the_newest_attempts_are_kept,
                    an_old_attempt_is_forgotten,
                    attempts_end_with_their_subscription,
                    an_attempt_may_outlast_its_message,
                    what_is_passed_over_leaves_no_attempt,
                    a_postponement_is_no_attempt,
                }
                redelivering {
                    what_failed_is_listed_with_its_message,
                    what_failed_is_listed_in_pages,
                    what_failed_is_kept_for_a_day,
                    a_message_is_owed_once_more,
                    a_message_that_is_gone_is_not_owed,
                    a_returned_message_is_not_redelivered,
                    a_message_kept_for_another_is_owed_once_more,
                    a_leased_delivery_stays_leased,
                    what_failed_since_is_owed_once_more,
                    what_fails_again_is_listed_once,
                }
                repeating {
                    a_lease_is_made_once,
                    a_lease_takes_what_it_is_asked_for,
                    a_record_may_be_repeated,
                }
                suspending {
                    a_suspension_is_kept,
                    what_is_posted_meanwhile_waits,
                    a_suspension_leaves_leases_alone,
                    another_subscriber_does_not_wait_for_the_one_before,
                }
                waking {
                    a_post_wakes,
                    a_record_wakes,
                    a_redelivery_wakes,
                    a_closed_store_wakes,
                }
            }
            shared {
                claiming {
                    two_servers_never_claim_the_same_message,
                    a_claim_is_good_at_the_other_server,
                    an_expired_claim_is_free_everywhere,
                    two_servers_move_dead_letters_once,
                }
                closing {
                    the_other_server_goes_on,
                    both_do_the_maintenance,
                }
                delivering {
                    two_engines_never_lease_the_same_delivery,
                    another_engine_takes_over_when_a_lease_ends,
                    an_outcome_is_known_to_the_other_engine,
                    a_pause_and_an_end_hold_at_both,
                    a_post_wakes_the_engine_of_the_other_server,
                }
                migrating {
                    a_seal_holds_at_the_other_server,
                    another_server_takes_a_move_over,
                    a_seal_waits_for_calls_under_way,
                }
                posting {
                    what_one_server_takes_the_other_has,
                    a_batch_is_recognised_by_the_other_server,
                    a_reader_misses_nothing_of_either,
                    what_one_server_removes_is_gone_for_the_other,
                    a_post_wakes_who_waits_at_the_other_server,
                }
            }
            unsupported {
                claims {
                    undeclared_claims_are_unsupported,
                }
            }
        }
    };
}

/// All cases of a management store.
#[doc(hidden)]
#[macro_export]
macro_rules! __management_cases {
    ($expand:ident, $($given:tt)*) => {
        $crate::$expand! { $($given)*,
            destinations {
                changing {
                    new_metadata_replaces_the_old,
                    a_change_from_an_old_revision_is_a_conflict,
                    changes_follow_one_another,
                    a_change_of_a_deleted_queue_is_not_found,
                    a_change_does_not_touch_a_later_queue_of_the_same_name,
                    of_concurrent_changes_one_is_made,
                    the_same_change_again_is_a_conflict,
                    a_change_leaves_other_queues_alone,
                }
                creating {
                    a_new_queue_is_found,
                    an_existing_queue_is_left_as_it_was,
                    an_unknown_queue_is_not_found,
                    metadata_comes_back_as_it_was_given,
                    kinds_are_apart,
                    projects_are_apart,
                    numbers_are_distinct,
                    numbers_are_no_sequence,
                    concurrent_creations_make_one_queue,
                }
                deleting {
                    a_deleted_queue_is_gone,
                    deleting_an_unknown_queue_answers_none,
                    a_number_is_never_used_again,
                    a_queue_made_anew_has_no_old_metadata,
                    a_deletion_leaves_namesakes_alone,
                }
                durability {
                    queues_are_kept,
                    a_deleted_queue_does_not_come_back,
                    revisions_go_on_after_reopening,
                }
                lifecycle {
                    an_open_store_is_alive,
                    a_closed_store_answers_unavailable,
                }
                listing {
                    queues_are_listed_in_the_order_of_their_names,
                    a_listing_brings_whole_queues,
                    a_listing_goes_on_behind_the_marker,
                    a_project_without_queues_lists_none,
                    a_listing_holds_one_kind_of_one_project,
                    the_count_follows_creation_and_deletion,
                }
            }
            pools {
                catalogue {
                    an_assigned_queue_has_its_pool,
                    the_first_assignment_stays,
                    concurrent_assignments_agree,
                    a_queue_is_not_assigned_to_an_unknown_pool,
                    a_queue_can_be_assigned_to_another_pool,
                    an_assignment_from_another_pool_changes_nothing,
                    a_queue_that_is_assigned_to_none_has_no_pool,
                    an_assignment_may_be_repeated,
                    the_queues_of_a_pool_are_found,
                    a_queue_that_has_left_its_pool_keeps_its_last_position,
                }
                durability {
                    pools_and_flavors_are_kept,
                    the_catalogue_is_kept,
                    where_a_queue_has_left_is_kept,
                    moves_are_kept,
                }
                flavors {
                    a_flavor_comes_back_as_it_was_registered,
                    a_flavor_is_replaced_if_it_is_what_was_seen,
                    flavors_are_listed_in_the_order_of_their_names,
                    a_removed_flavor_is_gone,
                    a_flavor_with_pools_is_not_removed,
                }
                moving {
                    a_noted_move_is_found_until_it_is_over,
                    moves_are_listed_in_the_order_of_the_queues,
                    a_move_is_replaced_if_it_is_what_was_seen,
                    a_move_ends_if_it_is_what_was_seen,
                    a_taken_move_is_held_until_its_time_is_over,
                    a_move_that_is_given_back_is_free,
                    a_move_that_is_replaced_stays_taken,
                    a_queue_is_switched_by_the_move_that_is_noted,
                    a_move_to_an_unknown_pool_is_not_noted,
                    a_pool_that_is_part_of_a_move_is_not_removed,
                }
                registering {
                    a_pool_comes_back_as_it_was_registered,
                    a_pool_is_replaced_if_it_is_what_was_seen,
                    two_pools_cannot_have_one_uri,
                    of_many_that_want_one_uri_at_once_one_gets_it,
                    a_uri_that_is_given_up_is_free,
                    pools_are_listed_in_the_order_of_their_names,
                    pools_are_found_by_their_flavor,
                    the_pools_of_a_flavor_come_in_pages,
                    a_pool_may_name_a_flavor_that_is_not_there,
                    a_pool_may_change_its_flavor,
                    a_removed_pool_is_gone,
                    a_pool_with_queues_is_not_removed,
                    a_pool_is_removed_with_what_is_left_of_deleted_queues,
                }
            }
            shared_management {
                assigning {
                    an_assignment_is_seen_on_the_other_server,
                    of_two_servers_that_assign_a_queue_one_decides,
                }
                changing {
                    a_queue_made_on_one_server_is_found_on_the_other,
                    of_two_servers_that_make_a_queue_one_makes_it,
                    of_two_servers_that_change_metadata_one_is_told,
                    a_queue_deleted_on_one_server_is_gone_on_the_other,
                }
                moving {
                    a_move_is_taken_by_one_server,
                    a_move_is_taken_over_when_its_time_is_over,
                }
                registering {
                    a_pool_registered_on_one_server_is_seen_on_the_other,
                    of_two_servers_that_change_a_pool_one_is_told,
                    of_two_servers_that_change_a_flavor_one_is_told,
                }
            }
        }
    };
}
