//! How frames are read and written: their bounds, and how they are compressed.

use yawc::{DeflatePool, Options};

use crate::WebSocketOptions;

/// Idle connections keep two buffers of this size.
const BUFFER: usize = 1024;
/// Shorter messages are not worth the work.
const COMPRESSED_FROM: usize = 256;
/// So many compressors and decompressors are kept between messages, for all connections.
const KEPT: usize = 16;

/// Where a client offers it, messages are compressed, each for itself. So a connection costs nothing more between two of
/// them. A message that is larger than allowed, compressed or not, is not read to its end.
pub(super) fn options(options: &WebSocketOptions) -> Options {
    // What the library counts to is not allowed any more.
    let max = options.max_message_bytes.saturating_add(1);
    let frames = Options::default()
        .with_limits(max, max)
        .with_utf8()
        .with_read_buffer_capacity(BUFFER)
        .with_write_buffer_capacity(BUFFER);
    if !options.compression {
        return frames.without_compression();
    }
    frames
        .with_low_latency_compression()
        .with_compression_threshold(COMPRESSED_FROM)
        .server_no_context_takeover()
        .client_no_context_takeover()
        .with_deflate_pool(DeflatePool::new(KEPT))
}
