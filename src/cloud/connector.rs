//! The HTTP client between `object_store` and the network. It restores escaped keys in requests, escapes keys in lists, and
//! turns each answer that is no success into a [`ServerError`].

use std::future::Future;
use std::io;
use std::pin::Pin;
use std::sync::{Arc, OnceLock};
use std::time::Duration;

use http::header::{ACCEPT_ENCODING, AUTHORIZATION, IF_NONE_MATCH};
use http::{HeaderName, HeaderValue, Method, StatusCode};
use object_store::ClientOptions;
use object_store::CredentialProvider;
use object_store::aws::{AwsAuthorizer, AwsCredential};
use object_store::client::{
    HttpClient, HttpConnector, HttpError, HttpErrorKind, HttpRequest, HttpResponse, HttpService,
    ReqwestConnector,
};
use quick_xml::escape::{escape, unescape};

use super::address::Provider;
use super::failure::ServerError;
use super::keys;

/// The time in which a server must answer a request with a body. A part of 8 MiB has this time on a slow connection.
const WRITE_TIMEOUT: Duration = Duration::from_secs(120);

/// The credentials and the region with which a request to S3 is signed again after its URL has changed.
#[derive(Debug)]
pub struct Signing {
    pub credentials: Arc<dyn CredentialProvider<Credential = AwsCredential>>,
    pub region: String,
}

/// Makes HTTP clients.
#[derive(Clone, Debug)]
pub struct Connector {
    pub provider: Provider,
    /// Set once the credentials are known. Empty if requests are not signed.
    pub signing: Arc<OnceLock<Signing>>,
}

impl HttpConnector for Connector {
    fn connect(&self, options: &ClientOptions) -> object_store::Result<HttpClient> {
        let slow = options.clone().with_read_timeout(WRITE_TIMEOUT);
        Ok(HttpClient::new(Client {
            client: ReqwestConnector::default().connect(options)?,
            writer: ReqwestConnector::default().connect(&slow)?,
            connector: self.clone(),
        }))
    }
}

#[derive(Debug)]
struct Client {
    client: HttpClient,
    /// The client of requests with bodies.
    writer: HttpClient,
    connector: Connector,
}

/// The signature is that of the trait after its attribute `async_trait` is expanded.
impl HttpService for Client {
    fn call<'client, 'call>(
        &'client self,
        request: HttpRequest,
    ) -> Pin<Box<dyn Future<Output = Result<HttpResponse, HttpError>> + Send + 'call>>
    where
        'client: 'call,
        Self: 'call,
    {
        Box::pin(self.answer(request))
    }
}

impl Client {
    async fn answer(&self, mut request: HttpRequest) -> Result<HttpResponse, HttpError> {
        let query = request.uri().query().unwrap_or_default();
        let is_list = request.method() == Method::GET
            && ["list-type=2", "comp=list"]
                .iter()
                .any(|part| query.contains(part));
        let is_completion = request.method() == Method::POST && query.contains("uploadId=");
        self.restore_key(&mut request).await?;
        if self.connector.provider == Provider::Gcs && !is_list {
            // Otherwise the server unpacks objects with `Content-Encoding: gzip`, and then ignores ranges.
            let gzip = HeaderValue::from_static("gzip");
            request.headers_mut().insert(ACCEPT_ENCODING, gzip);
        }
        let client = match *request.method() {
            Method::PUT | Method::POST => &self.writer,
            _ => &self.client,
        };
        let response = client.execute(request).await?;
        if !response.status().is_success() {
            return Err(failed(response).await);
        }
        if is_completion {
            return completed(response).await;
        }
        if !is_list {
            return Ok(response);
        }
        let (parts, body) = response.into_parts();
        let body = body.bytes().await?;
        let (root, element) = match self.connector.provider {
            Provider::Azure => ("<EnumerationResults", "Name"),
            Provider::S3 | Provider::Gcs => ("<ListBucketResult", "Key"),
        };
        // Without the check, a web page would count as a list without objects.
        let list = std::str::from_utf8(&body).ok();
        let list = list.filter(|list| list.contains(root)).ok_or_else(|| {
            let error = io::Error::other("the answer is no list of objects");
            HttpError::new(HttpErrorKind::Decode, error)
        })?;
        let body = escape_keys(list, element).into();
        Ok(HttpResponse::from_parts(parts, body))
    }

    /// Restores an escaped key in the URL, and signs the request again.
    async fn restore_key(&self, request: &mut HttpRequest) -> Result<(), HttpError> {
        let Some(url) = keys::restore_in_url(&request.uri().to_string()) else {
            return Ok(());
        };
        if keys::is_to_create(&request.uri().to_string()) {
            let (name, value) = match self.connector.provider {
                Provider::Gcs => (HeaderName::from_static("x-goog-if-generation-match"), "0"),
                Provider::S3 | Provider::Azure => (IF_NONE_MATCH, "*"),
            };
            request
                .headers_mut()
                .insert(name, HeaderValue::from_static(value));
        }
        let invalid = |error| HttpError::new(HttpErrorKind::Decode, error);
        *request.uri_mut() = url.parse().map_err(invalid)?;
        let Some(signing) = self.connector.signing.get() else {
            return Ok(());
        };
        if !request.headers().contains_key(AUTHORIZATION) {
            return Ok(());
        }
        let unsigned = |error| HttpError::new(HttpErrorKind::Unknown, error);
        let credential = signing
            .credentials
            .get_credential()
            .await
            .map_err(unsigned)?;
        let authorizer = AwsAuthorizer::new(&credential, "s3", &signing.region);
        let digest = digest_of(request);
        authorizer
            .try_authorize(request, digest.as_deref())
            .map_err(unsigned)
    }
}

/// Returns the answer to a request that completes an object. Completing takes a while, so S3 begins its answer before it knows
/// of an error.
async fn completed(response: HttpResponse) -> Result<HttpResponse, HttpError> {
    let (mut parts, body) = response.into_parts();
    let body = body.bytes().await?;
    if memchr::memmem::find(&body, b"<Error>").is_none() {
        return Ok(HttpResponse::from_parts(parts, body.into()));
    }
    parts.status = StatusCode::INTERNAL_SERVER_ERROR;
    Err(failed(HttpResponse::from_parts(parts, body.into())).await)
}

/// Returns the digest of the body in a signed request.
fn digest_of(request: &HttpRequest) -> Option<Vec<u8>> {
    let digest = request
        .headers()
        .get("x-amz-content-sha256")?
        .to_str()
        .ok()?;
    let bytes = digest.as_bytes().chunks(2).map(|two| {
        let two = std::str::from_utf8(two).ok()?;
        u8::from_str_radix(two, 16).ok()
    });
    bytes.collect()
}

/// Returns the error in an answer that is no success.
async fn failed(response: HttpResponse) -> HttpError {
    let status = response.status().as_u16();
    let body = response.into_body().bytes().await.unwrap_or_default();
    let text = String::from_utf8_lossy(&body);
    let message = element(&text, "Message").unwrap_or_default();
    let region = element(&text, "Region").filter(|region| !region.is_empty());
    let error = ServerError {
        status,
        code: element(&text, "Code").unwrap_or_default(),
        message: message.lines().next().unwrap_or_default().to_owned(),
        region,
    };
    HttpError::new(HttpErrorKind::Unknown, error)
}

/// Returns the text of the first element with this name.
fn element(xml: &str, name: &str) -> Option<String> {
    /// Longer texts are of no error, but for example of a web page.
    const MOST_BYTES: usize = 500;

    let (_, rest) = xml.split_once(&format!("<{name}>"))?;
    let (text, _) = rest.split_once(&format!("</{name}>"))?;
    let text = unescape(text).ok()?;
    let is_plain = |letter: char| !letter.is_control() || letter == '\n';
    (text.len() <= MOST_BYTES && text.chars().all(is_plain)).then(|| text.into_owned())
}

/// Escapes the keys in a list of objects that `object_store` cannot represent.
fn escape_keys(list: &str, element: &str) -> String {
    let (open, close) = (format!("<{element}>"), format!("</{element}>"));
    let mut escaped = String::with_capacity(list.len());
    let mut rest = list;
    while let Some((before, from)) = rest.split_once(&open)
        && let Some((text, after)) = from.split_once(&close)
    {
        escaped.push_str(before);
        escaped.push_str(&open);
        match unescape(text) {
            Ok(key) => escaped.push_str(&escape(keys::in_list(&key).as_str())),
            Err(_) => escaped.push_str(text),
        }
        escaped.push_str(&close);
        rest = after;
    }
    escaped + rest
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_keys_that_are_no_paths_are_escaped_in_lists() {
        let list = |keys: &[&str]| {
            let keys = keys
                .iter()
                .map(|key| format!("<Key>{key}</Key><Size>1</Size>"));
            format!("<List><Name>b</Name>{}</List>", keys.collect::<String>())
        };
        assert_eq!(
            escape_keys(&list(&["a&amp;b", "a//b", "c"]), "Key"),
            list(&["a&amp;b", "\u{e000}a%2F%2Fb", "c"])
        );
    }

    #[test]
    fn the_error_of_an_answer_has_its_code_and_its_message() {
        let xml = "<Error><Code>AccessDenied</Code><Message>Access &lt;Denied&gt;\nRequestId</Message></Error>";
        assert_eq!(element(xml, "Code").unwrap(), "AccessDenied");
        assert_eq!(
            element(xml, "Message").unwrap(),
            "Access <Denied>\nRequestId"
        );
        assert_eq!(element("<Code>a", "Code"), None);
    }
}
