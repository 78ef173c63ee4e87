//! `zaqar config sample`, `zaqar config check` and `zaqar config show`.

use std::fmt::Write as _;
use std::io::{ErrorKind, Write as _, stdout};

use crate::cli::{ConfigSources, ServerOptions};
use crate::components::Components;
use crate::configuration::{self, Report};
use crate::policy_files::PolicyFiles;
use crate::tls_files::TlsFiles;
use crate::watched_files::WatchedFiles;

const DATA_DIRECTORY: (&str, &str) = ("drivers:message_store:embedded", "data_dir");

pub(crate) fn sample(all: bool, components: &Components) -> anyhow::Result<()> {
    print(&zaqar_config::sample(all, &components.drivers.sections()))
}

/// Prints everything that is wrong or odd, and fails if a server would not start.
pub(crate) fn check(sources: &ConfigSources, components: &Components) -> anyhow::Result<()> {
    let (config, mut report) = configuration::read(sources, components);
    report.take_in(PolicyFiles::new(&config, sources).load());
    if let Ok(Some(files)) = TlsFiles::new(&config.ssl) {
        report.take_in(files.load());
    }
    print_report(&report)?;
    anyhow::ensure!(report.errors.is_empty(), "the configuration has {} error(s)", report.errors.len());
    // Not "valid": some of what is told may have to be mended before the service is used.
    match report.warnings.len() {
        0 => print("the configuration is valid\n"),
        1 => print("the configuration can be used, with 1 warning\n"),
        warnings => print(&format!("the configuration can be used, with {warnings} warnings\n")),
    }
}

/// Prints what a server with this command line would run with. `all`: also what has no effect.
pub(crate) fn show(options: &ServerOptions, all: bool, components: &Components) -> anyhow::Result<()> {
    let sources = configuration::sources(&options.sources);
    let loaded = zaqar_config::load(&sources, &components.drivers.sections()).map_err(|problems| {
        let errors = problems.errors.iter().map(ToString::to_string).collect::<Vec<_>>();
        anyhow::anyhow!(errors.join("\nzaqar: "))
    })?;
    let mut text = String::new();
    for line in loaded.effective.iter().filter(|line| all || line.has_effect) {
        match options.data_directory() {
            // The command line stands above all that was loaded.
            Some(given) if (line.group, line.option) == DATA_DIRECTORY => {
                let (group, option) = DATA_DIRECTORY;
                let origin = options.data_directory_origin();
                writeln!(text, "[{group}] {option} = {}  ({origin})", given.display())?;
            }
            _ => writeln!(text, "{line}")?,
        }
    }
    print(&text)
}

pub(crate) fn print_report(report: &Report) -> anyhow::Result<()> {
    let errors = report.errors.iter().map(|error| format!("error: {error}\n"));
    let warnings = report.warnings.iter().map(|warning| format!("warning: {warning}\n"));
    print(&errors.chain(warnings).collect::<String>())
}

/// Prints; a reader that has had enough (`| head`) is no failure.
pub(crate) fn print(text: &str) -> anyhow::Result<()> {
    match stdout().write_all(text.as_bytes()) {
        Err(error) if error.kind() != ErrorKind::BrokenPipe => Err(error.into()),
        _ => Ok(()),
    }
}
