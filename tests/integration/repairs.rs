//! Repairs give old events the records that the reference makes of the same events in the form of today.

use std::collections::{BTreeMap, BTreeSet};
use std::fs;

use event_routing_backends::outcome::Repair;
use serde_json::{Value, json};

use crate::harness::{Run, fixture, line};

const COURSE: &str = "course-v1:DemoX+Botany+2024";

/// Returns the names of the fixtures for each repair.
fn fixtures() -> BTreeMap<String, Vec<String>> {
    let mut fixtures = BTreeMap::<_, Vec<_>>::new();
    for file in fs::read_dir(fixture("repairs/old")).unwrap() {
        let name = file.unwrap().file_name().into_string().unwrap();
        let repair = name.split('.').next().unwrap().to_owned();
        fixtures.entry(repair).or_default().push(name);
    }
    fixtures
}

fn transform(format: &str, repairs: &str) -> Run {
    let run = Run::transform_to(format).tables();
    let run = run.args(&["--events", "all", "--report", "report.json"]);
    let run = match format {
        "caliper" => run.args(&["--send-time", "2024-04-01T00:00:00Z"]),
        _ => run,
    };
    match repairs {
        "" => run,
        repairs => run.args(&["--repair", repairs]),
    }
}

fn on_log(run: Run, log: impl AsRef<[u8]>) -> Run {
    run.file("t.log", log).args(&["t.log"])
}

fn value(bytes: &[u8]) -> Value {
    serde_json::from_slice(bytes).unwrap()
}

fn assert_records(format: &str, repairs: &str, fixtures: &BTreeMap<String, Vec<String>>) {
    let mut run = transform(format, repairs).args(&["-o", "out"]);
    for name in fixtures.values().flatten() {
        run = run.path(&fixture(&format!("repairs/old/{name}")));
    }
    let ended = run.run().with_code(0);
    let counts = fixtures
        .iter()
        .map(|(repair, names)| (repair.clone(), names.len().into()));
    let repaired = &ended.report()["total"]["repaired"];
    assert_eq!(*repaired, Value::Object(counts.collect()));
    for (repair, name) in fixtures
        .iter()
        .flat_map(|(repair, names)| names.iter().map(move |name| (repair, name)))
    {
        let mut written = value(&ended.read(&format!("out/{name}")));
        let expected = fixture(&format!("repairs/{format}/{name}"));
        let mut expected = value(&fs::read(expected).unwrap());
        // The id of a Caliper event is made of the logged event, which has no name.
        if repair == "name" && format == "caliper" {
            written["data"][0]["id"].take();
            expected["data"][0]["id"].take();
        }
        assert_eq!(written, expected, "{format} {name} {repairs}");
    }
}

#[test]
fn a_repaired_event_has_the_records_of_the_same_event_in_the_form_of_today() {
    let fixtures = fixtures();
    // The reference makes nothing of the events of `legacy-ids`.
    let repairs = Repair::ALL.map(Repair::name).into_iter();
    let repairs: BTreeSet<_> = repairs.filter(|name| *name != "legacy-ids").collect();
    assert!(fixtures.keys().map(String::as_str).eq(repairs));
    for format in ["xapi", "caliper"] {
        assert_records(format, "all", &fixtures);
        for (repair, names) in &fixtures {
            let of_repair = BTreeMap::from([(repair.clone(), names.clone())]);
            assert_records(format, repair, &of_repair);
        }
    }
}

#[test]
fn nothing_is_repaired_by_default() {
    for format in ["xapi", "caliper"] {
        let run = transform(format, "").args(&["-o", "out"]);
        let ended = run.path(&fixture("repairs/old")).run().with_code(0);
        assert_eq!(ended.report()["total"]["repaired"], json!({}));
        assert!(ended.count("rejected") > 0);
    }
}

#[test]
fn repairs_leave_events_of_today_as_they_are() {
    for format in ["xapi", "caliper"] {
        let log = fixture("repairs/modern");
        let outputs = ["", "all"].map(|repairs| {
            let ended = transform(format, repairs)
                .args(&["-o", "out"])
                .path(&log)
                .run();
            assert_eq!(ended.report()["total"]["repaired"], json!({}));
            let names = ended.files("out");
            let files = names.iter().map(|name| ended.read(&format!("out/{name}")));
            (files.collect::<Vec<_>>(), names)
        });
        assert_eq!(outputs[0], outputs[1]);
    }
}

/// An event of a course with a slash id, of which the reference makes nothing.
fn of_slash_course(name: &str, event: &Value) -> String {
    let event = json!({
        "name": name, "event": event, "event_type": name, "event_source": "browser", "username": "ada",
        "time": "2014-03-05T09:14:07.120334+00:00", "page": "https://courses.example.org/", "referer": "https://courses.example.org/",
        "context": {"course_id": "DemoX/Botany/2013", "user_id": 7, "referer": "https://courses.example.org/"},
    });
    format!("{event}\n")
}

#[test]
fn blocks_of_slash_courses_have_the_keys_that_they_had() {
    let video =
        json!({"id": "i4x-DemoX-Botany-video-a_b", "currentTime": 3, "duration": 9}).to_string();
    let play = of_slash_course("play_video", &json!(video));
    let form = json!("input_i4x-DemoX-Botany-problem-p_1_2_1=choice_1");
    let check = of_slash_course("problem_check", &form);
    for format in ["xapi", "caliper"] {
        let run = on_log(transform(format, "legacy-ids"), [&*play, &*check].concat());
        let ended = run.run().with_code(0);
        let report = ended.report();
        assert_eq!(report["total"]["repaired"], json!({"legacy-ids": 2}));
        let ids: Vec<Value> = ended
            .rows()
            .iter()
            .map(|record| match format {
                "xapi" => record["object"]["id"].clone(),
                _ => record["data"][0]["object"]["id"].clone(),
            })
            .collect();
        let root = "https://courses.example.org/xblock/i4x://DemoX/Botany";
        let expected = [format!("{root}/video/a_b"), format!("{root}/problem/p_1")];
        assert_eq!(ids, expected.map(Value::from));
    }
}

#[test]
fn a_run_that_loses_old_events_names_the_repairs() {
    let event = |time: &str, context: Value| {
        let event = json!({
            "name": "edx.course.enrollment.activated", "event": {"course_id": COURSE, "mode": "audit"},
            "event_source": "server", "username": "ada", "time": time, "context": context,
            "page": format!("https://courses.example.org/courses/{COURSE}/info"),
        });
        format!("{event}\n")
    };
    let whole = event("2013-03-05T09:14:07+00:00", json!({"course_id": COURSE}));
    let naive = event("2013-03-05T09:14:07", json!({"course_id": COURSE}));
    let both = event("2013-03-05 09:14:07", json!({}));
    let unknown = event(
        "2013-03-05T09:14:07",
        json!({"course_id": "course-v1:a+b+c"}),
    );
    let log = [
        whole.repeat(30),
        naive.repeat(4),
        both.repeat(5),
        unknown.repeat(9),
    ]
    .concat();
    let ended = on_log(transform("xapi", ""), &log).run().with_code(0);
    ended.assert_stderr("warning: 9 events are in an old form and not converted: use `--repair naive-time,course-from-url`, which reads times without an offset as UTC, or with a space instead of T, and takes a missing course id from the address of the page");
    let repairable = json!({"naive-time": 4, "naive-time,course-from-url": 5});
    assert_eq!(ended.report()["total"]["repairable"], repairable);

    // A time of arrival does not keep an event from being converted.
    let arrived = naive.replace(r#""time""#, r#""timestamp":"2013-03-05T10:00:00Z","time""#);
    let arrived = arrived.replace(r#""course_id":"course-v1:DemoX+Botany+2024"}"#, "}");
    let ended = on_log(transform("xapi", ""), &arrived).run().with_code(0);
    ended.assert_stderr("use `--repair course-from-url`, which");

    // Fewer than a twentieth of the events.
    let few = [whole.repeat(30), naive].concat();
    let ended = on_log(transform("xapi", ""), few).run().with_code(0);
    ended.assert_not_stderr("--repair");

    let ended = on_log(transform("xapi", "naive-time"), &log).run();
    ended.assert_stderr("34 statements, repaired: naive-time 4");
    ended.assert_stderr(
        "5 events are in an old form and not converted: use `--repair naive-time,course-from-url`; `course-from-url` takes a",
    );
}

#[test]
fn explain_shows_the_repairs_of_a_line() {
    let old = fixture("repairs/old/naive-time.blank.json");
    let line = value(&fs::read(old).unwrap()).to_string() + "\n";
    let repairs = ["--repair", "all"];
    let run = Run::explain_as_text().tables().args(&repairs);
    let ended = on_log(run, &line).run().with_code(0);
    assert!(String::from_utf8_lossy(&ended.stdout).contains("    repaired: naive-time\n"));
    let run = Run::explain().tables().args(&repairs);
    let ended = on_log(run, &line).run().with_code(0);
    assert_eq!(ended.rows()[0]["repairs"], json!(["naive-time"]));
}

#[test]
fn events_under_earlier_names_without_a_name_are_told() {
    let event = fs::read(fixture("repairs/old/earlier-names.show_answer.json")).unwrap();
    let event = value(&event).to_string() + "\n";
    assert!(!event.contains("\"name\""));
    for format in ["xapi", "caliper"] {
        let ended = on_log(transform(format, ""), event.repeat(3)).run();
        ended.assert_stderr("3 events are in an old form and not converted: use `--repair earlier-names`, which gives their present names");
        let ended = on_log(transform(format, "earlier-names"), event.repeat(3)).run();
        assert_eq!(ended.count("emitted"), 3);
        ended.assert_not_stderr("--repair");
    }
}

#[test]
fn following_the_hints_one_by_one_converts_everything() {
    let goto =
        json!({"old": 1, "new": 2, "id": "block-v1:a+b+c+type@sequential+block@s"}).to_string();
    let video = json!({"id": "i4x-DemoX-Botany-video-a", "currentTime": 3}).to_string();
    let without_course = of_slash_course("play_video", &json!(video))
        .replace(r#""course_id":"DemoX/Botany/2013","#, "")
        .replace("example.org/\"", "example.org/courses/DemoX/Botany/2013/\"");
    let log = [
        of_slash_course("play_video", &json!(video)),
        of_slash_course("seq_goto", &json!(goto)),
        without_course,
    ];
    let log = log.concat().repeat(20);
    let all = "earlier-names,course-from-url,legacy-ids";
    // A quiet run has the hint only if most events are lost.
    for (repairs, what_it_does, is_in_quiet) in [
        ("", ", which gives their present names", true),
        (
            "legacy-ids",
            "; `earlier-names` gives their present names",
            true,
        ),
        (
            "legacy-ids,earlier-names",
            "; `course-from-url` takes",
            false,
        ),
        (
            "course-from-url",
            "; `earlier-names` gives their present names",
            true,
        ),
    ] {
        let ended = on_log(transform("xapi", repairs), &log).run().with_code(0);
        let hint = format!("not converted: use `--repair {all}`{what_it_does}");
        ended.assert_stderr(&hint);
        let ended = on_log(transform("xapi", repairs).args(&["--quiet"]), &log).run();
        assert_eq!(ended.stderr.contains(&hint), is_in_quiet, "{repairs}");
    }
    let ended = on_log(transform("xapi", "all"), &log).run().with_code(0);
    assert_eq!(ended.count("emitted"), 60);
    ended.assert_not_stderr("--repair");
}

#[test]
fn the_repairs_of_a_hint_convert_events_without_a_name_too() {
    let video = json!({"id": "i4x-DemoX-Botany-video-a", "currentTime": 3}).to_string();
    let named = of_slash_course("play_video", &json!(video));
    let nameless = named.replace("\"name\":", "\"x\":");
    let today = line(1).replace("ada", "grace");
    let today = today.replace("course-v1:a+b+c", COURSE);
    let log = [today, named, nameless].concat().repeat(20);
    let ended = on_log(transform("xapi", ""), &log).run().with_code(0);
    ended.assert_stderr("20 events are in an old form and not converted, and 20 lines have no name but an event_type: use `--repair all`, since lines without a name may be in several old forms\n");
    assert_eq!(ended.stderr.matches("use `").count(), 1, "{}", ended.stderr);
    // With the option for these lines alone, the message lists the repairs.
    let run = transform("xapi", "").args(&["--name-from-event-type"]);
    let ended = on_log(run, &log).run().with_code(0);
    ended.assert_stderr("use `--repair name,legacy-ids`; `legacy-ids` gives");
    let ended = on_log(transform("xapi", "name,legacy-ids"), &log).run();
    assert_eq!(ended.count("emitted"), 60);
    ended.assert_not_stderr("--repair");
}

#[test]
fn an_empty_run_names_the_repairs_and_how_the_lines_are_read_again() {
    let video = json!({"id": "i4x-DemoX-Botany-video-a", "currentTime": 3}).to_string();
    let log = of_slash_course("play_video", &json!(video)).repeat(5);
    let run = transform("xapi", "").args(&["--quiet", "--state", "state", "-o", "out"]);
    let ended = on_log(run, &log).run().with_code(0);
    ended.assert_stderr("warning: 5 lines were read and nothing was converted: 5 events are in an old form and not converted: use `--repair legacy-ids`, which gives the blocks of ORG/COURSE/RUN courses their i4x keys; ");
}

/// An event that names no course, with a page.
fn without_course(name: &str, time: &str, page: &str) -> String {
    let event = json!({
        "name": name, "event": {"current_url": page, "target_url": "https://example.org/", "id": 5}, "event_type": name,
        "event_source": "browser", "username": "ada", "time": time, "page": page, "referer": page,
        "context": {"course_id": "", "user_id": 7},
    });
    format!("{event}\n")
}

#[test]
fn a_repair_loses_no_event_that_is_emitted_without_it() {
    let time = "2024-03-05T09:14:07.120334+00:00";
    let log = [
        "https://www.example.org/course/mit/7-00x/intro/1014",
        "https://courses.example.org/courses/search/all/subjects/",
        "https://courses.example.org/courses/course-v1:Gone+X+1/courseware/",
        "https://courses.example.org/courses/Gone/X/2013/courseware/",
    ]
    .map(|page| without_course("edx.ui.lms.link_clicked", time, page))
    .concat();
    let ended = on_log(transform("xapi", ""), &log).run().with_code(0);
    assert_eq!(ended.count("emitted"), 4);
    let repaired = on_log(transform("xapi", "all"), &log).run().with_code(0);
    assert_eq!(repaired.stdout, ended.stdout);
    assert_eq!(repaired.report()["total"]["repaired"], json!({}));

    // The time of the shipper is the only one with an offset.
    let log = of_slash_course("edx.course.enrollment.activated", &json!({"mode": "audit"}))
        .replace(
            r#""time":"2014-03-05T09:14:07.120334+00:00""#,
            r#""time":"2014-03-05T09:14:07.120334","timestamp":"2014-03-05T10:00:00Z""#,
        );
    let derive = ["--unknown-course", "derive"];
    let ended = on_log(transform("xapi", "shipper-time").args(&derive), &log).run();
    assert_eq!(ended.count("emitted"), 1);
    ended.assert_stderr(
        "if a log shipper added `timestamp`, `--repair naive-time,shipper-time` takes `time`",
    );
    let ended = on_log(
        transform("xapi", "shipper-time,naive-time").args(&derive),
        &log,
    )
    .run();
    let repaired = json!({"naive-time": 1, "shipper-time": 1});
    assert_eq!(ended.report()["total"]["repaired"], repaired);
}

#[test]
fn renamed_events_without_a_name_are_reported() {
    let goto =
        json!({"old": 1, "new": 2, "id": "block-v1:a+b+c+type@sequential+block@s"}).to_string();
    let goto = of_slash_course("seq_goto", &json!(goto)).replace(r#""name":"seq_goto","#, "");
    let enrolled = without_course(
        "edx.ui.lms.link_clicked",
        "2024-03-05T09:14:07Z",
        "https://h/",
    );
    for (log, emitted) in [
        (goto.repeat(5), 5),
        ([goto.repeat(5), enrolled.repeat(5)].concat(), 10),
    ] {
        let derive = ["--unknown-course", "derive"];
        let ended = on_log(transform("xapi", "").args(&derive), &log).run();
        ended.assert_stderr(
            "5 events are in an old form and not converted: use `--repair earlier-names`",
        );
        assert_eq!(
            ended.report()["total"]["repairable"],
            json!({"earlier-names": 5})
        );
        let ended = on_log(transform("xapi", "earlier-names").args(&derive), &log).run();
        assert_eq!(ended.count("emitted"), emitted);
    }
}

#[test]
fn a_filter_by_course_names_the_repair_that_finds_the_courses() {
    let page = "https://courses.example.org/courses/DemoX/Botany/2013/courseware/";
    let log = without_course("edx.ui.lms.link_clicked", "2024-03-05T09:14:07Z", page).repeat(20);
    let filtered = |repairs: &str, glob: &str| {
        let arguments = ["--unknown-course", "derive", "--course", glob];
        on_log(transform("xapi", repairs).args(&arguments), &log)
            .run()
            .with_code(0)
    };
    let ended = filtered("", "DemoX/*");
    ended.assert_stderr("no event matched `--course DemoX/*`; no event names a course; 20 events are in an old form and not converted: use `--repair course-from-url`");
    assert_eq!(filtered("course-from-url", "DemoX/*").count("emitted"), 20);
    filtered("", "MITx/*").assert_not_stderr("--repair");
}
