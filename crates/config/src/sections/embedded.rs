//! `[drivers:message_store:embedded]`: the store that is part of the service. Unknown to upstream.

use crate::option_type::choices;
use crate::section::section;

choices! {
    /// What an acknowledged write survives.
    pub enum Durability {
        /// a power cut: it is on the disk before the reply goes out
        Fsync = "fsync",
        /// the end of the process, but not a power cut: it reaches the disk soon afterwards
        Relaxed = "relaxed",
    }
}

section! {
    /// The store that is part of the service. It serves as message store and as management store.
    pub struct Embedded;

    /// The directory that holds the data. `--data-dir` and the environment variable `ZAQAR_DATA_DIR` stand above it;
    /// when none of them names one, it is `./zaqar-data`.
    data_dir: String = "";

    /// What an acknowledged write survives.
    durability: Durability = Durability::Fsync;

    /// The size at which a file of the log is closed and the next one begun, in bytes.
    segment_size: u64 = 67_108_864, at_least(16_777_216), at_most(1_073_741_824);
}
