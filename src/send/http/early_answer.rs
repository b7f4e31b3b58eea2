//! Answers that arrive before the whole request is written.
//!
//! A server or proxy may answer 413 or 401 to the head of a request, and close the connection while the body is still
//! being written. ureq would report the failed write and not the answer. The connections of this module report failed
//! writes as done, so that ureq reads what has arrived.

use std::io::ErrorKind;

use ureq::unversioned::transport::time::Duration;
use ureq::unversioned::transport::{
    Buffers, ConnectProxyConnector, ConnectionDetails, Connector, NextTimeout, RustlsConnector,
    TcpConnector, Transport,
};
use ureq::{Error, Timeout};

/// Returns the connector of ureq with support for early answers.
pub fn connector() -> impl Connector<Out = impl Transport> {
    // TLS comes last, since it would be unusable after a failed write of its own.
    ().chain(ConnectProxyConnector::default())
        .chain(TcpConnector::default())
        .chain(EarlyAnswers)
        .chain(RustlsConnector::default())
}

/// Makes connections that can still be read after a failed write.
#[derive(Debug)]
struct EarlyAnswers;

impl<T: Transport> Connector<T> for EarlyAnswers {
    type Out = Connection<T>;

    fn connect(&self, _: &ConnectionDetails, inner: Option<T>) -> Result<Option<Self::Out>, Error> {
        Ok(inner.map(|inner| Connection {
            inner,
            is_broken: false,
            failure: None,
        }))
    }
}

/// A connection that can still be read after a failed write.
#[derive(Debug)]
struct Connection<T> {
    inner: T,
    /// Whether a write has failed. Nothing more is written then.
    is_broken: bool,
    /// The error of the failed write, until something is read.
    failure: Option<Error>,
}

/// The longest wait for an answer to a request that the server no longer takes. An early answer has usually arrived.
const WAIT_AFTER_STALL: Duration = Duration::from_secs(1);

impl<T: Transport> Transport for Connection<T> {
    fn buffers(&mut self) -> &mut dyn Buffers {
        self.inner.buffers()
    }

    fn transmit_output(&mut self, amount: usize, timeout: NextTimeout) -> Result<(), Error> {
        if self.is_broken {
            return Ok(());
        }
        let written = self.inner.transmit_output(amount, timeout);
        match written {
            Err(error) if may_be_answered(&error) => {
                self.is_broken = true;
                self.failure = Some(error);
                Ok(())
            }
            _ => written,
        }
    }

    fn await_input(&mut self, mut timeout: NextTimeout) -> Result<bool, Error> {
        if let Some(Error::Timeout(_)) = self.failure {
            timeout.after = timeout.after.min(WAIT_AFTER_STALL);
        }
        let read = self.inner.await_input(timeout);
        match (self.failure.take(), &read) {
            (Some(failure), Ok(false) | Err(_)) => Err(failure),
            _ => read,
        }
    }

    fn is_open(&mut self) -> bool {
        !self.is_broken && self.inner.is_open()
    }

    fn is_tls(&self) -> bool {
        self.inner.is_tls()
    }
}

/// Returns whether the server may have answered although a write failed: it has closed the connection, or takes no more
/// bytes.
fn may_be_answered(error: &Error) -> bool {
    match error {
        Error::Timeout(Timeout::PerWrite) => true,
        Error::Io(io) => matches!(
            io.kind(),
            ErrorKind::BrokenPipe | ErrorKind::ConnectionReset | ErrorKind::ConnectionAborted
        ),
        _ => false,
    }
}
