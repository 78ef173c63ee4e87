//! `zaqar config sample` and `zaqar config check`.

use std::io::{ErrorKind, Write, stdout};

use zaqar_domain::Stages;

use crate::cli::ConfigSources;
use crate::configuration::{self, Report};
use crate::followed::Followed;
use crate::policy_files::PolicyFiles;
use crate::tls_files::TlsFiles;

pub(crate) fn sample() -> anyhow::Result<()> {
    print(&zaqar_config::sample())
}

/// Prints everything that is wrong or odd, and fails if a server would not start.
pub(crate) fn check(sources: &ConfigSources, stages: &Stages) -> anyhow::Result<()> {
    let (config, mut report) = configuration::read(sources, stages);
    if let Some(config) = &config {
        match PolicyFiles::new(config, sources).load() {
            Ok((_, warnings)) => report.warnings.extend(warnings),
            Err(errors) => report.errors.extend(errors),
        }
        if let Ok(Some(files)) = TlsFiles::new(&config.ssl) {
            report.errors.extend(files.load().err().unwrap_or_default());
        }
    }
    print_report(&report)?;
    anyhow::ensure!(report.errors.is_empty(), "the configuration has {} error(s)", report.errors.len());
    print("the configuration is valid\n")
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
