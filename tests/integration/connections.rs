//! TLS, proxies and timeouts.

use rcgen::{CertifiedKey, generate_simple_self_signed};
use rustls::ServerConfig;
use rustls::pki_types::{PrivateKeyDer, PrivatePkcs8KeyDer};

use crate::harness::{Run, line, lines};
use crate::lrs::{Lrs, ServerFault, ServerSettings};
use crate::send::router;

fn send(url: &str) -> Run {
    Run::send(url)
        .args(&["--retry-delay", "0.01", "log"])
        .file("log", line(1) + &line(2))
}

/// Returns settings with a self-signed certificate, and the certificate.
pub fn tls() -> (ServerConfig, String) {
    let CertifiedKey { cert, signing_key } =
        generate_simple_self_signed(["localhost".to_owned()]).unwrap();
    let key = PrivateKeyDer::from(PrivatePkcs8KeyDer::from(signing_key.serialize_der()));
    let tls = ServerConfig::builder()
        .with_no_client_auth()
        .with_single_cert(vec![cert.der().clone()], key)
        .unwrap();
    (tls, cert.pem())
}

pub fn start_tls() -> (Lrs, String) {
    let (tls, certificate) = tls();
    (Lrs::start_tls(ServerSettings::default(), tls), certificate)
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
    let ended = send(&lrs.xapi_tls())
        .args(&["--dead-letters", "dead", "--max-retries", "8"])
        .args(&["--report", "report.json"])
        .run()
        .with_code(5);
    assert_eq!(router(&ended)["retries"], 0);
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
    // The first request checks the server.
    assert_eq!(proxy.request_count(), 4);
    ended.assert_stderr("(proxy `http://127.0.0.1:");
}

#[test]
fn plain_http_goes_through_a_proxy_with_the_whole_url() {
    let proxy = Lrs::healthy();
    let proxy_url = proxy.xapi().replace("/xAPI", "");
    let run = |log: String| {
        send("http://lrs.invalid:8080/xAPI")
            .file("log", log)
            .env("EVENT_ROUTER_TOKEN", "token")
            .env("http_proxy", &proxy_url.replace("//", "//ada:hun%40ter2@"))
            .run()
            .with_code(0)
    };
    // Bodies that are longer than the buffers, and several requests on a connection.
    run(lines(0..3000));
    assert_eq!(proxy.stored().len(), 3000);
    // A second run looks up what is stored.
    run(lines(2998..3000));
    let records = proxy.records();
    for request in &records.requests {
        let url = "http://lrs.invalid:8080/xAPI/statements";
        assert!(request.target.starts_with(url), "{}", request.target);
        let headers = &request.headers;
        assert_eq!(headers["host"], "lrs.invalid:8080");
        assert_eq!(headers["authorization"], "Bearer token");
        assert_eq!(headers["proxy-authorization"], "Basic YWRhOmh1bkB0ZXIy");
    }
    assert!(
        records
            .requests
            .iter()
            .any(|request| request.method == "GET")
    );
}

#[test]
fn a_proxy_that_refuses_plain_http_stops_the_run_at_once_and_is_named() {
    // Squid marks its own answers with this header.
    let squid = "0\r\nX-Squid-Error: ERR_ACCESS_DENIED 0".to_owned();
    for (fault, message) in [
        (ServerFault::Status(407), "the proxy answered 407"),
        (
            ServerFault::RetryAfter(403, squid),
            "the proxy answered 403",
        ),
        (
            ServerFault::Answer(
                403,
                "Proxy-Status: proxy.example; error=http_request_denied\r\n",
                "",
            ),
            "the proxy answered 403",
        ),
    ] {
        let proxy = Lrs::with_faults(move |_, _| fault.clone());
        let proxy_url = proxy.xapi().replace("/xAPI", "");
        let ended = send("http://lrs.invalid/xAPI")
            .args(&["--connections", "1"])
            .env("ALL_PROXY", &proxy_url)
            .run()
            .with_code(5);
        assert_eq!(proxy.request_count(), 1);
        ended.assert_stderr(message);
        ended.assert_stderr(&format!("(proxy `{proxy_url}`)"));
    }
    // A proxy that does not mark its own answers is named too.
    for status in [403, 502, 503, 504] {
        let proxy = Lrs::with_faults(move |_, _| ServerFault::Status(status));
        let proxy_url = proxy.xapi().replace("/xAPI", "");
        let ended = send("http://lrs.invalid/xAPI")
            .args(&["--max-retries", "0"])
            .env("http_proxy", &proxy_url)
            .run()
            .with_code(5);
        ended.assert_stderr(&format!(
            "answered {status}: as requested by the test (proxy `{proxy_url}`)"
        ));
    }
}
