//! The contents of the journal: what its entries together say about the inputs.

use std::collections::{BTreeMap, HashMap, HashSet};
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::SystemTime;

use super::entry::{Day, DeliveryProgress, Entry, InputId};
use super::heads::Heads;
use super::known::{Deliveries, EMPTY_INPUT, KnownFile, KnownInput, most_files};
use crate::input::{FileStamp, Position};
use crate::output_names::OutputNames;

/// The state of all inputs after all entries of a journal.
#[derive(Debug, Default)]
pub struct JournalContents {
    pub inputs: BTreeMap<InputId, KnownInput>,
    /// The inputs by their heads, once they are needed.
    heads: Option<Heads>,
    /// The largest number of an input, forgotten or not. Entries of forgotten inputs stay in the journal until it is
    /// replaced.
    last_input: InputId,
    /// The [`Entry::Delivering`] entries of files that may or may not have been renamed.
    pub delivering: Vec<Entry>,
    /// Temporary files that may still exist.
    pub writing: Vec<PathBuf>,
    /// The files that were read to their end, by their device and inode.
    files: HashMap<(u64, u64), KnownFile>,
    /// The number of files of each input.
    file_counts: HashMap<InputId, usize>,
    /// The names of the destinations of all inputs, each of them once in memory.
    names: HashSet<Arc<str>>,
    /// The names of the destinations that [`Entry::Destination`] numbers.
    destinations: Vec<String>,
    /// The inputs whose output files are those of documents, by the destination and the first file.
    documents: HashMap<(String, PathBuf), InputId>,
    /// The last day of a run that found an input.
    last_day: Day,
    /// About how many bytes of the journal a rewritten journal would not have.
    dead_bytes: u64,
    /// At least the number of bytes that shorter histories would save.
    removable_bytes: u64,
}

impl JournalContents {
    /// Changes the contents as the next entry of the journal says. The entry takes up this many bytes in the journal.
    pub fn apply(&mut self, entry: Entry, bytes: u64) {
        match entry {
            Entry::EventRouterState { .. } => {}
            Entry::Input { input, .. } => self.add_input(input, entry),
            Entry::Writing { file } => {
                self.writing.push(file);
                self.dead_bytes += bytes;
            }
            Entry::Delivering { ref part, .. } => {
                // From now on, this entry says that the temporary file may exist.
                self.writing.retain(|file| file != part);
                self.delivering.push(entry);
                self.dead_bytes += bytes;
            }
            Entry::Delivered {
                input,
                to,
                progress,
            } => self.apply_delivered(input, without_slashes(to), progress, bytes),
            Entry::Destination { destination, to } => {
                let to = without_slashes(to);
                // A number that does not follow the others is damaged. Without it, the files are opened again.
                if destination < self.destinations.len() {
                    self.destinations[destination] = to;
                } else if destination == self.destinations.len() {
                    self.destinations.push(to);
                }
            }
            Entry::File {
                input,
                lines,
                to,
                packed,
                stamp,
            } => {
                let file = KnownFile {
                    input,
                    lines,
                    to,
                    packed,
                    stamp,
                };
                self.apply_file(file, bytes);
            }
            Entry::Seen { day, inputs } => {
                for (first, last) in inputs {
                    for (_, known) in self.inputs.range_mut(first..=last.max(first)) {
                        known.seen = known.seen.max(day);
                    }
                }
                self.last_day = self.last_day.max(day);
                self.dead_bytes += bytes;
            }
        }
    }

    fn add_input(&mut self, input: InputId, entry: Entry) {
        if let Some(heads) = &mut self.heads {
            heads.add(&entry);
        }
        let known = KnownInput {
            entry,
            delivered: Deliveries::default(),
            seen: 0,
        };
        self.inputs.insert(input, known);
        self.last_input = self.last_input.max(input);
    }

    fn apply_file(&mut self, file: KnownFile, bytes: u64) {
        let input = file.input;
        let count = self.file_counts.entry(input).or_default();
        let is_replaced = self.files.insert(file.stamp.file(), file).is_some();
        *count += usize::from(!is_replaced);
        if is_replaced || *count > most_files(input) {
            self.dead_bytes += bytes;
        }
    }

    fn apply_delivered(
        &mut self,
        input: InputId,
        to: String,
        progress: DeliveryProgress,
        bytes: u64,
    ) {
        let is_done = |entry: &Entry| matches!(entry, Entry::Delivering { input: i, to: t, .. } if (*i, t) == (input, &to));
        self.delivering.retain(|entry| !is_done(entry));
        self.forget_replaced(input, &to, &progress);
        let Some(known) = self.inputs.get_mut(&input) else {
            return;
        };
        let progress = match known.delivered.remove(&to) {
            Some(earlier) => {
                // The earlier entry is about as long.
                self.dead_bytes += bytes;
                earlier.merge(progress)
            }
            None => progress,
        };
        self.removable_bytes += progress.history.removable_bytes();
        let to = self.names.get(&*to).cloned().unwrap_or_else(|| {
            let to: Arc<str> = to.into();
            self.names.insert(Arc::clone(&to));
            to
        });
        known.delivered.insert(to, progress);
    }

    /// Forgets the progress of a document whose output file was replaced by the output of the changed document `by`.
    /// The output of a log is never replaced: the output of a second log with the same name gets a number.
    fn forget_replaced(&mut self, by: InputId, to: &str, progress: &DeliveryProgress) {
        let Some(file) = progress.first_file.as_deref() else {
            return;
        };
        if !OutputNames::is_of_document(file) {
            return;
        }
        let key = (to.to_owned(), file.to_owned());
        let earlier = self.documents.insert(key, by);
        if let Some(known) = earlier.and_then(|earlier| self.inputs.get_mut(&earlier))
            && earlier != Some(by)
        {
            known.delivered.remove(to);
        }
    }

    /// Returns the progress of the document whose first output file has this path.
    pub fn document(&self, to: &str, first: &Path) -> Option<&DeliveryProgress> {
        let input = self.documents.get(&(to.to_owned(), first.to_owned()))?;
        self.inputs.get(input)?.delivered.get(to)
    }

    /// Returns the number for a new input.
    pub fn next_input(&self) -> InputId {
        self.last_input + 1
    }

    /// Returns the inputs by their heads.
    pub fn heads(&mut self) -> &Heads {
        let inputs = &self.inputs;
        self.heads.get_or_insert_with(|| {
            let mut heads = Heads::default();
            for known in inputs.values() {
                heads.add(&known.entry);
            }
            heads
        })
    }

    /// Adds bytes of the journal that a replaced journal would not have.
    pub fn add_dead_bytes(&mut self, bytes: u64) {
        self.dead_bytes += bytes;
    }

    /// Returns an input. Its histories are read.
    pub fn read_input(&mut self, input: InputId) -> Option<&KnownInput> {
        let known = self.inputs.get_mut(&input)?;
        for progress in known.delivered.values_mut() {
            progress.history.read();
        }
        Some(known)
    }

    /// Returns the positions up to which a destination has received an input. The histories of the input must be read.
    pub fn delivered_positions(&self, input: InputId, to: &str) -> Vec<Position> {
        let known = self.inputs.get(&input);
        let progress = known.and_then(|known| known.delivered.get(to));
        let positions = progress.map(|progress| {
            let earlier = progress.history.positions();
            earlier.chain([&progress.position]).copied().collect()
        });
        positions.unwrap_or_default()
    }

    /// Returns whether a destination has all lines of an input before a position. The histories of the input must be read.
    pub fn is_delivered(&self, input: InputId, to: &str, position: &Position) -> bool {
        self.delivered_positions(input, to).contains(position)
    }

    /// Returns the file with the device and inode of this stamp as it was when a run last read it to its end.
    pub fn file(&self, stamp: &FileStamp) -> Option<&KnownFile> {
        self.files.get(&stamp.file())
    }

    /// Returns the file of this stamp, if it was read to its end and has not changed since.
    pub fn unchanged_file(&self, stamp: &FileStamp) -> Option<&KnownFile> {
        let known = self.file(stamp);
        known.filter(|known| known.stamp == *stamp)
    }

    /// Returns the number of a destination, if it has one.
    pub fn destination(&self, to: &str) -> Option<usize> {
        self.destinations.iter().position(|name| name == to)
    }

    /// Returns the number for a destination that has none.
    pub fn next_destination(&self) -> usize {
        self.destinations.len()
    }

    /// Forgets the inputs that no run has found for this many days. The days count to the last day of a run, so that
    /// nothing is forgotten because no run took place for a long time. A day after `today`, which a run with a wrong
    /// clock has recorded, counts as `today`.
    pub fn forget_unseen(&mut self, after: Day, today: Day) {
        /// About the length of the entries of an input, without the history.
        const ENTRY_BYTES: u64 = 400;

        for known in self.inputs.values_mut() {
            known.seen = known.seen.min(today);
        }
        let before = self.last_day.min(today).saturating_sub(after);
        let unseen = self.inputs.iter();
        let unseen = unseen.filter(|(_, known)| known.seen > 0 && known.seen < before);
        let unseen: Vec<InputId> = unseen.map(|(&input, _)| input).collect();
        if unseen.is_empty() {
            return;
        }
        for input in unseen {
            let Some(known) = self.inputs.remove(&input) else {
                continue;
            };
            let histories = known.delivered.values();
            let histories = histories.map(|progress| progress.history.unread_bytes() as u64);
            self.dead_bytes += ENTRY_BYTES + histories.sum::<u64>();
        }
        let inputs = &self.inputs;
        let is_kept =
            |file: &KnownFile| file.input == EMPTY_INPUT || inputs.contains_key(&file.input);
        self.files.retain(|_, file| is_kept(file));
    }

    /// Returns the approximate number of bytes that compaction saves.
    pub fn dead_bytes(&self) -> u64 {
        if self.removable_bytes == 0 {
            return self.dead_bytes;
        }
        let complete = self.files.values().filter(|file| file.packed);
        let histories = complete.filter_map(|file| {
            let progress = self.inputs.get(&file.input)?.delivered.values();
            let bytes = progress.map(|progress| progress.history.removable_bytes());
            Some(bytes.sum::<u64>())
        });
        self.dead_bytes + histories.sum::<u64>()
    }

    /// Returns the shortest list of entries that yields these contents. The list does not include
    /// [`delivering`](Self::delivering) and [`writing`](Self::writing), so the caller handles both before the call.
    pub fn entries(&self, now: SystemTime) -> Vec<Entry> {
        let destinations = self.destinations.iter().enumerate();
        let mut entries: Vec<Entry> = destinations
            .map(|(destination, to)| Entry::Destination {
                destination,
                to: to.clone(),
            })
            .collect();
        let mut files = self.files_by_input();
        let empty = files.remove(&EMPTY_INPUT).unwrap_or_default();
        entries.extend(empty.into_iter().map(KnownFile::entry));
        let mut seen: BTreeMap<Day, Vec<(InputId, InputId)>> = BTreeMap::new();
        for (&input, known) in &self.inputs {
            let files = files.remove(&input).unwrap_or_default();
            if known.delivered.is_empty() && files.is_empty() {
                continue;
            }
            entries.push(known.entry.clone());
            let is_complete = files.iter().any(|file| file.is_complete(now));
            entries.extend(known.delivered.iter().map(|(to, progress)| {
                let mut progress = progress.clone();
                if is_complete {
                    progress.history.shorten();
                }
                Entry::Delivered {
                    input,
                    to: to.to_owned(),
                    progress,
                }
            }));
            entries.extend(files.into_iter().map(KnownFile::entry));
            let day = if known.seen > 0 {
                known.seen
            } else {
                day_of(now)
            };
            add_to_ranges(seen.entry(day).or_default(), input);
        }
        entries.extend(
            seen.into_iter()
                .map(|(day, inputs)| Entry::Seen { day, inputs }),
        );
        entries
    }

    /// Returns the files of each input, without those that probably no longer exist: of many files, those with the
    /// oldest changes.
    fn files_by_input(&self) -> BTreeMap<InputId, Vec<&KnownFile>> {
        let mut files: BTreeMap<InputId, Vec<&KnownFile>> = BTreeMap::new();
        for file in self.files.values() {
            files.entry(file.input).or_default().push(file);
        }
        for (input, files) in &mut files {
            files.sort_by_key(|file| std::cmp::Reverse(file.stamp.changed));
            files.truncate(most_files(*input));
        }
        files
    }
}

/// Returns the day of a time.
pub fn day_of(time: SystemTime) -> Day {
    let since = time.duration_since(SystemTime::UNIX_EPOCH);
    since.map_or(0, |since| since.as_secs() / 86_400)
}

/// Removes slashes at the end of a URL, since `…/xAPI` and `…/xAPI/` are the same server. Earlier versions recorded the
/// slashes.
fn without_slashes(mut to: String) -> String {
    if to.contains("://") {
        to.truncate(to.trim_end_matches('/').len());
    }
    to
}

/// Adds an input to ranges of inputs. The input is larger than all inputs in the ranges.
pub fn add_to_ranges(ranges: &mut Vec<(InputId, InputId)>, input: InputId) {
    match ranges.last_mut() {
        Some((_, last)) if *last + 1 == input => *last = input,
        _ => ranges.push((input, input)),
    }
}

#[cfg(test)]
mod tests;
