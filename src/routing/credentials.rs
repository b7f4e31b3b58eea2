//! The credentials for a server, which are never shown.

use std::fmt;
use std::fs;
use std::path::Path;

use anyhow::{Context, Result, anyhow, bail};
use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use serde::de::{Deserialize, Deserializer};

/// A text that is never shown in messages or logs.
#[derive(Clone, PartialEq, Eq)]
pub struct Secret(String);

/// The credentials of requests.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Credentials {
    /// No credentials.
    None,
    /// A username and a password ([RFC 7617](https://www.rfc-editor.org/rfc/rfc7617)).
    Basic {
        /// The username, which cannot contain a colon.
        username: Secret,
        /// The password, which may be empty.
        password: Secret,
    },
    /// A token ([RFC 6750](https://www.rfc-editor.org/rfc/rfc6750)).
    Bearer(Secret),
}

/// The environment variables for credentials. There are no options for them, since every user of a machine can see the
/// arguments of a program.
pub const CREDENTIAL_VARIABLES: [&str; 3] = [
    "EVENT_ROUTER_USERNAME",
    "EVENT_ROUTER_PASSWORD",
    "EVENT_ROUTER_TOKEN",
];

impl Secret {
    /// Wraps a text.
    pub fn new(text: impl Into<String>) -> Self {
        Self(text.into())
    }

    /// Removes the newlines at the end of the text.
    pub(super) fn cut_newlines(&mut self) {
        let text = self.0.trim_end_matches(['\r', '\n']);
        self.0.truncate(text.len());
    }

    /// Returns the text, for use in a request.
    pub fn reveal(&self) -> &str {
        &self.0
    }
}

impl fmt::Debug for Secret {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str("(secret)")
    }
}

impl<'de> Deserialize<'de> for Secret {
    /// Deserializes a string. The error for a value of another type does not show the value, which may be secret. The
    /// error that serde makes by default would show it.
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        match serde_json::Value::deserialize(deserializer)? {
            serde_json::Value::String(text) => Ok(Self(text)),
            _ => Err(serde::de::Error::custom(
                "each username, password, auth_key and header must be a string",
            )),
        }
    }
}

impl Credentials {
    /// Reads EVENT_ROUTER_USERNAME and EVENT_ROUTER_PASSWORD, or EVENT_ROUTER_TOKEN.
    ///
    /// # Errors
    /// Returns an error if only the username or only the password is set, if the token is set with either of them, or
    /// if a variable is not UTF-8.
    pub fn from_environment() -> Result<Self> {
        let [username, password, token] = CREDENTIAL_VARIABLES;
        Self::of(variable(username)?, variable(password)?, variable(token)?).map_err(|problem| {
            anyhow!("{problem}: set {username} and {password}, or {token} alone")
        })
    }

    /// Reads a file with `{"username": "…", "password": "…"}` or `{"token": "…"}`.
    ///
    /// # Errors
    /// Returns an error that names the path if the file cannot be read or does not have this form.
    pub fn from_file(path: &Path) -> Result<Self> {
        #[derive(serde::Deserialize)]
        #[serde(deny_unknown_fields)]
        struct AuthFile {
            username: Option<Secret>,
            password: Option<Secret>,
            token: Option<Secret>,
        }

        const SHAPE: &str = r#"it must be {"username": "…", "password": "…"} or {"token": "…"}"#;
        let name = path.display();
        let text = fs::read(path).with_context(|| format!("failed to read `{name}`"))?;
        // The parser's error is dropped, since it may show a secret from the file.
        let file: AuthFile = serde_json::from_slice(&text)
            .map_err(|_| anyhow!("`{name}` is not a file of credentials: {SHAPE}"))?;
        let credentials = Self::of(file.username, file.password, file.token)
            .map_err(|problem| anyhow!("`{name}`: {problem}: {SHAPE}"))?;
        if credentials == Self::None {
            bail!("`{name}` holds no credentials: {SHAPE}");
        }
        Ok(credentials)
    }

    fn of(
        username: Option<Secret>,
        password: Option<Secret>,
        token: Option<Secret>,
    ) -> Result<Self, &'static str> {
        match (username, password, token) {
            (None, None, None) => Ok(Self::None),
            (None, None, Some(token)) => Ok(Self::Bearer(token)),
            (Some(username), Some(password), None) => Ok(Self::Basic { username, password }),
            (_, _, Some(_)) => Err("there is a token together with a username or password"),
            (Some(_), None, None) => Err("there is a username but no password"),
            (None, Some(_), None) => Err("there is a password but no username"),
        }
    }

    /// Removes the newlines at the end of each secret, since files and shell commands often add newlines.
    ///
    /// # Errors
    /// Returns an error if a secret contains any other control character. Such a secret was probably copied with a line
    /// break in it, and RFC 7617 forbids control characters. The error does not show the secret.
    pub(super) fn without_newlines(mut self) -> Result<Self> {
        let secrets = match &mut self {
            Self::None => vec![],
            Self::Basic { username, password } => {
                vec![("username", username), ("password", password)]
            }
            Self::Bearer(token) => vec![("token", token)],
        };
        for (name, secret) in secrets {
            secret.cut_newlines();
            if secret.0.contains(char::is_control) {
                bail!(
                    "the {name} contains a line break or another control character: correct it where it is set"
                );
            }
        }
        Ok(self)
    }

    /// Returns the value of the Authorization header, or `None` if there are no credentials.
    pub fn authorization(&self) -> Option<Secret> {
        match self {
            Self::None => None,
            Self::Basic { username, password } => {
                let pair = format!("{}:{}", username.reveal(), password.reveal());
                Some(Secret(format!("Basic {}", STANDARD.encode(pair))))
            }
            Self::Bearer(token) => Some(Secret(format!("Bearer {}", token.reveal()))),
        }
    }

    /// Returns the texts to hide when an answer of a server is shown, since the server may repeat them in the answer.
    pub fn secrets(&self) -> Vec<Secret> {
        let header = self.authorization();
        let value = header.iter().filter_map(|header| header.0.split_once(' '));
        let mut secrets: Vec<Secret> = value.map(|(_, value)| Secret::new(value)).collect();
        if let Self::Basic { password, .. } = self {
            secrets.push(password.clone());
        }
        secrets
    }
}

fn variable(name: &str) -> Result<Option<Secret>> {
    let value = std::env::var_os(name).filter(|value| !value.is_empty());
    let text = value.map(|value| value.into_string()).transpose();
    let text = text.map_err(|_| {
        anyhow!("the value of the environment variable {name} is not UTF-8: set it to text")
    })?;
    Ok(text.map(Secret))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn secret(text: &str) -> Option<Secret> {
        Some(Secret::new(text))
    }

    #[test]
    fn the_authorization_header_has_the_form_of_its_scheme() {
        let header = |username, password, token| {
            let credentials = Credentials::of(username, password, token).unwrap();
            credentials.authorization().map(|secret| secret.0)
        };
        // The example of RFC 7617, section 2.
        assert_eq!(
            header(secret("Aladdin"), secret("open sesame"), None).unwrap(),
            "Basic QWxhZGRpbjpvcGVuIHNlc2FtZQ=="
        );
        assert_eq!(header(None, None, secret("a.b")).unwrap(), "Bearer a.b");
        assert_eq!(header(None, None, None), None);
    }

    #[test]
    fn incomplete_or_surplus_credentials_are_an_error() {
        assert!(Credentials::of(secret("u"), None, None).is_err());
        assert!(Credentials::of(None, secret("p"), None).is_err());
        assert!(Credentials::of(secret("u"), secret("p"), secret("t")).is_err());
    }

    #[test]
    fn newlines_at_the_end_of_a_secret_are_cut_and_other_control_characters_are_an_error() {
        let clean = |username, password, token| {
            let credentials = Credentials::of(username, password, token).unwrap();
            credentials.without_newlines()
        };
        for end in ["", "\n", "\r\n", "\n\n"] {
            let text = format!("hunter2{end}");
            assert_eq!(
                clean(None, None, secret(&text)).unwrap(),
                Credentials::Bearer(Secret::new("hunter2"))
            );
            let Credentials::Basic { username, password } =
                clean(secret(&text), secret(&text), None).unwrap()
            else {
                panic!("{end:?}");
            };
            assert_eq!(
                (username.0, password.0),
                ("hunter2".into(), "hunter2".into())
            );
        }
        for text in ["hunter2\nx", "\nhunter2", "hunter2\t", "hun\0ter2"] {
            for (name, credentials) in [
                ("token", clean(None, None, secret(text))),
                ("password", clean(secret("ada"), secret(text), None)),
                ("username", clean(secret(text), secret("p"), None)),
            ] {
                let error = format!("{:#}", credentials.unwrap_err());
                assert!(error.starts_with(&format!("the {name} ")), "{error}");
                assert!(!error.contains("hunter2"), "{error}");
            }
        }
    }

    #[test]
    fn debug_output_and_errors_do_not_show_secrets() {
        let credentials = Credentials::of(secret("ada"), secret("hunter2"), None).unwrap();
        let shown = format!("{credentials:?} {:?}", credentials.authorization());
        assert!(
            !shown.contains("hunter2") && !shown.contains("ada"),
            "{shown}"
        );
        let file = tempfile::NamedTempFile::new().unwrap();
        for text in [
            "hunter2",
            r#"{"token": 4711}"#,
            r#"{"token": ["hunter2"]}"#,
            "{}",
        ] {
            fs::write(file.path(), text).unwrap();
            let error = format!("{:#}", Credentials::from_file(file.path()).unwrap_err());
            assert!(
                !error.contains("hunter2") && !error.contains("4711"),
                "{error}"
            );
        }
    }
}
