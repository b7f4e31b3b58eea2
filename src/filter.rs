//! The filter of events by time and by course (`--since`, `--until`, `--course`, `--org`).

use std::sync::atomic::{AtomicBool, Ordering};

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

/// The number of globs up to which globs are tried after one of them has matched a text. With more globs, filters would
/// become slow.
const MOST_TRIED: usize = 10;

/// Glob patterns for texts. The texts are not paths, so `*` also matches slashes.
#[derive(Debug)]
pub struct TextGlobs(Vec<TextGlob>);

#[derive(Debug)]
struct TextGlob {
    matcher: GlobMatcher,
    /// Whether the glob has matched a text. Only messages depend on this.
    has_matched: AtomicBool,
}

/// The option that filters an event out, with the time or the course of the event if the option depends on these.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct LeftOut<'a> {
    pub by: FilteredBy,
    pub time: Option<DateTime>,
    pub course: Option<&'a str>,
}

impl EventFilter {
    /// Returns the option that filters the event out, or `None` if the event passes. `time_of` returns the time of the
    /// event; it is called only if `since` or `until` is set.
    ///
    /// If `time_of` returns an error, `since` and `until` let the event pass; the conversion then rejects the event.
    /// If `time_of` returns no time, `since` and `until` filter the event out. If the event has no course, `courses`
    /// and `orgs` filter the event out.
    pub fn leaves_out<'a>(
        &self,
        event: &TrackingEvent<'a>,
        time_of: impl FnOnce() -> Result<Option<DateTime>, Fault>,
    ) -> Option<LeftOut<'a>> {
        self.by_time(time_of).or_else(|| self.by_course(event))
    }

    fn by_time<'a>(
        &self,
        time_of: impl FnOnce() -> Result<Option<DateTime>, Fault>,
    ) -> Option<LeftOut<'a>> {
        if self.since.is_none() && self.until.is_none() {
            return None;
        }
        let time = time_of().ok()?;
        let is_early = |since| time.is_none_or(|time| time < since);
        let is_late = |until| time.is_none_or(|time| time >= until);
        let left_out = |by| LeftOut {
            by,
            time,
            course: None,
        };
        if self.since.is_some_and(is_early) {
            return Some(left_out(FilteredBy::Since));
        }
        let is_late = self.until.is_some_and(is_late);
        is_late.then(|| left_out(FilteredBy::Until))
    }

    fn by_course<'a>(&self, event: &TrackingEvent<'a>) -> Option<LeftOut<'a>> {
        if self.courses.is_none() && self.orgs.is_none() {
            return None;
        }
        let course = course_of(event);
        let left_out = |by| LeftOut {
            by,
            time: None,
            course,
        };
        let is_wanted = |globs: &Option<TextGlobs>, text: Option<&str>| {
            globs
                .as_ref()
                .is_none_or(|globs| text.is_some_and(|text| globs.match_any(text)))
        };
        if !is_wanted(&self.courses, course) {
            return Some(left_out(FilteredBy::Course));
        }
        let org = course.and_then(course_key::org);
        (!is_wanted(&self.orgs, org)).then(|| left_out(FilteredBy::Org))
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
            Ok(TextGlob {
                matcher: glob.compile_matcher(),
                has_matched: AtomicBool::new(false),
            })
        });
        compiled.collect::<Result<_, _>>().map(Self)
    }

    /// Returns whether one of the globs matches the whole text.
    fn match_any(&self, text: &str) -> bool {
        let mut is_match = false;
        for glob in &self.0 {
            let has_matched = glob.has_matched();
            // After a match, only globs that have matched no text are tried, to find those that never match.
            if is_match && (has_matched || self.0.len() > MOST_TRIED) {
                continue;
            }
            if glob.matcher.is_match(text) {
                is_match = true;
                if !has_matched {
                    glob.has_matched.store(true, Ordering::Relaxed);
                }
            }
        }
        is_match
    }

    /// Returns the globs as they were given.
    pub fn texts(&self) -> Vec<&str> {
        self.0.iter().map(TextGlob::text).collect()
    }

    /// Returns whether a glob has matched a text.
    pub fn has_matched(&self) -> bool {
        self.0.iter().any(TextGlob::has_matched)
    }

    /// Returns the globs that have matched no text, if another glob has matched one. Returns no globs if there are so
    /// many that not all of them were tried.
    pub fn unmatched(&self) -> Vec<&str> {
        let globs = self.0.iter();
        let is_known = self.has_matched() && self.0.len() <= MOST_TRIED;
        let unmatched = globs.filter(|glob| is_known && !glob.has_matched());
        unmatched.map(TextGlob::text).collect()
    }
}

impl TextGlob {
    fn text(&self) -> &str {
        self.matcher.glob().glob()
    }

    fn has_matched(&self) -> bool {
        self.has_matched.load(Ordering::Relaxed)
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
        filter
            .leaves_out(&event, || time)
            .map(|left_out| left_out.by)
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
