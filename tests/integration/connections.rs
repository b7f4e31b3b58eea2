//! TLS, proxies and timeouts.

use rcgen::{CertifiedKey, generate_simple_self_signed};
use rustls::ServerConfig;
use rustls::pki_types::{PrivateKeyDer, PrivatePkcs8KeyDer};

use crate::harness::{Run, line};
use crate::lrs::{Lrs, ServerFault, ServerSettings};

fn send(url: &str) -> Run {
    Run::send(url)
        .args(&["--retry-delay", "0.01", "log"])
        .file("log", line(1) + &line(2))
}

/// Starts a server with a self-signed certificate, and returns the certificate.
fn start_tls() -> (Lrs, String) {
    let CertifiedKey { cert, signing_key } =
        generate_simple_self_signed(["localhost".to_owned()]).unwrap();
    let key = PrivateKeyDer::from(PrivatePkcs8KeyDer::from(signing_key.serialize_der()));
    let tls = ServerConfig::builder()
        .with_no_client_auth()
        .with_single_cert(vec![cert.der().clone()], key)
        .unwrap();
    (Lrs::start_tls(ServerSettings::default(), tls), cert.pem())
}

#[test]
fn a_self_signed_server_is_trusted_only_with_its_certificate_in_the_ca_file() {
    let (lrs, certificate) = start_tls();

    let ended = send(&lrs.xapi_tls()).run().with_code(5);
    ended.assert_stderr("invalid peer certificate");
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
    ended.assert_stderr("`ca.pem` holds no certificate");
}

#[test]
fn no_option_turns_certificate_verification_off() {
    let help = Run::new(&["send", "--help"]).run().with_code(0).stdout;
    let help = String::from_utf8(help).unwrap();
    for word in ["insecure", "no-verify", "--skip"] {
        assert!(!help.contains(word), "{word}");
    }
}

#[test]
fn the_common_proxy_variables_are_respected() {
    // The test server is not a proxy, but its records show whether a request was sent to the proxy.
    let (lrs, proxy) = (Lrs::healthy(), Lrs::healthy());
    let proxy_url = proxy.xapi().replace("/xAPI", "");
    let asked = || proxy.request_count();
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
fn an_untrusted_certificate_stops_the_run_without_a_retry() {
    let (lrs, _) = start_tls();
    let started = std::time::Instant::now();
    send(&lrs.xapi_tls())
        .args(&["--dead-letters", "dead", "--max-retries", "8"])
        .run()
        .with_code(5);
    assert!(started.elapsed().as_secs() < 20);
}

#[test]
fn a_socks_proxy_is_an_error_that_names_the_variable() {
    for (variable, proxy) in [
        ("all_proxy", "socks5://127.0.0.1:1"),
        ("HTTPS_PROXY", "socks5h://user:hunter2@127.0.0.1:1"),
        ("https_proxy", "socks4://127.0.0.1:1"),
    ] {
        let ended = send("https://lrs.invalid/xAPI")
            .env(variable, proxy)
            .run()
            .with_code(2);
        ended.assert_stderr(&format!("{variable} names a SOCKS proxy"));
        ended.assert_not_stderr("hunter2");
    }
}

#[test]
fn a_proxy_that_refuses_to_connect_stops_the_run_at_once_and_is_named() {
    for (status, advice) in [(403, "does not allow"), (407, "give its credentials")] {
        let proxy = Lrs::with_faults(move |_, _| ServerFault::Status(status));
        let proxy_url = proxy.xapi().replace("/xAPI", "");
        let ended = send("https://lrs.invalid/xAPI")
            .args(&["--dead-letters", "dead", "--connections", "1"])
            .env("https_proxy", &proxy_url.replace("//", "//ada:hunter2@"))
            .run()
            .with_code(5);
        assert_eq!(proxy.request_count(), 1);
        ended.assert_stderr(&format!("the proxy answered {status}"));
        ended.assert_stderr(advice);
        ended.assert_stderr(&format!("(proxy `{proxy_url}`)"));
        ended.assert_not_stderr("hunter2");
    }
}

#[test]
fn a_connection_that_a_proxy_cannot_make_is_retried() {
    let proxy = Lrs::with_faults(|_, _| ServerFault::Status(503));
    let ended = send("https://lrs.invalid/xAPI")
        .args(&["--max-retries", "2"])
        .env("https_proxy", &proxy.xapi().replace("/xAPI", ""))
        .run()
        .with_code(5);
    assert_eq!(proxy.request_count(), 3);
    ended.assert_stderr("(proxy `http://127.0.0.1:");
}
