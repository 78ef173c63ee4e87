//! The conversation: requests are answered one after the other. While one is being answered, or its reply is on its
//! way, nothing more is read: so a client that sends faster than it reads waits, and costs no memory.

use std::time::Duration;

use futures_util::{SinkExt, StreamExt};
use tokio::io::{AsyncRead, AsyncWrite};
use tokio::sync::watch;
use tokio::time::{Instant, Interval, MissedTickBehavior, interval_at, timeout};
use tokio_tungstenite::WebSocketStream;
use tokio_tungstenite::tungstenite::error::{CapacityError, Error, ProtocolError};
use tokio_tungstenite::tungstenite::protocol::frame::coding::CloseCode;
use tokio_tungstenite::tungstenite::{Bytes, Message};

use super::goodbye::goodbye;
use super::pace::Pace;
use super::{Phase, Site};
use crate::WebSocketOptions;
use crate::format::Format;
use crate::session::Session;

/// How a connection ends.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum End {
    /// The client is told why.
    Close(CloseCode, &'static str),
    /// There is nobody to tell.
    Gone,
}

pub(super) async fn run<S: AsyncRead + AsyncWrite + Unpin>(mut socket: WebSocketStream<S>, site: &Site) {
    let mut conversation = Conversation {
        session: Session::new(site.service.clone(), site.options.max_subscriptions),
        pace: Pace::new(site.options.max_requests_per_second),
    };
    let end = conversation.hold(&mut socket, &site.options, site.phases.clone()).await;
    tracing::debug!(?end, "a conversation ended");
    // Its subscriptions end before the client sees that the connection does.
    drop(conversation);
    goodbye(socket, end).await;
}

struct Conversation {
    session: Session,
    pace: Pace,
}

impl Conversation {
    async fn hold<S>(
        &mut self,
        socket: &mut WebSocketStream<S>,
        options: &WebSocketOptions,
        mut phases: watch::Receiver<Phase>,
    ) -> End
    where
        S: AsyncRead + AsyncWrite + Unpin,
    {
        let mut last_heard = Instant::now();
        let mut ticks = ticks(options);
        loop {
            let time_left = self.session.time_left();
            let outgoing = tokio::select! {
                () = stopping(&mut phases) => return End::Close(CloseCode::Away, "The server stops."),
                received = socket.next() => {
                    last_heard = Instant::now();
                    match received {
                        Some(Ok(Message::Text(text))) => self.answer(Format::Json, text.into()).await,
                        Some(Ok(Message::Binary(bytes))) => self.answer(Format::MessagePack, bytes).await,
                        // The library answers pings and closes by itself.
                        Some(Ok(_)) => continue,
                        Some(Err(error)) => return end_after(&error),
                        None => return End::Gone,
                    }
                }
                told = self.session.subscribed.next() => match told {
                    Ok(told) => told.format.write(told.text),
                    Err(error) => return unreadable(&error),
                },
                () = over(time_left) => {
                    return End::Close(CloseCode::Library(4003), "Authentication expired.");
                }
                now = ticks.tick() => {
                    if now.duration_since(last_heard) >= options.idle_timeout {
                        return End::Close(CloseCode::Away, "Nothing came for too long.");
                    }
                    if options.ping_interval.is_none() {
                        continue;
                    }
                    Message::Ping(Bytes::new())
                }
            };
            match timeout(options.send_timeout, socket.send(outgoing)).await {
                Ok(Ok(())) => {}
                Ok(Err(_)) => return End::Gone,
                Err(_) => {
                    tracing::debug!("a client that does not read is cut off");
                    return End::Gone;
                }
            }
        }
    }

    async fn answer(&mut self, format: Format, frame: Bytes) -> Message {
        self.pace.wait().await;
        format.write(self.session.answer(format, frame).await)
    }
}

async fn over(time_left: Option<Duration>) {
    match time_left {
        Some(time_left) => tokio::time::sleep(time_left).await,
        None => std::future::pending().await,
    }
}

async fn stopping(phases: &mut watch::Receiver<Phase>) {
    // That the sender is gone means the same.
    let _ = phases.wait_for(|phase| *phase != Phase::Serving).await;
}

/// When to look whether the client is still there.
fn ticks(options: &WebSocketOptions) -> Interval {
    let period = options.ping_interval.unwrap_or(options.idle_timeout).min(options.idle_timeout);
    let mut ticks = interval_at(Instant::now() + period, period);
    ticks.set_missed_tick_behavior(MissedTickBehavior::Delay);
    ticks
}

/// What was to be told cannot be read. The client comes back, and goes on where it was.
fn unreadable(error: &zaqar_domain::Error) -> End {
    match std::error::Error::source(error) {
        Some(cause) => tracing::error!(error = %cause, "a notification could not be read"),
        None => tracing::error!(%error, "a notification could not be read"),
    }
    End::Close(CloseCode::Error, "The messages cannot be read now.")
}

fn end_after(error: &Error) -> End {
    match error {
        Error::Capacity(CapacityError::MessageTooLong { .. }) => End::Close(
            CloseCode::Size,
            "The message is larger than [drivers:transport:websocket] max_message_bytes.",
        ),
        Error::Utf8(_) => End::Close(CloseCode::Invalid, "A text frame is not UTF-8."),
        Error::Protocol(ProtocolError::ResetWithoutClosingHandshake) => End::Gone,
        Error::Protocol(_) => End::Close(CloseCode::Protocol, "This goes against the protocol of WebSocket."),
        _ => End::Gone,
    }
}
