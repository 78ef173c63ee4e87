//! The options in `[DEFAULT]` about logging: our own, and those of oslo.log.

use crate::option_type::choices;
use crate::section::section;

choices! {
    /// How a line of the log is written.
    pub enum LogFormat {
        /// for people
        Text = "text",
        /// one JSON object a line
        Json = "json",
    }
}

section! {
    /// What is logged, and how.
    pub struct Logging;

    /// Whether the log tells everything that helps to find an error. Stands above `log_level`.
    debug: bool = false;

    /// How much is logged: `trace`, `debug`, `info`, `warn`, `error` or `off`. `debug` and `trace` are of this
    /// service's own parts; of the libraries in it, no more than `info` is logged. Directives behind a comma set levels
    /// of single parts: `info,zaqar_transport_http=debug`, or `debug,h2=debug` for a library.
    log_level: String = "info";

    /// How a line of the log is written: `text` for people, `json` for programs, an object a line.
    log_format: LogFormat = LogFormat::Text;

    /// OpenStack's name for `log_format = json`.
    use_json: bool = false;

    /// Whether more than warnings is logged. Long without a meaning; `log_level` replaces it.
    verbose: bool = true, without_effect();

    /// A file that configures Python's logging and replaces all other options about it.
    log_config_append: Option<String> = None, formerly(&["log-config", "log_config"]), without_effect();

    /// How a line of the log shows the time, in the form of `strftime`.
    log_date_format: String = "%Y-%m-%d %H:%M:%S", without_effect();

    /// The file to log to instead of the standard error.
    log_file: Option<String> = None, formerly(&["logfile"]), without_effect();

    /// The directory to which a relative `log_file` belongs.
    log_dir: Option<String> = None, formerly(&["logdir"]), without_effect();

    /// Whether to log to syslog.
    use_syslog: bool = false, without_effect();

    /// Whether to log to the journal of systemd by its own protocol.
    use_journal: bool = false, without_effect();

    /// The facility of syslog that lines are logged under.
    syslog_log_facility: String = "LOG_USER", without_effect();

    /// Whether to log to the standard error in addition.
    use_stderr: bool = false, without_effect();

    /// Whether levels are coloured on a terminal.
    log_color: bool = false, without_effect();

    /// How many units of `log_rotate_interval_type` a log file is used for before the next one is begun.
    log_rotate_interval: u32 = 1, without_effect();

    /// The unit of `log_rotate_interval`.
    log_rotate_interval_type: String = "days",
        one_of(&["Seconds", "Minutes", "Hours", "Days", "Weekday", "Midnight"]), in_any_case(), without_effect();

    /// How many rotated log files are kept.
    max_logfile_count: u32 = 30, without_effect();

    /// The size at which a log file is rotated, in MB.
    max_logfile_size_mb: u32 = 200, without_effect();

    /// When a log file is rotated: after a time, at a size, or never.
    log_rotation_type: String = "none", one_of(&["interval", "size", "none"]), in_any_case(), without_effect();

    /// The form of a line that belongs to a request, for Python's logging.
    logging_context_format_string: String =
        "%(asctime)s.%(msecs)03d %(process)d %(levelname)s %(name)s [%(request_id)s %(user_identity)s] \
         [project_id:%(project_id)s] %(message)s",
        without_effect();

    /// The form of a line that belongs to no request, for Python's logging.
    logging_default_format_string: String =
        "%(asctime)s.%(msecs)03d %(process)d %(levelname)s %(name)s [-] %(instance)s%(message)s", without_effect();

    /// What a line of level DEBUG ends with, for Python's logging.
    logging_debug_format_suffix: String = "%(funcName)s %(pathname)s:%(lineno)d", without_effect();

    /// What each line of a traceback begins with, for Python's logging.
    logging_exception_prefix: String =
        "%(asctime)s.%(msecs)03d %(process)d ERROR %(name)s %(instance)s", without_effect();

    /// How a line shows who sent the request, for Python's logging.
    logging_user_identity_format: String =
        "%(user)s %(project)s %(domain)s %(system_scope)s %(user_domain)s %(project_domain)s", without_effect();

    /// Levels of Python's loggers, as `logger=LEVEL`.
    default_log_levels: Vec<String> = &[
        "amqp=WARN",
        "boto=WARN",
        "sqlalchemy=WARN",
        "suds=INFO",
        "oslo.messaging=INFO",
        "oslo_messaging=INFO",
        "iso8601=WARN",
        "requests.packages.urllib3.connectionpool=WARN",
        "urllib3.connectionpool=WARN",
        "websocket=WARN",
        "requests.packages.urllib3.util.retry=WARN",
        "urllib3.util.retry=WARN",
        "keystonemiddleware=WARN",
        "routes.middleware=WARN",
        "stevedore=WARN",
        "taskflow=WARN",
        "keystoneauth=WARN",
        "oslo.cache=INFO",
        "oslo_policy=INFO",
        "dogpile.core.dogpile=INFO",
    ], without_effect();

    /// Whether errors are published as notifications on a message bus.
    publish_errors: bool = false, without_effect();

    /// How a line shows the instance that it is about. Of use to Nova only.
    instance_format: String = "[instance: %(uuid)s] ", without_effect();

    /// How a line shows the instance that it is about when only its id is known. Of use to Nova only.
    instance_uuid_format: String = "[instance: %(uuid)s] ", without_effect();

    /// The span of time, in seconds, to which `rate_limit_burst` applies. 0 sets no limit.
    rate_limit_interval: u32 = 0, without_effect();

    /// How many lines are logged at most in each `rate_limit_interval`.
    rate_limit_burst: u32 = 0, without_effect();

    /// The level from which on lines are logged in spite of the limit. Empty for no level.
    rate_limit_except_level: String = "CRITICAL",
        one_of(&["CRITICAL", "ERROR", "INFO", "WARNING", "DEBUG", ""]), without_effect();
}

impl Logging {
    /// The level or the directives to log by, with `debug` taken into account.
    #[must_use]
    pub fn effective_level(&self) -> &str {
        if self.debug { "debug" } else { &self.log_level }
    }

    /// The form to log in, with `use_json` taken into account.
    #[must_use]
    pub fn effective_format(&self) -> LogFormat {
        if self.use_json { LogFormat::Json } else { self.log_format }
    }
}

#[cfg(test)]
mod tests {
    use super::{LogFormat, Logging};

    #[test]
    fn debug_sets_the_level() {
        let quiet = Logging { log_level: "warn".to_owned(), ..Logging::default() };
        assert_eq!(quiet.effective_level(), "warn");
        assert_eq!(Logging { debug: true, ..quiet }.effective_level(), "debug");
    }

    #[test]
    fn use_json_asks_for_json() {
        let json = Logging { use_json: true, ..Logging::default() };
        assert_eq!(json.effective_format(), LogFormat::Json);
        assert_eq!(Logging::default().effective_format(), LogFormat::Text);
    }
}
