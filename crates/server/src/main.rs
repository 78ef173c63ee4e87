//! The `zaqar` binary.

use std::process::ExitCode;

use zaqar_domain::Stages;

fn main() -> ExitCode {
    zaqar_server::run(&Stages::new())
}
