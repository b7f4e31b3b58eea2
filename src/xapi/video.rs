//! Video events, under their names of old and of the mobile apps (`video_events.py`).
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
//! Times are in seconds, to the millisecond; text that reads as a number is one.

use super::model::{ActivityDefinition, Context, Extensions, Statement, StatementResult};

use super::transformer::{Extension, Transformer, activity};
use super::vocabulary::{self, VerbIri, extension, verb};
use crate::json::Value;
use crate::outcome::{Fault, Reason};
use crate::time::TincanDuration;
use crate::tracking::field::{required, str_of, truthy};
use crate::tracking::usage_key;

pub(super) fn loaded<'a>(it: &Transformer<'a>) -> Result<Statement<'a>, Fault> {
    statement(it, verb::INITIALIZED, || Ok(None))
}

pub(super) fn at_time<'a>(it: &Transformer<'a>, verb: VerbIri) -> Result<Statement<'a>, Fault> {
    statement(it, verb, || {
        Ok(Some(extended(it, [(extension::TIME, current_time(it)?)])))
    })
}

pub(super) fn captions<'a>(it: &Transformer<'a>, shown: bool) -> Result<Statement<'a>, Fault> {
    statement(it, verb::INTERACTED, || {
        let enabled = (extension::CC_ENABLED, Some(Value::Bool(shown)));
        Ok(Some(extended(
            it,
            [(extension::TIME, current_time(it)?), enabled],
        )))
    })
}

pub(super) fn completed<'a>(it: &Transformer<'a>) -> Result<Statement<'a>, Fault> {
    statement(it, verb::COMPLETED, || {
        let seconds = it.seconds("data.duration", it.event.data("duration"))?;
        let duration = match seconds {
            None => None,
            Some(seconds) => match TincanDuration::from_seconds(seconds) {
                Some(duration) => Some(it.text(format_args!("{duration}"))),
                None => {
                    let detail =
                        format!("`data.duration` is {seconds} seconds, which is no duration");
                    return Err(Fault::new(Reason::NotRepresentable, detail));
                }
            },
        };
        let time = (extension::TIME, seconds.map(Value::Float));
        Ok(Some(StatementResult {
            completion: Some(true),
            duration,
            ..extended(it, [time])
        }))
    })
}

pub(super) fn seeked<'a>(it: &Transformer<'a>) -> Result<Statement<'a>, Fault> {
    statement(it, verb::SEEKED, || {
        let from = it
            .seconds("data.old_time", it.event.data("old_time"))?
            .map(Value::Float);
        let to = it
            .seconds("data.new_time", it.event.data("new_time"))?
            .map(Value::Float);
        Ok(Some(extended(
            it,
            [(extension::TIME_FROM, from), (extension::TIME_TO, to)],
        )))
    })
}

pub(super) fn speed_changed<'a>(it: &Transformer<'a>) -> Result<Statement<'a>, Fault> {
    let speed = |field: &str, value| {
        let text = str_of(field, required(field, value)?, "a text")?;
        Ok::<_, Fault>(Some(Value::Str(it.text(format_args!("{text}x")))))
    };
    statement(it, verb::INTERACTED, || {
        let from = speed("data.old_speed", it.event.data("old_speed"))?;
        let to = speed("data.new_speed", it.event.data("new_speed"))?;
        Ok(Some(extended(
            it,
            [(extension::SPEED_FROM, from), (extension::SPEED_TO, to)],
        )))
    })
}

fn statement<'a>(
    it: &Transformer<'a>,
    verb: VerbIri,
    result: impl FnOnce() -> Result<Option<StatementResult<'a>>, Fault>,
) -> Result<Statement<'a>, Fault> {
    let actor = it.actor()?;
    let context = context(it)?;
    let object = activity(
        Some(it.iri("xblock", usage_key::video(&it.event, it.arena)?)),
        definition(),
    );
    it.statement(verb, actor, context, object, result()?)
}

fn context<'a>(it: &Transformer<'a>) -> Result<Context<'a>, Fault> {
    let length = it.seconds("data.duration", it.event.data("duration"))?;
    it.context(&[(extension::LENGTH, length.map(Value::Float))])
}

fn definition<'a>() -> ActivityDefinition<'a> {
    ActivityDefinition {
        activity_type: vocabulary::activity::VIDEO,
        ..ActivityDefinition::default()
    }
}

fn current_time<'a>(it: &Transformer<'a>) -> Result<Option<Value<'a>>, Fault> {
    let time = truthy(it.event.data("current_time")).or_else(|| it.event.data("currentTime"));
    Ok(it.seconds("data.current_time", time)?.map(Value::Float))
}

fn extended<'a, const N: usize>(
    it: &Transformer<'a>,
    extensions: [Extension<'a>; N],
) -> StatementResult<'a> {
    StatementResult {
        extensions: Some(Extensions(it.arena.alloc(extensions))),
        ..StatementResult::default()
    }
}
