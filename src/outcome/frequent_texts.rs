//! The most frequent of any number of texts, in limited memory.

use std::cmp::Reverse;

use hashbrown::HashMap;

/// The usual number of different texts that are counted.
pub const MAX_TEXTS: usize = 1_000;

/// The number of bytes of a text that are kept. Names of events are shorter.
const TEXT_BYTES: usize = 200;

/// Texts with their counts, for at most `MAX` different texts. Of more texts, the most frequent are kept.
///
/// Each text that makes up more than a part of `1 / MAX` of all is kept, and its count is too low by less than this part.
/// This is the algorithm Space-Saving, which forgets many texts at a time. The result does not depend on the number of
/// threads if the texts of each batch are added in the order of the batches.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct FrequentTexts<const MAX: usize = MAX_TEXTS> {
    texts: HashMap<String, Count>,
    /// The greatest number of times that a text without a count may have been counted.
    most_forgotten: u64,
}

/// The count of a text.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
struct Count {
    counted: u64,
    /// The greatest number of times that the text may have been counted before and forgotten.
    forgotten: u64,
}

impl<const MAX: usize> FrequentTexts<MAX> {
    /// The number of different texts that are kept: one more than `MAX`, which shows that there are more.
    const KEPT: usize = MAX + 1;

    pub fn count(&mut self, text: &str, count: u64) {
        let forgotten = self.most_forgotten;
        let entry = self.texts.entry_ref(start_of(text));
        let new = Count {
            counted: 0,
            forgotten,
        };
        entry.or_insert(new).counted += count;
        self.prune();
    }

    /// Adds the texts of later lines.
    pub fn add(&mut self, later: &Self) {
        if later.most_forgotten > 0 {
            for (text, count) in &mut self.texts {
                if !later.texts.contains_key(text) {
                    count.forgotten += later.most_forgotten;
                }
            }
        }
        let new = Count {
            counted: 0,
            forgotten: self.most_forgotten,
        };
        for (text, more) in &later.texts {
            let count = self.texts.entry_ref(text.as_str()).or_insert(new);
            count.counted += more.counted;
            count.forgotten += more.forgotten;
        }
        self.most_forgotten += later.most_forgotten;
        self.prune();
    }

    /// Returns the number of different texts, or a number greater than `MAX` if there are more.
    pub fn different(&self) -> usize {
        self.texts.len().min(Self::KEPT)
    }

    /// Returns the most frequent texts, at most `most` of them, with their counts. Texts with equal counts are in
    /// alphabetical order.
    pub fn most_frequent(&self, most: usize) -> Vec<(&str, u64)> {
        let texts = self.texts.iter();
        let mut texts: Vec<(&str, u64)> = texts
            .map(|(text, count)| (text.as_str(), count.counted))
            .collect();
        texts.sort_unstable_by_key(|&(text, count)| (Reverse(count), text));
        texts.truncate(most.min(Self::KEPT));
        texts
    }

    /// Forgets the least frequent texts if there are too many.
    fn prune(&mut self) {
        if self.texts.len() > 2 * Self::KEPT {
            self.forget_rare();
        }
    }

    #[cold]
    fn forget_rare(&mut self) {
        let most = |count: &Count| count.counted + count.forgotten;
        let ranks = self.texts.iter();
        let mut ranks: Vec<(Reverse<u64>, &str)> = ranks
            .map(|(text, count)| (Reverse(most(count)), text.as_str()))
            .collect();
        let (_, &mut (Reverse(most_forgotten), first_forgotten), _) =
            ranks.select_nth_unstable(Self::KEPT);
        let first_forgotten = first_forgotten.to_owned();
        self.texts.retain(|text, count| {
            let most = most(count);
            most > most_forgotten || most == most_forgotten && *text < first_forgotten
        });
        self.most_forgotten = most_forgotten;
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
