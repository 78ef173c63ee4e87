//! `[profiler]` and its relatives: traces of requests through the services of OpenStack, by osprofiler.

use std::collections::BTreeMap;

use crate::secret::Secret;
use crate::section::section;

section! {
    /// Traces of requests through the services of OpenStack.
    pub struct Profiler;

    /// Whether REST requests are traced.
    trace_wsgi_transport: bool = false;

    /// Whether calls of the message store are traced.
    trace_message_store: bool = false;

    /// Whether calls of the management store are traced.
    trace_management_store: bool = false;

    /// Whether tracing is enabled.
    enabled: bool = false, deprecated_names(&["profiler_enabled"]);

    /// Whether SQL statements are traced.
    trace_sqlalchemy: bool = false;

    /// Whether outgoing requests are traced.
    trace_requests: bool = false;

    /// Comma-separated keys. A request is traced if it is signed with one of them.
    hmac_keys: Secret = "SECRET_KEY";

    /// The backend that receives traces.
    connection_string: Secret = "messaging://";

    /// The document type of traces in Elasticsearch.
    es_doc_type: String = "notification";

    /// How long Elasticsearch keeps a search open, such as `2m`.
    es_scroll_time: String = "2m";

    /// Number of documents per Elasticsearch response.
    es_scroll_size: u32 = 10_000;

    /// Timeout of a request to Redis Sentinel, in seconds.
    socket_timeout: f64 = 0.1, at_least(0);

    /// The name of the master in Redis Sentinel.
    sentinel_service_name: String = "mymaster";

    /// Whether traces with errors are stored separately.
    filter_error_trace: bool = false;
}

section! {
    /// Traces for Jaeger.
    pub struct ProfilerJaeger;

    /// Prefix of service names.
    service_name_prefix: Option<String> = None;

    /// Tags of every trace.
    process_tags: BTreeMap<String, String> = &[];
}

section! {
    /// Traces for OpenTelemetry.
    pub struct ProfilerOtlp;

    /// Prefix of service names.
    service_name_prefix: Option<String> = None;
}
