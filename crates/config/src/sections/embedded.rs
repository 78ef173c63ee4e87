//! `[drivers:message_store:embedded]`: the embedded store, which upstream does not have.

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
    /// The embedded store. It is used as message store and as management store.
    pub struct Embedded;

    /// The data directory. `--data-dir` and the environment variable `ZAQAR_DATA_DIR` take precedence. The default is
    /// `./zaqar-data`.
    data_dir: String = "";

    /// What an acknowledged write survives.
    durability: Durability = Durability::Fsync;

    /// The size of a log segment, in bytes. A full segment is closed, and a new one is started.
    segment_size: u64 = 67_108_864, at_least(16_777_216), at_most(1_073_741_824);
}
