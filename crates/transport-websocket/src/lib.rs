//! The WebSocket interface: one connection carries many requests, each an action in a frame.
//!
//! Here live the table of actions, how frames are read and written (JSON in text, MessagePack in binary ones), who a
//! connection belongs to, and the connections themselves. No rule lives here: each action calls the operation of the
//! domain that the REST interface calls, too.

mod actions;
mod asyncapi;
mod authenticate;
mod caller;
mod dispatch;
mod envelope;
mod format;
mod handlers;
mod members;
mod options;
mod reply;
mod request_log;
mod schema;
mod serve;
mod service;
mod session;
mod signature;
mod subscribed;
mod write;

pub use actions::action_names;
pub use asyncapi::asyncapi;
pub use options::WebSocketOptions;
pub use serve::serve;
pub use service::WebSocketService;
