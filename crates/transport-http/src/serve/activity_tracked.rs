//! A stream that records its reads and writes in an [`ActivityTimer`].

use std::io;
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll, ready};

use hyper::rt::{Read, ReadBufCursor, Write};

use super::activity::ActivityTimer;

#[derive(Debug)]
pub(super) struct ActivityTracked<S> {
    inner: S,
    activity: Arc<ActivityTimer>,
}

impl<S> ActivityTracked<S> {
    pub(super) const fn new(inner: S, activity: Arc<ActivityTimer>) -> Self {
        Self { inner, activity }
    }

    pub(super) fn into_inner(self) -> S {
        self.inner
    }
}

impl<S: Read + Unpin> Read for ActivityTracked<S> {
    fn poll_read(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
        buffer: ReadBufCursor<'_>,
    ) -> Poll<io::Result<()>> {
        let read = ready!(Pin::new(&mut self.inner).poll_read(context, buffer));
        self.activity.received();
        Poll::Ready(read)
    }
}

impl<S: Write + Unpin> Write for ActivityTracked<S> {
    fn poll_write(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
        data: &[u8],
    ) -> Poll<io::Result<usize>> {
        let written = ready!(Pin::new(&mut self.inner).poll_write(context, data));
        self.activity.sent();
        Poll::Ready(written)
    }

    fn poll_flush(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.inner).poll_flush(context)
    }

    fn poll_shutdown(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.inner).poll_shutdown(context)
    }

    fn is_write_vectored(&self) -> bool {
        self.inner.is_write_vectored()
    }

    fn poll_write_vectored(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
        data: &[io::IoSlice<'_>],
    ) -> Poll<io::Result<usize>> {
        let written = ready!(Pin::new(&mut self.inner).poll_write_vectored(context, data));
        self.activity.sent();
        Poll::Ready(written)
    }
}
