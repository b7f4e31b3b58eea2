//! Consecutive lines of an input, handed on together.

use std::iter;

use super::{Position, Shape, Text};

/// Some consecutive lines of an input, perhaps none, then perhaps one that could not be read.
#[derive(Debug)]
pub struct LineBatch {
    /// The number of the first line, from 1.
    pub first_line: u64,
    /// Where in the unpacked input the text starts.
    pub offset: u64,
    /// Whole lines with their newlines; the last one of an input may lack it.
    pub text: Text,
    /// What follows the lines of `text`, if it cannot stand among them.
    pub unreadable: Option<Unreadable>,
    /// Where each of its lines ends, when places are to be known. A line that breaks off is behind them.
    pub places: Vec<Position>,
}

/// A line that could not be read whole.
#[derive(Debug, PartialEq, Eq)]
pub enum Unreadable {
    /// It is longer than the limit.
    TooLong { offset: u64, length: u64 },
    /// Reading broke off within it. The text is what came before.
    Truncated { text: Vec<u8> },
}

/// One line of a batch, given without its newline.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Line<'a> {
    /// From 1.
    pub number: u64,
    pub content: LineContent<'a>,
}

/// A line, as far as it could be read.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum LineContent<'a> {
    Whole(&'a [u8]),
    /// Reading broke off within it.
    Truncated(&'a [u8]),
    /// It is longer than the limit: where it stands in the unpacked input.
    TooLong {
        offset: u64,
        length: u64,
    },
}

impl LineBatch {
    /// How much memory the batch takes.
    pub fn bytes(&self) -> usize {
        let unreadable = match &self.unreadable {
            Some(Unreadable::Truncated { text }) => text.len(),
            Some(Unreadable::TooLong { .. }) | None => 0,
        };
        self.text.len() + unreadable + self.places.len() * size_of::<Position>()
    }

    /// Cuts off what is behind a line of a log, its nth in the batch from 0.
    pub fn split_behind(&mut self, nth: usize) -> Self {
        let newline = memchr::memchr_iter(b'\n', &self.text).nth(nth);
        let end = newline.map_or(self.text.len(), |newline| newline + 1);
        let lines = nth + 1;
        Self {
            first_line: self.first_line + lines as u64,
            offset: self.offset + end as u64,
            text: self.text.split_off(end),
            unreadable: self.unreadable.take(),
            places: self.places.split_off(lines.min(self.places.len())),
        }
    }

    /// The lines of a log, or a document as one line.
    pub fn lines(&self, shape: Shape, max_line_bytes: usize) -> impl Iterator<Item = Line<'_>> {
        let mut number = self.first_line;
        let mut offset = self.offset;
        let mut rest = &*self.text;
        let whole = iter::from_fn(move || {
            if rest.is_empty() {
                return None;
            }
            let newline = match shape {
                Shape::Log => memchr::memchr(b'\n', rest),
                Shape::Document => None,
            };
            let bytes = &rest[..newline.unwrap_or(rest.len())];
            let content = if bytes.len() > max_line_bytes {
                LineContent::TooLong {
                    offset,
                    length: bytes.len() as u64,
                }
            } else {
                LineContent::Whole(bytes)
            };
            let length = bytes.len() + usize::from(newline.is_some());
            rest = &rest[length..];
            offset += length as u64;
            number += 1;
            Some(Line {
                number: number - 1,
                content,
            })
        });
        whole.chain(self.unreadable.iter().map(|unreadable| Line {
            number: self.first_line + memchr::memchr_iter(b'\n', &self.text).count() as u64,
            content: match unreadable {
                Unreadable::TooLong { offset, length } => LineContent::TooLong {
                    offset: *offset,
                    length: *length,
                },
                Unreadable::Truncated { text } => LineContent::Truncated(text),
            },
        }))
    }
}
