//! The command line.

use std::path::{Path, PathBuf};

use clap::builder::TypedValueParser;
use clap::parser::ValueSource;
use clap::{Arg, ArgAction, ArgMatches, Args, FromArgMatches, Parser, Subcommand};
use zaqar_config::Source;

/// Zaqar, a message queue spoken to over HTTP: version 2 of the API of OpenStack's Zaqar in one program that needs no
/// database.
///
/// Without a command it runs the server: `zaqar` is `zaqar server`.
#[derive(Debug, Parser)]
#[command(name = "zaqar", version, args_conflicts_with_subcommands = true, after_help = HINT, after_long_help = MORE)]
pub(crate) struct Cli {
    #[command(subcommand)]
    pub(crate) command: Option<Command>,
    #[command(flatten)]
    pub(crate) server: ServerOptions,
}

#[derive(Debug, Subcommand)]
pub(crate) enum Command {
    /// Run the server until it is told to stop
    #[command(after_help = HINT, after_long_help = MORE)]
    Server(ServerOptions),
    /// Show what can be configured, or check what is
    Config {
        #[command(subcommand)]
        command: ConfigCommand,
    },
    /// Show the rules about who may do what, or check those that are in force
    Policy {
        #[command(subcommand)]
        command: PolicyCommand,
    },
    /// Show or upgrade the tables of stores in a database
    Db {
        #[command(subcommand)]
        command: DbCommand,
    },
    /// Do nothing: the service itself gives back the space of what has expired
    ///
    /// For scripts that call `zaqar-gc`.
    Gc,
    /// Print the OpenAPI document of the REST API, with the default limits
    Openapi,
    /// Print the AsyncAPI document of the WebSocket interface
    Asyncapi,
}

#[derive(Debug, Subcommand)]
pub(crate) enum PolicyCommand {
    /// Print a complete policy.yaml: every rule with its meaning, its requests and its default, commented out
    Sample,
    /// Report everything that is wrong with the policy files of a configuration; the exit status is 1 if a server would
    /// not start with them
    Check(ConfigSources),
}

#[derive(Debug, Subcommand)]
pub(crate) enum DbCommand {
    /// Print the version of the tables of each store, and the one that this program needs; the exit status is 1 if they
    /// differ
    Version(ServerOptions),
    /// Make the tables of the stores that the configuration names, or bring them to the version that this program needs
    ///
    /// Run it before the first start, and before the servers of a new release. With `[DEFAULT] pooling`, the registered
    /// pools are upgraded, too.
    Upgrade {
        /// As they are given to the server
        #[command(flatten)]
        server: ServerOptions,
        /// Also that of a pool that is to be registered with this URI
        #[arg(long, value_name = "URI")]
        pool: Vec<String>,
    },
}

#[derive(Debug, Subcommand)]
pub(crate) enum ConfigCommand {
    /// Print a zaqar.conf: every option with its meaning and default, commented out
    Sample {
        /// Also the options of OpenStack's Zaqar that have no effect in this version
        #[arg(long)]
        all: bool,
    },
    /// Report everything that is wrong with a configuration; the exit status is 1 if a server would not start with it
    Check(ConfigSources),
    /// Print what is in force, an option a line, and where each value comes from; secrets are blanked
    Show {
        /// As they are given to the server
        #[command(flatten)]
        server: ServerOptions,
        /// Also the options that have no effect in this version
        #[arg(long)]
        all: bool,
    },
}

#[derive(Debug, Args)]
pub(crate) struct ServerOptions {
    #[command(flatten)]
    pub(crate) sources: ConfigSources,
    #[command(flatten)]
    data_directory: DataDirectory,
}

impl ServerOptions {
    /// The data directory, if one is named: an empty name is none, as an empty variable is.
    pub(crate) fn data_directory(&self) -> Option<&Path> {
        self.data_directory.path.as_deref().filter(|path| !path.as_os_str().is_empty())
    }

    /// Where it is named.
    pub(crate) const fn data_directory_origin(&self) -> &'static str {
        if self.data_directory.is_of_environment {
            "environment variable ZAQAR_DATA_DIR"
        } else {
            "--data-dir"
        }
    }
}

/// The data directory of the command line, and whether its variable names it.
#[derive(Debug, Default)]
struct DataDirectory {
    path: Option<PathBuf>,
    is_of_environment: bool,
}

#[derive(Debug, Args)]
struct DataDirectoryOption {
    /// Keep the data in this directory; it is made if there is none
    ///
    /// Stands above `data_dir` in the group `[drivers:message_store:embedded]`. Without either it is `zaqar-data` in the
    /// working directory. One process uses a data directory at a time.
    #[arg(long, value_name = "DIR", env = "ZAQAR_DATA_DIR", value_parser = clap::builder::OsStringValueParser::new().map(PathBuf::from))]
    data_dir: Option<PathBuf>,
}

impl Args for DataDirectory {
    fn augment_args(command: clap::Command) -> clap::Command {
        DataDirectoryOption::augment_args(command)
    }

    fn augment_args_for_update(command: clap::Command) -> clap::Command {
        DataDirectoryOption::augment_args_for_update(command)
    }
}

impl FromArgMatches for DataDirectory {
    fn from_arg_matches(matches: &ArgMatches) -> Result<Self, clap::Error> {
        let path = DataDirectoryOption::from_arg_matches(matches)?.data_dir;
        let source = path.as_ref().and_then(|_| matches.value_source("data_dir"));
        Ok(Self { path, is_of_environment: source == Some(ValueSource::EnvVariable) })
    }

    fn update_from_arg_matches(&mut self, matches: &ArgMatches) -> Result<(), clap::Error> {
        *self = Self::from_arg_matches(matches)?;
        Ok(())
    }
}

/// `--config-file` and `--config-dir`, in the order in which they were given: the later win.
#[derive(Debug, Default)]
pub(crate) struct ConfigSources {
    pub(crate) paths: Vec<Source>,
}

const FILE: &str = "config-file";
const DIRECTORY: &str = "config-dir";

impl Args for ConfigSources {
    fn augment_args(command: clap::Command) -> clap::Command {
        let option = |name, value, help| {
            let path = clap::value_parser!(PathBuf);
            Arg::new(name)
                .long(name)
                .value_name(value)
                .help(help)
                .action(ArgAction::Append)
                .value_parser(path)
        };
        command
            .arg(option(
                FILE,
                "FILE",
                "Read this zaqar.conf; of several files and directories, the later ones win",
            ))
            .arg(option(
                DIRECTORY,
                "DIR",
                "Read the *.conf files of this directory, in the order of their names",
            ))
    }

    fn augment_args_for_update(command: clap::Command) -> clap::Command {
        Self::augment_args(command)
    }
}

impl FromArgMatches for ConfigSources {
    fn from_arg_matches(matches: &ArgMatches) -> Result<Self, clap::Error> {
        let given = |name, source: fn(PathBuf) -> Source| {
            let paths = matches.get_many::<PathBuf>(name).unwrap_or_default().cloned().map(source);
            matches.indices_of(name).unwrap_or_default().zip(paths).collect::<Vec<_>>()
        };
        let mut all = given(FILE, Source::File);
        all.extend(given(DIRECTORY, Source::Directory));
        all.sort_by_key(|(place, _)| *place);
        Ok(Self { paths: all.into_iter().map(|(_, source)| source).collect() })
    }

    fn update_from_arg_matches(&mut self, matches: &ArgMatches) -> Result<(), clap::Error> {
        *self = Self::from_arg_matches(matches)?;
        Ok(())
    }
}

const HINT: &str = "`zaqar --help` also shows examples, signals and the environment.";

const MORE: &str = "\
Examples:
  zaqar
          Listen on 127.0.0.1:8888, with no configuration, data in ./zaqar-data
  zaqar config sample > zaqar.conf
          Begin a configuration
  zaqar config check --config-file zaqar.conf
          Check it
  zaqar config show --config-file zaqar.conf
          See what is in force, and where each value comes from
  zaqar policy sample > policy.yaml
          Begin a policy: who may do what
  zaqar server --config-file zaqar.conf --data-dir /var/lib/zaqar
          Run with it
  OS_DEFAULT__DEBUG=true zaqar
          Log every request

Environment:
  ZAQAR_DATA_DIR
          As --data-dir
  OS_<GROUP>__<OPTION>
          Any option of zaqar.conf, in capitals, with underscores for colons; wins over the files:
          OS_TRANSPORT__MAX_MESSAGE_TTL=86400, OS_DRIVERS_TRANSPORT_WSGI__PORT=9999

Signals:
  SIGTERM, SIGINT
          Stop: no new connections, requests under way are answered, for at most
          `shutdown_timeout` seconds, the stores are closed. A second one ends it at once.

Output:
  stdout  Where the server listens, where its data is, and a request to try
  stderr  Logs, as text or, with `log_format = json`, as JSON; and why the server does
          not start, a line for each reason

Exit status:
  0       It was told to stop, and did
  1       It did not start, or did not stop in good order
  2       The command line is wrong";

#[cfg(test)]
mod tests {
    use clap::{CommandFactory, Parser};
    use zaqar_config::Source;

    use super::Cli;

    #[test]
    fn files_and_directories_keep_the_order_in_which_they_were_given() {
        let given = ["zaqar", "--config-dir", "d", "--config-file", "f", "--config-dir", "e"];
        let paths = Cli::parse_from(given).server.sources.paths;
        assert_eq!(
            paths,
            [Source::Directory("d".into()), Source::File("f".into()), Source::Directory("e".into())]
        );
    }

    #[test]
    fn the_definition_of_the_command_line_is_sound() {
        Cli::command().debug_assert();
    }
}
