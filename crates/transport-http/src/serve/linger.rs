//! Lingering close of a connection, or of an HTTP/2 stream, whose client may still be sending.
//!
//! Closing a socket with unread input resets the connection, and the client may lose the response. So the write half
//! is closed first, and input is discarded for a while. The same applies to a stream, since some clients treat a
//! reset after the response as a failure.

use std::time::Duration;

use bytes::Bytes;
use http_body_util::BodyExt;
use hyper::body::Incoming;
use tokio::io::{AsyncRead, AsyncReadExt, AsyncWrite, AsyncWriteExt};

const MAX_TIME: Duration = Duration::from_secs(5);
const MAX_BYTES: usize = 64 * 1024 * 1024;

pub(super) async fn linger(mut stream: impl AsyncRead + AsyncWrite + Unpin) {
    if stream.shutdown().await.is_err() {
        return;
    }
    let discard = async {
        let mut buffer = vec![0; 16 * 1024];
        let mut discarded = 0;
        while discarded < MAX_BYTES {
            match stream.read(&mut buffer).await {
                Ok(0) | Err(_) => return,
                Ok(size) => discarded += size,
            }
        }
    };
    // A client that is still sending after that is disconnected.
    let _ = tokio::time::timeout(MAX_TIME, discard).await;
}

/// Discards the rest of a body after the response.
pub(super) async fn discard(mut body: Incoming) {
    let discard = async {
        let mut discarded = 0;
        while let Some(Ok(frame)) = body.frame().await {
            discarded += frame.data_ref().map_or(0, Bytes::len);
            if discarded >= MAX_BYTES {
                return;
            }
        }
    };
    // A client that is still sending after that is disconnected.
    let _ = tokio::time::timeout(MAX_TIME, discard).await;
}
