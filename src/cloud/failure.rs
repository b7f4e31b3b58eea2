//! Failed requests: whether to retry them, and what messages say about them. No message has a URL or a header of a request,
//! since these may hold signatures and tokens.

use std::error::Error;
use std::{fmt, io};

use object_store::client::{HttpError, HttpErrorKind};

use super::address::Provider;

/// An answer of a server that is no success. The connector makes it from each such answer.
#[derive(Clone, Debug)]
pub struct ServerError {
    pub status: u16,
    /// The code in the body, such as `NoSuchBucket`. Empty if the body has none.
    pub code: String,
    /// The first line of the message in the body.
    pub message: String,
    /// The region in the body, if the bucket is in another region than that of the request.
    pub region: Option<String>,
}

impl fmt::Display for ServerError {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(formatter, "{}", self.status)?;
        if !self.code.is_empty() {
            write!(formatter, " {}", self.code)?;
        }
        if !self.message.is_empty() {
            write!(formatter, ": {}", self.message)?;
        }
        Ok(())
    }
}

impl Error for ServerError {}

/// The reason why a request, or all tries of a request, failed.
#[derive(Clone, Debug)]
pub enum Failure {
    Server(ServerError),
    /// The server could not be reached, or the connection broke.
    Network(String),
    /// The answer of the server does not fit the request.
    Answer(String),
    /// Another failure, with a whole message.
    Other(String),
}

impl Failure {
    pub fn of(error: &object_store::Error) -> Self {
        let causes = || std::iter::successors(Some(error as &dyn Error), |&error| error.source());
        if let Some(server) = causes().find_map(|error| error.downcast_ref::<ServerError>()) {
            return Self::Server(server.clone());
        }
        let deepest = causes().last().map(ToString::to_string).unwrap_or_default();
        let http = causes().find_map(|error| error.downcast_ref::<HttpError>());
        match http.map(HttpError::kind) {
            None | Some(HttpErrorKind::Decode) => Self::Answer(deepest),
            Some(_) => Self::Network(deepest),
        }
    }

    /// Returns whether the same request may succeed a moment later.
    pub fn may_pass(&self) -> bool {
        match self {
            Self::Server(error) => {
                (error.status >= 500 && error.status != 501)
                    || matches!(error.status, 408 | 429)
                    || matches!(error.code.as_str(), "RequestTimeout" | "SlowDown")
            }
            Self::Network(_) => true,
            Self::Answer(_) | Self::Other(_) => false,
        }
    }

    /// Returns whether the object does not exist. An answer without a body, as to HEAD, may also mean that the bucket does
    /// not exist.
    pub fn is_missing(&self) -> bool {
        let Self::Server(error) = self else {
            return false;
        };
        error.status == 404 && !self.lacks_bucket()
    }

    fn lacks_bucket(&self) -> bool {
        matches!(self, Self::Server(error) if ["NoSuchBucket", "ContainerNotFound"].contains(&error.code.as_str()))
    }

    /// Returns whether the answer has no body that tells the cause.
    pub fn has_no_cause(&self) -> bool {
        matches!(self, Self::Server(error) if error.code.is_empty())
    }

    /// Returns whether a condition of the request is not met: the object has another ETag.
    pub fn is_changed(&self) -> bool {
        matches!(self, Self::Server(error) if error.status == 412)
    }

    /// Returns whether the server lacks a function that the request needs.
    pub fn is_not_implemented(&self) -> bool {
        matches!(self, Self::Server(error) if error.status == 501)
    }

    /// Returns the cause alone.
    pub fn cause(&self) -> String {
        match self {
            Self::Server(error) => format!("the server answered {error}"),
            Self::Network(text) | Self::Answer(text) | Self::Other(text) => text.clone(),
        }
    }

    /// Returns the message for people, with what to do. `endpoint` is the server without credentials.
    pub fn text(&self, provider: Provider, endpoint: &str) -> String {
        let error = match self {
            Self::Other(text) => return text.clone(),
            Self::Answer(text) => {
                return format!(
                    "{endpoint} does not answer as an object storage does: {text}; check {}",
                    endpoint_of(provider)
                );
            }
            Self::Network(text) => {
                return format!(
                    "failed to reach {endpoint}: {text}; check {}",
                    endpoint_of(provider)
                );
            }
            Self::Server(error) => error,
        };
        let expired = ["ExpiredToken", "RequestExpired", "TokenRefreshRequired"];
        let is_expired = expired.contains(&error.code.as_str());
        let of_keys = [
            "InvalidAccessKeyId",
            "SignatureDoesNotMatch",
            "InvalidToken",
            "AuthenticationFailed",
        ];
        let refuses_keys = error.status == 401 || of_keys.contains(&error.code.as_str());
        let of_region = [
            "PermanentRedirect",
            "AuthorizationHeaderMalformed",
            "IllegalLocationConstraintException",
        ];
        let is_elsewhere =
            of_region.contains(&error.code.as_str()) || (300..400).contains(&error.status);
        let answer = format!("{endpoint} answered {error}");
        match error.status {
            _ if is_expired => format!("{answer}; get new credentials"),
            _ if refuses_keys => format!(
                "{answer}; check the credentials in {}",
                variables_of(provider)
            ),
            _ if is_elsewhere => {
                let region = error.region.as_ref();
                let region = region.map_or(String::new(), |region| format!(" to {region}"));
                format!(
                    "{answer}; set the region of the bucket with `--s3-region` or AWS_REGION{region}"
                )
            }
            _ if self.lacks_bucket() => format!(
                "{answer}; check the name of the bucket, and {}",
                endpoint_of(provider)
            ),
            403 => format!("{answer}; let the credentials list the bucket and read its objects"),
            404 => format!("there is no such object, as {answer}"),
            412 => "the object was changed while it was read, so lines are lost; read it again"
                .to_owned(),
            429 | 500.. => format!("{answer}, and so it did to each retry; try again later"),
            _ => format!("{answer}; check {}", endpoint_of(provider)),
        }
    }
}

/// Returns the options and variables that name the server.
fn endpoint_of(provider: Provider) -> &'static str {
    match provider {
        Provider::S3 => "`--s3-endpoint`, AWS_ENDPOINT_URL and the network",
        Provider::Gcs => "the network",
        Provider::Azure => "AZURE_STORAGE_ACCOUNT_NAME, AZURE_STORAGE_ENDPOINT and the network",
    }
}

/// Returns the variables that hold credentials.
pub fn variables_of(provider: Provider) -> &'static str {
    match provider {
        Provider::S3 => "AWS_ACCESS_KEY_ID, AWS_SECRET_ACCESS_KEY and AWS_SESSION_TOKEN",
        Provider::Gcs => "the file that GOOGLE_APPLICATION_CREDENTIALS names",
        Provider::Azure => "AZURE_STORAGE_ACCOUNT_KEY, AZURE_STORAGE_SAS_KEY or AZURE_CLIENT_ID",
    }
}

impl From<io::Error> for Failure {
    fn from(error: io::Error) -> Self {
        Self::Other(error.to_string())
    }
}
