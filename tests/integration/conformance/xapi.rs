//! Each rule of xAPI that the statements of the reference break.

use serde_json::{Value, json};

use super::{assert_cases, assert_without_object_id, event, explained};
use crate::harness::{ROOT_URL, Run};

const EXAM: &str = "exam/edx.special_exam.timed.attempt.created";
const LINK: &str = "navigation/edx.ui.lms.link_clicked";
const OUTLINE: &str = "navigation/edx.ui.lms.outline.selected";
const GRADE: &str = "grading/edx.grades.subsection.grade_calculated";
const COURSE_GRADE: &str = "grading/edx.grades.course.grade_calculated";
const CHECK: &str = "problem/problem_check";

#[test]
fn objects_and_context_activities_are_activities() {
    assert_cases(
        "xapi",
        &[(
            "problem/problem_check.three-questions",
            // Integers of any size may be in the statement.
            &[("/event/attempts", json!(u64::MAX))],
            &[
                ("/0/object/objectType", json!("Activity")),
                ("/1/object/objectType", json!("Activity")),
                (
                    "/1/context/contextActivities/parent/0/objectType",
                    json!("Activity"),
                ),
                (
                    "/3/context/contextActivities/parent/0/objectType",
                    json!("Activity"),
                ),
            ],
        )],
    );
}

#[test]
fn the_id_of_an_attempt_is_a_urn_or_the_attempt_is_left_out() {
    let code = "/event/attempt_code";
    let id = "/0/context/contextActivities/grouping/0/id";
    let urn = json!("urn:uuid:6c0f2e51-7c5a-4b3e-9c8d-0f7b1e6a2d43");
    let grouping = "/0/context/contextActivities/grouping";
    let course = (
        "/0/context/contextActivities/parent/0/objectType",
        json!("Activity"),
    );
    assert_cases(
        "xapi",
        &[
            (EXAM, &[], &[(id, urn.clone())]),
            (
                EXAM,
                &[(code, json!("6c0f2e517c5a4b3e9c8d0f7b1e6a2d43"))],
                &[(id, urn)],
            ),
            (
                EXAM,
                &[(code, Value::Null)],
                &[(grouping, Value::Null), course.clone()],
            ),
            (EXAM, &[(code, json!(""))], &[(grouping, Value::Null)]),
            (
                EXAM,
                &[(code, json!("attempt 7"))],
                &[(grouping, Value::Null)],
            ),
            (
                EXAM,
                &[(code, json!(31))],
                &[(grouping, Value::Null), course],
            ),
        ],
    );
}

#[test]
fn an_interaction_without_an_interaction_type_is_of_the_type_other() {
    let interaction_type = "/0/object/definition/interactionType";
    assert_cases(
        "xapi",
        &[
            (
                "problem/edx.problem.completed",
                &[],
                &[(interaction_type, json!("other"))],
            ),
            (CHECK, &[], &[(interaction_type, json!("choice"))]),
            (GRADE, &[], &[(interaction_type, Value::Null)]),
        ],
    );
}

#[test]
fn numbers_of_scores_do_not_contradict_each_other() {
    let (earned, possible) = (
        "/event/weighted_total_earned",
        "/event/weighted_total_possible",
    );
    let score = |score| [("/0/result/score", score)];
    let whole = score(json!({"scaled": 2.0 / 3.0, "raw": 2.0, "min": 0.0, "max": 3.0}));
    let no_bounds = score(json!({"scaled": 0.0, "raw": 0.0}));
    let above = score(json!({"raw": 5.0}));
    let below = score(json!({"scaled": -1.0 / 3.0, "raw": -1.0}));
    let most = score(json!({"scaled": 1.0, "raw": 3.0, "min": 0.0, "max": 3.0}));
    let unbounded = score(json!({"scaled": 0.0, "raw": 4.0}));
    let percent = score(json!({"raw": 1.2}));
    let grades = score(json!({"raw": -2.0}));
    let no_grades = score(json!({"min": 0.0}));
    assert_cases(
        "xapi",
        &[
            (GRADE, &[], &whole),
            (
                GRADE,
                &[(earned, json!(0)), (possible, json!(0))],
                &no_bounds,
            ),
            (GRADE, &[(earned, json!(5))], &above),
            (GRADE, &[(earned, json!(-1))], &below),
            (GRADE, &[(earned, json!(3))], &most),
            (
                GRADE,
                &[(earned, json!(4)), (possible, json!(-1))],
                &unbounded,
            ),
            (
                COURSE_GRADE,
                &[("/event/percent_grade", json!(1.2))],
                &percent,
            ),
            (
                CHECK,
                &[
                    ("/event/grade", json!(-2)),
                    ("/event/max_grade", Value::Null),
                ],
                &grades,
            ),
            (
                CHECK,
                &[
                    ("/event/grade", Value::Null),
                    ("/event/max_grade", Value::Null),
                ],
                &no_grades,
            ),
        ],
    );
}

#[test]
fn empty_objects_and_negative_durations_are_left_out() {
    assert_cases(
        "xapi",
        &[
            (
                "video/seek_video.without-times",
                &[],
                &[("/0/result", Value::Null)],
            ),
            (
                "navigation/edx.ui.lms.sequence.tab_selected.nothing-to-tell",
                &[],
                &[("/0/object/definition/extensions", Value::Null)],
            ),
            (
                "video/complete_video",
                &[("/event/duration", json!(-5))],
                &[
                    ("/0/result/duration", Value::Null),
                    ("/0/result/completion", json!(true)),
                ],
            ),
            (
                EXAM,
                &[("/event/exam_default_time_limit_mins", Value::Null)],
                &[("/0/object/definition/extensions", Value::Null)],
            ),
        ],
    );
}

#[test]
fn a_course_without_a_name_has_none_in_the_object() {
    let log = event(
        "enrollment/edx.course.enrollment.activated",
        &[("/context/course_id", json!("course-v1:No+Name+1"))],
    );
    let run = Run::transform().file(
        "courses.tsv",
        "course_id\tdisplay_name\ncourse-v1:No+Name+1\tNULL\n",
    );
    let run = run.args(&["--conformance", "spec", "--courses", "courses.tsv", "-"]);
    let rows = run.stdin(log.to_string()).run().with_code(0).rows();
    let definition = &rows[0]["object"]["definition"];
    assert_eq!(definition["name"], Value::Null, "{definition}");
}

#[test]
fn the_target_of_a_link_is_resolved_against_its_page() {
    let target = "/event/target_url";
    let page = "https://courses.example.org/courses/course-v1:DemoX+Botany+2024/courseware";
    let id = |id: String| [("/0/object/id", json!(id))];
    for name in [LINK, OUTLINE] {
        assert_cases(
            "xapi",
            &[
                (
                    name,
                    &[(target, json!("/about"))],
                    &id(format!("{ROOT_URL}/about")),
                ),
                (
                    name,
                    &[(target, json!("unit 2?x#y"))],
                    &id(format!("{page}/unit%202?x#y")),
                ),
                (
                    name,
                    &[(target, json!("#part"))],
                    &id(format!("{page}/#part")),
                ),
                (name, &[(target, json!(5))], &id(format!("{page}/5"))),
                (
                    name,
                    &[(target, json!("//en.example.org/ü \"x\""))],
                    &id("https://en.example.org/ü%20%22x%22".into()),
                ),
                (
                    name,
                    &[(target, json!("javascript:void(0)"))],
                    &id("javascript:void(0)".into()),
                ),
                (
                    name,
                    &[
                        (target, json!("about")),
                        ("/page", Value::Null),
                        ("/event/current_url", json!("http://other.example/x/y")),
                    ],
                    &id("http://other.example/x/about".into()),
                ),
                (
                    name,
                    &[
                        (target, json!("about")),
                        ("/page", Value::Null),
                        ("/event/current_url", Value::Null),
                    ],
                    &id(format!("{page}/about")),
                ),
            ],
        );
        let nowhere = [
            (target, json!("about")),
            ("/page", json!("about:blank")),
            ("/event/current_url", Value::Null),
            ("/referer", json!("")),
        ];
        let detail = "`about`, the id of the object, is no IRI, and the event names no page";
        assert_without_object_id("xapi", event(name, &nowhere), detail);
        let broken = event(name, &[(target, json!("http://h:x/"))]);
        assert_without_object_id(
            "xapi",
            broken,
            "it cannot be resolved against the page `https://",
        );
    }
}

#[test]
fn ids_of_blocks_become_iris() {
    let block = "block-v1:DemoX+Botany+2024+type@problem+block@p42";
    assert_cases(
        "xapi",
        &[
            (
                "problem/edx.problem.completed",
                &[],
                &[("/0/object/id", json!(block))],
            ),
            (
                "problem/edx.problem.completed",
                &[("/event/problem_id", json!("p 42"))],
                &[("/0/object/id", json!(format!("{ROOT_URL}/xblock/p%2042")))],
            ),
            (
                EXAM,
                &[("/event/exam_content_id", json!("{ex}"))],
                &[("/0/object/id", json!(format!("{ROOT_URL}/xblock/%7Bex%7D")))],
            ),
            (
                GRADE,
                &[("/event/block_id", json!("a <b> 100%"))],
                &[(
                    "/0/object/id",
                    json!(format!("{ROOT_URL}/xblock/a%20%3Cb%3E%20100%25")),
                )],
            ),
        ],
    );
}

#[test]
fn answers_that_are_no_text_are_json() {
    let answer = "/event/submission/p42_2_1/answer";
    let response = |response: Value| [("/0/result/response", response)];
    let object = json!({"a": ["x", null, true, 1.5, "ü'\""], "b": {}});
    let text = r#"{"a": ["x", null, true, 1.5, "ü'\""], "b": {}}"#;
    assert_cases(
        "xapi",
        &[
            (CHECK, &[(answer, object)], &response(json!(text))),
            (
                CHECK,
                &[(answer, json!(u64::MAX))],
                &response(json!("18446744073709551615")),
            ),
            (CHECK, &[(answer, json!(true))], &response(json!("true"))),
            (CHECK, &[(answer, json!(1e22))], &response(json!("1e+22"))),
            (
                CHECK,
                &[(answer, json!(["a", null]))],
                &response(json!("[\"a\", null]")),
            ),
            (CHECK, &[(answer, json!("True"))], &response(json!("True"))),
            (CHECK, &[(answer, Value::Null)], &response(Value::Null)),
        ],
    );
    let log = event(CHECK, &[(answer, json!("(answer)"))]).to_string();
    let log = log.replace("\"(answer)\"", "[NaN]");
    let run = Run::explain().tables().stdin(log);
    let row = &run.args(&["--conformance", "spec", "-"]).run().rows()[0];
    assert_eq!(row["reason"], "not-representable", "{row}");
}

/// The verbs, the types, the extension keys and the lists of choices are read by the models of Aspects.
#[test]
fn statements_that_follow_the_specification_already_stay_as_they_are() {
    let events = [
        CHECK,
        GRADE,
        COURSE_GRADE,
        LINK,
        OUTLINE,
        "video/play_video",
    ]
    .map(|name| event(name, &[]));
    let reference = explained("xapi", "reference", &events);
    assert_eq!(reference, explained("xapi", "spec", &events));
}

#[test]
fn a_text_that_is_no_address_identifies_nobody() {
    let users = "id,username,email,xapi_id,caliper_id\n7,ada,ada at example.com,,\n8,bea,bea@example.com,,\n";
    let (ada, bea) = (
        event(CHECK, &[]),
        event(
            CHECK,
            &[("/context/user_id", json!(8)), ("/username", json!("bea"))],
        ),
    );
    let run = Run::explain()
        .file("users.csv", users)
        .stdin(format!("{ada}\n{bea}\n"));
    let run = run.args(&[
        "--users",
        "users.csv",
        "--actor",
        "mbox",
        "--conformance",
        "spec",
        "-",
    ]);
    let rows = run.run().with_code(0).rows();
    assert_eq!(rows[0]["reason"], "no-email");
    assert_eq!(rows[1]["out"][0]["actor"]["mbox"], "mailto:bea@example.com");
}
