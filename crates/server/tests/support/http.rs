//! An HTTP/1.1 client of one connection that hides nothing: no retries, no redirects, no pool.

use std::io::{BufRead, BufReader, Error, ErrorKind, Read, Result, Write};
use std::net::{SocketAddr, TcpStream};
use std::time::Duration;

use serde_json::Value;

/// The headers that nearly every request needs.
pub(crate) const CLIENT_ID: &str = "3381af92-2b9e-11e3-b191-71861300734c";

#[derive(Debug)]
pub(crate) struct Client {
    address: SocketAddr,
    connection: Option<BufReader<TcpStream>>,
}

#[derive(Clone, Debug)]
pub(crate) struct Response {
    pub(crate) status: u16,
    pub(crate) headers: Vec<(String, String)>,
    pub(crate) body: Vec<u8>,
}

impl Response {
    pub(crate) fn header(&self, name: &str) -> Option<&str> {
        self.headers.iter().find(|(own, _)| own.eq_ignore_ascii_case(name)).map(|(_, value)| value.as_str())
    }

    pub(crate) fn json(&self) -> Value {
        serde_json::from_slice(&self.body)
            .unwrap_or_else(|error| panic!("{error}: {}", String::from_utf8_lossy(&self.body)))
    }

    pub(crate) fn text(&self) -> String {
        String::from_utf8_lossy(&self.body).into_owned()
    }
}

impl Client {
    pub(crate) const fn new(address: SocketAddr) -> Self {
        Self { address, connection: None }
    }

    /// Sends a request and reads its answer. An error says nothing of whether the server has acted on it. Connects
    /// where there is no connection, and lets go of one that failed.
    pub(crate) fn request(&mut self, method: &str, path: &str, body: Option<&Value>) -> Result<Response> {
        let body = body.map(ToString::to_string).unwrap_or_default();
        let head = head(method, path, body.len());
        self.exchange(&[head.as_bytes(), body.as_bytes()].concat())
    }

    /// Sends a request with these headers and no others but the necessary ones.
    pub(crate) fn send(
        &mut self,
        method: &str,
        path: &str,
        headers: &[(&str, &str)],
        body: Option<&Value>,
    ) -> Result<Response> {
        let body = body.map(ToString::to_string).unwrap_or_default();
        let headers = headers.iter().map(|(name, value)| format!("{name}: {value}\r\n")).collect::<String>();
        let head =
            format!("{method} {path} HTTP/1.1\r\nHost: localhost\r\nContent-Type: application/json\r\n");
        let length = body.len();
        self.exchange(format!("{head}{headers}Content-Length: {length}\r\n\r\n{body}").as_bytes())
    }

    /// Sends these bytes as they are and reads one answer.
    pub(crate) fn exchange(&mut self, request: &[u8]) -> Result<Response> {
        let mut connection = match self.connection.take() {
            Some(connection) => connection,
            None => connect(self.address)?,
        };
        connection.get_mut().write_all(request)?;
        let response = if request.starts_with(b"HEAD ") {
            read_head(&mut connection)?
        } else {
            read_response(&mut connection)?
        };
        if response.header("connection") != Some("close") {
            self.connection = Some(connection);
        }
        Ok(response)
    }
}

/// A connection for requests in pieces.
pub(crate) fn connect(address: SocketAddr) -> Result<BufReader<TcpStream>> {
    let stream = TcpStream::connect(address)?;
    stream.set_nodelay(true)?;
    // Only a test that fails ever waits so long.
    stream.set_read_timeout(Some(Duration::from_secs(60)))?;
    Ok(BufReader::new(stream))
}

/// The head of a request with the usual headers.
pub(crate) fn head(method: &str, path: &str, length: usize) -> String {
    format!(
        "{method} {path} HTTP/1.1\r\nHost: localhost\r\nClient-ID: {CLIENT_ID}\r\nX-Project-Id: tests\r\n\
         Accept: application/json\r\nContent-Type: application/json\r\nContent-Length: {length}\r\n\r\n"
    )
}

pub(crate) fn read_response(connection: &mut BufReader<TcpStream>) -> Result<Response> {
    let mut response = read_head(connection)?;
    let length = response.header("content-length").and_then(|length| length.parse().ok()).unwrap_or(0);
    response.body.resize(length, 0);
    connection.read_exact(&mut response.body)?;
    Ok(response)
}

/// An answer up to its body.
fn read_head(connection: &mut BufReader<TcpStream>) -> Result<Response> {
    let status_line = read_line(connection)?;
    let status = status_line.split(' ').nth(1).and_then(|status| status.parse().ok());
    let status = status.ok_or_else(|| Error::new(ErrorKind::InvalidData, status_line))?;
    let mut headers = Vec::new();
    loop {
        let line = read_line(connection)?;
        let Some((name, value)) = line.split_once(':') else { break };
        headers.push((name.to_owned(), value.trim().to_owned()));
    }
    Ok(Response { status, headers, body: Vec::new() })
}

fn read_line(connection: &mut BufReader<TcpStream>) -> Result<String> {
    let mut line = String::new();
    if connection.read_line(&mut line)? == 0 {
        return Err(Error::from(ErrorKind::UnexpectedEof));
    }
    Ok(line.trim_end().to_owned())
}
