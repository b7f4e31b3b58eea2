//! The selection of events by name (`--events`).

use globset::Glob;
use hashbrown::HashMap;

/// The answer of a selection for an event name.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Selected {
    Taken,
    /// The user's patterns do not match.
    Filtered,
    /// A transformer takes the event, but not by default, and no pattern matches.
    NotByDefault,
    /// No transformer takes the event.
    Unknown,
}

/// The names of the events to take.
pub struct EventSelection {
    /// The answer for each known name, and the index of the name in `known`.
    names: HashMap<&'static str, (Selected, usize)>,
    known: Vec<&'static str>,
}

/// A pattern that matches no event that has a transformer.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct UnknownPattern {
    pub pattern: String,
    /// The most similar name, if one is similar enough.
    pub suggestion: Option<&'static str>,
}

impl EventSelection {
    /// Selects by patterns: `default`, `all`, a name, or a glob with `*`. `default` are the names that are taken by
    /// default, `others` the other names that have a transformer.
    ///
    /// # Errors
    /// Returns the first pattern that matches no name.
    pub fn new(
        patterns: &[String],
        default: &'static [&'static str],
        others: &'static [&'static str],
    ) -> Result<Self, UnknownPattern> {
        let known: Vec<&'static str> = default.iter().chain(others).copied().collect();
        let mut selected = vec![Selected::Filtered; default.len()];
        selected.resize(known.len(), Selected::NotByDefault);
        for pattern in patterns {
            let pattern = pattern.trim();
            let glob = Glob::new(pattern).map(|glob| glob.compile_matcher());
            let is_match = |nth: usize| match pattern {
                "default" => nth < default.len(),
                "all" => true,
                _ => glob.as_ref().is_ok_and(|glob| glob.is_match(known[nth])),
            };
            let mut matching = (0..known.len()).filter(|&nth| is_match(nth)).peekable();
            if matching.peek().is_none() {
                return Err(UnknownPattern {
                    pattern: pattern.to_owned(),
                    suggestion: nearest(pattern, &known),
                });
            }
            matching.for_each(|nth| selected[nth] = Selected::Taken);
        }
        let answers = selected.into_iter().zip(0..);
        let names = known.iter().copied().zip(answers).collect();
        Ok(Self { names, known })
    }

    /// All names that have a transformer, taken or not.
    pub fn known(&self) -> &[&'static str] {
        &self.known
    }

    /// Returns the answer for a name, and the index of the name in [`known`](Self::known).
    pub fn look_up(&self, name: &str) -> (Selected, Option<usize>) {
        match self.names.get(name) {
            Some(&(selected, nth)) => (selected, Some(nth)),
            None => (Selected::Unknown, None),
        }
    }
}

fn nearest(pattern: &str, all: &[&'static str]) -> Option<&'static str> {
    /// The similarity from which a name is suggested, between 0 and 1.
    const NEAR: f64 = 0.7;

    let pattern = pattern.to_lowercase();
    let scored = all
        .iter()
        .map(|&name| (strsim::normalized_damerau_levenshtein(&pattern, name), name));
    scored
        .filter(|(score, _)| *score >= NEAR)
        .max_by(|left, right| left.0.total_cmp(&right.0))
        .map(|(_, name)| name)
}

#[cfg(test)]
mod tests {
    use super::*;

    const DEFAULT: &[&str] = &["play_video", "pause_video", "problem_check"];
    const OTHERS: &[&str] = &["edx.problem.completed"];

    fn select(patterns: &[&str]) -> impl Fn(&str) -> Selected {
        let patterns: Vec<String> = patterns
            .iter()
            .map(|pattern| (*pattern).to_owned())
            .collect();
        let selection = EventSelection::new(&patterns, DEFAULT, OTHERS).unwrap();
        move |name| selection.look_up(name).0
    }

    #[test]
    fn an_event_that_is_not_taken_by_default_is_unsupported_unless_a_pattern_matches() {
        let default = select(&["default"]);
        assert_eq!(default("play_video"), Selected::Taken);
        assert_eq!(default("edx.problem.completed"), Selected::NotByDefault);
        assert_eq!(select(&["all"])("edx.problem.completed"), Selected::Taken);
        assert_eq!(
            select(&["default", "*.completed"])("edx.problem.completed"),
            Selected::Taken
        );
    }

    #[test]
    fn an_event_that_no_pattern_matches_is_filtered() {
        let videos = select(&["*_video"]);
        assert_eq!(videos("pause_video"), Selected::Taken);
        assert_eq!(videos("problem_check"), Selected::Filtered);
        assert_eq!(videos("no_such_event"), Selected::Unknown);
    }

    #[test]
    fn a_pattern_that_matches_nothing_gets_a_suggestion() {
        let error = |pattern: &str| {
            EventSelection::new(&[pattern.to_owned()], DEFAULT, OTHERS)
                .err()
                .unwrap()
        };
        assert_eq!(error("play_vidoe").suggestion, Some("play_video"));
        assert_eq!(error("PLAY_VIDEO").suggestion, Some("play_video"));
        assert_eq!(error("x*").suggestion, None);
    }
}
