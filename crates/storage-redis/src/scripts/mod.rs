//! The scripts that the servers run: each is one atomic step.
//!
//! A script begins with `#!lua`, so that it may only touch keys of one slot, also where there is no cluster. Its flags say
//! whether it may run where the memory is full. What several share stands before them.

use std::sync::OnceLock;

use ring::digest::{SHA1_FOR_LEGACY_USE_ONLY, digest};

/// A script, and the name by which a server knows it once it was loaded.
#[derive(Debug)]
pub(crate) struct Script {
    text: &'static str,
    name: OnceLock<String>,
}

impl Script {
    const fn new(text: &'static str) -> Self {
        Self { text, name: OnceLock::new() }
    }

    pub(crate) const fn text(&self) -> &'static str {
        self.text
    }

    /// SHA-1 of the text, as the servers have it.
    pub(crate) fn name(&self) -> &str {
        self.name.get_or_init(|| {
            let sum = digest(&SHA1_FOR_LEGACY_USE_ONLY, self.text.as_bytes());
            sum.as_ref().iter().map(|byte| format!("{byte:02x}")).collect()
        })
    }
}

/// It changes nothing.
macro_rules! reads {
    () => {
        "#!lua flags=no-writes\n"
    };
}
/// It needs memory.
macro_rules! writes {
    () => {
        "#!lua\n"
    };
}
/// It gives memory back, or needs little.
macro_rules! frees {
    () => {
        "#!lua flags=allow-oom\n"
    };
}

macro_rules! scripts {
    ($($name:ident = $flags:ident $($file:literal)*;)*) => {
        $(pub(crate) static $name: Script = Script::new(concat!($flags!(), $(include_str!($file), "\n",)*));)*
    };
}

// On the management data.
scripts! {
    PAGE = reads "management/page.lua";
    CREATE_QUEUE = writes "management/management.lua" "management/create.lua";
    CHANGE_QUEUE = writes "management/management.lua" "management/change.lua";
    REMOVE_QUEUE = frees "management/management.lua" "management/remove.lua";
    PUT_POOL = writes "management/management.lua" "management/put_pool.lua";
    DELETE_POOL = frees "management/management.lua" "management/delete_pool.lua";
    PUT_FLAVOR = writes "management/management.lua" "management/put_flavor.lua";
    DELETE_FLAVOR = frees "management/management.lua" "management/delete_flavor.lua";
    ASSIGN = writes "management/management.lua" "management/assign.lua";
    LEAVE = frees "management/management.lua" "management/leave.lua";
    PUT_MOVE = writes "management/management.lua" "management/put_move.lua";
    TAKE_MOVE = frees "management/management.lua" "management/take_move.lua";
    SWITCH = frees "management/management.lua" "management/switch.lua";
    END_MOVE = frees "management/management.lua" "management/end_move.lua";
}

scripts! {
    POST = writes "post.lua";
    FENCED = reads "fenced.lua";
    LIST = reads "queue.lua" "fence.lua" "list.lua";
    GET = reads "queue.lua" "fence.lua" "get.lua";
    STATS = reads "queue.lua" "fence.lua" "stats.lua";
    DELETE = frees "queue.lua" "fence.lua" "leave.lua" "delete.lua";
    PURGE = frees "queue.lua" "fence.lua" "purge.lua";
    DROP = frees "queue.lua" "tombstone.lua" "drop.lua";
    ORPHANS = frees "queue.lua" "orphans.lua";
    ADOPT = writes "queue.lua" "fence.lua" "adopt.lua";
    CLAIM = writes "queue.lua" "fence.lua" "claims.lua" "claim.lua";
    HELD = reads "queue.lua" "fence.lua" "claims.lua" "held.lua";
    RENEW = writes "queue.lua" "fence.lua" "claims.lua" "renew.lua";
    RELEASE = frees "queue.lua" "fence.lua" "claims.lua" "release.lua";
    LOOK = frees "queue.lua" "claims.lua" "ended.lua" "look.lua";
    SET_ASIDE = frees "queue.lua" "fence.lua" "claims.lua" "ended.lua" "set_aside.lua";
    LETTERS = reads "queue.lua" "fence.lua" "letters.lua";
    DISCARD = frees "queue.lua" "fence.lua" "leave.lua" "discard.lua";
    SUBSCRIBE = writes "queue.lua" "fence.lua" "leave.lua" "subscription.lua" "subscribe.lua";
    UPDATE = writes "queue.lua" "fence.lua" "leave.lua" "subscription.lua" "update.lua";
    FORGET = frees "queue.lua" "fence.lua" "leave.lua" "subscription.lua" "forget.lua";
    DUE = frees "queue.lua" "leave.lua" "subscription.lua" "due.lua";
    EXPAND = frees "queue.lua" "expand.lua";
    LEASE = writes "queue.lua" "leave.lua" "subscription.lua" "lease.lua";
    RECORD = frees "queue.lua" "leave.lua" "subscription.lua" "record.lua";
    CONFIRM = writes "queue.lua" "fence.lua" "leave.lua" "subscription.lua" "confirm.lua";
    PAUSE = writes "queue.lua" "fence.lua" "leave.lua" "subscription.lua" "pause.lua";
    REDELIVER = writes "queue.lua" "fence.lua" "leave.lua" "subscription.lua" "redeliver.lua";
    FAILED = reads "queue.lua" "fence.lua" "leave.lua" "subscription.lua" "failed.lua";
    ATTEMPTS = frees "queue.lua" "fence.lua" "leave.lua" "subscription.lua" "attempts.lua";
    EXPIRE = frees "queue.lua" "leave.lua" "claims.lua" "expire.lua";
    BEGIN_EXPORT = frees "queue.lua" "mover.lua" "begin_export.lua";
    EXPORT = frees "queue.lua" "mover.lua" "leave.lua" "export.lua";
    SEAL = frees "queue.lua" "mover.lua" "seal.lua";
    ABANDON = frees "queue.lua" "mover.lua" "abandon.lua";
    GO = frees "queue.lua" "mover.lua" "tombstone.lua" "go.lua";
    BEGIN_IMPORT = frees "queue.lua" "mover.lua" "tombstone.lua" "begin_import.lua";
    IMPORT = writes "queue.lua" "mover.lua" "leave.lua" "import.lua";
    IMPORT_SUBSCRIPTION =
        writes "queue.lua" "mover.lua" "leave.lua" "subscription.lua" "import_subscription.lua";
    IMPORT_OWED = writes "queue.lua" "mover.lua" "leave.lua" "subscription.lua" "import_owed.lua";
    FORGET_ARRIVING =
        frees "queue.lua" "mover.lua" "leave.lua" "subscription.lua" "forget_arriving.lua" "forget.lua";
    END_IMPORT = frees "queue.lua" "mover.lua" "end_import.lua";
    OPEN = frees "queue.lua" "mover.lua" "open.lua";
}
