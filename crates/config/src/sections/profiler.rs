//! `[profiler]` and its relatives: traces of requests through the services of OpenStack, by osprofiler.

use std::collections::BTreeMap;

use crate::secret::Secret;
use crate::section::section;

section! {
    /// Traces of requests through the services of OpenStack.
    pub struct Profiler;

    /// Whether requests over REST are traced.
    trace_wsgi_transport: bool = false;

    /// Whether calls of the message store are traced.
    trace_message_store: bool = false;

    /// Whether calls of the management store are traced.
    trace_management_store: bool = false;

    /// Whether anything is traced at all.
    enabled: bool = false, formerly(&["profiler_enabled"]);

    /// Whether SQL statements are traced.
    trace_sqlalchemy: bool = false;

    /// Whether requests that the service itself sends are traced.
    trace_requests: bool = false;

    /// The keys, separated by commas, of which a caller must know one to have a request traced.
    hmac_keys: Secret = "SECRET_KEY";

    /// Where traces are sent.
    connection_string: Secret = "messaging://";

    /// The type of the documents that traces become in Elasticsearch.
    es_doc_type: String = "notification";

    /// How long Elasticsearch keeps a search open, such as `2m`.
    es_scroll_time: String = "2m";

    /// How many documents Elasticsearch returns at a time.
    es_scroll_size: u32 = 10_000;

    /// How long Redis Sentinel may take to answer, in seconds.
    socket_timeout: f64 = 0.1, at_least(0);

    /// The name by which Redis Sentinel knows the master.
    sentinel_service_name: String = "mymaster";

    /// Whether traces that hold an error are kept apart.
    filter_error_trace: bool = false;
}

section! {
    /// Traces for Jaeger.
    pub struct ProfilerJaeger;

    /// What the names of services begin with.
    service_name_prefix: Option<String> = None;

    /// What each trace is tagged with.
    process_tags: BTreeMap<String, String> = &[];
}

section! {
    /// Traces for OpenTelemetry.
    pub struct ProfilerOtlp;

    /// What the names of services begin with.
    service_name_prefix: Option<String> = None;
}
