//! Inputs without an event, and inputs whose lines are lost because of their framing: each has a warning that names the
//! cause and a remedy, even with `--quiet`.

use serde_json::{Value, json};

use crate::harness::{Ended, Run, line, lines};
use crate::inputs::seconds;

/// Runs with one input, and checks that the only warning starts with `warning`.
#[track_caller]
pub fn warned(name: &str, bytes: impl AsRef<[u8]>, arguments: &[&str], warning: &str) -> Ended {
    let run = Run::transform()
        .file(name, bytes)
        .args(&["--quiet", "--report", "report.json"])
        .args(arguments);
    let ended = run.args(&[name]).run().with_code(0);
    let shown = ended.stderr.trim_end();
    assert!(
        shown.starts_with(&format!("warning: {warning}")) && !shown.contains('\n'),
        "{shown}"
    );
    let input = &ended.report()["inputs"][0];
    assert_eq!(input["warnings"], json!([shown.strip_prefix("warning: ")]));
    ended
}

pub fn indented(line: &str) -> String {
    let event: Value = serde_json::from_str(line).unwrap();
    serde_json::to_string_pretty(&event).unwrap() + "\n"
}

fn array(of: impl Iterator<Item = String>) -> String {
    let lines: Vec<String> = of.map(|line| line.trim_end().to_owned()).collect();
    format!("[\n{}\n]\n", lines.join(",\n"))
}

/// The advice about records that are not one a line.
const AS_JSON: &str = "read it with `--framing json`";

#[test]
fn with_the_framing_lines_an_array_with_one_element_a_line_is_told() {
    let at = line(1).trim_end().len() + 1;
    for name in ["a.log", "a.json"] {
        let ended = warned(
            name,
            array((1..4).map(line)),
            &["--framing", "lines"],
            &format!(
                "2 of 5 lines of `{name}` were not read because each is a part of a JSON array: in line 2, a comma follows the object at byte {at}; {AS_JSON}"
            ),
        );
        assert_eq!(seconds(&ended.stdout), [3.0]);
    }
}

#[test]
fn with_the_framing_lines_events_over_several_lines_are_told_with_the_position() {
    let array = array((1..4).map(|nth| indented(&line(nth))));
    let first = indented(&line(1));
    let (byte, newlines) = (first.len() + 1, first.lines().count());
    let several = first.clone() + &indented(&line(2));
    let second = format!(
        ": a second object begins at byte {byte}, in line {}",
        newlines + 1
    );
    let bracket = ": a JSON array begins in line 1".to_owned();
    for (text, position) in [(several, second), (array, bracket)] {
        let cause = format!("its objects are laid out over several lines{position}");
        let lines = text.lines().count();
        warned(
            "a.log",
            text,
            &["--framing", "lines"],
            &format!("no line of `a.log` is an event ({lines} lines): {cause}; {AS_JSON}"),
        );
    }
}

#[test]
fn with_the_framing_lines_records_run_together_are_told_with_the_position_of_the_second() {
    let [first, second, third] = [1, 2, 3].map(|nth| line(nth).trim_end().to_owned());
    let cut = &first[..first.len() - 30];
    for (text, byte) in [
        (format!("{first}{second}\n{third}\n"), first.len() + 1),
        (
            format!("INFO - {first}INFO - {second}\n{third}\n"),
            first.len() + 15,
        ),
        (format!("{cut}INFO - {second}\n{third}\n"), cut.len() + 8),
        (format!("{first}{cut}\n{third}\n"), first.len() + 1),
    ] {
        let ended = warned(
            "a.log",
            &text,
            &["--framing", "lines"],
            &format!(
                "1 of 2 lines of `a.log` was not read because it holds several objects: in line 1, a second object begins at byte {byte}; {AS_JSON}"
            ),
        );
        assert_eq!(seconds(&ended.stdout), [3.0]);
        let explained = Run::explain().file("a.log", text);
        let explained = explained.args(&["--framing", "lines", "a.log"]).run();
        let row = &explained.with_code(0).rows()[0];
        assert_eq!(row["reason"], "not-json");
        assert_eq!(
            row["detail"],
            format!("a second object begins at byte {byte}")
        );
    }
}

#[test]
fn an_input_without_an_event_has_a_warning_with_its_most_likely_cause() {
    let request = r#"192.0.2.1 - - [05/Mar/2024:09:14:07 +0000] "GET /dashboard HTTP/1.1" 200 5120 "-" "Mozilla/5.0""#;
    let logged =
        |key: &str| json!({"level": "info", key: format!("INFO - {}", line(1))}).to_string();
    for (text, arguments, cause) in [
        (
            format!("{request}\n").repeat(500),
            &[][..],
            "it is the log of a web server; leave it out",
        ),
        (
            logged("event") + "\n" + &logged("event"),
            &[],
            "the events are at the key `event`; read them with `--unwrap event`",
        ),
        (
            format!(r#"{{"0":{},"1":{}}}"#, line(1).trim_end(), line(2).trim_end()).replace("username", "event_source"),
            &[],
            "the events are at `.[]`; read it with `jq -cr '.[]' a.log | event-router … -`",
        ),
        (
            line(1).replace("\"play", "\"\u{1b}[31mplay"),
            &[],
            "its lines have escape sequences for colours, as `grep --color=always` and `jq -C` write them: in line 1, unescaped control",
        ),
        (
            "eyJuYW1lIjogInBsYXlfdmlkZW8iLCAiY29udGV4dCI6IHsidXNlcl9pZCI6IDksICJjb3Vyc2Vf\naWQiOiAiY291cnNl\n".to_owned(),
            &[],
            "its lines are a file in base64; read it with `base64 -d a.log | event-router … -`",
        ),
        (
            line(1).replace('"', "\u{201c}"),
            &[],
            "its lines are not JSON; leave it out",
        ),
        (
            logged("log"),
            &["--unwrap", "message"],
            "the events are at the key `log`; read them with `--unwrap log`",
        ),
        (
            "starting gunicorn\n".repeat(5) + &logged("log"),
            &[],
            "the events are at the key `log`; read them with `--unwrap log`",
        ),
        (
            logged("event.original"),
            &[],
            "the events are at the key `event.original`; read them with `--unwrap event.original`",
        ),
        (
            json!({"logEvents": [{"message": line(1)}]}).to_string(),
            &[],
            "the events are at the key `logEvents.message`; read them with `--unwrap logEvents.message`",
        ),
        (
            line(1) + &line(2),
            &["--unwrap", "log"],
            "its lines are not wrapped; remove `--unwrap`",
        ),
        (
            json!({"level": "info"}).to_string(),
            &[],
            "its lines are JSON objects of another kind; if they hold log lines at a key, read these with `--unwrap KEY`",
        ),
        (
            "<?xml version=\"1.0\"?>\n<Error><Code>AccessDenied</Code></Error>\n".to_owned(),
            &[],
            "it is HTML or XML",
        ),
        ("a line\n".to_owned(), &[], "its lines are not JSON"),
        ("\0\0\0".to_owned(), &[], "it has only NUL bytes"),
        (
            line(1),
            &["--max-line-bytes", "9"],
            "its lines are too long; raise `--max-line-bytes`",
        ),
    ] {
        let count = text.lines().count();
        let plural = if count == 1 { "" } else { "s" };
        let warning = format!("no line of `a.log` is an event ({count} line{plural}): {cause}");
        warned("a.log", text, arguments, &warning);
    }
    let latin = b"\xfcber\n".repeat(3);
    warned(
        "a.log",
        latin,
        &[],
        "no line of `a.log` is an event (3 lines): it is not UTF-8; if it is text in another encoding, read it with `iconv",
    );
    let binary = b"\xfc\0bcd\n".repeat(3);
    warned(
        "a.log",
        binary,
        &[],
        "no line of `a.log` is an event (3 lines): it is binary data",
    );
    let document = indented(&line(1)).replace("\"event\":", "\"payload\":");
    warned(
        "a.json",
        document,
        &[],
        "the document `a.json` is no event: its lines are JSON objects of another kind",
    );
}

#[test]
fn lines_with_nul_bytes_have_a_detail_of_their_own() {
    let second = line(2);
    let wide = second.encode_utf16().flat_map(u16::to_le_bytes);
    let text = [line(1).into_bytes(), wide.collect(), b"\n\0\0\0".to_vec()].concat();
    let rows = Run::explain().stdin(text).args(&["-"]).run().rows();
    let details = rows
        .iter()
        .map(|row| row["detail"].as_str().unwrap_or_default());
    let details: Vec<&str> = details.collect();
    assert!(
        details[1].ends_with(", since the line has NUL bytes, as text in UTF-16 has"),
        "{details:?}"
    );
    assert_eq!(
        details.last(),
        Some(&"the line has only NUL bytes, as after a log was truncated in place")
    );
}

#[test]
fn inputs_with_an_event_have_no_warning() {
    let nameless = line(1).replace("\"name\": \"play_video\", ", "");
    let rejected = line(1).replace("ada", "");
    let noise = "starting gunicorn\n".repeat(200);
    let page_close = line(1).replace("play_video", "page_close");
    let by_default = "no event is of a kind that is converted to xAPI by default; ";
    for (text, stderr) in [
        (noise.clone() + &line(1), String::new()),
        (
            noise.clone() + &rejected,
            "201 lines were read and nothing was converted: the only event was rejected (no-user 1) because the event names no user; `explain` shows the details".to_owned(),
        ),
        (
            noise.clone() + &nameless,
            format!("201 lines were read and nothing was converted: {by_default}`explain` shows the events"),
        ),
        (
            nameless.repeat(300),
            format!("300 lines were read and nothing was converted: {by_default}`explain` shows the events"),
        ),
        (
            page_close,
            format!("1 line was read and nothing was converted: {by_default}`--verbose` lists the kinds, and `--events all` adds a few"),
        ),
        (String::new(), String::new()),
        ("\n\n".to_owned(), String::new()),
        (
            format!("[\n{}\n,{}\n]\n", line(1).trim_end(), line(2).trim_end()),
            String::new(),
        ),
    ] {
        let run = Run::transform().stdin(&text).args(&["--quiet", "-"]);
        let stderr = match stderr.as_str() {
            "" => String::new(),
            warning => format!("warning: {warning}\n"),
        };
        assert_eq!(run.run().with_code(0).stderr, stderr);
    }
}

#[test]
fn the_lines_that_a_resumed_input_got_later_need_not_be_events() {
    let run = Run::transform().file("a.log", line(1));
    let arguments = ["--quiet", "--state", "state", "-o", "out", "a.log"];
    let first = run.args(&arguments).run().with_code(0);
    first.directory.write("a.log", line(1) + "no event\n");
    let again = Run::transform().in_directory(&first.directory);
    let ended = again.args(&arguments).run().with_code(0);
    assert_eq!(
        ended.stderr,
        "warning: 1 line was read and nothing was converted: no line is an event (not-json 1); `explain` shows what is wrong with each line\n"
    );
}

#[test]
fn warnings_do_not_depend_on_batches_and_are_limited() {
    let noise = "a line\n".repeat(200_000);
    for threads in ["1", "3"] {
        let ended = warned(
            "a.log",
            &noise,
            &["--threads", threads],
            "no line of `a.log` is an event (200,000 lines): its lines are not JSON",
        );
        assert_eq!(ended.stdout, b"");
        let many = lines(1..4000) + &format!("{},\n", line(1).trim_end()) + &lines(1..4000);
        warned(
            "a.log",
            many,
            &["--threads", threads, "--framing", "lines"],
            "1 of 7,999 lines of `a.log` was not read because it is a part of a JSON array: in line 4000, ",
        );
    }
    let mut run = Run::transform();
    for nth in 0..25 {
        run = run.file(&format!("logs/{nth}.log"), "a line\n");
    }
    let ended = run.args(&["--quiet", "logs"]).run().with_code(0);
    assert_eq!(ended.stderr.lines().count(), 22);
    ended.assert_stderr("warning: 5 more inputs have such warnings");
}
