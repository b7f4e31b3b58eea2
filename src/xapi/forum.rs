//! Forum threads, responses and comments (`forum_events.py`).
//!
//! | part of the statement | source |
//! |---|---|
//! | verb | posted (created), edited, viewed, deleted, voted, reported, unreported |
//! | object id | the LMS root URL + `context.path` without `data.id` and without slashes at its end + `/` + `data.id` |
//! | object name | `data.title`, if present |
//! | context grouping | the thread of `data.discussion.id`, if present |
//! | context extension type | `thread_type` of a created thread, `vote_value` of a vote |

use super::mapping::StatementKind;
use super::model::{ActivityDefinition, Statement};
use super::transformer::{Extension, Transformer, activity, english};
use super::vocabulary::extension;
use crate::outcome::Fault;
use crate::tracking::field::{str_of, truthy};

pub(super) fn thread_created<'a>(
    cx: &Transformer<'a>,
    kind: StatementKind,
) -> Result<Statement<'a>, Fault> {
    let thread_type = (extension::TYPE, cx.event.find("thread_type"));
    with_extensions(cx, kind, &[thread_type])
}

pub(super) fn voted<'a>(cx: &Transformer<'a>, kind: StatementKind) -> Result<Statement<'a>, Fault> {
    let vote = (extension::TYPE, cx.event.find("vote_value"));
    with_extensions(cx, kind, &[vote])
}

pub(super) fn discussion<'a>(
    cx: &Transformer<'a>,
    kind: StatementKind,
) -> Result<Statement<'a>, Fault> {
    with_extensions(cx, kind, &[])
}

fn with_extensions<'a>(
    cx: &Transformer<'a>,
    kind: StatementKind,
    extensions: &[Extension<'a>],
) -> Result<Statement<'a>, Fault> {
    let definition = ActivityDefinition::of(kind.object_type);
    let base = match truthy(cx.event.data_within("discussion", "id")) {
        None => cx.base(extensions)?,
        Some(discussion) => cx.base_with_grouping(extensions, || {
            let thread = cx.id_text("data.discussion.id", discussion)?;
            let id = cx.iri("api/discussion/v1/threads", thread);
            Ok(activity(Some(id), definition))
        })?,
    };

    let id = cx.event.required("data.id", cx.event.data("id"))?;
    let path = cx
        .event
        .required("context.path", cx.event.context("path"))?;
    let path = str_of("context.path", path, "a path")?;
    let id = str_of("data.id", id, "an id")?;
    let path = path.trim_end_matches('/').replace(id, "");
    let (root, path) = (&cx.lms.root_url, path.trim_end_matches('/'));
    let object_id = cx.text(format_args!("{root}{path}/{id}"));
    let name = match truthy(cx.event.data("title")) {
        Some(title) => Some(english(str_of("data.title", title, "a string")?)),
        None => None,
    };
    let object = activity(Some(object_id), ActivityDefinition { name, ..definition });
    cx.statement(kind.verb, base, object, None)
}
