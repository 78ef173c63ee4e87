//! The link in a mail about a subscription: the operator's page, with what it needs for asking this service.

use percent_encoding::{NON_ALPHANUMERIC, utf8_percent_encode};
use serde_json::{Map, Value};
use zaqar_model::QueueName;

/// The parameters of the link, by upstream's names, and the members of the notice that they come from.
const PARAMETERS: [(&str, &str); 6] = [
    ("Signature", "URL-Signature"),
    ("Methods", "URL-Methods"),
    ("Paths", "URL-Paths"),
    ("Project", "X-Project-ID"),
    ("Expires", "URL-Expires"),
    ("Url", "WSGISubscribeURL"),
];

/// The address of `page`, with the members of a confirmation's notice as its parameters.
pub(super) fn link(page: &str, members: &Map<String, Value>, queue: &QueueName) -> String {
    let mut link = page.to_owned();
    let mut separator = if page.contains('?') { '&' } else { '?' };
    let member = |name| members.get(name).and_then(Value::as_str).unwrap_or_default();
    let parameters = PARAMETERS.into_iter().map(|(name, from)| (name, member(from)));
    for (name, value) in parameters.chain([("Queue", queue.as_str())]) {
        link.push(separator);
        link.push_str(name);
        link.push('=');
        link.extend(utf8_percent_encode(value, NON_ALPHANUMERIC));
        separator = '&';
    }
    link
}

#[cfg(test)]
mod tests {
    use serde_json::json;
    use zaqar_model::QueueName;

    use super::link;

    #[test]
    fn parameters_have_upstreams_names_and_are_escaped() {
        let members = json!({
            "URL-Signature": "0a", "URL-Methods": "PUT", "URL-Paths": "/v2/queues/q/subscriptions/1/confirm",
            "X-Project-ID": "p&q", "URL-Expires": "2026-01-01 00:00:00",
            "WSGISubscribeURL": "http://zaqar:7000/v2",
        });
        let queue = QueueName::new("orders").unwrap();
        let link = |page| link(page, members.as_object().unwrap(), &queue);
        let query = "Signature=0a&Methods=PUT&Paths=%2Fv2%2Fqueues%2Fq%2Fsubscriptions%2F1%2Fconfirm&Project=p%26q\
                     &Expires=2026%2D01%2D01%2000%3A00%3A00&Url=http%3A%2F%2Fzaqar%3A7000%2Fv2&Queue=orders";
        assert_eq!(link("https://example.org/confirm"), format!("https://example.org/confirm?{query}"));
        assert_eq!(link("https://example.org/?a=1"), format!("https://example.org/?a=1&{query}"));
    }
}
