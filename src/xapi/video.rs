//! Video events (`video_events.py`). Browsers and mobile apps log them under different names.
//!
//! | part of the statement | source |
//! |---|---|
//! | verb | initialized (loaded), played, paused, terminated (stopped), completed, seeked, interacted (speed, captions) |
//! | object id | `/xblock/` + a video block's id, from `context.course_id` and `data.id` |
//! | context extension length | `data.duration` |
//! | result extension time | `data.current_time`, else `data.currentTime`; `data.duration` when completed |
//! | result extensions time-from, time-to | `data.old_time`, `data.new_time` |
//! | result extensions speed-from, speed-to | `data.old_speed` + `x`, `data.new_speed` + `x` |
//! | result extension cc-enabled | whether the captions or the transcript are shown |
//!
//! Times are in seconds, rounded to milliseconds. A text is accepted as a number if Python's `float` accepts it.

use super::mapping::StatementKind;
use super::model::{Activity, ActivityDefinition, Statement, StatementResult};
use super::transformer::{Base, Extension, Transformer, activity};
use super::vocabulary::extension;
use crate::json::Value;
use crate::outcome::{Fault, Reason};
use crate::time::TincanDuration;
use crate::tracking::field::{required, str_of, truthy, wrong_type};
use crate::tracking::{number, usage_key};

pub(super) fn loaded<'a>(
    cx: &Transformer<'a>,
    kind: StatementKind,
) -> Result<Statement<'a>, Fault> {
    let (base, object) = parts(cx, kind)?;
    cx.statement(kind.verb, base, object, None)
}

pub(super) fn at_time<'a>(
    cx: &Transformer<'a>,
    kind: StatementKind,
) -> Result<Statement<'a>, Fault> {
    let (base, object) = parts(cx, kind)?;
    let result = extended(cx, [(extension::TIME, current_time(cx)?)]);
    cx.statement(kind.verb, base, object, Some(result))
}

pub(super) fn captions_shown<'a>(
    cx: &Transformer<'a>,
    kind: StatementKind,
) -> Result<Statement<'a>, Fault> {
    captions(cx, kind, true)
}

pub(super) fn captions_hidden<'a>(
    cx: &Transformer<'a>,
    kind: StatementKind,
) -> Result<Statement<'a>, Fault> {
    captions(cx, kind, false)
}

fn captions<'a>(
    cx: &Transformer<'a>,
    kind: StatementKind,
    shown: bool,
) -> Result<Statement<'a>, Fault> {
    let (base, object) = parts(cx, kind)?;
    let enabled = (extension::CC_ENABLED, Some(Value::Bool(shown)));
    let result = extended(cx, [(extension::TIME, current_time(cx)?), enabled]);
    cx.statement(kind.verb, base, object, Some(result))
}

pub(super) fn completed<'a>(
    cx: &Transformer<'a>,
    kind: StatementKind,
) -> Result<Statement<'a>, Fault> {
    let (base, object) = parts(cx, kind)?;
    let seconds = duration(cx)?;
    let printed = |seconds| match TincanDuration::from_seconds(seconds) {
        Some(duration) => Ok(cx.text(format_args!("{duration}"))),
        None => {
            let detail =
                format!("`data.duration` is {seconds} seconds, which does not fit in a duration");
            Err(Fault::new(Reason::NotRepresentable, detail))
        }
    };
    let result = StatementResult {
        completion: Some(true),
        duration: seconds.map(printed).transpose()?,
        ..extended(cx, [(extension::TIME, seconds.map(Value::Float))])
    };
    cx.statement(kind.verb, base, object, Some(result))
}

pub(super) fn seeked<'a>(
    cx: &Transformer<'a>,
    kind: StatementKind,
) -> Result<Statement<'a>, Fault> {
    let (base, object) = parts(cx, kind)?;
    let from = seconds("data.old_time", cx.event.data("old_time"))?.map(Value::Float);
    let to = seconds("data.new_time", cx.event.data("new_time"))?.map(Value::Float);
    let result = extended(cx, [(extension::TIME_FROM, from), (extension::TIME_TO, to)]);
    cx.statement(kind.verb, base, object, Some(result))
}

pub(super) fn speed_changed<'a>(
    cx: &Transformer<'a>,
    kind: StatementKind,
) -> Result<Statement<'a>, Fault> {
    let (base, object) = parts(cx, kind)?;
    let speed = |field: &str, value| {
        let text = str_of(field, required(field, value)?, "a string")?;
        Ok::<_, Fault>(Some(Value::Str(cx.text(format_args!("{text}x")))))
    };
    let from = speed("data.old_speed", cx.event.data("old_speed"))?;
    let to = speed("data.new_speed", cx.event.data("new_speed"))?;
    let speeds = [(extension::SPEED_FROM, from), (extension::SPEED_TO, to)];
    cx.statement(kind.verb, base, object, Some(extended(cx, speeds)))
}

/// Makes the parts that the statements of all video events have.
fn parts<'a>(cx: &Transformer<'a>, kind: StatementKind) -> Result<(Base<'a>, Activity<'a>), Fault> {
    let actor = cx.actor()?;
    let length = duration(cx)?.map(Value::Float);
    let context = cx.context(&[(extension::LENGTH, length)])?;
    let id = cx.iri("xblock", usage_key::video(&cx.event, cx.arena)?);
    let object = activity(Some(id), ActivityDefinition::of(kind.object_type));
    Ok((Base { actor, context }, object))
}

fn duration(cx: &Transformer<'_>) -> Result<Option<f64>, Fault> {
    seconds("data.duration", cx.event.data("duration"))
}

fn current_time<'a>(cx: &Transformer<'a>) -> Result<Option<Value<'a>>, Fault> {
    let time = truthy(cx.event.data("current_time")).or_else(|| cx.event.data("currentTime"));
    Ok(seconds("data.current_time or data.currentTime", time)?.map(Value::Float))
}

fn extended<'a, const N: usize>(
    cx: &Transformer<'a>,
    extensions: [Extension<'a>; N],
) -> StatementResult<'a> {
    StatementResult {
        extensions: Some(cx.extensions(extensions)),
        ..StatementResult::default()
    }
}

/// Reads seconds and rounds them to the millisecond (`helpers.convert_seconds_to_float`).
fn seconds(field: &str, value: Option<Value<'_>>) -> Result<Option<f64>, Fault> {
    let Some(value) = value else { return Ok(None) };
    match number::float(value) {
        Some(seconds) => Ok(Some(to_millisecond(seconds))),
        None => Err(wrong_type(field, value, "a number of seconds")),
    }
}

/// Rounds seconds to three decimals, as Python's `round` does.
fn to_millisecond(seconds: f64) -> f64 {
    /// The limit of the quick check below. A smaller float that is nearest to a whole number of thousandths is so near
    /// to it that rounding to three decimals returns the same float.
    const FINE: f64 = 1e9;

    // Quick check: most numbers already are whole thousandths, so that rounding does not change them.
    if seconds.abs() < FINE && (seconds * 1000.0).round() / 1000.0 == seconds {
        return seconds;
    }
    if seconds.is_finite() {
        format!("{seconds:.3}").parse().unwrap_or(seconds)
    } else {
        seconds
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn printed(seconds: f64) -> f64 {
        format!("{seconds:.3}").parse().unwrap()
    }

    proptest! {
        #[test]
        fn seconds_are_rounded_as_they_print(thousandths in any::<i64>(), shift in 0..63, float in any::<f64>(), ulps in -2..=2_i64) {
            let near = (thousandths >> shift) as f64 / 1000.0;
            let beside = f64::from_bits(near.to_bits().wrapping_add_signed(ulps));
            for seconds in [near, beside, float, -0.0, 1e9, 1e9 - 0.0005] {
                if seconds.is_finite() {
                    prop_assert_eq!(to_millisecond(seconds).to_bits(), printed(seconds).to_bits(), "{}", seconds);
                }
            }
        }
    }
}
