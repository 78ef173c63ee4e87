//! The service as a program: plugs configuration, stores, rules and transport together.
//!
//! What lives here: the command line, starting and stopping, logs. What does not: any rule of the service.
//!
//! The binary `zaqar` is [`run`] with the stages that come with the service. A site with stages of its own has a binary
//! of its own, which calls [`run`] with them: the guide's page on pipelines shows one.

mod asyncapi_command;
mod cli;
mod config_commands;
mod configuration;
mod confirmations;
mod credentials;
mod email;
mod encryption;
mod failure;
mod followed;
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
mod pool_openers;
mod process;
mod server;
mod signals;
mod signing_keys;
mod stores;
mod tls_files;
mod transports;
mod trustee;
mod websocket;
mod welcome;

use std::io::{Write, stderr};
use std::process::ExitCode;

use clap::Parser;
use zaqar_domain::Stages;

use crate::cli::{Cli, Command, ConfigCommand, PolicyCommand};

/// Does what the command line says, with these stages for pipelines to name.
pub fn run(stages: &Stages) -> ExitCode {
    let cli = Cli::parse();
    let result = match cli.command {
        None => server::run(&cli.server, stages),
        Some(Command::Server(options)) => server::run(&options, stages),
        Some(Command::Config { command: ConfigCommand::Sample { all } }) => config_commands::sample(all),
        Some(Command::Config { command: ConfigCommand::Show { server, all } }) => {
            config_commands::show(&server, all)
        }
        Some(Command::Config { command: ConfigCommand::Check(sources) }) => {
            config_commands::check(&sources, stages)
        }
        Some(Command::Policy { command: PolicyCommand::Sample }) => policy_commands::sample(),
        Some(Command::Policy { command: PolicyCommand::Check(sources) }) => {
            policy_commands::check(&sources, stages)
        }
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
