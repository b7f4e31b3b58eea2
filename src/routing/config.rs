//! routers.json, as it is written: what the reference keeps in its database, under the names that its operators know
//! (`models.py`, `RouterConfiguration`).

use std::collections::BTreeMap;

use serde::Deserialize;

use super::Secret;
use crate::format::Format;

/// A router.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct RouterConfig {
    /// The format that it takes.
    pub backend_name: Format,
    /// Where events go. It names the router in messages.
    pub route_url: String,
    /// A router that is not enabled takes nothing.
    #[serde(default = "enabled")]
    pub enabled: bool,
    /// How to authenticate; without one, not at all.
    #[serde(default)]
    pub auth_scheme: Option<AuthScheme>,
    /// Of the scheme Basic.
    #[serde(default)]
    pub username: Option<Secret>,
    /// Of the scheme Basic.
    #[serde(default)]
    pub password: Option<Secret>,
    /// Of the scheme Bearer.
    #[serde(default)]
    pub auth_key: Option<Secret>,
    /// What goes there, and how.
    #[serde(default)]
    pub configurations: Configurations,
}

/// How to authenticate.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize)]
pub enum AuthScheme {
    /// By username and password.
    Basic,
    /// By a token.
    Bearer,
}

/// What goes to a router, and how.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Configurations {
    /// By dotted keys of the source event, expressions of which one must match.
    #[serde(default)]
    pub match_params: BTreeMap<String, OneOrMany>,
    /// Top-level keys to replace in what is sent.
    #[serde(default)]
    pub override_args: BTreeMap<String, serde_json::Value>,
    /// Headers of requests, of Caliper routers alone.
    #[serde(default)]
    pub headers: BTreeMap<String, Secret>,
}

/// An expression or a list of them.
#[derive(Clone, Debug, Deserialize)]
#[serde(untagged)]
pub enum OneOrMany {
    /// One.
    One(String),
    /// Any number. None matches nothing.
    Many(Vec<String>),
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
