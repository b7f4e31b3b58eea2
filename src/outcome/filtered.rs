//! The events that filters leave out: how many, by which filter, and hints for a filter that leaves out too much.

use std::collections::HashMap;

use jiff::civil::DateTime;

use super::details::widened;
use super::line_outcome::FilteredBy;

/// The number of courses that are kept, which take a MB. Few logs have more.
const KEPT_COURSES: usize = 10_000;

/// The longest course id that is kept. The LMS has no longer ones.
const LONGEST_ID: usize = 255;

/// The events that filters left out. If several filters leave an event out, it is counted for the first of them.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct FilteredEvents {
    /// The counts, in the order of [`FilteredBy::ALL`].
    by: [u64; FilteredBy::ALL.len()],
    hints: Option<Box<Hints>>,
}

/// The courses, times and names of events. They show why a filter matches no event.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
struct Hints {
    /// The number of events of each course, for all events that the filters looked at. If there are more courses than
    /// [`KEPT_COURSES`], the first ones in the order of their ids are kept, so that they do not depend on the order in
    /// which batches are added.
    courses: HashMap<Box<str>, u64>,
    /// Whether a course is missing from `courses`.
    lacks_courses: bool,
    /// The UTC times of the first and the last event that was left out because of its time.
    times: Option<(DateTime, DateTime)>,
    /// The number of events of each name that has a transformer, in the order of the list of these names.
    names: Vec<u64>,
}

impl FilteredEvents {
    /// Counts an event.
    pub fn count(&mut self, by: FilteredBy) {
        self.by[by as usize] += 1;
    }

    /// Notes the course of an event if a filter depends on courses, and the time of an event that was left out because
    /// of its time.
    pub fn note(&mut self, course: Option<&str>, time: Option<DateTime>) {
        if course.is_none() && time.is_none() {
            return;
        }
        let hints = self.hints.get_or_insert_default();
        hints.times = widened(hints.times, time.map(|time| (time, time)));
        match course {
            None | Some("") => {}
            Some(id) if id.len() > LONGEST_ID => hints.lacks_courses = true,
            Some(id) => hints.add_course(id, 1),
        }
    }

    /// Notes the name of an event that `--events` left out, by its index in the list of names that have a transformer.
    pub fn note_name(&mut self, nth: usize) {
        self.hints.get_or_insert_default().add_name(nth, 1);
    }

    /// Adds other events.
    pub fn add(&mut self, other: &Self) {
        for (count, more) in self.by.iter_mut().zip(&other.by) {
            *count += more;
        }
        let Some(other) = &other.hints else { return };
        let hints = self.hints.get_or_insert_default();
        hints.times = widened(hints.times, other.times);
        hints.lacks_courses |= other.lacks_courses;
        for (id, &count) in &other.courses {
            hints.add_course(id, count);
        }
        for (nth, &count) in other.names.iter().enumerate() {
            hints.add_name(nth, count);
        }
    }

    /// Forgets everything but the counts, which takes little memory.
    pub fn forget_hints(&mut self) {
        self.hints = None;
    }

    /// Returns the number of events that each filter left out.
    pub fn counts(&self) -> impl Iterator<Item = (FilteredBy, u64)> {
        FilteredBy::ALL.into_iter().zip(self.by)
    }

    /// Returns the number of events.
    pub fn total(&self) -> u64 {
        self.by.iter().sum()
    }

    /// Returns the courses of the events that the filters looked at, with the number of events, in the order of their
    /// ids.
    pub fn courses(&self) -> impl Iterator<Item = (&str, u64)> {
        let hints = self.hints.iter();
        let courses = hints.flat_map(|hints| hints.first_courses());
        courses.map(|(id, count)| (id.as_ref(), *count))
    }

    /// Returns whether [`courses`](Self::courses) returns all courses.
    pub fn has_all_courses(&self) -> bool {
        let hints = self.hints.as_ref();
        hints.is_none_or(|hints| !hints.lacks_courses && hints.courses.len() <= KEPT_COURSES)
    }

    /// Returns the times of the first and the last event that was left out because of its time.
    pub fn times(&self) -> Option<(DateTime, DateTime)> {
        self.hints.as_ref()?.times
    }

    /// Returns the names of the events that `--events` left out, with the number of events. `known` is the list of all
    /// names that have a transformer.
    pub fn names<'n>(&self, known: &[&'n str]) -> impl Iterator<Item = (&'n str, u64)> {
        let counts = self.hints.iter().flat_map(|hints| &hints.names);
        let names = known.iter().copied().zip(counts.copied());
        names.filter(|&(_, count)| count > 0)
    }
}

impl Hints {
    fn add_course(&mut self, id: &str, count: u64) {
        if let Some(sum) = self.courses.get_mut(id) {
            *sum += count;
            return;
        }
        self.courses.insert(id.into(), count);
        // Twice as many are kept for a while, because sorting takes longer than adding.
        if self.courses.len() >= 2 * KEPT_COURSES {
            self.lacks_courses = true;
            let first = self.first_courses();
            self.courses = first.map(|(id, &count)| (id.clone(), count)).collect();
        }
    }

    fn first_courses(&self) -> impl Iterator<Item = (&Box<str>, &u64)> {
        let mut courses: Vec<_> = self.courses.iter().collect();
        courses.sort_unstable();
        courses.into_iter().take(KEPT_COURSES)
    }

    fn add_name(&mut self, nth: usize, count: u64) {
        if self.names.len() <= nth {
            self.names.resize(nth + 1, 0);
        }
        self.names[nth] += count;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_courses_that_are_kept_do_not_depend_on_the_order_of_events() {
        let ids: Vec<String> = (0..5 * KEPT_COURSES).map(|id| format!("{id:05}")).collect();
        let mut forward = FilteredEvents::default();
        ids.iter().for_each(|id| forward.note(Some(id), None));
        let mut backward = FilteredEvents::default();
        for ids in ids.chunks(700).rev() {
            let mut batch = FilteredEvents::default();
            ids.iter().for_each(|id| batch.note(Some(id), None));
            backward.add(&batch);
        }
        for events in [forward, backward] {
            let courses: Vec<_> = events.courses().collect();
            assert_eq!(courses.len(), KEPT_COURSES);
            assert_eq!((courses[0], courses[9999]), (("00000", 1), ("09999", 1)));
            assert!(!events.has_all_courses());
        }
    }
}
