//! Removal of secrets from the answers of a server.

use crate::routing::Endpoint;

/// The fewest bytes of a secret that is removed. Shorter texts would be found by chance in many answers.
const SHORTEST: usize = 4;

/// The texts that no message may show.
pub struct Redaction {
    secrets: Vec<String>,
}

impl Redaction {
    /// Collects the secrets of an endpoint: its credentials, its headers and the query of its URL, each as it is and as
    /// it is written in JSON and in a URL.
    pub fn new(endpoint: &Endpoint) -> Self {
        let credentials = endpoint.credentials.secrets();
        let secrets = endpoint.headers.iter().map(|(_, value)| value);
        let secrets = secrets.chain(&credentials);
        let mut texts: Vec<String> = secrets.map(|secret| secret.reveal().to_owned()).collect();
        if let Some(query) = endpoint.url.query() {
            texts.push(query.to_owned());
            let values = form_urlencoded::parse(query.as_bytes());
            texts.extend(values.map(|(_, value)| value.into_owned()));
        }
        for text in texts.clone() {
            texts.push(form_urlencoded::byte_serialize(text.as_bytes()).collect());
            let json = serde_json::Value::from(text).to_string();
            texts.push(json.trim_matches('"').to_owned());
        }
        texts.retain(|text| text.len() >= SHORTEST);
        // Longer texts are replaced first, because a shorter text may be a part of a longer one.
        texts.sort_by_key(|text| std::cmp::Reverse(text.len()));
        texts.dedup();
        Self { secrets: texts }
    }

    /// Returns the text with each secret replaced by `(secret)`.
    pub fn redact(&self, mut text: String) -> String {
        for secret in &self.secrets {
            text = text.replace(secret, "(secret)");
        }
        text
    }
}
