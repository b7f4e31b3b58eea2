//! JSON as text: where strings have escapes, looked at in blocks, and the writing of values without white space.
//!
//! | file | what it knows |
//! |---|---|
//! | `plain` | what stands in a JSON string as it is |
//! | `buffer` | where JSON text grows |
//! | `compact` | writing statements and events, faster than serde_json |

mod buffer;
mod compact;
mod plain;

pub(crate) use buffer::JsonBuffer;
pub(crate) use compact::{Word, append, word};
pub(crate) use plain::{copy_plain, is_plain_ascii, plain_length};
