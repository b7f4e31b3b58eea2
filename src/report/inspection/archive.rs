//! The inspection of an archive, from its counts.

use jiff::civil::{Date, DateTime};

use super::shape::{
    Day, DistinctCount, EventCount, Files, Form, Inspection, Lines, MissingDays, NameKind,
    OtherNames, Recommended, RepairCount, Table, Tables, Top, TopRow, UnparsableCount,
};
use crate::contents::{self, Contents, Lacking, Values, family_of};
use crate::convert::{KnownEvent, Support};
use crate::format::Format;
use crate::outcome::{Repair, Tally};

/// The names of other events, and the courses and organizations, that are listed.
const LISTED: usize = 100;

/// The inputs of a run and their counts.
pub struct Archive<'a> {
    pub inputs: u64,
    pub failed: u64,
    pub stored_bytes: u64,
    pub unpacked_bytes: u64,
    pub tally: &'a Tally,
    pub contents: &'a Contents,
    /// Whether there is a table of users.
    pub has_users: bool,
    /// Whether there is a table of courses.
    pub has_courses: bool,
}

impl Archive<'_> {
    /// Returns the inspection that shows the counts and the recommended command.
    pub fn inspection(&self, recommended: Recommended) -> Inspection {
        let Contents {
            names,
            days,
            courses,
            organizations,
            ..
        } = self.contents;
        let events = self.events();
        let listed: u64 = events.iter().map(|event| event.count).sum();
        let listed_names = events.iter().filter(|event| event.kind == NameKind::Named);
        let listed_others = listed_names.filter(|event| event.family.is_none()).count();
        let (others, may_be_more) = names.others();
        let gaps = self.gaps().into_iter();
        let (long_gaps, missing_days) = gaps.partition(MissingDays::is_long);
        Inspection {
            files: Files {
                inputs: self.inputs,
                failed: self.failed,
                stored_bytes: self.stored_bytes,
                unpacked_bytes: self.unpacked_bytes,
            },
            lines: Lines {
                all: self.tally.lines(),
                events: self.tally.lines() - self.tally.unparsable,
                unparsable: self.tally.unparsable,
            },
            first_time: days.times.map(|(first, _)| time_text(first)),
            last_time: days.times.map(|(_, last)| time_text(last)),
            events_without_time: days.without_time,
            other_events: OtherNames {
                names: others.saturating_sub(listed_others) as u64,
                may_be_more,
                count: names.events - listed,
            },
            events,
            days: self.days(),
            events_of_other_days: days.others,
            missing_days,
            long_gaps,
            courses: top(courses),
            organizations: top(organizations),
            users: distinct(&self.contents.users),
            sessions: distinct(&self.contents.sessions),
            unparsable: self.unparsable(),
            form: self.form(),
            tables: Tables {
                users: self.has_users.then(|| table(&self.contents.lacking_users)),
                courses: self
                    .has_courses
                    .then(|| table(&self.contents.lacking_courses)),
            },
            recommended,
        }
    }

    /// Returns the events by name, most frequent first.
    fn events(&self) -> Vec<EventCount> {
        let names = &self.contents.names;
        let all = names.events;
        let row = |kind, name: &str, count: u64| {
            let known = Some(name).filter(|_| kind == NameKind::Named);
            let [xapi, caliper] = known.map_or([Support::No; 2], support);
            EventCount {
                kind,
                name: name.to_owned(),
                count,
                share: count as f64 / all as f64,
                family: known.and_then(family_of),
                xapi,
                caliper,
            }
        };
        let named = names.most_frequent(LISTED).into_iter();
        let mut rows: Vec<EventCount> = named
            .map(|(name, count)| row(NameKind::Named, name, count))
            .collect();
        let kinds = [
            (NameKind::Requests, "(requests)", names.requests),
            (NameKind::Nameless, "(no name)", names.nameless),
        ];
        let kinds = kinds.into_iter().filter(|(_, _, count)| *count > 0);
        rows.extend(kinds.map(|(kind, name, count)| row(kind, name, count)));
        rows.sort_by(|a, b| b.count.cmp(&a.count).then_with(|| a.name.cmp(&b.name)));
        rows
    }

    fn days(&self) -> Vec<Day> {
        let days = self.contents.days.counts();
        let days = days.map(|(date, counts)| Day {
            date: date.to_string(),
            events: counts.events,
            families: counts.families.clone(),
        });
        days.collect()
    }

    /// Returns the gaps between the days with events.
    fn gaps(&self) -> Vec<MissingDays> {
        let dates: Vec<Date> = self.contents.days.counts().map(|(date, _)| date).collect();
        let gaps = dates.windows(2).filter_map(|pair| {
            let (from, to) = (pair[0].tomorrow().ok()?, pair[1].yesterday().ok()?);
            let days = from.until(to).ok()?.get_days() + 1;
            (days > 0).then(|| MissingDays {
                from: from.to_string(),
                to: to.to_string(),
                days: days.unsigned_abs().into(),
            })
        });
        gaps.collect()
    }

    fn unparsable(&self) -> Vec<UnparsableCount> {
        let lines = self.contents.unparsable.iter();
        let mut rows: Vec<UnparsableCount> = lines
            .map(|(reason, lines)| UnparsableCount {
                reason: reason.code(),
                count: lines.lines,
                first: lines.first.clone(),
            })
            .collect();
        rows.sort_by_key(|row| std::cmp::Reverse(row.count));
        rows
    }

    fn form(&self) -> Form {
        let form = &self.contents.form;
        let repairs = Repair::ALL.into_iter().map(|repair| {
            let repairable = self.tally.details.repairable.iter();
            let needed = repairable.filter(|(repairs, _)| repairs.contains(repair));
            RepairCount {
                name: repair.name(),
                events: needed.map(|(_, events)| events).sum(),
            }
        });
        Form {
            prefixed_events: form.prefixed,
            unwrapped_events: form.unwrapped,
            events_off_lines: form.framed,
            repairs: repairs.filter(|repair| repair.events > 0).collect(),
        }
    }
}

/// Returns whether xAPI and Caliper take the events of a name.
fn support(name: &str) -> [Support; 2] {
    let Some(event) = KnownEvent::find(name) else {
        return [Support::No; 2];
    };
    [Format::Xapi, Format::Caliper].map(|format| event.support(format))
}

fn top(values: &Values) -> Top {
    let most = values.most_frequent(LISTED);
    let listed: u64 = most.iter().map(|(_, count)| count).sum();
    let rows = most.into_iter().map(|(id, count)| TopRow {
        id: id.to_owned(),
        count,
    });
    Top {
        count: values.distinct.count(),
        is_estimate: values.distinct.is_estimate(),
        top: rows.collect(),
        other_events: values.events - listed,
    }
}

fn distinct(values: &contents::Distinct) -> DistinctCount {
    DistinctCount {
        count: values.count(),
        is_estimate: values.is_estimate(),
    }
}

fn table(lacking: &Lacking) -> Table {
    Table {
        lacking_events: lacking.events,
        lacking: distinct(&lacking.distinct),
        first: lacking.first.clone(),
    }
}

/// Returns a UTC time, without fractions of a second.
fn time_text(time: DateTime) -> String {
    time.strftime("%Y-%m-%dT%H:%M:%SZ").to_string()
}
