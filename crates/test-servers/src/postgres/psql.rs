//! Statements for a PostgreSQL, by its own client.

use std::path::Path;
use std::process::Command;

use crate::programs;

/// What the statements answer: a row a line, its columns parted by `|`. `socket`: the directory that it is in.
pub(crate) fn run(socket: &Path, port: u16, database: &str, statements: &[&str]) -> String {
    let mut command = Command::new(programs::of_postgres().join("psql"));
    command.env_clear().args([
        "--no-psqlrc",
        "--tuples-only",
        "--no-align",
        "--quiet",
        "--username=postgres",
    ]);
    command
        .args(["--set=ON_ERROR_STOP=1", "--dbname", database, "--port", &port.to_string(), "--host"])
        .arg(socket);
    for statement in statements {
        command.args(["--command", statement]);
    }
    programs::output_of(&mut command)
}
