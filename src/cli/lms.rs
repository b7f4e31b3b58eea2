//! The options of `event-router lms`.

use std::path::{Path, PathBuf};

use anyhow::{Context, Result, bail};
use clap::{Args, Subcommand};

use super::lms_db_args::LmsDbArgs;
use super::lms_external_ids::ExternalIdsArgs;
use crate::console::Console;
use crate::exit_code::{ExitCode, Fatal, OrExit};
use crate::run::{self, ExportSettings};

#[derive(Args, Debug)]
pub struct LmsArgs {
    #[command(subcommand)]
    pub command: LmsCommand,
}

#[derive(Subcommand, Debug)]
pub enum LmsCommand {
    /// Write the users and courses of the LMS database to files, for --users and --courses of the other commands
    Export(ExportArgs),
    /// Write external ids for the users who have none, as SQL that imports them into the LMS database, or as CSV
    ExternalIds(ExternalIdsArgs),
}

#[derive(Args, Debug)]
pub struct ExportArgs {
    #[command(flatten)]
    database: LmsDbArgs,

    /// Trust the certificates in this PEM file, in addition to those of public authorities
    #[arg(long, value_name = "FILE")]
    ca_file: Option<PathBuf>,

    /// Write the users to this file: CSV with the columns id, username, email, xapi_id, caliper_id. It is compressed
    /// if its name ends with .gz or .zst
    #[arg(long, value_name = "FILE", required_unless_present = "courses")]
    users: Option<PathBuf>,

    /// Write the courses to this file: CSV with the columns course_id, display_name. It is compressed if its name
    /// ends with .gz or .zst
    #[arg(long, value_name = "FILE")]
    courses: Option<PathBuf>,

    /// Print only errors, and warnings that an option or a variable is probably wrong
    #[arg(short, long)]
    quiet: bool,
}

impl LmsArgs {
    pub fn console(&self) -> Console {
        let quiet = match &self.command {
            LmsCommand::Export(args) => args.quiet,
            LmsCommand::ExternalIds(args) => args.quiet,
        };
        Console::new(quiet, false)
    }

    /// Runs the command.
    ///
    /// # Errors
    /// Returns the error of the command, or an error if options are missing.
    pub fn run(self, console: &Console) -> Result<ExitCode, Fatal> {
        match self.command {
            LmsCommand::Export(args) => {
                let settings = args.settings().or_exit(ExitCode::Usage)?;
                run::lms_export(&settings, console)
            }
            LmsCommand::ExternalIds(args) => {
                let settings = args.settings().or_exit(ExitCode::Usage)?;
                run::lms_external_ids(settings, console)
            }
        }
    }
}

impl ExportArgs {
    /// Returns the settings.
    ///
    /// # Errors
    /// Returns an error if no database is given, or standard output in place of a file.
    pub fn settings(self) -> Result<ExportSettings> {
        let outputs = [("--users", &self.users), ("--courses", &self.courses)];
        for (option, path) in outputs {
            if path.as_deref() == Some(Path::new("-")) {
                bail!(
                    "`{option} -` names no file: tables are written to files, so give the name of one"
                );
            }
        }
        let database = self.database.settings(self.ca_file);
        Ok(ExportSettings {
            database: database.context("give the LMS database with `--lms-db`")?,
            users: self.users,
            courses: self.courses,
        })
    }
}
