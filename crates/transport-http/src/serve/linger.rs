//! The end of a connection, or of a stream of HTTP/2, whose client may still be sending.
//!
//! A socket that is closed while there is input to read is reset, and with it goes the answer that the client has not
//! read yet. So first only our half is closed, and what still comes is thrown away for a while. The same goes for a stream,
//! which some clients believe to have failed when it is reset behind its answer.

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
    // Whoever is not done by then is cut off.
    let _ = tokio::time::timeout(MAX_TIME, discard).await;
}

/// Throws away what still comes of a body whose request is answered.
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
    // Whoever is not done by then is cut off.
    let _ = tokio::time::timeout(MAX_TIME, discard).await;
}
