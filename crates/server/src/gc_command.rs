//! `zaqar gc`.

use crate::config_commands::print;

/// Upstream's pools in MongoDB need it.
pub(crate) fn run() -> anyhow::Result<()> {
    print("there is nothing to do: a running service gives back the space of what has expired by itself\n")
}
