//! The selection of events by name (`--events`).

use globset::Glob;
use hashbrown::HashMap;

/// Whether events with a certain name are selected, and the reason if they are not.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Selected {
    /// A pattern of `--events` matches the name.
    Taken,
    /// The name belongs to `default`, but no pattern of `--events` matches it.
    Filtered,
    /// Events with this name can be converted, but the name does not belong to `default`, and no pattern matches it.
    NotByDefault,
    /// Events with this name cannot be converted.
    Unknown,
}

/// The names of all events that can be converted, each marked as selected or not.
pub struct EventSelection {
    /// For each name: whether it is selected, and its index in `known`.
    names: HashMap<&'static str, (Selected, usize)>,
    known: Vec<&'static str>,
    patterns: Vec<String>,
}

/// The error for a pattern of `--events` that matches no known name of an event.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct UnknownPattern {
    pub pattern: String,
    /// The known name that is most similar to the pattern, if any known name is similar enough.
    pub suggestion: Option<&'static str>,
}

impl EventSelection {
    /// Selects each name that a pattern matches. A pattern is the word `default`, the word `all`, a name, or a glob
    /// with `*`. The argument `default` lists the names that the word `default` matches; `others` lists all other names
    /// of events that can be converted.
    ///
    /// # Errors
    /// Returns the first pattern that matches no name.
    pub fn new(
        patterns: &[String],
        default: Vec<&'static str>,
        others: Vec<&'static str>,
    ) -> Result<Self, UnknownPattern> {
        let of_default = default.len();
        let mut known = default;
        known.extend(others);
        let mut selected = vec![Selected::Filtered; of_default];
        selected.resize(known.len(), Selected::NotByDefault);
        for pattern in patterns {
            let pattern = pattern.trim();
            let glob = Glob::new(pattern).map(|glob| glob.compile_matcher());
            let is_match = |nth: usize| match pattern {
                "default" => nth < of_default,
                "all" => true,
                _ => glob.as_ref().is_ok_and(|glob| glob.is_match(known[nth])),
            };
            let mut matching = (0..known.len()).filter(|&nth| is_match(nth)).peekable();
            if matching.peek().is_none() {
                return Err(UnknownPattern {
                    pattern: pattern.to_owned(),
                    suggestion: nearest(pattern, known),
                });
            }
            matching.for_each(|nth| selected[nth] = Selected::Taken);
        }
        let answers = selected.into_iter().zip(0..);
        let names = known.iter().copied().zip(answers).collect();
        Ok(Self {
            names,
            known,
            patterns: patterns.to_vec(),
        })
    }

    /// The names of all events that can be converted, selected or not.
    pub fn known(&self) -> &[&'static str] {
        &self.known
    }

    /// The patterns of `--events`.
    pub fn patterns(&self) -> &[String] {
        &self.patterns
    }

    /// Returns whether a name is selected, and the index of the name in [`known`](Self::known).
    pub fn look_up(&self, name: &str) -> (Selected, Option<usize>) {
        match self.names.get(name) {
            Some(&(selected, nth)) => (selected, Some(nth)),
            None => (Selected::Unknown, None),
        }
    }
}

/// Returns the text that is most similar to the pattern, if it is similar enough for a suggestion. Case does not matter.
pub(crate) fn nearest<'n>(
    pattern: &str,
    texts: impl IntoIterator<Item = &'n str>,
) -> Option<&'n str> {
    let pattern = pattern.to_lowercase();
    nearest_by(texts, |text| {
        strsim::normalized_damerau_levenshtein(&pattern, &text.to_lowercase())
    })
}

/// Returns the text with the highest similarity, if it is high enough for a suggestion. `similarity` returns a number
/// between 0 (nothing in common) and 1 (equal).
pub(crate) fn nearest_by<'n>(
    texts: impl IntoIterator<Item = &'n str>,
    similarity: impl Fn(&str) -> f64,
) -> Option<&'n str> {
    /// The lowest similarity at which a text is suggested: about three letters in ten may be wrong.
    const NEAR: f64 = 0.7;

    let scored = texts.into_iter().map(|text| (similarity(text), text));
    scored
        .filter(|(score, _)| *score >= NEAR)
        // If several texts are equally similar, the first is taken.
        .reduce(|best, next| if next.0 > best.0 { next } else { best })
        .map(|(_, text)| text)
}

#[cfg(test)]
mod tests {
    use super::*;

    const DEFAULT: [&str; 3] = ["play_video", "pause_video", "problem_check"];
    const OTHERS: [&str; 1] = ["edx.problem.completed"];

    fn select(patterns: &[&str]) -> impl Fn(&str) -> Selected {
        let patterns: Vec<String> = patterns
            .iter()
            .map(|pattern| (*pattern).to_owned())
            .collect();
        let selection = EventSelection::new(&patterns, DEFAULT.into(), OTHERS.into()).unwrap();
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
            EventSelection::new(&[pattern.to_owned()], DEFAULT.into(), OTHERS.into())
                .err()
                .unwrap()
        };
        assert_eq!(error("play_vidoe").suggestion, Some("play_video"));
        assert_eq!(error("PLAY_VIDEO").suggestion, Some("play_video"));
        assert_eq!(error("x*").suggestion, None);
    }
}
