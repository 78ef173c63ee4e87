//! The options in `[DEFAULT]` about logging: our own, and those of oslo.log.

use crate::option_type::choices;
use crate::section::section;

choices! {
    /// The format of the log.
    pub enum LogFormat {
        /// for people
        Text = "text",
        /// one JSON object per line
        Json = "json",
    }
}

section! {
    /// Logging.
    pub struct Logging;

    /// Whether to log at level `debug`. Takes precedence over `log_level`.
    debug: bool = false;

    /// The log level: `trace`, `debug`, `info`, `warn`, `error` or `off`. `debug` and `trace` apply to the service
    /// itself; its libraries log at most at `info`. Directives after a comma set the level of single modules:
    /// `info,zaqar_transport_http=debug`, or `debug,h2=debug` for a library.
    log_level: String = "info";

    /// The format of the log: `text` for people, `json` for programs, with one JSON object per line.
    log_format: LogFormat = LogFormat::Text;

    /// OpenStack's name for `log_format = json`.
    use_json: bool = false;

    /// Whether to log more than warnings. Obsolete; use `log_level`.
    verbose: bool = true, without_effect();

    /// A configuration file of Python's logging that replaces all other logging options.
    log_config_append: Option<String> = None, deprecated_names(&["log-config", "log_config"]), without_effect();

    /// The format of timestamps in the log, as for `strftime`.
    log_date_format: String = "%Y-%m-%d %H:%M:%S", without_effect();

    /// The file to log to instead of standard error.
    log_file: Option<String> = None, deprecated_names(&["logfile"]), without_effect();

    /// The base directory of a relative `log_file`.
    log_dir: Option<String> = None, deprecated_names(&["logdir"]), without_effect();

    /// Whether to log to syslog.
    use_syslog: bool = false, without_effect();

    /// Whether to log to the systemd journal by its native protocol.
    use_journal: bool = false, without_effect();

    /// The syslog facility.
    syslog_log_facility: String = "LOG_USER", without_effect();

    /// Whether to log to standard error as well.
    use_stderr: bool = false, without_effect();

    /// Whether levels are coloured on a terminal.
    log_color: bool = false, without_effect();

    /// The interval of log rotation, in units of `log_rotate_interval_type`.
    log_rotate_interval: u32 = 1, without_effect();

    /// The unit of `log_rotate_interval`.
    log_rotate_interval_type: String = "days",
        one_of(&["Seconds", "Minutes", "Hours", "Days", "Weekday", "Midnight"]), ignore_case(), without_effect();

    /// Maximum number of rotated log files.
    max_logfile_count: u32 = 30, without_effect();

    /// The size at which a log file is rotated, in MB.
    max_logfile_size_mb: u32 = 200, without_effect();

    /// How log files are rotated: by interval, by size, or not at all.
    log_rotation_type: String = "none", one_of(&["interval", "size", "none"]), ignore_case(), without_effect();

    /// The format of log lines of a request, for Python's logging.
    logging_context_format_string: String =
        "%(asctime)s.%(msecs)03d %(process)d %(levelname)s %(name)s [%(request_id)s %(user_identity)s] \
         [project_id:%(project_id)s] %(message)s",
        without_effect();

    /// The format of log lines without a request, for Python's logging.
    logging_default_format_string: String =
        "%(asctime)s.%(msecs)03d %(process)d %(levelname)s %(name)s [-] %(instance)s%(message)s", without_effect();

    /// The suffix of DEBUG lines, for Python's logging.
    logging_debug_format_suffix: String = "%(funcName)s %(pathname)s:%(lineno)d", without_effect();

    /// The prefix of each line of a traceback, for Python's logging.
    logging_exception_prefix: String =
        "%(asctime)s.%(msecs)03d %(process)d ERROR %(name)s %(instance)s", without_effect();

    /// The format of the user's identity, for Python's logging.
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

    /// The format of an instance in a log line. Used by Nova only.
    instance_format: String = "[instance: %(uuid)s] ", without_effect();

    /// The format of an instance of which only the id is known. Used by Nova only.
    instance_uuid_format: String = "[instance: %(uuid)s] ", without_effect();

    /// The interval of log rate limiting, in seconds. 0 means no limit.
    rate_limit_interval: u32 = 0, without_effect();

    /// Maximum number of log lines per `rate_limit_interval`.
    rate_limit_burst: u32 = 0, without_effect();

    /// The lowest level that is exempt from rate limiting. Empty for none.
    rate_limit_except_level: String = "CRITICAL",
        one_of(&["CRITICAL", "ERROR", "INFO", "WARNING", "DEBUG", ""]), without_effect();
}

impl Logging {
    /// The log level or directives, with `debug` taken into account.
    #[must_use]
    pub fn effective_level(&self) -> &str {
        if self.debug { "debug" } else { &self.log_level }
    }

    /// The log format, with `use_json` taken into account.
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
