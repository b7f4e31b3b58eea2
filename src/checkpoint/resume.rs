//! Finding where to go on with an input.

use std::io::{self, BufReader, Read};

use super::entry::{Entry, InputId, Progress};
use super::fingerprint::{Head, follow, follow_document};
use super::history::Trail;
use super::sequencer::SequencedInput;
use super::state_directory::{State, StateDirectory};
use crate::input::{self, BytesRead, Opened, Position, PositionTracker, Shape, Source};
use crate::output_names::OutputNames;

/// How far the destinations of a run have come with an input.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Resumed {
    pub input: InputId,
    /// The place that each of them has reached, in their order.
    pub reached: Vec<Position>,
    /// The input as which it was delivered to the earliest of these places: this one, or another that it is a part of.
    pub begun_as: InputId,
}

/// Where a run delivers to.
#[derive(Clone, Debug)]
pub struct Destinations {
    /// What they are called in the state.
    pub names: Vec<String>,
    /// The names of the outputs, where these are files.
    pub files: Option<OutputNames>,
}

impl Destinations {
    /// Whether what was delivered counts for an input that holds the same. A file that belongs to a document is replaced
    /// when the document changes: it counts for this document alone.
    fn counts(&self, source: &Source, delivered: &Progress) -> bool {
        let (Some(files), Some(first)) = (&self.files, &delivered.first_file) else {
            return true;
        };
        match source.shape {
            Shape::Document => *first == files.path(source),
            Shape::Log => !OutputNames::is_of_document(first),
        }
    }

    /// Whether what this run has read of other inputs of a shape counts for an input.
    fn count_read(&self, source: &Source, shape: Shape) -> bool {
        self.files.is_none() || [source.shape, shape] == [Shape::Log; 2]
    }
}

/// An input that begins like the one that is opened.
struct Candidate {
    input: InputId,
    /// For each destination of this run, the places that it has passed, the one that it has reached among them.
    passed: Vec<Vec<Position>>,
}

impl Candidate {
    fn places(&self) -> impl Iterator<Item = &Position> {
        self.passed.iter().flatten()
    }

    /// The places that the destinations have reached.
    fn reached(&self) -> impl Iterator<Item = &Position> {
        let passed = self.passed.iter();
        passed.filter_map(|places| places.iter().max_by_key(|place| place.offset))
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

impl StateDirectory {
    /// Opens an input where it is to be gone on with, when it is its turn.
    ///
    /// # Errors
    /// It cannot be opened, or not be read to there.
    pub fn resume(
        &self,
        sequenced: &SequencedInput,
        source: &Source,
        destinations: &Destinations,
        bytes_read: &BytesRead,
    ) -> io::Result<(Resumed, Opened)> {
        let mut opened = input::open(source, bytes_read)?;
        let head = Head::read(&mut opened.reader, source.shape)?;
        sequenced.begin(head.beginning());
        let candidates = self.candidates(source, &head, destinations);
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
        let resumed = self.resumed(source, &head, &candidates, &found, destinations.names.len());
        let from = resumed.from();
        let mut start = found
            .into_iter()
            .find(|follower| follower.position() == from);
        if passed > from.offset {
            opened = opened.rewind(bytes_read)?;
            let mut reader = BufReader::with_capacity(BUFFER_BYTES, opened.reader);
            start = follow(&mut reader, &[from]).pop();
            opened.reader = Box::new(reader);
        }
        opened.start = Some(match start {
            Some(start) => start,
            None if from == Position::START => PositionTracker::new(),
            None => return Err(io::Error::other("it was changed while it was read")),
        });
        Ok((resumed, opened))
    }

    /// The inputs that begin alike.
    fn candidates(
        &self,
        source: &Source,
        head: &Head,
        destinations: &Destinations,
    ) -> Vec<Candidate> {
        let state = self.state();
        let alike = state
            .contents
            .heads
            .iter()
            .filter_map(|(&bytes, by_hash)| by_hash.get(&head.hash(bytes)?));
        let mut alike: Vec<InputId> = alike.flatten().copied().collect();
        alike.sort_unstable();
        let candidates = alike.into_iter().map(|input| {
            let known = &state.contents.inputs[&input];
            // What this run has read of it already is on its way to all destinations.
            let read = || {
                let shapes = [Shape::Log, Shape::Document].into_iter();
                let shapes = shapes.filter(|shape| destinations.count_read(source, *shape));
                let trails = shapes.filter_map(|shape| state.read.get(&(input, shape)));
                trails.flat_map(Trail::places)
            };
            let of = destinations.names.iter().map(|to| {
                let delivered = known.delivered.get(to).into_iter();
                let delivered =
                    delivered.filter(|delivered| destinations.counts(source, delivered));
                let delivered = delivered.flat_map(|delivered| {
                    let trail = delivered.trail.places();
                    trail.chain([&delivered.position])
                });
                delivered.chain(read()).copied().collect()
            });
            let passed = of.collect();
            Candidate { input, passed }
        });
        candidates.collect()
    }

    /// Where to go on, with the places that were found in the input.
    fn resumed(
        &self,
        source: &Source,
        head: &Head,
        candidates: &[Candidate],
        found: &[PositionTracker],
        destinations: usize,
    ) -> Resumed {
        let has = |place: &Position| found.iter().any(|follower| follower.position() == *place);
        // It is the one of which most is here of all that was delivered.
        let whole = |candidate: &&Candidate| {
            let reached = candidate.reached().filter(|place| has(place));
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
