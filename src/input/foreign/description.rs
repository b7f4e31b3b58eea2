//! Descriptions of kinds of data in messages.

use std::fmt;

/// The description of a kind of data. Displayed, it ends a sentence such as "it is …".
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Description {
    /// The state of the data, as in "compressed with xz".
    State(&'static str),
    /// A noun, as in "a tar archive".
    Noun(&'static str),
}

impl Description {
    /// Returns the description as the subject of a sentence, as in "data compressed with xz".
    pub fn as_subject(self) -> String {
        match self {
            Self::State(state) => format!("data {state}"),
            Self::Noun(noun) => noun.to_owned(),
        }
    }
}

impl fmt::Display for Description {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (Self::State(text) | Self::Noun(text)) = self;
        formatter.write_str(text)
    }
}
