//! Video events, under their names of old and of the mobile apps (`video_events.py`).
//!
//! | event | from |
//! |---|---|
//! | action | Started (loaded), Resumed (played), Paused, Ended (stopped, completed), JumpedTo, ChangedSpeed, EnabledClosedCaptioning, DisabledClosedCaptioning |
//! | object id | `/xblock/` + a video block's id, from `context.course_id` and `data.id` |
//! | object duration | `data.duration`, `P0D` without one |
//! | target currentTime | `data.currentTime`, else `data.current_time`; of a seek, else `data.old_time` |
//! | target extension newTime | `data.new_time` of a seek |
//! | extensions oldSpeed, newSpeed | `old_speed`, `new_speed` of a changed speed, found anywhere |

use super::model::{Event, EventExtensions, Object, Target, TargetExtensions};
use super::transformer::Transformer;
use super::vocabulary::{action, entity, event};
use crate::json::Value;
use crate::outcome::Fault;
use crate::tracking::field::truthy;
use crate::tracking::usage_key;

pub(super) fn media<'a>(it: &Transformer<'a>, action: &'static str) -> Result<Event<'a>, Fault> {
    let base = it.base()?;
    let object = object(it)?;
    let target = target(it)?;
    Ok(Event {
        target: Some(target),
        ..it.event(base, event::MEDIA, action, object)
    })
}

pub(super) fn seeked<'a>(it: &Transformer<'a>) -> Result<Event<'a>, Fault> {
    let event = media(it, action::JUMPED_TO)?;
    let time = truthy(it.event.data("currentTime")).or_else(|| it.event.data("old_time"));
    let current_time = it.duration("data.currentTime or data.old_time", time)?;
    let new_time = it.duration("data.new_time", it.event.data("new_time"))?;
    let extensions = Some(TargetExtensions { new_time });
    let target = event.target.map(|target| Target {
        current_time,
        extensions,
        ..target
    });
    Ok(Event { target, ..event })
}

pub(super) fn speed_changed<'a>(it: &Transformer<'a>) -> Result<Event<'a>, Fault> {
    let event = media(it, action::CHANGED_SPEED)?;
    let extensions = EventExtensions {
        old_speed: it.kept(it.event.find("old_speed")),
        new_speed: it.kept(it.event.find("new_speed")),
        ..event.extensions
    };
    Ok(Event {
        extensions,
        ..event
    })
}

fn object<'a>(it: &Transformer<'a>) -> Result<Object<'a>, Fault> {
    let extensions = it.part_of_course()?;
    let video = usage_key::video(&it.event, it.arena)?;
    let data = it.event.whole_data().and_then(Value::as_object);
    let duration = data
        .and_then(|data| data.get("duration"))
        .unwrap_or(Value::Int(0));
    Ok(Object {
        id: Some(Value::Str(it.lms.iri("xblock", video, it.arena))),
        entity_type: entity::VIDEO_OBJECT,
        name: None,
        duration: it.duration("data.duration", Some(duration))?,
        extensions,
    })
}

fn target<'a>(it: &Transformer<'a>) -> Result<Target<'a>, Fault> {
    let time = truthy(it.event.data("currentTime")).or_else(|| it.event.data("current_time"));
    Ok(Target {
        id: "_:MediaLocation",
        entity_type: entity::MEDIA_LOCATION,
        current_time: it.duration("data.currentTime or data.current_time", time)?,
        extensions: None,
    })
}
