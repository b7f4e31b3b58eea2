//! The inputs in the journal by their heads, which are their first bytes.

use std::collections::{BTreeMap, BTreeSet};

use super::entry::{Entry, InputId};
use super::fingerprint::Head;
use super::head_lines::HeadLines;

/// The inputs in the journal by their heads.
#[derive(Debug, Default)]
pub struct Heads {
    /// The inputs, first by the length of their head, then by the hash of their head.
    by_hash: BTreeMap<u64, BTreeMap<u128, Vec<InputId>>>,
    by_lines: BTreeSet<(HeadLines, InputId)>,
}

/// How an input in the journal begins, compared with an opened input.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Beginning {
    /// Both begin with the same lines, and go on in different ways within their first bytes.
    FirstLines,
    /// Both begin with the same bytes, which may be a part of a line that many inputs have.
    SameBytes,
    SameLines,
    /// The input in the journal begins with all complete lines of the opened input.
    AllLines,
}

impl Heads {
    /// Adds the input of an [`Entry::Input`].
    pub fn add(&mut self, entry: &Entry) {
        if let Entry::Input {
            input,
            head_bytes,
            head_hash,
            head_lines,
            ..
        } = entry
        {
            let alike = self.by_hash.entry(*head_bytes).or_default();
            alike.entry(*head_hash).or_default().push(*input);
            if !head_lines.is_empty() {
                self.by_lines.insert((head_lines.clone(), *input));
            }
        }
    }

    /// Returns the inputs that may begin like an opened input with this head.
    pub fn alike(&self, head: &Head) -> BTreeMap<InputId, Beginning> {
        let mut alike = BTreeMap::new();
        for (&bytes, by_hash) in &self.by_hash {
            let hash = head.hash(bytes);
            let beginning = match head.is_telling(bytes) {
                true => Beginning::SameLines,
                false => Beginning::SameBytes,
            };
            let inputs = hash.and_then(|hash| by_hash.get(&hash));
            alike.extend(
                inputs
                    .into_iter()
                    .flatten()
                    .map(|input| (*input, beginning)),
            );
        }
        if let Some(lines) = head.lines_of_short() {
            let beginning = match lines.count() == head.line_count() {
                true => Beginning::AllLines,
                false => Beginning::SameLines,
            };
            let longer = self.by_lines.range((lines.clone(), 0)..);
            let longer = longer.take_while(|(longer, _)| longer.start_with(&lines));
            alike.extend(longer.map(|(_, input)| (*input, beginning)));
        }
        for input in self.neighbours(&head.lines()) {
            alike.entry(input).or_insert(Beginning::FirstLines);
        }
        alike
    }

    /// Returns the inputs that begin with the most of these lines. In the order of the texts of the hashes, these inputs are
    /// next to the opened input.
    fn neighbours(&self, lines: &HeadLines) -> impl Iterator<Item = InputId> {
        let [first, last] = [0, InputId::MAX].map(|input| (lines.clone(), input));
        let neighbours = [
            self.by_lines.range(..&first).next_back(),
            self.by_lines.range(&first..=&last).next_back(),
            self.by_lines.range(&last..).next(),
        ];
        let neighbours = neighbours.into_iter().flatten();
        let neighbours = neighbours.filter(|(other, _)| other.begin_like(lines));
        neighbours.map(|(_, input)| *input)
    }
}
