//! Logs: text for people, or JSON, an object a line; always on the standard error.

use std::io::{IsTerminal, stderr};

use anyhow::{Context, bail, ensure};
use tracing_subscriber::EnvFilter;
use tracing_subscriber::filter::LevelFilter;
use zaqar_config::{LogFormat, Logging};

/// What all parts of the service are called at the beginning, in the names of their lines' targets.
const OURS: &str = "zaqar";

/// Reads the directives of `log_level`, so that a bad one can be reported with all other errors.
pub(crate) fn filter(options: &Logging) -> anyhow::Result<EnvFilter> {
    let level = options.effective_level();
    let refused = || format!("[DEFAULT] log_level = {level} is not valid");
    EnvFilter::try_new(directives(level).with_context(refused)?).with_context(refused)
}

/// The directives of a `log_level` as the library wants them. To it, a level is one for all libraries too, and a word
/// that is no level is a part of the program.
fn directives(text: &str) -> anyhow::Result<String> {
    let given = text.split(',').map(str::trim).filter(|directive| !directive.is_empty());
    let directives = given.map(|directive| {
        if directive.contains(['=', '[', '{', '}', ']']) {
            return Ok(directive.to_owned());
        }
        match directive.parse::<LevelFilter>() {
            // Libraries tell of each of their frames: whoever wants that names them.
            Ok(level) if level > LevelFilter::INFO => Ok(format!("info,{OURS}={level}")),
            Ok(level) => Ok(level.to_string()),
            Err(_) => bail!(
                "{directive} is no level: expected trace, debug, info, warn, error or off, or part=level, \
                 separated by commas"
            ),
        }
    });
    let directives = directives.collect::<anyhow::Result<Vec<_>>>()?;
    ensure!(!directives.is_empty(), "expected a level");
    Ok(directives.join(","))
}

/// From here on, what the program logs is written.
pub(crate) fn start(options: &Logging) -> anyhow::Result<()> {
    let on_terminal = stderr().is_terminal();
    // Whoever read the logs may have gone, or the disk that they go to may be full: that is no reason to fail.
    let logs = tracing_subscriber::fmt()
        .with_env_filter(filter(options)?)
        .with_writer(stderr)
        .log_internal_errors(false);
    let started = match options.effective_format() {
        LogFormat::Json => {
            logs.json().flatten_event(true).with_current_span(true).with_span_list(false).try_init()
        }
        LogFormat::Text => logs.with_ansi(on_terminal).try_init(),
    };
    started.map_err(|error| anyhow::anyhow!("cannot start logging: {error}"))
}

#[cfg(test)]
mod tests {
    use super::directives;

    #[test]
    fn more_than_info_is_asked_of_our_own_parts_only() {
        for (text, expected) in [
            ("info", "info"),
            ("warn", "warn"),
            ("OFF", "off"),
            ("debug", "info,zaqar=debug"),
            ("trace", "info,zaqar=trace"),
            ("debug,h2=debug", "info,zaqar=debug,h2=debug"),
            ("info, zaqar_transport_http=debug", "info,zaqar_transport_http=debug"),
            ("warn,zaqar[{queue=a,b}]=debug", "warn,zaqar[{queue=a,b}]=debug"),
        ] {
            assert_eq!(directives(text).unwrap(), expected);
        }
    }

    #[test]
    fn a_word_that_is_no_level_is_refused() {
        for text in ["loud", "warning", "info,zaqar_domain", "", " , "] {
            assert!(directives(text).is_err(), "{text}");
        }
    }
}
