//! Named events without a transformer.

use std::fmt::Write;

use super::draft::{Draft, Sender, escape};
use super::problem::write_form;
use super::random::one_of;
use super::{LMS_ROOT_URL, Scene};

/// The event of a browser after a problem was checked. The event contains the form and the returned HTML, which makes
/// it the largest line of a log.
pub fn problem_graded(draft: &mut Draft, scene: &mut Scene<'_>) {
    draft.sender = Sender::Browser;
    draft.is_plain = true;
    draft.event.push_str("[\"");
    let problem = &scene.course.problems[scene.session.problem];
    write_form(problem, scene, &mut draft.event);
    draft.event.push_str("\", \"");
    let (hex, key, html) = (&problem.hex, &problem.key, &mut draft.text);
    let _ = write!(
        html,
        "\n\n<h3 class=\"problem-header\" id=\"{hex}-problem-title\" aria-describedby=\"{key}-problem-progress\">\n  \
         {}\n</h3>\n<div class=\"problem-progress\" id=\"{key}-problem-progress\"></div>\n<div class=\"problem\">\n",
        problem.name
    );
    for (nth, question) in problem.questions.iter().enumerate() {
        let input = format!("{hex}_{}_1", nth + 2);
        let _ = write!(
            html,
            "  <div class=\"wrapper-problem-response\" role=\"group\">\n    <p>{}</p>\n    \
             <fieldset aria-describedby=\"status_{input}\">\n",
            question.text
        );
        for (choice, text) in question.choices.iter().enumerate() {
            let _ = write!(
                html,
                "      <div class=\"field\">\n        <input type=\"radio\" name=\"input_{input}\" \
                 id=\"input_{input}_choice_{choice}\" class=\"field-input\" value=\"choice_{choice}\"/>\n        \
                 <label id=\"{input}-choice_{choice}-label\" for=\"input_{input}_choice_{choice}\">{text}</label>\n      \
                 </div>\n"
            );
        }
        let _ = write!(
            html,
            "    </fieldset>\n    <span class=\"status\" id=\"status_{input}\"><span class=\"sr\">correct</span></span>\n  \
             </div>\n"
        );
    }
    for button in ["submit", "save", "hint", "show-answer"] {
        let _ = write!(
            html,
            "  <div class=\"notification notification-{button} is-hidden\" tabindex=\"-1\">\n    \
             <span class=\"message\" aria-describedby=\"{hex}-problem-title\"></span>\n    \
             <button type=\"button\" class=\"btn btn-small review-btn\" data-value=\"{button}\">Review</button>\n  </div>\n"
        );
    }
    html.push_str("</div>\n");
    escape(html, &mut draft.event);
    draft.event.push_str("\"]");
}

pub fn page_close(draft: &mut Draft, _: &mut Scene<'_>) {
    draft.sender = Sender::Browser;
    draft.event.push_str("{}");
}

pub fn problem_shown(draft: &mut Draft, scene: &mut Scene<'_>) {
    draft.sender = Sender::Browser;
    let problem = &scene.course.problems[scene.session.problem];
    let _ = write!(draft.event, "{{\"problem\": \"{}\"}}", problem.key);
}

pub fn book(draft: &mut Draft, scene: &mut Scene<'_>) {
    draft.sender = Sender::Browser;
    let page = scene.rng.u32(1..300);
    let _ = write!(
        draft.event,
        "{{\"type\": \"gotopage\", \"old\": {page}, \"new\": {}, \"chapter\": \"/asset-v1:{}+type@asset+block/text.pdf\", \
         \"name\": \"textbook.pdf.page.loaded\"}}",
        page + 1,
        &scene.course.id["course-v1:".len()..]
    );
}

pub fn feedback(draft: &mut Draft, scene: &mut Scene<'_>) {
    let problem = &scene.course.problems[scene.session.problem];
    draft.handled_by(scene.course, &problem.key, "xmodule_handler/problem_check");
    draft.about(problem);
    let _ = write!(
        draft.event,
        "{{\"module_id\": \"{}\", \"problem_part_id\": \"{}_1\", \"trigger_type\": \"single\", \"hint_label\": \"Incorrect\", \
         \"correctness\": false, \"student_answer\": [\"choice_{}\"], \"question_type\": \"multiplechoiceresponse\", \
         \"hints\": [{{\"text\": \"",
        problem.key,
        problem.hex,
        scene.rng.u8(1..4)
    );
    escape(&problem.hint, &mut draft.event);
    draft.event.push_str("\"}]}");
}

pub fn bookmark(draft: &mut Draft, scene: &mut Scene<'_>) {
    draft.is_from_app = true;
    draft.path.push_str("/api/bookmarks/v1/bookmarks/");
    let key = &scene.course.verticals[scene.session.vertical];
    let _ = write!(
        draft.event,
        "{{\"course_id\": \"{}\", \"bookmark_id\": \"{},{key}\", \"component_type\": \"vertical\", \
         \"component_usage_id\": \"{key}\"}}",
        scene.course.id, scene.session.user.username
    );
}

pub fn settings(draft: &mut Draft, scene: &mut Scene<'_>) {
    draft.sender = Sender::Browser;
    draft.is_in_course = false;
    let _ = write!(
        draft.event,
        "{{\"page\": \"{}\", \"visibility\": null, \"user_id\": {}}}",
        one_of(scene.rng, &["account", "profile"]),
        scene.session.user.id
    );
}

pub fn resumed(draft: &mut Draft, scene: &mut Scene<'_>) {
    draft.sender = Sender::Browser;
    let id = &scene.course.id;
    let _ = write!(
        draft.event,
        "{{\"event_type\": \"resume\", \"url\": \"{LMS_ROOT_URL}/courses/{id}/jump_to/{}\"}}",
        one_of(scene.rng, &scene.course.sequentials)
    );
}
