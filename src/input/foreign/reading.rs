//! The ways to read files that are not logs.

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

impl Reading {
    /// Returns the advice to read data. `writer` is a shell command that writes the data to standard output, or `None` if
    /// the data is a file.
    pub fn advice(self, writer: Option<&str>) -> String {
        match (self, writer) {
            (Self::Itself, None) => "read it with `event-router … FILE`".to_owned(),
            (Self::Itself, Some(writer)) => format!("read it with `{writer} | event-router … -`"),
            (Self::Command(command), None) => {
                format!("read it with `{command} | event-router … -`")
            }
            (Self::Command(command), Some(writer)) => {
                let command = command.replace("FILE", "-");
                format!("read it with `{writer} | {command} | event-router … -`")
            }
            (Self::Unpack(command) | Self::UnpackFile(command), None) => {
                format!("unpack it into a folder: `mkdir DIR && {command} && event-router … DIR`")
            }
            (Self::Unpack(command), Some(writer)) => {
                let command = command.replace("FILE", "-");
                format!(
                    "unpack it into a folder: `mkdir DIR && {writer} | {command} && event-router … DIR`"
                )
            }
            (Self::UnpackFile(command), Some(writer)) => {
                let command = command.replace("FILE", "ARCHIVE");
                format!(
                    "unpack it into a folder: `mkdir DIR && {writer} > ARCHIVE && {command} && event-router … DIR`"
                )
            }
            (Self::Advice(advice), Some(writer)) if advice.contains("FILE") => {
                let advice = advice.replace("FILE", "NEW");
                format!("write it to a file with `{writer} > NEW`, and {advice}")
            }
            (Self::Advice(advice), _) => advice.to_owned(),
        }
    }

    /// Returns the advice to get a lookup table from a file. `is_in_gzip` says whether the data is decompressed from gzip.
    pub fn advice_for_table(self, is_in_gzip: bool) -> String {
        let command = match self {
            Self::Unpack(_) | Self::UnpackFile(_) | Self::Advice(_) => {
                return "export the table as CSV in UTF-8".to_owned();
            }
            Self::Itself => "gzip -dc FILE".to_owned(),
            Self::Command(command) if is_in_gzip => {
                format!("gzip -dc FILE | {}", command.replace("FILE", "-"))
            }
            Self::Command(command) => command.to_owned(),
        };
        format!("give the file that `{command} > TABLE` writes")
    }
}
