//! The options of `event-router inspect`.

use std::path::{Path, PathBuf};

use anyhow::{Result, bail};
use clap::Args;

use super::input_args::InputArgs;
use super::record_args::check_local;
use super::version::REFERENCE_RELEASE;
use crate::console::Console;
use crate::convert::{FormatSettings, StatementForm, select_events};
use crate::filter::EventFilter;
use crate::format::{Conformance, Format};
use crate::lms::LmsSettings;
use crate::outcome::RepairSet;
use crate::run::{ConversionSettings, InspectSettings, Shown};
use crate::xapi::{ActorKind, XapiSettings};

#[derive(Args, Debug)]
pub struct InspectArgs {
    #[command(flatten)]
    input: InputArgs,

    /// The root URL of the LMS, for the command that is recommended
    #[arg(long, value_name = "URL", help_heading = "Conversion")]
    lms_root_url: Option<String>,

    /// Count the users that this table lacks: CSV or TSV with the columns id, username, email, xapi_id, caliper_id
    #[arg(long, value_name = "FILE", help_heading = "Conversion")]
    users: Option<PathBuf>,

    /// Count the courses that this table lacks: CSV or TSV with the columns course_id, display_name
    #[arg(long, value_name = "FILE", help_heading = "Conversion")]
    courses: Option<PathBuf>,

    /// Write the counts as one JSON object
    #[arg(long, help_heading = "Output")]
    json: bool,

    /// Write the counts as an HTML page that needs no network; `-` is standard output
    #[arg(long, value_name = "FILE", help_heading = "Output")]
    html: Option<PathBuf>,

    /// Print only errors, and warnings that an option or a variable is probably wrong, that an input has no event, or that
    /// lines of an input were lost
    #[arg(short, long, help_heading = "Output")]
    quiet: bool,
}

impl InspectArgs {
    pub fn console(&self) -> Console {
        Console::new(self.quiet, true).without_report()
    }

    /// Returns the settings: those of `transform --to xapi` without other options.
    ///
    /// # Errors
    /// Returns an error if two outputs go to standard output.
    pub fn settings(self) -> Result<InspectSettings> {
        check_local("--html", self.html.as_deref())?;
        let page_is_shown = self.html.as_deref() == Some(Path::new("-"));
        let shown = match (self.json, page_is_shown) {
            (true, true) => {
                bail!("`--json` and `--html -` both write to standard output: give `--html` a file")
            }
            (true, false) => Shown::Json,
            (false, true) => Shown::Page,
            (false, false) => Shown::Text,
        };
        let selection = select_events(Format::Xapi, &["default".to_owned()]);
        let selection =
            selection.map_err(|unknown| anyhow::anyhow!("no event is `{}`", unknown.pattern))?;
        let format = XapiSettings {
            conformance: Conformance::Reference,
            actor: ActorKind::ExternalId,
            transformer_version: format!("event-routing-backends@{REFERENCE_RELEASE}"),
        };
        Ok(InspectSettings {
            input: self.input.settings(),
            conversion: ConversionSettings {
                format: FormatSettings::Xapi(format, StatementForm::Statement),
                selection,
                filter: EventFilter::default(),
                routers: None,
                lms: LmsSettings {
                    users: self.users,
                    courses: self.courses,
                    ..LmsSettings::new(self.lms_root_url.unwrap_or_default())
                },
                actor_key_file: None,
                repairs: RepairSet::NONE,
            },
            shown,
            html: self.html.filter(|_| !page_is_shown),
        })
    }
}
