//! Serves a connection. Requests are processed one after the other. While a request is processed or its reply is sent,
//! nothing is read, so a client that sends faster than it reads has to wait, and needs no memory.

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

use super::close::{ConnectionEnd, close};
use super::context::ConnectionContext;
use super::handshake::UpgradedConnection;
use crate::format::Format;
use crate::options::WebSocketOptions;
use crate::session::Session;

const GOING_AWAY: u16 = 1001;
const PROTOCOL_ERROR: u16 = 1002;
const INVALID_DATA: u16 = 1007;
const MESSAGE_TOO_BIG: u16 = 1009;
const INTERNAL_ERROR: u16 = 1011;
/// As in upstream.
const TOKEN_EXPIRED: u16 = 4003;

type Socket<'a> = WebSocket<&'a mut TokioIo<Upgraded>>;

pub(super) async fn run(
    upgraded: UpgradedConnection,
    context: &ConnectionContext,
    peer: Option<SocketAddr>,
    draining: Draining,
) {
    let UpgradedConnection { mut stream, extensions } = upgraded;
    let (role, frames) = (Role::Server, context.frames.clone());
    let socket = WebSocket::from_stream_with_extensions(&mut stream, role, extensions.as_deref(), frames);
    // The library has negotiated the extensions itself.
    let Ok(mut socket) = socket else { return };
    let mut session = Session::new(context.service.clone(), peer, &context.options);
    let end = serve_session(&mut session, &mut socket, &context.options, draining).await;
    let (code, reason) = match end {
        ConnectionEnd::Close(code, reason) => (Some(code), reason),
        ConnectionEnd::Disconnected => (None, "the client disconnected"),
    };
    tracing::debug!(peer = peer.map(display), code, reason, "session ended");
    // The subscriptions end before the client sees the end of the connection.
    drop(session);
    drop(socket);
    close(&mut stream, end).await;
}

async fn serve_session(
    session: &mut Session,
    socket: &mut Socket<'_>,
    options: &WebSocketOptions,
    mut draining: Draining,
) -> ConnectionEnd {
    let mut last_received = Instant::now();
    let mut ticks = ticks(options);
    loop {
        let time_left = session.time_left();
        // A sleep of zero duration is not ready at the first poll, so any other event would win, again and again.
        if time_left.is_some_and(|left| left.is_zero()) {
            return ConnectionEnd::Close(TOKEN_EXPIRED, "Authentication expired.");
        }
        let outgoing = tokio::select! {
            () = draining.begun() => return ConnectionEnd::Close(GOING_AWAY, "The server is shutting down."),
            received = socket.next_frame() => {
                last_received = Instant::now();
                match received {
                    Ok(frame) => reply(session, frame).await,
                    Err(error) => return end_after(&error),
                }
            }
            event = session.subscriptions.next() => match event {
                Ok(event) => Some(event.format.write(event.text)),
                Err(error) => return unreadable(&error),
            },
            () = elapsed(time_left) => return ConnectionEnd::Close(TOKEN_EXPIRED, "Authentication expired."),
            now = ticks.tick() => {
                if now.duration_since(last_received) >= options.idle_timeout {
                    return ConnectionEnd::Close(GOING_AWAY, "The connection was idle for too long.");
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
                // The library has queued the reply to a ping or to a close frame.
                None => socket.flush().await,
            }
        };
        match timeout(options.send_timeout, sending).await {
            Ok(Ok(())) => {}
            Ok(Err(_)) => return ConnectionEnd::Disconnected,
            Err(_) => {
                tracing::debug!("disconnecting a client that does not read");
                return ConnectionEnd::Disconnected;
            }
        }
    }
}

/// The reply, if the frame is a request.
async fn reply(session: &mut Session, frame: Frame) -> Option<Frame> {
    let format = match frame.opcode() {
        OpCode::Text => Format::Json,
        OpCode::Binary => Format::MessagePack,
        _ => return None,
    };
    Some(format.write(session.reply(format, frame.into_payload()).await))
}

async fn elapsed(time_left: Option<Duration>) {
    match time_left {
        Some(time_left) => tokio::time::sleep(time_left).await,
        None => std::future::pending().await,
    }
}

/// When to check whether the client is still there.
fn ticks(options: &WebSocketOptions) -> Interval {
    let period = options.ping_interval.unwrap_or(options.idle_timeout).min(options.idle_timeout);
    let mut ticks = interval_at(Instant::now() + period, period);
    ticks.set_missed_tick_behavior(MissedTickBehavior::Delay);
    ticks
}

/// An event cannot be read. The client should reconnect and continue from its marker.
fn unreadable(error: &zaqar_domain::Error) -> ConnectionEnd {
    match std::error::Error::source(error) {
        Some(cause) => tracing::error!(error = %cause, "cannot read a notification"),
        None => tracing::error!(%error, "cannot read a notification"),
    }
    ConnectionEnd::Close(INTERNAL_ERROR, "The messages are temporarily unavailable.")
}

fn end_after(error: &WebSocketError) -> ConnectionEnd {
    match error {
        WebSocketError::FrameTooLarge => ConnectionEnd::Close(
            MESSAGE_TOO_BIG,
            "The message is larger than [drivers:transport:websocket] max_message_bytes.",
        ),
        WebSocketError::InvalidUTF8 => ConnectionEnd::Close(INVALID_DATA, "A text frame is not UTF-8."),
        // Invalid compressed data is a protocol error and not a connection error.
        WebSocketError::IoError(error) if error.kind() != ErrorKind::InvalidInput => {
            ConnectionEnd::Disconnected
        }
        WebSocketError::ConnectionClosed | WebSocketError::HTTPError(_) => ConnectionEnd::Disconnected,
        _ => ConnectionEnd::Close(PROTOCOL_ERROR, "A frame violates the WebSocket protocol."),
    }
}
