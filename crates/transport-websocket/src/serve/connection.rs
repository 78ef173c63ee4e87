//! The conversation: requests are answered one after the other. While one is being answered, or its reply is on its
//! way, nothing more is read: so a client that sends faster than it reads waits, and costs no memory.

use std::io::ErrorKind;
use std::net::SocketAddr;
use std::time::Duration;

use bytes::Bytes;
use futures_util::SinkExt;
use hyper::upgrade::Upgraded;
use hyper_util::rt::TokioIo;
use tokio::time::{Instant, Interval, MissedTickBehavior, interval_at, timeout};
use yawc::{Frame, OpCode, Role, WebSocket, WebSocketError};
use zaqar_listener::Draining;

use super::Site;
use super::goodbye::goodbye;
use super::handshake::Granted;
use super::pace::Pace;
use crate::WebSocketOptions;
use crate::format::Format;
use crate::session::Session;

/// How a connection ends.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum End {
    /// The client is told why.
    Close(u16, &'static str),
    /// There is nobody to tell.
    Gone,
}

const AWAY: u16 = 1001;
const PROTOCOL: u16 = 1002;
const NO_UTF8: u16 = 1007;
const TOO_LARGE: u16 = 1009;
const FAILED: u16 = 1011;
/// Upstream's.
const TOKEN_ENDED: u16 = 4003;

type Socket<'a> = WebSocket<&'a mut TokioIo<Upgraded>>;

pub(super) async fn run(granted: Granted, site: &Site, peer: Option<SocketAddr>, draining: Draining) {
    let Granted { mut stream, extensions } = granted;
    let (role, frames) = (Role::Server, site.frames.clone());
    let socket = WebSocket::from_stream_with_extensions(&mut stream, role, extensions.as_deref(), frames);
    // It agreed on the extensions itself.
    let Ok(mut socket) = socket else { return };
    let mut conversation = Conversation {
        session: Session::new(site.service.clone(), peer, site.options.max_subscriptions),
        pace: Pace::new(site.options.max_requests_per_second),
    };
    let end = conversation.hold(&mut socket, &site.options, draining).await;
    let (code, reason) = match end {
        End::Close(code, reason) => (Some(code), reason),
        End::Gone => (None, "the client has gone"),
    };
    tracing::debug!(peer = peer.map(display), code, reason, "a conversation ended");
    // Its subscriptions end before the client sees that the connection does.
    drop(conversation);
    drop(socket);
    goodbye(&mut stream, end).await;
}

struct Conversation {
    session: Session,
    pace: Pace,
}

impl Conversation {
    async fn hold(
        &mut self,
        socket: &mut Socket<'_>,
        options: &WebSocketOptions,
        mut draining: Draining,
    ) -> End {
        let mut last_heard = Instant::now();
        let mut ticks = ticks(options);
        loop {
            let time_left = self.session.time_left();
            // A sleep of no time is not over at the first look: whatever else is ready would win, again and again.
            if time_left.is_some_and(|left| left.is_zero()) {
                return End::Close(TOKEN_ENDED, "Authentication expired.");
            }
            let outgoing = tokio::select! {
                () = draining.begun() => return End::Close(AWAY, "The server stops."),
                received = socket.next_frame() => {
                    last_heard = Instant::now();
                    match received {
                        Ok(frame) => self.answer(frame).await,
                        Err(error) => return end_after(&error),
                    }
                }
                told = self.session.subscribed.next() => match told {
                    Ok(told) => Some(told.format.write(told.text)),
                    Err(error) => return unreadable(&error),
                },
                () = over(time_left) => return End::Close(TOKEN_ENDED, "Authentication expired."),
                now = ticks.tick() => {
                    if now.duration_since(last_heard) >= options.idle_timeout {
                        return End::Close(AWAY, "Nothing came for too long.");
                    }
                    if options.ping_interval.is_none() {
                        continue;
                    }
                    Some(Frame::ping(Bytes::new()))
                }
            };
            let sending = async {
                match outgoing {
                    Some(frame) => socket.send(frame).await,
                    // The library has the answer to a ping ready, or to a close.
                    None => socket.flush().await,
                }
            };
            match timeout(options.send_timeout, sending).await {
                Ok(Ok(())) => {}
                Ok(Err(_)) => return End::Gone,
                Err(_) => {
                    tracing::debug!("a client that does not read is cut off");
                    return End::Gone;
                }
            }
        }
    }

    /// The reply, if the frame is a request.
    async fn answer(&mut self, frame: Frame) -> Option<Frame> {
        let format = match frame.opcode() {
            OpCode::Text => Format::Json,
            OpCode::Binary => Format::MessagePack,
            _ => return None,
        };
        self.pace.wait().await;
        Some(format.write(self.session.answer(format, frame.into_payload()).await))
    }
}

async fn over(time_left: Option<Duration>) {
    match time_left {
        Some(time_left) => tokio::time::sleep(time_left).await,
        None => std::future::pending().await,
    }
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
    End::Close(FAILED, "The messages cannot be read now.")
}

fn end_after(error: &WebSocketError) -> End {
    match error {
        WebSocketError::FrameTooLarge => End::Close(
            TOO_LARGE,
            "The message is larger than [drivers:transport:websocket] max_message_bytes.",
        ),
        WebSocketError::InvalidUTF8 => End::Close(NO_UTF8, "A text frame is not UTF-8."),
        // What was compressed wrongly is no failure of the connection.
        WebSocketError::IoError(error) if error.kind() != ErrorKind::InvalidInput => End::Gone,
        WebSocketError::ConnectionClosed | WebSocketError::HTTPError(_) => End::Gone,
        _ => End::Close(PROTOCOL, "This goes against the protocol of WebSocket."),
    }
}
