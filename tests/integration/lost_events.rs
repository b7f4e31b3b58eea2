//! Events that are lost for one cause beside events that are read: a warning names the cause, the number of lines and a
//! command that reads them. The commands are followed as they are printed.

use base64::Engine;
use base64::engine::general_purpose::{STANDARD, URL_SAFE_NO_PAD};
use serde_json::{Value, json};

use crate::advice::{assert_reads, docker};
use crate::harness::{Run, gzip, line, lines};

/// An event whose payload is a text with quotes, as browsers send it, in the form in which the LMS writes events.
fn event(second: u32) -> String {
    let payload = json!({"id": "größe", "currentTime": 3.5, "duration": 60});
    let event = json!({
        "name": "play_video",
        "username": "ada",
        "event_type": "play_video",
        "event_source": "browser",
        "context": {"course_id": "course-v1:a+b+c"},
        "event": payload.to_string(),
        "page": null,
        "time": format!("2024-03-05T09:00:{second:02}.000000+00:00"),
    });
    event.to_string()
}

/// Sixty lines of which forty are in another form.
fn mixed(form: impl Fn(&str) -> Vec<u8>) -> Vec<u8> {
    let events = (0..60).map(|second| match second {
        0..20 => event(second).into_bytes(),
        _ => form(&event(second)),
    });
    let lines = events.map(|line| [&line[..], b"\n"].concat());
    lines.collect::<Vec<_>>().concat()
}

/// Returns the only line that a run prints.
#[track_caller]
fn warning(log: &[u8], arguments: &[&str]) -> (Run, String) {
    let run = Run::transform().file("a.log", log).args(arguments);
    let stderr = run.args(&["--quiet", "a.log"]).run().with_code(0).stderr;
    assert_eq!(stderr.lines().count(), 1, "{stderr}");
    (Run::transform().file("a.log", log), stderr)
}

/// Returns the command of the guide for lines of this form, as advice to read them.
#[track_caller]
pub fn command_of_guide(form: &str) -> String {
    let page = include_str!("../../src/guide/other_forms.md");
    let rest = page
        .split_once(&format!("**{form}**"))
        .map(|(_, rest)| rest);
    let rest = rest.and_then(|rest| rest.split_once("```sh\n"));
    let command = rest.and_then(|(_, rest)| rest.split(" > readable.log\n```").next());
    let command = command.unwrap_or_else(|| panic!("no command: {form}"));
    format!(
        "{} | event-router … -",
        command.replace("changed.log", "a.log")
    )
}

/// Returns the command in a warning, or the command of the guide for lines of this form.
#[track_caller]
fn command_for(stderr: &str, form: &str) -> String {
    let end = "; convert them first, as *Lines in other forms* in the guide shows\n";
    match form {
        "" => command(stderr),
        _ => {
            assert!(stderr.ends_with(end), "{stderr}");
            command_of_guide(form)
        }
    }
}

/// Returns the command in a warning.
#[track_caller]
fn command(stderr: &str) -> String {
    let rest = stderr.split("read it with `").nth(1);
    let command = rest.and_then(|rest| rest.split(" | event-router … -`").next());
    let command = command.unwrap_or_else(|| panic!("no command: {stderr}"));
    format!("{command} | event-router … -")
}

fn percent_encoded(text: &str) -> String {
    let encode = |byte: u8| match byte {
        b' ' => "+".to_owned(),
        byte if byte.is_ascii_alphanumeric() || byte == b'_' => char::from(byte).to_string(),
        byte => format!("%{byte:02X}"),
    };
    text.bytes().map(encode).collect()
}

/// An object as Python prints it.
fn python(text: &str) -> String {
    let event: Value = serde_json::from_str(text).unwrap();
    let members = event.as_object().unwrap().iter();
    let members = members.map(|(key, value)| match value {
        Value::Null => format!("'{key}': None"),
        Value::Object(_) => format!("'{key}': {}", value.to_string().replace('"', "'")),
        _ => format!("'{key}': '{}'", value.as_str().unwrap()),
    });
    format!("{{{}}}", members.collect::<Vec<_>>().join(", "))
}

#[test]
fn lines_lost_for_one_cause_are_told_with_a_command_that_reads_them() {
    let of = |text: String| text.into_bytes();
    // A command reads all lines if it keeps those that were read already.
    for (log, cause, events, form) in [
        (
            mixed(|text| of(format!("INFO [tracking] - {}", python(text)))),
            "are objects as Python prints them, and not JSON: in line 21, expected a key in double quotes at byte 20",
            40,
            "Objects as Python prints them",
        ),
        (
            mixed(|text| of(text.replace('\\', "\\\\").replace('"', "\\\""))),
            "have a backslash before each quote, as in a JSON text: in line 21, ",
            60,
            "A backslash before each quote",
        ),
        (
            mixed(|text| of(format!("1;\"{}\";x", text.replace('"', "\"\"")))),
            "are CSV: in line 21, ",
            40,
            "CSV",
        ),
        (
            mixed(|text| of(text.replace('\\', "\\\\\\\\"))),
            "have backslashes that were doubled twice: in line 21, ",
            60,
            "",
        ),
        (
            mixed(|text| of(text.replace('\\', "#134"))),
            "have `#134` in place of each backslash, as syslog writes it: in line 21, ",
            60,
            "",
        ),
        (
            mixed(|text| of(STANDARD.encode(text))),
            "are JSON in base64: in line 21, ",
            40,
            "JSON in base64",
        ),
        (
            mixed(|text| of(URL_SAFE_NO_PAD.encode(format!("INFO [tracking] - {text}")))),
            "are JSON in base64: in line 21, ",
            40,
            "JSON in base64",
        ),
        (
            mixed(|text| of(STANDARD.encode(gzip(text)))),
            "are gzip data in base64: in line 21, ",
            40,
            "Gzip data in base64",
        ),
        (
            mixed(|text| of(percent_encoded(text))),
            "are encoded as in a URL: in line 21, ",
            40,
            "Encoded as in a URL",
        ),
    ] {
        let (run, stderr) = warning(&log, &[]);
        let start =
            format!("warning: 40 of 60 lines of `a.log` were not read because they {cause}");
        assert!(stderr.starts_with(&start), "{stderr}");
        let advice = command_for(&stderr, form);
        let shown = advice.trim_end_matches(" | event-router … -").to_owned();
        assert_reads(&run, &advice, events, &shown);
    }
}

#[test]
fn events_in_another_encoding_are_told() {
    let latin = |text: &str| text.chars().map(|c| c as u8).collect::<Vec<u8>>();
    let (run, stderr) = warning(&mixed(latin), &[]);
    let start = "warning: 40 of 60 lines of `a.log` were not read because they are not UTF-8: in line 21, byte ";
    assert!(stderr.starts_with(start), "{stderr}");
    let end = "where ENCODING is the encoding of the log, such as WINDOWS-1252\n";
    assert!(stderr.ends_with(end), "{stderr}");
    let advice = command(&stderr).replace("ENCODING", "WINDOWS-1252");
    assert_reads(&run, &advice, 60, "iconv -f WINDOWS-1252 -t UTF-8 a.log");
}

#[test]
fn what_cannot_be_read_again_is_told_with_its_cause() {
    let cut = mixed(|text| text.as_bytes()[..200].to_vec());
    let lost = mixed(|text| text.replace('\\', "").into_bytes());
    for (log, told) in [
        (
            cut,
            "are cut off: in line 21, the line is cut off within the JSON object that begins at byte 1; find out what cut them",
        ),
        (
            lost,
            "have lost the backslashes before quotes: in line 21, expected `,` or `}` at byte ",
        ),
    ] {
        let (_, stderr) = warning(&log, &[]);
        let start = format!("warning: 40 of 60 lines of `a.log` were not read because they {told}");
        assert!(stderr.starts_with(&start), "{stderr}");
    }
}

#[test]
fn encoded_events_behind_many_other_lines_are_not_left_out() {
    let request = "192.0.2.1 - - [05/Mar/2024:09:14:07 +0000] \"GET / HTTP/1.1\" 200 5\n";
    for (encode, cause, form) in [
        (
            percent_encoded as fn(&str) -> String,
            "are encoded as in a URL",
            "Encoded as in a URL",
        ),
        (
            |text| STANDARD.encode(text),
            "are JSON in base64",
            "JSON in base64",
        ),
        (
            |text| STANDARD.encode(gzip(text)),
            "are gzip data in base64",
            "Gzip data in base64",
        ),
    ] {
        let encoded: String = (0..30).map(|nth| encode(&event(nth)) + "\n").collect();
        let log = request.repeat(20_000) + &encoded;
        let (run, stderr) = warning(log.as_bytes(), &[]);
        let cause =
            format!("is an event (20,030 lines): its lines {cause}; convert them first, as ");
        assert!(stderr.contains(&cause), "{stderr}");
        if !cause.contains("gzip") {
            let advice = command_for(&stderr, form);
            let shown = advice.trim_end_matches(" | event-router … -").to_owned();
            assert_reads(&run, &advice, 30, &shown);
        }
    }
}

#[test]
fn a_few_damaged_lines_among_many_events_have_no_warning() {
    let cut = &event(1)[..200];
    let events: String = (0..300).map(|nth| event(nth % 60) + "\n").collect();
    let noise = "WARN caf\u{e9}: KeyError: 'context'\nTraceback \"event_type\"\n".repeat(200);
    for (log, is_told) in [
        (events.clone() + &format!("{cut}\n").repeat(9), false),
        (events.clone() + &format!("{cut}\n").repeat(10), true),
        (event(1) + "\n" + &format!("{cut}\n").repeat(2), true),
        (format!("{}{cut}\n", event(2) + "\n"), false),
        (events.repeat(40) + &format!("{cut}\n").repeat(99), false),
        (events.repeat(40) + &format!("{cut}\n").repeat(100), true),
        (format!("INFO [tracking] - {events}{noise}"), false),
    ] {
        let run = Run::transform().file("a.log", log);
        let stderr = run.args(&["--quiet", "a.log"]).run().with_code(0).stderr;
        assert_eq!(!stderr.is_empty(), is_told, "{stderr}");
    }
}

#[test]
fn few_lost_events_of_a_live_log_have_no_warning() {
    let arguments = ["--quiet", "--state", "state", "-o", "out", "a.log"];
    let cut = event(1)[..200].to_owned() + "\n";
    let mut log = lines(1..4);
    let first = Run::transform().file("a.log", &log).args(&arguments);
    let first = first.run().with_code(0);
    for (lost, is_told) in [(3, false), (9, false), (10, true)] {
        log += &(line(5) + &cut.repeat(lost));
        first.directory.write("a.log", &log);
        let run = Run::transform().in_directory(&first.directory);
        let stderr = run.args(&arguments).run().with_code(0).stderr;
        assert_eq!(!stderr.is_empty(), is_told, "{stderr}");
    }
}

#[test]
fn wrapped_events_among_plain_ones_are_told() {
    let log = (0..10).map(|_| lines(0..50)).collect::<String>();
    let (_, stderr) = warning((log.clone() + &docker("log", 0..10)).as_bytes(), &[]);
    let start = "warning: 10 of 510 lines of `a.log` were not read because their events are at the key `log`";
    assert!(stderr.starts_with(start), "{stderr}");
    let run = Run::transform().file("a.log", log + &docker("log", 0..5));
    assert_eq!(run.args(&["--quiet", "a.log"]).run().stderr, "");
}

/// The lines of a container in which events above 16 KiB come in pieces.
fn in_pieces(long: std::ops::Range<u32>, wrap: impl Fn(&str, bool) -> String) -> String {
    let all = (0..6).map(|second| {
        let mut text = event(second);
        if long.contains(&second) {
            let pad = format!(", \"pad\": \"{}\"}}", "x".repeat(40_000));
            text = text.trim_end_matches('}').to_owned() + &pad;
        }
        let pieces: Vec<&[u8]> = text.as_bytes().chunks(16_384).collect();
        let last = pieces.len() - 1;
        let pieces = pieces.into_iter().enumerate();
        let pieces = pieces
            .map(|(nth, piece)| wrap(std::str::from_utf8(piece).unwrap(), nth == last) + "\n");
        pieces.collect::<String>()
    });
    all.collect()
}

#[test]
fn pieces_of_long_events_are_named_with_the_option_that_joins_them() {
    let docker = |text: &str, is_last| {
        let end = if is_last { "\n" } else { "" };
        json!({"log": format!("{text}{end}"), "stream": "stdout", "time": ""}).to_string()
    };
    let cri = |text: &str, is_last| {
        let tag = if is_last { 'F' } else { 'P' };
        format!("2024-03-05T08:00:46.8Z stdout {tag} {text}")
    };
    for (log, told) in [
        (
            in_pieces(0..6, docker),
            "6 of 18 lines of `a.log` are the first pieces of longer events, which were not read: Docker cuts lines above 16 KiB, first in line 1; ",
        ),
        (
            in_pieces(5..6, cri),
            "1 of 8 lines of `a.log` is the first piece of a longer event, which was not read: the container runtime cuts long lines and marks the pieces with `P`, first in line 6; ",
        ),
    ] {
        let (_, stderr) = warning(log.as_bytes(), &[]);
        let advice = "read them with `--unwrap auto`\n";
        assert_eq!(stderr, format!("warning: {told}{advice}"));
        let run = Run::transform().file("a.log", log);
        let ended = run.args(&["--unwrap", "auto", "a.log"]).run();
        assert_eq!(ended.with_code(0).count("emitted"), 6);
    }
}
