//! The ids of inserts, with which the server can be asked whether an insert has ended.
//!
//! A lookup does not find the rows of an insert that is still running. An insert may run on after the connection is closed,
//! after a proxy has answered in place of the server, and after this program was killed. So the ids of inserts without an
//! answer are kept, until the server accepts another query with the same id: it refuses such a query while the insert runs.

use std::collections::hash_map::RandomState;
use std::collections::{HashSet, VecDeque};
use std::fmt::{self, Display};
use std::fs::{self, File};
use std::hash::BuildHasher;
use std::io::{ErrorKind, Write};
use std::path::{Path, PathBuf};
use std::sync::{Mutex, MutexGuard, PoisonError};

use anyhow::{Context, Result};
use uuid::Uuid;

use super::super::send_batch::BatchSlice;
use crate::files::{OWNER_ONLY, failed_to_write};

/// The id of an insert.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct InsertId(Uuid);

/// The ids of the inserts into one table.
#[derive(Debug)]
pub struct InsertIds {
    /// The ids of inserts that have ended. The first has ended earliest.
    free: Mutex<VecDeque<InsertId>>,
    unanswered: Mutex<Vec<Unanswered>>,
    file: Option<IdFile>,
}

/// An insert without an answer, which may still be running.
#[derive(Debug)]
struct Unanswered {
    id: InsertId,
    /// The ids of its records. They are unknown if an earlier run has made the insert.
    records: Option<HashSet<Uuid>>,
}

/// The file in the state directory with the ids of all inserts that may be running. The next run reads it if this run is
/// killed.
#[derive(Debug)]
struct IdFile {
    path: PathBuf,
    /// The table and its server, which are written after each id.
    table: String,
}

/// The name of the file in the state directory.
const FILE: &str = "inserts";

/// The number of free ids from which an id is used again. ClickHouse may still know an id for a moment after the answer.
const MIN_FREE: usize = 16;

impl Display for InsertId {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(formatter, "event-router-{}", self.0)
    }
}

impl InsertIds {
    /// Returns the ids for a table of a server. If there is a state directory, the inserts of earlier runs may still be
    /// running.
    ///
    /// # Errors
    /// Returns an error if the file in the state directory cannot be read.
    pub fn open(state: Option<&Path>, table: &str) -> Result<Self> {
        let file = state.map(|state| IdFile {
            path: state.join(FILE),
            table: table.to_owned(),
        });
        let earlier = file.as_ref().map_or(Ok(Vec::new()), IdFile::read)?;
        let unanswered = earlier
            .into_iter()
            .map(|id| Unanswered { id, records: None });
        Ok(Self {
            free: Mutex::default(),
            unanswered: Mutex::new(unanswered.collect()),
            file,
        })
    }

    /// Returns an id for an insert.
    ///
    /// # Errors
    /// Returns an error if the id is new and cannot be written to the state directory.
    pub fn take(&self) -> Result<InsertId> {
        let mut free = lock(&self.free);
        if free.len() >= MIN_FREE
            && let Some(id) = free.pop_front()
        {
            return Ok(id);
        }
        drop(free);
        let [high, low] = [(); 2].map(|()| RandomState::new().hash_one(()));
        let id = InsertId(Uuid::from_u64_pair(high, low));
        if let Some(file) = &self.file {
            file.append(id)?;
        }
        Ok(id)
    }

    /// Notes that an insert has ended.
    pub fn note_ended(&self, id: InsertId) {
        lock(&self.free).push_back(id);
    }

    /// Notes that an insert of these records has no answer.
    pub fn note_unanswered(&self, id: InsertId, records: BatchSlice<'_>) {
        let records = records.iter().map(|(record, _)| record.id);
        let records = Some(records.collect());
        lock(&self.unanswered).push(Unanswered { id, records });
    }

    /// Asks for each insert without an answer that may hold one of these records whether it has ended. Two workers do not
    /// ask at the same time, since the question of one worker would keep the id in use for the other.
    ///
    /// # Errors
    /// Returns the error of `ask`.
    pub fn ask_if_ended<E>(
        &self,
        records: BatchSlice<'_>,
        ask: impl Fn(InsertId) -> Result<(), E>,
    ) -> Result<(), E> {
        let mut unanswered = lock(&self.unanswered);
        let mut nth = 0;
        while let Some(Unanswered { id, records: of }) = unanswered.get(nth) {
            let holds = |id: Uuid| of.as_ref().is_none_or(|of| of.contains(&id));
            if !records.iter().any(|(record, _)| holds(record.id)) {
                nth += 1;
                continue;
            }
            ask(*id)?;
            let Unanswered { id, .. } = unanswered.swap_remove(nth);
            self.note_ended(id);
        }
        Ok(())
    }
}

impl IdFile {
    /// Returns the ids of the inserts into the table. Each line has an id and the table.
    fn read(&self) -> Result<Vec<InsertId>> {
        let text = match fs::read_to_string(&self.path) {
            Ok(text) => text,
            Err(error) if error.kind() == ErrorKind::NotFound => String::new(),
            Err(error) => {
                let message = format!("failed to read `{}`", self.path.display());
                return Err(error).context(message);
            }
        };
        let ids = text.lines().filter_map(|line| {
            let (id, table) = line.split_once(' ')?;
            Some(InsertId(id.parse().ok().filter(|_| table == self.table)?))
        });
        Ok(ids.collect())
    }

    /// Appends an id. The line starts with a newline, since a crash may have cut the last line.
    fn append(&self, id: InsertId) -> Result<()> {
        let line = format!("\n{} {}", id.0, self.table);
        let append = || {
            let mut options = File::options();
            options.create(true).append(true);
            #[cfg(unix)]
            std::os::unix::fs::OpenOptionsExt::mode(&mut options, OWNER_ONLY);
            let mut file = options.open(&self.path)?;
            file.write_all(line.as_bytes())?;
            file.sync_data()
        };
        append().with_context(|| failed_to_write(&self.path))
    }
}

fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

#[cfg(test)]
mod tests {
    use std::cell::RefCell;

    use super::super::super::send_batch::tests::batch_of;
    use super::*;

    /// Returns the inserts that a lookup of these records asks about, if they have ended.
    fn asked(ids: &InsertIds, records: BatchSlice<'_>) -> Vec<InsertId> {
        let asked: RefCell<Vec<_>> = RefCell::default();
        let answered = ids.ask_if_ended(records, |id| {
            asked.borrow_mut().push(id);
            Ok::<_, ()>(())
        });
        answered.unwrap();
        asked.into_inner()
    }

    #[test]
    fn an_insert_without_an_answer_is_asked_about_before_its_records_are_looked_up() {
        let batch = batch_of(None, &["1", "2"]);
        let records = batch.items();
        let ids = InsertIds::open(None, "a/b.c").unwrap();
        let [first, second] = [(); 2].map(|()| ids.take().unwrap());
        assert_ne!(first, second);
        ids.note_unanswered(first, records.range(0..1));
        ids.note_ended(second);
        assert!(asked(&ids, records.range(1..2)).is_empty());
        assert_eq!(ids.ask_if_ended(records, Err), Err(first));
        assert_eq!(asked(&ids, records), [first]);
        assert!(asked(&ids, records).is_empty());
    }

    #[test]
    fn an_id_is_used_again_after_a_number_of_others() {
        let ids = InsertIds::open(None, "a/b.c").unwrap();
        let mut used = Vec::new();
        for _ in 0..=MIN_FREE {
            let id = ids.take().unwrap();
            used.push(id);
            ids.note_ended(id);
        }
        assert_eq!(used[MIN_FREE], used[0]);
        used.truncate(MIN_FREE);
        used.dedup();
        assert_eq!(used.len(), MIN_FREE);
    }

    #[test]
    fn the_next_run_asks_about_the_inserts_of_this_run_into_the_same_table() {
        let batch = batch_of(None, &["1", "2"]);
        let records = batch.items();
        let directory = tempfile::tempdir().unwrap();
        let open = |table| InsertIds::open(Some(directory.path()), table).unwrap();
        let ids = open("http://a/b.c");
        let taken = [(); 2].map(|()| ids.take().unwrap());
        ids.note_ended(taken[1]);
        let file = directory.path().join(FILE);
        let cut = fs::read_to_string(&file).unwrap() + "\n0123-cut";
        fs::write(&file, cut).unwrap();
        assert!(asked(&open("http://a/b.d"), records).is_empty());
        let next = open("http://a/b.c");
        let third = next.take().unwrap();
        let mut earlier = asked(&next, records.range(0..1));
        earlier.sort_by_key(|id| taken.iter().position(|taken| taken == id));
        assert_eq!(earlier, taken);
        let mut all = asked(&open("http://a/b.c"), records);
        all.retain(|id| !taken.contains(id));
        assert_eq!(all, [third]);
    }
}
