//! Advice that is followed as it is printed: each command and option reads all events of the input.

use std::process::Command;

use serde_json::{Value, json};

use crate::harness::{Run, line, lines};
use crate::lost_events::command_of_guide;

/// Two lines, each of which wraps an event.
pub fn wrapped(wrap: impl Fn(String) -> Value) -> String {
    let lines = [1, 2].map(|nth| wrap(line(nth).trim_end().to_owned()).to_string() + "\n");
    lines.concat()
}

fn event(line: &str) -> Value {
    serde_json::from_str(line).unwrap()
}

/// Two server events whose payload is a text with quotes, in an export that doubles backslashes.
fn doubled() -> String {
    let text = json!({"id": "v", "currentTime": 3.5, "duration": 60}).to_string();
    let events = [1, 2].map(|nth| {
        let mut event = event(&line(nth));
        event["event"] = text.clone().into();
        event.to_string().replace('\\', r"\\") + "\n"
    });
    events.concat()
}

/// Returns the only warning of a run with the input, and the command or option in it.
#[track_caller]
fn advice(name: &str, bytes: &str, arguments: &[&str]) -> (Run, String) {
    let run = || Run::transform().file(name, bytes).args(arguments);
    let stderr = run().args(&["--quiet", name]).run().with_code(0).stderr;
    let advice = stderr.trim_end().rsplit('`').nth(1);
    let advice = advice.unwrap_or_else(|| panic!("no advice: {stderr}"));
    assert_eq!(stderr.lines().count(), 1, "{stderr}");
    (run(), advice.to_owned())
}

#[test]
fn the_commands_and_options_of_advice_read_all_events() {
    for (bytes, expected) in [
        (doubled(), r"sed 's/\\\\/\\/g' a.log"),
        (wrapped(Value::from), "jq -r . a.log"),
        (
            wrapped(|line| json!(json!(line).to_string())),
            "jq -cr fromjson a.log",
        ),
        (
            wrapped(|line| json!({"log": json!({"message": line}).to_string()})),
            "jq -cr '.log | fromjson | .message' a.log",
        ),
        (
            wrapped(|line| json!({"log": format!("INFO {}", json!({"message": event(&line)}))})),
            r#"jq -cr '.log | sub("^[^{]*"; "") | fromjson | .message' a.log"#,
        ),
        (
            "gunicorn\n".to_owned() + &wrapped(|line| json!({"a.b": [line]})),
            "--unwrap a.b",
        ),
        (
            "INFO ".to_owned()
                + &wrapped(|line| json!({"it's": [line]})).replace("}\n{", "}\nINFO {"),
            r"--unwrap 'it'\''s'",
        ),
        (
            wrapped(|line| json!({"MESSAGE": line.as_bytes()})),
            "--unwrap MESSAGE",
        ),
        (wrapped(|line| json!({"my key": line})), "--unwrap 'my key'"),
        (
            wrapped(|line| json!({"it's": {"$x": line}})),
            r"--unwrap 'it'\''s.$x'",
        ),
        (
            wrapped(|line| json!({"name": "tracking", "event": line})),
            "--unwrap event",
        ),
        (
            wrapped(|line| json!({"name": "app", "event": event(&line), "context": {}})),
            "--unwrap event",
        ),
        (
            wrapped(|line| json!({"name": "app", "message": event(&line)})),
            "--unwrap message",
        ),
        (
            wrapped(|line| json!({"name": "app", "event": "log", "data": {"line": line}})),
            "--unwrap data.line",
        ),
    ] {
        let (run, advice) = advice("a.log", &bytes, &[]);
        assert_reads(&run, &advice, 2, expected);
    }
}

/// Checks that advice is the expected command or option, and follows it: it reads this number of events.
#[track_caller]
pub fn assert_reads(run: &Run, advice: &str, events: usize, expected: &str) -> Vec<u8> {
    let shown = advice.strip_suffix(" | event-router … -");
    assert_eq!(shown.unwrap_or(advice), expected);
    let program = env!("CARGO_BIN_EXE_event-router");
    let options = "transform --to xapi --lms-root-url https://courses.example.org";
    let script = match shown {
        Some(command) => format!("{command} | '{program}' {options} -",),
        None => format!("'{program}' {options} {advice} a.log"),
    };
    let mut shell = Command::new("sh");
    shell
        .args(["-c", &script])
        .current_dir(run.directory.path(""));
    let output = shell.output().unwrap();
    let stderr = String::from_utf8_lossy(&output.stderr);
    assert!(!stderr.contains("jq: not found"), "install jq");
    let newlines = output.stdout.iter().filter(|byte| **byte == b'\n');
    assert_eq!(newlines.count(), events, "{script}: {stderr}");
    output.stdout
}

#[test]
fn texts_that_journald_writes_as_bytes_are_read_as_utf_8() {
    let course = |line: String| line.replace("course-v1:a", "course-v1:größe日本");
    let log = wrapped(|line| json!({"MESSAGE": course(line).as_bytes()}));
    let (run, advice) = advice("a.log", &log, &[]);
    let shown = advice.as_str();
    let read = assert_reads(&run, &advice, 2, shown);
    let plain = Run::transform()
        .stdin(course(lines(1..3)))
        .args(&["-"])
        .run();
    assert_eq!(
        String::from_utf8_lossy(&read),
        String::from_utf8_lossy(&plain.stdout)
    );
}

#[test]
fn texts_that_are_bytes_at_other_keys_are_read_by_the_command_of_the_guide() {
    let course = |line: String| line.replace("course-v1:a", "course-v1:größe日本");
    let inner = |line: String| json!({"MESSAGE": course(line).as_bytes()}).to_string();
    let log = wrapped(|line| json!({"log": inner(line)}));
    let stderr = warning(&log, &[]);
    let told = "the events are at `.log | fromjson | .MESSAGE | bytes_as_text`; convert them first, as *Lines in other forms* in the guide shows for arrays of bytes\n";
    assert!(stderr.ends_with(told), "{stderr}");
    let command = command_of_guide("Arrays of bytes");
    let command = command.replace(" .MESSAGE |", " .log | fromjson | .MESSAGE |");
    let shown = command.trim_end_matches(" | event-router … -").to_owned();
    let run = Run::transform().file("a.log", &log);
    let read = assert_reads(&run, &command, 2, &shown);
    assert!(String::from_utf8_lossy(&read).contains("größe日本"));
}

fn joined(lines: impl Iterator<Item = Value>) -> String {
    lines.map(|line| line.to_string() + "\n").collect()
}

/// Lines of a container, each of which wraps an event at a key.
pub fn docker(key: &str, seconds: std::ops::Range<u32>) -> String {
    joined(seconds.map(|second| json!({key: format!("INFO [tracking] - {}", line(second))})))
}

#[test]
fn events_behind_many_other_lines_are_found() {
    let request = "192.0.2.1 - - [05/Mar/2024:09:14:07 +0000] \"GET / HTTP/1.1\" 200 5\n";
    let migration = json!({"log": "Running migration\n"}).to_string() + "\n";
    for (noise, key) in [
        (request.repeat(120), "message"),
        // These lines fill more than one batch.
        (request.repeat(50_000), "message"),
        ("starting gunicorn\n".repeat(150), "message"),
        (migration.repeat(120), "log"),
    ] {
        for threads in ["1", "3"] {
            let log = noise.clone() + &docker(key, 0..200);
            let (run, advice) = advice("a.log", &log, &["--threads", threads]);
            assert_reads(&run, &advice, 200, &format!("--unwrap {key}"));
        }
    }
}

#[test]
fn a_log_of_requests_with_a_damaged_event_is_not_left_out() {
    let request = "192.0.2.1 - - [05/Mar/2024:09:14:07 +0000] \"GET / HTTP/1.1\" 200 5\n";
    for damaged in [
        "{\"name\": \"a\", \"context\": {",
        "{\"log\": \"{\\\"event_source\\\": \\\"server\\\", \\\"ti\"}",
        "<p>{\"event_type\": \"GET / HTTP/1.1\"",
    ] {
        let log = request.repeat(20_000) + damaged;
        let run = Run::transform().file("a.log", log);
        let stderr = run.args(&["--quiet", "a.log"]).run().with_code(0).stderr;
        assert!(!stderr.contains("leave it out"), "{stderr}");
        assert!(stderr.contains("(20,001 lines): its lines are"), "{stderr}");
    }
}

#[test]
fn events_in_several_wrappings_are_all_read() {
    let nested = |second| json!({"log": json!({"message": line(second)}).to_string()});
    for (log, expected, events) in [
        (
            docker("log", 0..2) + &docker("message", 2..5),
            "jq -cr '(.message?, .log?) // empty' a.log",
            5,
        ),
        (
            docker("log", 0..2) + &joined([nested(3), nested(4)].into_iter()) + "gunicorn\n",
            "jq -cRr 'fromjson? | ((.log | fromjson | .message)? // .log?) // empty' a.log",
            4,
        ),
    ] {
        let stderr = warning(&log, &[]);
        let advice = stderr.split("read it with `").nth(1);
        let advice = advice.and_then(|advice| advice.split('`').next());
        let advice = advice.unwrap_or_else(|| panic!("no advice: {stderr}"));
        let all = "; export the journal with `journalctl --all`, since some messages are null\n";
        assert_eq!(stderr.ends_with(all), log.contains("null"), "{stderr}");
        let run = Run::transform().file("a.log", &log);
        assert_reads(&run, advice, events, expected);
    }
}

/// Returns the only warning of a run with the input.
#[track_caller]
fn warning(log: &str, arguments: &[&str]) -> String {
    let run = Run::transform().file("a.log", log).args(arguments);
    let stderr = run.args(&["--quiet", "a.log"]).run().with_code(0).stderr;
    assert_eq!(stderr.lines().count(), 1, "{stderr}");
    stderr
}

#[test]
fn messages_that_journalctl_leaves_out_are_told() {
    let log = json!({"MESSAGE": null, "_PID": "1"}).to_string();
    let stderr = warning(&log, &[]);
    assert!(
        stderr.contains("`MESSAGE` is null; export them with `journalctl --all"),
        "{stderr}"
    );
    let run = Run::explain().file("a.log", log);
    let ended = run
        .args(&["--unwrap", "MESSAGE", "a.log"])
        .run()
        .with_code(0);
    let detail = "`MESSAGE` is null, neither a string nor an object, as journald writes long texts: export them with `journalctl --all`";
    assert_eq!(ended.rows()[0]["detail"], detail);
}

#[test]
fn wrapped_events_beside_fewer_others_are_told_and_all_read() {
    let prefixed = format!("INFO [tracking] - {}", line(0));
    let log = prefixed.clone() + &docker("log", 1..51);
    let by_jq = "jq -cRr '(fromjson? | .log?) // .' a.log";
    let lost = "warning: 50 of 51 lines of `a.log` were not read because their events are at the key `log`; read it with `";
    let (run, found) = advice("a.log", &log, &[]);
    assert!(
        warning(&log, &[]).starts_with(lost),
        "{}",
        warning(&log, &[])
    );
    assert_reads(&run, &found, 51, by_jq);

    let log = docker("log", 0..1) + &lines(1..151);
    let stderr = warning(&log, &["--unwrap", "log"]);
    let lost = format!(
        "warning: about 150 of 151 lines of `a.log` were not read because they are not wrapped; read it with `{by_jq} | event-router … -`; remove `--unwrap`\n"
    );
    assert_eq!(stderr, lost);
    let run = Run::transform().file("a.log", &log);
    let command = format!("{by_jq} | event-router … -");
    assert_reads(&run, &command, 151, by_jq);

    let few = lines(0..51) + &docker("log", 51..52);
    let run = Run::transform().file("a.log", few);
    let ended = run.args(&["--quiet", "a.log"]).run().with_code(0);
    assert_eq!(ended.stderr, "");
}

#[test]
fn lines_with_doubled_backslashes_are_told_beside_other_events() {
    let run = Run::transform().file("a.log", line(1) + &doubled());
    let stderr = run.args(&["--quiet", "a.log"]).run().with_code(0).stderr;
    let warning = "warning: 2 of 3 lines of `a.log` were not read because each has doubled backslashes: in line 2, ";
    assert!(stderr.starts_with(warning), "{stderr}");
    assert!(
        stderr.contains("; export it with `mysql --raw` or `FORMAT TSVRaw`, or read it with `sed "),
        "{stderr}"
    );
}

#[test]
fn damaged_events_and_tables_are_told_with_their_cause() {
    let broken = line(1).replace("\"name\":", "\"name\"");
    let python = line(1).replace('"', "'");
    let csv = format!(
        "id,event\n1,\"{}\"\n",
        line(1).trim_end().replace('"', "\"\"")
    );
    for (text, cause) in [
        (
            "a line\n".repeat(3) + &broken,
            "its lines are damaged or are not JSON: in line 4, expected `:` at byte ",
        ),
        (
            python,
            "its lines are objects as Python prints them, and not JSON: in line 1, expected a key in double quotes at byte 2 of the line, since texts are in single quotes, as Python prints them; convert them first, as *Lines in other forms* in the guide shows",
        ),
        (
            csv,
            "its lines are CSV; convert them first, as *Lines in other forms*",
        ),
    ] {
        let run = Run::transform().file("a.log", text);
        let stderr = run.args(&["--quiet", "a.log"]).run().with_code(0).stderr;
        assert!(stderr.contains(&format!("): {cause}")), "{stderr}");
    }
}

#[test]
fn events_that_jq_finds_are_not_unwrapped_by_another_key() {
    let log = wrapped(|line| json!({"a": json!({"b": line}).to_string()}));
    let run = Run::transform().file("a.log", log);
    let ended = run.args(&["--quiet", "--unwrap", "log", "a.log"]).run();
    let end =
        "read it with `jq -cr '.a | fromjson | .b' a.log | event-router … -`; remove `--unwrap`\n";
    assert!(ended.stderr.ends_with(end), "{}", ended.stderr);
}

#[test]
fn unwrapped_events_without_a_name_are_events() {
    let nameless = |line: String| json!({"log": line.replace("\"name\"", "\"x\"")});
    let run = Run::transform().file("a.log", wrapped(nameless));
    let ended = run.args(&["--quiet", "--unwrap", "log", "a.log"]).run();
    let stderr = ended.with_code(0).stderr;
    assert_eq!(
        stderr,
        "warning: 2 lines were read and nothing was converted: no event is of a kind that is converted to xAPI by default; `explain` shows the events\n"
    );
}
