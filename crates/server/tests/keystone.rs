//! A real Keystone: who gets in by its tokens, who does not, and what its absence does.

#![allow(clippy::unwrap_used, clippy::panic, reason = "a test fails by panicking")]

mod support;

use std::process::Command;

use serde_json::json;
use support::http::{CLIENT_ID, Response};
use support::keystone::{Keystone, PASSWORD};
use support::server::{Server, Site};
use support::tools::Tools;

fn send(server: &Server, method: &str, path: &str, headers: &[(&str, &str)]) -> Response {
    let headers = [&[("Client-ID", CLIENT_ID)], headers].concat();
    server.client().send(method, path, &headers, None).unwrap()
}

/// The status of a listing of queues with a token.
fn knock(server: &Server, token: &str) -> u16 {
    send(server, "GET", "/v2/queues", &[("X-Auth-Token", token)]).status
}

fn names(response: &Response) -> Vec<String> {
    let queues = response.json()["queues"].clone();
    queues.as_array().unwrap().iter().map(|queue| queue["name"].as_str().unwrap().to_owned()).collect()
}

#[test]
fn a_token_opens_the_queues_of_its_project_to_its_roles() {
    let keystone = Keystone::start();
    for (user, project, role) in
        [("alice", "shop", "member"), ("rita", "shop", "reader"), ("wanda", "warehouse", "member")]
    {
        if role == "member" {
            keystone.project(project);
        }
        keystone.user(user, project, role);
    }
    let site = Site::new(&keystone.options(""));
    site.write("policy.yaml", "\"queues:create\": \"role:member\"\n");
    let server = site.start();
    let alice = keystone.token("alice", "shop");
    let rita = keystone.token("rita", "shop");
    let wanda = keystone.token("wanda", "warehouse");

    // Whatever the headers say.
    let spoofed = [("X-Project-Id", "warehouse"), ("X-Roles", "admin"), ("X-User-Id", "wanda")];
    let with = |token| [&[("X-Auth-Token", token)], &spoofed[..]].concat();
    let put = |token| send(&server, "PUT", "/v2/queues/orders", &with(token)).status;
    assert_eq!(put(alice.as_str()), 201);
    assert_eq!(put(rita.as_str()), 403);
    let get = |token| send(&server, "GET", "/v2/queues", &with(token));
    assert_eq!(names(&get(alice.as_str())), ["orders"]);
    assert_eq!(names(&get(rita.as_str())), ["orders"]);
    assert_eq!(names(&get(wanda.as_str())), Vec::<String>::new());

    let unscoped = get(keystone.unscoped_token("alice").as_str());
    assert_eq!((unscoped.status, unscoped.json()["title"].as_str()), (400, Some("Project-Id Missing")));

    // What was revoked before it was ever shown, and what nobody gave out.
    let revoked = keystone.token("alice", "shop");
    keystone.revoke(&revoked);
    assert_eq!(knock(&server, &revoked), 401);
    assert_eq!(knock(&server, "made-up"), 401);
    assert_eq!(knock(&server, &"x".repeat(5_000)), 401);
    assert_eq!(
        server.log.find(|line| line.contains("started")).map(|line| line.contains(&alice)),
        Some(false)
    );
}

#[test]
fn who_is_unknown_learns_where_to_get_a_token_and_nothing_else() {
    // Nobody is asked about a request that has no token.
    let keystone = "http://127.0.0.1:1/v3";
    let server = Site::new(&format!(
        "[DEFAULT]\nauth_strategy = keystone\n[keystone_authtoken]\nwww_authenticate_uri = {keystone}"
    ))
    .start();
    for path in ["/v2/", "/v2/ping", "/v2/queues", "/v2/queues/!", "/v2/nowhere", "/nowhere"] {
        let answer = send(&server, "GET", path, &[("X-Project-Id", "shop"), ("Accept", "text/html")]);
        assert_eq!(answer.status, 401, "{path}");
        assert_eq!(
            answer.text(),
            "{\"error\": {\"code\": 401, \"title\": \"Unauthorized\", \"message\": \"The request you have made \
             requires authentication.\"}}"
        );
        assert_eq!(answer.header("content-type"), Some("application/json"));
        let challenge = format!("Keystone uri=\"{keystone}\"");
        assert_eq!(answer.header("www-authenticate"), Some(challenge.as_str()));
    }
    assert_eq!(send(&server, "GET", "/", &[]).status, 300);
    assert_eq!(send(&server, "OPTIONS", "/v2/queues", &[]).status, 200);
    // And nobody can be asked about one that has.
    assert_eq!(knock(&server, "some-token"), 503);
}

#[test]
fn a_pre_signed_url_needs_no_token_and_gives_no_role() {
    let keystone = Keystone::start();
    keystone.project("shop");
    keystone.user("alice", "shop", "member");
    let site = Site::new(&(keystone.options("") + "[signed_url]\nsecret_key = hush"));
    site.write("policy.yaml", "\"messages:delete_all\": \"role:admin\"\n");
    let server = site.start();
    let token = keystone.token("alice", "shop");
    let wish = json!({ "paths": ["messages"], "methods": ["GET", "DELETE"] });
    let headers = [("Client-ID", CLIENT_ID), ("X-Auth-Token", token.as_str())];
    let shared = server.client().send("POST", "/v2/queues/q/share", &headers, Some(&wish)).unwrap().json();
    let member = |name: &str| shared[name].as_str().unwrap_or_default().to_owned();
    let (project, expires, signature) = (member("project"), member("expires"), member("signature"));
    let ask = |method, project| {
        let headers = [
            ("X-Project-Id", project),
            ("URL-Paths", "/v2/queues/q/messages"),
            ("URL-Methods", "DELETE,GET"),
            ("URL-Expires", expires.as_str()),
            ("URL-Signature", signature.as_str()),
            ("X-Roles", "admin"),
        ];
        send(&server, method, "/v2/queues/q/messages?pop=1", &headers).status
    };
    assert_eq!(ask("GET", project.as_str()), 200);
    assert_eq!(ask("GET", "other"), 404);
    assert_eq!(ask("DELETE", project.as_str()), 403);
}

#[test]
fn what_is_revoked_is_refused_after_the_cache_time() {
    let keystone = Keystone::start();
    keystone.project("shop");
    keystone.user("alice", "shop", "member");
    let forgetful = Site::new(&keystone.options("token_cache_time = -1")).start();
    let trusting = Site::new(&keystone.options("")).start();
    let token = keystone.token("alice", "shop");
    assert_eq!((knock(&forgetful, &token), knock(&trusting, &token)), (200, 200));
    keystone.revoke(&token);
    assert_eq!((knock(&forgetful, &token), knock(&trusting, &token)), (401, 200));
}

#[test]
fn an_application_credential_may_be_restricted_to_some_requests() {
    let keystone = Keystone::start();
    keystone.project("shop");
    keystone.user("alice", "shop", "member");
    let own = keystone.token("zaqar", "service");
    let credential = keystone.application_credential("zaqar", &own, &json!({}));
    // The service itself comes with one.
    let server = Site::new(&format!(
        "[DEFAULT]\nauth_strategy = keystone\n[keystone_authtoken]\nauth_url = http://{}\n\
         auth_type = v3applicationcredential\napplication_credential_id = {}\n\
         application_credential_secret = {PASSWORD}\nservice_type = messaging\n",
        keystone.address,
        credential["application_credential"]["id"].as_str().unwrap()
    ))
    .start();
    keystone.register(&server.url());

    let alice = keystone.token("alice", "shop");
    let rules = json!({ "access_rules": [
        { "service": "messaging", "method": "GET", "path": "/v2/queues/{name}/messages" },
        { "service": "messaging", "method": "PUT", "path": "/v2/queues/*" },
        { "service": "compute", "method": "GET", "path": "/v2/**" },
    ] });
    let restricted = keystone.application_credential("alice", &alice, &rules);
    let restricted = keystone.token_for(&restricted, None);
    let ask = |method, path| send(&server, method, path, &[("X-Auth-Token", &restricted)]).status;
    assert_eq!(ask("PUT", "/v2/queues/orders"), 201);
    assert_eq!(ask("GET", "/v2/queues/orders/messages"), 200);
    assert_eq!(ask("GET", "/v2/queues"), 401);
    assert_eq!(ask("GET", "/v2/queues/orders"), 401);
    assert_eq!(ask("DELETE", "/v2/queues/orders"), 401);
    assert_eq!(ask("GET", "/v2/queues/orders%2Fx/messages"), 401);
    assert_eq!(knock(&server, &alice), 200);
}

#[test]
fn while_keystone_is_away_only_known_tokens_open() {
    let mut keystone = Keystone::with_tokens_good_for(6);
    keystone.project("shop");
    keystone.user("alice", "shop", "member");
    keystone.end();
    let server = Site::new(&keystone.options("http_request_max_retries = 0")).start();
    assert_eq!(knock(&server, "some-token"), 503);
    assert!(server.log.find(|line| line.contains("cannot validate a token with Keystone")).is_some());

    keystone.begin();
    // Soon after Keystone came, the service asks it again. On a busy machine a token may have ended by then.
    let token = loop {
        let token = keystone.token("alice", "shop");
        if knock(&server, &token) == 200 {
            break token;
        }
    };

    keystone.end();
    assert_eq!(knock(&server, "another-token"), 503);
    assert_eq!(send(&server, "GET", "/v2/ping", &[]).status, 401);
    // It ends at its time, although nobody can be asked.
    while knock(&server, &token) == 200 {}
    assert_eq!(knock(&server, &token), 401);
}

#[test]
fn openstacks_clients_work_with_their_tokens() {
    let keystone = Keystone::start();
    keystone.project("shop");
    keystone.user("alice", "shop", "member");
    let server = Site::new(&keystone.options("")).start();
    keystone.register(&server.url());
    let tools = Tools::find();
    for script in ["openstack_commands.py", "openstacksdk_messages.py"] {
        let output = Command::new(&tools.python)
            .arg(format!("{}/tests/python/{script}", env!("CARGO_MANIFEST_DIR")))
            .env_clear()
            .envs([
                ("OS_AUTH_URL", keystone.url().as_str()),
                ("OS_USERNAME", "alice"),
                ("OS_PASSWORD", PASSWORD),
                ("OS_PROJECT_NAME", "shop"),
                ("OS_USER_DOMAIN_ID", "default"),
                ("OS_PROJECT_DOMAIN_ID", "default"),
                ("OS_IDENTITY_API_VERSION", "3"),
                ("OS_REGION_NAME", "one"),
            ])
            .env("PATH", &tools.path)
            .output()
            .unwrap();
        let said = [output.stdout, output.stderr].concat();
        assert!(output.status.success(), "{script}:\n{}", String::from_utf8_lossy(&said));
    }
}
