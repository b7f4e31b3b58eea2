//! Implicit events. The LMS writes one for each request, named by its path, with its parameters as a JSON string.

use std::fmt::Write;

use super::Scene;
use super::draft::{Draft, Sender, escape};
use super::problem::write_form;
use super::random::one_of;

/// The number of bytes of the parameters that the LMS keeps.
const MOST_BYTES: usize = 512;

/// Names the event by its path and wraps its `POST` parameters, which are JSON in `draft.text`.
fn finish(draft: &mut Draft) {
    draft.name.clear();
    draft.name.push_str(&draft.path);
    let mut parameters = format!("{{\"GET\": {{}}, \"POST\": {{{}}}}}", draft.text);
    parameters.truncate(MOST_BYTES);
    draft.event.push('"');
    escape(&parameters, &mut draft.event);
    draft.event.push('"');
}

/// A request to the handler of a block, which saves the state of the block or fetches data.
pub fn block_handler(draft: &mut Draft, scene: &mut Scene<'_>) {
    let (course, session) = (scene.course, &*scene.session);
    let video = format!(
        "block-v1:{}+type@video+block@{}",
        &course.id["course-v1:".len()..],
        course.videos[session.video].hex
    );
    let problem = &course.problems[session.problem].key;
    match scene.rng.u8(..100) {
        0..40 => {
            draft.handled_by(course, &video, "xmodule_handler/save_user_state");
            let at = session.video_at / 1_000_000;
            let _ = write!(
                draft.text,
                "\"saved_video_position\": [\"{:02}:{:02}:{:02}\"]",
                at / 3600,
                at / 60 % 60,
                at % 60
            );
        }
        40..60 => draft.handled_by(course, problem, "xmodule_handler/problem_get"),
        60..78 => {
            let html = session.html(course, scene.rng);
            draft.handled_by(course, html, "publish_completion");
            draft.text.push_str("\"{\\\"completion\\\":1}\": [\"\"]");
        }
        78..90 => {
            draft.handled_by(
                course,
                one_of::<String>(scene.rng, &course.sequentials),
                "xmodule_handler/goto_position",
            );
            let _ = write!(draft.text, "\"position\": [\"{}\"]", scene.rng.u8(1..12));
        }
        90..97 => draft.handled_by(course, &video, "transcript/translation/en"),
        _ => draft.handled_by(course, problem, "xmodule_handler/problem_show"),
    }
    finish(draft);
}

/// A request that checks a problem, with the inputs as its parameters.
pub fn problem_check(draft: &mut Draft, scene: &mut Scene<'_>) {
    let problem = &scene.course.problems[scene.session.problem];
    draft.handled_by(scene.course, &problem.key, "xmodule_handler/problem_check");
    let mut form = String::new();
    write_form(problem, scene, &mut form);
    for (nth, (input, value)) in form_urlencoded::parse(form.as_bytes()).enumerate() {
        let comma = if nth > 0 { ", " } else { "" };
        let _ = write!(draft.text, "{comma}\"{input}\": [\"");
        escape(&value, &mut draft.text);
        draft.text.push_str("\"]");
    }
    finish(draft);
}

/// A request for a page of the LMS.
pub fn page(draft: &mut Draft, scene: &mut Scene<'_>) {
    let (course, session) = (scene.course, &*scene.session);
    let id = &course.id;
    draft.is_in_course = true;
    let _ = match scene.rng.u8(..100) {
        0..50 => write!(draft.path, "/xblock/{}", course.verticals[session.vertical]),
        50..68 => write!(
            draft.path,
            "/courses/{id}/jump_to/{}",
            one_of(scene.rng, &course.sequentials)
        ),
        68..76 => write!(draft.path, "/courses/{id}/course/"),
        76..84 => write!(draft.path, "/courses/{id}/progress"),
        84..90 => write!(draft.path, "/courses/{id}/discussion/forum/"),
        90..94 => write!(draft.path, "/courses/{id}/info"),
        path => {
            draft.is_in_course = false;
            draft
                .path
                .push_str(["/dashboard", "/jsi18n/", "/account/settings"][usize::from(path % 3)]);
            Ok(())
        }
    };
    finish(draft);
}

/// A request of a frontend for its data.
pub fn app_request(draft: &mut Draft, scene: &mut Scene<'_>) {
    draft.is_from_app = true;
    let (course, session) = (scene.course, &*scene.session);
    let (id, username) = (&course.id, &session.user.username);
    let _ = match scene.rng.u8(..100) {
        0..25 => write!(
            draft.path,
            "/api/courseware/sequence/{}",
            one_of(scene.rng, &course.sequentials)
        ),
        25..45 => write!(draft.path, "/api/courseware/course/{id}"),
        45..60 => write!(draft.path, "/api/course_home/outline/{id}"),
        60..70 => write!(draft.path, "/api/course_home/course_metadata/{id}"),
        70..80 => write!(draft.path, "/api/bookmarks/v1/bookmarks/"),
        80..90 => write!(draft.path, "/api/user/v1/accounts/{username}"),
        _ => write!(draft.path, "/login_refresh"),
    };
    draft.is_in_course = draft.path.contains(id.as_str());
    finish(draft);
}

/// A request without a login.
pub fn anonymous(draft: &mut Draft, scene: &mut Scene<'_>) {
    draft.sender = Sender::Anonymous;
    draft.is_in_course = false;
    let path = [
        "/heartbeat",
        "/login",
        "/courses",
        "/csrf/api/v1/token",
        "/",
    ];
    draft.path.push_str(one_of::<&str>(scene.rng, &path));
    finish(draft);
}
