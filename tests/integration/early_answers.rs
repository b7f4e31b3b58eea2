//! Answers that arrive while the request is still being written.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use crate::connections::tls;
use crate::gateway::{Early, Gateway, Rules};
use crate::harness::{Run, lines};
use crate::lrs::Lrs;
use crate::send::router;

/// The number of statements in a body that fills the buffers of a connection several times.
const MANY: usize = 12_000;

/// The largest body that the gateways of these tests take.
const LIMIT: usize = 1_000_000;

fn send(url: &str) -> Run {
    Run::send(url)
        .args(&["--retry-delay", "0.01", "--report", "report.json", "log"])
        .args(&["--batch-size", "12000", "--batch-bytes", "50000000"])
        .args(&["--dead-letters", "dead"])
        .file("log", lines(0..MANY as u32))
}

/// Returns rules that react to bodies over the limit, and the number of these bodies.
fn rules(early: impl Fn() -> Early + Send + Sync + 'static) -> (Rules, Arc<AtomicUsize>) {
    let large = Arc::new(AtomicUsize::new(0));
    let count = Arc::clone(&large);
    let early = move |length| {
        if length <= LIMIT {
            return Early::None;
        }
        count.fetch_add(1, Ordering::Relaxed);
        early()
    };
    let rules = Rules {
        early: Box::new(early),
        ..Rules::default()
    };
    (rules, large)
}

fn answer(status: &str) -> Vec<u8> {
    format!("HTTP/1.1 {status}\r\nConnection: close\r\nContent-Length: 5\r\n\r\nearly").into_bytes()
}

#[test]
fn an_early_413_halves_the_batch() {
    let (tls, certificate) = tls();
    for tls in [None, Some(tls)] {
        let (lrs, is_tls) = (Lrs::healthy(), tls.is_some());
        let (rules, large) = rules(|| Early::Close(answer("413 Too Large")));
        let gateway = Gateway::start(&lrs.xapi(), rules, tls);
        let url = match is_tls {
            true => gateway.xapi_tls(),
            false => gateway.xapi(),
        };
        let ended = send(&url)
            .file("ca.pem", &certificate)
            .args(&["--ca-file", "ca.pem"])
            .run()
            .with_code(0);
        assert_eq!(lrs.stored().len(), MANY);
        assert_eq!(router(&ended)["retries"], 0, "TLS: {is_tls}");
        // Each halving is one request. The size is remembered.
        assert!(large.load(Ordering::Relaxed) < 6, "TLS: {is_tls}");
    }
}

#[test]
fn an_early_413_halves_the_batch_even_if_the_server_keeps_the_connection_open() {
    let lrs = Lrs::healthy();
    let (rules, _) = rules(|| Early::Stall(answer("413 Too Large")));
    let gateway = Gateway::start(&lrs.xapi(), rules, None);
    let ended = send(&gateway.xapi())
        .args(&["--read-timeout", "3"])
        .run()
        .with_code(0);
    assert_eq!(lrs.stored().len(), MANY);
    assert_eq!(router(&ended)["retries"], 0);
}

#[test]
fn an_early_401_stops_the_run_and_is_named() {
    let lrs = Lrs::healthy();
    let (rules, large) = rules(|| Early::Close(answer("401 Unauthorized")));
    let gateway = Gateway::start(&lrs.xapi(), rules, None);
    let ended = send(&gateway.xapi()).run().with_code(5);
    ended.assert_stderr("answered 401: early");
    assert_eq!(large.load(Ordering::Relaxed), 1);
    assert_eq!(ended.files("dead"), [""; 0]);
}

#[test]
fn halves_are_tried_if_the_connection_is_reset_without_an_answer() {
    let lrs = Lrs::healthy();
    let (rules, _) = rules(|| Early::Close(Vec::new()));
    let gateway = Gateway::start(&lrs.xapi(), rules, None);
    send(&gateway.xapi()).run().with_code(0);
    assert_eq!(lrs.stored().len(), MANY);
}
