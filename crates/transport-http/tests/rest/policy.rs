//! The policy over HTTP: what rules know about a request, and when they are checked. The rule of each route is in
//! `walk/policy.rs`.

use zaqar_domain::{Policy, RuleText};

use crate::fixture::{Fixture, request};

fn policy(name: &str, text: &str) -> Policy {
    Policy::new(&[(name.to_owned(), RuleText::Expression(text.to_owned()))], "default").unwrap()
}

#[tokio::test]
async fn what_cannot_be_read_is_400_also_for_those_who_may_not() {
    let fixture = Fixture::new();
    fixture.zaqar.set_policy(policy("queues:create", "!"));
    assert_eq!(fixture.put("/v2/queues/q", "{").await.status, 400);
    assert_eq!(fixture.put("/v2/queues/q", "{}").await.status, 403);
}

#[tokio::test]
async fn rules_ask_for_what_the_headers_tell() {
    let fixture = Fixture::new();
    for (rule, header, value, status) in [
        ("role:poster", "x-roles", "reader, Poster", 201),
        ("role:poster", "x-role", "poster", 403),
        ("project_id:p", "x-roles", "", 201),
        ("user_id:u and user:u", "x-user-id", "u", 201),
        ("user_id:u", "x-user-id", "v", 403),
        ("domain:d", "x-domain-id", "d", 201),
        ("user_domain:d", "x-user-domain-id", "d", 201),
        ("project_domain:d", "x-project-domain-id", "d", 201),
        ("system_scope:all and system:all", "openstack-system-scope", "all", 201),
        ("client_id:3381af92-2b9e-11e3-b191-71861300734c", "x-roles", "", 201),
    ] {
        fixture.zaqar.set_policy(policy("queues:create", rule));
        let mut request = request("PUT", "/v2/queues/q", "");
        request.headers_mut().insert(header, value.parse().unwrap());
        assert_eq!(fixture.send(request).await.status, status, "{rule}, {header}: {value}");
        fixture.zaqar.set_policy(Policy::default());
        fixture.delete("/v2/queues/q").await;
    }
}
