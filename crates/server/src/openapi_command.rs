//! `zaqar openapi`.

use zaqar_domain::Limits;

use crate::config_commands;

/// With every route, also those for administrators.
pub(crate) fn print() -> anyhow::Result<()> {
    config_commands::print(&zaqar_transport_http::openapi(&Limits::default()))
}
