//! The destination that asks servers for the records that they should hold. It stores nothing.

use std::collections::{BTreeMap, HashSet};
use std::sync::{Arc, Mutex, PoisonError};
use std::thread::{self, Builder};

use anyhow::Result;
use serde_json::{Map, Value};
use uuid::Uuid;
use xxhash_rust::xxh3::xxh3_64;

use super::overrides::override_keys;
use super::questions::{Questions, TOGETHER};
use super::send_batch::{RecordOrigin, SendBatch};
use super::target::Target;
use super::verification::Verification;
use crate::checkpoint::Resumed;
use crate::console::{Console, SHOWN_OF_KIND};
use crate::convert::{ConvertedBatch, ConvertedRecord};
use crate::destination::{Closed, Destination, RecordCounter, WriteStatus};
use crate::exit_code::ExitCode;
use crate::input::Source;
use crate::text::{counted, grouped};

/// The records that servers are asked for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Scope {
    /// At most this many records for each target, always the same of the same inputs.
    Sample(usize),
    All,
}

/// The number of records that are collected before they are asked for, if all records are.
const CHUNK: usize = 1000;

/// Asks each target for the records that it should hold.
pub struct Verifier {
    queues: Vec<VerifyQueue>,
    scope: Scope,
    connections: usize,
    console: Arc<Console>,
    /// The number and the name of the input whose records are being written.
    input: (usize, Arc<str>),
}

/// The records that one target should hold.
struct VerifyQueue {
    /// The number of the target in the run.
    nth: usize,
    target: Arc<Target>,
    /// The keys that the router replaces in each record.
    overrides: Map<String, Value>,
    verification: Verification,
    /// The records of the sample, by a hash of their ids and by their ids. The records with the smallest hashes stay.
    sample: BTreeMap<(u64, Uuid), SendBatch>,
    /// The number of records in the inputs.
    records: u64,
    /// Whether the sample lacks records.
    is_partial: bool,
    /// Records that are asked for next, each in a batch of its own.
    waiting: Vec<SendBatch>,
    /// The ids that were counted before the first record was asked for.
    counted: HashSet<Uuid>,
}

impl VerifyQueue {
    fn write(&mut self, batch: &ConvertedBatch, scope: Scope, input: &(usize, Arc<str>)) {
        for (converted, text) in self.records(batch) {
            let id = converted.id;
            // `send` does not deliver a record that is no JSON object.
            let Ok(text) = override_keys(text, &self.overrides) else {
                continue;
            };
            let record = || {
                let origin = RecordOrigin::of(&converted, batch, input.0, &input.1);
                let mut record = SendBatch::new(None);
                record.push(id, &text, origin);
                record
            };
            match scope {
                Scope::All => {
                    if self.verification.expect(id, &text) {
                        self.waiting.push(record());
                    }
                }
                Scope::Sample(size) => {
                    self.records += 1;
                    let key = (xxh3_64(id.as_bytes()), id);
                    let last = self.sample.last_key_value();
                    if self.sample.len() >= size && last.is_some_and(|(last, _)| key > *last) {
                        self.is_partial = true;
                        continue;
                    }
                    if self.verification.expect(id, &text) {
                        self.sample.insert(key, record());
                    }
                    if self.sample.len() > size
                        && let Some(((_, id), _)) = self.sample.pop_last()
                    {
                        self.is_partial = true;
                        self.verification.forget(id);
                    }
                }
            }
        }
    }

    /// Returns the records of a batch that the target should hold.
    fn records<'b>(
        &self,
        batch: &'b ConvertedBatch,
    ) -> impl Iterator<Item = (ConvertedRecord, &'b [u8])> + use<'b> {
        let nth = self.nth;
        let records = batch.records_with_text();
        records.filter(move |(record, _)| record.routers.contains(nth))
    }

    /// Prints the differing records. Returns the exit code.
    fn close(mut self, console: &Console) -> ExitCode {
        let (target, name) = (&self.target, &self.target.name);
        self.verification.finish();
        self.verification.sample_of = self.is_partial.then_some(self.records);
        let differing = self.verification.differing();
        for record in differing.iter().take(SHOWN_OF_KIND) {
            let at = record.origin.position();
            let how = match record.is_missing {
                true => "is missing at",
                false => "differs from the one at",
            };
            console.error(&format!("{at}: the statement {} {how} `{name}`", record.id));
        }
        if differing.len() > SHOWN_OF_KIND {
            let more = (differing.len() - SHOWN_OF_KIND) as u64;
            let more = counted(more, "more statement is", "more statements are");
            console.error(&format!(
                "`{name}`: {more} missing or different; the file of `--report` lists all"
            ));
        }
        let mut code = match differing {
            [] => ExitCode::Success,
            _ => ExitCode::Failure,
        };
        let counts = self.verification.counts();
        if counts.checked + counts.left == 0 {
            console.alert(&format!(
                "`{name}`: there is nothing to check, since the inputs have no statement for this server"
            ));
        }
        if counts.missing > 0 && counts.missing == counts.checked {
            // Perhaps another server answers 404 to everything.
            console.warn(&target.probe().err().unwrap_or_else(|| {
                format!("`{name}` holds none of the statements: if they were sent, check that this command has the tables and the options of `send`, since ids depend on them")
            }));
        }
        code = code.max(target.report_end(console));
        target.set_verification(self.verification);
        code
    }
}

impl Verifier {
    pub fn new(scope: Scope, connections: usize, console: &Arc<Console>) -> Self {
        Self {
            queues: Vec::new(),
            scope,
            connections,
            console: Arc::clone(console),
            input: (0, "".into()),
        }
    }

    /// Adds the next target of the run, with the keys that its router replaces in each record.
    pub fn add(&mut self, target: Arc<Target>, overrides: Map<String, Value>) {
        self.queues.push(VerifyQueue {
            nth: self.queues.len(),
            target,
            overrides,
            verification: Verification::default(),
            sample: BTreeMap::new(),
            records: 0,
            is_partial: false,
            waiting: Vec::new(),
            counted: HashSet::new(),
        });
    }

    /// Asks all targets for the records that wait, over all connections at a time.
    fn ask(&mut self) {
        let console = &self.console;
        let queues = self.queues.iter_mut();
        let questions: Vec<Questions> = queues
            .map(|queue| Questions {
                target: Arc::clone(&queue.target),
                waiting: Mutex::new(std::mem::take(&mut queue.waiting)),
                answers: Mutex::default(),
            })
            .collect();
        thread::scope(|scope| {
            for questions in &questions {
                for _ in 0..self.connections.min(questions.count()) {
                    let ask = move || questions.ask(console);
                    if let Err(error) = Builder::new().spawn_scoped(scope, ask) {
                        let message = format!("failed to start a thread for requests: {error}");
                        questions.target.stop(ExitCode::Stopped, message);
                    }
                }
            }
        });
        for (queue, questions) in self.queues.iter_mut().zip(questions) {
            let answers = questions.answers.into_inner();
            for (record, held) in answers.unwrap_or_else(PoisonError::into_inner) {
                if let Some(record) = record.items().first() {
                    queue.verification.settle(record, held);
                }
            }
        }
    }
}

impl Destination for Verifier {
    fn start(&mut self, input: usize, source: &Source, _: Option<&Resumed>) -> Result<()> {
        self.input = (input, source.name.as_str().into());
        Ok(())
    }

    fn write(&mut self, _: usize, batch: &ConvertedBatch) -> Result<WriteStatus> {
        for queue in &mut self.queues {
            queue.write(batch, self.scope, &self.input);
        }
        let is_full = |queue: &VerifyQueue| {
            let limit = match queue.target.server.is_asked_first() {
                true => 2 * TOGETHER,
                false => CHUNK,
            };
            queue.waiting.len() >= limit
        };
        if self.queues.iter().any(is_full) {
            self.ask();
        }
        let mut queues = self.queues.iter();
        Ok(if queues.all(|queue| queue.target.is_stopped()) {
            WriteStatus::Closed
        } else {
            WriteStatus::Written
        })
    }

    fn finish(&mut self, _: usize) -> Result<WriteStatus> {
        Ok(WriteStatus::Written)
    }

    fn is_shared(&self) -> bool {
        true
    }

    fn counter(&mut self) -> Option<&mut dyn RecordCounter> {
        (self.scope == Scope::All).then_some(self)
    }

    fn close(mut self: Box<Self>) -> Closed {
        for queue in &mut self.queues {
            let sample = std::mem::take(&mut queue.sample);
            queue.waiting.extend(sample.into_values());
        }
        self.ask();
        let console = &self.console;
        let codes = self.queues.into_iter().map(|queue| queue.close(console));
        Closed {
            code: codes.max().unwrap_or_default(),
            ..Closed::default()
        }
    }
}

impl RecordCounter for Verifier {
    fn count(&mut self, batch: &ConvertedBatch) {
        for queue in &mut self.queues {
            let ids = queue.records(batch).map(|(record, _)| record.id);
            queue.counted.extend(ids);
        }
    }

    fn print(&mut self) {
        for queue in &mut self.queues {
            let count = std::mem::take(&mut queue.counted).len() as u64;
            let how = match queue.target.server.is_asked_first() {
                true => format!("with a request for each {}", grouped(TOGETHER as u64)),
                false => "with one request each, or two if a statement is missing".to_owned(),
            };
            self.console.note(&format!(
                "note: `{}` is asked for {}, {how}",
                queue.target.name,
                counted(count, "statement", "statements")
            ));
        }
    }
}
