//! Building the client of a bucket, given the options and the environment. Variables have the names that the tools of each
//! cloud use; a variable that is empty counts as not set.

use std::fs;
use std::future::Future;
use std::str::FromStr;
use std::sync::{Arc, OnceLock};
use std::time::Duration;

use object_store::aws::{AmazonS3Builder, AmazonS3ConfigKey};
use object_store::azure::{AzureConfigKey, MicrosoftAzureBuilder};
use object_store::gcp::{GoogleCloudStorageBuilder, GoogleConfigKey};
use object_store::{Certificate, ClientOptions, RetryConfig};

use super::address::{Address, Provider};
use super::bucket::{Bucket, Client};
use super::connector::{Connector, Signing};
use super::failure::{Failure, variables_of};
use super::settings::{AddressingStyle, CloudSettings};

/// The time in which the metadata service of an instance answers. Elsewhere, its address may not answer at all.
const CREDENTIALS_TIMEOUT: Duration = Duration::from_secs(10);

/// The time without a byte after which a connection counts as broken.
const READ_TIMEOUT: Duration = Duration::from_secs(30);

/// Builds the client of the bucket of an address, and checks that there are credentials.
///
/// # Errors
/// Returns a message that says what to set.
pub async fn connect(settings: &CloudSettings, address: &Address) -> Result<Bucket, String> {
    let connector = Connector {
        provider: address.provider,
        signing: Arc::new(OnceLock::new()),
    };
    let (client, endpoint) = match address.provider {
        Provider::S3 => s3(settings, address, connector).await,
        Provider::Gcs => gcs(address, connector).await,
        Provider::Azure => azure(address, connector).await,
    }?;
    Ok(Bucket::new(address, client, endpoint))
}

type Connected = Result<(Box<dyn Client>, String), String>;

async fn s3(settings: &CloudSettings, address: &Address, connector: Connector) -> Connected {
    use AmazonS3ConfigKey::{
        Endpoint, Region, S3Endpoint, SkipSignature, VirtualHostedStyleRequest,
    };

    let signing = Arc::clone(&connector.signing);
    let mut options = client_options();
    if let Some(file) = variable("AWS_CA_BUNDLE") {
        options = with_certificates(options, &file)?;
    }
    let builder = AmazonS3Builder::new().with_client_options(options);
    let builder =
        variables("AWS_").fold(
            builder,
            |builder, (name, value)| match AmazonS3ConfigKey::from_str(&name) {
                Ok(key) => builder.with_config(key, value),
                Err(_) => builder,
            },
        );
    let set = |key| builder.get_config_value(&key);
    let is_set = |key| set(key).as_deref() == Some("true");
    let endpoint = settings.s3_endpoint.clone();
    let endpoint = endpoint
        .or_else(|| set(S3Endpoint))
        .or_else(|| set(Endpoint));
    let region = settings.s3_region.clone().or_else(|| set(Region));
    let region = region.unwrap_or_else(|| "us-east-1".to_owned());
    let style = settings.s3_addressing_style;
    let style =
        style.or_else(|| is_set(VirtualHostedStyleRequest).then_some(AddressingStyle::Virtual));
    // The certificate of Amazon's servers does not cover a bucket with a dot in its name.
    let is_virtual = style.map_or_else(
        || endpoint.is_none() && !address.bucket.contains('.'),
        |style| style == AddressingStyle::Virtual,
    );
    let skips_signature = is_set(SkipSignature);
    let mut builder = builder
        .with_bucket_name(&address.bucket)
        .with_region(&region)
        .with_virtual_hosted_style_request(is_virtual)
        .with_retry(no_retries())
        .with_http_connector(connector);
    let mut server = format!("Amazon S3 in {region}");
    if let Some(endpoint) = endpoint {
        let (scheme, host) = checked_endpoint(&endpoint)?;
        server = format!("{scheme}{host}");
        let url = match is_virtual {
            true => format!("{scheme}{}.{host}", address.bucket),
            false => server.clone(),
        };
        builder = builder
            .with_config(S3Endpoint, url)
            .with_allow_http(scheme == "http://");
    }
    let client = builder.build().map_err(|error| unusable(address, &error))?;
    if !skips_signature {
        let credentials = Arc::clone(client.credentials());
        check_credentials(address, credentials.get_credential()).await?;
        let _ = signing.set(Signing {
            credentials,
            region,
        });
    }
    Ok((Box::new(client), server))
}

async fn gcs(address: &Address, connector: Connector) -> Connected {
    let builder = GoogleCloudStorageBuilder::new().with_client_options(client_options());
    let mut builder =
        variables("GOOGLE_").fold(
            builder,
            |builder, (name, value)| match GoogleConfigKey::from_str(&name) {
                Ok(key) => builder.with_config(key, value),
                Err(_) => builder,
            },
        );
    let mut server = "Google Cloud Storage".to_owned();
    // The variable of Google's own libraries.
    if let Some(host) = variable("STORAGE_EMULATOR_HOST") {
        let url = match host.contains("://") {
            true => host,
            false => format!("http://{host}"),
        };
        let (scheme, host) = checked_endpoint(&url)?;
        server = format!("{scheme}{host}");
        builder = builder.with_base_url(&server).with_skip_signature(true);
        builder = builder.with_client_options(client_options().with_allow_http(true));
    }
    let skips = builder.get_config_value(&GoogleConfigKey::SkipSignature);
    let client = builder
        .with_bucket_name(&address.bucket)
        .with_retry(no_retries())
        .with_http_connector(connector)
        .build()
        .map_err(|error| unusable(address, &error))?;
    if skips.as_deref() != Some("true") {
        check_credentials(address, client.credentials().get_credential()).await?;
    }
    Ok((Box::new(client), server))
}

async fn azure(address: &Address, connector: Connector) -> Connected {
    use AzureConfigKey::{AccountName, Endpoint, SkipSignature, UseEmulator};

    let mut options = client_options();
    if variable("AZURE_STORAGE_ENDPOINT").is_some_and(|url| url.starts_with("http://")) {
        options = options.with_allow_http(true);
    }
    let builder = MicrosoftAzureBuilder::new().with_client_options(options);
    let builder =
        variables("AZURE_").fold(
            builder,
            |builder, (name, value)| match AzureConfigKey::from_str(&name) {
                Ok(key) => builder.with_config(key, value),
                Err(_) => builder,
            },
        );
    let set = |key| builder.get_config_value(&key);
    let is_set = |key| set(key).as_deref() == Some("true");
    let account = set(AccountName);
    if account.is_none() && !is_set(UseEmulator) {
        return Err(format!(
            "the storage account of `{address}` is not known: set AZURE_STORAGE_ACCOUNT_NAME"
        ));
    }
    let server = match (set(Endpoint), account) {
        (Some(url), _) => checked_endpoint(&url).map(|(scheme, host)| format!("{scheme}{host}"))?,
        (None, account) => format!("the storage account {}", account.unwrap_or_default()),
    };
    let skips_signature = is_set(SkipSignature);
    let client = builder
        .with_container_name(&address.bucket)
        .with_retry(no_retries())
        .with_http_connector(connector)
        .build()
        .map_err(|error| unusable(address, &error))?;
    if !skips_signature {
        check_credentials(address, client.credentials().get_credential()).await?;
    }
    Ok((Box::new(client), server))
}

/// Returns the variables with this prefix, with their names in lower case.
fn variables(prefix: &'static str) -> impl Iterator<Item = (String, String)> {
    let variables = std::env::vars_os().filter_map(|(name, value)| {
        let pair = (name.into_string().ok()?, value.into_string().ok()?);
        Some(pair)
    });
    let variables =
        variables.filter(move |(name, value)| name.starts_with(prefix) && !value.is_empty());
    variables.map(|(name, value)| (name.to_ascii_lowercase(), value))
}

fn variable(name: &str) -> Option<String> {
    std::env::var(name).ok().filter(|value| !value.is_empty())
}

fn client_options() -> ClientOptions {
    ClientOptions::new()
        // The time for a whole object has no limit.
        .with_timeout_disabled()
        .with_read_timeout(READ_TIMEOUT)
}

/// Lets the bucket retry, whose retries also cover the bodies of answers.
fn no_retries() -> RetryConfig {
    RetryConfig {
        max_retries: 0,
        ..RetryConfig::default()
    }
}

fn with_certificates(options: ClientOptions, file: &str) -> Result<ClientOptions, String> {
    let failed = |error: String| {
        format!("failed to read the certificates in `{file}`, which AWS_CA_BUNDLE names: {error}")
    };
    let bytes = fs::read(file).map_err(|error| failed(error.to_string()))?;
    let certificates = Certificate::from_pem_bundle(&bytes);
    let certificates = certificates.map_err(|error| failed(error.to_string()))?;
    Ok(certificates
        .into_iter()
        .fold(options, ClientOptions::with_root_certificate))
}

/// Returns the scheme and the rest of the URL of a server, which messages may show.
fn checked_endpoint(url: &str) -> Result<(&'static str, &str), String> {
    let schemes = ["https://", "http://"];
    let parts = schemes
        .into_iter()
        .find_map(|scheme| Some((scheme, url.strip_prefix(scheme)?)));
    let (scheme, host) = parts.ok_or_else(|| {
        "the endpoint is no URL: write it as `https://HOST:PORT`, or with http://".to_owned()
    })?;
    let host = host.trim_end_matches('/');
    if host.is_empty() || host.contains(['@', '?', '#']) {
        return Err("the endpoint must be a URL without a user, a password and a query, such as `https://HOST:PORT`".to_owned());
    }
    Ok((scheme, host))
}

/// Returns the message about settings that do not fit.
fn unusable(address: &Address, error: &object_store::Error) -> String {
    let cause = Failure::of(error).cause();
    format!(
        "the settings for `{}` are incomplete or wrong: {cause}",
        root(address)
    )
}

fn root(address: &Address) -> String {
    format!("{}{}/", address.provider.scheme(), address.bucket)
}

/// Waits for credentials, which may come from the metadata service of the instance.
async fn check_credentials<T>(
    address: &Address,
    credential: impl Future<Output = object_store::Result<T>>,
) -> Result<(), String> {
    let cause = match tokio::time::timeout(CREDENTIALS_TIMEOUT, credential).await {
        Ok(Ok(_)) => return Ok(()),
        Ok(Err(error)) => Failure::of(&error).cause(),
        Err(_) => "the server that gives credentials does not answer".to_owned(),
    };
    let (root, variables) = (root(address), variables_of(address.provider));
    let skip = match address.provider {
        Provider::S3 => "AWS_SKIP_SIGNATURE",
        Provider::Gcs => "GOOGLE_SKIP_SIGNATURE",
        Provider::Azure => "AZURE_SKIP_SIGNATURE",
    };
    Err(format!(
        "no credentials were found for `{root}`: set {variables}, or {skip}=true if everyone may read it (see *Object storage* in the guide); {cause}"
    ))
}
