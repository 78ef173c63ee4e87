//! The `zaqar` binary.

use std::process::ExitCode;

use zaqar_server::Components;

fn main() -> ExitCode {
    zaqar_server::run(&Components::default())
}
