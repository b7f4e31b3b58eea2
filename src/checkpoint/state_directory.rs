//! The state directory: one run at a time, and what earlier ones delivered.

use std::collections::{BTreeMap, BTreeSet};
use std::fs::{self, File};
use std::io::{self, BufReader, Read};
use std::path::{Path, PathBuf};
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

use anyhow::{Context, Result};

use super::entry::{Entry, InputId, Progress};
use super::fingerprint::{Head, follow, follow_document};
use super::journal::{Contents, Journal, KnownInput};
use super::lock::{OpenError, lock};
use super::trail::Trail;
use crate::files::{is_part, sync_directory};
use crate::input::{self, BytesRead, Follower, Opened, Position, Shape, Source};

/// What earlier runs delivered, and what this one does.
#[derive(Debug)]
pub struct StateDirectory {
    state: Mutex<State>,
    /// Held as long as the run lasts.
    _lock: File,
}

#[derive(Debug)]
struct State {
    journal: Journal,
    contents: Contents,
    /// How far this run has read inputs, delivered or not: two inputs of a run may hold the same.
    read: BTreeMap<InputId, Trail>,
    /// Files that hold what was delivered.
    files: BTreeSet<PathBuf>,
    synced: Instant,
    /// What could not be written, and is still to be told.
    failure: Option<anyhow::Error>,
}

/// How far the destinations of a run have come with an input.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Resumed {
    pub input: InputId,
    /// The place that each of them has reached, in their order.
    pub reached: Vec<Position>,
    /// The input as which it was delivered to the earliest of these places: this one, or another that it is a part of.
    pub begun_as: InputId,
}

/// An input that begins like the one that is opened.
struct Candidate {
    input: InputId,
    /// For each destination of this run, the place that it has reached.
    reached: Vec<Position>,
    /// For each of them, the places that it has passed.
    passed: Vec<Vec<Position>>,
}

impl Candidate {
    fn places(&self) -> impl Iterator<Item = &Position> {
        self.passed.iter().flatten()
    }
}

impl Resumed {
    /// Where reading starts: at the earliest of the places.
    pub fn from(&self) -> Position {
        let earliest = self.reached.iter().min_by_key(|place| place.offset);
        earliest.copied().unwrap_or(Position::START)
    }
}

const BUFFER_BYTES: usize = 1 << 16;

/// Appended entries become durable at least this often. Those that are lost are delivered again, which a server tells.
const SYNC_EVERY: Duration = Duration::from_secs(1);

impl StateDirectory {
    /// Takes the directory for this run, and creates it when it is missing.
    ///
    /// # Errors
    /// Another run has it, or it cannot be read or written.
    pub fn open(directory: &Path) -> Result<Self, OpenError> {
        let name = directory.display();
        let unusable = |error: anyhow::Error| OpenError::Unusable(error);
        fs::create_dir_all(directory)
            .with_context(|| format!("failed to create the state directory `{name}`"))
            .map_err(unusable)?;
        let lock = lock(directory)?;
        let path = directory.join("journal.jsonl");
        let mut contents = Journal::read(&path).map_err(unusable)?;
        settle(&mut contents);
        let journal = Journal::rewrite(&path, &contents).map_err(unusable)?;
        let files = contents.inputs.values().flat_map(files_of).collect();
        let state = State {
            journal,
            contents,
            read: BTreeMap::new(),
            files,
            synced: Instant::now(),
            failure: None,
        };
        Ok(Self {
            state: Mutex::new(state),
            _lock: lock,
        })
    }

    /// Opens an input where it is to be gone on with.
    ///
    /// # Errors
    /// It cannot be opened, or not be read to there.
    pub fn resume(
        &self,
        source: &Source,
        destinations: &[String],
        bytes_read: &BytesRead,
    ) -> io::Result<(Resumed, Opened)> {
        let mut opened = input::open(source, bytes_read)?;
        let head = Head::read(&mut opened.reader, source.shape)?;
        let candidates = self.candidates(&head, destinations);
        let places = candidates.iter().flat_map(Candidate::places);
        let mut places: Vec<Position> = places.copied().collect();
        places.sort_by_key(|place| place.offset);
        places.dedup();
        let head_bytes = io::Cursor::new(head.bytes.clone());
        let mut reader = BufReader::with_capacity(BUFFER_BYTES, head_bytes.chain(opened.reader));
        let (found, passed) = match source.shape {
            Shape::Log => {
                let found = follow(&mut reader, &places);
                let passed = places.last().map_or(0, |last| last.offset);
                (found, passed)
            }
            // It is delivered as a whole or not at all.
            Shape::Document => {
                let end = follow_document(&mut reader)?;
                let passed = end.offset;
                let mut found = vec![end];
                found.retain(|end| places.contains(&end.position()));
                (found, passed)
            }
        };
        opened.reader = Box::new(reader);
        let resumed = self.resumed(source, &head, &candidates, &found, destinations.len());
        let from = resumed.from();
        let mut start = found
            .into_iter()
            .find(|follower| follower.position() == from);
        if passed > from.offset {
            opened = opened.rewound(bytes_read)?;
            let mut reader = BufReader::with_capacity(BUFFER_BYTES, opened.reader);
            start = follow(&mut reader, &[from]).pop();
            opened.reader = Box::new(reader);
        }
        let changed = || io::Error::other("it was changed while it was read");
        opened.start = Some(match start {
            Some(start) => start,
            None if from == Position::START => Follower::new(),
            None => return Err(changed()),
        });
        Ok((resumed, opened))
    }

    /// The inputs that begin alike.
    fn candidates(&self, head: &Head, destinations: &[String]) -> Vec<Candidate> {
        let state = self.state();
        let inputs = state.contents.inputs.iter();
        // Nearly all heads are of one length, so that one hash serves them.
        let mut hashes = BTreeMap::new();
        let alike = inputs.filter(|(_, known)| {
            let hash = hashes
                .entry(known.head_bytes)
                .or_insert_with(|| head.hash(known.head_bytes));
            *hash == Some(known.head_hash)
        });
        let candidates = alike.map(|(&input, known)| {
            // What this run has read of it already is on its way to all destinations.
            let read = || state.read.get(&input).into_iter().flat_map(Trail::places);
            let of = destinations.iter().map(|to| {
                let delivered = known.delivered.get(to).into_iter().flat_map(|delivered| {
                    let trail = delivered.trail.places();
                    trail.chain([&delivered.position])
                });
                let places: Vec<Position> = delivered.chain(read()).copied().collect();
                let furthest = places.iter().max_by_key(|place| place.offset);
                (furthest.copied().unwrap_or(Position::START), places)
            });
            let (reached, passed) = of.unzip();
            Candidate {
                input,
                reached,
                passed,
            }
        });
        candidates.collect()
    }

    /// Where to go on, with the places that were found in the input.
    fn resumed(
        &self,
        source: &Source,
        head: &Head,
        candidates: &[Candidate],
        found: &[Follower],
        destinations: usize,
    ) -> Resumed {
        let has = |place: &Position| found.iter().any(|follower| follower.position() == *place);
        // It is the one of which most is here of all that was delivered.
        let whole = |candidate: &&Candidate| {
            let reached = candidate.reached.iter().filter(|place| has(place));
            reached.map(|place| place.offset).max().unwrap_or(0)
        };
        let same = candidates.iter().max_by_key(whole);
        let input = match same.filter(|same| whole(same) > 0) {
            Some(same) => same.input,
            None => self.state().introduce(source, head),
        };
        // A destination has what it has got, as whatever input.
        let reached = (0..destinations).map(|to| {
            let passed = candidates.iter().flat_map(|candidate| {
                let places = candidate.passed[to].iter().filter(|place| has(place));
                places.map(|place| (*place, candidate.input))
            });
            let furthest =
                passed.max_by_key(|(place, as_input)| (place.offset, *as_input == input));
            furthest.unwrap_or((Position::START, input))
        });
        let reached: Vec<(Position, InputId)> = reached.collect();
        let earliest = reached.iter().min_by_key(|(place, _)| place.offset);
        Resumed {
            input,
            begun_as: earliest.map_or(input, |(_, as_input)| *as_input),
            reached: reached.into_iter().map(|(place, _)| place).collect(),
        }
    }

    /// Remembers how far this run has read an input.
    pub fn has_read(&self, input: InputId, to: Position) {
        let mut state = self.state();
        state.read.entry(input).or_default().push(to, false);
    }

    /// What is delivered of an input to a destination.
    pub fn progress(&self, input: InputId, to: &str) -> Option<Progress> {
        let state = self.state();
        state
            .contents
            .inputs
            .get(&input)?
            .delivered
            .get(to)
            .cloned()
    }

    /// Whether a file holds what was delivered, of whatever input.
    pub fn is_delivered(&self, file: &Path) -> bool {
        self.state().files.contains(file)
    }

    /// A temporary file is there, which a later run is to remove if this one cannot.
    ///
    /// # Errors
    /// The state cannot be written.
    pub fn writing(&self, file: &Path) -> Result<()> {
        let file = file.to_owned();
        self.state().journal.append(&Entry::Writing { file })
    }

    /// A file of this length is about to get its name, and is delivered when it has it.
    ///
    /// # Errors
    /// The state cannot be written.
    pub fn delivering(
        &self,
        input: InputId,
        to: &str,
        progress: &Progress,
        part: &Path,
        file: &Path,
        file_bytes: u64,
    ) -> Result<()> {
        let mut state = self.state();
        state.files.insert(file.to_owned());
        state.journal.append(&Entry::Delivering {
            input,
            to: to.to_owned(),
            progress: progress.clone(),
            part: part.to_owned(),
            file: file.to_owned(),
            file_bytes,
        })?;
        state.journal.sync()
    }

    /// All before a place is delivered.
    ///
    /// # Errors
    /// The state cannot be written.
    pub fn delivered(&self, input: InputId, to: &str, progress: Progress) -> Result<()> {
        let mut state = self.state();
        let entry = Entry::Delivered {
            input,
            to: to.to_owned(),
            progress,
        };
        state.journal.append(&entry)?;
        state.contents.apply(entry);
        if state.synced.elapsed() >= SYNC_EVERY {
            state.journal.sync()?;
            state.synced = Instant::now();
        }
        Ok(())
    }

    /// Something that is remembered later on could not be written. That is no failure of what is delivered: it is told at
    /// the end of the run, which is to come soon.
    pub fn fail(&self, error: anyhow::Error) {
        self.state().failure.get_or_insert(error);
    }

    /// Whether nothing more can be remembered.
    pub fn has_failed(&self) -> bool {
        let state = self.state();
        state.journal.is_broken() || state.failure.is_some()
    }

    /// Makes all of it durable.
    ///
    /// # Errors
    /// The state cannot be written, or could not be before.
    pub fn sync(&self) -> Result<()> {
        let mut state = self.state();
        match state.failure.take() {
            Some(error) => Err(error),
            None => state.journal.sync(),
        }
    }

    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl State {
    fn introduce(&mut self, source: &Source, head: &Head) -> InputId {
        let last = self.contents.inputs.keys().next_back();
        let input = last.map_or(1, |last| last + 1);
        let (head_bytes, head_hash) = head.print();
        let entry = Entry::Input {
            input,
            name: source.name.clone(),
            head_bytes,
            head_hash,
        };
        if let Err(error) = self.journal.append(&entry) {
            self.failure.get_or_insert(error);
        }
        self.contents.apply(entry);
        input
    }
}

/// Finds out what a run that was killed has done.
fn settle(contents: &mut Contents) {
    for entry in std::mem::take(&mut contents.delivering) {
        if let Entry::Delivering {
            input,
            to,
            progress,
            part,
            file,
            file_bytes,
        } = entry
            && !part.exists()
            && fs::metadata(&file).is_ok_and(|metadata| metadata.len() == file_bytes)
            && sync_directory(&file).is_ok()
        {
            contents.apply(Entry::Delivered {
                input,
                to,
                progress,
            });
        }
    }
    for file in std::mem::take(&mut contents.writing) {
        if is_part(&file) {
            // Most are long gone.
            let _ = fs::remove_file(file);
        }
    }
}

fn files_of(known: &KnownInput) -> Vec<PathBuf> {
    let progress = known.delivered.values();
    let files = progress.flat_map(
        |Progress {
             first_file, files, ..
         }| {
            let first = first_file.iter();
            first.flat_map(move |first| (1..=*files).map(|nth| crate::output::nth_file(first, nth)))
        },
    );
    files.collect()
}
