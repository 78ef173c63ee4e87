use serde_json::json;

use crate::fixture::Fixture;

const BODY: &str = "Invalid request body";

async fn fixture() -> Fixture {
    let fixture = Fixture::with_pools();
    for name in ["a", "b"] {
        let pool = json!({ "uri": format!("model://{name}"), "weight": 100 });
        assert_eq!(fixture.put(&format!("/v2/pools/{name}"), pool.to_string()).await.status, 201);
    }
    fixture
}

#[tokio::test]
async fn a_flavor_is_made_shown_and_removed() {
    let fixture = fixture().await;
    let body = "{\"pool_list\": [\"a\", \"b\"], \"capabilities\": {\"x\": 1}}";
    for _ in 0..2 {
        let created = fixture.put("/v2/flavors/f", body).await;
        assert_eq!((created.status.as_u16(), created.header("location")), (201, Some("/v2/flavors/f")));
        assert_eq!(created.text(), "");
    }
    assert_eq!(
        fixture.get("/v2/flavors/f").await.text(),
        "{\"name\": \"f\", \"capabilities\": [\"FIFO\", \"CLAIMS\", \"DURABILITY\", \"AOD\", \
         \"HIGH_THROUGHPUT\"], \"pool_list\": [\"a\", \"b\"], \"href\": \"/v2/flavors/f\"}"
    );
    assert_eq!(fixture.get("/v2/pools/a").await.json()["flavor"], "f");
    for _ in 0..2 {
        assert_eq!(fixture.delete("/v2/flavors/f").await.status, 204);
    }
    fixture.get("/v2/flavors/f").await.is_error(404, "Not found", "Flavor f does not exist");
    assert_eq!(fixture.get("/v2/pools/a").await.json()["flavor"], json!(null));
}

#[tokio::test]
async fn a_flavor_gets_other_pools() {
    let fixture = fixture().await;
    fixture.put("/v2/flavors/f", "{\"pool_list\": [\"a\"]}").await;
    let changed =
        fixture.patch("/v2/flavors/f", "{\"pool_list\": [\"b\"], \"capabilities\": [], \"x\": 1}").await;
    assert_eq!(changed.status, 200);
    assert_eq!(changed.text(), fixture.get("/v2/flavors/f").await.text());
    assert_eq!(changed.json()["pool_list"], json!(["b"]));
    let absent = fixture.patch("/v2/flavors/nosuch", "{\"pool_list\": [\"nosuch\"]}").await;
    absent.is_error(404, "Not found", "Flavor nosuch does not exist");
}

#[tokio::test]
async fn bad_flavors_are_refused() {
    let fixture = fixture().await;
    fixture.put("/v2/flavors/f", "{\"pool_list\": [\"a\"]}").await;
    for (body, text) in [
        ("", "JSON could not be parsed."),
        ("{", "JSON could not be parsed."),
        ("[]", "[] is not of type 'object'"),
        ("{\"pool_list\": null}", "pool_list: null is not of type 'array'"),
        ("{\"pool_list\": 1}", "pool_list: 1 is not of type 'array'"),
        ("{\"pool_list\": [\"a\", 5]}", "pool_list: 5 is not of type 'string'"),
    ] {
        fixture.put("/v2/flavors/f", body).await.is_error(400, BODY, text);
        fixture.patch("/v2/flavors/f", body).await.is_error(400, BODY, text);
    }
    for (body, text) in [
        ("{}", "'pool_list' is a required property"),
        ("{\"capabilities\": {}}", "'pool_list' is a required property"),
        ("{\"pool_list\": [\"a\"], \"capabilities\": 5}", "capabilities: 5 is not of type 'object'"),
        ("{\"pool_list\": [\"a\"], \"x\": 1}", "Additional properties are not allowed ('x' was unexpected)"),
    ] {
        fixture.put("/v2/flavors/f", body).await.is_error(400, BODY, text);
    }
    let text = "`pool_list` needs to be specified";
    fixture.patch("/v2/flavors/f", "{\"capabilities\": {}}").await.is_error(400, BODY, text);

    let absent = "{\"pool_list\": [\"a\", \"nosuch\"]}";
    let text = "Flavor f could not be created, error:Pool nosuch does not exist";
    fixture.put("/v2/flavors/f", absent).await.is_error(400, "Unable to create", text);
    let text = "Flavor f cant be updated, error:Pool nosuch does not exist";
    fixture.patch("/v2/flavors/f", absent).await.is_error(400, "updatefail", text);
    let text = "A flavor needs at least one pool in `pool_list`.";
    let nothing = "{\"pool_list\": []}";
    for answer in [fixture.put("/v2/flavors/f", nothing).await, fixture.patch("/v2/flavors/f", nothing).await]
    {
        answer.is_error(400, "Unable to create", text);
        assert_eq!(answer.header("location"), Some("/v2/flavors/f"));
    }
    let text = "flavor names may only contain ASCII letters, digits, underscores, dashes and dots";
    let answer = fixture.put("/v2/flavors/a%20b", "{\"pool_list\": [\"a\"]}").await;
    answer.is_error(400, "Invalid API request", text);
}

#[tokio::test]
async fn flavors_are_listed_with_links() {
    let fixture = fixture().await;
    assert_eq!(fixture.get("/v2/flavors?detailed=true").await.text(), "{\"links\": [], \"flavors\": []}");
    fixture.put("/v2/flavors/f", "{\"pool_list\": [\"a\"]}").await;
    fixture.put("/v2/flavors/g", "{\"pool_list\": [\"a\"]}").await;
    assert_eq!(
        fixture.get("/v2/flavors").await.text(),
        "{\"links\": [{\"rel\": \"next\", \"href\": \"/v2/flavors?marker=g\"}], \"flavors\": [{\"name\": \"f\", \
         \"href\": \"/v2/flavors/f\"}, {\"name\": \"g\", \"href\": \"/v2/flavors/g\", \"pool_list\": [\"a\"]}]}"
    );
    assert_eq!(
        fixture.get("/v2/flavors?limit=1&detailed=True").await.text(),
        "{\"links\": [{\"rel\": \"next\", \"href\": \"/v2/flavors?limit=1&marker=f&detailed=true\"}], \
         \"flavors\": [{\"name\": \"f\", \"href\": \"/v2/flavors/f\", \"capabilities\": []}]}"
    );
    let next = fixture.get("/v2/flavors?limit=1&marker=f&detailed=1").await.json();
    assert_eq!(next["links"][0]["href"], "/v2/flavors?marker=g&limit=1&detailed=true");
    assert_eq!(next["flavors"][0]["capabilities"].as_array().unwrap().len(), 5);
    let text = "Limit must be at least 1 and no greater than 20.";
    fixture.get("/v2/flavors?limit=21").await.is_error(400, "Invalid API request", text);
}
