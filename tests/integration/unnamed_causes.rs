//! Lost events whose cause has no name of its own, causes that only count together, and damage that looks like the
//! beginning of other data.

use serde_json::{Value, json};

use crate::advice::assert_reads;
use crate::harness::{Ended, Run, gzip, line, lines};
use crate::lost_events::command_of_guide;

const OPTIONS: [&str; 2] = ["--quiet", "a.log"];

/// An event behind the prefix of the tracking logger.
fn marked(second: u32) -> String {
    format!("INFO 27 [tracking] [user 9] - {}", line(second).trim_end())
}

/// Two hundred events, of which all but the first few are changed.
fn mixed(whole: u32, change: impl Fn(&str) -> String) -> String {
    let events = (0..200).map(|nth| match nth < whole {
        true => marked(nth % 60) + "\n",
        false => change(&marked(nth % 60)) + "\n",
    });
    events.collect()
}

fn run(log: &str, arguments: &[&str]) -> Ended {
    let run = Run::transform().file("a.log", log).args(arguments);
    run.args(&OPTIONS).run().with_code(0)
}

#[test]
fn events_that_are_lost_for_any_cause_are_told_beside_events_that_are_read() {
    let in_text = |text: &str| {
        let text = text.to_owned();
        move |event: &str| event.replace("\"ada\"", &format!("\"ada{text}\""))
    };
    type Change = Box<dyn Fn(&str) -> String>;
    let changes: [(Change, &str); 5] = [
        (Box::new(in_text("\t")), ""),
        (Box::new(in_text(r"\x41")), ""),
        (Box::new(in_text(r"\ud83d\u0041")), ""),
        (Box::new(|event| event.replace('"', "&quot;")), ""),
        (
            Box::new(|event| event.replace("\"event\"", "\"payload\"")),
            "the line has neither",
        ),
    ];
    for (change, detail) in changes {
        for (whole, lost) in [(1, "199"), (150, "50")] {
            let log = mixed(whole, &change);
            let first = whole + 1;
            let stderr = run(&log, &[]).stderr;
            let start = format!(
                "warning: {lost} of 200 lines of `a.log` were not read although they seem to be events: in line {first}, {detail}"
            );
            assert!(stderr.starts_with(&start), "{stderr}");
            let end = "; `explain` shows what is wrong with each line\n";
            assert!(stderr.ends_with(end), "{stderr}");
        }
    }
}

#[test]
fn few_lost_events_and_the_lines_of_other_programs_have_no_warning() {
    let tabs = |event: &str| event.replace("ada", "a\tda");
    let requests = "GET /event_type?context=1 HTTP/1.1\n".repeat(300);
    let traces = "KeyError: 'event_type'\n{\"level\":\"info\",\"context\":{}}\n".repeat(300);
    for log in [
        mixed(198, tabs),
        mixed(191, tabs),
        mixed(200, str::to_owned) + &requests + &traces,
        lines(0..50) + &requests + &traces,
    ] {
        assert_eq!(run(&log, &[]).stderr, "");
    }
}

#[test]
fn a_single_line_of_a_known_kind_does_not_silence_other_causes() {
    let piece = json!({"log": marked(1)[..60], "stream": "stderr"}).to_string();
    let wrapped = json!({"log": marked(1), "level": "info"}).to_string();
    for (odd, lost, change) in [
        (piece, 199, ("ada", "a\tda")),
        (wrapped, 200, ("\"event\"", "\"payload\"")),
    ] {
        let log = mixed(1, |event| event.replace(change.0, change.1)) + &odd + "\n";
        let stderr = run(&log, &[]).stderr;
        let told = format!(
            "{lost} of 201 lines of `a.log` were not read although they seem to be events: in line 2, "
        );
        assert!(stderr.contains(&told), "{stderr}");
    }
}

#[test]
fn causes_that_are_rare_are_counted_together() {
    let log = mixed(190, |event| event.replace("ada", "a\tda"));
    let cut: String = (0..5)
        .map(|nth| marked(nth)[..150].to_owned() + "\n")
        .collect();
    let stderr = run(&(log + &cut), &[]).stderr;
    let start = "warning: 15 of 205 lines of `a.log` were not read although they seem to be events: in line 191, ";
    assert!(stderr.starts_with(start), "{stderr}");
}

#[test]
fn damage_in_the_new_lines_of_a_known_log_is_told_with_the_file() {
    let arguments = ["--quiet", "--state", "state", "-o", "out", "a.log"];
    let damaged = |count| (marked(7).replace("ada", "a\tda") + "\n").repeat(count);
    for (new, told) in [
        (
            damaged(20),
            "no new line of `a.log` is an event (20 lines): its lines are damaged or are not JSON: in line 4, ",
        ),
        (
            damaged(20) + &line(9),
            "20 of 21 lines of `a.log` were not read although",
        ),
        (
            "<p>404</p>\n".repeat(20),
            "no new line of `a.log` is an event (20 lines): ",
        ),
    ] {
        let log = lines(0..3);
        let first = Run::transform().file("a.log", &log).args(&arguments).run();
        first.directory.write("a.log", log + &new);
        let run = Run::transform().in_directory(&first.directory);
        let stderr = run.args(&arguments).run().with_code(0).stderr;
        assert!(stderr.starts_with("warning: "), "{stderr}");
        assert!(stderr.contains(told), "{stderr}");
        assert_eq!(stderr.lines().count(), 1, "{stderr}");
    }
}

#[test]
fn words_of_python_in_json_are_replaced_by_the_command_of_the_guide() {
    let log = mixed(20, |event| {
        let members = r#""host": None, "secure": True, "note": "None \" True", "#;
        event.replacen("\"name\"", &format!("{members}\"name\""), 1)
    });
    let ended = run(&log, &[]);
    let told = "180 of 200 lines of `a.log` were not read because they have True, False or None of Python in place of true, false or null: in line 21, ";
    assert!(ended.stderr.contains(told), "{}", ended.stderr);
    let advice = command_of_guide("True, False or None of Python");
    let shown = advice.trim_end_matches(" | event-router … -").to_owned();
    let run = Run::transform().file("a.log", &log);
    assert_reads(&run, &advice, 200, &shown);
}

#[test]
fn pieces_of_two_streams_are_joined_each_with_its_own() {
    let pad = format!(", \"pad\": \"{}\"}}\n", "x".repeat(17_000));
    let long = line(0).trim_end_matches(['}', '\n']).to_owned() + &pad;
    let (start, end) = long.split_at(16_384);
    let wrap = |text: &str, stream: &str| json!({"log": text, "stream": stream}).to_string() + "\n";
    let log = [
        wrap(start, "stderr"),
        wrap("GET /x 200\n", "stdout"),
        wrap(end, "stderr"),
        wrap(&line(1), "stderr"),
        "no JSON\n17\n".to_owned(),
    ]
    .concat();
    let run = Run::transform().file("a.log", &log);
    let ended = run.args(&["--unwrap", "log", "a.log"]).run().with_code(0);
    assert_eq!(ended.count("emitted"), 2);
}

#[test]
fn events_deep_in_other_json_are_read_by_the_command_that_is_told() {
    use base64::Engine;
    let in_base64 = |text: String| base64::engine::general_purpose::STANDARD.encode(text);
    type Wrap = fn(Value) -> Value;
    let wraps: [(Wrap, bool, &str); 3] = [
        (
            |text| json!({"resourceLogs": [{"scopeLogs": [{"logRecords": [{"body": {"stringValue": text}}]}]}]}),
            false,
            "--unwrap resourceLogs.scopeLogs.logRecords.body.stringValue",
        ),
        (
            |text| json!({"Records": [{"kinesis": {"data": text}}]}),
            true,
            "jq -cr '.Records[].kinesis.data | @base64d' a.log",
        ),
        (
            |text| json!({"message": {"data": text, "messageId": "7"}}),
            true,
            "jq -cr '.message.data | @base64d' a.log",
        ),
    ];
    for (wrap, is_encoded, expected) in wraps {
        let events = (1..4).map(|nth| match is_encoded {
            true => wrap(in_base64(marked(nth)).into()),
            false => wrap(marked(nth).into()),
        });
        let log: String = events.map(|event| event.to_string() + "\n").collect();
        let ended = run(&log, &[]);
        let advice = ended.stderr.trim_end().rsplit('`').nth(1).expect("advice");
        let run = Run::transform().file("a.log", &log);
        assert_reads(&run, advice, 3, expected);
    }
}

#[test]
fn a_key_of_unwrap_that_no_line_has_is_named() {
    let log = "{\"level\":\"info\",\"text\":\"gunicorn\"}\n".repeat(3);
    let stderr = run(&log, &["--unwrap", "msg"]).stderr;
    let told = "its lines are JSON objects and have no key `msg`; if they hold log lines at another key, read these with `--unwrap KEY`\n";
    assert!(stderr.ends_with(told), "{stderr}");
    let long = json!({"k".repeat(100_000): line(1)}).to_string() + "\n";
    let stderr = run(&long.repeat(3), &[]).stderr;
    assert!(!stderr.is_empty() && stderr.len() < 1_000, "{stderr}");
}

#[test]
fn a_damaged_line_with_the_mark_of_other_data_does_not_end_a_log() {
    for damaged in [
        &b"\x7fELF\x02\x01\x01"[..],
        b"PK\x03\x04\x14\0\0\0\x08",
        b"\x28\xb5\x2f\xfd\x24\x0b\x59\0\0",
        b"\xfd7zXZ\0\0\x04\xe6\xd6\xb4\x46",
        b"\x04\x22\x4d\x18\x64\x40\xa7\x01\x02",
    ] {
        let log = [
            lines(0..3).as_bytes(),
            damaged,
            b"\n",
            lines(3..6).as_bytes(),
        ]
        .concat();
        let run = Run::transform().file("a.log", log).args(&["a.log"]);
        let ended = run.run().with_code(0);
        assert_eq!((ended.count("lines"), ended.count("emitted")), (7, 6));
    }
}

#[test]
fn an_encrypted_text_after_a_log_is_an_error() {
    let armored = format!(
        "-----BEGIN PGP MESSAGE-----\n\n{}\n=AbCd\n-----END PGP MESSAGE-----\n",
        "hQEMA1Q2Z0k8c7d+AQf/YhJ8Zk0x5jM7r2Qk3y1b9vXw8uT6sR5qP4oN3mL2kJ1i\n".repeat(40)
    );
    for (text, packed) in [
        (lines(0..3), false),
        (lines(0..3), true),
        (marked(1) + "\n", false),
    ] {
        let events = text.lines().count() as u64;
        let bytes = text.clone() + &armored;
        let bytes = if packed { gzip(bytes) } else { bytes.into() };
        let ended = Run::transform().file("a.log", bytes).args(&["a.log"]).run();
        assert_eq!((ended.code, ended.count("emitted")), (3, events));
        let at = text.len() + 1;
        ended.assert_stderr(&format!(
            "encrypted with OpenPGP begins at byte {at}, after "
        ));
    }
    // The text of a message without its body is no data.
    let log = lines(0..3) + "-----BEGIN PGP MESSAGE-----\n" + &lines(3..6);
    let ended = run(&log, &[]);
    assert_eq!(
        ended.stdout.iter().filter(|byte| **byte == b'\n').count(),
        6
    );
}

/// Follows the advice about data after text, twice, and reads the folder with and without a state directory.
#[test]
fn the_commands_about_data_after_text_keep_the_file_and_can_be_run_twice() {
    for (name, state) in [
        ("a.log", &[][..]),
        ("a.log", &["--state", "state"]),
        ("a.log.gz", &[]),
    ] {
        let bytes = [lines(0..3).as_bytes(), &gzip(lines(3..9))].concat();
        let bytes = if name == "a.log.gz" {
            gzip(&bytes)
        } else {
            bytes
        };
        let arguments = [state, &["-o", "out", "logs"]].concat();
        let run = Run::transform()
            .after_shell("mkdir logs")
            .file(&format!("logs/{name}"), &bytes);
        let first = run.args(&arguments).run();
        let told = first.stderr.split_once("; run `").expect("advice").1;
        let script = told.split('`').next().unwrap();
        let script = script.replace(&format!("logs/{name}"), name);
        for script in [&script, &script, &format!("mv {name} ..")] {
            let mut shell = std::process::Command::new("sh");
            shell
                .args(["-c", script])
                .current_dir(first.directory.path("logs"));
            assert!(shell.status().unwrap().success(), "{script}");
        }
        assert_eq!(first.directory.read(name), bytes);
        let again = Run::transform().in_directory(&first.directory);
        let ended = again.args(&arguments).run().with_code(0);
        let events = if state.is_empty() { 9 } else { 6 };
        assert_eq!(ended.count("emitted"), events, "{}", ended.stderr);
    }
}

#[test]
fn users_and_courses_that_together_reject_most_events_are_told() {
    let users = "id,username,email,xapi_id,caliper_id\n7,ada,ada@example.org,e7f6b0d2-1111-4111-8111-111111111111,\n";
    let courses = "course_id,display_name\ncourse-v1:a+b+c,A\n";
    let of_user: String = (0..4).map(|nth| line(nth).replace("ada", "eve")).collect();
    let of_course: String = (0..4)
        .map(|nth| line(nth).replace("course-v1:a+b+c", "course-v1:x+y+z"))
        .collect();
    let stderr = Run::transform()
        .file("users.csv", users)
        .file("courses.csv", courses)
        .file("a.log", lines(0..2) + &of_user + &of_course)
        .args(&["--users", "users.csv", "--courses", "courses.csv", "a.log"])
        .run()
        .stderr;
    let told = "warning: 8 of 10 events name a user that is not in `users.csv` (4), or a course that is not in `courses.csv` (4): export the tables again";
    assert!(stderr.contains(told), "{stderr}");
}

#[test]
fn a_course_that_another_value_matches_is_not_suggested_and_no_worse_one_either() {
    let botany = "course-v1:DemoX+Botany+2024";
    let of_course = |id: &str| lines(0..3).replace("course-v1:a+b+c", id);
    let log = of_course(botany) + &of_course("course-v1:DemoX+None+2024");
    for (values, told) in [
        (
            format!("course-v1:DemoX+Botny+2024,{botany}"),
            "no event matched `--course course-v1:DemoX+Botny+2024`\n",
        ),
        (
            format!("demox*,{botany}"),
            "no event matched `--course demox*`; did you mean `course-v1:DemoX*`?\n",
        ),
    ] {
        let run = Run::transform().file("a.log", &log);
        let stderr = run.args(&["--course", &values, "a.log"]).run().stderr;
        assert!(stderr.contains(told), "{stderr}");
    }
}

#[test]
fn a_log_that_is_given_as_a_list_of_files_is_named_without_its_lines() {
    let run = Run::transform().file("a.log", lines(0..3));
    let ended = run.args(&["--files-from", "a.log"]).run();
    assert_ne!(ended.code, 0);
    ended.assert_stderr(
        "`a.log` is a log, not a list of files: give it as an input, without `--files-from`",
    );
    ended.assert_not_stderr("ada");
}

#[test]
fn rows_for_clickhouse_are_recognized_as_output() {
    let row = json!({"event_id": "x", "emission_time": "2024-03-05 09:00:00.000000", "event": "{\"actor\":{}}"});
    let stderr = run(&format!("{row}\n{row}\n"), &[]).stderr;
    let told = "its lines are the output of a conversion; leave it out";
    assert!(stderr.contains(told), "{stderr}");
}
