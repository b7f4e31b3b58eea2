//! The output formats: their names, the noun for their records, their column in the users table, and the rules that records
//! follow.

use serde::Deserialize;

/// An output format. Deserializes from its [`title`](Self::title), in upper or lower case.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize)]
#[serde(try_from = "String")]
pub enum Format {
    /// xAPI 1.0.3 statements.
    Xapi,
    /// Caliper 1.2 events.
    Caliper,
}

impl TryFrom<String> for Format {
    type Error = String;

    fn try_from(title: String) -> Result<Self, String> {
        Self::from_name(&title.to_ascii_lowercase())
            .ok_or_else(|| format!("unknown format `{title}`, expected `xAPI` or `Caliper`"))
    }
}

impl Format {
    /// Every format.
    pub const ALL: [Self; 2] = [Self::Xapi, Self::Caliper];

    /// The name in options, file names, state directories and dead letters.
    pub fn name(self) -> &'static str {
        match self {
            Self::Xapi => "xapi",
            Self::Caliper => "caliper",
        }
    }

    /// The name in sentences and, as `backend_name`, in routers.json.
    pub fn title(self) -> &'static str {
        match self {
            Self::Xapi => "xAPI",
            Self::Caliper => "Caliper",
        }
    }

    /// The plural noun for the records of this format.
    pub fn nouns(self) -> &'static str {
        match self {
            Self::Xapi => "statements",
            Self::Caliper => "events",
        }
    }

    /// The column of the users table with the ids that records of this format use for users.
    pub fn identity_column(self) -> &'static str {
        match self {
            Self::Xapi => "xapi_id",
            Self::Caliper => "caliper_id",
        }
    }

    /// Returns the format with this [`name`](Self::name).
    pub fn from_name(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|format| format.name() == name)
    }
}

/// The rules that records follow where the reference breaks those of its formats.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub enum Conformance {
    /// Records equal those of the reference.
    #[default]
    Reference,
    /// Records follow the specifications, xAPI 1.0.3 and Caliper 1.2. Their ids are the same.
    Spec,
}

/// The format of the lines of output files.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum OutputFormat {
    /// The records themselves.
    Records(Format),
    /// Rows for ClickHouse, with xAPI statements.
    ClickHouseRows,
}

impl OutputFormat {
    /// Returns every format of output files.
    pub fn all() -> impl Iterator<Item = Self> {
        let records = Format::ALL.into_iter().map(Self::Records);
        records.chain([Self::ClickHouseRows])
    }

    /// The name in the names of output files.
    pub fn name(self) -> &'static str {
        match self {
            Self::Records(format) => format.name(),
            Self::ClickHouseRows => "clickhouse",
        }
    }
}
