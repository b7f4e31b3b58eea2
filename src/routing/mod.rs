//! Which router gets which event.
//!
//! A router accepts a source event when each key of its match_params has a text in the event in which one of the key's
//! expressions is found (`RouterConfiguration.get_allowed_host`). Expressions are those of the regex crate, which finds
//! a match in time linear in the text, and for that has no look-around and no back-references.

mod config;

use std::fs;
use std::path::Path;

use anyhow::{Context, Result, bail};
use regex::Regex;

pub use config::{AuthScheme, BackendName, Configurations, OneOrMany, RouterConfig};

use crate::tracking::TrackingEvent;

/// The enabled routers of one format.
pub struct Routers {
    routers: Vec<Router>,
}

/// What a router accepts.
struct Router {
    /// By key. All must match.
    match_params: Vec<(String, Vec<Regex>)>,
}

impl Routers {
    /// Loads a routers.json, a list of [`RouterConfig`].
    ///
    /// # Errors
    /// The file cannot be read, is not what it should be, has an expression that the regex crate does not know, or has
    /// no enabled router of the format.
    pub fn load(path: &Path, format: BackendName) -> Result<Self> {
        let name = path.display();
        let text = fs::read(path).with_context(|| format!("failed to read `{name}`"))?;
        let configs: Vec<RouterConfig> = serde_json::from_slice(&text)
            .with_context(|| format!("`{name}` is no list of routers"))?;
        let mut routers = Vec::new();
        for (nth, config) in configs.iter().enumerate() {
            let router = Router::new(config).with_context(|| {
                format!("router {} of `{name}`, `{}`", nth + 1, config.route_url)
            })?;
            if config.enabled && config.backend_name == format {
                routers.push(router);
            }
        }
        if routers.is_empty() {
            bail!("`{name}` has no enabled router of the format {format:?}");
        }
        Ok(Self { routers })
    }

    /// Whether any router accepts the event.
    pub fn accept(&self, event: &TrackingEvent<'_>) -> bool {
        self.routers.iter().any(|router| router.accepts(event))
    }
}

impl Router {
    fn new(config: &RouterConfig) -> Result<Self> {
        let match_params = config
            .configurations
            .match_params
            .iter()
            .map(|(key, expressions)| {
                let compiled = expressions
                    .as_slice()
                    .iter()
                    .map(|expression| Regex::new(expression));
                let compiled = compiled.collect::<Result<Vec<_>, _>>();
                Ok((
                    key.clone(),
                    compiled.with_context(|| format!("the expression of match_params `{key}`"))?,
                ))
            });
        Ok(Self {
            match_params: match_params.collect::<Result<_>>()?,
        })
    }

    fn accepts(&self, event: &TrackingEvent<'_>) -> bool {
        self.match_params.iter().all(|(key, expressions)| {
            let text = event.walk(key).and_then(|value| value.as_str());
            text.is_some_and(|text| {
                expressions
                    .iter()
                    .any(|expression| expression.is_match(text))
            })
        })
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
        Routers::load(file.path(), BackendName::Xapi)
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
            .accept(&event)
    }

    #[test]
    fn all_keys_must_match_and_of_a_list_one() {
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
    fn one_enabled_router_of_the_format_is_enough() {
        let arena = Bump::new();
        let event = parse_line(br#"{"name": "a", "event": 1}"#, &arena)
            .unwrap()
            .unwrap();
        let (no, yes) = (router(r#"{"name": "b"}"#), router(r#"{"name": "a"}"#));
        assert!(load(&format!("[{no}, {yes}]")).unwrap().accept(&event));
        for unused in [
            yes.replace("\"route_url\"", "\"enabled\": false, \"route_url\""),
            yes.replace("xAPI", "Caliper"),
        ] {
            assert!(!load(&format!("[{no}, {unused}]")).unwrap().accept(&event));
            assert!(load(&format!("[{unused}]")).is_err());
        }
    }

    #[test]
    fn what_is_wrong_is_told_with_its_place() {
        for (routers, message) in [
            (router(r#"{"name": "(?=a)"}"#), "router 1 of"),
            (router(r#"{"name": "(?=a)"}"#), "match_params `name`"),
            (router(r#"{"name": "(?=a)"}"#), "look-around"),
            (
                router("{}").replace("route_url", "url"),
                "unknown field `url`",
            ),
            (
                router("{}").replace("xAPI", "xapi"),
                "unknown variant `xapi`",
            ),
        ] {
            let error = load(&format!("[{routers}]")).err().unwrap();
            assert!(format!("{error:#}").contains(message), "{error:#}");
        }
    }
}
