//! Plain HTTP through a proxy, which expects the whole URL in the request line. ureq asks each proxy for a tunnel
//! instead, and many proxies, such as Squid, allow tunnels to port 443 only.

use std::sync::Arc;

use anyhow::{Context, Result};
use ureq::config::Config;
use ureq::http::header::{HOST, PROXY_AUTHORIZATION};
use ureq::http::{HeaderMap, HeaderValue, Uri};
use ureq::unversioned::resolver::DefaultResolver;
use ureq::unversioned::transport::{Buffers, ConnectionDetails, Connector, NextTimeout, Transport};
use ureq::{Agent, Error, Proxy};

use super::early_answer::connector;
use crate::routing::{Credentials, Secret};

/// Returns an agent and a URL for requests to `url` through the proxy, and adds the `headers` that they need. ureq
/// treats the proxy as the server.
///
/// # Errors
/// Returns an error if the credentials of the proxy are not valid.
pub fn forward(
    proxy: &Proxy,
    config: Config,
    url: &Uri,
    headers: &mut HeaderMap,
) -> Result<(Agent, Uri)> {
    let host = url.authority().context("the URL has no host")?.as_str();
    headers.insert(HOST, host.parse()?);
    if let Some(username) = proxy.username() {
        let credentials = Credentials::Basic {
            username: Secret::new(username),
            password: Secret::new(proxy.password().unwrap_or_default()),
        };
        let header = credentials.authorization();
        let header = header.context("the proxy has no credentials")?;
        let mut header = HeaderValue::from_str(header.reveal())?;
        header.set_sensitive(true);
        headers.insert(PROXY_AUTHORIZATION, header);
    }
    let proxy_host = proxy.uri().authority().map_or("", |host| host.as_str());
    let (_, proxy_host) = proxy_host.rsplit_once('@').unwrap_or(("", proxy_host));
    let path = url.path_and_query().map_or("/", |path| path.as_str());
    let to_proxy = Uri::builder()
        .scheme(proxy.uri().scheme_str().unwrap_or("http"))
        .authority(proxy_host)
        .path_and_query(path)
        .build()?;
    let connector = connector().chain(AbsoluteForm {
        origin: format!("http://{host}").into(),
    });
    let agent = Agent::with_parts(config, connector, DefaultResolver::default());
    Ok((agent, to_proxy))
}

/// Makes connections that put the whole URL, not only the path, into the first line of each request.
#[derive(Debug)]
struct AbsoluteForm {
    /// The scheme and the host of the server's URL.
    origin: Arc<str>,
}

impl<T: Transport> Connector<T> for AbsoluteForm {
    type Out = Forwarded<T>;

    fn connect(&self, _: &ConnectionDetails, inner: Option<T>) -> Result<Option<Self::Out>, Error> {
        Ok(inner.map(|inner| Forwarded {
            inner,
            origin: Arc::clone(&self.origin),
            starts_request: true,
        }))
    }
}

/// A connection to a proxy.
#[derive(Debug)]
struct Forwarded<T> {
    inner: T,
    origin: Arc<str>,
    /// Whether the next bytes are the start of a request.
    starts_request: bool,
}

impl<T: Transport> Transport for Forwarded<T> {
    fn buffers(&mut self) -> &mut dyn Buffers {
        self.inner.buffers()
    }

    fn transmit_output(&mut self, amount: usize, timeout: NextTimeout) -> Result<(), Error> {
        if !std::mem::take(&mut self.starts_request) {
            return self.inner.transmit_output(amount, timeout);
        }
        let mut bytes = self.inner.buffers().output()[..amount].to_vec();
        // The first line of a request starts with the method, a space and the path. The scheme and the host are
        // inserted before the path.
        let method = memchr::memchr(b' ', &bytes).map_or(0, |space| space + 1);
        bytes.splice(method..method, self.origin.bytes());
        let mut rest = &bytes[..];
        while !rest.is_empty() {
            let output = self.inner.buffers().output();
            let (next, after) = rest.split_at(rest.len().min(output.len()));
            output[..next.len()].copy_from_slice(next);
            self.inner.transmit_output(next.len(), timeout)?;
            rest = after;
        }
        Ok(())
    }

    fn await_input(&mut self, timeout: NextTimeout) -> Result<bool, Error> {
        // The answer is read after the whole request was written. So the bytes written next start another request.
        self.starts_request = true;
        self.inner.await_input(timeout)
    }

    fn is_open(&mut self) -> bool {
        self.inner.is_open()
    }

    fn is_tls(&self) -> bool {
        self.inner.is_tls()
    }
}
