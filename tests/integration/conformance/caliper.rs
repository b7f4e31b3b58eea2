//! Each rule of Caliper that the events of the reference break.

use serde_json::{Value, json};

use super::{assert_cases, assert_without_object_id, event};
use crate::harness::{ROOT_URL, Run, fixture};

const GRADED: &str = "problem/problem_check.graded";
const LINK: &str = "navigation/edx.ui.lms.link_clicked";
const TAB: &str = "navigation/edx.ui.lms.sequence.tab_selected";
const SEEK: &str = "video/seek_video";
const LOAD: &str = "video/load_video";

fn course() -> Value {
    json!({"id": format!("{ROOT_URL}/course/course-v1:DemoX+Botany+2024"), "type": "CourseOffering"})
}

fn user() -> Value {
    json!({"id": format!("{ROOT_URL}/user/5f3c2a52-7b5e-4c5b-8d3d-0d4f6c8e9a11"), "type": "Person"})
}

#[test]
fn each_type_of_event_has_its_profile() {
    let profile = |name| [("/0/profile", json!(name))];
    assert_cases(
        "caliper",
        &[
            (GRADED, &[], &profile("GradingProfile")),
            (LINK, &[], &profile("ReadingProfile")),
            (SEEK, &[], &profile("MediaProfile")),
            ("problem/problem_check", &[], &profile("AssessmentProfile")),
            (
                "problem/edx.problem.completed",
                &[],
                &profile("AssessmentProfile"),
            ),
            ("problem/showanswer", &[], &profile("GeneralProfile")),
            (
                "enrollment/edx.course.enrollment.activated",
                &[],
                &profile("GeneralProfile"),
            ),
        ],
    );
}

#[test]
fn the_lms_grades_the_attempt_of_a_user() {
    let problem = format!("{ROOT_URL}/xblock/block-v1:DemoX+Botany+2024+type@problem+block@p42");
    let attempt = format!("{problem}/user/5f3c2a52-7b5e-4c5b-8d3d-0d4f6c8e9a11/attempt/2");
    let score = json!({
        "id": format!("{attempt}/score"), "type": "Score", "attempt": attempt, "maxScore": 1.0, "scoreGiven": 1.0,
        "extensions": {"success": "True", "attempts": 2},
    });
    let object = json!({
        "id": attempt, "type": "Attempt", "assignee": user(),
        "assignable": {"id": problem, "type": "Assessment", "isPartOf": course()}, "count": 2,
    });
    let application = json!({"id": ROOT_URL, "type": "SoftwareApplication"});
    let attempts = "/event/attempts";
    assert_cases(
        "caliper",
        &[
            (
                GRADED,
                &[],
                &[
                    ("/0/actor", application),
                    ("/0/object", object),
                    ("/0/generated", score),
                ],
            ),
            (
                GRADED,
                &[(attempts, json!("2"))],
                &[("/0/object/count", json!(2))],
            ),
            (
                GRADED,
                &[(attempts, json!(2.0))],
                &[("/0/object/count", json!(2))],
            ),
            (
                GRADED,
                &[(attempts, json!("two"))],
                &[
                    ("/0/object/count", Value::Null),
                    ("/0/object/extensions", json!({"count": "two"})),
                ],
            ),
            (
                GRADED,
                &[
                    ("/event/grade", json!("0.5")),
                    ("/event/max_grade", json!(["one"])),
                ],
                &[
                    ("/0/generated/scoreGiven", json!(0.5)),
                    ("/0/generated/maxScore", Value::Null),
                ],
            ),
        ],
    );
}

#[test]
fn resources_are_part_of_the_course_by_an_attribute() {
    let part = ("/0/object/isPartOf", course());
    let none = ("/0/object/extensions", Value::Null);
    assert_cases(
        "caliper",
        &[
            (SEEK, &[], &[part.clone(), none.clone()]),
            (
                LINK,
                &[],
                &[
                    part.clone(),
                    none.clone(),
                    ("/0/object/type", json!("WebPage")),
                ],
            ),
            (
                TAB,
                &[],
                &[
                    part.clone(),
                    (
                        "/0/object/extensions",
                        json!({"tab_count": 5, "current_tab": 2, "target": 4}),
                    ),
                ],
            ),
            ("problem/problem_check", &[], &[part, none.clone()]),
            // An annotation and a course have no such attribute.
            (
                "problem/showanswer",
                &[],
                &[
                    ("/0/object/isPartOf", Value::Null),
                    ("/0/object/extensions", json!({"isPartOf": course()})),
                ],
            ),
            (
                "enrollment/edx.course.enrollment.activated.no-mode",
                &[],
                &[none],
            ),
        ],
    );
}

#[test]
fn positions_are_media_fragments_of_the_video() {
    let video = format!("{ROOT_URL}/xblock/block-v1:DemoX+Botany+2024+type@video+block@v7");
    let (old, new) = ("/event/old_time", "/event/new_time");
    let location = |seconds: &str, time: &str| json!({"id": format!("{video}#t={seconds}"), "type": "MediaLocation", "currentTime": time});
    let mut jump = location("10.0004", "PT10.0004S");
    jump["extensions"] = json!({"newTime": "PT1M15S"});
    let none = ("/0/target", Value::Null);
    assert_cases(
        "caliper",
        &[
            (SEEK, &[], &[("/0/target", jump)]),
            (
                SEEK,
                &[(old, json!(0)), (new, json!(-1))],
                &[("/0/target", location("0", "PT0S"))],
            ),
            (
                SEEK,
                &[(old, json!(-7))],
                &[none.clone(), ("/0/extensions/newTime", json!("PT1M15S"))],
            ),
            (
                SEEK,
                &[(old, Value::Null), (new, Value::Null)],
                std::slice::from_ref(&none),
            ),
            (LOAD, &[], std::slice::from_ref(&none)),
            (
                "video/play_video",
                &[("/event/currentTime", json!(3661.5))],
                &[("/0/target", location("3661.5", "PT1H1M1.5S"))],
            ),
        ],
    );
}

#[test]
fn durations_are_positive() {
    let duration = |duration| [("/0/object/duration", duration)];
    let field = "/event/duration";
    assert_cases(
        "caliper",
        &[
            (LOAD, &[(field, json!(75))], &duration(json!("PT1M15S"))),
            (LOAD, &[(field, json!(0))], &duration(Value::Null)),
            (LOAD, &[(field, json!(-1))], &duration(Value::Null)),
            (
                "video/load_video.null-duration",
                &[],
                &duration(Value::Null),
            ),
        ],
    );
}

#[test]
fn ids_are_iris() {
    let id = |id: String| [("/0/object/id", json!(id))];
    let target = "/event/target_url";
    let page = format!("{ROOT_URL}/courses/course-v1:DemoX+Botany+2024/courseware");
    assert_cases(
        "caliper",
        &[
            (
                LINK,
                &[(target, json!("../about me"))],
                &id(format!(
                    "{ROOT_URL}/courses/course-v1:DemoX+Botany+2024/about%20me"
                )),
            ),
            (LINK, &[(target, json!(5))], &id(format!("{page}/5"))),
            (
                TAB,
                &[("/event/id", json!("a b"))],
                &id(format!("{ROOT_URL}/xblock/a%20b")),
            ),
            (
                TAB,
                &[("/session", json!("{s}"))],
                &[(
                    "/0/session/id",
                    json!(format!("{ROOT_URL}/sessions/%7Bs%7D")),
                )],
            ),
        ],
    );
    let nowhere = [
        (target, json!("about")),
        ("/page", Value::Null),
        ("/event/current_url", Value::Null),
        ("/referer", json!("")),
    ];
    assert_without_object_id("caliper", event(LINK, &nowhere), "the event names no page");
    let nameless = [
        ("/event", json!("x=1")),
        ("/context/referer", json!("https://x.example/")),
    ];
    for name in ["problem/showanswer", "problem/problem_check"] {
        assert_without_object_id(
            "caliper",
            event(name, &nameless),
            "no field names the problem",
        );
    }
}

#[test]
fn names_are_texts() {
    let name = |name| [("/0/object/name", name)];
    let field = "/event/target_name";
    assert_cases(
        "caliper",
        &[
            (LINK, &[(field, json!("About"))], &name(json!("About"))),
            (LINK, &[(field, json!(5))], &name(json!("5"))),
            (LINK, &[(field, json!({"a": 1}))], &name(Value::Null)),
        ],
    );
}

/// The attributes of the entities that events have, besides `id`, `type` and `extensions`.
const ATTRIBUTES: &[(&str, &[&str])] = &[
    ("Annotation", &["name"]),
    ("Assessment", &["isPartOf"]),
    ("AssessmentItem", &["isPartOf"]),
    ("Attempt", &["assignee", "assignable", "count"]),
    ("CourseOffering", &["name"]),
    ("DigitalResource", &["name", "isPartOf"]),
    ("DigitalResourceCollection", &["name", "isPartOf"]),
    ("MediaLocation", &["currentTime"]),
    ("Person", &[]),
    ("Score", &["attempt", "maxScore", "scoreGiven"]),
    ("Session", &[]),
    ("SoftwareApplication", &[]),
    ("VideoObject", &["duration", "isPartOf"]),
    ("WebPage", &["name", "isPartOf"]),
];

/// The types of events, each with its actions and the types of its object.
const EVENTS: &[(&str, &[&str], &[&str])] = &[
    ("AssessmentEvent", &["Submitted"], &["Assessment"]),
    ("AssessmentItemEvent", &["Completed"], &["AssessmentItem"]),
    (
        "Event",
        &["Activated", "Deactivated", "Completed", "Viewed"],
        &["Annotation", "CourseOffering"],
    ),
    ("GradeEvent", &["Graded"], &["Attempt"]),
    (
        "MediaEvent",
        &[
            "Started",
            "Ended",
            "Paused",
            "Resumed",
            "JumpedTo",
            "ChangedSpeed",
            "EnabledClosedCaptioning",
            "DisabledClosedCaptioning",
        ],
        &["VideoObject"],
    ),
    (
        "NavigationEvent",
        &["NavigatedTo"],
        &["WebPage", "DigitalResource", "DigitalResourceCollection"],
    ),
];

#[test]
fn events_have_only_what_the_model_has() {
    let run = Run::transform_to("caliper").tables();
    let run = run.args(&[
        "--events",
        "all",
        "--envelope",
        "none",
        "--conformance",
        "spec",
    ]);
    let ended = run.path(&fixture("events")).run().with_code(0);
    for event in ended.rows() {
        let (name, actions, objects) = EVENTS
            .iter()
            .find(|(name, ..)| event["type"] == *name)
            .unwrap();
        assert!(
            actions.contains(&event["action"].as_str().unwrap()),
            "{event}"
        );
        assert!(
            objects.contains(&event["object"]["type"].as_str().unwrap()),
            "{event}"
        );
        for (key, value) in event.as_object().unwrap() {
            match (key.as_str(), *name) {
                ("@context" | "id" | "type" | "profile" | "action" | "eventTime", _) => {
                    assert!(value.is_string(), "{event}")
                }
                ("extensions", _) => assert_ne!(*value, json!({}), "{event}"),
                ("actor" | "object" | "session", _)
                | ("generated", "GradeEvent")
                | ("target", "MediaEvent") => assert_entity(value),
                _ => panic!("{key} {event}"),
            }
        }
    }
}

fn assert_entity(entity: &Value) {
    let id = entity["id"].as_str().unwrap_or_default();
    assert!(id.starts_with("https://") && !id.contains(' '), "{entity}");
    let (_, attributes) = ATTRIBUTES
        .iter()
        .find(|(name, _)| entity["type"] == *name)
        .unwrap();
    for (key, value) in entity.as_object().unwrap() {
        let is_right = match key.as_str() {
            "id" | "type" => true,
            "extensions" => value
                .as_object()
                .is_some_and(|extensions| !extensions.is_empty()),
            key if !attributes.contains(&key) => false,
            "name" | "attempt" => value.is_string(),
            "count" => value.is_i64(),
            "maxScore" | "scoreGiven" => value.is_f64(),
            "duration" | "currentTime" => value
                .as_str()
                .is_some_and(|text| text.starts_with("PT") || text.starts_with("P1D")),
            _ => {
                assert_entity(value);
                true
            }
        };
        assert!(is_right, "{key} {entity}");
    }
}
