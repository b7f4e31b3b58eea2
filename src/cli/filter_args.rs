//! The options that select events by time and course.

use anyhow::{Context, Result, bail};
use clap::Args;
use jiff::civil::DateTime;

use super::input_args::split_globs;
use crate::filter::{EventFilter, TextGlobs};
use crate::time::EventTime;

#[derive(Args, Debug)]
#[command(next_help_heading = "Filters")]
pub struct FilterArgs {
    /// Convert only events from this time on, such as 2024-03-05T09:14:07Z; a date means 00:00 UTC of that day
    #[arg(long, value_name = "TIME")]
    since: Option<String>,

    /// Convert only events before this time
    #[arg(long, value_name = "TIME")]
    until: Option<String>,

    /// Convert only events of the courses whose ids match one of these globs; `*` matches any text
    #[arg(long, value_name = "GLOB,…")]
    course: Option<Vec<String>>,

    /// Convert only events of the courses whose organizations match one of these globs
    #[arg(long, value_name = "GLOB,…")]
    org: Option<Vec<String>>,
}

impl FilterArgs {
    /// Returns the filter.
    ///
    /// # Errors
    /// Returns an error if a time or a glob does not parse, or if the times exclude everything.
    pub fn filter(&self) -> Result<EventFilter> {
        let since = self.since.as_deref().map(|time| parse_time("since", time));
        let until = self.until.as_deref().map(|time| parse_time("until", time));
        let (since, until) = (since.transpose()?, until.transpose()?);
        if let (Some(first), Some(end)) = (since, until)
            && first >= end
        {
            bail!("`--since` must be earlier than `--until`");
        }
        Ok(EventFilter {
            since,
            until,
            courses: parse_globs("course", self.course.as_deref())?,
            orgs: parse_globs("org", self.org.as_deref())?,
        })
    }
}

/// Parses a time. A date stands for 00:00 UTC of that day.
fn parse_time(option: &str, text: &str) -> Result<DateTime> {
    if let Some(time) = EventTime::parse_or_midnight(text) {
        return Ok(time.utc());
    }
    if EventTime::parse(&format!("{text}Z")).is_some() {
        bail!(
            "`--{option} {text}` has no offset: write `{text}Z` for UTC, or another offset such as +05:30 in place of the Z"
        );
    }
    bail!("`--{option} {text}` is not a time like 2024-03-05T09:14:07Z or a date like 2024-03-05");
}

fn parse_globs(option: &str, lists: Option<&[String]>) -> Result<Option<TextGlobs>> {
    let Some(lists) = lists else { return Ok(None) };
    let globs = split_globs(lists);
    if globs.is_empty() {
        bail!(
            "`--{option}` is empty, so it excludes every event: name a glob, or remove the option"
        );
    }
    TextGlobs::new(&globs)
        .map(Some)
        .with_context(|| format!("`--{option}` has a glob that does not parse"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_date_is_its_midnight_in_utc_and_an_offset_counts() {
        let parsed = |text| parse_time("since", text).map(|time| time.to_string());
        for (text, utc) in [
            ("2024-03-05", "2024-03-05T00:00:00"),
            ("2024-03-05T09:14:07Z", "2024-03-05T09:14:07"),
            ("2024-03-05T09:14:07.123456Z", "2024-03-05T09:14:07.123456"),
            ("2024-03-05T00:30:00+05:30", "2024-03-04T19:00:00"),
        ] {
            assert_eq!(parsed(text).unwrap(), utc, "{text}");
        }
        for (text, message) in [
            (
                "2024-03-05T09:14:07",
                "write `2024-03-05T09:14:07Z` for UTC",
            ),
            ("2024-03-05 09:14", "has no offset"),
            ("2024-03", "is not a time like"),
            ("2024-02-30", "is not a time like"),
            ("yesterday", "is not a time like"),
            ("", "is not a time like"),
        ] {
            let error = parsed(text).unwrap_err().to_string();
            assert!(error.contains(message), "{text}: {error}");
        }
    }
}
