//! Remedies for inputs whose events are not read.

/// Advice how to read the events of an input.
pub enum Remedy {
    /// A command that reads a file and writes events, without the name of the file.
    Pipe(String),
    /// A change of the options.
    Options(String),
    /// A remedy that helps only on a condition, as in "it is text in another encoding".
    If(&'static str, Box<Remedy>),
    /// Anything else.
    Other(&'static str),
}

pub const LEAVE_OUT: Remedy = Remedy::Other("leave it out");

impl Remedy {
    pub fn on_condition(self, condition: &'static str) -> Self {
        Self::If(condition, Box::new(self))
    }
}

pub fn pipe(command: &str) -> Remedy {
    Remedy::Pipe(command.to_owned())
}

pub fn options(change: &str) -> Remedy {
    Remedy::Options(change.to_owned())
}
