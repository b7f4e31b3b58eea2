//! The root URL of the LMS, compared with the addresses in the events.

use crate::harness::{Run, line};

const ROOT_URL: &str = "https://courses.example.org";

/// The note about another address, up to the rest, which is the same in each note.
fn note(site: &str, root: &str) -> String {
    format!(
        "note: the events seem to come from `{site}`, not from `{root}`: check that `--lms-root-url`"
    )
}

fn with(fields: &str, second: u32) -> String {
    line(second).replacen('{', &format!("{{{fields}, "), 1)
}

fn stderr(root: &str, log: &str) -> String {
    let run = Run::new(&["transform", "--to", "xapi", "--lms-root-url", root]);
    let run = run.file("a.log", log).args(&["-o", "out", "a.log"]);
    run.run().with_code(0).stderr
}

#[test]
fn a_root_url_that_no_event_has_is_noted() {
    let page = with(
        r#""host": "courses.example.org", "page": "https://courses.example.org/x""#,
        1,
    );
    let host = with(r#""host": "courses.example.org""#, 2);
    for (root, log, site) in [
        ("https://wrong.example.org", &page, ROOT_URL),
        ("http://courses.example.org", &page, ROOT_URL),
        ("https://wrong.example.org/", &host, ROOT_URL),
        (
            "http://wrong.example.org",
            &host,
            "http://courses.example.org",
        ),
    ] {
        let stderr = stderr(root, log);
        assert!(stderr.contains(&note(site, root)), "{root}: {stderr}");
    }
}

#[test]
fn a_root_url_that_some_events_have_is_right() {
    let microsite = with(
        r#""host": "other.example.org", "page": "https://other.example.org/x""#,
        1,
    );
    let referer = with(
        r#""host": "other.example.org", "referer": "https://courses.example.org/x""#,
        2,
    );
    let host = with(r#""host": "courses.example.org""#, 3);
    for (root, log) in [
        (ROOT_URL, microsite.clone() + &referer),
        (ROOT_URL, host.clone() + &microsite),
        ("http://courses.example.org", host.clone()),
        ("https://Courses.example.org", host),
        (ROOT_URL, line(4)),
    ] {
        let stderr = stderr(root, &log);
        assert!(!stderr.contains("seem to come"), "{root}: {stderr}");
    }
}
