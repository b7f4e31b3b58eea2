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

/// The pages of a course in the LMS, as of 2012 to today (`lms/urls.py` of edx-platform). Other words after the id of a
/// course are names of static tabs.
const PAGES: [&str; 39] = [
    "about",
    "bookmarks",
    "book",
    "combined_notifications",
    "course",
    "course_wiki",
    "courseware",
    "dates",
    "discussion",
    "edxnotes",
    "enroll_staff",
    "generate_user_cert",
    "grade_summary",
    "gradebook",
    "htmlbook",
    "info",
    "instructor",
    "instructor_dashboard",
    "jump_to",
    "jump_to_id",
    "legacy_instructor_dash",
    "lti_rest_endpoints",
    "lti_tab",
    "masquerade",
    "modx",
    "news",
    "notes",
    "open_ended_notifications",
    "open_ended_problems",
    "pdfbook",
    "peer_grading",
    "progress",
    "staff_grading",
    "submission_history",
    "syllabus",
    "tab",
    "teams",
    "wiki",
    "xblock",
];

/// Returns the id of the course that an address surely names:
/// - a key with a colon directly after `/courses/` at the start of the path, or after the folder `course`, as in the
///   micro-frontends;
/// - the key of a block after `/xblock/` at the start of the path;
/// - an id ORG/COURSE/RUN directly after `/courses/`, followed by a page that the LMS has. If a static tab or nothing
///   follows, the run must have a digit, since websites about courses have addresses of the same form.
///
/// Addresses of APIs have other names in these positions.
fn course_of(address: &str) -> Option<String> {
    let address = address.split(['?', '#']).next()?;
    let path = match address.split_once("://") {
        Some((_, rest)) => &rest[rest.find('/')?..],
        None => address,
    };
    let path = percent_encoding::percent_decode_str(path.strip_prefix('/')?)
        .decode_utf8()
        .ok()?;
    let parts: Vec<&str> = path.split('/').collect();
    let key = match parts.as_slice() {
        ["courses", key, ..] if key.contains(':') => (*key).to_owned(),
        ["xblock", block, ..] => format!("course-v1:{}", block.strip_prefix("block-v1:")?),
        ["courses", org, course, run, after @ ..] => {
            let is_course = match after {
                [] | [_] | [_, ""] if run.contains(|c: char| c.is_ascii_digit()) => true,
                [page, ..] => PAGES.contains(page),
                [] => false,
            };
            is_course.then(|| format!("{org}/{course}/{run}"))?
        }
        _ if parts.contains(&"api") => return None,
        _ => {
            let folder = parts.iter().position(|part| *part == "course")?;
            let key = parts.get(folder + 1).filter(|key| key.contains(':'))?;
            (*key).to_owned()
        }
    };
    let course = course_key::canonical(&key)?;
    let is_course = !course.ends_with('/') && !course.starts_with("library-v1:");
    is_course.then(|| course.into_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_address_names_a_course_where_the_lms_has_the_id() {
        for (address, course) in [
            (
                "https://h/xblock/block-v1:a+b+c+type@vertical+block@v?show_title=0",
                Some("course-v1:a+b+c"),
            ),
            (
                "/courses/edX/Open_DemoX/edx_demo_course/xblock/i4x:;_;_edX/handler/x",
                Some("edX/Open_DemoX/edx_demo_course"),
            ),
            (
                "https://h/courses/MITx/6.002x/2012_Fall/",
                Some("MITx/6.002x/2012_Fall"),
            ),
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
                "/courses/MITx/6.002x/2012_Fall/my_tab/",
                Some("MITx/6.002x/2012_Fall"),
            ),
            ("https://h/courses/search/all/subjects/page/", None),
            ("https://h/api/courses/v1/blocks/x/y", None),
            ("https://h/api/x/course/course-v1:a+b+c", None),
            ("https://h/courses/search/all/subjects/", None),
            ("https://h/courses/search/all/2013/page/2", None),
            ("https://h/course/mit/7-00x/intro/1014", None),
            (
                "https://h/course/DemoX.Botany.2013/branch/draft/block/x",
                None,
            ),
            ("https://h/static/courses/a/b/c1.png", None),
            ("https://h/wiki/DemoX.Botany.2013/courses/A/B/C1/", None),
            ("https://h/wiki/x/courses/course-v1:a+b+c/", None),
            ("https://h/xblock/i4x:;_;_a;_b;_video;_c", None),
            ("https://courses", None),
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
