//! The asynchronous runtime of the clients.

use std::future::Future;
use std::io;
use std::sync::{Arc, OnceLock};

use tokio::runtime::{Builder, Runtime};
use tokio::task::JoinHandle;

/// The runtime. One thread decrypts and passes on more bytes than the program converts; a second one keeps small requests
/// from waiting for large ones.
static RUNTIME: OnceLock<Result<Runtime, Arc<io::Error>>> = OnceLock::new();

const THREADS: usize = 2;

/// Returns the runtime, which is started by the first call.
fn runtime() -> io::Result<&'static Runtime> {
    let start = || {
        // Without a default, the HTTP client would not know which cryptography to use. If another part of the program has
        // set a default, that is used.
        let _ = rustls::crypto::ring::default_provider().install_default();
        let mut builder = Builder::new_multi_thread();
        let builder = builder.worker_threads(THREADS).thread_name("cloud");
        builder.enable_all().build().map_err(Arc::new)
    };
    let runtime = RUNTIME.get_or_init(start).as_ref();
    runtime.map_err(|error| io::Error::new(error.kind(), Arc::clone(error)))
}

/// Runs a task in the background.
///
/// # Errors
/// Returns an error if the threads of the runtime cannot be started.
pub fn spawn<T: Send + 'static>(
    task: impl Future<Output = T> + Send + 'static,
) -> io::Result<JoinHandle<T>> {
    Ok(runtime()?.spawn(task))
}

/// Waits for the result of a task.
///
/// # Errors
/// Returns an error if the threads of the runtime cannot be started.
pub fn wait<T>(task: impl Future<Output = T>) -> io::Result<T> {
    Ok(runtime()?.block_on(task))
}
