//! The counts of a batch or a run.

use std::collections::BTreeMap;

use super::days::Days;
use super::distinct::Distinct;
use super::form::FormCounts;
use super::lacking::Lacking;
use super::left_out::LeftOutCause;
use super::names::Names;
use super::seen_event::SeenEvent;
use super::site::site_of;
use super::values::Values;
use crate::outcome::{FrequentTexts, Reason, RepairSet};

/// The contents of lines, by count.
#[derive(Clone, Debug, Default)]
pub struct Contents {
    pub names: Names,
    pub days: Days,
    pub courses: Values,
    pub organizations: Values,
    pub users: Distinct,
    pub sessions: Distinct,
    /// The addresses of the LMS, such as `https://courses.example.org`.
    pub sites: FrequentTexts,
    pub form: FormCounts,
    /// The events that are not converted, and that no repair would convert.
    pub left_out: BTreeMap<LeftOutCause, u64>,
    /// The events of `left_out` that are rejected for another reason once repairs have changed them.
    pub rejected_after_repairs: BTreeMap<(LeftOutCause, RepairSet, Reason), u64>,
    /// The events that these repairs would convert, if a table did not lack their users or courses.
    pub rejected_by_tables: BTreeMap<(RepairSet, Reason), u64>,
    pub unparsable: BTreeMap<Reason, UnparsableLines>,
    /// The users that the table of users lacks.
    pub lacking_users: Lacking,
    /// The courses that the table of courses lacks.
    pub lacking_courses: Lacking,
}

/// The unparsable lines of one reason.
#[derive(Clone, Debug)]
pub struct UnparsableLines {
    pub lines: u64,
    /// The position of the first line, such as `tracking.log:7`.
    pub first: String,
}

impl Contents {
    /// Counts an event.
    pub(crate) fn count(&mut self, event: &SeenEvent<'_>) {
        self.names
            .count(event.name, event.is_request, event.family.is_some());
        self.days.count(event.time, event.family);
        if let Some(course) = event.course {
            self.courses.count(course);
        }
        if let Some(organization) = event.organization {
            self.organizations.count(organization);
        }
        if let Some(user) = event.user {
            self.users.insert(user.text());
        }
        if let Some(session) = event.session {
            self.sessions.insert(session);
        }
        if let Some(site) = site_of(event.host, event.page) {
            self.sites.count(&site, 1);
        }
    }

    /// Counts an unparsable line. `position` returns its position.
    pub fn count_unparsable(&mut self, reason: Reason, position: impl FnOnce() -> String) {
        let lines = self.unparsable.entry(reason);
        let first = || UnparsableLines {
            lines: 0,
            first: position(),
        };
        lines.or_insert_with(first).lines += 1;
    }

    /// Adds the counts of later lines.
    pub fn add(&mut self, later: &Self) {
        self.names.add(&later.names);
        self.days.add(&later.days);
        self.courses.add(&later.courses);
        self.organizations.add(&later.organizations);
        self.users.add(&later.users);
        self.sessions.add(&later.sessions);
        self.sites.add(&later.sites);
        self.form.add(&later.form);
        for (&cause, events) in &later.left_out {
            *self.left_out.entry(cause).or_default() += events;
        }
        for (&key, events) in &later.rejected_after_repairs {
            *self.rejected_after_repairs.entry(key).or_default() += events;
        }
        for (&key, events) in &later.rejected_by_tables {
            *self.rejected_by_tables.entry(key).or_default() += events;
        }
        for (&reason, lines) in &later.unparsable {
            let entry = self.unparsable.entry(reason);
            entry
                .and_modify(|own| own.lines += lines.lines)
                .or_insert_with(|| lines.clone());
        }
        self.lacking_users.add(&later.lacking_users);
        self.lacking_courses.add(&later.lacking_courses);
    }
}
