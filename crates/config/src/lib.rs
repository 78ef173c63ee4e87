//! Reads `zaqar.conf`, in the form that oslo.config gives it, into typed sections.
//!
//! [`load()`] turns [`Sources`] into a [`Config`], or into [`Problems`], which lists everything that is wrong and not
//! only the first; [`sample()`] prints a commented file with the options. Each option is declared once, in its section
//! under `sections/`, and that declaration drives reading, checking and the sample alike.
//!
//! # Which value wins
//!
//! 1. a variable of the environment,
//! 2. the files of `--config-file` and `--config-dir` in the order of the command line, the last one first; those of a
//!    directory sorted by name,
//! 3. the default.
//!
//! Within one file the last line wins, and an option's present name wins over its former ones; a later file wins over
//! an earlier one even by a former name. A line that another one of its file overrides is checked all the same, and
//! told (oslo.config passes over it in silence). An option that may be repeated collects its lines from all files
//! instead. A command line stands above all of these; it is the caller's to apply.
//!
//! # Names in the environment
//!
//! `[group] option` is `OS_<GROUP>__<OPTION>`, both in capitals and otherwise unchanged: `[DEFAULT] debug` is
//! `OS_DEFAULT__DEBUG`, and `[drivers:transport:wsgi] port` is `OS_DRIVERS:TRANSPORT:WSGI__PORT`. A shell cannot export
//! a colon, so `OS_DRIVERS_TRANSPORT_WSGI__PORT` is understood as well; when both are set the exact name wins. Former
//! names of options are not looked up in the environment. Values are taken as they are: no quotes are removed, `$` works
//! as in a file.
//!
//! # Where oslo.config is not followed
//!
//! Everything is checked when the service starts, not when it is first used, and unknown groups and options are told.
//! Besides:
//!
//! - A number that is left empty is an error unless the option is optional; so are `nan`, infinities, and negative
//!   numbers where they mean nothing. An optional text that is left empty is not set.
//! - A variable gives an option that may be repeated one value, and not one for each of its letters.
//! - `${DEFAULT.name}` works. What a value may grow to by substitution is limited.
//! - A byte order mark is skipped; a file with a NUL byte, or larger than 4 MiB, is refused.
//!
//! # What does not live here
//!
//! Where the files are, what the command line says, which store or transport exists: the server knows. Nothing here
//! logs; warnings are handed back.

mod auth_section;
mod environment;
mod in_force;
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
mod twice;
mod value;

pub use in_force::InForce;
pub use load::{Loaded, load};
pub use problem::{Exceeded, Origin, Problem, Problems, Warning};
pub use sample::sample;
pub use secret::Secret;
pub use sections::Config;
pub use sections::cache::Cache;
pub use sections::cors::Cors;
pub use sections::credentials::{Credentials, Session};
pub use sections::default::DefaultSection;
pub use sections::drivers::Drivers;
pub use sections::embedded::{Durability, Embedded};
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
pub use sources::{Source, Sources};
