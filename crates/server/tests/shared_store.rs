//! Several servers over one PostgreSQL.

#![allow(clippy::unwrap_used, reason = "a test fails by panicking")]

mod support;

use serde_json::json;
use support::postgresql::{Installation, configuration, zaqar_db};
use support::queues::{self, Taken};
use support::receiver::Receiver;
use support::server::Site;
use zaqar_test_servers::SharedPostgres;

fn text(bytes: &[u8]) -> String {
    String::from_utf8_lossy(bytes).into_owned()
}

#[test]
fn without_its_tables_a_server_does_not_start_and_says_what_to_do() {
    let database = SharedPostgres::database();
    let site = Site::new(&configuration(&database.uri()));
    let refused = site.run();
    assert_eq!(refused.status.code(), Some(1));
    assert!(text(&refused.stderr).contains("zaqar db upgrade"), "{}", text(&refused.stderr));
    assert_eq!(zaqar_db(&site, "version").status.code(), Some(1));
    let upgraded = zaqar_db(&site, "upgrade");
    assert!(upgraded.status.success(), "{}", text(&upgraded.stderr));
    let version = zaqar_db(&site, "version");
    assert!(version.status.success(), "{}", text(&version.stdout));
    assert!(text(&version.stdout).contains("message_store (postgresql): has version"));
    assert!(text(&zaqar_db(&site, "upgrade").stdout).contains("already"));
    assert!(site.start().stop().success());
}

#[test]
fn tables_of_a_newer_version_are_refused() {
    let installation = Installation::new();
    let site = installation.site("");
    installation.database.run("UPDATE zaqar.schema_version SET version = 99");
    for output in [site.run(), zaqar_db(&site, "upgrade")] {
        assert_eq!(output.status.code(), Some(1));
        assert!(text(&output.stderr).contains("has version 99"), "{}", text(&output.stderr));
    }
}

#[test]
fn a_configuration_of_upstream_names_the_management_store_sqlalchemy() {
    let database = SharedPostgres::database();
    let uri = database.uri();
    let site = Site::new(&format!(
        "[drivers]\nmessage_store = postgresql\nmanagement_store = sqlalchemy\n\
         [drivers:message_store:postgresql]\nuri = {uri}\n\
         [drivers:management_store:sqlalchemy]\nuri = {}\n",
        uri.replace("postgresql://", "postgresql+psycopg2://")
    ));
    assert!(zaqar_db(&site, "upgrade").status.success());
    let server = site.start();
    queues::post_ok(&mut server.client(), "q", &[json!(1)]);
    let mysql = Site::new(
        "[drivers]\nmanagement_store = sqlalchemy\n\
         [drivers:management_store:sqlalchemy]\nuri = mysql+pymysql://zaqar:hush@127.0.0.1/zaqar\n",
    );
    let refused = text(&mysql.run().stderr);
    assert!(refused.contains("mysql+pymysql") && !refused.contains("hush"), "{refused}");
}

#[test]
fn what_one_server_does_the_other_sees_at_once() {
    let installation = Installation::new();
    let (one, other) = (installation.site("").start(), installation.site("").start());
    let (mut first, mut second) = (one.client(), other.client());
    assert_eq!(first.request("PUT", "/v2/queues/q", None).unwrap().status, 201);
    let posted = queues::post_ok(&mut second, "q", &[json!(1), json!(2), json!(3)]);
    let claimed = queues::messages(&queues::claim(&mut first, "q", 2).unwrap());
    assert_eq!(claimed.iter().map(Taken::id).collect::<Vec<_>>(), posted[..2]);
    let rest = queues::messages(&queues::claim(&mut second, "q", 20).unwrap());
    assert_eq!(rest.iter().map(Taken::id).collect::<Vec<_>>(), posted[2..]);
    for taken in claimed {
        assert_eq!(queues::delete(&mut second, &taken.href).unwrap().status, 204);
    }
    assert_eq!(queues::list_all(&mut first, "q").len(), 1);
    assert_eq!(first.request("DELETE", "/v2/queues/q", None).unwrap().status, 204);
    assert_eq!(queues::list_all(&mut second, "q").len(), 0);
}

#[test]
fn a_notifier_in_a_process_of_its_own_delivers_what_others_take_in() {
    let installation = Installation::new();
    let receiver = Receiver::answering(200);
    let rest = installation.site("[drivers]\nbackground =\n").start();
    let background = "[drivers]\ntransport =\n[notification]\nallowed_addresses = 127.0.0.1\n";
    let _notifier = installation.site(background).start();
    let mut client = rest.client();
    queues::subscribe(&mut client, "q", &receiver.url("/hook"), &json!({}));
    queues::post_ok(&mut client, "q", &[json!("a"), json!("b")]);
    let received = receiver.wait_for(2);
    let bodies: Vec<_> = received.iter().map(|received| received.json()["body"].clone()).collect();
    assert_eq!(bodies, [json!("a"), json!("b")]);
}

#[test]
fn when_a_server_is_killed_the_others_go_on_with_what_it_acknowledged() {
    let installation = Installation::new();
    let (one, other) = (installation.site("").start(), installation.site("").start());
    let posted = queues::post_ok(&mut one.client(), "q", &[json!(1), json!(2)]);
    one.kill();
    let found = queues::list_all(&mut other.client(), "q");
    assert_eq!(found.iter().map(Taken::id).collect::<Vec<_>>(), posted);
}
