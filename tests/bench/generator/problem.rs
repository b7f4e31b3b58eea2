//! Problem events of the LMS and of the browser.

use std::fmt::Write;

use super::Scene;
use super::courses::{Problem, QuestionKind};
use super::draft::{Draft, Sender, escape};

/// The answers to the questions of a problem, as indices of their choices.
struct Answers(Vec<(usize, usize)>);

impl Answers {
    fn draw(problem: &Problem, scene: &mut Scene<'_>) -> Self {
        let rng = &mut *scene.rng;
        let draw = |choices: usize| (rng.usize(..choices), rng.usize(..choices));
        let choices = problem
            .questions
            .iter()
            .map(|question| question.choices.len());
        Self(choices.map(draw).collect())
    }

    /// Returns the number of right answers. The first choice is always right.
    fn right(&self) -> usize {
        self.0.iter().filter(|(first, _)| *first == 0).count()
    }
}

/// Writes the inputs of a problem with their answers, `"HEX_2_1": "choice_2", …`.
fn write_choices(problem: &Problem, answers: &Answers, out: &mut String) {
    for (nth, (question, &(first, second))) in problem.questions.iter().zip(&answers.0).enumerate()
    {
        let comma = if nth > 0 { ", " } else { "" };
        let _ = write!(out, "{comma}\"{}_{}_1\": ", problem.hex, nth + 2);
        match question.kind {
            QuestionKind::OneChoice => {
                let _ = write!(out, "\"choice_{first}\"");
            }
            QuestionKind::SomeChoices => {
                let _ = write!(
                    out,
                    "[\"choice_{first}\", \"choice_{}\"]",
                    first + 1 + second
                );
            }
            _ => write_text(&question.choices[first], out),
        }
    }
}

fn write_text(text: &str, out: &mut String) {
    out.push('"');
    escape(text, out);
    out.push('"');
}

fn write_correct_map(problem: &Problem, answers: &Answers, out: &mut String) {
    for (nth, (first, _)) in answers.0.iter().enumerate() {
        let comma = if nth > 0 { ", " } else { "" };
        let correctness = if *first == 0 { "correct" } else { "incorrect" };
        let _ = write!(
            out,
            "{comma}\"{}_{}_1\": {{\"correctness\": \"{correctness}\", \"npoints\": null, \"msg\": \"\", \
             \"hint\": \"\", \"hintmode\": null, \"queuestate\": null, \"answervariable\": null}}",
            problem.hex,
            nth + 2
        );
    }
}

fn write_submission(problem: &Problem, answers: &Answers, out: &mut String) {
    for (nth, (question, &(first, second))) in problem.questions.iter().zip(&answers.0).enumerate()
    {
        let comma = if nth > 0 { ", " } else { "" };
        let _ = write!(
            out,
            "{comma}\"{}_{}_1\": {{\"question\": ",
            problem.hex,
            nth + 2
        );
        write_text(&question.text, out);
        out.push_str(", \"answer\": ");
        if question.kind == QuestionKind::SomeChoices {
            out.push('[');
            write_text(&question.choices[first], out);
            out.push_str(", ");
            write_text(&question.choices[second], out);
            out.push(']');
        } else {
            write_text(&question.choices[first], out);
        }
        let (response_type, input_type) = question.kind.types();
        let _ = write!(
            out,
            ", \"response_type\": \"{response_type}\", \"input_type\": \"{input_type}\", \"correct\": {}, \
             \"variant\": \"\", \"group_label\": \"\"}}",
            first == 0
        );
    }
}

pub fn checked(draft: &mut Draft, scene: &mut Scene<'_>) {
    let course = scene.course;
    let problem = &course.problems[scene.session.problem];
    let answers = Answers::draw(problem, scene);
    let attempts = scene.rng.u32(1..5);
    draft.handled_by(course, &problem.key, "xmodule_handler/problem_check");
    draft.about(problem);
    let event = &mut draft.event;
    event.push_str("{\"state\": {\"seed\": 1, \"student_answers\": {");
    if attempts > 1 {
        write_choices(problem, &answers, event);
    }
    event.push_str("}, \"has_saved_answers\": false, \"correct_map\": {");
    if attempts > 1 {
        write_correct_map(problem, &answers, event);
    }
    event.push_str("}, \"input_state\": {");
    for nth in 0..answers.0.len() {
        let comma = if nth > 0 { ", " } else { "" };
        let _ = write!(event, "{comma}\"{}_{}_1\": {{}}", problem.hex, nth + 2);
    }
    let done = if attempts > 1 { "true" } else { "null" };
    let _ = write!(
        event,
        "}}, \"done\": {done}}}, \"problem_id\": \"{}\", \"answers\": {{",
        problem.key
    );
    write_choices(problem, &answers, event);
    let (grade, max_grade) = (answers.right(), answers.0.len());
    let _ = write!(
        event,
        "}}, \"grade\": {grade}, \"max_grade\": {max_grade}, \"correct_map\": {{"
    );
    write_correct_map(problem, &answers, event);
    let success = if grade == max_grade {
        "correct"
    } else {
        "incorrect"
    };
    let _ = write!(
        event,
        "}}, \"success\": \"{success}\", \"attempts\": {attempts}, \"submission\": {{"
    );
    write_submission(problem, &answers, event);
    event.push_str("}}");
}

/// Writes the form as the browser sends it, `input_HEX_2_1=choice_2&…`.
pub fn write_form(problem: &Problem, scene: &mut Scene<'_>, out: &mut String) {
    let answers = Answers::draw(problem, scene);
    for (nth, (question, &(first, _))) in problem.questions.iter().zip(&answers.0).enumerate() {
        let ampersand = if nth > 0 { "&" } else { "" };
        let _ = write!(out, "{ampersand}input_{}_{}_1", problem.hex, nth + 2);
        let _ = match question.kind {
            QuestionKind::OneChoice => write!(out, "=choice_{first}"),
            QuestionKind::SomeChoices => write!(out, "%5B%5D=choice_{first}"),
            _ => {
                out.push('=');
                out.extend(form_urlencoded::byte_serialize(
                    question.choices[first].as_bytes(),
                ));
                Ok(())
            }
        };
    }
}

pub fn checked_in_browser(draft: &mut Draft, scene: &mut Scene<'_>) {
    draft.sender = Sender::Browser;
    draft.is_plain = true;
    // Without this field the Caliper transformer rejects the event early, and the benchmark would measure too little.
    draft.has_referer = true;
    draft.event.push('"');
    let problem = &scene.course.problems[scene.session.problem];
    write_form(problem, scene, &mut draft.event);
    draft.event.push('"');
}

pub fn answer_shown(draft: &mut Draft, scene: &mut Scene<'_>) {
    let problem = &scene.course.problems[scene.session.problem];
    draft.handled_by(scene.course, &problem.key, "xmodule_handler/problem_show");
    draft.about(problem);
    let _ = write!(draft.event, "{{\"problem_id\": \"{}\"}}", problem.key);
}

pub fn hint_shown(draft: &mut Draft, scene: &mut Scene<'_>) {
    let problem = &scene.course.problems[scene.session.problem];
    draft.handled_by(scene.course, &problem.key, "xmodule_handler/hint_button");
    draft.about(problem);
    let _ = write!(
        draft.event,
        "{{\"module_id\": \"{}\", \"hint_index\": {}, \"hint_len\": 3, \"hint_text\": ",
        problem.key,
        scene.rng.u8(..3)
    );
    write_text(&problem.hint, &mut draft.event);
    draft.event.push('}');
}

pub fn submitted(draft: &mut Draft, scene: &mut Scene<'_>) {
    let problem = &scene.course.problems[scene.session.problem];
    draft.handled_by(scene.course, &problem.key, "xmodule_handler/problem_check");
    draft.about(problem);
    let possible = problem.questions.len();
    let transaction = scene.transaction();
    let _ = write!(
        draft.event,
        "{{\"user_id\": \"{}\", \"course_id\": \"{}\", \"problem_id\": \"{}\", \"event_transaction_id\": \"{transaction}\", \
         \"event_transaction_type\": \"edx.grades.problem.submitted\", \"weighted_earned\": {}, \
         \"weighted_possible\": {possible}}}",
        scene.session.user.id,
        scene.course.id,
        problem.key,
        scene.rng.usize(..=possible),
    );
}

pub fn completed(draft: &mut Draft, scene: &mut Scene<'_>) {
    let problem = &scene.course.problems[scene.session.problem];
    draft.handled_by(scene.course, &problem.key, "xmodule_handler/problem_check");
    draft.about(problem);
    let _ = write!(draft.event, "{{\"problem_id\": \"{}\"}}", problem.key);
}
