//! The fields of an event that are counted.

use bumpalo::Bump;
use jiff::civil::DateTime;

use crate::caliper;
use crate::family::Family;
use crate::filter::course_of;
use crate::json::Value;
use crate::lms::{UserRef, course_key};
use crate::outcome::{Repair, RepairSet};
use crate::repair::RepairedEvent;
use crate::tracking::TrackingEvent;
use crate::xapi;

/// The fields of an event that are counted.
#[derive(Clone, Copy, Debug)]
pub(crate) struct SeenEvent<'a> {
    pub name: Option<&'a str>,
    /// Whether the name, or without a name the `event_type`, is the path of a request.
    pub is_request: bool,
    /// The family, if xAPI or Caliper takes the event.
    pub family: Option<&'static str>,
    /// The time in UTC.
    pub time: Option<DateTime>,
    pub course: Option<&'a str>,
    pub organization: Option<&'a str>,
    pub user: Option<UserRef<'a>>,
    pub session: Option<&'a str>,
    /// The host that received the event.
    pub host: Option<&'a str>,
    /// The address of the page that sent the event, or from which the request came.
    pub page: Option<&'a str>,
}

impl<'a> SeenEvent<'a> {
    /// Returns the fields of an event.
    pub fn of(event: &TrackingEvent<'a>, arena: &'a Bump) -> Self {
        Self::at_time(time_of(event, arena), event, arena)
    }

    /// Returns the fields of an event that is known in outline. Returns `None` if its time is not in a usual form.
    pub fn of_outline(event: &TrackingEvent<'a>, arena: &'a Bump) -> Option<Self> {
        let time = xapi::time_of(event).ok()??;
        Some(Self::at_time(Some(time), event, arena))
    }

    fn at_time(time: Option<DateTime>, event: &TrackingEvent<'a>, arena: &'a Bump) -> Self {
        let text = |value: Option<Value<'a>>| value.and_then(Value::as_str);
        let text = |value| text(value).filter(|text| !text.is_empty());
        let root = |key| text(event.root().get(key));
        let name = event.name();
        let path = match event.has_name() {
            true => name,
            false => event.event_type(),
        };
        let course = course_of(event);
        let organization = text(event.context("org_id"));
        let organization = organization.or_else(|| course.and_then(course_key::org));
        let is_request = path.is_some_and(|path| path.starts_with('/'));
        Self {
            name,
            is_request,
            family: name.filter(|_| !is_request).and_then(family_of),
            time,
            course,
            organization,
            user: UserRef::of_event(event, arena).ok(),
            session: root("session").or_else(|| text(event.context("session"))),
            host: root("host").or_else(|| text(event.context("host"))),
            page: root("page").or_else(|| root("referer")),
        }
    }
}

/// Returns the family of the events of a name, if xAPI or Caliper takes them.
pub fn family_of(name: &str) -> Option<&'static str> {
    let of_xapi = xapi::mapping(name).map(|mapping| mapping.family);
    let family = of_xapi.or_else(|| caliper::mapping(name).map(|mapping| mapping.family));
    family.map(Family::name)
}

/// Returns the time of an event in any form that the formats take, or take after a repair.
fn time_of<'a>(event: &TrackingEvent<'a>, arena: &'a Bump) -> Option<DateTime> {
    match xapi::time_of(event) {
        Ok(Some(time)) => Some(time),
        _ => old_time_of(event, arena),
    }
}

#[cold]
fn old_time_of<'a>(event: &TrackingEvent<'a>, arena: &'a Bump) -> Option<DateTime> {
    let repairs = RepairSet::from_iter([Repair::ExtendedJson, Repair::NaiveTime]);
    let of_caliper = caliper::time_of(event).ok();
    of_caliper.or_else(|| {
        let repaired = RepairedEvent::of(*event, repairs, arena).ok()?;
        xapi::time_of(&repaired.event).ok()?
    })
}
