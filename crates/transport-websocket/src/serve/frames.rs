//! The options of the frame codec: limits and compression.

use yawc::{DeflatePool, Options};

use crate::options::WebSocketOptions;

/// The size of the read buffer and of the write buffer of a connection.
const BUFFER_SIZE: usize = 1024;
/// Shorter messages are not compressed.
const COMPRESSION_THRESHOLD: usize = 256;
/// Maximum number of pooled compressors and decompressors, for all connections.
const DEFLATE_POOL_SIZE: usize = 16;

/// Messages are compressed if the client supports it, without context takeover, so that an idle connection needs no
/// compression state. A message that exceeds the limit, compressed or not, is not read to its end.
pub(super) fn options(options: &WebSocketOptions) -> Options {
    // The library's limit is exclusive.
    let max = options.max_message_bytes.saturating_add(1);
    let frames = Options::default()
        .with_limits(max, max)
        .with_utf8()
        .with_read_buffer_capacity(BUFFER_SIZE)
        .with_write_buffer_capacity(BUFFER_SIZE);
    if !options.compression {
        return frames.without_compression();
    }
    frames
        .with_low_latency_compression()
        .with_compression_threshold(COMPRESSION_THRESHOLD)
        .server_no_context_takeover()
        .client_no_context_takeover()
        .with_deflate_pool(DeflatePool::new(DEFLATE_POOL_SIZE))
}
