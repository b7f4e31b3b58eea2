//! The exit codes of the program.

use std::process;

/// The exit codes. If several apply, the program exits with the largest.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord)]
pub enum ExitCode {
    /// The run is complete. Rejected and unparsable lines do not count as a failure.
    #[default]
    Success = 0,
    /// `--check` or `verify` found differences, or a line has an outcome that `--fail-on` names.
    Failure = 1,
    /// An argument is not valid, or a table or another settings file that an argument names.
    Usage = 2,
    /// An input could not be found, or could not be read to its end.
    Input = 3,
    /// Some records could not be delivered and were saved in dead letters: files that `recover` sends again.
    Undelivered = 4,
    /// Sending was stopped, because the server would refuse later requests too, or because a record could not be
    /// delivered and there is no directory for dead letters.
    Stopped = 5,
    /// An output, the state directory, the rejects file, the report or a dead letter could not be written.
    Output = 6,
    /// Another run uses the state directory.
    Locked = 7,
    /// SIGINT ended the run.
    Interrupted = 130,
    /// SIGTERM ended the run.
    Terminated = 143,
}

impl From<ExitCode> for process::ExitCode {
    fn from(code: ExitCode) -> Self {
        Self::from(code as u8)
    }
}

/// An error that ends the run, with the exit code that the program returns for it.
#[derive(Debug)]
pub struct Fatal {
    pub code: ExitCode,
    pub error: anyhow::Error,
}

/// Adds an exit code to errors.
pub trait OrExit<T> {
    /// Adds the exit code to the error, if the result is an error.
    ///
    /// # Errors
    /// Returns the error of `self`, with the code.
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
    fn codes_are_those_of_the_readme_and_worse_codes_are_larger() {
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
