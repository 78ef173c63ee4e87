//! Random requests, the same in each run, in the form of a file of requests. Each scenario is a project of its own:
//! some messages, and then whatever comes. Most requests have one odd value at most.

use std::fmt::Write;

use crate::requests::File;

/// Values of a member that is to be an integer.
const ODD: &[&str] = &[
    "null",
    "true",
    "false",
    "\"60\"",
    "60.5",
    "6e1",
    "[]",
    "{}",
    "-1",
    "0",
    "59",
    "901",
    "43201",
    "1209601",
    "99999999999999999999",
];
/// Of messages and of claims: never the same, since upstream counts in whole seconds which of the two ends first.
const TTLS: &[&str] = &["60", "61", "401", "905", "86400"];
const TERMS: &[&str] = &["62", "120", "300", "900", "43200"];
const BODIES: &[&str] =
    &["null", "true", "0", "-1.5", "\"\"", "\"text\"", "[]", "{}", "{\"a\": [1, {\"b\": null}]}", "\"é\""];
const LIMITS: &[&str] = &["1", "2", "20", "0", "21", "-1", "x", "1.5", "", "%201", "2,3", "007"];
const BOOLEANS: &[&str] = &["true", "True", "false", "1", "0", "t", "yes", "on", "off", "TRUE", "2", ""];
/// Values of metadata, and texts that ask for them.
const VALUES: &[&str] =
    &["\"red\"", "\"5\"", "5", "-5", "5.5", "true", "null", "\"true\"", "[1]", "{\"a\": 1}"];
const ASKED: &[&str] =
    &["red", "5", "-5", "007", "5.5", "true", "null", "%225%22", "[1]", "%7B%22a%22:1%7D", ""];
const MEDIA: &[&str] = &[
    "application/json",
    "Application/JSON",
    "application/*",
    "APPLICATION/*;q=0.5",
    "*/*;q=0",
    "text/html",
    "text/xml, Application/Json;q=0.1",
    "application/json;Q=0",
    "application/json;q=2",
    "*",
    "json",
];
const MOMENTS: &[&str] = &[
    "2080-06-30T23:59:59",
    "2080-06-30T23:59:60",
    "2080-06-30 12:00:00",
    "2080-06-30T12:00:00Z",
    "2080-06-30T12:00:00z",
    "2080-06-30T12:00:00+02",
    "2080-06-30T12:00:00-0330",
    "2080-06-30T12:00:00+25:00",
    "2080-06-30T12:00:00.5",
    "2080-06-30T12",
    "2080-06-30T1230",
    "2080-06-30T24:00:00",
    "2080-06-30T12:5",
    "2080-06-31",
    "2080-06",
    "208006",
    "20800630",
    "2080-6-3",
    "2080-0630",
    "2080-W26",
    "9999-12-31T23:59:59",
    "1999-01-01",
];

pub(crate) fn scenarios(count: usize) -> Vec<File> {
    let scenario = |number: usize| {
        let text = Scenario::new(u64::try_from(number).unwrap()).write();
        File::of(&format!("random-{number}"), &text)
    };
    (0..count).map(scenario).collect()
}

struct Scenario {
    random: Random,
    text: String,
}

impl Scenario {
    fn new(seed: u64) -> Self {
        Self { random: Random(seed), text: String::new() }
    }

    fn write(mut self) -> String {
        if self.random.once_in(2) {
            let value = self.random.one_of(VALUES);
            self.line(&["PUT /v2/queues/q {\"colour\": ", value, "}"]);
        }
        self.post();
        for _ in 0..7 {
            match self.random.below(14) {
                0 => self.post(),
                1 => self.claim(),
                2 => self.about_the_claim(),
                3 => self.about_a_message(),
                4 => self.list_messages(),
                5 => self.several_messages(),
                6 => self.subscribe(),
                7 => self.about_the_subscription(),
                8 => self.share(),
                9 => self.list_queues(),
                10 => self.about_the_queue(),
                11 => self.patch(),
                12 => self.media(),
                _ => self.line(&["GET /v2/queues/q/stats"]),
            }
        }
        self.text
    }

    fn line(&mut self, parts: &[&str]) {
        self.text.push_str(&parts.concat());
        self.text.push('\n');
    }

    fn seconds(&mut self) -> &'static str {
        let values = if self.random.once_in(4) { ODD } else { TERMS };
        self.random.one_of(values)
    }

    fn post(&mut self) {
        let mut messages = Vec::new();
        for _ in 0..=self.random.below(3) {
            let ttl = self.random.one_of(TTLS);
            messages.push(format!("{{\"body\": {}, \"ttl\": {ttl}}}", self.random.one_of(BODIES)));
        }
        match self.random.below(8) {
            0 => {
                let ttls = if self.random.once_in(2) { ODD } else { TTLS };
                let ttl = self.random.one_of(ttls);
                messages.push(format!("{{\"body\": 1, \"ttl\": {ttl}}}"));
            }
            1 => messages.push("{\"body\": 1, \"unknown\": 2}".to_owned()),
            2 => messages.push("{\"ttl\": 300}".to_owned()),
            _ => {}
        }
        self.line(&["POST /v2/queues/q/messages {\"messages\": [", &messages.join(", "), "]}"]);
        self.line(&["  keep message = /resources/0"]);
    }

    fn claim(&mut self) {
        let limit = if self.random.once_in(3) { self.random.one_of(LIMITS) } else { "2" };
        let terms = match self.random.below(4) {
            0 => "{}".to_owned(),
            1 => format!("{{\"grace\": {}}}", self.seconds()),
            2 => format!("{{\"ttl\": {}, \"more\": 1}}", self.seconds()),
            _ => "{\"ttl\": 300, \"grace\": 60}".to_owned(),
        };
        self.line(&["POST /v2/queues/q/claims?limit=", limit, " ", &terms]);
        self.line(&["  keep claim = Location"]);
        self.line(&["  keep held = /messages/0/href"]);
        self.line(&["  keep id = /messages/0/id"]);
    }

    fn about_the_claim(&mut self) {
        match self.random.below(4) {
            0 => self.line(&["DELETE {{claim}}"]),
            1 => {
                let ttl = self.seconds();
                self.line(&["PATCH {{claim}} {\"ttl\": ", ttl, "}"]);
            }
            _ => self.line(&["GET {{claim}}"]),
        }
    }

    fn about_a_message(&mut self) {
        let method = self.random.one_of(&["GET", "DELETE"]);
        let target = self.random.one_of(&[
            "{{message}}",
            "{{held}}",
            "{{message}}?claim_id=nothing",
            "{{message}}?claim_id=",
        ]);
        self.line(&[method, " ", target]);
    }

    fn list_messages(&mut self) {
        let mut query = "?echo=true".to_owned();
        match self.random.below(4) {
            0 => write!(query, "&limit={}", self.random.one_of(LIMITS)).unwrap(),
            1 => write!(query, "&include_claimed={}", self.random.one_of(BOOLEANS)).unwrap(),
            2 => write!(query, "&echo={}", self.random.one_of(BOOLEANS)).unwrap(),
            _ => {}
        }
        self.line(&["GET /v2/queues/q/messages", &query]);
    }

    fn several_messages(&mut self) {
        let ids = self.random.one_of(&[
            "{{id}}",
            "{{id}},nothing",
            "{{id}}%2Cnothing",
            "nothing%2Cnone",
            ",",
            "%2C",
            "",
        ]);
        match self.random.below(4) {
            0 => {
                let pop = self.random.one_of(LIMITS);
                self.line(&["DELETE /v2/queues/q/messages?pop=", pop]);
            }
            1 => self.line(&["DELETE /v2/queues/q/messages?ids=", ids]),
            _ => self.line(&["GET /v2/queues/q/messages?ids=", ids]),
        }
    }

    fn subscribe(&mut self) {
        let subscriber = self.random.one_of(&["http://one", "http://two", "https://three", "mailto:a@b.org"]);
        let more = match self.random.below(4) {
            0 => format!(", \"ttl\": {}", self.seconds()),
            1 => format!(", \"options\": {}", self.random.one_of(&["{}", "{\"a\": [1]}", "5", "\"x\""])),
            2 => ", \"unknown\": 1".to_owned(),
            _ => String::new(),
        };
        self.line(&["POST /v2/queues/q/subscriptions {\"subscriber\": \"", subscriber, "\"", &more, "}"]);
        self.line(&["  keep subscription = /subscription_id"]);
    }

    fn about_the_subscription(&mut self) {
        let (method, path, body) = match self.random.below(5) {
            0 => ("DELETE", "", String::new()),
            1 => ("PATCH", "", format!(" {{\"ttl\": {}}}", self.seconds())),
            2 => ("PATCH", "", " {\"subscriber\": \"http://two\", \"unknown\": 1}".to_owned()),
            3 => {
                let confirmed = self.random.one_of(&["true", "false", "1", "null", "\"true\""]);
                ("PUT", "/confirm", format!(" {{\"confirmed\": {confirmed}}}"))
            }
            _ => ("GET", "", String::new()),
        };
        self.line(&[method, " /v2/queues/q/subscriptions/{{subscription}}", path, &body]);
    }

    fn share(&mut self) {
        let expires = self.random.one_of(MOMENTS);
        let paths =
            self.random.one_of(&["", ", \"paths\": [\"claims\", \"messages\"]", ", \"paths\": [\"other\"]"]);
        self.line(&["POST /v2/queues/q/share {\"expires\": \"", expires, "\"", paths, "}"]);
    }

    fn list_queues(&mut self) {
        let query = match self.random.below(4) {
            0 => format!("limit={}", self.random.one_of(LIMITS)),
            1 => format!("detailed={}", self.random.one_of(BOOLEANS)),
            2 => format!("with_count={}&name=q", self.random.one_of(BOOLEANS)),
            _ => format!("colour={}", self.random.one_of(ASKED)),
        };
        self.line(&["GET /v2/queues?", &query]);
    }

    fn about_the_queue(&mut self) {
        match self.random.below(5) {
            0 => self.line(&["DELETE /v2/queues/q"]),
            1 => {
                let types =
                    self.random.one_of(&["[\"messages\"]", "[\"subscriptions\"]", "[\"other\"]", "[]"]);
                self.line(&["POST /v2/queues/q/purge {\"resource_types\": ", types, "}"]);
            }
            2 => {
                let ttl = self.seconds();
                self.line(&["PUT /v2/queues/other {\"_default_message_ttl\": ", ttl, "}"]);
            }
            _ => self.line(&["GET /v2/queues/q"]),
        }
    }

    fn patch(&mut self) {
        let path = self.random.one_of(&["colour", "_default_message_ttl", "a~1b", "missing", "o/b", ""]);
        let operation = self.random.one_of(&["add", "replace", "remove", "ADD", "test"]);
        let value = self.random.one_of(TERMS);
        self.line(&[
            "PATCH /v2/queues/q [{\"op\": \"",
            operation,
            "\", \"path\": \"/metadata/",
            path,
            "\", \"value\": ",
            value,
            "}]",
        ]);
        let exact = "application/openstack-messaging-v2.0-json-patch";
        let shouted = "Application/OpenStack-Messaging-v2.0-JSON-Patch";
        let media = if self.random.once_in(4) { shouted } else { exact };
        self.line(&["  Content-Type: ", media]);
    }

    fn media(&mut self) {
        let target = self.random.one_of(&["/v2/queues", "/v2/queues/b@d", "/v2/nothing"]);
        self.line(&["GET ", target]);
        let media = self.random.one_of(MEDIA);
        self.line(&["  Accept: ", media]);
    }
}

/// SplitMix64: small, and the same everywhere.
struct Random(u64);

impl Random {
    fn next(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mixed = (self.0 ^ (self.0 >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        let mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        mixed ^ (mixed >> 31)
    }

    fn below(&mut self, bound: usize) -> usize {
        usize::try_from(self.next() % u64::try_from(bound).unwrap()).unwrap()
    }

    fn once_in(&mut self, times: usize) -> bool {
        self.below(times) == 0
    }

    fn one_of<'a>(&mut self, items: &[&'a str]) -> &'a str {
        items[self.below(items.len())]
    }
}

#[test]
fn the_same_requests_are_made_in_each_run() {
    let texts = |seed| (Scenario::new(seed).write(), Scenario::new(seed).write());
    let (one, again) = texts(7);
    assert_eq!(one, again);
    assert_ne!(one, texts(8).0);
}
