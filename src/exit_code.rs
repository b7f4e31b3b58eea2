//! What the program tells the shell.

use std::process;

/// The exit codes. When several apply, the largest wins.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord)]
pub enum ExitCode {
    /// All done. Lines that nothing can take are reported, they are no failure.
    #[default]
    Success = 0,
    /// What the user asked to fail on: `--check` found differences, or a line came to what `--fail-on` names.
    Failure = 1,
    /// The arguments, or a file that they name, make no sense.
    Usage = 2,
    /// An input could not be found, or not be read to its end.
    Input = 3,
    /// Something could not be delivered, and is in the dead letters.
    Undelivered = 4,
    /// The sending was stopped, since no later request would have done better.
    Stopped = 5,
    /// An output could not be written, or the state, the rejects, the report, a dead letter.
    Output = 6,
    /// Another run uses the state directory.
    Locked = 7,
    /// Ended by SIGINT.
    Interrupted = 130,
    /// Ended by SIGTERM.
    Terminated = 143,
}

impl From<ExitCode> for process::ExitCode {
    fn from(code: ExitCode) -> Self {
        Self::from(code as u8)
    }
}

/// An error that ends the run, with the code that it ends with.
#[derive(Debug)]
pub struct Fatal {
    pub code: ExitCode,
    pub error: anyhow::Error,
}

/// Gives an error its exit code.
pub trait OrExit<T> {
    /// Ends the run with this code if it failed.
    ///
    /// # Errors
    /// The same error, with the code.
    fn or_exit(self, code: ExitCode) -> Result<T, Fatal>;
}

impl<T, E: Into<anyhow::Error>> OrExit<T> for Result<T, E> {
    fn or_exit(self, code: ExitCode) -> Result<T, Fatal> {
        self.map_err(|error| Fatal {
            code,
            error: error.into(),
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn codes_are_those_of_the_readme_and_the_larger_one_is_the_worse() {
        let codes = [
            ExitCode::Success,
            ExitCode::Failure,
            ExitCode::Usage,
            ExitCode::Input,
            ExitCode::Undelivered,
            ExitCode::Stopped,
            ExitCode::Output,
            ExitCode::Locked,
            ExitCode::Interrupted,
            ExitCode::Terminated,
        ];
        assert_eq!(
            codes.map(|code| code as u8),
            [0, 1, 2, 3, 4, 5, 6, 7, 130, 143]
        );
        assert_eq!(ExitCode::Input.max(ExitCode::Output), ExitCode::Output);
    }
}
