//! Navigation in a course (`navigation_events.py`).
//!
//! | event | object id | object | context extensions |
//! |---|---|---|---|
//! | link_clicked | `data.target_url` | link | |
//! | outline.selected | `data.target_url` | module, named `data.target_name` | |
//! | next_selected | `/xblock/` + `data.id` | resource with total-items `data.tab_count` | `data.current_tab` to `next unit` |
//! | previous_selected | the same | the same | `data.current_tab` to `previous unit` |
//! | tab_selected | the same | the same | `data.current_tab` to `data.target_tab` |
//!
//! The verb is navigated.

use super::model::{Activity, ActivityDefinition, Extensions, Statement};
use super::transformer::{Transformer, activity, english};
use super::vocabulary::{self, extension, verb};
use crate::json::Value;
use crate::outcome::Fault;
use crate::tracking::field::{required, str_of};

pub(super) fn link_clicked<'a>(cx: &Transformer<'a>) -> Result<Statement<'a>, Fault> {
    let actor = cx.actor()?;
    let context = cx.context(&[])?;
    let url = required("data.target_url", cx.event.data("target_url"))?;
    let definition = ActivityDefinition {
        activity_type: vocabulary::activity::LINK,
        ..ActivityDefinition::default()
    };
    let object = activity(Some(cx.id_text("data.target_url", url)?), definition);
    cx.statement(verb::NAVIGATED, actor, context, object, None)
}

pub(super) fn outline_selected<'a>(cx: &Transformer<'a>) -> Result<Statement<'a>, Fault> {
    let actor = cx.actor()?;
    let context = cx.context(&[])?;
    let name = required("data.target_name", cx.event.data("target_name"))?;
    let definition = ActivityDefinition {
        activity_type: vocabulary::activity::MODULE,
        name: Some(english(str_of("data.target_name", name, "a text")?)),
        ..ActivityDefinition::default()
    };
    let id = match cx.event.data("target_url") {
        Some(url) => Some(cx.id_text("data.target_url", url)?),
        None => None,
    };
    cx.statement(
        verb::NAVIGATED,
        actor,
        context,
        activity(id, definition),
        None,
    )
}

pub(super) fn next_selected<'a>(cx: &Transformer<'a>) -> Result<Statement<'a>, Fault> {
    tab_navigated(cx, Some(Value::Str("next unit")))
}

pub(super) fn previous_selected<'a>(cx: &Transformer<'a>) -> Result<Statement<'a>, Fault> {
    tab_navigated(cx, Some(Value::Str("previous unit")))
}

pub(super) fn tab_selected<'a>(cx: &Transformer<'a>) -> Result<Statement<'a>, Fault> {
    tab_navigated(cx, cx.event.data("target_tab"))
}

fn tab_navigated<'a>(
    cx: &Transformer<'a>,
    target: Option<Value<'a>>,
) -> Result<Statement<'a>, Fault> {
    let actor = cx.actor()?;
    let context = cx.context(&[
        (extension::STARTING_POSITION, cx.event.data("current_tab")),
        (extension::ENDING_POINT, target),
    ])?;
    cx.statement(verb::NAVIGATED, actor, context, sequence(cx)?, None)
}

fn sequence<'a>(cx: &Transformer<'a>) -> Result<Activity<'a>, Fault> {
    let id = match cx.event.data("id") {
        Some(id) => Some(cx.iri("xblock", cx.id_text("data.id", id)?)),
        None => None,
    };
    let definition = ActivityDefinition {
        activity_type: vocabulary::activity::RESOURCE,
        extensions: Some(Extensions(
            cx.arena
                .alloc([(extension::TOTAL_ITEMS, cx.event.data("tab_count"))]),
        )),
        ..ActivityDefinition::default()
    };
    Ok(activity(id, definition))
}
