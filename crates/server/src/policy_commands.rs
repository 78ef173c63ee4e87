//! `zaqar policy sample` and `zaqar policy check`.

use std::fmt::Write;

use zaqar_domain::RULES;

use crate::cli::ConfigSources;
use crate::components::Components;
use crate::config_commands::{print, print_report};
use crate::configuration::{self, Report};
use crate::policy_files::PolicyFiles;
use crate::watched_files::WatchedFiles;

const HEAD: &str = "\
# Who may do what: a policy for Zaqar, in the language of oslo.policy.
#
# Every rule stands here as a comment with its default. Take the `#` before a rule away to change it. An empty rule is
# open to everybody, `!` to nobody, `role:admin` to administrators. The guide's page on policy explains the language.
";

pub(crate) fn sample() -> anyhow::Result<()> {
    let mut text = HEAD.to_owned();
    for rule in RULES {
        writeln!(text, "\n# {}", rule.about)?;
        for (method, path) in rule.operations {
            writeln!(text, "# {method} {path}")?;
        }
        writeln!(text, "#\"{}\": \"{}\"", rule.name, rule.default)?;
    }
    print(&text)
}

/// Prints everything that is wrong or odd, and fails if a server would not start.
pub(crate) fn check(sources: &ConfigSources, components: &Components) -> anyhow::Result<()> {
    let (config, report) = configuration::read(sources, components);
    if !report.errors.is_empty() {
        print_report(&report)?;
        anyhow::bail!("the configuration has {} error(s)", report.errors.len());
    }
    let files = PolicyFiles::new(&config, sources);
    let mut report = Report::default();
    report.take_in(files.load());
    print_report(&report)?;
    anyhow::ensure!(report.errors.is_empty(), "the policy has {} error(s)", report.errors.len());
    match files.found() {
        Ok(found) if !found.is_empty() => {
            let names: Vec<_> = found.iter().map(|path| path.display().to_string()).collect();
            print(&format!("the policy is valid: {}\n", names.join(", ")))
        }
        _ => print("there are no policy files: the defaults are in force\n"),
    }
}
