//! The details of reasons, which name the cause and not its consequence.

use crate::harness::{Run, line};

#[test]
fn a_context_that_is_text_of_json_becomes_the_same_statement() {
    let as_text = line(1).replace(
        r#"{"course_id": "course-v1:a+b+c"}"#,
        r#""{\"course_id\": \"course-v1:a+b+c\"}""#,
    );
    assert_ne!(as_text, line(1));
    let out = |log: &str| {
        Run::transform()
            .stdin(log)
            .args(&["-"])
            .run()
            .with_code(0)
            .stdout
    };
    assert_eq!(out(&as_text), out(&line(1)));
    assert!(!out(&as_text).is_empty());
}
