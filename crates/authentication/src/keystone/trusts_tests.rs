//! How often tokens for trusts are requested.

use std::sync::Arc;
use std::time::Duration;

use tokio::task::JoinSet;

use super::{NoTrustedToken, Trusts};
use crate::keystone::fake_keystone::{FakeKeystone, ManualClock};
use crate::{Connection, Reference, TrusteeOptions};

async fn fixture() -> (FakeKeystone, Arc<Trusts>, Arc<ManualClock>) {
    let fake = FakeKeystone::start().await;
    let clock = ManualClock::new();
    let options = TrusteeOptions {
        auth_url: fake.url.clone(),
        user: Reference::Id("zaqar".to_owned()),
        password: "open sesame".to_owned(),
        connection: Connection::new("trustee", Duration::from_secs(60)),
    };
    let trusts = Trusts::new(options, clock.clone()).unwrap();
    (fake, Arc::new(trusts), clock)
}

#[tokio::test]
async fn however_many_wait_for_a_token_by_one_trust_keystone_is_asked_once() {
    let (fake, trusts, _) = fixture().await;
    let mut waiting = JoinSet::new();
    for _ in 0..100 {
        let trusts = Arc::clone(&trusts);
        waiting.spawn(async move { trusts.token("one").await.unwrap().text.clone() });
    }
    let tokens = waiting.join_all().await;
    assert!(tokens.iter().all(|token| token == "own-1"), "{tokens:?}");
    assert_eq!(trusts.token("another").await.unwrap().text, "own-2");
    assert_eq!(fake.logins(), 2);
}

#[tokio::test]
async fn a_token_is_replaced_before_its_end_and_when_it_was_refused() {
    let (fake, trusts, clock) = fixture().await;
    let first = trusts.token("one").await.unwrap();
    clock.advance(839);
    assert!(Arc::ptr_eq(&first, &trusts.token("one").await.unwrap()));
    clock.advance(1);
    let second = trusts.token("one").await.unwrap();
    assert_eq!(second.text, "own-2");
    // The second is not the one that was refused.
    trusts.forget("one", &first);
    assert!(Arc::ptr_eq(&second, &trusts.token("one").await.unwrap()));
    trusts.forget("one", &second);
    assert_eq!(trusts.token("one").await.unwrap().text, "own-3");
    assert_eq!(fake.logins(), 3);
}

#[tokio::test]
async fn what_came_with_a_token_is_known_and_the_token_itself_is_not_shown() {
    let (fake, trusts, _) = fixture().await;
    let token = trusts.token("one").await.unwrap();
    assert_eq!(
        (token.project.as_deref(), token.catalog_hosts.as_slice()),
        (Some("project"), &["127.0.0.1".to_owned()][..])
    );
    let shown = format!("{token:?} {trusts:?}");
    assert!(!shown.contains("own-1") && !shown.contains("sesame"), "{shown}");
    assert_eq!(fake.logins(), 1);
}

#[tokio::test]
async fn while_keystone_is_away_nobody_can_tell() {
    let (fake, trusts, clock) = fixture().await;
    trusts.token("one").await.unwrap();
    fake.stop().await;
    assert!(trusts.token("one").await.is_ok());
    assert_eq!(trusts.token("other").await.unwrap_err(), NoTrustedToken::Unavailable);
    clock.advance(900);
    assert_eq!(trusts.token("one").await.unwrap_err(), NoTrustedToken::Unavailable);
}
