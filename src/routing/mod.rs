//! Routers (routers.json): the events that each router accepts, and its server.
//!
//! The match_params of a router have regular expressions for fields of events. The router accepts an event if each of
//! these fields is a text in which one of the field's expressions is found (`RouterConfiguration.get_allowed_host`).
//! The regex crate supports no look-around and no back-references. In return, it searches in time linear in the text.

mod config;
mod credentials;
mod endpoint;

use std::fs;
use std::path::Path;

use anyhow::{Context, Result, anyhow, bail};
use regex::{Regex, RegexSet, RegexSetBuilder};

pub use config::RouterConfig;
pub(crate) use credentials::CREDENTIAL_VARIABLES;
pub use credentials::{Credentials, Secret};
pub use endpoint::Endpoint;

use crate::files::warning_of_mode;
use crate::format::Format;
use crate::tracking::TrackingEvent;
use crate::url::redacted;

/// The enabled routers of one format.
pub struct Routers {
    /// The path of routers.json, for messages.
    file: String,
    routers: Vec<Router>,
    /// Whether the file has credentials, and not only names of variables that hold credentials.
    has_secrets: bool,
}

/// A router with its compiled regular expressions.
struct Router {
    config: RouterConfig,
    /// Each key with its expressions. The router accepts an event if, for every key, at least one expression matches.
    match_params: Vec<(String, RegexSet)>,
}

/// A set of routers. Bit N is set if the set has the router with the index N in [`Routers`].
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct RouterSet(u64);

impl RouterSet {
    /// The empty set.
    pub const NONE: Self = Self(0);
    /// The set of all routers.
    pub const ALL: Self = Self(u64::MAX);
    /// The number of bits, and so the largest number of routers in a run.
    const MOST: usize = u64::BITS as usize;

    /// The bits of the set. The first router is the lowest bit.
    pub fn bits(self) -> u64 {
        self.0
    }

    /// Whether the set is empty.
    pub fn is_empty(self) -> bool {
        self == Self::NONE
    }

    /// Whether the set has the router with this index.
    pub fn contains(self, nth: usize) -> bool {
        nth < Self::MOST && self.0 >> nth & 1 == 1
    }
}

impl Routers {
    /// Loads a routers.json, a list of [`RouterConfig`].
    ///
    /// # Errors
    /// Returns an error that names the path if the file cannot be read, is not a list of routers, or has an expression
    /// that the regex crate does not support. Also returns an error if more than 64 routers of the format are enabled.
    pub fn load(path: &Path, format: Format) -> Result<Self> {
        let name = path.display();
        let text = fs::read(path).with_context(|| format!("failed to read `{name}`"))?;
        let configs: Vec<RouterConfig> = serde_json::from_slice(&text).map_err(|error| {
            anyhow!(
                "`{name}` is not a list of routers: {}",
                without_value(&error)
            )
        })?;
        let has_secrets = configs.iter().any(RouterConfig::has_secrets);
        let mut routers = Vec::new();
        for (nth, config) in configs.into_iter().enumerate() {
            let url = redacted(&config.route_url);
            let router = Router::new(config)
                .with_context(|| format!("router {} of `{name}`, `{url}`", nth + 1))?;
            if router.config.enabled && router.config.backend_name == format {
                routers.push(router);
            }
        }
        if routers.len() > RouterSet::MOST {
            bail!(
                "`{name}` has more than {} enabled routers of the backend {}: remove or disable some",
                RouterSet::MOST,
                format.title()
            );
        }
        Ok(Self {
            file: name.to_string(),
            routers,
            has_secrets,
        })
    }

    /// Returns a warning if everybody can read the credentials in the file.
    pub fn warning_of_mode(&self) -> Option<String> {
        let warning = warning_of_mode(Path::new(&self.file), "credentials");
        warning.filter(|_| self.has_secrets)
    }

    /// Loads a routers.json that must have an enabled router of the format.
    ///
    /// # Errors
    /// Returns an error if [`load`](Self::load) does, or if there is no such router.
    pub fn load_some(path: &Path, format: Format) -> Result<Self> {
        let routers = Self::load(path, format)?;
        if routers.routers.is_empty() {
            bail!(
                "`{}` has no enabled router of the backend {}: add or enable one",
                routers.file,
                format.title()
            );
        }
        Ok(routers)
    }

    /// Keeps only the routers with these URLs, or all routers if `urls` is empty. A URL must be given exactly as it is
    /// written in the file.
    ///
    /// # Errors
    /// Returns an error that names the first URL that no router has.
    pub fn keep(&mut self, urls: &[String]) -> Result<()> {
        let has = |url: &String| {
            self.routers
                .iter()
                .any(|router| router.config.route_url == *url)
        };
        if let Some(url) = urls.iter().find(|url| !has(url)) {
            bail!(
                "`{}` has no enabled router `{}` of this format: give the URL exactly as the file has it",
                self.file,
                redacted(url)
            );
        }
        self.keep_any(urls);
        Ok(())
    }

    /// Keeps only the routers with these URLs, or all routers if `urls` is empty. Unlike [`keep`](Self::keep), ignores
    /// a URL that no router has.
    pub fn keep_any(&mut self, urls: &[String]) {
        self.routers
            .retain(|router| urls.is_empty() || urls.contains(&router.config.route_url));
    }

    /// Makes the endpoint of each router. Replaces each `${NAME}` by the environment variable NAME.
    ///
    /// # Errors
    /// Returns an error that names the router if a variable is not set or the configuration is not valid.
    pub fn endpoints(&self) -> Result<Vec<Endpoint>> {
        let mut endpoints: Vec<Endpoint> = Vec::new();
        for router in &self.routers {
            let url = redacted(&router.config.route_url);
            let mut endpoint = Endpoint::new(&router.config)
                .with_context(|| format!("the router `{url}` of `{}`", self.file))?;
            // Names must be unique, but URLs that differ only in their queries give the same name. So the second router
            // with a name gets ` (2)` after its name, and so on.
            let first = endpoint.name.clone();
            let mut nth = 1;
            while endpoints.iter().any(|other| other.name == endpoint.name) {
                nth += 1;
                endpoint.name = format!("{first} ({nth})");
            }
            endpoints.push(endpoint);
        }
        Ok(endpoints)
    }

    /// The path of routers.json, for messages.
    pub fn file(&self) -> &str {
        &self.file
    }

    /// Returns what each router requires of the events that it accepts, for messages.
    pub fn requirements(&self) -> impl Iterator<Item = String> {
        self.routers.iter().map(|router| {
            let config = &router.config;
            let params = config.configurations.match_params.iter();
            let params = params.map(|(key, expressions)| {
                let expressions = expressions.as_slice().join("` or `");
                format!("`{key}` to match `{expressions}`")
            });
            let params: Vec<String> = params.collect();
            format!(
                "`{}` requires {}",
                redacted(&config.route_url),
                params.join(" and ")
            )
        })
    }

    /// Returns the routers that accept the event.
    pub fn accepting(&self, event: &TrackingEvent<'_>) -> RouterSet {
        let accepting = self
            .routers
            .iter()
            .enumerate()
            .filter(|(_, router)| router.accepts(event));
        RouterSet(accepting.fold(0, |set, (nth, _)| set | 1 << nth))
    }
}

impl Router {
    fn new(config: RouterConfig) -> Result<Self> {
        let mut match_params = Vec::new();
        for (key, expressions) in &config.configurations.match_params {
            let expressions = expressions.as_slice();
            // By default, the regex crate limits a compiled expression to 10 MiB, and a whole set of expressions to the
            // same size. A larger limit, 10 MiB for each expression and 10 MiB for the set, lets expressions that
            // compile alone also compile together.
            let size_limit = (expressions.len() + 1).saturating_mul(10 << 20);
            let compiled = RegexSetBuilder::new(expressions)
                .size_limit(size_limit)
                .build();
            let compiled =
                compiled.map_err(|error| invalid_expression(key, expressions, &error))?;
            match_params.push((key.clone(), compiled));
        }
        Ok(Self {
            config,
            match_params,
        })
    }

    fn accepts(&self, event: &TrackingEvent<'_>) -> bool {
        self.match_params.iter().all(|(key, expressions)| {
            let text = event.walk(key).and_then(|value| value.as_str());
            text.is_some_and(|text| expressions.is_match(text))
        })
    }
}

/// Returns an error on one line, which names the first expression of a key that is not valid. The errors of the regex
/// crate have several lines, the last of which tells the cause.
fn invalid_expression(key: &str, expressions: &[String], error: &regex::Error) -> anyhow::Error {
    let invalid = |expression: &&String| Regex::new(expression).is_err();
    let expression = expressions.iter().find(invalid);
    let expression = expression.map_or("", String::as_str);
    let text = error.to_string();
    let cause = text.lines().last().unwrap_or_default();
    let cause = cause.trim_start_matches("error: ");
    anyhow!("the expression `{expression}` of match_params `{key}` is not valid: {cause}")
}

/// Formats the error without the value that caused the error, since this value may be a secret.
fn without_value(error: &serde_json::Error) -> String {
    let text = error.to_string();
    match (text.find(": "), text.find(", expected")) {
        (Some(start), Some(end)) if text.starts_with("invalid ") && start < end => {
            format!("{}{}", &text[..start], &text[end..])
        }
        _ => text,
    }
}

#[cfg(test)]
mod tests {
    use bumpalo::Bump;

    use super::*;
    use crate::tracking::parse_line;

    fn load(routers: &str) -> Result<Routers> {
        let file = tempfile::NamedTempFile::new()?;
        fs::write(file.path(), routers)?;
        Routers::load_some(file.path(), Format::Xapi)
    }

    fn router(match_params: &str) -> String {
        format!(
            r#"{{"backend_name": "xAPI", "route_url": "https://lrs.example", "configurations": {{"match_params": {match_params}}}}}"#
        )
    }

    fn accepts(match_params: &str) -> bool {
        let line = r#"{"name": "problem_check", "context": {"org_id": "MITx", "user_id": 7}, "time": "t",
            "event": "{\"id\": \"v7\", \"tags\": [\"a\"]}"}"#;
        let arena = Bump::new();
        let event = parse_line(line.as_bytes(), &arena).unwrap().unwrap();
        load(&format!("[{}]", router(match_params)))
            .unwrap()
            .accepting(&event)
            .contains(0)
    }

    #[test]
    fn every_key_must_match_with_one_of_its_expressions() {
        for (match_params, accepted) in [
            ("{}", true),
            (r#"{"context.org_id": "^MITx$"}"#, true),
            (r#"{"context.org_id": "IT"}"#, true),
            (r#"{"context.org_id": "^IT"}"#, false),
            (r#"{"name": ["^video", "^problem"]}"#, true),
            (r#"{"name": []}"#, false),
            (r#"{"name": "problem", "context.org_id": "edX"}"#, false),
            (r#"{"data.id": "v7", "timestamp": "t"}"#, true),
            (r#"{"event.id": "v7"}"#, false),
            (r#"{"org_id": "MITx"}"#, false),
            (r#"{"context.user_id": "7"}"#, false),
            (r#"{"data.tags": "a"}"#, false),
            (r#"{"context.nothing.at.all": ""}"#, false),
        ] {
            assert_eq!(accepts(match_params), accepted, "{match_params}");
        }
    }

    #[test]
    fn only_enabled_routers_of_the_format_accept_events() {
        let arena = Bump::new();
        let event = parse_line(br#"{"name": "a", "event": 1}"#, &arena)
            .unwrap()
            .unwrap();
        let (no, yes) = (router(r#"{"name": "b"}"#), router(r#"{"name": "a"}"#));
        let accepting = load(&format!("[{no}, {yes}]")).unwrap().accepting(&event);
        assert!(!accepting.contains(0) && accepting.contains(1) && !accepting.contains(2));
        for unused in [
            yes.replace("\"route_url\"", "\"enabled\": false, \"route_url\""),
            yes.replace("xAPI", "Caliper"),
        ] {
            let routers = load(&format!("[{no}, {unused}]")).unwrap();
            assert!(routers.accepting(&event).is_empty());
            assert!(load(&format!("[{unused}]")).is_err());
        }
    }

    #[test]
    fn errors_name_the_router_and_the_field() {
        for (routers, message) in [
            (router(r#"{"name": "(?=a)"}"#), "router 1 of"),
            (router(r#"{"name": "(?=a)"}"#), "match_params `name`"),
            (router(r#"{"name": "(?=a)"}"#), "look-around"),
            (
                router("{}").replace("route_url", "url"),
                "unknown field `url`",
            ),
            (
                router("{}").replace("xAPI", "xpai"),
                "unknown format `xpai`",
            ),
        ] {
            let error = load(&format!("[{routers}]")).err().unwrap();
            assert!(format!("{error:#}").contains(message), "{error:#}");
        }
    }
}
