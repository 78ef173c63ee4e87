//! Sites whose stores are in a PostgreSQL.

use std::process::Output;

use super::server::{Site, zaqar_command};

/// The lines of a zaqar.conf for both stores in it.
pub(crate) fn configuration(uri: &str) -> String {
    format!(
        "[drivers]\nmessage_store = postgresql\nmanagement_store = postgresql\n\
         [drivers:message_store:postgresql]\nuri = {uri}\nrequest_timeout = 5\n\
         [drivers:management_store:postgresql]\nuri = {uri}\nrequest_timeout = 5\n"
    )
}

/// Makes the tables of a site.
pub(crate) fn upgrade(site: &Site) {
    let upgraded = zaqar_db(site, "upgrade");
    assert!(upgraded.status.success(), "{}", String::from_utf8_lossy(&upgraded.stderr));
}

/// Makes the tables of a pool that is to be registered.
pub(crate) fn make_tables_of_pool(site: &Site, uri: &str) {
    let mut command = zaqar_command(&["db", "upgrade", "--pool", uri, "--config-file"]);
    let upgraded = command.arg(site.path("zaqar.conf")).output().unwrap();
    assert!(upgraded.status.success(), "{}", String::from_utf8_lossy(&upgraded.stderr));
}

/// `zaqar db …` with the configuration of a site.
pub(crate) fn zaqar_db(site: &Site, command: &str) -> Output {
    zaqar_command(&["db", command, "--config-file"]).arg(site.path("zaqar.conf")).output().unwrap()
}
