//! Going on where earlier runs ended: grown, renamed and packed inputs, and signals.

use std::collections::BTreeMap;
use std::fs;
use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

use serde_json::Value;
use tempfile::TempDir;

use crate::harness::{ROOT_URL, gzip, json_lines, line};
use crate::lrs::{Fault, Lrs, Settings};

/// A directory in which runs follow one another.
pub struct Place(pub TempDir);

impl Place {
    pub fn new() -> Self {
        Self(TempDir::new().unwrap())
    }

    pub fn write(&self, name: &str, bytes: impl AsRef<[u8]>) {
        let path = self.0.path().join(name);
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        fs::write(path, bytes).unwrap();
    }

    pub fn append(&self, name: &str, text: &str) {
        let old = fs::read(self.0.path().join(name)).unwrap();
        self.write(name, [&old, text.as_bytes()].concat());
    }

    pub fn command(&self, arguments: &[&str]) -> Command {
        let mut command = Command::new(env!("CARGO_BIN_EXE_event-router"));
        command
            .current_dir(self.0.path())
            .args(arguments)
            .args([
                "--to",
                "xapi",
                "--lms-root-url",
                ROOT_URL,
                "--state",
                "state",
            ])
            .args(["logs"])
            .stdout(Stdio::null())
            .stderr(Stdio::piped());
        command
    }

    pub fn transform(&self) -> Command {
        self.command(&["transform", "-o", "out", "--rejects", "rejects"])
    }

    pub fn send(&self, url: &str) -> Command {
        let mut command = self.command(&["send", "--url", url, "--retry-delay", "0.01"]);
        command.args([
            "--batch-size",
            "7",
            "--dead-letters",
            "dead",
            "--rejects",
            "rejects",
        ]);
        command
    }

    /// The names of the files below a directory, hidden ones too.
    pub fn files(&self, below: &str) -> Vec<String> {
        let directory = self.0.path().join(below);
        let entries = walkdir::WalkDir::new(&directory)
            .sort_by_file_name()
            .into_iter()
            .flatten();
        let files = entries.filter(|entry| entry.file_type().is_file());
        let name = |path: &Path| path.strip_prefix(&directory).unwrap().display().to_string();
        files.map(|entry| name(entry.path())).collect()
    }

    pub fn rows(&self, name: &str) -> Vec<Value> {
        json_lines(&fs::read(self.0.path().join(name)).unwrap())
    }

    /// How often each statement stands in the output.
    pub fn output(&self) -> BTreeMap<String, usize> {
        let mut counts = BTreeMap::new();
        for name in self.files("out") {
            assert!(!name.starts_with('.'), "{name}");
            for row in self.rows(&format!("out/{name}")) {
                *counts.entry(row.to_string()).or_default() += 1;
            }
        }
        counts
    }
}

/// Runs it, and gives what it said.
#[track_caller]
pub fn run(mut command: Command, code: i32) -> String {
    let output = command.output().unwrap();
    let said = String::from_utf8(output.stderr).unwrap();
    assert_eq!(output.status.code(), Some(code), "{said}");
    said
}

pub fn lines(seconds: std::ops::Range<u32>) -> String {
    seconds.map(line).collect()
}

#[test]
fn what_is_delivered_is_not_delivered_again_whatever_it_is_called() {
    let place = Place::new();
    place.write("logs/tracking.log", lines(0..5));
    run(place.transform(), 0);
    assert_eq!(place.rows("out/tracking.log.xapi.jsonl").len(), 5);
    let said = run(place.transform(), 0);
    assert!(said.contains("0 lines"), "{said}");

    // Rotated, then packed, while a new log began.
    fs::rename(
        place.0.path().join("logs/tracking.log"),
        place.0.path().join("logs/tracking.log-1"),
    )
    .unwrap();
    run(place.transform(), 0);
    place.write("logs/tracking.log-1.gz", gzip(lines(0..5)));
    fs::remove_file(place.0.path().join("logs/tracking.log-1")).unwrap();
    place.write("logs/tracking.log", lines(5..8));
    run(place.transform(), 0);
    assert_eq!(
        place.files("out"),
        ["tracking.log.xapi.2.jsonl", "tracking.log.xapi.jsonl"]
    );
    assert_eq!(place.rows("out/tracking.log.xapi.2.jsonl").len(), 3);
    assert_eq!(place.output().len(), 8);
}

#[test]
fn a_log_that_has_grown_is_continued_in_a_numbered_file() {
    let place = Place::new();
    place.write("logs/a.log", lines(0..3) + "cut");
    let said = run(place.transform(), 0);
    assert!(said.contains("3 lines"), "{said}");
    // The line that was being written turns out to be none.
    place.append("logs/a.log", &(" off\n".to_owned() + &lines(3..5)));
    run(place.transform(), 0);
    place.append("logs/a.log", "\n \n");
    run(place.transform(), 0);
    place.append("logs/a.log", &lines(5..6));
    run(place.transform(), 0);
    assert_eq!(
        place.files("out"),
        [
            "a.log.xapi.2.jsonl",
            "a.log.xapi.3.jsonl",
            "a.log.xapi.jsonl"
        ]
    );
    assert_eq!(place.output().len(), 6);
    let rejects = place.rows("rejects");
    assert_eq!((rejects.len(), &rejects[0]["line"]), (1, &Value::from(4)));

    // Packed at last, with one more line that has no newline.
    place.append("logs/a.log", &lines(6..8));
    let whole = fs::read(place.0.path().join("logs/a.log")).unwrap();
    place.write("logs/a.log.gz", gzip(whole.trim_ascii_end()));
    fs::remove_file(place.0.path().join("logs/a.log")).unwrap();
    run(place.transform(), 0);
    assert_eq!(place.output().len(), 8);
}

#[test]
fn another_log_that_begins_alike_is_another() {
    let place = Place::new();
    place.write("logs/a.log", lines(0..50));
    run(place.transform(), 0);
    place.write("logs/b.log", lines(0..40) + &lines(60..70));
    run(place.transform(), 0);
    assert_eq!(place.rows("out/b.log.xapi.jsonl").len(), 50);
    // The same twice in one run is delivered once.
    place.write("logs/c.log", lines(100..110));
    place.write("logs/d.log.gz", gzip(lines(100..112)));
    run(place.transform(), 0);
    assert_eq!(place.rows("out/c.log.xapi.jsonl").len(), 10);
    assert_eq!(place.rows("out/c.log.xapi.2.jsonl").len(), 2);
}

#[test]
fn what_could_not_be_delivered_is_delivered_later_though_it_was_read_twice() {
    let place = Place::new();
    place.write("logs/a.log", lines(0..50));
    place.write("logs/b.log", lines(0..60));
    place.write("out/a.log.xapi.jsonl/in-the-way", "");
    let said = run(place.transform(), 6);
    assert!(
        said.contains("could not be delivered, so this one is left"),
        "{said}"
    );
    fs::remove_dir_all(place.0.path().join("out")).unwrap();
    run(place.transform(), 0);
    assert_eq!(place.output().len(), 60);
}

#[test]
fn a_log_that_comes_to_nothing_leaves_no_file_and_nothing_to_remember() {
    let place = Place::new();
    place.write("logs/empty.log", "");
    place.write("logs/begun.log", "{\"name\": ");
    place.write("logs/none.log", "no event\n");
    for _ in 0..3 {
        run(place.transform(), 0);
    }
    assert_eq!(place.files("out"), [""; 0]);
    assert_eq!(place.rows("rejects").len(), 1);
    place.append("logs/none.log", &line(1));
    run(place.transform(), 0);
    assert_eq!(place.files("out"), ["none.log.xapi.jsonl"]);
}

#[test]
fn a_document_is_delivered_whole_and_again_when_it_has_changed() {
    let place = Place::new();
    let document = line(1).replace(", ", ",\n");
    place.write("logs/d.json", &document[..60]);
    run(place.transform(), 0);
    place.write("logs/d.json", &document);
    run(place.transform(), 0);
    assert_eq!(place.files("out"), ["d.json"]);
    let first = fs::read(place.0.path().join("out/d.json")).unwrap();
    run(place.transform(), 0);
    place.write("logs/d.json", document.replace("000001", "000002"));
    run(place.transform(), 0);
    assert_eq!(place.files("out"), ["d.json"]);
    assert_ne!(fs::read(place.0.path().join("out/d.json")).unwrap(), first);
}

#[test]
fn later_files_are_packed_as_the_first_is() {
    let place = Place::new();
    place.write("logs/a.log", lines(0..3));
    run(place.transform(), 0);
    place.append("logs/a.log", &lines(3..5));
    let mut packed = place.transform();
    packed.args(["--compress", "gzip"]);
    run(packed, 0);
    assert_eq!(place.output().len(), 5);
}

#[test]
fn a_log_beside_its_packed_self_is_delivered_once() {
    let place = Place::new();
    place.write("logs/a.log", lines(0..9));
    place.write("logs/a.log.gz", gzip(lines(0..9)));
    place.write("logs/b.log", lines(20..22));
    place.write("logs/b.log.gz", gzip(lines(30..33)));
    run(place.transform(), 0);
    assert_eq!(
        place.files("out"),
        ["a.log.xapi.jsonl", "b.log.xapi.2.jsonl", "b.log.xapi.jsonl"]
    );
    assert_eq!(place.output().len(), 14);
}

#[test]
fn a_row_of_rejects_that_a_kill_cut_is_taken_away() {
    let place = Place::new();
    place.write("logs/a.log", "no event\n");
    place.write("rejects", "{\"file\":\"z\"}\n{\"file\":\"a.log\",\"li");
    run(place.transform(), 0);
    let rows = place.rows("rejects");
    assert_eq!(
        (rows.len(), &rows[1]["reason"]),
        (2, &Value::from("not-json"))
    );
}

#[test]
fn each_router_goes_on_where_it_was() {
    let place = Place::new();
    place.write("logs/a.log", lines(0..20));
    let (one, other) = (
        Lrs::start(Settings::default()),
        Lrs::start(Settings::default()),
    );
    run(place.send(&one.xapi()), 0);
    run(place.send(&other.xapi()), 0);
    place.append("logs/a.log", &lines(20..30));
    run(place.send(&one.xapi()), 0);
    let routers = serde_json::json!([
        {"backend_name": "xAPI", "route_url": one.xapi()},
        {"backend_name": "xAPI", "route_url": other.xapi()},
    ]);
    place.write("routers.json", routers.to_string());
    let requests = one.records().requests.len();
    let mut both = place.command(&["send", "--routers", "routers.json"]);
    both.args(["--rejects", "rejects"]);
    run(both, 0);
    assert_eq!(one.records().requests.len(), requests);
    assert_eq!((one.stored().len(), other.stored().len()), (30, 30));
    assert!(
        other
            .records()
            .requests
            .iter()
            .all(|request| request.method == "POST")
    );
}

#[test]
fn a_send_that_the_server_stopped_goes_on_from_there() {
    let place = Place::new();
    place.write("logs/a.log.gz", gzip(lines(0..100)));
    let lrs = Lrs::start(Settings {
        fault: Box::new(|nth, _| {
            if nth == 5 {
                Fault::Status(403)
            } else {
                Fault::None
            }
        }),
        ..Settings::default()
    });
    let mut send = place.send(&lrs.xapi());
    send.args(["--connections", "1"]);
    run(send, 5);
    assert_eq!(lrs.stored().len(), 35);
    run(place.send(&lrs.xapi()), 0);
    assert_eq!(lrs.stored().len(), 100);
    // What was acknowledged is not sent again.
    let posted = lrs.records().requests.len();
    assert_eq!(posted, 5 + 1 + 10);
    let before = lrs.records().requests.len();
    run(place.send(&lrs.xapi()), 0);
    assert_eq!(lrs.records().requests.len(), before);
}

#[test]
fn routers_that_a_state_cannot_tell_apart_are_an_error() {
    let place = Place::new();
    place.write("logs/a.log", lines(0..3));
    let lrs = Lrs::start(Settings::default());
    for (queries, code) in [(["?t=a", "?t=b"], 2), (["/a(1)", "/b"], 5)] {
        let router = |query: &str| serde_json::json!({"backend_name": "xAPI", "route_url": lrs.xapi() + query});
        place.write(
            "routers.json",
            serde_json::json!(queries.map(router)).to_string(),
        );
        // The server knows no such paths, which is found when it is asked.
        let said = run(place.command(&["send", "--routers", "routers.json"]), code);
        assert_eq!(
            said.contains("could not tell them apart"),
            code == 2,
            "{said}"
        );
    }
}

#[test]
fn a_second_run_says_who_holds_the_state_and_leaves() {
    let place = Place::new();
    place.write("logs/a.log", lines(0..3));
    run(place.transform(), 0);
    let lock = fs::File::open(place.0.path().join("state/lock")).unwrap();
    lock.try_lock().unwrap();
    let said = run(place.transform(), 7);
    assert!(
        said.contains("the state directory `state` is in use by process "),
        "{said}"
    );
    lock.unlock().unwrap();
    run(place.transform(), 0);
}

#[test]
fn options_that_a_state_cannot_go_with_are_errors() {
    let place = Place::new();
    place.write("logs/a.log", lines(0..3));
    for arguments in [
        &["transform"][..],
        &["transform", "-o", "out", "-"],
        &["transform", "-o", "out", "--check"],
        &["transform", "-o", "out", "/dev/null"],
    ] {
        run(place.command(arguments), 2);
    }
    place.write("state/journal.jsonl", "x\n");
    let said = run(place.transform(), 6);
    assert!(
        said.contains("line 1 of the state `state/journal.jsonl` is damaged"),
        "{said}"
    );
}

#[cfg(unix)]
#[test]
fn only_the_owner_reads_the_state() {
    use std::os::unix::fs::PermissionsExt;
    let place = Place::new();
    place.write("logs/a.log", "no event\n");
    run(place.transform(), 0);
    for name in ["state/journal.jsonl", "state/lock", "rejects"] {
        let mode = fs::metadata(place.0.path().join(name))
            .unwrap()
            .permissions()
            .mode();
        assert_eq!(mode & 0o777, 0o600, "{name}");
    }
}

/// Sends a signal by its name.
#[cfg(unix)]
pub fn signal(child: &Child, name: &str) {
    let id = child.id().to_string();
    let sent = Command::new("kill")
        .args(["-s", name, &id])
        .status()
        .unwrap();
    assert!(sent.success());
}

#[cfg(unix)]
#[test]
fn signals_end_a_run_that_can_be_gone_on_with() {
    for (name, code) in [("INT", 130), ("TERM", 143)] {
        let place = Place::new();
        place.write("logs/a.log", lines(0..100));
        // After some requests it asks for patience.
        let lrs = Lrs::start(Settings {
            fault: Box::new(|nth, _| match nth {
                5 => Fault::RetryAfter(503, "600".to_owned()),
                _ => Fault::None,
            }),
            ..Settings::default()
        });
        let mut send = place.send(&lrs.xapi());
        send.args(["--connections", "1"]);
        let mut child = send.spawn().unwrap();
        let started = Instant::now();
        while lrs.records().requests.len() < 6 && started.elapsed() < Duration::from_secs(20) {
            std::thread::sleep(Duration::from_millis(5));
        }
        signal(&child, name);
        assert_eq!(child.wait().unwrap().code(), Some(code));
        assert!(started.elapsed() < Duration::from_secs(20));
        let mut said = String::new();
        std::io::Read::read_to_string(&mut child.stderr.take().unwrap(), &mut said).unwrap();
        assert!(
            said.contains("35 delivered") && said.contains("65 left"),
            "{said}"
        );
        run(place.send(&lrs.xapi()), 0);
        assert_eq!(lrs.stored().len(), 100);
    }
}
