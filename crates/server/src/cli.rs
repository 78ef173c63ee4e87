//! The command line.

use std::path::PathBuf;

use clap::{Args, Parser, Subcommand};

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
}

#[derive(Debug, Subcommand)]
pub(crate) enum ConfigCommand {
    /// Print a complete zaqar.conf: every option with its meaning and default, commented out
    Sample,
    /// Report everything that is wrong with a configuration; the exit status is 1 if a server would not start with it
    Check(ConfigSources),
}

#[derive(Debug, Args)]
pub(crate) struct ServerOptions {
    #[command(flatten)]
    pub(crate) sources: ConfigSources,
    /// Keep the data in this directory; it is made if there is none
    ///
    /// Stands above `data_dir` in the group [drivers:message_store:embedded]. Without either it is `zaqar-data` in the
    /// working directory. One process uses a data directory at a time.
    #[arg(long, value_name = "DIR", env = "ZAQAR_DATA_DIR")]
    pub(crate) data_dir: Option<PathBuf>,
}

#[derive(Debug, Args)]
pub(crate) struct ConfigSources {
    /// Read this zaqar.conf; of several, the later ones win
    #[arg(long = "config-file", value_name = "FILE")]
    pub(crate) files: Vec<PathBuf>,
    /// Read the *.conf files of this directory, in the order of their names; they win over --config-file
    #[arg(long = "config-dir", value_name = "DIR")]
    pub(crate) directories: Vec<PathBuf>,
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
  stderr  Logs, as text or, with `log_format = json`, as JSON; and, in one line, why the
          server does not start

Exit status:
  0       It was told to stop, and did
  1       It did not start, or did not stop in good order
  2       The command line is wrong";

#[cfg(test)]
mod tests {
    use clap::CommandFactory;

    use super::Cli;

    #[test]
    fn the_definition_of_the_command_line_is_sound() {
        Cli::command().debug_assert();
    }
}
