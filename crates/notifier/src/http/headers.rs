//! Headers with the spelling of their names. HTTP knows no case in them, but some receivers do.

use std::convert::Infallible;
use std::fmt::Write;
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll};

use bytes::{Buf, Bytes};
use http::{Extensions, HeaderMap, HeaderName, HeaderValue, Request, Response};
use http_body_util::Empty;
use hyper::body::Incoming;
use hyper::rt::{Read, ReadBufCursor};
use hyper::server::conn::http1;
use hyper::service::service_fn;
use parking_lot::Mutex;

/// No request has more headers.
const MOST_HEADERS: usize = 1000;

/// There are too many headers for one request.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("there are more than {MOST_HEADERS} headers")]
pub struct TooManyHeaders;

/// The headers of a request. Names that are not spelled otherwise have a capital at the beginning of each word.
#[derive(Clone, Debug, Default)]
pub struct Headers {
    map: HeaderMap,
    /// The names as somebody wrote them, of headers in the map.
    spelled: Vec<String>,
}

impl Headers {
    /// Sets a header, in the place of one of this name.
    pub fn insert(&mut self, name: HeaderName, value: HeaderValue) -> Result<(), TooManyHeaders> {
        self.spelled.retain(|spelled| !name.as_str().eq_ignore_ascii_case(spelled));
        if self.map.len() >= MOST_HEADERS && !self.map.contains_key(&name) {
            return Err(TooManyHeaders);
        }
        self.map.insert(name, value);
        Ok(())
    }

    /// The same; `spelled` is the name as it is to be written.
    pub fn insert_as(
        &mut self,
        spelled: &str,
        name: HeaderName,
        value: HeaderValue,
    ) -> Result<(), TooManyHeaders> {
        self.insert(name, value)?;
        self.spelled.push(spelled.to_owned());
        Ok(())
    }

    pub fn extend(&mut self, more: HeaderMap) -> Result<(), TooManyHeaders> {
        more.into_iter().try_for_each(|(name, value)| name.map_or(Ok(()), |name| self.insert(name, value)))
    }

    pub const fn map(&self) -> &HeaderMap {
        &self.map
    }

    /// Every name as it is written, with its value.
    #[cfg(test)]
    pub(crate) fn pairs(&self) -> Vec<(String, String)> {
        let spelled = |name: &HeaderName| {
            self.spelled.iter().find(|spelled| name.as_str().eq_ignore_ascii_case(spelled)).cloned()
        };
        let pair = |(name, value): (&HeaderName, &HeaderValue)| {
            (spelled(name).unwrap_or_else(|| name.to_string()), value.to_str().unwrap_or_default().to_owned())
        };
        self.map.iter().map(pair).collect()
    }

    /// The headers of a request, and the extensions that carry the spelling of their names.
    pub(super) async fn into_parts(self) -> (HeaderMap, Extensions) {
        let spelling =
            if self.spelled.is_empty() { Extensions::new() } else { spelling(&self.spelled).await };
        (self.map, spelling)
    }
}

impl From<HeaderMap> for Headers {
    fn from(map: HeaderMap) -> Self {
        Self { map, spelled: Vec::new() }
    }
}

/// The extensions of a request whose names are spelled like this. hyper has no other way to make them than to read such a
/// request: a server with `preserve_header_case` records the spelling for a client that passes the request on. So it is
/// given one, from memory.
async fn spelling(names: &[String]) -> Extensions {
    let mut head = "GET / HTTP/1.1\r\nHost: a\r\n".to_owned();
    for name in names {
        // Into memory: it does not fail.
        let _ = write!(head, "{name}: \r\n");
    }
    head.push_str("\r\n");
    let found = Arc::new(Mutex::new(Extensions::new()));
    let recorded = Arc::clone(&found);
    let service = service_fn(move |mut request: Request<Incoming>| {
        std::mem::swap(&mut *recorded.lock(), request.extensions_mut());
        async { Ok::<_, Infallible>(Response::new(Empty::<Bytes>::new())) }
    });
    let mut server = http1::Builder::new();
    server.preserve_header_case(true).keep_alive(false).header_read_timeout(None);
    server.max_headers(names.len() + 1).max_buf_size(head.len().max(MIN_BUFFER));
    // What cannot be read is spelled as usual.
    let _ = server.serve_connection(Memory(head.into()), service).await;
    std::mem::take(&mut *found.lock())
}

/// hyper's least.
const MIN_BUFFER: usize = 8192;

/// Bytes to be read, and no end of room to write to.
struct Memory(Bytes);

impl Read for Memory {
    fn poll_read(
        mut self: Pin<&mut Self>,
        _: &mut Context<'_>,
        mut buffer: ReadBufCursor<'_>,
    ) -> Poll<std::io::Result<()>> {
        let length = self.0.len().min(buffer.remaining());
        buffer.put_slice(&self.0[..length]);
        self.0.advance(length);
        Poll::Ready(Ok(()))
    }
}

impl hyper::rt::Write for Memory {
    fn poll_write(self: Pin<&mut Self>, _: &mut Context<'_>, bytes: &[u8]) -> Poll<std::io::Result<usize>> {
        Poll::Ready(Ok(bytes.len()))
    }

    fn poll_flush(self: Pin<&mut Self>, _: &mut Context<'_>) -> Poll<std::io::Result<()>> {
        Poll::Ready(Ok(()))
    }

    fn poll_shutdown(self: Pin<&mut Self>, _: &mut Context<'_>) -> Poll<std::io::Result<()>> {
        Poll::Ready(Ok(()))
    }
}

#[cfg(test)]
mod tests {
    use http::{HeaderMap, HeaderName, HeaderValue};

    use super::{Headers, MOST_HEADERS, TooManyHeaders};

    fn name(text: &str) -> HeaderName {
        HeaderName::from_bytes(text.as_bytes()).unwrap()
    }

    #[test]
    fn of_two_spellings_of_one_name_the_last_holds() {
        let mut headers = Headers::default();
        let value = HeaderValue::from_static;
        headers.insert_as("X-KEY", name("X-KEY"), value("1")).unwrap();
        headers.insert_as("x-Key", name("x-Key"), value("2")).unwrap();
        assert_eq!(headers.pairs(), [("x-Key".to_owned(), "2".to_owned())]);
        headers.extend(HeaderMap::from_iter([(name("x-key"), value("3"))])).unwrap();
        assert_eq!(headers.pairs(), [("x-key".to_owned(), "3".to_owned())]);
    }

    #[test]
    fn headers_are_bounded_in_number() {
        let mut headers = Headers::default();
        let mut insert =
            |number: usize| headers.insert(name(&format!("x-{number}")), HeaderValue::from_static("v"));
        assert!((0..MOST_HEADERS).all(|number| insert(number).is_ok()));
        assert_eq!(insert(0), Ok(()));
        assert_eq!(insert(MOST_HEADERS), Err(TooManyHeaders));
    }
}
