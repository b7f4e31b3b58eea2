//! The main part of a run: the inputs are read, converted and delivered.

use std::sync::Arc;

use super::{Job, SnapshotFn};
use crate::checkpoint::ResumingOpener;
use crate::convert::{BatchConverter, ConvertedBatch};
use crate::exit_code::ExitCode;
use crate::input::{LineBatch, Source};
use crate::pipeline::{self, ControlFlow, Delivery};
use crate::run::deliverer::{Delivered, Deliverer};

/// The number of times that the inputs are listed again in a run because inputs vanished.
const MOST_SEARCHES: usize = 3;

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
        progress.start(self.size(), snapshot);
        let mut later: Vec<Source> = Vec::new();
        let mut elsewhere: Vec<Source> = Vec::new();
        let mut sources = Arc::clone(&self.sources);
        let mut first = 0;
        let mut result = Ok(());
        for _ in 0..=MOST_SEARCHES {
            let opener = self.opener.as_ref();
            let opener = opener.map(ResumingOpener::for_more_inputs);
            let (converting, tables) = (Arc::clone(batches), Arc::clone(&self.tables));
            let convert = move |source: &Source, batch: LineBatch| {
                if batch.has_complete_line() && !tables.load(&converting.converter) {
                    return (ConvertedBatch::default(), None);
                }
                converting.convert(source, batch)
            };
            let mut is_stopped = false;
            result = pipeline::run(&sources, &self.options, opener, convert, |delivery| {
                let input = first + delivery.input;
                // A batch that could not be converted for want of the tables is not delivered.
                let flow = match self.tables.have_failed() {
                    true => ControlFlow::Stop,
                    false => deliverer.deliver(Delivery { input, ..delivery }),
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
            let known: Vec<&Source> = self.unread.listed.iter().chain(&later).collect();
            let others = &self.unread.in_other_shards;
            let search = &self.unread.search;
            let moved = search.find_moved(&known, others, &vanished, copies);
            elsewhere.extend(moved.in_other_shards);
            if moved.sources.is_empty() {
                break;
            }
            first = known.len();
            later.extend(moved.sources.iter().cloned());
            sources = moved.sources.into();
        }
        deliverer.settle_vanished(&self.unread.listed, &later, &elsewhere);
        let mut delivered = deliverer.close();
        delivered.more_inputs = later.len();
        if let Err(error) = result {
            console.error(&format!("{error:#}"));
            delivered.code = delivered.code.max(ExitCode::Input);
        }
        progress.clear();
        delivered
    }
}
