//! The destination that sends records to targets.

use std::sync::Arc;

use anyhow::Result;
use serde_json::{Map, Value};

use super::acknowledgements::ReachedPosition;
use super::batcher::Batcher;
use super::overrides::override_keys;
use super::send_batch::{BatchEnvelope, RecordOrigin};
use super::worker_pool::WorkerPool;
use crate::checkpoint::{InputId, Resumed};
use crate::console::Console;
use crate::convert::{ConvertedBatch, ConvertedRecord};
use crate::destination::{Closed, Destination, WriteStatus};
use crate::input::{Position, Source};
use crate::text::line_text;

/// Sends the records of inputs to each target that accepts them.
pub struct Sender {
    queues: Vec<TargetQueue>,
    console: Arc<Console>,
    input: SendInput,
}

/// The records that wait for delivery to one target.
struct TargetQueue {
    /// The number of the target in the run.
    nth: usize,
    batcher: Batcher,
    /// The keys that are replaced in each record.
    overrides: Map<String, Value>,
    pool: WorkerPool,
}

/// The input whose records are being written.
#[derive(Default)]
struct SendInput {
    /// The number of the input in the run.
    number: usize,
    file: Arc<str>,
    resumed: Option<Resumed>,
    /// The size of the earlier inputs.
    bytes_before: u64,
    /// The size of the input, if it is known.
    size: Option<u64>,
    /// The position after the last line whose records were written.
    last: Option<Position>,
}

impl SendInput {
    /// Returns the input's id and the position that the nth target has reached in it, if a state directory is used.
    fn resumed_by(&self, nth: usize) -> Option<(InputId, Position)> {
        let resumed = self.resumed.as_ref()?;
        Some((resumed.input, *resumed.reached.get(nth)?))
    }

    /// Returns the origin of a record of a batch of the input.
    fn origin(&self, record: &ConvertedRecord, batch: &ConvertedBatch) -> RecordOrigin {
        RecordOrigin::of(record, batch, self.number, &self.file)
    }

    /// Returns `bytes_read`, but not more than the size of the input. A part of an input that is read twice counts
    /// twice in `bytes_read`.
    fn limit(&self, bytes_read: u64) -> u64 {
        self.size.map_or(bytes_read, |size| bytes_read.min(size))
    }
}

impl TargetQueue {
    /// Notes for the progress bar that the records of the first `bytes` bytes of the inputs were added.
    fn note_read(&self, bytes: u64) {
        if !self.pool.target.is_stopped() {
            self.pool.target.note_read(bytes, self.batcher.len());
        }
    }

    /// Counts those records of a batch that a stopped target accepts and does not have yet. Positions are not noted, so
    /// that the memory for them does not grow with the inputs.
    fn leave(&self, batch: &ConvertedBatch, input: &SendInput) {
        let resumed = input.resumed_by(self.nth);
        let mut statistics = self.pool.target.statistics();
        for (record, _) in batch.records_with_text() {
            let end = batch.end_of(&record);
            let is_delivered = || Some(end?.offset <= resumed?.1.offset);
            if is_delivered() != Some(true) && record.routers.contains(self.nth) {
                statistics.leave_unsubmitted(input.origin(&record, batch));
            }
        }
    }

    /// Adds those records of a batch that the target accepts and does not have yet.
    fn write(&mut self, batch: &ConvertedBatch, input: &SendInput, console: &Console) {
        if self.pool.target.is_stopped() {
            return self.leave(batch, input);
        }
        let resumed = input.resumed_by(self.nth);
        let last = batch.positions.last();
        // The number of records that were added before the records of the batch's last line.
        let mut before_last_line = None;
        for (record, text) in batch.records_with_text() {
            let end = batch.end_of(&record);
            let is_delivered = || Some(end?.offset <= resumed?.1.offset);
            if is_delivered() == Some(true) || !record.routers.contains(self.nth) {
                continue;
            }
            if end.is_some() && end == last {
                before_last_line.get_or_insert(self.batcher.added());
            }
            let origin = input.origin(&record, batch);
            let text = match override_keys(text, &self.overrides) {
                Ok(text) => text,
                Err(error) => {
                    let target = &self.pool.target;
                    target.statistics().undeliverable += 1;
                    console.error(&format!(
                        "{} of `{}` is not sent to `{}`: the router's override_args cannot be applied to the record: {error}",
                        line_text(origin.line, origin.byte), origin.file, target.name
                    ));
                    continue;
                }
            };
            if self.batcher.holds(record.id, &text) {
                self.pool.target.statistics().duplicates += 1;
                continue;
            }
            let before = self.batcher.added();
            if let Some(closed) = self.batcher.add(record.id, &text, origin) {
                if let Some(start) = batch.start_of(&record) {
                    self.submitted(before, *start, false, input);
                }
                self.pool.submit(closed);
            }
        }
        self.note_position(batch, before_last_line, input);
    }

    /// Notes the position after a batch. If the last line of the batch has no newline, it may be incomplete, so the
    /// position before this line is noted too.
    fn note_position(
        &self,
        batch: &ConvertedBatch,
        before_last_line: Option<u64>,
        input: &SendInput,
    ) {
        let Some(last) = batch.positions.last().copied() else {
            return;
        };
        let added = self.batcher.added();
        let before_last = batch.positions.iter().rev().nth(1).copied().or(input.last);
        if let (Some(before_last), true) = (before_last, last.open) {
            // If the line is longer when the next run reads the input, that run resumes before the line.
            let before = before_last_line.unwrap_or(added);
            self.submitted(before, before_last, true, input);
        }
        self.submitted(added, last, false, input);
    }

    /// Notes a position of the input: the records of the lines before the position have numbers below `before`.
    /// Positions that the target reached in earlier runs are ignored.
    fn submitted(&self, before: u64, position: Position, ends: bool, input: &SendInput) {
        if let Some((input, resumed)) = input.resumed_by(self.nth)
            && position.offset > resumed.offset
            && !self.pool.target.is_stopped()
        {
            let reached = ReachedPosition {
                input,
                position,
                ends,
            };
            self.pool.target.submitted(before, reached);
        }
    }
}

impl Sender {
    pub fn new(console: Arc<Console>) -> Self {
        Self {
            queues: Vec::new(),
            console,
            input: SendInput::default(),
        }
    }

    /// Adds the next target of the run, with the envelope around its records and the overrides that apply to each
    /// record.
    pub fn add(
        &mut self,
        pool: WorkerPool,
        envelope: Option<Arc<BatchEnvelope>>,
        overrides: Map<String, Value>,
    ) {
        let target = &pool.target;
        let overhead = target.server.frame(envelope.as_deref()).overhead();
        self.queues.push(TargetQueue {
            nth: self.queues.len(),
            batcher: Batcher::new(target.request_limits.limits(), overhead, envelope),
            overrides,
            pool,
        });
    }
}

impl Destination for Sender {
    fn start(&mut self, input: usize, source: &Source, resumed: Option<&Resumed>) -> Result<()> {
        self.input = SendInput {
            number: input,
            file: source.name.as_str().into(),
            resumed: resumed.cloned(),
            bytes_before: self.input.bytes_before + self.input.size.unwrap_or(0),
            size: source.size,
            last: None,
        };
        Ok(())
    }

    fn write(&mut self, _: usize, batch: &ConvertedBatch) -> Result<WriteStatus> {
        for queue in &mut self.queues {
            queue.write(batch, &self.input, &self.console);
            queue.note_read(self.input.bytes_before + self.input.limit(batch.bytes_read));
        }
        self.input.last = batch.positions.last().copied().or(self.input.last);
        // As long as one target is not stopped, the run continues. Records for stopped targets are counted as not
        // delivered.
        let mut queues = self.queues.iter();
        Ok(if queues.all(|queue| queue.pool.target.is_stopped()) {
            WriteStatus::Closed
        } else {
            WriteStatus::Written
        })
    }

    fn finish(&mut self, _: usize) -> Result<WriteStatus> {
        for queue in &self.queues {
            queue.note_read(self.input.bytes_before + self.input.size.unwrap_or(0));
        }
        if let Some(last) = self.input.last {
            for queue in &self.queues {
                queue.submitted(queue.batcher.added(), last, true, &self.input);
            }
        }
        Ok(WriteStatus::Written)
    }

    fn is_shared(&self) -> bool {
        true
    }

    fn close(self: Box<Self>) -> Closed {
        let Self {
            mut queues,
            console,
            ..
        } = *self;
        for queue in &mut queues {
            if let Some(batch) = queue.batcher.close() {
                queue.pool.submit(batch);
            }
        }
        let mut closed = Closed::default();
        for queue in queues {
            let target = Arc::clone(&queue.pool.target);
            queue.pool.close();
            closed.code = closed.code.max(target.report_end(&console));
            closed.stopped.extend(target.statistics().inputs_left());
        }
        closed
    }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use serde_json::json;
    use uuid::Uuid;

    use super::super::target::Target;
    use super::*;
    use crate::convert::ConvertedRecord;
    use crate::exit_code::ExitCode;
    use crate::format::Format;
    use crate::routing::{Credentials, Endpoint, RouterSet};
    use crate::send::{Backoff, BatchLimits, ClientOptions, DeliverySettings};
    use crate::url::Url;

    fn dry_run() -> DeliverySettings {
        let timeout = Duration::from_secs(1);
        DeliverySettings {
            url: None,
            clickhouse: None,
            auth_file: None,
            router_urls: Vec::new(),
            limits: BatchLimits {
                items: 10,
                bytes: 1000,
            },
            caliper_array: false,
            rate: None,
            backoff: Backoff {
                first: timeout,
                max_retries: 0,
            },
            client: ClientOptions {
                connect_timeout: timeout,
                read_timeout: timeout,
                request_timeout: timeout,
                compress: false,
                connections: 1,
                dry_run: true,
            },
            max_dead_letters: None,
            ca_file: None,
        }
    }

    /// Starts a dry run to one target.
    fn start(overrides: &Value) -> (Sender, Arc<Target>) {
        let console = Arc::new(Console::new(true, false));
        let (settings, format) = (dry_run(), Format::Xapi);
        let endpoint = Endpoint::at(
            Url::parse("https://lrs.example/xAPI").unwrap(),
            Credentials::None,
        )
        .unwrap();
        let target = settings.target(&endpoint, format, None, None, &console);
        let target = Arc::new(target.unwrap());
        let workers = WorkerPool::start(Arc::clone(&target), &console, 1);
        let mut sender = Sender::new(console);
        let overrides = overrides.as_object().unwrap().clone();
        sender.add(workers.unwrap(), None, overrides);
        (sender, target)
    }

    /// Returns a batch with one record for each line from `first` on.
    fn batch(first: u64, texts: &[&str]) -> ConvertedBatch {
        let mut batch = ConvertedBatch {
            bytes: texts.concat().into_bytes().into(),
            ..ConvertedBatch::default()
        };
        let mut end = 0;
        for (text, line) in texts.iter().zip(first..) {
            end += text.len();
            batch.records.push(ConvertedRecord {
                id: Uuid::from_u128(line.into()),
                end,
                line,
                byte: 0,
                nth: 0,
                event: 0,
                routers: RouterSet::ALL,
            });
        }
        batch
    }

    #[test]
    fn a_record_whose_overrides_fail_is_skipped_and_the_run_continues() {
        let (mut sender, target) = start(&json!({"version": "1.0.0"}));
        let batch = batch(1, &["{\"a\": 1}\n", "{\"a\": NaN}\n", "{\"a\": 2}\n"]);
        assert_eq!(sender.write(0, &batch).unwrap(), WriteStatus::Written);
        let closed = Box::new(sender).close();
        assert_eq!(closed.code, ExitCode::Undelivered);
        assert!(closed.stopped.is_empty());
        let statistics = target.statistics();
        assert_eq!((statistics.delivered, statistics.undeliverable), (2, 1));
    }

    #[test]
    fn the_records_for_a_stopped_target_are_counted_and_not_kept() {
        let (mut sender, target) = start(&json!({}));
        let first = batch(1, &["{\"a\": 1}\n", "{\"a\": 2}\n"]);
        assert_eq!(sender.write(0, &first).unwrap(), WriteStatus::Written);
        target.stop(ExitCode::Stopped, "stopped".to_owned());
        for line in [3, 5] {
            let later = batch(line, &["{\"a\": 3}\n", "{\"a\": 4}\n"]);
            assert_eq!(sender.write(0, &later).unwrap(), WriteStatus::Closed);
        }
        assert_eq!(sender.queues[0].batcher.len(), 2);
        let closed = Box::new(sender).close();
        assert_eq!((closed.code, closed.stopped.len()), (ExitCode::Stopped, 1));
        let statistics = target.statistics();
        assert_eq!((statistics.delivered, statistics.left()), (0, 6));
        assert_eq!(statistics.first_left.as_ref().unwrap().line, 1);
    }
}
