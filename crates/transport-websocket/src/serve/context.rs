//! What all connections of a port share.

use crate::options::WebSocketOptions;
use crate::service::WebSocketService;

#[derive(Debug)]
pub(super) struct ConnectionContext {
    pub(super) service: WebSocketService,
    pub(super) options: WebSocketOptions,
    /// The options of the frame codec.
    pub(super) frames: yawc::Options,
}
