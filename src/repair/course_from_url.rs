//! Events whose course is only in the address of a page.

use bumpalo::Bump;

use crate::json::{JsonObject, Value};
use crate::lms::course_key;
use crate::tracking::TrackingEvent;

/// Returns the event with the id of its course in `context.course_id`.
pub fn repaired<'a>(event: &TrackingEvent<'a>, arena: &'a Bump) -> Option<JsonObject<'a>> {
    if event.context("course_id").is_some() {
        return None;
    }
    let root = event.root();
    let top_level = |key: &str| root.get(key);
    let addresses = [
        top_level("page"),
        top_level("referer"),
        event.context("referer"),
        event.context("path"),
        top_level("event_type"),
    ];
    let mut addresses = addresses.into_iter().flatten().filter_map(Value::as_str);
    let course = addresses.find_map(course_of)?;
    let course = Value::Str(arena.alloc_str(&course));
    let context = root.object_at("context").set("course_id", course, arena);
    Some(root.set("context", Value::Object(context), arena))
}

/// Returns the id of the course that an address names after `/courses/`, or after `/course/` as in the learning
/// micro-frontend. Addresses of APIs have other names there.
fn course_of(address: &str) -> Option<String> {
    let path = address.split(['?', '#']).next()?;
    if path.contains("/api/") {
        return None;
    }
    let mut folders = ["/courses/", "/course/"].into_iter();
    folders.find_map(|folder| {
        let mut starts = path.match_indices(folder);
        starts.find_map(|(start, _)| course_at_start(&path[start + folder.len()..]))
    })
}

/// Returns the id of the course with which a path begins.
fn course_at_start(path: &str) -> Option<String> {
    let path = percent_encoding::percent_decode_str(path)
        .decode_utf8()
        .ok()?;
    let parts: Vec<&str> = path.splitn(4, '/').collect();
    let course = match parts.as_slice() {
        [key, ..] if key.contains(':') => (*key).to_owned(),
        [org, course, run, ..] => format!("{org}/{course}/{run}"),
        _ => return None,
    };
    let course = course_key::canonical(&course)?;
    let is_course = !course.ends_with('/') && !course.starts_with("library-v1:");
    is_course.then(|| course.into_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_address_names_a_course_after_its_folder() {
        for (address, course) in [
            (
                "https://h/courses/MITx/6.002x/2012_Fall/courseware/w/",
                Some("MITx/6.002x/2012_Fall"),
            ),
            (
                "/courses/MITx/6.002x/2012_Fall",
                Some("MITx/6.002x/2012_Fall"),
            ),
            (
                "https://h/courses/course-v1:a+b+c/info?x=/courses/d/e/f",
                Some("course-v1:a+b+c"),
            ),
            (
                "https://h/courses/course-v1%3Aa%2Bb%2Bc/",
                Some("course-v1:a+b+c"),
            ),
            (
                "https://apps.h/learning/course/course-v1:a+b+c/block-v1:a+b+c",
                Some("course-v1:a+b+c"),
            ),
            (
                "https://h/courses/ccx-v1:a+b+c+ccx@3/",
                Some("ccx-v1:a+b+c+ccx@3"),
            ),
            (
                "https://h/courses/x/course/course-v1:a+b+c/",
                Some("course-v1:a+b+c"),
            ),
            ("https://h/api/courses/v1/blocks/x/y", None),
            ("https://h/courses/", None),
            ("https://h/courses/a/b", None),
            ("https://h/courses/a/b/", None),
            ("https://h/courses/library-v1:a+b/", None),
            ("https://h/courses/a b/c/d", None),
            ("https://h/?next=/courses/a/b/c", None),
            ("x_module", None),
        ] {
            assert_eq!(course_of(address).as_deref(), course, "{address}");
        }
    }
}
