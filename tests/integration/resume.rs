//! Resuming in unusual cases: a last line without a newline, copies, changed documents, a state that cannot be written.
#![cfg(unix)]

use std::collections::BTreeSet;

use crate::harness::{Run, RunDirectory, gzip, line, lines};
use crate::lrs::{Lrs, ServerFault};

fn without_last_newline(text: String) -> String {
    text.trim_end().to_owned()
}

#[test]
fn a_last_line_without_a_newline_is_sent_again_until_it_is_acknowledged() {
    let directory = RunDirectory::new();
    directory.write("logs/a.log.gz", gzip(without_last_newline(lines(0..8))));
    directory.write("logs/b.json", without_last_newline(lines(8..9)));
    // The server refuses the second request, which stops the run.
    let lrs = Lrs::with_faults(|nth, _| match nth {
        1 => ServerFault::Status(401),
        _ => ServerFault::None,
    });
    let send = || directory.send(&lrs.xapi()).args(&["--connections", "1"]);
    send().run().with_code(5);
    assert_eq!(lrs.stored().len(), 7);
    send().run().with_code(0);
    assert_eq!(lrs.stored().len(), 9);
    let requests = lrs.request_count();
    send().run().with_code(0);
    assert_eq!(lrs.request_count(), requests);
}

#[test]
fn a_cut_line_is_delivered_once_it_is_complete() {
    let whole = lines(0..6);
    let cut = whole.match_indices('\n').nth(2).unwrap().0 + 100;
    for command in ["transform", "send"] {
        let directory = RunDirectory::new();
        let lrs = Lrs::healthy();
        let run = || {
            let run = match command {
                "transform" => directory.transform(),
                _ => directory.send(&lrs.xapi()),
            };
            run.run().with_code(0)
        };
        directory.write("logs/a.log.gz", gzip(&whole[..cut]));
        let ended = run();
        ended.assert_stderr("3 emitted");
        ended.assert_stderr("1 unparsable");
        // An unchanged input is known to the end, its cut line included.
        let ended = run();
        assert_eq!(ended.count("emitted"), 0);
        assert_eq!(ended.count("unparsable"), 0);
        directory.write("logs/b.log", &whole);
        let ended = run();
        ended.assert_stderr("3 emitted");
        assert_eq!(ended.count("unparsable"), 0);
        let ended = run();
        assert_eq!(ended.count("emitted"), 0);
    }
}

#[test]
fn a_log_that_ends_before_the_incomplete_line_of_a_delivered_log_is_not_delivered_again() {
    let directory = RunDirectory::new();
    directory.write("logs/a.log", lines(0..3) + "half a li");
    directory.transform().run().with_code(0);
    directory.write("logs/b.log", lines(0..3));
    let ended = directory.transform().run().with_code(0);
    assert_eq!(ended.count("emitted"), 0);
}

fn document(text: &str) -> String {
    let line = without_last_newline(lines(1..2));
    line.replace(
        "{\"name\"",
        &format!("{{\n \"note\": \"{text}\",\n \"name\""),
    )
}

#[test]
fn a_half_copied_document_is_delivered_once_it_is_complete() {
    let directory = RunDirectory::new();
    let whole = document(&"x".repeat(6000));
    for text in [
        whole[..5000].to_owned(),
        whole.clone() + "\n",
        whole.clone(),
    ] {
        directory.write("logs/d.json", text);
        directory.transform().run().with_code(0);
    }
    let ended = directory.transform().run().with_code(0);
    ended.assert_stderr("1 read by earlier runs");
    directory.write("logs/e.json", whole + " ");
    directory.transform().run().with_code(0);
    assert_eq!(directory.files("out"), ["d.json", "e.json"]);
}

fn night(directory: &RunDirectory, threads: &str) {
    let run = directory.run_with_state(&["transform", "-o", "out", "--threads", threads]);
    run.run().with_code(0);
}

#[test]
fn lines_of_an_earlier_version_of_a_document_are_delivered_from_a_log() {
    for threads in ["1", "8"] {
        let directory = RunDirectory::new();
        let night = || night(&directory, threads);
        directory.write("logs/x.json", line(1));
        night();
        directory.write("logs/x.json", line(2));
        directory.write("logs/a.log", line(1));
        directory.write("logs/z.log", line(1) + &line(3));
        night();
        // The document becomes a log, and then a document again.
        directory.write("logs/x.json", line(2) + &line(4));
        night();
        directory.write("logs/x.json", line(5));
        night();
        // The rest of a log whose first lines are delivered has a number in its name.
        let logs = [
            "a.log.xapi.2.jsonl",
            "a.log.xapi.jsonl",
            "x.json.xapi.jsonl",
        ];
        assert_eq!(
            directory.files("out"),
            [logs[0], logs[1], "x.json", logs[2]]
        );
        let rows = logs.map(|log| directory.json_lines(&format!("out/{log}")).len());
        assert_eq!(rows, [1, 1, 2]);
    }
}

#[test]
fn a_renamed_document_is_written_under_its_new_name_though_the_old_name_is_taken() {
    for (renamed, threads) in [("a", "1"), ("a", "8"), ("y", "1"), ("y", "8")] {
        let directory = RunDirectory::new();
        let night = || night(&directory, threads);
        directory.write("logs/x.json", line(1));
        night();
        // A larger document takes longer to read.
        directory.write("logs/x.json", line(2) + &" ".repeat(4 << 20));
        directory.write(&format!("logs/{renamed}.json"), line(1));
        night();
        let time = |name: &str| directory.json(&format!("out/{name}.json"))["timestamp"].clone();
        assert_eq!(time(renamed), "2024-03-05T09:00:00.000001+00:00");
        assert_eq!(time("x"), "2024-03-05T09:00:00.000002+00:00");
    }
}

#[test]
fn a_log_and_a_compressed_copy_cut_within_a_line_are_delivered_once() {
    for threads in ["1", "8"] {
        let directory = RunDirectory::new();
        let text = lines(0..20_000);
        let cut = text.len() - 1000;
        directory.write("logs/a.log.gz", gzip(&text[..cut]));
        directory.write("logs/b.log", &text);
        night(&directory, threads);
        let counts = directory.statement_counts();
        assert_eq!(counts.len(), 20_000);
        assert!(counts.values().all(|&count| count == 1));
    }
}

#[test]
fn a_document_that_is_changed_back_is_delivered_again() {
    let directory = RunDirectory::new();
    let delivered = |text: &str| {
        directory.write("logs/d.json", text);
        directory.transform().run().with_code(0);
        directory.json("out/d.json")
    };
    let (one, other) = (lines(1..2), lines(2..3));
    let first = delivered(&one);
    assert_ne!(delivered(&other), first);
    assert_eq!(delivered(&one), first);
    assert_eq!(delivered(&one), first);
}

/// Sends to two routers, or to the first alone.
fn send_to_routers(directory: &RunDirectory, one: &Lrs, other: &Lrs, both: bool) -> Run {
    let router = |lrs: &Lrs, enabled: bool| {
        format!(
            r#"{{"backend_name": "xAPI", "route_url": "{}", "enabled": {enabled}, "auth_scheme": null, "configurations": {{}}}}"#,
            lrs.xapi()
        )
    };
    let json = format!("[{}, {}]", router(one, true), router(other, both));
    directory.write("routers.json", json);
    directory.run_with_state(&["send", "--routers", "routers.json"])
}

#[test]
fn a_copy_is_delivered_once_to_routers_at_different_positions() {
    let directory = RunDirectory::new();
    let [one, other] = [(); 2].map(|()| Lrs::healthy());
    directory.write("logs/a.log", lines(0..60));
    send_to_routers(&directory, &one, &other, true)
        .run()
        .with_code(0);
    directory.append("logs/a.log", &lines(60..100));
    send_to_routers(&directory, &one, &other, false)
        .run()
        .with_code(0);
    directory.remove("logs/a.log");
    directory.write("logs/b.log", lines(0..80));
    directory.age("logs/b.log");
    send_to_routers(&directory, &one, &other, true)
        .run()
        .with_code(0);
    assert_eq!((one.stored().len(), other.stored().len()), (100, 80));
    let requests = || [&one, &other].map(|lrs| lrs.request_count());
    let before = requests();
    send_to_routers(&directory, &one, &other, true)
        .run()
        .with_code(0);
    assert_eq!(requests(), before);
}

#[test]
fn a_log_that_is_the_start_of_another_is_not_delivered_again() {
    let directory = RunDirectory::new();
    directory.write("logs/a.log", lines(0..30));
    directory.write("logs/b.log", lines(0..60));
    let lrs = Lrs::healthy();
    let send = || {
        let send = directory.run_with_state(&["send", "--url", &lrs.xapi()]);
        send.args(&["--batch-size", "500"])
    };
    send().run().with_code(0);
    assert_eq!(lrs.stored().len(), 60);
    let requests = lrs.request_count();
    send().run().with_code(0);
    assert_eq!(lrs.request_count(), requests);
}

/// The names and numbers of the rejected lines.
fn rejected(directory: &RunDirectory) -> BTreeSet<String> {
    let rows = directory.json_lines("rejects");
    let rows = rows
        .iter()
        .map(|row| format!("{}:{}", row["file"], row["line"]));
    rows.collect()
}

#[test]
fn after_a_full_disk_the_next_run_completes_outputs_and_rejects() {
    let mut failed = 0;
    for bytes in (1024..=8192).step_by(512) {
        let directory = RunDirectory::new();
        for nth in 0..8 {
            directory.write(
                &format!("logs/{nth}.log"),
                lines(nth..nth + 1) + &"no event\n".repeat(3),
            );
        }
        let first = directory.transform().with_largest_file(bytes).run();
        failed += u32::from(first.code == 6);
        directory.transform().run().with_code(0);
        assert_eq!(directory.statement_counts().len(), 8, "{bytes}");
        assert!(
            directory
                .statement_counts()
                .values()
                .all(|&count| count == 1),
            "{bytes}"
        );
        assert_eq!(rejected(&directory).len(), 24, "{bytes}");
    }
    assert!(failed > 5, "{failed}");
}

#[test]
fn rejects_that_a_send_cannot_write_are_written_by_the_next_run() {
    let directory = RunDirectory::new();
    // The log is several batches long, so that the first is delivered.
    let part = |from| lines(from..from + 7000) + &"no event\n".repeat(40);
    assert!(part(0).len() > 1 << 20);
    directory.write("logs/a.log", part(0) + &part(7000));
    let lrs = Lrs::healthy();
    let send = || {
        let send = directory.run_with_state(&["send", "--url", &lrs.xapi()]);
        send.args(&["--rejects", "rejects", "--batch-size", "5000"])
    };
    let ended = send().with_largest_file(6144).run().with_code(6);
    ended.assert_stderr("failed to write");
    send().run().with_code(0);
    assert_eq!(lrs.stored().len(), 14_000);
    assert_eq!(rejected(&directory).len(), 80);
}

#[test]
fn a_state_that_cannot_be_written_ends_the_run_with_an_error_that_names_it() {
    let directory = RunDirectory::new();
    for nth in 0..20 {
        directory.write(&format!("logs/{nth:02}.log"), lines(nth..nth + 1));
    }
    let ended = directory.transform().with_largest_file(2048).run();
    let ended = ended.with_code(6);
    ended.assert_stderr("failed to write the state `state/journal.jsonl`: File too large");
    ended.assert_not_stderr("failed to open");
    ended.assert_not_stderr(".part");
    assert!(ended.errors().len() <= 3, "{}", ended.stderr);
    directory.transform().run().with_code(0);
    assert_eq!(directory.statement_counts().len(), 20);
}
