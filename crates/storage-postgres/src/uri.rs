//! `postgresql://` URIs as libpq takes them: what the client library does not know is translated, or refused with a clear
//! text.

use std::path::PathBuf;
use std::str::FromStr;

use percent_encoding::{AsciiSet, NON_ALPHANUMERIC, percent_decode_str, utf8_percent_encode};
use tokio_postgres::Config;
use tokio_postgres::config::{Host, SslMode, TargetSessionAttrs};

use crate::tls::{TlsOptions, Verify};

/// Where the server is, and how to connect to it.
#[derive(Clone, Debug)]
pub(crate) struct Address {
    pub(crate) config: Config,
    pub(crate) tls: TlsOptions,
}

impl Address {
    /// Hosts and database, for people: without what is secret.
    pub(crate) fn shown(&self) -> String {
        let ports = self.config.get_ports();
        let hosts = self.config.get_hosts().iter().enumerate().map(|(at, host)| {
            let port = ports.get(at).or(ports.first()).copied().unwrap_or(5432);
            match host {
                Host::Tcp(name) => format!("{name}:{port}"),
                #[cfg(unix)]
                Host::Unix(directory) => directory.display().to_string(),
            }
        });
        let hosts = hosts.collect::<Vec<_>>().join(",");
        let database = self.config.get_dbname().or(self.config.get_user()).unwrap_or("postgres");
        format!("{hosts}/{database}")
    }
}

/// Why a URI cannot be used.
#[derive(Debug, thiserror::Error, PartialEq, Eq)]
pub enum InvalidUri {
    #[error(
        "the URI of a PostgreSQL store begins with postgresql://, not with {0}: other databases have no driver here"
    )]
    OtherScheme(String),
    #[error("the option {name} of the PostgreSQL URI is not supported: {why}")]
    Refused { name: String, why: &'static str },
    #[error("the option {name} of the PostgreSQL URI cannot be {value:?}: {why}")]
    BadValue { name: &'static str, value: String, why: &'static str },
    #[error("the PostgreSQL URI cannot be read: {0}")]
    Unreadable(String),
}

/// What the client library takes as it is.
const KNOWN: [&str; 17] = [
    "user",
    "password",
    "dbname",
    "options",
    "application_name",
    "host",
    "hostaddr",
    "port",
    "connect_timeout",
    "tcp_user_timeout",
    "keepalives",
    "keepalives_idle",
    "keepalives_interval",
    "keepalives_retries",
    "channel_binding",
    "load_balance_hosts",
    "sslnegotiation",
];

/// What of a value stands for itself in a query.
const PLAIN: &AsciiSet = &NON_ALPHANUMERIC.remove(b'-').remove(b'.').remove(b'_');

/// Reads a URI.
pub(crate) fn parse(uri: &str) -> Result<Address, InvalidUri> {
    let (scheme, rest) = uri.split_once("://").unwrap_or((uri, ""));
    // SQLAlchemy names its own driver behind a plus.
    if !matches!(scheme.split('+').next(), Some("postgresql" | "postgres")) || rest.is_empty() {
        return Err(InvalidUri::OtherScheme(scheme.split(':').next().unwrap_or_default().to_owned()));
    }
    let (place, query) = rest.split_once('?').unwrap_or((rest, ""));
    let mut read = Reader::default();
    for part in query.split('&').filter(|part| !part.is_empty()) {
        let (name, value) = part.split_once('=').unwrap_or((part, ""));
        let value = percent_decode_str(value).decode_utf8();
        let value = value.map_err(|error| InvalidUri::Unreadable(error.to_string()))?;
        read.option(name, &value)?;
    }
    let plain = format!("postgresql://{place}?{}", read.kept.join("&"));
    let unreadable = |error: tokio_postgres::Error| InvalidUri::Unreadable(because(&error));
    let mut config = Config::from_str(&plain).map_err(unreadable)?;
    // A standby takes no writes: where several hosts are named, the primary is wanted.
    config.target_session_attrs(TargetSessionAttrs::ReadWrite);
    config.ssl_mode(read.mode.unwrap_or(SslMode::Prefer));
    if config.get_application_name().is_none() {
        config.application_name("zaqar");
    }
    if read.tls.verify == Verify::Nothing && read.tls.root.is_some() && read.mode == Some(SslMode::Require) {
        // As libpq: with a root certificate at hand, `require` asks for it.
        read.tls.verify = Verify::Certificate;
    }
    Ok(Address { config, tls: read.tls })
}

/// An error of the client library with what caused it.
pub(crate) fn because(error: &(dyn std::error::Error + 'static)) -> String {
    let mut text = error.to_string();
    let mut source = error.source();
    while let Some(cause) = source {
        text = format!("{text}: {cause}");
        source = cause.source();
    }
    text
}

#[derive(Default)]
struct Reader {
    kept: Vec<String>,
    tls: TlsOptions,
    mode: Option<SslMode>,
}

impl Reader {
    fn option(&mut self, name: &str, value: &str) -> Result<(), InvalidUri> {
        let path = || Some(PathBuf::from(value));
        match name {
            "target_session_attrs" => {
                let why = "a store writes, so it needs a primary: any, read-write or primary";
                one_of("target_session_attrs", value, &["any", "read-write", "primary"], why)?;
            }
            "sslmode" => (self.mode, self.tls.verify) = ssl_mode(value)?,
            "sslrootcert" => self.tls.root = path(),
            "sslcert" => self.tls.certificate = path(),
            "sslkey" => self.tls.key = path(),
            "fallback_application_name" => self.keep("application_name", value),
            "client_encoding" => {
                let why = "the driver speaks UTF-8";
                let lower = value.to_ascii_lowercase();
                one_of("client_encoding", &lower, &["auto", "utf8", "utf-8"], why)?;
            }
            "gssencmode" => {
                one_of(
                    "gssencmode",
                    value,
                    &["disable", "prefer"],
                    "GSSAPI is not supported; use sslmode=verify-full",
                )?;
            }
            "sslcompression" => one_of("sslcompression", value, &["0"], "TLS is not compressed")?,
            "sslsni" => one_of("sslsni", value, &["1"], "the name of the server is always sent")?,
            "keepalives_count" => self.keep("keepalives_retries", value),
            "ssl" => {
                one_of("ssl", value, &["true"], "JDBC's spelling of sslmode=require is ssl=true")?;
                self.mode = Some(SslMode::Require);
            }
            known if KNOWN.contains(&known) => self.keep(known, value),
            "service" | "servicefile" => {
                return Err(refused(name, "write what the service file says into the URI"));
            }
            "passfile" => return Err(refused(name, "write the password into the URI")),
            "krbsrvname" | "gsslib" | "gssdelegation" => {
                return Err(refused(name, "GSSAPI is not supported"));
            }
            "replication" => return Err(refused(name, "the driver does not replicate")),
            "sslcrl" | "sslcrldir" => {
                return Err(refused(name, "lists of revoked certificates are not read"));
            }
            "sslpassword" => return Err(refused(name, "give sslkey a key without a password")),
            _ => return Err(refused(name, "neither libpq's options nor this driver's have it")),
        }
        Ok(())
    }

    fn keep(&mut self, name: &str, value: &str) {
        self.kept.push(format!("{name}={}", utf8_percent_encode(value, PLAIN)));
    }
}

fn ssl_mode(value: &str) -> Result<(Option<SslMode>, Verify), InvalidUri> {
    Ok(match value {
        "disable" => (Some(SslMode::Disable), Verify::Nothing),
        // Those that only offer: libpq's `allow` tries without TLS first.
        "allow" | "prefer" => (Some(SslMode::Prefer), Verify::Nothing),
        "require" => (Some(SslMode::Require), Verify::Nothing),
        "verify-ca" => (Some(SslMode::Require), Verify::Certificate),
        "verify-full" => (Some(SslMode::Require), Verify::CertificateAndName),
        _ => {
            let why = "disable, allow, prefer, require, verify-ca or verify-full";
            return Err(InvalidUri::BadValue { name: "sslmode", value: value.to_owned(), why });
        }
    })
}

fn one_of(name: &'static str, value: &str, known: &[&str], why: &'static str) -> Result<(), InvalidUri> {
    if known.contains(&value) {
        return Ok(());
    }
    Err(InvalidUri::BadValue { name, value: value.to_owned(), why })
}

fn refused(name: &str, why: &'static str) -> InvalidUri {
    InvalidUri::Refused { name: name.to_owned(), why }
}

#[cfg(test)]
mod tests {
    use std::path::Path;
    use std::time::Duration;

    use tokio_postgres::config::{Host, SslMode, TargetSessionAttrs};

    use super::{InvalidUri, parse};
    use crate::tls::Verify;

    #[test]
    fn several_hosts_are_taken_and_the_primary_is_wanted() {
        let read = parse("postgresql://zaqar:p%40ss@one:5433,two,[::1]:5434/queues?target_session_attrs=any")
            .unwrap();
        let hosts = ["one", "two", "::1"].map(|host| Host::Tcp(host.to_owned()));
        assert_eq!(read.config.get_hosts(), hosts);
        assert_eq!(read.config.get_ports(), [5433, 5432, 5434]);
        assert_eq!((read.config.get_user(), read.config.get_dbname()), (Some("zaqar"), Some("queues")));
        assert_eq!(read.config.get_password(), Some(&b"p@ss"[..]));
        assert_eq!(read.config.get_target_session_attrs(), TargetSessionAttrs::ReadWrite);
        assert_eq!(read.config.get_application_name(), Some("zaqar"));
        assert_eq!(read.shown(), "one:5433,two:5432,::1:5434/queues");
    }

    #[test]
    fn a_socket_is_taken_and_so_are_options() {
        let uri = "postgres:///queues?host=%2Frun%2Fpostgresql&connect_timeout=3&keepalives_count=4\
                   &fallback_application_name=one%26two&client_encoding=UTF8&gssencmode=prefer";
        let read = parse(uri).unwrap();
        assert_eq!(read.config.get_hosts(), [Host::Unix("/run/postgresql".into())]);
        assert_eq!(read.config.get_connect_timeout(), Some(&Duration::from_secs(3)));
        assert_eq!(read.config.get_keepalives_retries(), Some(4));
        assert_eq!(read.config.get_application_name(), Some("one&two"));
    }

    #[test]
    fn every_sslmode_of_libpq_is_taken() {
        for (mode, taken, verify) in [
            ("disable", SslMode::Disable, Verify::Nothing),
            ("allow", SslMode::Prefer, Verify::Nothing),
            ("prefer", SslMode::Prefer, Verify::Nothing),
            ("require", SslMode::Require, Verify::Nothing),
            ("verify-ca", SslMode::Require, Verify::Certificate),
            ("verify-full", SslMode::Require, Verify::CertificateAndName),
        ] {
            let read = parse(&format!("postgresql://host/?sslmode={mode}")).unwrap();
            assert_eq!((read.config.get_ssl_mode(), read.tls.verify), (taken, verify), "{mode}");
        }
        let read = parse("postgresql://host/?sslmode=require&sslrootcert=/ca.pem").unwrap();
        assert_eq!(
            (read.tls.verify, read.tls.root.as_deref()),
            (Verify::Certificate, Some(Path::new("/ca.pem")))
        );
    }

    #[test]
    fn sqlalchemys_driver_names_are_passed_over_and_other_databases_are_refused() {
        assert!(parse("postgresql+psycopg2://host/db").is_ok());
        for other in ["mysql+pymysql://host/db", "sqlite:////var/lib/zaqar.db", "host=one"] {
            assert!(matches!(parse(other), Err(InvalidUri::OtherScheme(_))), "{other}");
        }
        let text = parse("mysql+pymysql://u:secret@host/db").unwrap_err().to_string();
        assert!(text.contains("mysql+pymysql") && !text.contains("secret"), "{text}");
    }

    #[test]
    fn what_cannot_be_done_is_refused_by_name() {
        for option in [
            "service=x",
            "passfile=x",
            "replication=1",
            "sslcrl=x",
            "target_session_attrs=standby",
            "nonsense=1",
        ] {
            let text = parse(&format!("postgresql://host/?{option}")).unwrap_err().to_string();
            assert!(text.contains(option.split('=').next().unwrap()), "{text}");
        }
        assert!(parse("postgresql://host/?sslmode=always").is_err());
        assert!(parse("postgresql://host:port/").is_err());
    }
}
