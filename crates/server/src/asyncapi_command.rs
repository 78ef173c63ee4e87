//! `zaqar asyncapi`.

use crate::config_commands;

/// With every action.
pub(crate) fn print() -> anyhow::Result<()> {
    config_commands::print(&zaqar_transport_websocket::asyncapi())
}
