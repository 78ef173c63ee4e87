//! A storage driver over PostgreSQL 13 or later: any number of servers share it, and others keep it alive and replicate it.
//!
//! `messages`, `claims`, `dead_letters`, `subscriptions` and `deliveries` are the files of the contract for messages,
//! `destinations`, `pools`, `flavors` and `catalogue` (with `moves`) those for management; `store` and `management` open the
//! two on a `database`, which they can share. Behind them stand
//! `posting`, `listing`, `deleting`, `adopting`, `claiming` and `ended` (one statement for many requests, where many come),
//! `migration` with `export`, `import` and `fence` (a queue that moves to another store),
//! `due`, `leasing`, `recording`, `redelivering` and `attempts` (what is owed), `housekeeping` (giving space back),
//! `arrivals` and `hints` (who waits for what), `connection` (whose tasks own the connections), `schema` (the tables and
//! their migrations), `uri` and `tls` (how the server is reached), and `columns` (how the values of the model lie in them).

mod adopting;
mod arrivals;
mod attempts;
mod catalogue;
mod claiming;
mod claims;
mod columns;
mod connection;
mod database;
mod dead_letters;
mod deleting;
mod deliveries;
mod destinations;
mod driver;
mod due;
mod ended;
mod export;
mod fence;
mod flavors;
mod hints;
mod housekeeping;
mod import;
mod leasing;
mod listing;
mod management;
mod messages;
mod migration;
mod moves;
mod options;
mod pools;
mod posting;
mod recording;
mod redelivering;
mod retained;
pub mod schema;
mod store;
mod subscriptions;
mod tls;
mod uri;

pub use database::{Database, Databases};
pub use driver::{PostgresDriver, SqlalchemyDriver};
pub use management::PostgresManagementStore;
pub use options::Options;
pub use store::PostgresMessageStore;
pub use uri::InvalidUri;
