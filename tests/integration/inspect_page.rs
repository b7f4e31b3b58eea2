//! `inspect --html`.

use std::fs;
#[cfg(unix)]
use std::time::Duration;

use serde_json::Value;

use crate::harness::{Run, line};

/// A run over a log with an odd name in it.
fn inspect(arguments: &[&str]) -> Run {
    let log = line(1) + &line(2).replace("play_video", "<script>alert(1)</script>");
    let run = Run::new(&["inspect", "a.log"]).args(arguments);
    run.file("a.log", log)
}

#[test]
fn the_page_goes_to_its_file_beside_the_table_or_json() {
    let run = inspect(&["--html", "page.html"]).run().with_code(0);
    assert!(!run.stdout.is_empty());
    run.assert_stderr("the page was written to `page.html`");
    let page = fs::read_to_string(run.directory.path("page.html")).unwrap();
    assert!(page.starts_with("<!DOCTYPE html>") && page.ends_with("</html>\n"));
    assert!(page.contains("&lt;script&gt;") && !page.contains("<script"));

    let run = inspect(&["--json", "--html", "page.html"]).in_directory(&run.directory);
    let run = run.run().with_code(0);
    let shown: Value = serde_json::from_slice(&run.stdout).unwrap();
    assert_eq!(shown["lines"]["all"], 2);
    let again = fs::read_to_string(run.directory.path("page.html")).unwrap();
    assert_eq!(again, page);
}

#[test]
fn a_hyphen_is_standard_output() {
    let run = inspect(&["--html", "-"]).run().with_code(0);
    let page = String::from_utf8(run.stdout).unwrap();
    assert!(page.starts_with("<!DOCTYPE html>") && page.ends_with("</html>\n"));
    assert!(!run.directory.path("-").exists());

    let run = inspect(&["--html", "-", "--json"]).run().with_code(2);
    assert!(
        run.stderr.contains("give `--html` a file"),
        "{}",
        run.stderr
    );
}

#[test]
fn the_file_is_checked_before_anything_is_read() {
    for (path, code, message) in [
        ("a.log", 2, "`a.log` is no page of an earlier run"),
        ("absent/page.html", 6, "`absent/page.html`"),
        ("page.html/", 6, "`page.html/`"),
    ] {
        let run = inspect(&["--html", path]).run();
        assert_eq!(run.code, code, "{path}: {}", run.stderr);
        assert!(run.stderr.contains(message), "{}", run.stderr);
        assert!(run.stdout.is_empty());
        let log = fs::read_to_string(run.directory.path("a.log")).unwrap();
        assert!(log.starts_with(&line(1)));
    }
}

#[test]
fn an_empty_file_becomes_the_page() {
    let run = inspect(&["--html", "page.html"]).file("page.html", "");
    let run = run.run().with_code(0);
    let page = fs::read_to_string(run.directory.path("page.html")).unwrap();
    assert!(page.ends_with("</html>\n"));
}

#[cfg(unix)]
#[test]
fn a_run_that_a_signal_stops_keeps_the_earlier_page() {
    let earlier = inspect(&["--html", "page.html"]).run().with_code(0);
    let page = earlier.directory.path("page.html");
    let before = fs::read(&page).unwrap();
    // Standard input never ends.
    let run = inspect(&["--html", "page.html", "-"]);
    let mut running = run.in_directory(&earlier.directory).start();
    running.wait_for("", ".page.html.");
    running.signal("INT");
    running.wait_within(Duration::from_secs(60));
    let ended = running.end().with_code(130);
    ended.assert_stderr("only the lines that were read, and no page is written");
    assert_eq!(fs::read(&page).unwrap(), before);
    let names = fs::read_dir(ended.directory.path("")).unwrap().flatten();
    assert!(
        !names
            .into_iter()
            .any(|entry| entry.file_name().to_string_lossy().ends_with(".part"))
    );
}

#[cfg(unix)]
#[test]
fn a_page_that_names_users_is_for_its_owner_only() {
    use std::os::unix::fs::PermissionsExt;

    let users = "id,username,email,xapi_id,caliper_id\n";
    for (arguments, others_may_read) in [(&["--users", "users.csv"][..], false), (&[], true)] {
        let run = inspect(&["--html", "page.html"]).args(arguments);
        let run = run.file("users.csv", users).run().with_code(0);
        let page = fs::metadata(run.directory.path("page.html")).unwrap();
        assert_eq!(page.permissions().mode() & 0o004 != 0, others_may_read);
    }
}
