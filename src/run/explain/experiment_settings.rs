//! The settings with which the origins of a result are found.

use std::mem;
use std::sync::atomic::AtomicBool;

use crate::convert::{FormatSettings, LineConverter, select_events};
use crate::filter::EventFilter;
use crate::lms::{RowSet, Unknown};
use crate::routing::Routers;
use crate::selection::EventSelection;
use crate::xapi::ActorKind;

/// The settings with which any change of an event shows: nothing is filtered, and no user or course is unknown.
pub struct ExperimentSettings {
    format: FormatSettings,
    selection: Option<EventSelection>,
    filter: EventFilter,
    routers: Option<Routers>,
    unknown: [Unknown; 3],
    derived_users: RowSet,
    derives_unknown: AtomicBool,
}

impl ExperimentSettings {
    /// Returns the settings for the format and the tables of a converter.
    pub fn new(converter: &LineConverter) -> Self {
        let mut format = converter.format.clone();
        // A changed user has no e-mail address, but an account.
        if let FormatSettings::Xapi(settings, _) = &mut format {
            settings.actor = ActorKind::ExternalId;
        }
        Self {
            selection: select_events(format.format(), &["all".to_owned()]).ok(),
            format,
            filter: EventFilter::default(),
            routers: None,
            unknown: [Unknown::Derive; 3],
            derived_users: RowSet::default(),
            derives_unknown: AtomicBool::default(),
        }
    }

    /// Exchanges the settings for those of the converter.
    pub fn swap(&mut self, converter: &mut LineConverter) {
        mem::swap(&mut self.format, &mut converter.format);
        mem::swap(&mut self.filter, &mut converter.filter);
        mem::swap(&mut self.routers, &mut converter.routers);
        if let Some(selection) = &mut self.selection {
            mem::swap(selection, &mut converter.selection);
        }
        if let Some(lms) = converter.lms.get_mut() {
            let [user, course, missing] = &mut self.unknown;
            mem::swap(user, &mut lms.unknown_user);
            mem::swap(course, &mut lms.unknown_course);
            mem::swap(missing, &mut lms.missing_external_id);
            mem::swap(&mut self.derived_users, &mut lms.derived_users);
            mem::swap(&mut self.derives_unknown, &mut lms.derives_unknown);
        }
    }
}
