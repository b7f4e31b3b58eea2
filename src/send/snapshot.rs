//! The progress of a run's targets together, for the progress bar.

use std::sync::Arc;
use std::time::Instant;

use super::target::Target;
use crate::console::one_line;
use crate::progress::{SentRecords, Snapshot};

/// Returns the progress of targets. The slowest target decides how many bytes of the inputs are delivered. Records that
/// are sent to several targets count several times.
pub fn snapshot(targets: &[Arc<Target>]) -> Snapshot {
    let mut formats = targets.iter().map(|target| target.format);
    let mut sent = SentRecords {
        nouns: match formats.next() {
            Some(format) if formats.all(|other| other == format) => format.nouns(),
            _ => "records",
        },
        delivered: 0,
        undeliverable: 0,
    };
    for target in targets {
        let statistics = target.statistics();
        sent.delivered += statistics.delivered + statistics.duplicates;
        sent.undeliverable += statistics.undeliverable;
    }
    let running = || targets.iter().filter(|target| !target.is_stopped());
    let bytes = running().map(|target| target.bytes_delivered()).min();
    Snapshot {
        bytes: bytes.unwrap_or(0),
        unpacked: None,
        sent: Some(sent),
        waiting: waiting(running(), targets.len() == 1),
    }
}

/// Returns why the target waits that began to wait last.
fn waiting<'t>(
    targets: impl Iterator<Item = &'t Arc<Target>> + Clone,
    is_only: bool,
) -> Option<String> {
    let server = |target: &Target| match is_only {
        true => target.server.noun().to_owned(),
        false => format!("`{}`", target.name),
    };
    let waits = targets
        .clone()
        .filter_map(|target| Some((target, target.status.progress.wait()?)));
    if let Some((target, wait)) = waits.max_by_key(|(_, wait)| wait.since()) {
        // The text holds the server's answer, which could send commands to the terminal.
        return Some(one_line(&wait.text(&server(target), Instant::now())));
    }
    let mut held = targets.filter_map(|target| Some((target, target.rate_limiter.waiting()?)));
    held.next().map(|(target, wait)| match wait.by_server {
        true => format!(
            "{} asked to wait: next request in {} s",
            server(target),
            wait.left.as_millis().div_ceil(1000)
        ),
        false => "waiting for the next request that `--rate` allows".to_owned(),
    })
}
