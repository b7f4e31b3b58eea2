//! The options of `event-router events`.

use clap::Args;

use crate::format::Format;

#[derive(Args, Debug)]
pub struct EventsArgs {
    /// Show only these events: names, or globs with `*`
    #[arg(value_name = "NAME")]
    pub names: Vec<String>,

    /// Show only the events of one format, and what they become in that format
    #[arg(long, value_enum, ignore_case = true)]
    pub to: Option<Format>,

    /// Write a JSON array with an object for each event
    #[arg(long)]
    pub json: bool,
}
