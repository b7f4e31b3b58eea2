//! The address of the LMS database: its URL, the password, and whether the connection is encrypted.

use std::path::PathBuf;
use std::time::Duration;

use anyhow::{Context, Result, anyhow, bail};
use mysql::{Opts, OptsBuilder, SslOpts};

use super::failure::{Target, connection_failed};
use super::session::Session;
use super::settings::{DatabaseSettings, PASSWORD_VARIABLE};
use crate::url::redacted;

/// The LMS database of an installation, with everything that a connection needs.
pub struct Database {
    /// The URL without the user and the options, for messages.
    name: String,
    options: Opts,
}

/// The protection of a connection, named as MySQL's own tools name it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum SslMode {
    /// No encryption.
    Disabled,
    /// Encryption with any certificate.
    Required,
    /// Encryption with a certificate that a trusted authority has signed, for any host.
    VerifyCa,
    /// Encryption with a certificate that a trusted authority has signed for this host.
    VerifyIdentity,
}

impl Database {
    /// Checks the options and reads the password. Does not connect.
    ///
    /// # Errors
    /// Returns an error if the URL cannot be used, it contains a password, or the file with the password cannot be read.
    pub fn new(settings: &DatabaseSettings) -> Result<Self> {
        let (address, mode) = parse(&settings.url)?;
        // Without this check, the error would come only at the end of the handshake, and would not name the file.
        if let Some(path) = &settings.ca_file {
            std::fs::File::open(path)
                .with_context(|| format!("failed to read `{}`", path.display()))?;
        }
        let is_local = address.addr_is_loopback() || address.get_ip_or_hostname() == "localhost";
        let mode = mode.unwrap_or(if is_local && settings.ca_file.is_none() {
            SslMode::Disabled
        } else {
            SslMode::VerifyIdentity
        });
        let host = address.get_ip_or_hostname().into_owned();
        let name = format!(
            "mysql://{host}:{}/{}",
            address.get_tcp_port(),
            address.get_db_name().unwrap_or_default()
        );
        let options = OptsBuilder::from_opts(address)
            .pass(password(settings)?)
            .ssl_opts(mode.options(settings.ca_file.clone()))
            // On this machine, the client would otherwise ask for the server's socket and connect again.
            .prefer_socket(false)
            .tcp_connect_timeout(Some(CONNECT_TIMEOUT))
            .read_timeout(Some(READ_TIMEOUT))
            .write_timeout(Some(READ_TIMEOUT));
        Ok(Self {
            name,
            options: options.into(),
        })
    }

    /// Connects, and starts the read-only transaction in which everything is read.
    ///
    /// # Errors
    /// Returns an error that says what to do if the database cannot be used.
    pub fn open(&self) -> Result<Session> {
        let target = Target {
            name: &self.name,
            user: self.options.get_user().unwrap_or_default(),
            is_encrypted: self.options.get_ssl_opts().is_some(),
        };
        let connection = mysql::Conn::new(self.options.clone());
        let connection = connection.map_err(|error| connection_failed(error, &target))?;
        Session::start(connection, self.name.clone())
    }
}

const CONNECT_TIMEOUT: Duration = Duration::from_secs(10);

/// The longest wait for the next bytes of an answer. A page takes far less, unless the server is overloaded.
const READ_TIMEOUT: Duration = Duration::from_secs(60);

impl SslMode {
    fn parse(text: &str) -> Option<Self> {
        match &*text.to_ascii_lowercase().replace('_', "-") {
            "disabled" => Some(Self::Disabled),
            "required" => Some(Self::Required),
            "verify-ca" => Some(Self::VerifyCa),
            "verify-identity" => Some(Self::VerifyIdentity),
            _ => None,
        }
    }

    fn options(self, ca_file: Option<PathBuf>) -> Option<SslOpts> {
        let verified = SslOpts::default().with_root_cert_path(ca_file);
        match self {
            Self::Disabled => None,
            Self::Required => Some(verified.with_danger_accept_invalid_certs(true)),
            Self::VerifyCa => Some(verified.with_danger_skip_domain_validation(true)),
            Self::VerifyIdentity => Some(verified),
        }
    }
}

/// Parses the URL of a database. The URL may have one option, `ssl-mode`.
fn parse(url: &str) -> Result<(Opts, Option<SslMode>)> {
    let shown = redacted(url);
    let (base, query) = url.split_once('?').unwrap_or((url, ""));
    // The parser's error is dropped, since it may show a part of a password.
    let after_scheme = base.split_once("://").map_or("", |(_, rest)| rest);
    let authority = after_scheme.split('/').next().unwrap_or("");
    if authority.ends_with('@') {
        bail!("the URL `{shown}` has no host: write it like mysql://reader@host/edxapp");
    }
    let address = Opts::from_url(base)
        .map_err(|_| anyhow!("`{shown}` is not a URL like mysql://reader@host/edxapp"))?;
    if address.get_pass().is_some() {
        bail!(
            "the URL `{shown}` contains a password, which every user of this machine could see: remove it, and set {PASSWORD_VARIABLE} or `--lms-db-password-file`"
        );
    }
    if address.get_user().is_none_or(str::is_empty) {
        bail!("the URL `{shown}` names no user: write it like mysql://reader@host/edxapp");
    }
    if address.get_db_name().is_none_or(str::is_empty) {
        bail!("the URL `{shown}` names no database: write it like mysql://reader@host/edxapp");
    }
    let mut mode = None;
    for option in query.split('&').filter(|option| !option.is_empty()) {
        let value = option.strip_prefix("ssl-mode=").and_then(SslMode::parse);
        mode = Some(value.with_context(|| {
            format!("the only option of the URL `{shown}` is `ssl-mode`: disabled, required, verify-ca or verify-identity")
        })?);
    }
    Ok((address, mode))
}

/// Reads the password from the file, or without a file from the environment. Newlines at its end are cut, since editors
/// and shell commands add newlines.
fn password(settings: &DatabaseSettings) -> Result<Option<String>> {
    let text = match &settings.password_file {
        Some(path) => {
            let name = path.display();
            let bytes = std::fs::read(path).with_context(|| format!("failed to read `{name}`"))?;
            let text = String::from_utf8(bytes)
                .map_err(|_| anyhow!("the password in `{name}` is not UTF-8"))?;
            Some(text)
        }
        None => std::env::var_os(PASSWORD_VARIABLE)
            .filter(|value| !value.is_empty())
            .map(|value| value.into_string())
            .transpose()
            .map_err(|_| {
                anyhow!("the value of the environment variable {PASSWORD_VARIABLE} is not UTF-8")
            })?,
    };
    Ok(text.map(|text| text.trim_end_matches(['\r', '\n']).to_owned()))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn database(url: &str, ca_file: Option<&str>) -> Result<Database> {
        Database::new(&DatabaseSettings {
            url: url.to_owned(),
            password_file: None,
            ca_file: ca_file.map(PathBuf::from),
        })
    }

    #[test]
    fn a_connection_is_encrypted_unless_it_stays_on_this_machine() {
        for (url, ca_file, is_encrypted) in [
            ("mysql://reader@127.0.0.1:3307/edxapp", None, false),
            ("mysql://reader@localhost/edxapp", None, false),
            ("mysql://reader@[::1]/edxapp", None, false),
            ("mysql://reader@db.example.org/edxapp", None, true),
            ("mysql://reader@localhost/edxapp", Some("/dev/null"), true),
            (
                "mysql://reader@localhost/edxapp?ssl-mode=REQUIRED",
                None,
                true,
            ),
            (
                "mysql://reader@db.example.org/edxapp?ssl-mode=disabled",
                None,
                false,
            ),
        ] {
            let database = database(url, ca_file).unwrap();
            let options = database.options.get_ssl_opts();
            assert_eq!(options.is_some(), is_encrypted, "{url}");
        }
    }

    #[test]
    fn certificates_are_checked_unless_the_url_says_otherwise() {
        for (mode, checks_authority, checks_host) in [
            ("", true, true),
            ("?ssl-mode=verify-identity", true, true),
            ("?ssl-mode=VERIFY_CA", true, false),
            ("?ssl-mode=required", false, true),
        ] {
            let url = format!("mysql://reader@db.example.org/edxapp{mode}");
            let database = database(&url, None).unwrap();
            let options = database.options.get_ssl_opts().unwrap();
            assert_eq!(!options.accept_invalid_certs(), checks_authority, "{mode}");
            assert_eq!(!options.skip_domain_validation(), checks_host, "{mode}");
        }
    }

    #[test]
    fn the_parts_of_the_url_are_decoded() {
        let database = database(
            "mysql://re%40der@db.example.org:3307/edx%20app?ssl-mode=disabled",
            None,
        );
        let database = database.unwrap();
        assert_eq!(database.options.get_user(), Some("re@der"));
        assert_eq!(database.name, "mysql://db.example.org:3307/edx app");
    }

    #[test]
    fn a_url_that_cannot_be_used_is_an_error_without_its_password() {
        for (url, message) in [
            ("mysql://reader:hunter2@host/edxapp", "contains a password"),
            ("mysql://reader:hun?ter2@host/edxapp", "is not a URL"),
            ("mysql://host/edxapp", "names no user"),
            ("mysql://reader@host", "names no database"),
            ("mysql://reader@host/", "names no database"),
            ("postgres://reader@host/edxapp", "is not a URL"),
            ("mysql://openedx@/openedx?ssl-mode=required", "has no host"),
            ("edxapp", "is not a URL"),
            ("mysql://reader@host/edxapp?ssl-mode=on", "the only option"),
            (
                "mysql://reader@host/edxapp?compress=true",
                "the only option",
            ),
        ] {
            let error = format!("{:#}", database(url, None).err().unwrap());
            assert!(error.contains(message), "{url}: {error}");
            assert!(!error.contains("hun") && !error.contains("ter2"), "{error}");
        }
    }
}
