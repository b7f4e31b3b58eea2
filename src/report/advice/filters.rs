//! Filters that matched no event, with the events that they left out.

use std::cmp::Reverse;
use std::collections::BTreeMap;

use jiff::civil::{DateTime, Time};

use super::similar::{beginning_of, is_mistyped, nearest_id};
use crate::convert::LineConverter;
use crate::filter::TextGlobs;
use crate::lms::course_key;
use crate::outcome::{FilteredBy, Tally};
use crate::selection::nearest;
use crate::text::{grouped, plural};

/// The number of courses, names, routers or values of an option that a message lists.
const SHOWN: usize = 5;

/// Returns which filter matched no event, if filters left out all events. Filters apply in order, so the last filter with
/// a count saw every remaining event.
pub fn no_event_matched(converter: &LineConverter, tally: &Tally) -> Option<String> {
    if tally.wanted() > 0 {
        return None;
    }
    let counts = tally.filtered.counts();
    let used: Vec<(FilteredBy, u64)> = counts.filter(|&(_, count)| count > 0).collect();
    let &(last, count) = used.last()?;
    let seen = match last {
        FilteredBy::Events => Some(by_name(converter, tally)),
        FilteredBy::Since | FilteredBy::Until => Some(by_time(converter, tally)),
        FilteredBy::Course => by_course(converter, tally),
        FilteredBy::Org => by_org(converter, tally),
        FilteredBy::Routers => Some(by_routers(converter, tally, count)),
    };
    let Some(seen) = seen else {
        // Each event that matches the last filter was left out by another filter, or is unsupported.
        let all = left_out(&used, |_| true);
        return (used.len() > 1).then(|| format!("no event matched all filters: {all}"));
    };
    let is_time = |by| matches!(by, FilteredBy::Since | FilteredBy::Until);
    let before = left_out(&used, |by| by != last && !(is_time(by) && is_time(last)));
    match before.as_str() {
        "" => Some(format!("no event matched {seen}")),
        _ => Some(format!(
            "no event matched {seen}; left out before: {before}"
        )),
    }
}

/// Returns the numbers of events that filters left out.
fn left_out(used: &[(FilteredBy, u64)], is_listed: impl Fn(FilteredBy) -> bool) -> String {
    let listed = used.iter().filter(|&&(by, _)| is_listed(by));
    let listed = listed.map(|&(by, count)| format!("{} by `{}`", grouped(count), by.option()));
    listed.collect::<Vec<_>>().join(", ")
}

/// Returns a note for each value of `--course` and `--org` that matches no event which the filters looked at, if another
/// value of the option matches one.
pub fn unmatched_values(converter: &LineConverter, tally: &Tally) -> Vec<String> {
    if !tally.filtered.has_all_courses() {
        return Vec::new();
    }
    let filter = &converter.filter;
    let options = [
        ("--course", &filter.courses, courses(tally)),
        ("--org", &filter.orgs, orgs(tally)),
    ];
    // Events that `--events` leaves out are not looked at.
    let looked_at = match tally.filtered.counts().next() {
        Some((FilteredBy::Events, 1..)) => "no event of `--events`",
        _ => "no event",
    };
    let mut notes = Vec::new();
    for (option, globs, seen) in options {
        let Some(globs) = globs else { continue };
        let unmatched = globs.unmatched(&texts(&seen));
        if unmatched.len() == globs.texts().len() {
            continue;
        }
        for glob in unmatched.iter().take(SHOWN) {
            let near = suggested(glob, &seen).filter(|near| !globs.is_match(near));
            let suggestion = did_you_mean(near.as_deref().as_slice());
            notes.push(format!("{looked_at} matched `{option} {glob}`{suggestion}"));
        }
        let more = unmatched.len().saturating_sub(SHOWN) as u64;
        if more > 0 {
            let (count, plural) = (grouped(more), plural(more));
            notes.push(format!(
                "{looked_at} matched {count} more value{plural} of `{option}`"
            ));
        }
    }
    notes
}

/// Returns whether a value of `--course` or `--org` matches no event, and was most likely meant to match one.
pub fn has_mistyped_value(converter: &LineConverter, tally: &Tally) -> bool {
    let filter = &converter.filter;
    let options = [
        (&filter.courses, courses(tally)),
        (&filter.orgs, orgs(tally)),
    ];
    options.into_iter().any(|(globs, seen)| {
        let globs = globs.as_ref();
        let unmatched = globs.map(|globs| globs.unmatched(&texts(&seen)));
        let mut unmatched = unmatched.into_iter().flatten();
        unmatched.any(|glob| nearest_id(glob, texts(&seen)).is_some_and(|id| is_mistyped(glob, id)))
    })
}

fn texts(seen: &[(String, u64)]) -> Vec<&str> {
    seen.iter().map(|(text, _)| text.as_str()).collect()
}

fn by_name(converter: &LineConverter, tally: &Tally) -> String {
    let selection = &converter.selection;
    let names = tally.filtered.names(selection.known());
    let names = most_frequent(names.map(|(name, count)| (name.to_owned(), count)));
    let near = |pattern: &String| nearest(pattern, names.iter().map(|(name, _)| name.as_str()));
    let near: Vec<&str> = selection.patterns().iter().filter_map(near).collect();
    format!(
        "`--events {}`{} (events seen: {})",
        joined(
            &selection
                .patterns()
                .iter()
                .map(String::as_str)
                .collect::<Vec<_>>()
        ),
        did_you_mean(&near),
        listed(&names)
    )
}

fn by_time(converter: &LineConverter, tally: &Tally) -> String {
    let filter = &converter.filter;
    let options = [("--since", filter.since), ("--until", filter.until)];
    let options = options.into_iter().filter_map(|(option, time)| {
        let time = time?;
        let text = if time.time() == Time::midnight() {
            time.date().to_string()
        } else {
            format!("{time}Z")
        };
        Some(format!("{option} {text}"))
    });
    let options: Vec<String> = options.collect();
    let seconds = |time: DateTime| format!("{time:.0}Z");
    let times = tally.filtered.times();
    let seen = match times.map(|(first, last)| (seconds(first), seconds(last))) {
        Some((first, last)) if first == last => format!("the time seen is {first}"),
        Some((first, last)) => format!("the times seen are {first} to {last}"),
        None => "no event has a time".to_owned(),
    };
    format!("`{}`; {seen}", options.join(" "))
}

fn by_course(converter: &LineConverter, tally: &Tally) -> Option<String> {
    let seen = courses(tally);
    by_globs("--course", converter.filter.courses.as_ref()?, &seen).map(|text| match seen[..] {
        [] => format!("{text}; no event names a course"),
        _ => format!("{text} (courses seen: {})", listed(&seen)),
    })
}

fn by_org(converter: &LineConverter, tally: &Tally) -> Option<String> {
    let seen = orgs(tally);
    by_globs("--org", converter.filter.orgs.as_ref()?, &seen).map(|text| match seen[..] {
        [] => format!("{text}; no event names a course with an organization"),
        _ => format!("{text} (organizations seen: {})", listed(&seen)),
    })
}

/// Returns `None` if a glob matches an event, which was left out for another reason.
fn by_globs(option: &str, globs: &TextGlobs, seen: &[(String, u64)]) -> Option<String> {
    if seen.iter().any(|(text, _)| globs.is_match(text)) {
        return None;
    }
    let globs = globs.texts();
    let suggestion = suggestion(&globs, seen);
    Some(format!("`{option} {}`{suggestion}", joined(&globs)))
}

fn by_routers(converter: &LineConverter, tally: &Tally, count: u64) -> String {
    let Some(routers) = &converter.routers else {
        return "`--routers`".to_owned();
    };
    let all: Vec<String> = routers.requirements().collect();
    let mut shown = all[..all.len().min(SHOWN)].join("; ");
    if all.len() > SHOWN {
        let more = (all.len() - SHOWN) as u64;
        shown.push_str(&format!(
            "; and {} more router{}",
            grouped(more),
            plural(more)
        ));
    }
    let seen = match &courses(tally)[..] {
        [] => String::new(),
        courses => format!(" (courses seen: {})", listed(courses)),
    };
    format!(
        "`--routers {}`: no router takes any of {} event{}; {shown}{seen}",
        routers.file(),
        grouped(count),
        plural(count)
    )
}

/// Returns the courses of the events that the filters looked at, with the number of events.
fn courses(tally: &Tally) -> Vec<(String, u64)> {
    let courses = tally.filtered.courses();
    most_frequent(courses.map(|(id, count)| (id.to_owned(), count)))
}

/// Returns the organizations of the events that the filters looked at, with the number of events.
fn orgs(tally: &Tally) -> Vec<(String, u64)> {
    let mut orgs: BTreeMap<&str, u64> = BTreeMap::new();
    for (id, count) in tally.filtered.courses() {
        if let Some(org) = course_key::org(id) {
            *orgs.entry(org).or_default() += count;
        }
    }
    most_frequent(orgs.into_iter().map(|(org, count)| (org.to_owned(), count)))
}

fn most_frequent(seen: impl Iterator<Item = (String, u64)>) -> Vec<(String, u64)> {
    let mut seen: Vec<(String, u64)> = seen.collect();
    seen.sort_by(|left, right| (Reverse(left.1), &left.0).cmp(&(Reverse(right.1), &right.0)));
    seen
}

/// Returns the first of the things that were seen, with their counts.
fn listed(seen: &[(String, u64)]) -> String {
    let first = seen.iter().take(SHOWN);
    let first: Vec<String> = first
        .map(|(text, count)| format!("{} × `{text}`", grouped(*count)))
        .collect();
    let more = seen.len().saturating_sub(SHOWN) as u64;
    match more {
        0 => first.join(", "),
        _ => format!("{} and {} more", first.join(", "), grouped(more)),
    }
}

fn suggestion(globs: &[&str], seen: &[(String, u64)]) -> String {
    let near = globs.iter().filter_map(|glob| suggested(glob, seen));
    let near: Vec<String> = near.collect();
    did_you_mean(&near.iter().map(String::as_str).collect::<Vec<_>>())
}

/// Returns the value that was most likely meant by a value that matches no event.
fn suggested(glob: &str, seen: &[(String, u64)]) -> Option<String> {
    let id = nearest_id(glob, texts(seen))?;
    Some(beginning_of(glob, id).unwrap_or_else(|| id.to_owned()))
}

fn did_you_mean(texts: &[&str]) -> String {
    match texts {
        [] => String::new(),
        _ => format!("; did you mean `{}`?", joined(texts)),
    }
}

/// Returns the first values of an option, as they are given to the option.
fn joined(values: &[&str]) -> String {
    let first = values[..values.len().min(SHOWN)].join(",");
    if values.len() > SHOWN {
        first + ",…"
    } else {
        first
    }
}
