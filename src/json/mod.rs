//! JSON: one reader and one writer.
//!
//! | file | contents |
//! |---|---|
//! | `value` | the tree: [`Value`] and [`JsonObject`] |
//! | `parser` | the reader of trees |
//! | `scanner` | the tokens of a JSON text |
//! | `plain` | the bytes that a JSON string holds unescaped, found and copied in blocks |
//! | `buffer` | the end of an output buffer, to which JSON text is appended |
//! | `serializer` | the writer of statements and events |
//! | `check` | the check that a statement or an event can be written |

mod buffer;
mod check;
mod parser;
mod plain;
mod scanner;
mod serializer;
mod value;

pub(crate) use buffer::JsonBuffer;
pub(crate) use check::{can_be_written, is_representable};
pub(crate) use parser::{MAX_DEPTH, MAX_DIGITS};
pub use scanner::JsonError;
pub(crate) use scanner::Scanner;
pub(crate) use serializer::{Word, append, word};
pub use value::{JsonObject, Value};
