//! The command that explains the lines of a run, for the verdict of the summary.

use std::ffi::OsString;

use clap::parser::ValueSource;
use clap::{Arg, ArgMatches, Command};

use crate::report::MORE;

/// The most inputs that the command names.
const MOST_INPUTS: usize = 3;

/// The options of explain that do not belong to a run that has gone through all its lines.
const NOT_REPEATED: [&str; 9] = [
    "color", "help", "json", "limit", "only", "progress", "quiet", "reason", "threads",
];

/// The options that choose inputs.
const OF_INPUTS: [&str; 4] = ["files_from", "include", "exclude", "shard"];

/// Returns the options and inputs that `explain` shares with the command of these matches. If the run writes a rejects
/// file, this file is the input. Returns no words if the inputs cannot be read again.
pub fn explain_words(explain: &Command, matches: &ArgMatches) -> Vec<OsString> {
    let rejects = rejects_file(matches);
    let inputs = match &rejects {
        Some(rejects) => rejects.clone(),
        None => given(matches, "inputs").unwrap_or_default(),
    };
    if inputs.iter().any(|input| input == "-") {
        return Vec::new();
    }
    let options = explain.get_arguments().filter(|arg| {
        let id = arg.get_id().as_str();
        let is_of_inputs = rejects.is_some() && OF_INPUTS.contains(&id);
        !arg.is_positional() && !NOT_REPEATED.contains(&id) && !is_of_inputs
    });
    let mut words: Vec<OsString> = options.flat_map(|arg| option_words(arg, matches)).collect();
    let more = (inputs.len() > MOST_INPUTS).then(|| MORE.into());
    words.extend(inputs.into_iter().take(MOST_INPUTS).chain(more));
    words
}

/// Returns the rejects file that the command of these matches writes.
pub fn rejects_file(matches: &ArgMatches) -> Option<Vec<OsString>> {
    given(matches, "rejects").filter(|rejects| rejects[..] != ["-"])
}

fn option_words(arg: &Arg, matches: &ArgMatches) -> Vec<OsString> {
    let Some(long) = arg.get_long() else {
        return Vec::new();
    };
    let option = OsString::from(format!("--{long}"));
    let Some(values) = given(matches, arg.get_id().as_str()) else {
        return Vec::new();
    };
    match arg.get_action().takes_values() {
        true => values
            .into_iter()
            .flat_map(|value| [option.clone(), value])
            .collect(),
        false => vec![option],
    }
}

/// Returns the values of an option on the command line or in its environment variable. Returns `None` for a switch that
/// is off.
fn given(matches: &ArgMatches, id: &str) -> Option<Vec<OsString>> {
    let exists = matches.try_contains_id(id).unwrap_or(false);
    if !exists || matches.value_source(id) == Some(ValueSource::DefaultValue) {
        return None;
    }
    if let Ok(Some(&is_on)) = matches.try_get_one::<bool>(id)
        && !is_on
    {
        return None;
    }
    let values = matches.get_raw(id)?;
    Some(values.map(ToOwned::to_owned).collect())
}
