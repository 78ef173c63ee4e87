//! Closes a connection whose client may still be sending.
//!
//! Closing a socket with unread input resets the connection, and the client may lose what it has not read. So the
//! write half is closed first, and input is discarded for a while: the close frame of the client, and frames that it
//! sent before.

use std::io;
use std::time::Duration;

use tokio::io::{AsyncRead, AsyncReadExt, AsyncWrite, AsyncWriteExt};

const MAX_TIME: Duration = Duration::from_secs(5);
const MAX_BYTES: usize = 16 * 1024 * 1024;
/// The first byte of a close frame.
const CLOSE_FRAME: u8 = 0x88;
/// Maximum length of the reason in a close frame.
const MAX_REASON: usize = 123;

/// How a connection ends.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum ConnectionEnd {
    /// The server sends a close frame with this code and reason.
    Close(u16, &'static str),
    /// The client is gone.
    Disconnected,
}

pub(super) async fn close(stream: &mut (impl AsyncRead + AsyncWrite + Unpin), end: ConnectionEnd) {
    let ConnectionEnd::Close(code, reason) = end else { return };
    // A client that is still sending after that is disconnected.
    let _ = tokio::time::timeout(MAX_TIME, async {
        stream.write_all(&close_frame(code, reason)).await?;
        stream.shutdown().await?;
        discard(stream).await
    })
    .await;
}

/// Written by hand, because the frame codec stops working after an error.
fn close_frame(code: u16, reason: &str) -> Vec<u8> {
    let reason = &reason.as_bytes()[..reason.len().min(MAX_REASON)];
    let length = u8::try_from(reason.len() + 2).unwrap_or_default();
    [&[CLOSE_FRAME, length], &code.to_be_bytes()[..], reason].concat()
}

async fn discard(stream: &mut (impl AsyncRead + Unpin)) -> io::Result<()> {
    let mut buffer = vec![0; 16 * 1024];
    let mut discarded = 0;
    while discarded < MAX_BYTES {
        match stream.read(&mut buffer).await? {
            0 => break,
            size => discarded += size,
        }
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::close_frame;

    #[test]
    fn a_closing_frame_has_its_code_and_reason() {
        assert_eq!(close_frame(4003, "Over."), b"\x88\x07\x0f\xa3Over.");
        assert_eq!(close_frame(1000, &"x".repeat(200)).len(), 127);
    }
}
