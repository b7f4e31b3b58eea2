//! The server that a router sends to, with its credentials and the changes to its requests.

use anyhow::{Context, Result, bail};
use serde_json::{Map, Value};

use super::config::{AuthScheme, RouterConfig};
use super::credentials::{Credentials, Secret};
use crate::format::Format;
use crate::url::Url;

/// A server that takes statements or events.
#[derive(Clone, Debug)]
pub struct Endpoint {
    /// The name of the router in messages, reports and dead letters: its URL without the query, since the query may
    /// contain a secret.
    pub name: String,
    /// For Caliper, the URL that events are posted to. For xAPI, the base URL of the LRS: statements are posted to
    /// `URL/statements`.
    pub url: Url,
    /// The credentials of the requests.
    pub credentials: Credentials,
    /// Headers to add to the requests.
    pub headers: Vec<(String, Secret)>,
    /// New values for top-level keys of each statement or envelope.
    pub overrides: Map<String, Value>,
}

impl Endpoint {
    /// Makes an endpoint that adds no headers and replaces no keys.
    ///
    /// # Errors
    /// Returns an error if the credentials contain a control character.
    pub fn at(url: Url, credentials: Credentials) -> Result<Self> {
        Ok(Self {
            name: url.base().to_owned(),
            url,
            credentials: credentials.without_newlines()?,
            headers: Vec::new(),
            overrides: Map::new(),
        })
    }

    /// Whether requests may carry credentials: in their usual header, in another header or in the query of the URL.
    pub fn may_have_credentials(&self) -> bool {
        self.credentials != Credentials::None
            || !self.headers.is_empty()
            || self.url.query().is_some()
    }

    /// Makes the endpoint of a router.
    pub(super) fn new(config: &RouterConfig) -> Result<Self> {
        let mut endpoint = Self::at(
            Url::parse(&expand(&config.route_url)?)?,
            credentials(config)?,
        )?;
        let configurations = &config.configurations;
        let kept = match config.backend_name {
            // With a replaced `id`, all statements would have the same id.
            Format::Xapi => "id",
            // Caliper keys are replaced in the envelope. With a replaced `data`, the envelope would lose its event.
            Format::Caliper => "data",
        };
        if configurations.override_args.contains_key(kept) {
            bail!(
                "override_args cannot replace `{kept}`, since records would be lost: remove `{kept}` from override_args"
            );
        }
        endpoint.overrides = configurations.override_args.clone().into_iter().collect();
        if config.backend_name == Format::Caliper {
            for (name, value) in &configurations.headers {
                let value =
                    expand(value.reveal()).with_context(|| format!("the header `{name}`"))?;
                let mut value = Secret::new(value);
                value.cut_newlines();
                endpoint.headers.push((name.clone(), value));
            }
        }
        Ok(endpoint)
    }
}

fn credentials(config: &RouterConfig) -> Result<Credentials> {
    let text = |key: &str, value: &Option<Secret>| match value {
        None => bail!("the auth_scheme needs `{key}`, which is missing: add it"),
        Some(value) => Ok(Secret::new(
            expand(value.reveal()).with_context(|| format!("the value of `{key}`"))?,
        )),
    };
    Ok(match config.auth_scheme {
        None => {
            let given = [&config.username, &config.password, &config.auth_key];
            let mut given = given.into_iter().flatten();
            if given.any(|given| !given.reveal().is_empty()) {
                bail!("there are credentials but no auth_scheme: set it to Basic or Bearer");
            }
            Credentials::None
        }
        Some(AuthScheme::Basic) => Credentials::Basic {
            username: text("username", &config.username)?,
            password: text("password", &config.password)?,
        },
        Some(AuthScheme::Bearer) => Credentials::Bearer(text("auth_key", &config.auth_key)?),
    })
}

/// Replaces each `${NAME}` by the value of the variable in the environment.
fn expand(text: &str) -> Result<String> {
    let mut expanded = String::new();
    let mut rest = text;
    while let Some((before, name)) = rest.split_once("${") {
        let Some((name, after)) = name.split_once('}') else {
            bail!("a `${{` is not followed by `}}`: write variables as `${{NAME}}`");
        };
        let value = std::env::var(name)
            .ok()
            .filter(|value| !value.is_empty())
            .with_context(|| {
                format!("the environment variable {name} is empty or not set: set it")
            })?;
        expanded.push_str(before);
        expanded.push_str(&value);
        rest = after;
    }
    expanded.push_str(rest);
    Ok(expanded)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn endpoint(router: &str) -> Result<Endpoint> {
        Endpoint::new(&serde_json::from_str(router).unwrap())
    }

    #[test]
    fn variables_are_read_from_the_environment() {
        // Cargo sets the variable CARGO_PKG_NAME for every test.
        assert_eq!(
            expand("a ${CARGO_PKG_NAME} b${CARGO_PKG_NAME}").unwrap(),
            "a event-routing-backends bevent-routing-backends"
        );
        assert_eq!(expand("$HOME {}").unwrap(), "$HOME {}");
        for text in ["${NO_SUCH_VARIABLE}", "${CARGO_PKG_NAME"] {
            assert!(expand(text).is_err());
        }
    }

    #[test]
    fn errors_in_the_configuration_are_found_before_sending() {
        let start = r#"{"backend_name": "xAPI", "route_url": "https://lrs.example/xAPI""#;
        for (rest, message) in [
            (
                r#", "auth_scheme": "Basic", "password": "p"}"#,
                "`username`",
            ),
            (r#", "auth_scheme": "Bearer"}"#, "`auth_key`"),
            (
                r#", "configurations": {"override_args": {"id": "1"}}}"#,
                "cannot replace `id`",
            ),
        ] {
            let error = endpoint(&format!("{start}{rest}")).unwrap_err();
            assert!(format!("{error:#}").contains(message), "{error:#}");
        }
    }

    #[test]
    fn the_name_of_an_endpoint_is_its_url_without_the_query() {
        let query = Url::parse("https://x.example/a?token=hunter2").unwrap();
        let query = Endpoint::at(query, Credentials::None).unwrap();
        assert_eq!(query.name, "https://x.example/a");
    }

    #[test]
    fn only_caliper_routers_have_headers() {
        let router = |backend: &str| {
            format!(
                r#"{{"backend_name": "{backend}", "route_url": "https://x.example", "configurations": {{"headers": {{"X-A": "1"}}}}}}"#
            )
        };
        assert_eq!(endpoint(&router("Caliper")).unwrap().headers.len(), 1);
        assert_eq!(endpoint(&router("xAPI")).unwrap().headers.len(), 0);
    }
}
