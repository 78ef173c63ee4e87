//! The end of a connection whose client may still be sending.
//!
//! A socket that is closed while there is input to read is reset, and with it goes the answer that the client has not
//! read yet. So first only our half is closed, and what still comes is thrown away for a while.

use std::time::Duration;

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
