//! `[oslo_reports]`: reports on the state of a running process.

use crate::section::section;

section! {
    /// Reports on the state of a running process.
    pub struct OsloReports;

    /// The directory that reports are written to.
    log_dir: Option<String> = None;

    /// A file whose change asks for a report, instead of a signal.
    file_event_handler: Option<String> = None;

    /// How often that file is looked at, in seconds.
    file_event_handler_interval: u32 = 1;
}
