//! The layout of the help: `-h` shows the usual options, required ones first; `--help` adds the rare options, examples,
//! exit codes and the way to the guide.

use clap::builder::StyledStr;
use clap::{Arg, ArgAction, Command};

const MORE: &str = "Each option can also be set by a variable: --users by EVENT_ROUTER_USERS. `--help` shows more.";

const START: &str = "`event-router transform -h` shows the usual options of a command, `event-router transform --help` all \
    of them, with examples.";

const ENVIRONMENT: &str = "Every option can also be set by an environment variable: --lms-root-url by \
    EVENT_ROUTER_LMS_ROOT_URL, a switch such as --quiet by EVENT_ROUTER_QUIET=true. Separate the items of a list \
    by commas. The command line takes precedence over the environment.";

const EXIT_CODES: &str = "\
Exit codes (the largest wins):
  0         done; rejected lines are no failure
  1         a difference that --check or verify found, or an outcome that --fail-on names
  2         an option or a table is wrong; nothing was done
  3         an input was not found, is no log, or is not readable to its end; the others are done
  4         some records could not be delivered and are in --dead-letters: event-router recover
  5         sending stopped: the server refuses every request, or is away
  6         an output could not be written
  7         another run uses the state directory or the rejects file
  130, 143  ended by SIGINT or SIGTERM: run again";

const GUIDE: &str = "Guide: README.md and src/guide/ of the source, /usr/share/doc/event-router/ of the Debian package. \
    `event-router man COMMAND | man -l -` shows this help as a page.";

/// The variables with which the examples are whole commands.
const VARIABLES: &str =
    "  export EVENT_ROUTER_TO=xapi EVENT_ROUTER_LMS_ROOT_URL=https://courses.example.org
  export EVENT_ROUTER_USERS=users.csv EVENT_ROUTER_COURSES=courses.csv";

/// The tasks of each command, with an example of each.
const EXAMPLES: &[(&str, &[(&str, &str)])] = &[
    (
        "transform",
        &[
            (
                "a folder of logs",
                "event-router transform -o out --rejects rejects.jsonl logs/",
            ),
            (
                "everything to one file",
                "event-router transform -o all.jsonl.gz logs/",
            ),
            (
                "one month",
                "event-router transform --since 2024-03-01 --until 2024-04-01 -o march logs/",
            ),
            (
                "one course",
                "event-router transform --course 'course-v1:DemoX+Botany+*' -o botany logs/",
            ),
            (
                "logs of 2012 to 2020",
                "event-router transform --repair all -o old logs/",
            ),
            ("the output of `docker logs`", "event-router transform -"),
            (
                "rejected lines once more",
                "event-router transform --rejects rejects.jsonl -o out rejects.jsonl",
            ),
            (
                "only what is new since the last run",
                "event-router transform --state state -o out logs/",
            ),
        ],
    ),
    (
        "send",
        &[
            (
                "check the server first",
                "event-router send --probe --url https://lrs.example.org/xAPI",
            ),
            (
                "everything, resumable",
                "event-router send --url https://lrs.example.org/xAPI --state state --dead-letters dead logs/",
            ),
            (
                "count the requests, send nothing",
                "event-router send --dry-run --url https://lrs.example.org/xAPI logs/",
            ),
            (
                "to several servers",
                "event-router send --routers routers.json --state state logs/",
            ),
            (
                "rows for Aspects",
                "event-router send --clickhouse-url http://clickhouse:8123 --clickhouse-table openedx.xapi_events_all logs/",
            ),
        ],
    ),
    (
        "verify",
        &[
            (
                "a sample",
                "event-router verify --url https://lrs.example.org/xAPI logs/",
            ),
            (
                "all statements",
                "event-router verify --all --url https://lrs.example.org/xAPI logs/",
            ),
        ],
    ),
    (
        "recover",
        &[
            (
                "send all again",
                "event-router recover --dead-letters dead --url https://lrs.example.org/xAPI",
            ),
            (
                "give up what is refused",
                "event-router recover --dead-letters dead --discard refused",
            ),
        ],
    ),
];

/// The options that `-h` leaves out, in every command.
const RARE: &[&str] = &[
    "actor_key_file",
    "batch_bytes",
    "batch_size",
    "ca_file",
    "caliper_array",
    "compress_requests",
    "connect_timeout",
    "connections",
    "envelope",
    "exclude",
    "files_from",
    "forget_after",
    "framing",
    "include",
    "lms_db_password_file",
    "max_dead_letters",
    "max_line_bytes",
    "max_retries",
    "name_from_event_type",
    "no_clobber",
    "on_collision",
    "output_format",
    "read_timeout",
    "request_timeout",
    "retry_delay",
    "s3_addressing_style",
    "s3_endpoint",
    "s3_region",
    "router_url",
    "send_time",
    "sensor",
    "shard",
    "threads",
    "transformer_version",
    "verbose",
];

/// Shorter help for `-h`, so that it fits two screens. For all other options, `-h` shows the first sentence of the help.
const SHORT: &[(&str, &str)] = &[
    (
        "actor",
        "The way to identify users in xAPI [default: external-id]",
    ),
    (
        "auth_file",
        "Username and password, or token, as JSON; or EVENT_ROUTER_USERNAME …",
    ),
    (
        "check",
        "Write nothing: exit with 1 if the output directory differs",
    ),
    (
        "clickhouse_table",
        "The table, such as openedx.xapi_events_all",
    ),
    (
        "clickhouse_url",
        "ClickHouse, such as http://clickhouse:8123",
    ),
    ("conformance", "Rules of the records"),
    (
        "course",
        "Only events of these courses; `*` matches any text",
    ),
    ("courses", "Table of courses: course_id, display_name"),
    (
        "dead_letters",
        "Keep here what cannot be delivered, for `recover`",
    ),
    ("dedupe", "Drop events that repeat an event of this run"),
    (
        "dry_run",
        "Make no requests; show how many records would be delivered",
    ),
    (
        "events",
        "Names, globs with `*`, or the words default and all",
    ),
    (
        "fail_on",
        "Exit with 1 on: rejected, unparsable, collision, empty",
    ),
    (
        "lms_db",
        "Both tables from MySQL: mysql://USER@HOST/DATABASE",
    ),
    (
        "lms_root_url",
        "The root URL of the LMS, as in its LMS_ROOT_URL",
    ),
    ("missing_external_id", "Users without ids"),
    ("org", "Only events of the courses of these organizations"),
    (
        "output",
        "A directory, or one file that ends with .jsonl, .jsonl.gz or .jsonl.zst",
    ),
    (
        "probe",
        "Send nothing; check the servers and the credentials",
    ),
    ("quiet", "Print only errors and warnings about losses"),
    ("rate", "Make at most this many requests per second"),
    ("rejects", "Write rejected and unparsable lines here"),
    ("repair", "Convert old events: names of repairs, or all"),
    ("report", "Write a report here, as JSON"),
    (
        "routers",
        "Only events that a router of this routers.json accepts",
    ),
    ("since", "Only events from this time on, such as 2024-03-05"),
    ("state", "Note here what is delivered, so that runs resume"),
    ("to", "The format"),
    ("unknown_course", "Unlisted courses"),
    ("unknown_user", "Unlisted users"),
    ("until", "Only events before this date or time"),
    (
        "unwrap",
        "Read lines within JSON objects: by this key, or auto",
    ),
    (
        "url",
        "An LRS, without `/statements`, or a Caliper endpoint",
    ),
    (
        "users",
        "Table of users: id, username, email, xapi_id, caliper_id",
    ),
];

/// Arranges the help of a command.
pub fn arrange(command: Command) -> Command {
    let is_long = has_groups(&command);
    let notes = text_of(&notes_of(&command));
    let command = command.after_help(MORE).after_long_help(notes);
    if command.get_name() == "recover" {
        return command.mut_args(|arg| match RARE.contains(&arg.get_id().as_str()) {
            true => only_long(arg),
            false => arg,
        });
    }
    if !is_long {
        return command;
    }
    let command = command.mut_args(short_and_long);
    let help = Arg::new("help")
        .short('h')
        .long("help")
        .action(ArgAction::Help);
    let help = help.help_heading("Help");
    let help = help.help("Show the usual options; `--help` shows all options and examples");
    command.disable_help_flag(true).arg(help)
}

/// Arranges the help of the program, which lists the commands.
pub fn arrange_program(command: Command) -> Command {
    let rare = |arg: Arg| only_long(arg).help_heading("Terminal");
    let notes = text_of(&notes_of(&command));
    command
        .mut_arg("color", rare)
        .mut_arg("progress", rare)
        .after_help(START)
        .after_long_help(notes)
}

/// Returns the notes at the end of the long help of a command, each with its heading in a man page.
pub fn notes_of(command: &Command) -> Vec<(&'static str, String)> {
    let examples = examples_of(command.get_name());
    let has_codes =
        has_groups(command) || examples.is_some() || command.get_name() == "event-router";
    let examples = examples.map(|examples| ("EXAMPLES", examples));
    let codes = has_codes.then(|| ("EXIT STATUS", EXIT_CODES.to_owned()));
    let notes = examples.into_iter();
    let notes = notes.chain([("ENVIRONMENT", ENVIRONMENT.to_owned())]);
    let notes = notes.chain(codes);
    notes.chain([("SEE ALSO", GUIDE.to_owned())]).collect()
}

fn text_of(notes: &[(&'static str, String)]) -> String {
    let texts = notes.iter().map(|(_, text)| text.as_str());
    texts.collect::<Vec<_>>().join("\n\n")
}

/// Returns whether a command converts events, and so has many options, in groups.
fn has_groups(command: &Command) -> bool {
    let heading = |arg: &Arg| arg.get_id() == "to" && arg.get_help_heading().is_some();
    command.get_arguments().any(heading)
}

/// Puts the required options first, leaves rare options out of `-h`, and shortens the help of the others there.
fn short_and_long(arg: Arg) -> Arg {
    let arg = match arg.get_id().as_str() {
        "to" | "lms_root_url" | "inputs" => arg.help_heading("Required"),
        _ => arg,
    };
    let id = arg.get_id().as_str();
    if RARE.contains(&id) {
        return only_long(arg);
    }
    let short = SHORT.iter().find(|(option, _)| *option == id);
    let help = arg.get_help().map(StyledStr::to_string).unwrap_or_default();
    let first = help.split_once(". ").map(|(first, _)| first.to_owned());
    let short = short.map(|(_, short)| (*short).to_owned()).or(first);
    match short {
        Some(short) if arg.get_long_help().is_none() => arg.help(short).long_help(help),
        _ => arg,
    }
}

/// Leaves an option out of `-h`. Man pages show the long help of such options, so they need one.
fn only_long(arg: Arg) -> Arg {
    let help = arg.get_help().cloned().unwrap_or_default();
    arg.long_help(help).hide_short_help(true)
}

/// Returns the examples of a command, if it has any.
fn examples_of(command: &str) -> Option<String> {
    let (_, examples) = EXAMPLES.iter().find(|(name, _)| *name == command)?;
    let examples = examples.iter();
    let examples = examples.map(|(task, example)| format!("  # {task}\n  {example}\n"));
    let examples: String = examples.collect();
    Some(format!(
        "Examples, with these variables:\n{VARIABLES}\n\n{}",
        examples.trim_end()
    ))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::cli::program;

    /// Splits a command like a shell, for commands without escapes.
    fn words(command: &str) -> Vec<String> {
        let pieces = command.split('\'').enumerate();
        let words = pieces.flat_map(|(nth, piece)| match nth % 2 {
            0 => piece.split_whitespace().map(str::to_owned).collect(),
            _ => vec![piece.to_owned()],
        });
        words.collect()
    }

    #[test]
    fn the_examples_are_commands() {
        for (command, examples) in EXAMPLES {
            for (_, example) in *examples {
                let given = ["--to", "xapi", "--lms-root-url", "https://a.example"];
                let mut words = words(example);
                assert_eq!(words[..2], ["event-router", command]);
                if *command != "recover" {
                    words.extend(given.map(str::to_owned));
                }
                let parsed = program().try_get_matches_from(&words);
                assert!(parsed.is_ok(), "{example}: {}", parsed.unwrap_err());
            }
        }
    }

    #[test]
    fn arranged_options_exist() {
        let program = program();
        let mut commands = program.get_subcommands().flat_map(Command::get_arguments);
        let known: Vec<&str> = commands.by_ref().map(|arg| arg.get_id().as_str()).collect();
        let short = SHORT.iter().map(|(option, _)| option);
        for option in RARE.iter().chain(short) {
            assert!(known.contains(option), "{option}");
        }
    }
}
