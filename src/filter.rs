//! The filter of events by time and by course (`--since`, `--until`, `--course`, `--org`).

use globset::{Error as GlobError, GlobBuilder, GlobMatcher};
use jiff::civil::DateTime;

use crate::lms::course_key;
use crate::outcome::{Fault, FilteredBy};
use crate::tracking::TrackingEvent;

/// The times and courses whose events are converted. The default converts all events.
#[derive(Debug, Default)]
pub struct EventFilter {
    /// Events before this time are filtered out. In UTC.
    pub since: Option<DateTime>,
    /// Events at this time or later are filtered out. In UTC.
    pub until: Option<DateTime>,
    /// Only events of courses with a matching id are converted.
    pub courses: Option<TextGlobs>,
    /// Only events of courses with a matching organization are converted.
    pub orgs: Option<TextGlobs>,
}

/// Glob patterns for texts. The texts are not paths, so `*` also matches slashes.
#[derive(Debug)]
pub struct TextGlobs(Vec<GlobMatcher>);

/// The decision about an event.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Decision<'a> {
    /// The option that filters the event out.
    pub left_out: Option<FilteredBy>,
    /// The time of the event, if the event is filtered out because of it.
    pub time: Option<DateTime>,
    /// The course of the event, if an option depends on courses.
    pub course: Option<&'a str>,
}

impl EventFilter {
    /// Decides whether the event passes. `time_of` returns the time of the event; it is called only if `since` or
    /// `until` is set.
    ///
    /// If `time_of` returns an error, `since` and `until` let the event pass; the conversion then rejects the event.
    /// If `time_of` returns no time, `since` and `until` filter the event out. If the event has no course, `courses`
    /// and `orgs` filter the event out.
    pub fn decide<'a>(
        &self,
        event: &TrackingEvent<'a>,
        time_of: impl FnOnce() -> Result<Option<DateTime>, Fault>,
    ) -> Decision<'a> {
        let course = self.uses_courses().then(|| course_of(event)).flatten();
        match self.by_time(time_of) {
            Some((by, time)) => Decision {
                left_out: Some(by),
                time,
                course,
            },
            None => Decision {
                left_out: self.by_course(course),
                time: None,
                course,
            },
        }
    }

    /// Returns whether the filter depends on the courses of events.
    pub fn uses_courses(&self) -> bool {
        self.courses.is_some() || self.orgs.is_some()
    }

    fn by_time(
        &self,
        time_of: impl FnOnce() -> Result<Option<DateTime>, Fault>,
    ) -> Option<(FilteredBy, Option<DateTime>)> {
        if self.since.is_none() && self.until.is_none() {
            return None;
        }
        let time = time_of().ok()?;
        let is_early = |since| time.is_none_or(|time| time < since);
        let is_late = |until| time.is_none_or(|time| time >= until);
        if self.since.is_some_and(is_early) {
            return Some((FilteredBy::Since, time));
        }
        let is_late = self.until.is_some_and(is_late);
        is_late.then_some((FilteredBy::Until, time))
    }

    fn by_course(&self, course: Option<&str>) -> Option<FilteredBy> {
        let is_match =
            |globs: &TextGlobs, text: Option<&str>| text.is_some_and(|text| globs.is_match(text));
        if let Some(globs) = &self.courses
            && !is_match(globs, course)
        {
            return Some(FilteredBy::Course);
        }
        let globs = self.orgs.as_ref()?;
        let org = course.and_then(course_key::org);
        (!is_match(globs, org)).then_some(FilteredBy::Org)
    }
}

/// Returns the course id in `context`, where transformers also read it, or else the course id in `data`. Some events of
/// the LMS name their course only in `data`.
pub(crate) fn course_of<'a>(event: &TrackingEvent<'a>) -> Option<&'a str> {
    event
        .context("course_id")
        .or_else(|| event.data("course_id"))?
        .as_str()
}

impl TextGlobs {
    /// Compiles globs.
    ///
    /// # Errors
    /// Returns an error if a glob does not parse.
    pub fn new(globs: &[String]) -> Result<Self, GlobError> {
        let compiled = globs.iter().map(|glob| {
            let glob = GlobBuilder::new(glob).backslash_escape(true).build()?;
            Ok(glob.compile_matcher())
        });
        compiled.collect::<Result<_, _>>().map(Self)
    }

    /// Returns whether one of the globs matches the whole text.
    pub fn is_match(&self, text: &str) -> bool {
        self.0.iter().any(|glob| glob.is_match(text))
    }

    /// Returns the globs as they were given.
    pub fn texts(&self) -> Vec<&str> {
        self.0.iter().map(|glob| glob.glob().glob()).collect()
    }

    /// Returns the globs that match none of the texts.
    pub fn unmatched(&self, texts: &[&str]) -> Vec<&str> {
        let globs = self.0.iter();
        let unmatched = globs.filter(|glob| !texts.iter().any(|text| glob.is_match(text)));
        unmatched.map(|glob| glob.glob().glob()).collect()
    }
}

#[cfg(test)]
mod tests {
    use bumpalo::Bump;
    use jiff::civil::date;

    use super::*;
    use crate::outcome::Reason;
    use crate::tracking::parse_line;

    const LINE: &str =
        r#"{"context": {"course_id": "course-v1:MITx+6.002x+2012_Fall"}, "event": {}}"#;

    fn leaves_out(
        filter: &EventFilter,
        line: &str,
        time: Result<Option<DateTime>, Fault>,
    ) -> Option<FilteredBy> {
        let arena = Bump::new();
        let event = parse_line(line.as_bytes(), &arena).unwrap().unwrap();
        filter.decide(&event, || time).left_out
    }

    fn globs(globs: &[&str]) -> Option<TextGlobs> {
        let globs: Vec<String> = globs.iter().map(|glob| (*glob).to_owned()).collect();
        Some(TextGlobs::new(&globs).unwrap())
    }

    #[test]
    fn since_is_inclusive_and_until_is_exclusive() {
        let at = |microsecond: i32| date(2024, 3, 1).at(0, 0, 0, microsecond * 1000);
        let filter = EventFilter {
            since: Some(at(10)),
            until: Some(at(20)),
            ..EventFilter::default()
        };
        for (microsecond, by) in [
            (9, Some(FilteredBy::Since)),
            (10, None),
            (19, None),
            (20, Some(FilteredBy::Until)),
        ] {
            let time = Ok(Some(at(microsecond)));
            assert_eq!(leaves_out(&filter, LINE, time), by, "{microsecond}");
        }
        let bad_time = Fault::new(Reason::BadTimestamp, "");
        assert_eq!(leaves_out(&filter, LINE, Err(bad_time)), None);
        assert_eq!(leaves_out(&filter, LINE, Ok(None)), Some(FilteredBy::Since));
        let until = EventFilter {
            since: None,
            ..filter
        };
        assert_eq!(leaves_out(&until, LINE, Ok(None)), Some(FilteredBy::Until));
        assert_eq!(leaves_out(&EventFilter::default(), LINE, Ok(None)), None);
    }

    #[test]
    fn course_globs_match_the_whole_id_and_stars_match_slashes() {
        let slashes = LINE.replace("course-v1:MITx+6.002x+2012_Fall", "MITx/6.002x/2012_Fall");
        for (patterns, line, wanted) in [
            (&["course-v1:MITx+6.002x+2012_Fall"][..], LINE, true),
            (&["course-v1:MITx+*"], LINE, true),
            (&["x", "*Fall"], LINE, true),
            (&["*6.002x*"], LINE, true),
            (&["MITx*"], LINE, false),
            (&["course-v1:mitx+*"], LINE, false),
            (&["MITx/*"], &slashes, true),
            (&["*Fall"], &slashes, true),
            (&["*"], &slashes, true),
            (&["*/2012_Fall"], &slashes, true),
            (&["2012_Fall"], &slashes, false),
        ] {
            let filter = EventFilter {
                courses: globs(patterns),
                ..EventFilter::default()
            };
            let by = (!wanted).then_some(FilteredBy::Course);
            assert_eq!(leaves_out(&filter, line, Ok(None)), by, "{patterns:?}");
        }
    }

    #[test]
    fn the_course_is_read_from_the_context_else_from_the_data() {
        let filter = EventFilter {
            courses: globs(&["course-v1:a+*"]),
            orgs: globs(&["a"]),
            ..EventFilter::default()
        };
        for (line, by) in [
            (
                r#"{"context": {"course_id": "course-v1:a+b+c"}, "event": {"course_id": "x/y/z"}}"#,
                None,
            ),
            (
                r#"{"context": {"course_id": "x/y/z"}, "event": {"course_id": "course-v1:a+b+c"}}"#,
                Some(FilteredBy::Course),
            ),
            (
                r#"{"context": {"course_id": ""}, "event": {"course_id": "course-v1:a+b+c"}}"#,
                None,
            ),
            (r#"{"event": "{\"course_id\": \"course-v1:a+b+c\"}"}"#, None),
            (
                r#"{"course_id": "course-v1:a+b+c", "event": {}}"#,
                Some(FilteredBy::Course),
            ),
            (
                r#"{"context": {"course_id": 5}, "event": {}}"#,
                Some(FilteredBy::Course),
            ),
            (
                r#"{"context": {"course_id": "course-v1:a+b"}, "event": {}}"#,
                Some(FilteredBy::Org),
            ),
        ] {
            assert_eq!(leaves_out(&filter, line, Ok(None)), by, "{line}");
        }
    }
}
