//! The messages about an LMS database that cannot be read.

use anyhow::{Error, anyhow};
use mysql::{DriverError, MySqlError};

use super::settings::PASSWORD_VARIABLE;

/// The step that failed.
#[derive(Clone, Copy)]
pub(super) enum Step {
    /// A statement before the first query.
    Statement(&'static str),
    /// A query of this table.
    Table(&'static str),
}

/// The database to which a connection failed.
pub(super) struct Target<'a> {
    /// The URL of the database, for messages.
    pub name: &'a str,
    pub user: &'a str,
    pub is_encrypted: bool,
}

/// Returns the error of a failed connection or login.
pub(super) fn connection_failed(error: mysql::Error, target: &Target<'_>) -> Error {
    let Target {
        name,
        user,
        is_encrypted,
    } = *target;
    let problem = shown(&error);
    match code(&error) {
        // Access denied: by the password, by the plugin, and for the database.
        Some(1045 | 1698 | 1251) => {
            let encrypt = if is_encrypted {
                ""
            } else {
                ", and, if the user requires TLS, add `?ssl-mode=verify-identity` to the URL"
            };
            anyhow!(
                "the LMS database `{name}` refuses the login of `{user}`: {problem}: check the user in `--lms-db` and the password in {PASSWORD_VARIABLE} or `--lms-db-password-file`{encrypt}"
            )
        }
        Some(1044) => anyhow!(
            "the LMS database `{name}` cannot be used by `{user}`: {problem}: check the name of the database, which is `openedx` in Tutor, or grant the user SELECT on its tables (see *Lookup tables* in the guide)"
        ),
        Some(1049) => anyhow!(
            "the server of the LMS database `{name}` has no such database: {problem}: check the name at the end of `--lms-db`"
        ),
        Some(_) => anyhow!("the LMS database `{name}` refuses the connection: {problem}"),
        None if lacks_tls(&error) => anyhow!(
            "failed to connect to the LMS database `{name}`: {problem}: the server speaks no TLS; add `?ssl-mode=disabled` to the URL if others cannot read along on the way to the server"
        ),
        None if is_encrypted && !is_away(&error) => anyhow!(
            "failed to connect to the LMS database `{name}`: {problem}: check the host and port in `--lms-db` and that the server speaks TLS; name the authority of its certificate with `--ca-file` (see *Lookup tables* in the guide)"
        ),
        None => anyhow!(
            "failed to connect to the LMS database `{name}`: {problem}: check the host and port in `--lms-db` and that the server runs"
        ),
    }
}

/// Returns the error of a failed statement or query.
pub(super) fn explained(error: mysql::Error, name: &str, step: Step) -> Error {
    let problem = shown(&error);
    let step = match step {
        Step::Statement(statement) => format!("run `{statement}` in"),
        Step::Table(table) => format!("read the table `{table}` of"),
    };
    let remedy = match code(&error) {
        Some(1146) => ": check that `--lms-db` names the database of the LMS",
        Some(1054) => {
            ": this version of the LMS is not supported; export the tables with its own tools (see *The queries* in *Lookup tables* of the guide)"
        }
        Some(1142 | 1143) => {
            ": grant the user SELECT on the table (see *Lookup tables* in the guide)"
        }
        Some(1205 | 1412) => {
            ": the table was changed meanwhile, by a migration for example; run the command again"
        }
        Some(_) => "",
        None if problem == NO_ANSWER => {
            ": the server is overloaded, or the table is locked; run the command again later"
        }
        None => ": the connection broke; run the command again",
    };
    anyhow!("failed to {step} the LMS database `{name}`: {problem}{remedy}")
}

/// Returns whether the server does not speak TLS.
fn lacks_tls(error: &mysql::Error) -> bool {
    matches!(
        error,
        mysql::Error::DriverError(DriverError::TlsNotSupported)
    )
}

/// Returns whether there is no connection, so that nothing is known about TLS.
fn is_away(error: &mysql::Error) -> bool {
    let mysql::Error::DriverError(error) = error else {
        return false;
    };
    matches!(
        error,
        DriverError::CouldNotConnect(_) | DriverError::ConnectTimeout
    )
}

/// Returns the code of an error that the server has sent.
fn code(error: &mysql::Error) -> Option<u16> {
    match error {
        mysql::Error::MySqlError(MySqlError { code, .. }) => Some(*code),
        _ => None,
    }
}

/// The message of an error if the server does not answer in time. The client's message does not mention time.
const NO_ANSWER: &str = "no answer within 60 seconds";

/// Returns the message of an error, without the names of Rust types that the client adds.
fn shown(error: &mysql::Error) -> String {
    let text = match error {
        mysql::Error::IoError(error) => error.to_string(),
        mysql::Error::CodecError(error) => {
            let text = error.to_string();
            match text.strip_prefix("IO error: `") {
                Some(io) => io.trim_end_matches('\'').to_owned(),
                None => format!("the answer is not in MySQL's protocol ({text})"),
            }
        }
        mysql::Error::MySqlError(error) => format!("error {}, {}", error.code, error.message),
        mysql::Error::DriverError(error) => error.to_string(),
        mysql::Error::TlsError(error) => error.to_string(),
        other => other.to_string(),
    };
    let is_time_out = ["temporarily unavailable", "timed out"]
        .iter()
        .any(|end| text.contains(end));
    if is_time_out {
        NO_ANSWER.to_owned()
    } else {
        text
    }
}

#[cfg(test)]
mod tests {
    use std::io::{Error as IoError, ErrorKind};

    use super::*;

    #[test]
    fn a_time_out_says_which_step_took_too_long_and_what_to_do() {
        let error = mysql::Error::IoError(IoError::from_raw_os_error(11));
        let message = explained(error, "mysql://db/edxapp", Step::Table("auth_user"));
        assert_eq!(
            message.to_string(),
            "failed to read the table `auth_user` of the LMS database `mysql://db/edxapp`: no answer within 60 seconds: the server is overloaded, or the table is locked; run the command again later"
        );
    }

    #[test]
    fn messages_of_the_client_are_shown_without_its_names_of_types() {
        let broken = || IoError::new(ErrorKind::UnexpectedEof, "the end came early");
        for error in [
            mysql::Error::IoError(broken()),
            mysql::Error::CodecError(broken().into()),
        ] {
            assert_eq!(shown(&error), "the end came early");
        }
    }
}
