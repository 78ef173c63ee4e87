//! The end of a connection whose client may still be sending.
//!
//! A socket that is closed while there is input to read is reset, and with it goes what the client has not read yet. So
//! first only our half is closed, and what still comes is thrown away for a while.

use std::time::Duration;

use futures_util::StreamExt;
use tokio::io::{AsyncRead, AsyncReadExt, AsyncWrite, AsyncWriteExt};
use tokio_tungstenite::WebSocketStream;
use tokio_tungstenite::tungstenite::protocol::CloseFrame;

use super::connection::End;

const MAX_TIME: Duration = Duration::from_secs(5);
const MAX_BYTES: usize = 16 * 1024 * 1024;

pub(super) async fn goodbye<S: AsyncRead + AsyncWrite + Unpin>(mut socket: WebSocketStream<S>, end: End) {
    let End::Close(code, reason) = end else { return };
    // Whoever is not done by then is cut off.
    let _ = tokio::time::timeout(MAX_TIME, async {
        if socket.close(Some(CloseFrame { code, reason: reason.into() })).await.is_err() {
            return;
        }
        // The client's own goodbye, behind what it had under way.
        while let Some(Ok(_)) = socket.next().await {}
        linger(socket.get_mut()).await;
    })
    .await;
}

async fn linger(stream: &mut (impl AsyncRead + AsyncWrite + Unpin)) {
    if stream.shutdown().await.is_err() {
        return;
    }
    let mut buffer = vec![0; 16 * 1024];
    let mut discarded = 0;
    while discarded < MAX_BYTES {
        match stream.read(&mut buffer).await {
            Ok(0) | Err(_) => return,
            Ok(size) => discarded += size,
        }
    }
}
