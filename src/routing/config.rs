//! The contents of routers.json, which the reference keeps in its database under the same names (`models.py`,
//! `RouterConfiguration`).

use std::collections::BTreeMap;

use serde::Deserialize;

use super::credentials::Secret;
use crate::format::Format;

/// A router.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct RouterConfig {
    /// The format of the records that the router takes.
    pub backend_name: Format,
    /// The URL of the server. Messages name the router by this URL.
    pub route_url: String,
    /// Whether the router is used. A disabled router is ignored.
    #[serde(default = "enabled")]
    pub enabled: bool,
    /// The scheme of authentication, if the server needs one.
    pub auth_scheme: Option<AuthScheme>,
    /// The username for the scheme Basic.
    pub username: Option<Secret>,
    /// The password for the scheme Basic.
    pub password: Option<Secret>,
    /// The token for the scheme Bearer.
    pub auth_key: Option<Secret>,
    /// The events that the router accepts, and changes to its requests.
    #[serde(default)]
    pub configurations: Configurations,
}

/// A scheme of authentication.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize)]
pub enum AuthScheme {
    /// A username and a password.
    Basic,
    /// A token.
    Bearer,
}

/// The events that a router accepts, and changes to its requests.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Configurations {
    /// Regular expressions for fields of the event. Each field is a dotted key such as `context.org_id`. The router
    /// accepts an event if, for every field, at least one of its expressions matches.
    pub match_params: BTreeMap<String, OneOrMany>,
    /// New values for top-level keys of each statement or envelope.
    pub override_args: BTreeMap<String, serde_json::Value>,
    /// Headers to add to the requests. Used only by Caliper routers.
    pub headers: BTreeMap<String, Secret>,
}

/// One expression or a list of expressions.
#[derive(Clone, Debug, Deserialize)]
#[serde(untagged)]
pub enum OneOrMany {
    /// One expression.
    One(String),
    /// A list of expressions. With an empty list, the router accepts no events.
    Many(Vec<String>),
}

impl RouterConfig {
    /// Returns whether the router has a password, a token or the value of a header that is no variable such as `${NAME}`.
    pub(super) fn has_secrets(&self) -> bool {
        let credentials = self.password.iter().chain(&self.auth_key);
        let headers = self.configurations.headers.values();
        let is_variable = |secret: &Secret| {
            let text = secret.reveal();
            text.starts_with("${") && text.find('}') == Some(text.len() - 1)
        };
        credentials
            .chain(headers)
            .any(|secret| !is_variable(secret))
    }
}

impl OneOrMany {
    pub(super) fn as_slice(&self) -> &[String] {
        match self {
            Self::One(one) => std::slice::from_ref(one),
            Self::Many(many) => many,
        }
    }
}

fn enabled() -> bool {
    true
}
