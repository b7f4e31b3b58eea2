//! Navigation, completion, grades, enrollment, the forum and exams.

use std::fmt::Write;

use super::draft::{Draft, Sender, escape};
use super::random::{one_of, words};
use super::{LMS_ROOT_URL, Scene};

impl Scene<'_> {
    /// Returns a new id of a transaction of the LMS.
    pub fn transaction(&mut self) -> uuid::Uuid {
        uuid::Builder::from_random_bytes(self.rng.u128(..).to_be_bytes()).into_uuid()
    }

    /// Returns a new id of the forum database.
    fn post(&mut self) -> String {
        format!("65{:022x}", self.rng.u128(..) >> 40)
    }
}

fn at_tab(draft: &mut Draft, scene: &mut Scene<'_>) -> (usize, usize) {
    draft.sender = Sender::Browser;
    let course = scene.course;
    let sequential = &course.sequentials[scene.session.vertical / 4 % course.sequentials.len()];
    let (current, count) = (1 + scene.session.vertical % 8, 8);
    let _ = write!(
        draft.event,
        "{{\"current_tab\": {current}, \"tab_count\": {count}, \"id\": \"{sequential}\", \"widget_placement\": \"{}\"",
        one_of(scene.rng, &["top", "bottom"])
    );
    (current, count)
}

pub fn to_neighbour(draft: &mut Draft, scene: &mut Scene<'_>) {
    at_tab(draft, scene);
    draft.event.push('}');
}

pub fn to_tab(draft: &mut Draft, scene: &mut Scene<'_>) {
    let (_, count) = at_tab(draft, scene);
    let _ = write!(
        draft.event,
        ", \"target_tab\": {}}}",
        scene.rng.usize(1..=count)
    );
}

pub fn link_clicked(draft: &mut Draft, scene: &mut Scene<'_>) {
    draft.sender = Sender::Browser;
    let (id, page) = (&scene.course.id, &scene.session.page);
    let _ = write!(
        draft.event,
        "{{\"current_url\": \"{page}\", \"target_url\": \""
    );
    let _ = match scene.rng.u8(..4) {
        0 => write!(
            draft.event,
            "https://en.wikipedia.org/wiki/{}",
            scene.rng.u32(..9999)
        ),
        1 => write!(draft.event, "{LMS_ROOT_URL}/courses/{id}/progress"),
        2 => write!(draft.event, "{LMS_ROOT_URL}/courses/{id}/discussion/forum/"),
        _ => write!(
            draft.event,
            "{LMS_ROOT_URL}/courses/{id}/jump_to/{}",
            one_of(scene.rng, &scene.course.sequentials)
        ),
    };
    draft.event.push_str("\"}");
}

pub fn outline_selected(draft: &mut Draft, scene: &mut Scene<'_>) {
    draft.sender = Sender::Browser;
    let course = scene.course;
    let sequential = one_of(scene.rng, &course.sequentials);
    let page = &scene.session.page;
    let _ = write!(
        draft.event,
        "{{\"current_url\": \"{page}\", \"target_url\": \"{LMS_ROOT_URL}/courses/{}/jump_to/{sequential}\", \
         \"id\": \"{sequential}\", \"target_name\": \"",
        course.id
    );
    escape(
        &course.problems[scene.session.problem].name,
        &mut draft.event,
    );
    draft
        .event
        .push_str("\", \"widget_placement\": \"sidebar\"}");
}

pub fn completion(draft: &mut Draft, scene: &mut Scene<'_>) {
    let course = scene.course;
    let block = scene.session.html(course, scene.rng);
    draft.handled_by(course, block, "publish_completion");
    let (user, id) = (scene.session.user.id, &course.id);
    let _ = write!(
        draft.event,
        "{{\"user_id\": {user}, \"course_id\": \"{id}\", \"context_key\": \"{id}\", \"block_id\": \"{block}\", \
         \"block_type\": \"html\", \"completion\": {}, \"is_new\": {}}}",
        one_of(scene.rng, &["1.0", "1.0", "1.0", "0.0"]),
        scene.rng.bool()
    );
}

/// Writes the first fields of both kinds of grade.
fn graded(draft: &mut Draft, scene: &mut Scene<'_>) {
    draft.sender = Sender::Worker;
    let (user, id) = (scene.session.user.id, &scene.course.id);
    let _ = write!(
        draft.event,
        "{{\"user_id\": \"{user}\", \"course_id\": \"{id}\", \"event_transaction_id\": \"{}\", \
         \"event_transaction_type\": \"edx.grades.problem.submitted\"",
        scene.transaction()
    );
}

pub fn subsection_grade(draft: &mut Draft, scene: &mut Scene<'_>) {
    graded(draft, scene);
    let block = one_of(scene.rng, &scene.course.sequentials);
    let possible = scene.rng.u32(1..20);
    let earned = scene.rng.u32(..=possible);
    let _ = write!(
        draft.event,
        ", \"block_id\": \"{block}\", \"course_version\": \"65e1b5d2a3b0f5001b7c2e10\", \
         \"weighted_total_earned\": {earned}.0, \"weighted_total_possible\": {possible}.0, \
         \"weighted_graded_earned\": {earned}.0, \"weighted_graded_possible\": {possible}.0, \
         \"first_attempted\": \"2024-01-{:02} 20:55:53.096285+00:00\", \
         \"subtree_edited_timestamp\": \"2023-12-03 15:47:38.629000+00:00\", \
         \"visible_blocks_hash\": \"5RUTrtbgdsnoSKsFavs24Om8Yp0=\"}}",
        scene.rng.u8(1..29)
    );
}

pub fn course_grade(draft: &mut Draft, scene: &mut Scene<'_>) {
    graded(draft, scene);
    let percent = scene.rng.u8(..100);
    let letter = if percent < 50 { "" } else { "Pass" };
    let _ = write!(
        draft.event,
        ", \"course_version\": \"65e1b5d2a3b0f5001b7c2e10\", \"percent_grade\": {:?}, \"letter_grade\": \"{letter}\", \
         \"course_edited_timestamp\": \"2023-12-03 15:47:38.629000+00:00\", \
         \"grading_policy_hash\": \"2HDb6cWz6xgUQ8b9YhsgN5sukP0=\"}}",
        f64::from(percent) / 100.0
    );
}

pub fn course_passed(draft: &mut Draft, scene: &mut Scene<'_>) {
    graded(draft, scene);
    draft.event.push('}');
}

pub fn enrollment(draft: &mut Draft, scene: &mut Scene<'_>) {
    draft.path.push_str("/change_enrollment");
    let (user, id) = (scene.session.user.id, &scene.course.id);
    let _ = write!(
        draft.event,
        "{{\"course_id\": \"{id}\", \"user_id\": {user}, \"mode\": \"{}\"}}",
        one_of(scene.rng, &["audit", "audit", "verified", "honor"])
    );
}

/// Writes the fields that all forum posts have.
fn posted(draft: &mut Draft, scene: &mut Scene<'_>, post: &str, thread: &str) {
    let id = &scene.course.id;
    let length = scene.rng.usize(8..60);
    let body = words(scene.rng, length);
    let _ = write!(
        draft.event,
        "{{\"id\": \"{post}\", \"commentable_id\": \"course\", \
         \"url\": \"{LMS_ROOT_URL}/courses/{id}/discussion/forum/course/threads/{thread}\", \"category_id\": \"course\", \
         \"category_name\": \"General\", \"user_forums_roles\": [\"Student\"], \"user_course_roles\": [], \
         \"truncated\": false, \"anonymous\": false, \"anonymous_to_peers\": false, \"group_id\": null, \"body\": \""
    );
    escape(&body, &mut draft.event);
    draft.event.push('"');
    if draft.name.ends_with("voted") {
        draft.event.push_str(
            ", \"vote_value\": \"up\", \"undo_vote\": false, \"target_username\": \"staff\"",
        );
    }
}

pub fn thread(draft: &mut Draft, scene: &mut Scene<'_>) {
    let thread = scene.post();
    let id = &scene.course.id;
    let _ = match draft.name.as_str() {
        "edx.forum.thread.created" => {
            write!(draft.path, "/courses/{id}/discussion/course/threads/create")
        }
        "edx.forum.thread.viewed" => {
            write!(
                draft.path,
                "/courses/{id}/discussion/forum/course/threads/{thread}"
            )
        }
        _ => write!(
            draft.path,
            "/courses/{id}/discussion/threads/{thread}/update"
        ),
    };
    posted(draft, scene, &thread, &thread);
    draft.event.push_str(", \"title\": \"");
    escape(&words(scene.rng, 6), &mut draft.event);
    draft.event.push_str("\", \"thread_type\": \"discussion\"}");
}

/// A response to a thread, or a comment on a response.
pub fn reply(draft: &mut Draft, scene: &mut Scene<'_>) {
    let (thread, post) = (scene.post(), scene.post());
    let id = &scene.course.id;
    let _ = if draft.name.ends_with("created") {
        write!(
            draft.path,
            "/courses/{id}/discussion/threads/{thread}/reply"
        )
    } else {
        write!(
            draft.path,
            "/courses/{id}/discussion/comments/{post}/update"
        )
    };
    posted(draft, scene, &post, &thread);
    let _ = write!(draft.event, ", \"discussion\": {{\"id\": \"{thread}\"}}");
    if draft.name.contains("comment") {
        let response = scene.post();
        let _ = write!(draft.event, ", \"response\": {{\"id\": \"{response}\"}}");
    }
    draft.event.push('}');
}

pub fn exam_attempt(draft: &mut Draft, scene: &mut Scene<'_>) {
    draft
        .path
        .push_str("/api/edx_proctoring/v1/proctored_exam/attempt");
    let course = scene.course;
    let exam = scene.rng.usize(..4);
    let is_over = draft.name.ends_with("submitted");
    let (status, completed) = if is_over {
        ("submitted", "\"2024-03-05T10:14:07Z\"")
    } else {
        ("created", "null")
    };
    let code = scene.transaction().to_string().to_uppercase();
    let _ = write!(
        draft.event,
        "{{\"exam_id\": {}, \"exam_content_id\": \"{}\", \"exam_name\": \"",
        exam + 11,
        course.sequentials[exam]
    );
    escape(&course.problems[exam].name, &mut draft.event);
    let _ = write!(
        draft.event,
        "\", \"exam_default_time_limit_mins\": 90, \"exam_is_proctored\": {}, \"exam_is_practice_exam\": {}, \
         \"exam_is_active\": true, \"attempt_id\": {}, \"attempt_user_id\": {}, \
         \"attempt_started_at\": \"2024-03-05T09:{:02}:00Z\", \"attempt_completed_at\": {completed}, \
         \"attempt_code\": \"{code}\", \"attempt_allowed_time_limit_mins\": 90, \"attempt_status\": \"{status}\", \
         \"attempt_event_elapsed_time_secs\": {}.{:02}}}",
        draft.name.contains("proctored"),
        draft.name.contains("practice"),
        scene.rng.u32(1..90_000),
        scene.session.user.id,
        scene.rng.u8(..60),
        scene.rng.u32(..5400),
        scene.rng.u8(1..100),
    );
}
