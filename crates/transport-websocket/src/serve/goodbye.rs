//! The end of a connection whose client may still be sending.
//!
//! A socket that is closed while there is input to read is reset, and with it goes what the client has not read yet. So
//! first only our half is closed, and what still comes is thrown away for a while: the client's own goodbye, and what it had
//! under way before that.

use std::io;
use std::time::Duration;

use tokio::io::{AsyncRead, AsyncReadExt, AsyncWrite, AsyncWriteExt};

use super::connection::End;

const MAX_TIME: Duration = Duration::from_secs(5);
const MAX_BYTES: usize = 16 * 1024 * 1024;
/// The first byte of a frame that closes.
const CLOSE: u8 = 0x88;
/// How long a reason may be in such a frame.
const MAX_REASON: usize = 123;

pub(super) async fn goodbye(stream: &mut (impl AsyncRead + AsyncWrite + Unpin), end: End) {
    let End::Close(code, reason) = end else { return };
    // Whoever is not done by then is cut off.
    let _ = tokio::time::timeout(MAX_TIME, async {
        stream.write_all(&close_frame(code, reason)).await?;
        stream.shutdown().await?;
        discard(stream).await
    })
    .await;
}

/// By hand: the library that reads and writes frames does no more after an error.
fn close_frame(code: u16, reason: &str) -> Vec<u8> {
    let reason = &reason.as_bytes()[..reason.len().min(MAX_REASON)];
    let length = u8::try_from(reason.len() + 2).unwrap_or_default();
    [&[CLOSE, length], &code.to_be_bytes()[..], reason].concat()
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
