//! Reads `zaqar.conf`, in the form that oslo.config gives it, into typed sections.
//!
//! [`load()`] turns [`Sources`] into a [`Config`], or into [`Problems`], which lists every error and not only the
//! first. [`sample()`] prints a commented file with all options. Each option is declared once, in its section under
//! `sections/`; reading, checking and the sample file all use that declaration.
//!
//! # Precedence
//!
//! 1. an environment variable,
//! 2. the files of `--config-file` and `--config-dir` in the order of the command line, the last one first; those of a
//!    directory sorted by name,
//! 3. the default.
//!
//! Within one file the last line wins, and an option's current name wins over its deprecated names. A later file wins
//! over an earlier one even by a deprecated name. A line that is overridden in the same file is still checked, and a
//! warning reports it (oslo.config ignores it silently). An option that may be repeated collects its lines from all
//! files instead. The command line takes precedence over all of these; the caller applies it.
//!
//! # Names in the environment
//!
//! `[group] option` is `OS_<GROUP>__<OPTION>`, both in capitals and otherwise unchanged: `[DEFAULT] debug` is
//! `OS_DEFAULT__DEBUG`, and `[drivers:transport:wsgi] port` is `OS_DRIVERS:TRANSPORT:WSGI__PORT`. A shell cannot
//! export a colon, so `OS_DRIVERS_TRANSPORT_WSGI__PORT` works as well; when both are set, the exact name wins.
//! Deprecated names do not work in the environment. Values are used verbatim: no quotes are removed, and `$` works as
//! in a file.
//!
//! # Differences from oslo.config
//!
//! All values are checked at startup instead of at first use, and unknown groups and options are reported. In addition:
//!
//! - An empty number is an error unless the option is optional. So are `nan`, infinities, and negative numbers where
//!   they make no sense. An empty optional text counts as not set.
//! - A variable gives a repeatable option one value, and not one value per character.
//! - `${DEFAULT.name}` works. The length of a value after substitution is limited.
//! - A byte order mark is skipped. A file with a NUL byte, or larger than 4 MiB, is rejected.
//!
//! # What does not live here
//!
//! The server knows where the files are, what the command line says, and which stores and transports exist. This crate
//! does not log; it returns warnings.

mod auth_section;
mod duplicates;
mod effective;
mod environment;
mod ini;
mod interpolation;
mod kind;
mod load;
mod option;
mod option_type;
mod problem;
mod registry;
mod resolver;
mod sample;
mod secret;
mod section;
mod sections;
mod settings;
mod sources;
mod suggestion;
mod value;

/// What [`section!`] and [`choices!`] write out.
#[doc(hidden)]
pub mod declared {
    pub use crate::kind::{Choice, Kind};
    pub use crate::option::{OptionKey, OptionSpec};
    pub use crate::option_type::OptionType;
    pub use crate::section::Values;
    pub use crate::value::Value;
}

pub use effective::EffectiveOption;
pub use load::{Loaded, load};
pub use problem::{Exceeded, Origin, Problem, Problems, Warning};
pub use sample::sample;
pub use secret::Secret;
pub use section::Section;
pub use sections::cache::Cache;
pub use sections::cors::Cors;
pub use sections::credentials::{Credentials, Session};
pub use sections::default::DefaultSection;
pub use sections::drivers::Drivers;
pub use sections::healthcheck::Healthcheck;
pub use sections::keystone_authtoken::KeystoneAuthtoken;
pub use sections::logging::{LogFormat, Logging};
pub use sections::mongodb::{Mongodb, MongodbPartitions};
pub use sections::notification::Notification;
pub use sections::oslo_policy::OsloPolicy;
pub use sections::oslo_reports::OsloReports;
pub use sections::pooling_catalog::PoolingCatalog;
pub use sections::profiler::{Profiler, ProfilerJaeger, ProfilerOtlp};
pub use sections::redis::Redis;
pub use sections::signed_url::SignedUrl;
pub use sections::sqlalchemy::Sqlalchemy;
pub use sections::ssl::{Ssl, TlsVersion};
pub use sections::storage::Storage;
pub use sections::swift::Swift;
pub use sections::transport::{ClientIdUuidSafe, Transport};
pub use sections::websocket::Websocket;
pub use sections::wsgi::Wsgi;
pub use sections::{Config, SectionSpec};
pub use sources::{Source, Sources};
