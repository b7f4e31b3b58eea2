//! The most frequent of any number of texts, in limited memory.

use std::cmp::Reverse;

use hashbrown::HashMap;
use xxhash_rust::xxh3::xxh3_64;

/// The usual number of different texts that are counted.
pub const MAX_TEXTS: usize = 1_000;

/// The number of bytes of a text that are kept. Names of events are shorter.
const TEXT_BYTES: usize = 200;

/// Texts with their counts, for at most `MAX` different texts. Of more texts, only those with the smallest hashes are kept,
/// so which texts are kept does not depend on the order of the lines.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct FrequentTexts<const MAX: usize = MAX_TEXTS>(HashMap<String, u64>);

impl<const MAX: usize> FrequentTexts<MAX> {
    /// The number of different texts that are kept: one more than `MAX`, which shows that there are more.
    const KEPT: usize = MAX + 1;

    pub fn count(&mut self, text: &str, count: u64) {
        let text = start_of(text);
        *self.0.entry_ref(text).or_insert(0) += count;
        if self.0.len() > 2 * Self::KEPT {
            self.prune();
        }
    }

    /// Adds the texts of other lines.
    pub fn add(&mut self, other: &Self) {
        for (text, &count) in &other.0 {
            self.count(text, count);
        }
    }

    /// Returns the number of different texts, or a number greater than `MAX` if there are more.
    pub fn different(&self) -> usize {
        self.0.len().min(Self::KEPT)
    }

    /// Returns the most frequent texts, at most `most` of them, with their counts. Texts with equal counts are in
    /// alphabetical order.
    pub fn most_frequent(&self, most: usize) -> Vec<(&str, u64)> {
        let texts = self.0.iter();
        let mut texts: Vec<(&str, u64)> =
            texts.map(|(text, &count)| (text.as_str(), count)).collect();
        if texts.len() > Self::KEPT {
            texts.sort_unstable_by_key(|&(text, _)| hash(text));
            texts.truncate(Self::KEPT);
        }
        texts.sort_unstable_by_key(|&(text, count)| (Reverse(count), text));
        texts.truncate(most);
        texts
    }

    #[cold]
    fn prune(&mut self) {
        let mut hashes: Vec<u64> = self.0.keys().map(|text| hash(text)).collect();
        let (_, &mut greatest, _) = hashes.select_nth_unstable(Self::KEPT - 1);
        self.0.retain(|text, _| hash(text) <= greatest);
    }
}

/// Returns the bytes of a text that are kept.
fn start_of(text: &str) -> &str {
    let mut end = text.len().min(TEXT_BYTES);
    while !text.is_char_boundary(end) {
        end -= 1;
    }
    &text[..end]
}

fn hash(text: &str) -> u64 {
    xxh3_64(text.as_bytes())
}
