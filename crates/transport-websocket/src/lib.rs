//! The WebSocket interface: a connection carries many requests, each an action in a frame.
//!
//! Here live the table of actions, the formats of frames (JSON in text frames, MessagePack in binary ones),
//! authentication, and the connections. Zaqar's rules do not live here: each action calls the same operation of the
//! domain as REST.

mod actions;
mod asyncapi;
mod authenticate;
mod caller;
mod dispatch;
mod envelope;
mod format;
mod handlers;
mod live_subscriptions;
mod members;
mod options;
mod rate_limit;
mod reply;
mod request_log;
mod schema;
mod serve;
mod service;
mod session;
mod signature;
mod write;

pub use actions::action_names;
pub use asyncapi::asyncapi;
pub use options::WebSocketOptions;
pub use serve::serve;
pub use service::WebSocketService;
