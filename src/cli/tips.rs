//! Errors of the command line: tips about options and commands that do not exist, and errors of values on one line.

use std::ffi::OsString;
use std::path::Path;

use clap::error::{ContextKind, ContextValue, ErrorKind};
use clap::{Command, Error};

use crate::format::Format;

/// Options of other programs that people try, and the tip for each. There are no options for credentials, since every
/// user of a machine can see the arguments of a program.
const TIPS: &[(&[&str], &str)] = &[
    (
        &[
            "password",
            "passwd",
            "pass",
            "username",
            "login",
            "token",
            "api-key",
            "key",
            "secret",
            "auth",
            "basic-auth",
            "bearer",
            "credentials",
        ],
        "no option takes credentials, since all users of the machine could see them: set EVENT_ROUTER_USERNAME and EVENT_ROUTER_PASSWORD, or EVENT_ROUTER_TOKEN, or write them to a file for `--auth-file` of `send`",
    ),
    (
        &[
            "lms-db-password",
            "db-password",
            "lms-db-user",
            "mysql-password",
        ],
        "the user is a part of the URL, `--lms-db mysql://USER@HOST/DATABASE`; set EVENT_ROUTER_LMS_DB_PASSWORD to the password, or write it to a file for `--lms-db-password-file`",
    ),
    (
        &["user"],
        "the table of users is given with `--users`; no option takes the user of a server, which EVENT_ROUTER_USERNAME or a file for `--auth-file` of `send` names",
    ),
    (
        &[":"],
        "a line of standard input is named after `--`, such as `event-router explain … -- -:3`",
    ),
    (
        &["actor-key", "salt"],
        "no option takes a key, since all users of the machine could see it: set EVENT_ROUTER_ACTOR_KEY, or write the key to a file for `--actor-key-file`",
    ),
    (
        &[
            "input", "inputs", "in", "i", "file", "log", "logs", "source", "path",
        ],
        "inputs are given without an option, such as `event-router transform … tracking.log`",
    ),
    (&["stdin"], "the input `-` is standard input"),
    (
        &[
            "out",
            "output-dir",
            "output-file",
            "outdir",
            "out-dir",
            "outfile",
            "dest",
            "destination",
        ],
        "outputs are written with `-o DIR` or `--output DIR`, and without this option to standard output",
    ),
    (
        &["o", "output"],
        "`transform -o DIR` writes the outputs to a directory; `inspect --html FILE` writes a page, and other commands write to standard output",
    ),
    (&["no-color", "no-colour"], "write `--color never`"),
    (
        &["stdout"],
        "without `--output`, all output is written to standard output",
    ),
    (
        &[
            "format",
            "f",
            "type",
            "transformer",
            "transformer-type",
            "backend",
            "output-type",
        ],
        "the format is given with `--to xapi` or `--to caliper`",
    ),
    (&["xapi"], "write `--to xapi`"),
    (&["caliper"], "write `--to caliper`"),
    (
        &["lms-url", "lms", "root-url", "lms-root", "base-url"],
        "the root URL of the LMS is given with `--lms-root-url`",
    ),
    (
        &["lrs", "lrs-url", "endpoint", "server", "host"],
        "the URL of an LRS is given with `--url`, to the command `send`",
    ),
    (
        &["from", "start", "begin", "after", "from-date", "start-date"],
        "the first time is given with `--since`",
    ),
    (
        &["end", "before", "to-date", "end-date"],
        "the end of the time is given with `--until`",
    ),
    (
        &["jobs", "j", "workers", "parallel", "processes"],
        "the number of threads is given with `--threads`",
    ),
    (
        &["gzip", "z", "compressed", "gz"],
        "compressed outputs are written with `--compress gzip`",
    ),
    (
        &[
            "insecure",
            "k",
            "no-verify",
            "verify-ssl",
            "cacert",
            "ca",
            "ca-cert",
        ],
        "a certificate that is not of a public authority is trusted with `--ca-file FILE`",
    ),
    (
        &["force", "overwrite"],
        "outputs of earlier runs are replaced, unless `--no-clobber` is given",
    ),
    (
        &["dead-letter", "dlq", "failed"],
        "what cannot be delivered is written to the directory of `--dead-letters`",
    ),
    (
        &["retries", "retry"],
        "the number of retries is given with `--max-retries`",
    ),
    (
        &["timeout"],
        "the limits are `--connect-timeout`, `--read-timeout` and `--request-timeout`",
    ),
];

/// Returns the message of a value that does not parse, on one line, or gives any other error its tip.
///
/// # Errors
/// Returns the error with its tip.
pub fn improve(
    error: Error,
    program: &Command,
    words: &[OsString],
) -> std::result::Result<String, Error> {
    match error.kind() {
        ErrorKind::ValueValidation => message_of_value(&error).ok_or(error),
        ErrorKind::UnknownArgument => Err(with_tip_about_option(error, program, words)),
        ErrorKind::InvalidSubcommand => Err(with_tip_about_command(error, program)),
        _ => Err(error),
    }
}

fn message_of_value(error: &Error) -> Option<String> {
    let option = text(error, ContextKind::InvalidArg)?;
    let value = text(error, ContextKind::InvalidValue)?;
    let cause = std::error::Error::source(error)?;
    let option = option.split(' ').next().unwrap_or_default();
    Some(format!("invalid value `{value}` of `{option}`: {cause}"))
}

fn with_tip_about_option(error: Error, program: &Command, words: &[OsString]) -> Error {
    let Some(option) = text(&error, ContextKind::InvalidArg) else {
        return error;
    };
    let option = option.split('=').next().unwrap_or_default().to_owned();
    let name = option.trim_start_matches('-');
    let suggested = text(&error, ContextKind::SuggestedArg).filter(|other| {
        let other = other.trim_start_matches('-');
        other.starts_with(name) && name.len() > 2 || strsim::damerau_levenshtein(name, other) < 3
    });
    let command = command_of(program, words);
    let is_known = TIPS.iter().find(|(names, _)| names.contains(&name));
    let tip = match (is_known, command) {
        (_, None) => Some(format!(
            "options follow a command, such as `event-router transform {option}`; `event-router --help` lists the commands"
        )),
        (Some((_, tip)), Some(_)) => Some((*tip).to_owned()),
        (None, Some(command)) => owners(program, command, name).or_else(|| {
            suggested.map(|suggested| format!("a similar option exists: `{suggested}`"))
        }),
    };
    only_with(tip, &error, ContextKind::InvalidArg, program)
}

fn with_tip_about_command(error: Error, program: &Command) -> Error {
    let Some(word) = text(&error, ContextKind::InvalidSubcommand) else {
        return error;
    };
    let is_path = word.contains(['.', '/', '*']) || Path::new(word).exists();
    let format = Format::ALL.into_iter().map(Format::name);
    let format = format
        .into_iter()
        .find(|name| name.eq_ignore_ascii_case(word));
    let parent = program
        .get_subcommands()
        .find(|command| command.find_subcommand(word).is_some());
    let tip = if let Some(format) = format {
        format!("write `event-router transform --to {format}`")
    } else if is_path {
        format!("a command comes before the inputs, such as `event-router transform … {word}`")
    } else if let Some(parent) = parent {
        format!("write `event-router {} {word}`", parent.get_name())
    } else {
        return error;
    };
    only_with(Some(tip), &error, ContextKind::InvalidSubcommand, program)
}

/// Returns the tip that other commands have the option.
fn owners(program: &Command, command: &Command, option: &str) -> Option<String> {
    let has_option = |command: &&Command| {
        let mut options = command.get_arguments();
        options.any(|arg| arg.get_long() == Some(option) && !arg.is_hide_set())
    };
    let owners = program.get_subcommands().filter(has_option);
    let names = owners.map(|owner| format!("`{}`", owner.get_name()));
    let mut owners: Vec<String> = names.collect();
    owners.sort();
    let (last, others) = owners.split_last()?;
    let owners = match others {
        [] => last.clone(),
        others => format!("{} and {last}", others.join(", ")),
    };
    Some(format!(
        "`{}` does not have this option, which belongs to {owners}",
        command.get_name()
    ))
}

/// Returns the command that the words name, if they name a command.
fn command_of<'p>(program: &'p Command, words: &[OsString]) -> Option<&'p Command> {
    let mut words = words.iter().skip(1).filter_map(|word| word.to_str());
    words.find_map(|word| program.find_subcommand(word))
}

fn text(error: &Error, kind: ContextKind) -> Option<&str> {
    match error.get(kind)? {
        ContextValue::String(text) => Some(text),
        _ => None,
    }
}

/// Returns the error with this tip alone. The usage is left out, since it would have the options of a wrong tip.
fn only_with(tip: Option<String>, error: &Error, kind: ContextKind, program: &Command) -> Error {
    let mut improved = Error::new(error.kind()).with_cmd(program);
    if let Some(word) = error.get(kind) {
        improved.insert(kind, word.clone());
    }
    if let Some(tip) = tip {
        let tips = vec![tip.into()];
        improved.insert(ContextKind::Suggested, ContextValue::StyledStrs(tips));
    }
    improved
}
