//! Logs: text for people, or JSON, an object a line; always on the standard error.

use std::io::{IsTerminal, stderr};

use anyhow::Context;
use tracing_subscriber::EnvFilter;
use zaqar_config::{LogFormat, Logging};

/// Reads the directives of `log_level`, so that a bad one can be reported with all other errors.
pub(crate) fn filter(options: &Logging) -> anyhow::Result<EnvFilter> {
    let level = options.effective_level();
    EnvFilter::try_new(level).with_context(|| format!("[DEFAULT] log_level = {level} is not valid"))
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
