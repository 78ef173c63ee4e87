//! Cross-origin resource sharing (`[cors]`), as in oslo.middleware.
//!
//! CORS only adds headers to responses, also to errors. A preflight request (OPTIONS) needs no authentication.

use http::header::{
    ACCESS_CONTROL_ALLOW_CREDENTIALS, ACCESS_CONTROL_ALLOW_HEADERS, ACCESS_CONTROL_ALLOW_METHODS,
    ACCESS_CONTROL_ALLOW_ORIGIN, ACCESS_CONTROL_EXPOSE_HEADERS, ACCESS_CONTROL_MAX_AGE,
    ACCESS_CONTROL_REQUEST_HEADERS, ACCESS_CONTROL_REQUEST_METHOD, ORIGIN, VARY, WARNING,
};
use http::{HeaderMap, HeaderValue, Method, request};

use crate::headers::header_text;

/// Request headers that are always allowed.
const SAFELISTED_HEADERS: [&str; 8] = [
    "Accept",
    "Accept-Language",
    "Content-Type",
    "Cache-Control",
    "Content-Language",
    "Expires",
    "Last-Modified",
    "Pragma",
];
const ANY_ORIGIN: &str = "*";

/// The options of `[cors]`.
#[derive(Clone, Debug, Default)]
pub struct CorsOptions {
    /// `scheme://host[:port]`, or `*` for all. Empty: no cross-origin requests.
    pub allowed_origin: Vec<String>,
    pub allow_credentials: bool,
    pub expose_headers: Vec<String>,
    /// In seconds. 0: no `Access-Control-Max-Age`.
    pub max_age: u32,
    pub allow_methods: Vec<String>,
    pub allow_headers: Vec<String>,
}

/// Validated [`CorsOptions`].
#[derive(Clone, Debug, Default)]
pub struct Cors {
    origins: Vec<HeaderValue>,
    credentials: bool,
    expose_headers: Option<HeaderValue>,
    /// For responses with warnings.
    expose_with_warnings: Option<HeaderValue>,
    max_age: Option<HeaderValue>,
    methods: Vec<String>,
    headers: Vec<String>,
}

impl Cors {
    /// # Errors
    ///
    /// A value that a header cannot contain, with its option.
    pub fn new(options: &CorsOptions) -> Result<Self, String> {
        let value = |option: &str, text: &str| {
            HeaderValue::from_str(text).map_err(|_| format!("{option}: {text:?} is not a valid header value"))
        };
        let origins = options.allowed_origin.iter().map(|origin| value("allowed_origin", origin));
        let listed = options.expose_headers.join(",");
        // If any header is exposed, `Warning` is exposed, too.
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

    /// Adds the CORS headers to a response.
    pub(crate) fn apply_headers(&self, request: &request::Parts, headers: &mut HeaderMap) {
        if self.origins.is_empty() {
            return;
        }
        let Some(origin) = self.allowed_origin(&request.headers) else { return };
        if request.method == Method::OPTIONS {
            self.apply_preflight(origin, &request.headers, headers);
        } else {
            self.apply_response(origin, headers);
        }
    }

    /// The allowed origin that matches the request, which may be `*`.
    fn allowed_origin(&self, request: &HeaderMap) -> Option<&HeaderValue> {
        let origin = header_text(request, &ORIGIN)?;
        let find = |wanted: &str| self.origins.iter().find(|allowed| allowed.as_bytes() == wanted.as_bytes());
        find(&origin).or_else(|| find(ANY_ORIGIN))
    }

    /// Adds no headers if anything that the browser asks for is not allowed.
    fn apply_preflight(&self, origin: &HeaderValue, request: &HeaderMap, headers: &mut HeaderMap) {
        let Some(method) = request.get(ACCESS_CONTROL_REQUEST_METHOD) else { return };
        let wanted = header_text(request, &ACCESS_CONTROL_REQUEST_HEADERS).unwrap_or_default();
        let wanted: Vec<_> = wanted.split(',').map(str::trim).filter(|name| !name.is_empty()).collect();
        let method_is_allowed = self.methods.iter().any(|allowed| method == allowed);
        if !method_is_allowed || !wanted.iter().all(|name| self.allows_header(name)) {
            return;
        }
        headers.insert(VARY, HeaderValue::from_static("Origin"));
        self.apply_origin(origin, headers);
        if let Some(max_age) = &self.max_age {
            headers.insert(ACCESS_CONTROL_MAX_AGE, max_age.clone());
        }
        headers.insert(ACCESS_CONTROL_ALLOW_METHODS, method.clone());
        if let (false, Ok(wanted)) = (wanted.is_empty(), HeaderValue::from_str(&wanted.join(","))) {
            headers.insert(ACCESS_CONTROL_ALLOW_HEADERS, wanted);
        }
    }

    fn apply_response(&self, origin: &HeaderValue, headers: &mut HeaderMap) {
        // A cached response is valid for this origin only.
        let vary = headers.get(VARY).map(|vary| [vary.as_bytes(), b",Origin"].concat());
        let vary = vary.and_then(|vary| HeaderValue::from_bytes(&vary).ok());
        headers.insert(VARY, vary.unwrap_or_else(|| HeaderValue::from_static("Origin")));
        self.apply_origin(origin, headers);
        let exposed =
            if headers.contains_key(WARNING) { &self.expose_with_warnings } else { &self.expose_headers };
        if let Some(exposed) = exposed {
            headers.insert(ACCESS_CONTROL_EXPOSE_HEADERS, exposed.clone());
        }
    }

    fn apply_origin(&self, origin: &HeaderValue, headers: &mut HeaderMap) {
        headers.insert(ACCESS_CONTROL_ALLOW_ORIGIN, origin.clone());
        if self.credentials {
            headers.insert(ACCESS_CONTROL_ALLOW_CREDENTIALS, HeaderValue::from_static("true"));
        }
    }

    fn allows_header(&self, name: &str) -> bool {
        let own = self.headers.iter().map(String::as_str);
        own.chain(SAFELISTED_HEADERS).any(|allowed| allowed.eq_ignore_ascii_case(name))
    }
}
