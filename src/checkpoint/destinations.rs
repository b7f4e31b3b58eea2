//! The destinations of a run, and what their progress says about an input.

use super::contents::JournalContents;
use super::entry::DeliveryProgress;
use super::known::KnownFile;
use crate::input::{Shape, Source};
use crate::output_names::OutputNames;

/// The destinations of a run.
#[derive(Clone, Debug)]
pub struct Destinations {
    /// The names of the destinations in the journal.
    pub names: Vec<String>,
    /// The names of the output files, if the destination writes files.
    pub files: Option<OutputNames>,
}

impl Destinations {
    /// Returns whether `progress`, recorded for an input that begins like `source`, also says what is delivered of
    /// `source`. The progress of a document (a JSON file with one event) counts only if both have the same output file,
    /// since every document needs its own output file.
    pub fn counts(&self, source: &Source, progress: &DeliveryProgress) -> bool {
        let (Some(files), Some(first)) = (&self.files, &progress.first_file) else {
            return true;
        };
        match source.shape {
            Shape::Document => *first == files.path(source),
            Shape::Log => !OutputNames::is_of_document(first),
        }
    }

    /// Returns whether `progress` at a destination of other runs may be that of `source`. Documents with the same text are
    /// different inputs if their output files have different names.
    pub fn may_be_same(&self, source: &Source, progress: &DeliveryProgress) -> bool {
        let Some(first) = &progress.first_file else {
            return true;
        };
        match (source.shape, &self.files) {
            (Shape::Log, _) => !OutputNames::is_of_document(first),
            (Shape::Document, None) => true,
            (Shape::Document, Some(files)) => files.path(source).file_name() == first.file_name(),
        }
    }

    /// Returns whether lines that this run has read from another input, of this shape, need not be read again from
    /// `source`. If the destination writes files, only lines of logs count for logs.
    pub fn counts_read(&self, source: &Source, shape: Shape) -> bool {
        self.files.is_none() || [source.shape, shape] == [Shape::Log; 2]
    }

    /// Returns for each input the file in the journal, if no destination needs a line of it: an earlier run has read the
    /// file to its end, and it has not changed since.
    pub fn known_files<'c>(
        &self,
        sources: &[Source],
        contents: &'c JournalContents,
    ) -> Vec<Option<&'c KnownFile>> {
        let numbers = self.names.iter().map(|to| contents.destination(to));
        let Some(numbers) = numbers.collect::<Option<Vec<usize>>>() else {
            return vec![None; sources.len()];
        };
        let known = sources.iter().map(|source| {
            let file = contents.unchanged_file(source.stamp.as_ref()?)?;
            let has_lines = |to: &String| {
                let progress = contents.inputs.get(&file.input)?.delivered.get(to)?;
                // The first bytes of an object that is known need not be read to learn its shape.
                let is_known = |shape| {
                    self.counts(
                        &Source {
                            shape,
                            ..source.clone()
                        },
                        progress,
                    )
                };
                let may_be_document = source.may_be_document();
                Some(self.counts(source, progress) || may_be_document && is_known(Shape::Document))
            };
            let is_delivered = numbers.iter().all(|number| file.to.contains(number));
            let have_lines = || self.names.iter().all(|to| has_lines(to) == Some(true));
            (is_delivered && (file.lines == 0 || have_lines())).then_some(file)
        });
        known.collect()
    }
}
