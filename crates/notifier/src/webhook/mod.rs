//! Webhooks: notices as HTTP requests, signed where the subscription has secrets.

mod body;
mod headers;
mod sender;

pub use sender::{WebhookSender, WrongOption};
