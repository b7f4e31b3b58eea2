//! Navigation in a course (`navigation_events.py`).
//!
//! | event | object id | object | context extension ending-point |
//! |---|---|---|---|
//! | link_clicked | `data.target_url` | link | |
//! | outline.selected | `data.target_url` | module, named `data.target_name` | |
//! | next_selected | `/xblock/` + `data.id` | resource | `next unit` |
//! | previous_selected | `/xblock/` + `data.id` | resource | `previous unit` |
//! | tab_selected | `/xblock/` + `data.id` | resource | `data.target_tab` |
//!
//! The verb is navigated. Statements with an ending-point also have the context extension starting-position, from
//! `data.current_tab`, and the object extension total-items, from `data.tab_count`.

use super::mapping::StatementKind;
use super::model::{ActivityDefinition, Statement};
use super::transformer::{Transformer, activity, english};
use super::vocabulary::extension;
use crate::json::Value;
use crate::outcome::Fault;
use crate::tracking::field::str_of;

pub(super) fn link_clicked<'a>(
    cx: &Transformer<'a>,
    kind: StatementKind,
) -> Result<Statement<'a>, Fault> {
    let base = cx.base(&[])?;
    let url = cx
        .event
        .required("data.target_url", cx.event.data("target_url"))?;
    let url = cx.id_text("data.target_url", url)?;
    let object = activity(Some(url), ActivityDefinition::of(kind.object_type));
    cx.statement(kind.verb, base, object, None)
}

pub(super) fn outline_selected<'a>(
    cx: &Transformer<'a>,
    kind: StatementKind,
) -> Result<Statement<'a>, Fault> {
    let base = cx.base(&[])?;
    let name = cx
        .event
        .required("data.target_name", cx.event.data("target_name"))?;
    let definition = ActivityDefinition {
        name: Some(english(str_of("data.target_name", name, "a string")?)),
        ..ActivityDefinition::of(kind.object_type)
    };
    let id = cx.optional_id("data.target_url", cx.event.data("target_url"))?;
    cx.statement(kind.verb, base, activity(id, definition), None)
}

pub(super) fn next_selected<'a>(
    cx: &Transformer<'a>,
    kind: StatementKind,
) -> Result<Statement<'a>, Fault> {
    sequence_navigated(cx, kind, Some(Value::Str("next unit")))
}

pub(super) fn previous_selected<'a>(
    cx: &Transformer<'a>,
    kind: StatementKind,
) -> Result<Statement<'a>, Fault> {
    sequence_navigated(cx, kind, Some(Value::Str("previous unit")))
}

pub(super) fn tab_selected<'a>(
    cx: &Transformer<'a>,
    kind: StatementKind,
) -> Result<Statement<'a>, Fault> {
    sequence_navigated(cx, kind, cx.event.data("target_tab"))
}

fn sequence_navigated<'a>(
    cx: &Transformer<'a>,
    kind: StatementKind,
    target: Option<Value<'a>>,
) -> Result<Statement<'a>, Fault> {
    let base = cx.base(&[
        (extension::STARTING_POSITION, cx.event.data("current_tab")),
        (extension::ENDING_POINT, target),
    ])?;
    let id = cx.optional_id("data.id", cx.event.data("id"))?;
    let total = (extension::TOTAL_ITEMS, cx.event.data("tab_count"));
    let definition = ActivityDefinition {
        extensions: Some(cx.extensions([total])),
        ..ActivityDefinition::of(kind.object_type)
    };
    let object = activity(id.map(|id| cx.iri("xblock", id)), definition);
    cx.statement(kind.verb, base, object, None)
}
