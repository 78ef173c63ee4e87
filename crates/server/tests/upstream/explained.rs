//! Which differences of random requests are on purpose, and the row of COMPATIBILITY.md that explains each.

use std::sync::LazyLock;

use regex::Regex;

struct Row {
    /// Upstream's status and ours: `406 -> 200`.
    statuses: &'static str,
    /// What the request has.
    has: &'static str,
    /// What its scenario has, up to and with it.
    after: &'static str,
    /// How the row begins.
    row: &'static str,
}

const fn row(statuses: &'static str, has: &'static str, after: &'static str, row: &'static str) -> Row {
    Row { statuses, has, after, row }
}

const CASE: &str = "a media type in another case";
const COMMA: &str = "a comma of a list that is written as `%2C`";
const WRONG_TYPE: &str = "members of the wrong type answer 5xx";
const REFUSED_POST: &str = "a refused post or subscription still creates";

/// A post or a subscription that is refused.
const REFUSED: &str = "POST .*(\"options\": [5\"]|\"ttl\": \
                       (300\\}\\]|null|true|false|[\"\\[{]|-1|0|59|60\\.5|6e1|1209601|9{9}))";

const ROWS: &[Row] = &[
    row("(406|404) -> ", "(?m)^  Accept: .*(Application/J|APPLICATION)", "", CASE),
    row("415 -> ", "Content-Type: Application", "", CASE),
    row("(404|204|503) -> ", "ids=[^ ]*%2C", "", COMMA),
    row("200 -> 200", "colour=(5.5|true|null|%22|\\[|%7B)", "", "a filter of metadata finds"),
    row("400 -> 400", "/share ", "", "pre-signed URLs: an end that is no time"),
    row("(500|400|503) -> 400", "\"_default_message_ttl\": ", "", "reserved attributes of the wrong type"),
    row("500 -> 400", "/subscriptions .*\"ttl\": 0", "", "a subscription with `ttl: 0`"),
    row("503 -> 201", "/subscriptions .*\"ttl\": null", "", "a subscription with `ttl: 0`"),
    row(
        "20[04] -> (200|404)",
        "/subscriptions",
        "DELETE /v2/queues/q\\n",
        "subscriptions outlive their queue",
    ),
    row("400 -> 204", "DELETE .*claim_id=nothing", "", "a message that is not there is not deleted"),
    // A queue that only upstream has made.
    row("200 -> 200", "GET /v2/queues[?\n]", REFUSED, REFUSED_POST),
    row("(200|409) -> 404", "PATCH /v2/queues/q ", REFUSED, REFUSED_POST),
    // What is left is listed, counted, popped or asked for by its id.
    row(
        "200 -> 200",
        "/v2/queues/q/(messages\\?|stats)",
        "/claims(.|\n)*/purge \\{\"resource_types\": \\[\"messages\"\\]",
        "MongoDB: a purge leaves",
    ),
    row("(400|500|503) -> 400", "\"(ttl|grace)\": (true|false|null|\\[|\\{|\")", "", WRONG_TYPE),
];

static PATTERNS: LazyLock<Vec<[Regex; 3]>> = LazyLock::new(|| {
    let patterns = |row: &Row| [row.statuses, row.has, row.after].map(|text| Regex::new(text).unwrap());
    ROWS.iter().map(patterns).collect()
});

/// `request`: its text; `so_far`: that of its scenario up to and with it.
pub(crate) fn by(upstream: u16, ours: u16, request: &str, so_far: &str) -> Option<&'static str> {
    let statuses = format!("{upstream} -> {ours}");
    let fits = |patterns: &[Regex; 3]| {
        [statuses.as_str(), request, so_far]
            .iter()
            .zip(patterns)
            .all(|(text, pattern)| pattern.is_match(text))
    };
    PATTERNS.iter().position(fits).map(|index| ROWS[index].row)
}
