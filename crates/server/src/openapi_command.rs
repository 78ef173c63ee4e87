//! `zaqar openapi`.

use zaqar_domain::Limits;

use crate::config_commands;

/// Every route, those of administrators' servers too.
pub(crate) fn print() -> anyhow::Result<()> {
    config_commands::print(&zaqar_transport_http::openapi(&Limits::default(), true))
}
