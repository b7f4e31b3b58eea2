//! Forum threads, responses and comments (`forum_events.py`).
//!
//! | statement | from |
//! |---|---|
//! | verb | posted (created), edited, viewed, deleted, voted, reported, unreported |
//! | object id | `context.path` without `data.id` and closing slashes, `/`, `data.id` |
//! | object name | `data.title`, if present |
//! | context grouping | the thread of `data.discussion.id`, if present |
//! | context extension type | `thread_type` of a created thread, `vote_value` of a vote |

use super::model::{ActivityDefinition, Statement};
use super::transformer::{Extension, Transformer, activity, english};
use super::vocabulary::{self, VerbIri, extension, verb};
use crate::outcome::Fault;
use crate::tracking::field::{required, str_of, truthy};

pub(super) fn thread_created<'a>(cx: &Transformer<'a>) -> Result<Statement<'a>, Fault> {
    with_extensions(
        cx,
        verb::POSTED,
        &[(extension::TYPE, cx.event.find("thread_type"))],
    )
}

pub(super) fn voted<'a>(cx: &Transformer<'a>) -> Result<Statement<'a>, Fault> {
    with_extensions(
        cx,
        verb::VOTED,
        &[(extension::TYPE, cx.event.find("vote_value"))],
    )
}

pub(super) fn discussion<'a>(cx: &Transformer<'a>, verb: VerbIri) -> Result<Statement<'a>, Fault> {
    with_extensions(cx, verb, &[])
}

fn with_extensions<'a>(
    cx: &Transformer<'a>,
    verb: VerbIri,
    extensions: &[Extension<'a>],
) -> Result<Statement<'a>, Fault> {
    let actor = cx.actor()?;
    let discussion = cx.event.data_within("discussion", "id");
    let context = match truthy(discussion) {
        None => cx.context(extensions)?,
        Some(discussion) => cx.context_with_grouping(extensions, || {
            let thread = cx.id_text("data.discussion.id", discussion)?;
            let id = cx.text(format_args!(
                "{}/api/discussion/v1/threads/{thread}",
                cx.lms.root_url
            ));
            Ok(activity(Some(id), definition()))
        })?,
    };

    let id = required("data.id", cx.event.data("id"))?;
    let path = required("context.path", cx.event.context("path"))?;
    let path = str_of("context.path", path, "a path")?;
    let id = str_of("data.id", id, "an id")?;
    let path = path.trim_end_matches('/').replace(id, "");
    let object_id = cx.text(format_args!(
        "{}{}/{id}",
        cx.lms.root_url,
        path.trim_end_matches('/')
    ));
    let name = match truthy(cx.event.data("title")) {
        Some(title) => Some(english(str_of("data.title", title, "a text")?)),
        None => None,
    };
    let object = activity(
        Some(object_id),
        ActivityDefinition {
            name,
            ..definition()
        },
    );
    cx.statement(verb, actor, context, object, None)
}

fn definition<'a>() -> ActivityDefinition<'a> {
    ActivityDefinition {
        activity_type: vocabulary::activity::DISCUSSION,
        ..ActivityDefinition::default()
    }
}
