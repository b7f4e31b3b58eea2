//! The main part of a run: the inputs are read, converted and delivered.

use std::sync::Arc;
use std::time::SystemTime;

use super::{Job, SnapshotFn};
use crate::checkpoint::ResumingOpener;
use crate::convert::{BatchConverter, ConvertedBatch};
use crate::exit_code::ExitCode;
use crate::input::{LineBatch, Source};
use crate::pipeline::{self, ControlFlow, Delivery};
use crate::run::converter::TablesFailed;
use crate::run::deliverer::{Delivered, Deliverer, MoreInputs};

/// The number of times that a run reads inputs that were found later, because inputs vanished. The inputs are listed once
/// more at the end, to learn whether those that vanished last are failures.
const MOST_SEARCHES: usize = 3;

/// A converted batch, and the lines that are not converted yet.
type Conversion = (Result<ConvertedBatch, TablesFailed>, Option<LineBatch>);

impl Job<'_> {
    /// Converts and delivers all inputs. If inputs vanish before they are opened, because a log is rotated or packed
    /// meanwhile, the files to which they were moved follow, and so do the copies of logs that are truncated.
    pub(super) fn drive(
        &self,
        batches: &Arc<BatchConverter>,
        mut deliverer: Deliverer<'_>,
        snapshot: Box<SnapshotFn>,
    ) -> Delivered {
        let console = Arc::clone(&self.command.console);
        let progress = console.progress();
        progress.set_inputs(self.sources.len());
        progress.start(self.size(), snapshot);
        let mut more = MoreInputs::default();
        let mut sources = Arc::clone(&self.sources);
        let mut first = 0;
        let mut result = Ok(());
        for searches in 0..=MOST_SEARCHES {
            let opener = self.opener.as_ref();
            let opener = opener.map(ResumingOpener::for_more_inputs);
            let convert = self.conversion(batches);
            let mut is_stopped = false;
            result = pipeline::run(&sources, &self.options, opener, convert, |delivery| {
                let flow = match delivery.event.transpose() {
                    Ok(event) => deliverer.deliver(Delivery {
                        input: first + delivery.input,
                        source: delivery.source,
                        event,
                    }),
                    Err(TablesFailed) => ControlFlow::Stop,
                };
                is_stopped |= flow == ControlFlow::Stop;
                flow
            });
            let is_over = is_stopped || result.is_err() || self.options.interrupted.is_set();
            let copies = deliverer.take_copies();
            let vanished = deliverer.vanished();
            if is_over || vanished.is_empty() && copies.is_empty() {
                break;
            }
            let known: Vec<&Source> = self.unread.listed.iter().chain(&more.read).collect();
            let others = &self.unread.in_other_shards;
            let search = &self.unread.search;
            let moved = search.find_more(&known, others, &vanished, copies);
            more.in_other_shards.extend(moved.in_other_shards);
            if searches == MOST_SEARCHES {
                more.unread = moved.sources;
                break;
            }
            if moved.sources.is_empty() {
                break;
            }
            first = known.len();
            more.read.extend(moved.sources.iter().cloned());
            sources = moved.sources.into();
        }
        let started = SystemTime::now() - self.started.elapsed();
        deliverer.settle_vanished(&self.unread.listed, &more, started);
        let mut delivered = deliverer.close();
        delivered.more_inputs = more.read.len();
        if let Err(error) = result {
            console.error(&format!("{error:#}"));
            delivered.code = delivered.code.max(ExitCode::Input);
        }
        if let Err(error) = self.tables.result() {
            console.error(&format!("{error:#}"));
            delivered.code = delivered.code.max(ExitCode::Usage);
        }
        progress.clear();
        delivered
    }

    /// Returns the function that converts a batch. The function loads the tables before the first line that needs them.
    fn conversion(
        &self,
        batches: &Arc<BatchConverter>,
    ) -> impl Fn(&Source, LineBatch) -> Conversion + Send + Sync + 'static {
        let (batches, tables) = (Arc::clone(batches), Arc::clone(&self.tables));
        move |source, batch| {
            if batch.has_line_to_convert()
                && let Err(error) = tables.load(&batches.converter)
            {
                return (Err(error), None);
            }
            let (converted, rest) = batches.convert(source, batch);
            (Ok(converted), rest)
        }
    }
}
