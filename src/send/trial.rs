//! The trial of a server that has refused all records so far. The trial sends one record of each kind alone, since only
//! the first records of an archive may be bad.

use std::collections::{BTreeSet, HashMap, HashSet};

use serde_json::Value;

/// The number of batches from which records are tried. All of them are kept in memory. Ten batches of 500 records usually
/// hold all kinds of records.
const MAX_BATCHES: u32 = 10;

/// The progress of a trial.
#[derive(Debug, Default)]
pub struct Trial {
    /// The kinds of records that were tried.
    kinds: HashSet<String>,
    /// The number of batches from which records were tried.
    batches: u32,
}

impl Trial {
    /// Returns the numbers of the records that are sent alone, given the numbers and texts of all records of a batch: the
    /// last record of each kind that was not tried yet, or the last record if all kinds were tried. The last record is
    /// the farthest from the bad records at the start.
    pub fn choose<'t>(
        &mut self,
        records: impl Iterator<Item = (usize, &'t [u8])>,
    ) -> BTreeSet<usize> {
        self.batches += 1;
        let (mut last, mut last_of_kind) = (None, HashMap::new());
        for (nth, text) in records {
            last = Some(nth);
            last_of_kind.insert(kind(text), nth);
        }
        let mut chosen = BTreeSet::new();
        for (kind, nth) in last_of_kind {
            if self.kinds.insert(kind) {
                chosen.insert(nth);
            }
        }
        if chosen.is_empty() {
            chosen.extend(last);
        }
        chosen
    }

    /// Returns whether records from enough batches were tried.
    pub fn is_over(&self) -> bool {
        self.batches >= MAX_BATCHES
    }
}

/// Returns the kind of a record: for a statement, its verb and the type of its object; for a Caliper event, its type, its
/// action and the type of its object. Events with the same name become records of one kind, or of a few kinds.
fn kind(text: &[u8]) -> String {
    let record: Value = serde_json::from_slice(text).unwrap_or_default();
    let keys = [
        "/verb/id",
        "/object/definition/type",
        "/type",
        "/action",
        "/object/type",
    ];
    let values = keys.map(|key| record.pointer(key).and_then(Value::as_str));
    values.map(Option::unwrap_or_default).join(" ")
}

#[cfg(test)]
mod tests {
    use super::*;

    fn choose(trial: &mut Trial, texts: &[&str]) -> Vec<usize> {
        let records = texts.iter().map(|text| text.as_bytes()).enumerate();
        trial.choose(records).into_iter().collect()
    }

    #[test]
    fn one_record_of_each_new_kind_is_chosen_or_else_the_last_record() {
        let played = r#"{"verb": {"id": "played"}, "object": {"definition": {"type": "video"}}}"#;
        let posted = r#"{"verb": {"id": "posted"}, "object": {"definition": {"type": "forum"}}}"#;
        let read = posted.replace("posted", "read");
        let grade = r#"{"type": "GradeEvent", "action": "Graded", "object": "urn:1"}"#;
        let mut trial = Trial::default();
        assert_eq!(choose(&mut trial, &[played, posted, played]), [1, 2]);
        assert_eq!(choose(&mut trial, &[&read, played, grade]), [0, 2]);
        assert_eq!(choose(&mut trial, &[grade, played, posted]), [2]);
        for _ in 3..MAX_BATCHES {
            assert!(!trial.is_over());
            choose(&mut trial, &["not JSON"]);
        }
        assert!(trial.is_over());
    }
}
