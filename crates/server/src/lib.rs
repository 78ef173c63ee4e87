//! The service as a program: plugs configuration, stores, rules and transport together.
//!
//! What lives here: the command line, starting and stopping, logs. What does not: any rule of the service.
//!
//! The binary `zaqar` is [`run`] with the components that come with the service. A site with some of its own has a binary
//! of its own, which calls [`run`] with them: the guide's page on pipelines shows one.

mod asyncapi_command;
mod background;
mod cli;
mod components;
mod config_commands;
mod configuration;
mod confirmations;
mod credentials;
mod db_commands;
mod email;
mod encryption;
mod failure;
mod gc_command;
mod housekeeping;
mod http;
mod key_file;
mod key_mode;
mod keystone;
mod limits;
mod logging;
mod notifications;
mod openapi_command;
mod pipelines;
mod policy_commands;
mod policy_file;
mod policy_files;
mod process;
mod server;
mod signals;
mod signing_keys;
mod stores;
mod tls_files;
mod transports;
mod trustee;
mod watched_files;
mod websocket;
mod welcome;

use std::io::{Write, stderr};
use std::process::ExitCode;

use clap::Parser;

use crate::cli::{Cli, Command, ConfigCommand, DbCommand, PolicyCommand};

pub use components::{Components, Drivers};

/// Does what the command line says, with these components for the configuration to name.
pub fn run(components: &Components) -> ExitCode {
    let cli = Cli::parse();
    let result = match cli.command {
        None => server::run(&cli.server, components),
        Some(Command::Server(options)) => server::run(&options, components),
        Some(Command::Config { command: ConfigCommand::Sample { all } }) => {
            config_commands::sample(all, components)
        }
        Some(Command::Config { command: ConfigCommand::Show { server, all } }) => {
            config_commands::show(&server, all, components)
        }
        Some(Command::Config { command: ConfigCommand::Check(sources) }) => {
            config_commands::check(&sources, components)
        }
        Some(Command::Policy { command: PolicyCommand::Sample }) => policy_commands::sample(),
        Some(Command::Policy { command: PolicyCommand::Check(sources) }) => {
            policy_commands::check(&sources, components)
        }
        Some(Command::Db { command: DbCommand::Version(options) }) => {
            db_commands::version(&options, components)
        }
        Some(Command::Db { command: DbCommand::Upgrade { server, pool } }) => {
            db_commands::upgrade(&server, &pool, components)
        }
        Some(Command::Gc) => gc_command::run(),
        Some(Command::Openapi) => openapi_command::print(),
        Some(Command::Asyncapi) => asyncapi_command::print(),
    };
    match result {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            let _ = writeln!(stderr(), "zaqar: {}", failure::one_line(&error));
            ExitCode::FAILURE
        }
    }
}
