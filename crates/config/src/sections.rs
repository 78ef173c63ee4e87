//! The table of sections: which struct holds which group. A group may have several structs, and a struct may serve
//! several groups. Each struct has its own file. Storage drivers bring the sections of their groups.

pub(crate) mod cache;
pub(crate) mod cors;
pub(crate) mod credentials;
pub(crate) mod default;
pub(crate) mod drivers;
pub(crate) mod healthcheck;
pub(crate) mod keystone_authtoken;
pub(crate) mod logging;
pub(crate) mod mongodb;
pub(crate) mod notification;
pub(crate) mod oslo_policy;
pub(crate) mod oslo_reports;
pub(crate) mod pooling_catalog;
pub(crate) mod profiler;
pub(crate) mod redis;
pub(crate) mod signed_url;
pub(crate) mod sqlalchemy;
pub(crate) mod ssl;
pub(crate) mod storage;
pub(crate) mod swift;
pub(crate) mod transport;
pub(crate) mod websocket;
pub(crate) mod wsgi;

use cache::Cache;
use cors::Cors;
use credentials::{Credentials, Session};
use default::DefaultSection;
use drivers::Drivers;
use healthcheck::Healthcheck;
use keystone_authtoken::KeystoneAuthtoken;
use logging::Logging;
use mongodb::{Mongodb, MongodbPartitions};
use notification::Notification;
use oslo_policy::OsloPolicy;
use oslo_reports::OsloReports;
use pooling_catalog::PoolingCatalog;
use profiler::{Profiler, ProfilerJaeger, ProfilerOtlp};
use redis::Redis;
use signed_url::SignedUrl;
use sqlalchemy::Sqlalchemy;
use ssl::Ssl;
use storage::Storage;
use swift::Swift;
use transport::Transport;
use websocket::Websocket;
use wsgi::Wsgi;

use crate::option::OptionSpec;
use crate::section::{Section, Values};

/// A section in its group: a row of the table, or what a storage driver adds to it.
#[derive(Clone, Debug)]
pub struct SectionSpec {
    pub(crate) group: &'static str,
    pub(crate) about: &'static [&'static str],
    pub(crate) options: Vec<OptionSpec>,
}

impl SectionSpec {
    pub fn new<S: Section>(group: &'static str) -> Self {
        Self { group, about: S::ABOUT, options: S::options(group) }
    }

    fn without_effect(mut self) -> Self {
        self.options = self.options.into_iter().map(OptionSpec::without_effect).collect();
        self
    }
}

macro_rules! config {
    ($( $field:ident: $section:ident in $group:literal $(, $modifier:ident())?; )+) => {
        /// Everything that can be configured.
        #[derive(Debug, Clone, PartialEq, Default)]
        pub struct Config {
            $(
                #[doc = concat!("`[", $group, "]`")]
                pub $field: $section,
            )+
            /// What differs from the defaults in the sections of storage drivers.
            values: Values,
        }

        impl Config {
            fn own_sections() -> Vec<SectionSpec> {
                vec![$( SectionSpec::new::<$section>($group)$(.$modifier())? ),+]
            }

            /// The defaults, overridden by `values`.
            pub(crate) fn from_values(values: &Values, drivers: &[SectionSpec]) -> Self {
                Self { $( $field: $section::from_values($group, values), )+ values: values.changes_to(drivers) }
            }
        }
    };
}

config! {
    default: DefaultSection in "DEFAULT";
    logging: Logging in "DEFAULT";
    drivers: Drivers in "drivers";
    wsgi: Wsgi in "drivers:transport:wsgi";
    ssl: Ssl in "ssl";
    websocket: Websocket in "drivers:transport:websocket";
    transport: Transport in "transport";
    message_redis: Redis in "drivers:message_store:redis", without_effect();
    message_mongodb: Mongodb in "drivers:message_store:mongodb", without_effect();
    message_mongodb_partitions: MongodbPartitions in "drivers:message_store:mongodb", without_effect();
    message_swift: Swift in "drivers:message_store:swift", without_effect();
    management_redis: Redis in "drivers:management_store:redis", without_effect();
    management_mongodb: Mongodb in "drivers:management_store:mongodb", without_effect();
    management_sqlalchemy: Sqlalchemy in "drivers:management_store:sqlalchemy", without_effect();
    storage: Storage in "storage";
    pooling_catalog: PoolingCatalog in "pooling:catalog";
    notification: Notification in "notification";
    signed_url: SignedUrl in "signed_url";
    keystone_authtoken: KeystoneAuthtoken in "keystone_authtoken";
    keystone_credentials: Credentials in "keystone_authtoken";
    trustee: Credentials in "trustee";
    trustee_session: Session in "trustee";
    oslo_policy: OsloPolicy in "oslo_policy";
    cors: Cors in "cors";
    healthcheck: Healthcheck in "healthcheck";
    cache: Cache in "cache", without_effect();
    profiler: Profiler in "profiler", without_effect();
    profiler_jaeger: ProfilerJaeger in "profiler_jaeger", without_effect();
    profiler_otlp: ProfilerOtlp in "profiler_otlp", without_effect();
    oslo_reports: OsloReports in "oslo_reports", without_effect();
}

impl Config {
    /// All sections in the order of the sample file, those of storage drivers behind the stores that they are chosen by.
    /// Of a group that a driver serves, nothing of the table is left: what upstream has there has an effect now.
    pub(crate) fn sections(drivers: &[SectionSpec]) -> Vec<SectionSpec> {
        let served = |own: &SectionSpec| drivers.iter().any(|driver| driver.group == own.group);
        let mut all: Vec<SectionSpec> = Self::own_sections().into_iter().filter(|own| !served(own)).collect();
        let place = all.iter().position(|own| own.group == drivers::GROUP).map_or(0, |place| place + 1);
        all.splice(place..place, drivers.iter().cloned());
        all
    }

    /// A section that a storage driver has brought, which is in this group.
    pub fn section<S: Section>(&self, group: &'static str) -> S {
        S::from_values(group, &self.values)
    }
}
