//! The ways to read files that are not logs.

/// The name of a new file in advice about `FILE`. The default globs find it in a folder.
pub const NEW: &str = "FILE.new.log";

/// The advice about files that hold no events.
pub const LEAVE_OUT: &str = "leave it out with `--exclude`, since it is no log";

/// The way to read a kind of file.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Reading {
    /// This program reads the data, if it comes alone.
    Itself,
    /// A shell command that writes the content to standard output. It reads `FILE`, or standard input if `FILE` is `-`.
    Command(&'static str),
    /// A shell command that unpacks `FILE`, or standard input if `FILE` is `-`, into the folder `DIR`.
    Unpack(&'static str),
    /// A shell command that unpacks `FILE` into the folder `DIR`, and cannot read from a pipe.
    UnpackFile(&'static str),
    /// Advice in words, for files that no command can read from a pipe.
    Advice(&'static str),
}

/// The end of advice about a file, which would fail again in each later run over its folder.
const AND_MOVE: &str = "move FILE away or leave it out with `--exclude`";

impl Reading {
    /// Returns the advice to read a file. Its new file or folder can be an input of every run, also with a state directory,
    /// while a pipe cannot. `writer` is a shell command that writes the data to standard output, or `None` if the data is
    /// the file itself.
    pub fn of_file(self, writer: Option<&str>) -> String {
        if let Some(command) = self.text(writer) {
            return format!("run `{command} > {NEW}`, read {NEW}, and {AND_MOVE}");
        }
        match (self, writer) {
            (Self::Advice(advice), _) if advice == LEAVE_OUT => advice.to_owned(),
            (Self::Advice(advice), Some(writer)) if advice.contains("FILE") => {
                let advice = advice.replace("FILE", "FILE.rest");
                format!("write it to a file with `{writer} > FILE.rest`; {advice}, and {AND_MOVE}")
            }
            (Self::Advice(advice), _) => format!("{advice}, and {AND_MOVE}"),
            _ => {
                let command = self.folder(writer);
                format!("run `{command}`, read DIR, and {AND_MOVE}")
            }
        }
    }

    /// Returns the advice to read data from a pipe. `writer` is a shell command that writes the data to standard output.
    pub fn of_pipe(self, writer: &str) -> String {
        if let Some(command) = self.text(Some(writer)) {
            return format!("read it with `{command} | event-router … -`");
        }
        match self {
            Self::Advice(advice) if advice.contains("FILE") => {
                format!("write it to a file with `{writer} > FILE`; {advice}")
            }
            Self::Advice(advice) => advice.to_owned(),
            _ => {
                let command = self.folder(Some(writer));
                format!("unpack it into a folder: `{command} && event-router … DIR`")
            }
        }
    }

    /// Returns the advice to read a file in which data follows text. `first` is a shell command that writes the text to
    /// standard output, `writer` a command that writes the data. The file itself stays as it is, since a program may still
    /// write to it, and a user may run the commands twice.
    pub fn of_rest(self, first: &str, writer: &str) -> String {
        let first = format!("{first} > FILE.1.log");
        if let Some(command) = self.text(Some(writer)) {
            return format!(
                "run `{first}; {command} > FILE.2.log`, read both files, and {AND_MOVE}"
            );
        }
        match self {
            Self::Advice(LEAVE_OUT) => {
                format!("run `{first}`, read FILE.1.log, and {AND_MOVE}")
            }
            Self::Advice(advice) => {
                let advice = advice.replace("FILE", "FILE.rest");
                format!(
                    "run `{first}; {writer} > FILE.rest`, read FILE.1.log; {advice}, and {AND_MOVE}"
                )
            }
            _ => {
                let command = self.folder(Some(writer));
                format!("run `{first}; {command}`, read FILE.1.log and DIR, and {AND_MOVE}")
            }
        }
    }

    /// Returns a shell command that writes the content to standard output, if there is one.
    fn text(self, writer: Option<&str>) -> Option<String> {
        match (self, writer) {
            (Self::Itself, None) => Some("gzip -dc FILE".to_owned()),
            (Self::Itself, Some(writer)) => Some(writer.to_owned()),
            (Self::Command(command), None) => Some(command.to_owned()),
            (Self::Command(command), Some(writer)) => {
                Some(format!("{writer} | {}", command.replace("FILE", "-")))
            }
            _ => None,
        }
    }

    /// Returns a shell command that unpacks an archive into a new folder.
    fn folder(self, writer: Option<&str>) -> String {
        let command = match (self, writer) {
            (Self::Unpack(command), Some(writer)) => {
                format!("{writer} | {}", command.replace("FILE", "-"))
            }
            (Self::UnpackFile(command), Some(writer)) => {
                let command = command.replace("FILE", "ARCHIVE");
                format!("{writer} > ARCHIVE && {command}")
            }
            (Self::Unpack(command) | Self::UnpackFile(command), _) => command.to_owned(),
            _ => String::new(),
        };
        format!("mkdir DIR && {command}")
    }

    /// Returns the advice to get a lookup table from a file. `writer` is a shell command that writes the data to standard
    /// output, or `None` if the data is the file itself.
    pub fn advice_for_table(self, writer: Option<&str>) -> String {
        match self.text(writer) {
            Some(command) => format!("give the file that `{command} > TABLE` writes"),
            None => "export the table as CSV in UTF-8".to_owned(),
        }
    }
}
