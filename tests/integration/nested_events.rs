//! Lines that are read as events without a known name, beside events: each wraps an event, or has lost its name.

use serde_json::{Value, json};

use crate::advice::assert_reads;
use crate::harness::{Run, line, lines};

fn event(nth: u32) -> Value {
    let mut event: Value = serde_json::from_str(&line(nth)).unwrap();
    event["event_type"] = json!("play_video");
    event["event_source"] = json!("browser");
    event
}

fn plain() -> String {
    (0..20).map(|nth| format!("{}\n", event(nth))).collect()
}

#[test]
fn wrapped_events_are_reported_also_if_the_object_around_them_has_a_name_or_other_keys_of_events() {
    let text = |nth| {
        format!(
            "2024-03-05 09:00:00,000 INFO 7 [tracking] logger.py:41 - {}",
            event(nth)
        )
    };
    type Wrap<'a> = &'a dyn Fn(u32) -> Value;
    let forms: [(&str, Wrap<'_>); 6] = [
        (
            "event",
            &|nth| json!({"event": event(nth), "name": "tracking", "time": "2024"}),
        ),
        (
            "event",
            &|nth| json!({"event": text(nth), "name": "tracking", "levelname": "INFO"}),
        ),
        (
            "data",
            &|nth| json!({"data": event(nth).to_string(), "type": "x", "name": "eventtracking"}),
        ),
        (
            "event",
            &|nth| json!({"event": event(nth), "event_type": "log"}),
        ),
        (
            "event",
            &|nth| json!({"event": event(nth), "context": {"host": "h"}, "severity": "info"}),
        ),
        (
            "event",
            &|nth| json!({"event": text(nth), "event_source": "app", "name": "tracking"}),
        ),
    ];
    for (key, wrap) in forms {
        let wrapped: String = (20..50).map(|nth| format!("{}\n", wrap(nth))).collect();
        let log = plain() + &wrapped;
        let run = Run::transform()
            .file("a.log", &log)
            .args(&["--quiet", "a.log"]);
        let ended = run.run().with_code(0);
        ended.assert_stderr(&format!(
            "30 of 50 lines of `a.log` were not read because their events are at the key `{key}`; read it with `jq "
        ));
        let command = ended.stderr.split('`').find(|text| text.starts_with("jq "));
        let command = command.unwrap();
        let expected = command.strip_suffix(" | event-router … -").unwrap();
        assert_reads(&Run::transform().file("a.log", log), command, 50, expected);
    }
}

#[test]
fn events_with_neither_a_name_nor_an_event_type_are_reported() {
    let nameless = |by_type: Value| -> String {
        let lines = (20..50).map(|nth| {
            let mut event = event(nth);
            event.as_object_mut().unwrap().remove("name");
            event["event_type"] = by_type.clone();
            format!("{event}\n")
        });
        lines.collect()
    };
    for by_type in [json!(null), json!("")] {
        let nameless = nameless(by_type);
        for (log, lines) in [(plain() + &nameless, 50), (nameless.clone(), 30)] {
            let ended = Run::transform().stdin(&log).args(&["-", "--quiet"]).run();
            ended.assert_stderr(&format!(
                "30 of {lines} lines of `-` were not converted because they are events with neither `name` nor `event_type`"
            ));
        }
    }
    // The messages of other programs may have a context, too.
    let of_others = format!(
        "{}\n",
        json!({"event": "started", "context": {"host": "h"}})
    )
    .repeat(30);
    let ended = Run::transform()
        .stdin(plain() + &of_others)
        .args(&["-"])
        .run();
    ended.assert_not_stderr("neither");
}

#[test]
fn a_few_events_without_a_name_in_a_short_log_have_no_warning() {
    let event_without_name = line(60).replace("\"name\"", "\"event_type\"");
    for (plain, nameless, is_told) in [(58, 1, false), (58, 10, true), (5, 1, true), (0, 1, true)] {
        let log = lines(0..plain) + &event_without_name.repeat(nameless);
        let ended = Run::transform().stdin(log).args(&["-", "--quiet"]).run();
        let told = ended.stderr.contains("no name but an event_type");
        assert_eq!(told, is_told, "{plain} {}", ended.stderr);
    }
}
