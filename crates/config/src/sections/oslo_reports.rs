//! `[oslo_reports]`: reports on the state of a running process.

use crate::section::section;

section! {
    /// Reports on the state of a running process.
    pub struct OsloReports;

    /// The directory for reports.
    log_dir: Option<String> = None;

    /// A file whose change triggers a report, instead of a signal.
    file_event_handler: Option<String> = None;

    /// How often that file is checked, in seconds.
    file_event_handler_interval: u32 = 1;
}
