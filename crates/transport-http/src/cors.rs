//! Which pages of other origins may read our answers, as oslo.middleware decides it (`[cors]`).
//!
//! A browser asks before it sends what a plain form could not (a preflight, by OPTIONS), and looks at every answer. Both
//! need only headers on answers that are made as ever; so a preflight needs no identity, and errors carry them too.

use http::header::{
    ACCESS_CONTROL_ALLOW_CREDENTIALS, ACCESS_CONTROL_ALLOW_HEADERS, ACCESS_CONTROL_ALLOW_METHODS,
    ACCESS_CONTROL_ALLOW_ORIGIN, ACCESS_CONTROL_EXPOSE_HEADERS, ACCESS_CONTROL_MAX_AGE,
    ACCESS_CONTROL_REQUEST_HEADERS, ACCESS_CONTROL_REQUEST_METHOD, ORIGIN, VARY, WARNING,
};
use http::{HeaderMap, HeaderValue, Method, request};

use crate::exchange::header_text;

/// Headers that are always allowed.
const SIMPLE_HEADERS: [&str; 8] = [
    "Accept",
    "Accept-Language",
    "Content-Type",
    "Cache-Control",
    "Content-Language",
    "Expires",
    "Last-Modified",
    "Pragma",
];
const EVERY_ORIGIN: &str = "*";

/// The options of `[cors]`.
#[derive(Clone, Debug, Default)]
pub struct CorsOptions {
    /// `scheme://host[:port]`, or `*` for all. None: no page of another origin.
    pub allowed_origin: Vec<String>,
    pub allow_credentials: bool,
    pub expose_headers: Vec<String>,
    /// In seconds. 0: browsers are told nothing.
    pub max_age: u32,
    pub allow_methods: Vec<String>,
    pub allow_headers: Vec<String>,
}

/// [`CorsOptions`] that can be sent.
#[derive(Clone, Debug, Default)]
pub struct Cors {
    origins: Vec<HeaderValue>,
    credentials: bool,
    expose_headers: Option<HeaderValue>,
    /// Of an answer with warnings.
    expose_with_warnings: Option<HeaderValue>,
    max_age: Option<HeaderValue>,
    methods: Vec<String>,
    headers: Vec<String>,
}

impl Cors {
    /// # Errors
    ///
    /// The option, and which of its values no header can hold.
    pub fn new(options: &CorsOptions) -> Result<Self, String> {
        let value = |option: &str, text: &str| {
            HeaderValue::from_str(text).map_err(|_| format!("{option}: {text:?} cannot stand in a header"))
        };
        let origins = options.allowed_origin.iter().map(|origin| value("allowed_origin", origin));
        let listed = options.expose_headers.join(",");
        // A site that exposes anything exposes what helps to find a mistake.
        let with_warnings = if listed.is_empty() { String::new() } else { format!("{listed},Warning") };
        let exposed = |text: &str| (!text.is_empty()).then(|| value("expose_headers", text)).transpose();
        Ok(Self {
            origins: origins.collect::<Result<_, _>>()?,
            credentials: options.allow_credentials,
            expose_headers: exposed(&listed)?,
            expose_with_warnings: exposed(&with_warnings)?,
            max_age: (options.max_age > 0).then(|| options.max_age.into()),
            methods: options.allow_methods.clone(),
            headers: options.allow_headers.clone(),
        })
    }

    /// Adds to an answer what the browser behind the request needs to know.
    pub(crate) fn adorn(&self, request: &request::Parts, headers: &mut HeaderMap) {
        if self.origins.is_empty() {
            return;
        }
        let Some(origin) = self.permitted(&request.headers) else { return };
        if request.method == Method::OPTIONS {
            self.adorn_preflight(origin, &request.headers, headers);
        } else {
            self.adorn_answer(origin, headers);
        }
    }

    /// The origin that the request comes from, or `*`, if it may.
    fn permitted(&self, request: &HeaderMap) -> Option<&HeaderValue> {
        let origin = header_text(request, &ORIGIN)?;
        let find = |wanted: &str| self.origins.iter().find(|allowed| allowed.as_bytes() == wanted.as_bytes());
        find(&origin).or_else(|| find(EVERY_ORIGIN))
    }

    /// All or nothing: a browser that asks for one thing too many is told of none.
    fn adorn_preflight(&self, origin: &HeaderValue, request: &HeaderMap, headers: &mut HeaderMap) {
        let Some(method) = request.get(ACCESS_CONTROL_REQUEST_METHOD) else { return };
        let wanted = header_text(request, &ACCESS_CONTROL_REQUEST_HEADERS).unwrap_or_default();
        let wanted: Vec<_> = wanted.split(',').map(str::trim).filter(|name| !name.is_empty()).collect();
        let method_is_allowed = self.methods.iter().any(|allowed| method == allowed);
        if !method_is_allowed || !wanted.iter().all(|name| self.allows_header(name)) {
            return;
        }
        headers.insert(VARY, HeaderValue::from_static("Origin"));
        self.adorn_origin(origin, headers);
        if let Some(max_age) = &self.max_age {
            headers.insert(ACCESS_CONTROL_MAX_AGE, max_age.clone());
        }
        headers.insert(ACCESS_CONTROL_ALLOW_METHODS, method.clone());
        if let (false, Ok(wanted)) = (wanted.is_empty(), HeaderValue::from_str(&wanted.join(","))) {
            headers.insert(ACCESS_CONTROL_ALLOW_HEADERS, wanted);
        }
    }

    fn adorn_answer(&self, origin: &HeaderValue, headers: &mut HeaderMap) {
        // An answer that is cached is for this origin alone.
        let vary = headers.get(VARY).map(|vary| [vary.as_bytes(), b",Origin"].concat());
        let vary = vary.and_then(|vary| HeaderValue::from_bytes(&vary).ok());
        headers.insert(VARY, vary.unwrap_or_else(|| HeaderValue::from_static("Origin")));
        self.adorn_origin(origin, headers);
        let exposed =
            if headers.contains_key(WARNING) { &self.expose_with_warnings } else { &self.expose_headers };
        if let Some(exposed) = exposed {
            headers.insert(ACCESS_CONTROL_EXPOSE_HEADERS, exposed.clone());
        }
    }

    fn adorn_origin(&self, origin: &HeaderValue, headers: &mut HeaderMap) {
        headers.insert(ACCESS_CONTROL_ALLOW_ORIGIN, origin.clone());
        if self.credentials {
            headers.insert(ACCESS_CONTROL_ALLOW_CREDENTIALS, HeaderValue::from_static("true"));
        }
    }

    fn allows_header(&self, name: &str) -> bool {
        let own = self.headers.iter().map(String::as_str);
        own.chain(SIMPLE_HEADERS).any(|allowed| allowed.eq_ignore_ascii_case(name))
    }
}
