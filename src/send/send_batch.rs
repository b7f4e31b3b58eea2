//! What goes into one request: bounded by count and by bytes, and no id twice.

use std::collections::HashMap;
use std::ops::Range;
use std::path::PathBuf;
use std::sync::Arc;

use uuid::Uuid;

use super::payload::Payload;

/// Where a statement or event came from.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Place {
    /// The number of the input in the run, from 0.
    pub input: usize,
    /// The input's name.
    pub file: Arc<str>,
    /// From 1.
    pub line: u64,
}

/// A statement or event on its way.
#[derive(Clone, Debug)]
pub struct Item {
    pub id: Uuid,
    pub place: Place,
    start: usize,
    end: usize,
}

/// Statements or events that are sent together.
#[derive(Debug)]
pub struct Batch {
    /// What they are sent in.
    pub payload: Arc<Payload>,
    /// The dead letter that they come from.
    pub letter: Option<PathBuf>,
    /// Requests that were made for them in earlier runs.
    pub attempts: u64,
    /// The number of the first item among all that were given to the router.
    pub first: u64,
    /// JSON texts with commas between them.
    text: Vec<u8>,
    items: Vec<Item>,
}

/// Some consecutive items of a batch.
#[derive(Clone, Copy, Debug)]
pub struct Items<'b> {
    text: &'b [u8],
    items: &'b [Item],
}

/// How much goes into a request.
#[derive(Clone, Copy, Debug)]
pub struct Limits {
    pub items: usize,
    /// Of the request's body.
    pub bytes: usize,
}

impl Batch {
    pub fn new(payload: Arc<Payload>) -> Self {
        Self {
            payload,
            letter: None,
            attempts: 0,
            first: 0,
            text: Vec::new(),
            items: Vec::new(),
        }
    }

    /// Adds one, whether it fits or not.
    pub fn push(&mut self, id: Uuid, text: &[u8], place: Place) {
        if !self.items.is_empty() {
            self.text.push(b',');
        }
        let start = self.text.len();
        self.text.extend_from_slice(text);
        self.items.push(Item {
            id,
            place,
            start,
            end: self.text.len(),
        });
    }

    /// All of them.
    pub fn items(&self) -> Items<'_> {
        Items {
            text: &self.text,
            items: &self.items,
        }
    }

    /// The numbers of its items.
    pub fn numbers(&self) -> Range<u64> {
        self.first..self.first + self.items.len() as u64
    }

    fn text_of(&self, nth: usize) -> &[u8] {
        &self.text[self.items[nth].start..self.items[nth].end]
    }
}

impl<'b> Items<'b> {
    pub fn len(self) -> usize {
        self.items.len()
    }

    pub fn is_empty(self) -> bool {
        self.items.is_empty()
    }

    pub fn iter(self) -> impl Iterator<Item = (&'b Item, &'b [u8])> {
        let text = self.text;
        self.items
            .iter()
            .map(move |item| (item, &text[item.start..item.end]))
    }

    /// Their texts with commas between them.
    pub fn joined(self) -> &'b [u8] {
        match self.items {
            [first, .., last] => &self.text[first.start..last.end],
            [one] => &self.text[one.start..one.end],
            [] => &[],
        }
    }

    /// Two halves by count. Of two or more items, neither is empty.
    pub fn halves(self) -> (Self, Self) {
        self.split_at(self.len() / 2)
    }

    /// The items that fit into one request, at least one, and the others.
    pub fn split_by(self, limits: Limits, payload: &Payload) -> (Self, Self) {
        let mut bytes = payload.bytes_around();
        let fits = self.items.iter().take(limits.items).take_while(|item| {
            bytes += item.end - item.start + payload.bytes_around_each();
            bytes <= limits.bytes
        });
        self.split_at(fits.count().max(1).min(self.len()))
    }

    fn split_at(self, nth: usize) -> (Self, Self) {
        let (first, second) = self.items.split_at(nth);
        let of = |items| Self {
            text: self.text,
            items,
        };
        (of(first), of(second))
    }
}

/// Gathers batches.
#[derive(Debug)]
pub struct Batcher {
    limits: Limits,
    open: Batch,
    bytes: usize,
    /// How many items were added to this batch and those before.
    added: u64,
    nth_by_id: HashMap<Uuid, usize>,
}

/// What became of an item that was given to a [`Batcher`].
#[derive(Debug, PartialEq, Eq)]
pub enum Added {
    Yes,
    /// The same stands in the batch already, id and content, and is sent once.
    Repeats,
}

impl Batcher {
    pub fn new(limits: Limits, payload: Arc<Payload>) -> Self {
        Self {
            limits,
            bytes: payload.bytes_around(),
            open: Batch::new(payload),
            added: 0,
            nth_by_id: HashMap::new(),
        }
    }

    /// How many items were added so far. Those that repeat another are not.
    pub fn added(&self) -> u64 {
        self.added
    }

    /// Adds one. Gives the batch that had to be closed before it, if one had to be.
    pub fn add(&mut self, id: Uuid, text: &[u8], place: Place) -> (Option<Batch>, Added) {
        let same_id = self.nth_by_id.get(&id);
        if same_id.is_some_and(|&nth| self.open.text_of(nth) == text) {
            return (None, Added::Repeats);
        }
        let bytes = text.len() + self.open.payload.bytes_around_each();
        let is_full =
            self.open.items.len() == self.limits.items || self.bytes + bytes > self.limits.bytes;
        let closed = if is_full || same_id.is_some() {
            self.close()
        } else {
            None
        };
        self.nth_by_id.insert(id, self.open.items.len());
        self.open.push(id, text, place);
        self.added += 1;
        self.bytes += bytes;
        (closed, Added::Yes)
    }

    /// What is in the open batch, if anything is. The next one is empty.
    pub fn close(&mut self) -> Option<Batch> {
        if self.open.items.is_empty() {
            return None;
        }
        self.nth_by_id.clear();
        let payload = Arc::clone(&self.open.payload);
        self.bytes = payload.bytes_around();
        let mut next = Batch::new(payload);
        next.first = self.added;
        Some(std::mem::replace(&mut self.open, next))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn place(line: u64) -> Place {
        Place {
            input: 0,
            file: "a".into(),
            line,
        }
    }

    fn batcher(items: usize, bytes: usize) -> Batcher {
        Batcher::new(Limits { items, bytes }, Arc::new(Payload::Xapi))
    }

    fn texts(batch: Option<Batch>) -> Option<String> {
        batch.map(|batch| String::from_utf8(batch.items().joined().to_vec()).unwrap())
    }

    #[test]
    fn a_batch_is_bounded_by_count_and_by_bytes_of_the_body() {
        for (items, bytes) in [(2, 1000), (1000, "[1,2]".len())] {
            let mut batcher = batcher(items, bytes);
            assert_eq!(
                texts(batcher.add(Uuid::from_u128(1), b"1", place(1)).0),
                None
            );
            assert_eq!(
                texts(batcher.add(Uuid::from_u128(2), b"2", place(2)).0),
                None
            );
            let (closed, _) = batcher.add(Uuid::from_u128(3), b"3", place(3));
            assert_eq!(texts(closed).unwrap(), "1,2");
            assert_eq!(texts(batcher.close()).unwrap(), "3");
            assert!(batcher.close().is_none());
        }
    }

    #[test]
    fn one_that_is_larger_than_any_batch_goes_alone() {
        let mut batcher = batcher(10, 8);
        batcher.add(Uuid::from_u128(1), b"1", place(1));
        let (closed, _) = batcher.add(Uuid::from_u128(2), b"1234567890", place(2));
        assert_eq!(texts(closed).unwrap(), "1");
        let (closed, _) = batcher.add(Uuid::from_u128(3), b"3", place(3));
        assert_eq!(texts(closed).unwrap(), "1234567890");
    }

    #[test]
    fn no_id_is_twice_in_a_batch() {
        let mut batcher = batcher(10, 1000);
        let id = Uuid::from_u128(1);
        assert_eq!(batcher.add(id, b"1", place(1)).1, Added::Yes);
        assert_eq!(batcher.add(id, b"1", place(2)).1, Added::Repeats);
        let (closed, added) = batcher.add(id, b"2", place(3));
        assert_eq!(
            (texts(closed).unwrap(), added),
            ("1".to_owned(), Added::Yes)
        );
        assert_eq!(texts(batcher.close()).unwrap(), "2");
    }

    #[test]
    fn items_split_into_parts_that_are_all_of_them() {
        let mut batch = Batch::new(Arc::new(Payload::Xapi));
        for n in 1..=5 {
            batch.push(
                Uuid::from_u128(n),
                n.to_string().as_bytes(),
                place(n as u64),
            );
        }
        let (first, second) = batch.items().halves();
        assert_eq!(
            (first.joined(), second.joined()),
            (&b"1,2"[..], &b"3,4,5"[..])
        );
        let limits = |items, bytes| Limits { items, bytes };
        let parts = |limits| {
            let (first, second) = second.split_by(limits, &Payload::Xapi);
            (first.joined(), second.joined())
        };
        assert_eq!(parts(limits(2, 1000)), (&b"3,4"[..], &b"5"[..]));
        assert_eq!(parts(limits(9, "[3,4]".len())), (&b"3,4"[..], &b"5"[..]));
        assert_eq!(parts(limits(9, 1)), (&b"3"[..], &b"4,5"[..]));
        assert_eq!(parts(limits(9, 1000)), (&b"3,4,5"[..], &b""[..]));
    }
}
