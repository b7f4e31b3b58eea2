//! Video events (`video_events.py`). Browsers and mobile apps log them under different names.
//!
//! | part of the Caliper event | source |
//! |---|---|
//! | action | Started (loaded), Resumed (played), Paused, Ended (stopped, completed), JumpedTo, ChangedSpeed, EnabledClosedCaptioning, DisabledClosedCaptioning |
//! | object id | `/xblock/` + a video block's id, from `context.course_id` and `data.id` |
//! | object duration | `data.duration`, or `P0D` if the event has none |
//! | target currentTime | `data.currentTime`, else `data.current_time`; for a seek: `data.currentTime`, else `data.old_time` |
//! | target extension newTime | `data.new_time` of a seek |
//! | extensions oldSpeed, newSpeed | if the speed changed: `old_speed`, `new_speed`, anywhere in the event |

use super::model::{Event, EventExtensions, EventKind, Object, Target, TargetExtensions};
use super::transformer::Transformer;
use super::vocabulary::entity;
use crate::json::Value;
use crate::outcome::Fault;
use crate::tracking::field::truthy;
use crate::tracking::usage_key;

pub(super) fn media<'a>(cx: &Transformer<'a>, kind: EventKind) -> Result<Event<'a>, Fault> {
    let base = cx.base()?;
    let object = object(cx, kind.object_type)?;
    let time = truthy(cx.event.data("currentTime")).or_else(|| cx.event.data("current_time"));
    let target = Target {
        id: None,
        entity_type: entity::MEDIA_LOCATION,
        current_time: cx.duration("data.currentTime or data.current_time", time)?,
        extensions: None,
    };
    Ok(Event {
        target: Some(target),
        ..cx.event(base, kind, object)
    })
}

pub(super) fn seeked<'a>(cx: &Transformer<'a>, kind: EventKind) -> Result<Event<'a>, Fault> {
    let event = media(cx, kind)?;
    let time = truthy(cx.event.data("currentTime")).or_else(|| cx.event.data("old_time"));
    let current_time = cx.duration("data.currentTime or data.old_time", time)?;
    let new_time = cx.duration("data.new_time", cx.event.data("new_time"))?;
    let extensions = Some(TargetExtensions { new_time });
    let target = event.target.map(|target| Target {
        current_time,
        extensions,
        ..target
    });
    Ok(Event { target, ..event })
}

pub(super) fn speed_changed<'a>(cx: &Transformer<'a>, kind: EventKind) -> Result<Event<'a>, Fault> {
    let event = media(cx, kind)?;
    let extensions = EventExtensions {
        old_speed: cx.kept(cx.event.find("old_speed")),
        new_speed: cx.kept(cx.event.find("new_speed")),
        ..event.extensions
    };
    Ok(Event {
        extensions,
        ..event
    })
}

fn object<'a>(cx: &Transformer<'a>, entity_type: &'static str) -> Result<Object<'a>, Fault> {
    let extensions = cx.part_of_course()?;
    let video = usage_key::video(&cx.event, cx.arena)?;
    let data = cx.event.whole_data().and_then(Value::as_object);
    let duration = data.and_then(|data| data.get("duration"));
    let id = Value::Str(cx.lms.iri("xblock", video, cx.arena));
    Ok(Object {
        duration: cx.duration("data.duration", duration.or(Some(Value::Int(0))))?,
        extensions,
        ..Object::of(Some(id), entity_type)
    })
}
