//! Opens inputs at the positions where earlier runs stopped.

use std::cell::Cell;
use std::io::{self, BufReader, Read};
use std::sync::Arc;

use super::candidate::Candidate;
use super::copied_lines::compare;
use super::destinations::Destinations;
use super::entry::{Entry, InputId};
use super::fingerprint::Head;
use super::first_bytes::{BUFFER_BYTES, go_to, read_head};
use super::known::EMPTY_INPUT;
use super::reading_input::ReadingInput;
use super::same_inputs::{FirstInputs, SameLines};
use super::sequencer::{InputSequencer, SequencedInput};
use super::state_directory::StateDirectory;
use super::tracked::Tracked;
use crate::input::{self, BytesRead, HeldBack, Opened, Position, Shape, Source, StampedFile};
use crate::output_names::OutputNames;
use crate::pipeline::{InputOpener, Opening};

/// Opens each input at the position up to which earlier runs delivered it.
pub struct ResumingOpener {
    directory: Arc<StateDirectory>,
    destinations: Destinations,
    sequencer: Arc<InputSequencer>,
    first_inputs: Arc<FirstInputs>,
}

/// The positions at which the destinations of a run resume an input.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Resumed {
    pub input: InputId,
    /// The position up to which each destination has received the input, in the order of the destinations.
    pub reached: Vec<Position>,
    /// The input for which the journal says that the lines before the earliest of these positions are delivered:
    /// `input` itself, or another input that begins with the same lines.
    pub recorded_as: InputId,
    /// The lines before the earliest of these positions that this run reads from another input.
    pub same_lines: Option<SameLines>,
    /// The name of a known input of which the input is a shorter copy, so that the lines after these positions may be
    /// delivered already.
    pub shorter_than: Option<String>,
}

impl Resumed {
    /// Returns the position where reading starts: the earliest of the positions in `reached`, since that destination
    /// needs all later lines.
    pub fn start(&self) -> Position {
        let earliest = self.reached.iter().min_by_key(|position| position.offset);
        earliest.copied().unwrap_or(Position::START)
    }
}

impl InputOpener for ResumingOpener {
    type Start = Option<Resumed>;
    type Guard = ReadingInput;

    /// Waits for the earlier inputs that may begin like this input, and opens the input at the position where it
    /// resumes. A rejects file is always read from its first line, because its lines are there to be tried again.
    fn open(
        &self,
        input: usize,
        source: &Source,
        bytes_read: &BytesRead,
    ) -> io::Result<Opening<Option<Resumed>, ReadingInput>> {
        let sequenced = InputSequencer::input(&self.sequencer, input);
        let mut opened = input::open(source, bytes_read)?;
        let stamped = opened.stamped.take();
        if source.is_own_rejects || opened.is_rejects {
            sequenced.begin(b"");
            let reading = self.reading(sequenced, source, &opened, None, Vec::new(), None);
            return Ok(Opening::Open(opened, None, reading));
        }
        let (mut opened, head) = match read_head(opened, source, bytes_read, &sequenced)? {
            Ok(read) => read,
            Err(reason) => return Ok(Opening::HeldBack(reason)),
        };
        let mut candidates = Candidate::all(&self.directory, &self.destinations, source, &head);
        let mut tracked = track(&mut opened, source, &candidates)?;
        if source.shape == Shape::Log {
            let directory = &self.directory;
            opened = compare(
                directory,
                opened,
                &head,
                &mut candidates,
                &mut tracked,
                bytes_read,
            )?;
        }
        let longer = self.longer(&candidates, &tracked);
        let may_repeat = self.may_repeat_lines(&candidates, &tracked, opened.may_grow);
        let repeated = longer.as_ref().filter(|_| may_repeat);
        let shorter_than = repeated.map(|(_, name)| name.clone());
        if let Some(known) = shorter_than.clone()
            && opened.may_grow
            && opened.is_recent()
        {
            return Ok(Opening::HeldBack(HeldBack::ShorterCopy { known }));
        }
        let failure = longer.as_ref().and_then(|(_, name)| tracked.failure(name));
        let longer = longer.map(|(input, _)| input);
        let failing = longer.filter(|_| failure.is_some());
        let mut resumed = self.resumed(source, &head, &candidates, &tracked, failing);
        resumed.shorter_than = shorter_than;
        let start = resumed.start();
        let copied = Some(start).filter(|start| tracked.is_copied(start));
        let end = longer.and_then(|_| tracked.end());
        let Some(mut opened) = go_to(start, opened, tracked, failure, &head, bytes_read)? else {
            return Ok(Opening::HeldBack(HeldBack::Changed));
        };
        // If a program is still copying the file, the lines that it adds from now on may be known, too.
        if let Some(end) = end.filter(|_| opened.may_grow) {
            opened.reader = Box::new(opened.reader.take(end.saturating_sub(start.offset)));
        }
        let resuming = Some(&resumed);
        let mut reading = self.reading(sequenced, source, &opened, stamped, head.bytes, resuming);
        reading.copied = copied;
        Ok(Opening::Open(opened, Some(resumed), reading))
    }
}

/// Reads an input up to the last recorded position of the candidates, or to its end.
fn track(opened: &mut Opened, source: &Source, candidates: &[Candidate]) -> io::Result<Tracked> {
    let positions = candidates
        .iter()
        .filter(|candidate| candidate.may_have_same_positions())
        .flat_map(|candidate| candidate.positions().chain(&candidate.elsewhere));
    let mut positions: Vec<Position> = positions.copied().collect();
    positions.sort_by_key(|position| position.offset);
    positions.dedup();
    let rest = std::mem::replace(&mut opened.reader, Box::new(io::empty()));
    let mut reader = BufReader::with_capacity(BUFFER_BYTES, rest);
    let tracked = Tracked::read(&mut reader, source.shape, &positions)?;
    opened.reader = Box::new(reader);
    Ok(tracked)
}

impl ResumingOpener {
    pub fn new(directory: Arc<StateDirectory>, destinations: Destinations) -> Self {
        directory.memory().read_files.destinations = destinations.names.clone();
        Self {
            directory,
            destinations,
            sequencer: Arc::default(),
            first_inputs: Arc::default(),
        }
    }

    /// Returns an opener for more inputs of the same run, which are numbered from 0 again.
    pub fn for_more_inputs(&self) -> Self {
        Self {
            directory: Arc::clone(&self.directory),
            destinations: self.destinations.clone(),
            sequencer: Arc::default(),
            first_inputs: Arc::clone(&self.first_inputs),
        }
    }

    /// Returns the names of the output files, if the destination writes files.
    pub fn output_names(&self) -> Option<&OutputNames> {
        self.destinations.files.as_ref()
    }

    pub fn directory(&self) -> &Arc<StateDirectory> {
        &self.directory
    }

    /// Returns what is remembered of an input while it is read. `head` are its first bytes. `resumed` is `None` for a
    /// rejects file.
    fn reading(
        &self,
        sequenced: SequencedInput,
        source: &Source,
        opened: &Opened,
        stamped: Option<StampedFile>,
        head: Vec<u8>,
        resumed: Option<&Resumed>,
    ) -> ReadingInput {
        if let Some(resumed) = resumed {
            let mut memory = self.directory.memory();
            memory.has_seen(resumed.input);
            memory.has_seen(resumed.recorded_as);
        }
        ReadingInput {
            sequenced,
            directory: Arc::clone(&self.directory),
            input: resumed.map(|resumed| resumed.input),
            shape: source.shape,
            may_grow: opened.may_grow,
            file: opened.watch(source, head),
            stamped,
            copied: None,
            position: Cell::new(resumed.map_or(Position::START, Resumed::start)),
            recorded_as: Cell::new(resumed.map_or(EMPTY_INPUT, |resumed| resumed.recorded_as)),
        }
    }

    /// Returns for each input the number of its lines, if the input need not be opened.
    pub fn known_lines(&self, sources: &[Source]) -> Vec<Option<u64>> {
        let mut memory = self.directory.memory();
        let known = self.destinations.known_files(sources, &memory.contents);
        let known: Vec<Option<(InputId, u64)>> = known
            .into_iter()
            .map(|file| file.map(|file| (file.input, file.lines)))
            .collect();
        for (input, _) in known.iter().flatten() {
            memory.has_seen(*input);
        }
        let lines = known.into_iter().map(|file| Some(file?.1));
        lines.collect()
    }

    /// Returns a known input of which the opened input is a shorter copy, and its name.
    fn longer(&self, candidates: &[Candidate], tracked: &Tracked) -> Option<(InputId, String)> {
        let mut candidates = candidates.iter();
        let longer = candidates.find(|candidate| {
            let recorded: Vec<&Position> = candidate.positions().collect();
            candidate.may_have_same_positions()
                && tracked.is_shorter_than(&recorded, candidate.begins_alike())
        });
        longer.map(|longer| (longer.input, self.name_of(longer.input)))
    }

    /// Returns whether lines that a destination receives from an input may be lines of a known input that it has received.
    fn may_repeat_lines(
        &self,
        candidates: &[Candidate],
        tracked: &Tracked,
        may_grow: bool,
    ) -> bool {
        (0..self.destinations.names.len()).any(|to| {
            let passed = candidates
                .iter()
                .filter(|candidate| candidate.may_have_same_positions())
                .flat_map(|candidate| &candidate.passed[to]);
            let passed: Vec<&Position> = passed.collect();
            tracked.may_repeat_lines(&passed, may_grow)
        })
    }

    /// Returns the name that an input in the journal had when it was first read.
    fn name_of(&self, input: InputId) -> String {
        let memory = self.directory.memory();
        match memory.contents.inputs.get(&input).map(|known| &known.entry) {
            Some(Entry::Input { name, .. }) => name.clone(),
            _ => String::new(),
        }
    }

    /// Decides where to resume, given the recorded positions that were found in the input. `failing` is a known input
    /// that begins like the input, if the input cannot be read further.
    fn resumed(
        &self,
        source: &Source,
        head: &Head,
        candidates: &[Candidate],
        tracked: &Tracked,
        failing: Option<InputId>,
    ) -> Resumed {
        let is_found = |position: &Position| tracked.is_found(position);
        // Several recorded inputs may begin with the same lines as the opened input. The opened input counts as the
        // recorded input that has been delivered up to the furthest position that is found in the opened input.
        let furthest = |candidate: &&Candidate| {
            let reached = candidate.reached().filter(|position| is_found(position));
            reached.map(|position| position.offset).max().unwrap_or(0)
        };
        let same = candidates.iter().max_by_key(furthest);
        let same = same.filter(|same| furthest(same) > 0);
        let known = same.map(|same| same.input).or(failing);
        let input = known.unwrap_or_else(|| self.directory.add_input(&source.name, head));
        // A line need not be sent to a destination again if the destination received it from any of the candidates.
        let reached = (0..self.destinations.names.len()).map(|to| {
            let passed = candidates.iter().flat_map(|candidate| {
                let found = candidate.passed[to]
                    .iter()
                    .filter(|passed| is_found(passed));
                found.map(|position| (*position, candidate.input))
            });
            let last = passed.max_by_key(|(position, as_input)| {
                let is_first = std::cmp::Reverse(*as_input);
                (position.offset, *as_input == input, is_first)
            });
            last.unwrap_or((Position::START, input))
        });
        let reached: Vec<(Position, InputId)> = reached.collect();
        let earliest = reached.iter().min_by_key(|(position, _)| position.offset);
        let recorded_as = earliest.map_or(input, |(_, as_input)| *as_input);
        let mut resumed = Resumed {
            input,
            recorded_as,
            reached: reached.into_iter().map(|(position, _)| position).collect(),
            same_lines: None,
            shorter_than: None,
        };
        let line = resumed.start().line;
        resumed.same_lines = self
            .first_inputs
            .same_lines(&source.name, input, recorded_as, line);
        resumed
    }
}
