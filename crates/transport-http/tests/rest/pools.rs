use serde_json::json;
use zaqar_transport_http::HttpOptions;

use crate::fixture::{Fixture, request};

const BODY: &str = "Invalid request body";

/// A pool of this flavor.
fn pool(name: &str, flavor: &str) -> String {
    json!({ "uri": format!("model://{name}"), "weight": 100, "flavor": flavor }).to_string()
}

#[tokio::test]
async fn a_pool_is_registered_shown_and_removed() {
    let fixture = Fixture::with_pools();
    let body = "{\"uri\": \"model://a\", \"weight\": 100, \"options\": {\"x\": 1}}";
    for _ in 0..2 {
        let created = fixture.put("/v2/pools/a", body).await;
        assert_eq!((created.status.as_u16(), created.header("location")), (201, Some("/v2/pools/a")));
        assert_eq!(created.text(), "");
    }
    let shown = "{\"name\": \"a\", \"flavor\": null, \"uri\": \"model://a\", \"weight\": 100, \
                 \"href\": \"/v2/pools/a\"}";
    assert_eq!(fixture.get("/v2/pools/a").await.text(), shown);
    assert_eq!(fixture.get("/v2/pools/a?detailed=false").await.text(), shown);
    assert_eq!(
        fixture.get("/v2/pools/a?detailed=True").await.text(),
        "{\"name\": \"a\", \"flavor\": null, \"uri\": \"model://a\", \"weight\": 100, \
         \"options\": {\"x\": 1}, \"href\": \"/v2/pools/a\"}"
    );
    assert_eq!(fixture.get("/v2/pools/a?detailed=maybe").await.status, 400);
    fixture.put("/v2/pools/a", pool("a", "")).await;
    assert_eq!(fixture.get("/v2/pools/a").await.json()["flavor"], json!(null));
    for _ in 0..2 {
        assert_eq!(fixture.delete("/v2/pools/a").await.status, 204);
    }
    fixture.get("/v2/pools/a").await.is_error(404, "Not found", "Pool a does not exist");
}

#[tokio::test]
async fn a_pool_is_changed_member_by_member() {
    let fixture = Fixture::with_pools();
    fixture.put("/v2/pools/a", pool("a", "gold")).await;
    let change = "{\"weight\": 5, \"uri\": \"model://b\", \"options\": {\"y\": 2}, \"location\": 1}";
    let shown = "{\"name\": \"a\", \"flavor\": \"gold\", \"uri\": \"model://b\", \"weight\": 5, \
                 \"href\": \"/v2/pools/a\"}";
    let changed = fixture.patch("/v2/pools/a", change).await;
    assert_eq!((changed.status.as_u16(), changed.text()), (200, shown));
    let freed = fixture.patch("/v2/pools/a", "{\"flavor\": \"\"}").await;
    assert_eq!(freed.json()["flavor"], json!(null));
    // A member name like any other.
    let odd = fixture.patch("/v2/pools/a", "{\"weight\": 6, \"additionalProperties\": 1}").await;
    assert_eq!((odd.status.as_u16(), &odd.json()["weight"]), (200, &json!(6)));
    assert_eq!(fixture.get("/v2/pools/a?detailed=1").await.json()["options"], json!({ "y": 2 }));
    let absent = fixture.patch("/v2/pools/nosuch", "{\"weight\": 1}").await;
    absent.is_error(404, "Not found", "Pool nosuch does not exist");
    let absent = fixture.patch("/v2/pools/nosuch", "{\"uri\": \"localhost:27017\"}").await;
    absent.is_error(404, "Not found", "Pool nosuch does not exist");
    for nothing in ["{}", "{\"location\": 1}"] {
        let text = "One of `uri`, `weight`, `flavor`, or `options` needs to be specified";
        fixture.patch("/v2/pools/a", nothing).await.is_error(400, BODY, text);
    }
}

#[tokio::test]
async fn bad_pools_are_refused() {
    let fixture = Fixture::with_pools();
    fixture.put("/v2/pools/a", pool("a", "")).await;
    let uri = |value: &str| format!("{{\"weight\": 1, \"uri\": {value}}}");
    let with = |member: &str| format!("{{\"weight\": 1, \"uri\": \"model://z\", {member}}}");
    let long = format!("\"{}\"", "a".repeat(256));
    for (body, text) in [
        ("", "JSON could not be parsed."),
        ("{", "JSON could not be parsed."),
        ("5", "JSON could not be parsed."),
        (&uri("99999999999999999999"), "JSON could not be parsed."),
        ("[]", "[] is not of type 'object'"),
        ("{}", "'uri' is a required property"),
        ("{\"weight\": 1}", "'uri' is a required property"),
        ("{\"uri\": \"model://z\"}", "'weight' is a required property"),
        ("{\"weight\": -1, \"uri\": 5}", "weight: -1 is less than the minimum of 0"),
        ("{\"weight\": 4294967296}", "weight: 4294967296 is greater than the maximum of 4294967295"),
        ("{\"weight\": \"big\"}", "weight: \"big\" is not of type 'integer'"),
        ("{\"weight\": true}", "weight: true is not of type 'integer'"),
        ("{\"weight\": 1.0}", "weight: 1.0 is not of type 'integer'"),
        (&uri("-1"), "uri: -1 is not of type 'string'"),
        (&uri("[]"), "uri: [] is not of type 'string'"),
        (&uri(&long), "uri is too long, the maximum is 255 characters"),
        (&uri("\"\""), "cannot connect to : No driver serves this."),
        (&uri("\"localhost:27017\""), "cannot connect to localhost:27017: No driver serves this."),
        (&uri("\"model://unreachable\""), "cannot connect to model://unreachable: Nobody answers."),
        (&with("\"options\": \"wee\""), "options: \"wee\" is not of type 'object'"),
        (&with("\"flavor\": null"), "flavor: null is not of type 'string'"),
        (&with("\"a\": 1"), "Additional properties are not allowed ('a' was unexpected)"),
        (&with("\"a\": 1, \"b\": 2"), "Additional properties are not allowed ('a', 'b' were unexpected)"),
    ] {
        fixture.put("/v2/pools/bad", body).await.is_error(400, BODY, text);
        // A change may omit members, and ignores unknown ones.
        let for_creation = text.ends_with("property") || text.ends_with("unexpected)");
        if !for_creation {
            fixture.patch("/v2/pools/a", body).await.is_error(400, BODY, text);
        }
    }
    let text = "pool names may only contain ASCII letters, digits, underscores, dashes and dots";
    fixture.put("/v2/pools/a%20b", pool("z", "")).await.is_error(400, "Invalid API request", text);
    fixture.get("/v2/pools/a%20b").await.is_error(404, "Not found", "Pool a b does not exist");
    assert_eq!(fixture.get("/v2/pools/").await.status, 404);
    let listed = fixture.get("/v2/pools").await.json();
    assert_eq!((listed["pools"].as_array().unwrap().len(), &listed["pools"][0]["name"]), (1, &json!("a")));
}

#[tokio::test]
async fn a_pool_that_does_not_fit_is_refused() {
    let fixture = Fixture::with_pools();
    fixture.put("/v2/pools/a", pool("a", "gold")).await;
    fixture.put("/v2/pools/b", pool("b", "")).await;
    let text = "The database URI is in use by another pool.";
    fixture.put("/v2/pools/c", pool("a", "")).await.is_error(409, "Resource conflict", text);
    let taken = fixture.patch("/v2/pools/b", "{\"uri\": \"model://a\"}").await;
    taken.is_error(409, "Resource conflict", text);
    let text = "The pool being added does not support the minimum set of capabilities";
    let weak = "{\"uri\": \"weak://a\", \"weight\": 1, \"flavor\": \"gold\"}";
    fixture.put("/v2/pools/a", weak).await.is_error(400, "Unable to create pool", text);
    fixture.patch("/v2/pools/a", weak).await.is_error(400, "Unable to create pool", text);
    let text = "This pool is used by flavors gold; It cannot be deleted.";
    fixture.delete("/v2/pools/a").await.is_error(403, "Unable to delete", text);
}

#[tokio::test]
async fn pools_are_listed_with_links() {
    let fixture = Fixture::with_pools();
    assert_eq!(fixture.get("/v2/pools").await.text(), "{\"links\": [], \"pools\": []}");
    for name in ["a", "b", "c"] {
        fixture.put(&format!("/v2/pools/{name}"), pool(name, "")).await;
    }
    let page = fixture.get("/v2/pools?limit=1&detailed=True").await;
    assert_eq!(page.header("content-location"), Some("/v2/pools?limit=1&detailed=True"));
    assert_eq!(
        page.text(),
        "{\"links\": [{\"rel\": \"next\", \"href\": \"/v2/pools?limit=1&detailed=true&marker=a\"}], \
         \"pools\": [{\"name\": \"a\", \"flavor\": null, \"uri\": \"model://a\", \"weight\": 100, \
         \"options\": {}, \"href\": \"/v2/pools/a\"}]}"
    );
    let next = fixture.get("/v2/pools?marker=a&limit=1&detailed=no").await.json();
    assert_eq!(next["links"][0]["href"], "/v2/pools?marker=b&limit=1&detailed=false");
    assert_eq!((&next["pools"][0]["name"], next["pools"][0].get("options")), (&json!("b"), None));
    let end = fixture.get("/v2/pools?marker=zzz").await;
    assert_eq!(
        (end.text(), end.header("content-location")),
        ("{\"links\": [], \"pools\": []}", Some("/v2/pools?marker=zzz"))
    );
    let text = "Limit must be at least 1 and no greater than 20.";
    for bad in ["0", "-1", "21"] {
        let answer = fixture.get(&format!("/v2/pools?limit={bad}")).await;
        answer.is_error(400, "Invalid API request", text);
    }
    assert_eq!(fixture.get("/v2/pools?limit=x").await.status, 400);
}

#[tokio::test]
async fn only_administrators_see_where_pools_are() {
    let fixture = Fixture::with_pools();
    let secret = "{\"uri\": \"model://me:secret@host\", \"weight\": 1}";
    fixture.put("/v2/pools/a", secret).await;
    fixture.put("/v2/flavors/f", "{\"pool_list\": [\"a\"]}").await;
    assert!(fixture.get("/v2/pools/a").await.text().contains("secret"));
    for (method, path, status) in [
        ("GET", "/v2/pools", 403),
        ("GET", "/v2/pools/a", 403),
        ("DELETE", "/v2/pools/a", 403),
        ("GET", "/v2/flavors?detailed=true", 200),
        ("GET", "/v2/flavors/f", 200),
        ("DELETE", "/v2/flavors/f", 403),
        ("GET", "/v2/health", 403),
    ] {
        let mut request = request(method, path, "");
        request.headers_mut().insert("x-roles", "member".parse().unwrap());
        let answer = fixture.send(request).await;
        assert_eq!(answer.status, status, "{method} {path}");
        assert!(!answer.text().contains("secret"), "{method} {path}");
    }
}

#[tokio::test]
async fn pools_and_flavors_know_four_methods_and_their_lists_one() {
    let fixture = Fixture::with_pools();
    for noun in ["pools", "flavors"] {
        for (path, methods) in
            [(format!("/v2/{noun}"), "GET"), (format!("/v2/{noun}/a"), "DELETE, GET, PATCH, PUT")]
        {
            let options = fixture.send(request("OPTIONS", &path, "")).await;
            assert_eq!((options.status.as_u16(), options.header("allow")), (200, Some(methods)));
            let refused = fixture.post(&path, "{}").await;
            assert_eq!(refused.status, 405);
            assert_eq!(refused.header("allow"), Some(format!("{methods}, OPTIONS").as_str()));
        }
    }
}

#[tokio::test]
async fn without_pooling_there_are_no_pools_and_no_flavors() {
    let fixture = Fixture::new();
    for path in ["/v2/pools", "/v2/pools/a", "/v2/flavors", "/v2/flavors/f"] {
        assert_eq!(fixture.get(path).await.text(), "{\"title\": \"404 Not Found\"}", "{path}");
    }
}

#[tokio::test]
async fn a_server_that_is_not_for_administrators_has_no_pools_and_no_flavors() {
    let fixture = Fixture::with_pools().served_with(HttpOptions::default());
    for path in ["/v2/pools", "/v2/pools/a", "/v2/flavors", "/v2/flavors/f"] {
        assert_eq!(fixture.get(path).await.text(), "{\"title\": \"404 Not Found\"}", "{path}");
    }
}
