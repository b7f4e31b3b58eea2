//! TLS, proxies and timeouts.

use rcgen::{CertifiedKey, generate_simple_self_signed};
use rustls::ServerConfig;
use rustls::pki_types::{PrivateKeyDer, PrivatePkcs8KeyDer};

use crate::harness::{ROOT_URL, Run, line};
use crate::lrs::{Lrs, Settings};

fn send(url: &str) -> Run {
    Run::new(&[
        "send",
        "--to",
        "xapi",
        "--lms-root-url",
        ROOT_URL,
        "--url",
        url,
    ])
    .args(&["--retry-delay", "0.01", "log"])
    .file("log", line(1) + &line(2))
}

/// A server with a certificate of its own, and that certificate.
fn start_tls() -> (Lrs, String) {
    let CertifiedKey { cert, signing_key } =
        generate_simple_self_signed(["localhost".to_owned()]).unwrap();
    let key = PrivateKeyDer::from(PrivatePkcs8KeyDer::from(signing_key.serialize_der()));
    let tls = ServerConfig::builder()
        .with_no_client_auth()
        .with_single_cert(vec![cert.der().clone()], key)
        .unwrap();
    (Lrs::start_tls(Settings::default(), tls), cert.pem())
}

#[test]
fn a_server_is_trusted_by_the_certificate_in_the_ca_file_alone() {
    let (lrs, certificate) = start_tls();

    let ended = send(&lrs.xapi_tls()).run().with_code(5);
    assert!(
        ended.stderr.contains("invalid peer certificate"),
        "{}",
        ended.stderr
    );
    assert!(lrs.stored().is_empty());

    send(&lrs.xapi_tls())
        .file("ca.pem", certificate)
        .args(&["--ca-file", "ca.pem"])
        .run()
        .with_code(0);
    assert_eq!(lrs.stored().len(), 2);

    let ended = send(&lrs.xapi_tls())
        .file("ca.pem", "no certificate")
        .args(&["--ca-file", "ca.pem"])
        .run()
        .with_code(2);
    assert!(
        ended.stderr.contains("`ca.pem` holds no certificate"),
        "{}",
        ended.stderr
    );
}

#[test]
fn there_is_no_switch_that_turns_verification_off() {
    let help = Run::new(&["send", "--help"]).run().with_code(0).stdout;
    let help = String::from_utf8(help).unwrap();
    for word in ["insecure", "no-verify", "skip"] {
        assert!(!help.contains(word), "{word}");
    }
}

#[test]
fn the_usual_proxy_variables_are_honoured() {
    // A server that is no proxy shows that it was asked to be one.
    let (lrs, proxy) = (
        Lrs::start(Settings::default()),
        Lrs::start(Settings::default()),
    );
    let proxy_url = proxy.xapi().replace("/xAPI", "");
    let asked = || proxy.records().requests.len();
    for (variable, url, is_asked) in [
        ("http_proxy", "http://lrs.invalid/xAPI", true),
        ("https_proxy", "https://lrs.invalid/xAPI", true),
        ("ALL_PROXY", "https://lrs.invalid/xAPI", true),
        ("https_proxy", "http://lrs.invalid/xAPI", false),
        ("http_proxy", "https://lrs.invalid/xAPI", false),
    ] {
        let before = asked();
        let ended = send(url)
            .args(&["--max-retries", "0"])
            .env(variable, &proxy_url)
            .run();
        assert_eq!(
            asked() > before,
            is_asked,
            "{variable} {url} {}",
            ended.stderr
        );
    }
    let before = asked();
    send(&lrs.xapi())
        .env("http_proxy", &proxy_url)
        .env("no_proxy", "127.0.0.1")
        .run()
        .with_code(0);
    assert_eq!(asked(), before);
    assert_eq!(lrs.stored().len(), 2);
}

#[test]
fn a_certificate_that_is_not_trusted_ends_the_run_without_trying_again() {
    let (lrs, _) = start_tls();
    let started = std::time::Instant::now();
    send(&lrs.xapi_tls())
        .args(&["--dead-letters", "dead", "--max-retries", "8"])
        .run()
        .with_code(5);
    assert!(started.elapsed().as_secs() < 20);
}
