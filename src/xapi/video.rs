//! Video events, under the names of the browser and of the mobile apps (`video_events.py`).
//!
//! | statement | from |
//! |---|---|
//! | verb | initialized (loaded), played, paused, terminated (stopped), completed, seeked, interacted (speed, captions) |
//! | object id | `/xblock/` + a video block's id, from `context.course_id` and `data.id` |
//! | context extension length | `data.duration` |
//! | result extension time | `data.current_time`, else `data.currentTime`; `data.duration` when completed |
//! | result extensions time-from, time-to | `data.old_time`, `data.new_time` |
//! | result extensions speed-from, speed-to | `data.old_speed` + `x`, `data.new_speed` + `x` |
//! | result extension cc-enabled | whether the captions or the transcript are shown |
//!
//! Times are in seconds, to the millisecond. Text that Python reads as a number is a number.

use super::model::{ActivityDefinition, Context, Extensions, Statement, StatementResult};

use super::transformer::{Extension, Transformer, activity};
use super::vocabulary::{self, VerbIri, extension, verb};
use crate::json::Value;
use crate::outcome::{Fault, Reason};
use crate::time::TincanDuration;
use crate::tracking::field::{required, str_of, truthy};
use crate::tracking::usage_key;

pub(super) fn loaded<'a>(cx: &Transformer<'a>) -> Result<Statement<'a>, Fault> {
    statement(cx, verb::INITIALIZED, || Ok(None))
}

pub(super) fn at_time<'a>(cx: &Transformer<'a>, verb: VerbIri) -> Result<Statement<'a>, Fault> {
    statement(cx, verb, || {
        Ok(Some(extended(cx, [(extension::TIME, current_time(cx)?)])))
    })
}

pub(super) fn captions<'a>(cx: &Transformer<'a>, shown: bool) -> Result<Statement<'a>, Fault> {
    statement(cx, verb::INTERACTED, || {
        let enabled = (extension::CC_ENABLED, Some(Value::Bool(shown)));
        Ok(Some(extended(
            cx,
            [(extension::TIME, current_time(cx)?), enabled],
        )))
    })
}

pub(super) fn completed<'a>(cx: &Transformer<'a>) -> Result<Statement<'a>, Fault> {
    statement(cx, verb::COMPLETED, || {
        let seconds = cx.seconds("data.duration", cx.event.data("duration"))?;
        let duration = match seconds {
            None => None,
            Some(seconds) => match TincanDuration::from_seconds(seconds) {
                Some(duration) => Some(cx.text(format_args!("{duration}"))),
                None => {
                    let detail = format!(
                        "`data.duration` is {seconds} seconds, which a duration cannot hold"
                    );
                    return Err(Fault::new(Reason::NotRepresentable, detail));
                }
            },
        };
        let time = (extension::TIME, seconds.map(Value::Float));
        Ok(Some(StatementResult {
            completion: Some(true),
            duration,
            ..extended(cx, [time])
        }))
    })
}

pub(super) fn seeked<'a>(cx: &Transformer<'a>) -> Result<Statement<'a>, Fault> {
    statement(cx, verb::SEEKED, || {
        let from = cx
            .seconds("data.old_time", cx.event.data("old_time"))?
            .map(Value::Float);
        let to = cx
            .seconds("data.new_time", cx.event.data("new_time"))?
            .map(Value::Float);
        Ok(Some(extended(
            cx,
            [(extension::TIME_FROM, from), (extension::TIME_TO, to)],
        )))
    })
}

pub(super) fn speed_changed<'a>(cx: &Transformer<'a>) -> Result<Statement<'a>, Fault> {
    let speed = |field: &str, value| {
        let text = str_of(field, required(field, value)?, "a text")?;
        Ok::<_, Fault>(Some(Value::Str(cx.text(format_args!("{text}x")))))
    };
    statement(cx, verb::INTERACTED, || {
        let from = speed("data.old_speed", cx.event.data("old_speed"))?;
        let to = speed("data.new_speed", cx.event.data("new_speed"))?;
        Ok(Some(extended(
            cx,
            [(extension::SPEED_FROM, from), (extension::SPEED_TO, to)],
        )))
    })
}

fn statement<'a>(
    cx: &Transformer<'a>,
    verb: VerbIri,
    result: impl FnOnce() -> Result<Option<StatementResult<'a>>, Fault>,
) -> Result<Statement<'a>, Fault> {
    let actor = cx.actor()?;
    let context = context(cx)?;
    let object = activity(
        Some(cx.iri("xblock", usage_key::video(&cx.event, cx.arena)?)),
        definition(),
    );
    cx.statement(verb, actor, context, object, result()?)
}

fn context<'a>(cx: &Transformer<'a>) -> Result<Context<'a>, Fault> {
    let length = cx.seconds("data.duration", cx.event.data("duration"))?;
    cx.context(&[(extension::LENGTH, length.map(Value::Float))])
}

fn definition<'a>() -> ActivityDefinition<'a> {
    ActivityDefinition {
        activity_type: vocabulary::activity::VIDEO,
        ..ActivityDefinition::default()
    }
}

fn current_time<'a>(cx: &Transformer<'a>) -> Result<Option<Value<'a>>, Fault> {
    let time = truthy(cx.event.data("current_time")).or_else(|| cx.event.data("currentTime"));
    Ok(cx.seconds("data.current_time", time)?.map(Value::Float))
}

fn extended<'a, const N: usize>(
    cx: &Transformer<'a>,
    extensions: [Extension<'a>; N],
) -> StatementResult<'a> {
    StatementResult {
        extensions: Some(Extensions(cx.arena.alloc(extensions))),
        ..StatementResult::default()
    }
}
