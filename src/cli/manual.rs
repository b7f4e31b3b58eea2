//! `event-router completions` and `event-router man`: files for shells and for `man`, made of the command line's own
//! definition.

use std::fs;
use std::io::{self, Write};
use std::path::{Path, PathBuf};

use anyhow::{Context, Result, bail};
use clap::builder::{PossibleValuesParser, Resettable};
use clap::{Args, Command};
use clap_complete::{Generator, Shell};
use clap_mangen::Man;
use clap_mangen::roff::{Roff, roman};

use super::help;
use crate::exit_code::{ExitCode, Fatal, OrExit};
use crate::files::failed_to_write;

#[derive(Args, Debug)]
pub struct CompletionsArgs {
    /// The shell
    ///
    /// bash reads the file ~/.local/share/bash-completion/completions/event-router, zsh a file _event-router in a directory
    /// of $fpath, and fish the file ~/.config/fish/completions/event-router.fish.
    pub shell: Shell,
}

#[derive(Args, Debug)]
pub struct ManArgs {
    /// The command, such as `transform`, `lms export` or `lms-export`; without it, the page about the program
    pub command: Vec<String>,

    /// Write the pages of all commands to this directory, as packages need them
    #[arg(long, value_name = "DIR", conflicts_with = "command")]
    pub all_to: Option<PathBuf>,
}

impl CompletionsArgs {
    /// Writes the completions for the shell to standard output.
    ///
    /// # Errors
    /// Returns an error if standard output cannot be written.
    pub fn write(&self, mut program: Command) -> Result<ExitCode, Fatal> {
        let name = program.get_name().to_owned();
        program.set_bin_name(&name);
        let commands = program.get_subcommands();
        let commands: Vec<String> = commands
            .map(|command| command.get_name().to_owned())
            .collect();
        let mut program = program.mut_subcommand("man", |man| {
            man.mut_arg("command", |arg| {
                arg.value_parser(PossibleValuesParser::new(commands))
            })
        });
        program.build();
        let mut completions = Vec::new();
        let made = self.shell.try_generate(&program, &mut completions);
        made.or_exit(ExitCode::Output)?;
        let completions = String::from_utf8_lossy(&completions);
        // clap_complete 4.6 writes the hyphen of the program's name in two ways in bash, which then completes no option.
        let completions = completions.replace("event__subcmd__router", "event__router");
        print(completions.as_bytes())
    }
}

impl ManArgs {
    /// Writes the page to standard output, in the format that `man` reads (roff).
    ///
    /// # Errors
    /// Returns an error if there is no such command, or if standard output or a page cannot be written.
    pub fn write(&self, mut program: Command) -> Result<ExitCode, Fatal> {
        program.build();
        let source = program.render_version();
        // The footer has too little width for the name of the reference.
        let source = source.split(" (").next().unwrap_or_default().trim_end();
        if let Some(directory) = &self.all_to {
            let written = write_all(&program, source, directory);
            written.or_exit(ExitCode::Output)?;
            return Ok(ExitCode::Success);
        }
        let command = self.find(&program).or_exit(ExitCode::Usage)?;
        print(&page_of(command, source).or_exit(ExitCode::Output)?)
    }

    fn find<'p>(&self, program: &'p Command) -> Result<&'p Command> {
        let root = page_name(program);
        let name = self.command.join("-");
        let name = match name.starts_with(&root) {
            true => name,
            false => format!("{root}-{name}"),
        };
        match page_with_name(program, name.trim_end_matches('-')) {
            Some(command) => Ok(command),
            None => bail!(
                "there is no command `{}`: `event-router --help` lists the commands",
                self.command.join(" ")
            ),
        }
    }
}

/// Returns the command whose page has this name, among a command and its own commands.
fn page_with_name<'c>(command: &'c Command, name: &str) -> Option<&'c Command> {
    let own = page_name(command);
    let is_alias = |alias: &str| name.strip_suffix(alias) == own.strip_suffix(command.get_name());
    if own == name || command.get_all_aliases().any(is_alias) {
        return Some(command);
    }
    let mut commands = command.get_subcommands();
    commands.find_map(|command| page_with_name(command, name))
}

/// Writes the page of a command and those of its own commands to a directory.
fn write_all(command: &Command, source: &str, directory: &Path) -> Result<()> {
    let path = directory.join(format!("{}.1", page_name(command)));
    let written = fs::write(&path, page_of(command, source)?);
    written.with_context(|| failed_to_write(&path))?;
    let mut commands = command.get_subcommands();
    // clap adds a command `help` to each command that has commands.
    commands.try_for_each(|command| match command.get_name() {
        "help" => Ok(()),
        _ => write_all(command, source, directory),
    })
}

fn page_of(command: &Command, source: &str) -> Result<Vec<u8>> {
    let named = command.clone().name(page_name(command));
    let named = named.after_help(Resettable::Reset);
    let named = named.after_long_help(Resettable::Reset);
    let mut page = Vec::new();
    Man::new(named).source(source).render(&mut page)?;
    page.extend(notes_page(command).bytes());
    Ok(page)
}

/// Returns the sections of a page that are notes. Lines that are aligned or indented stay as they are.
fn notes_page(command: &Command) -> String {
    let mut roff = Roff::new();
    for (heading, text) in help::notes_of(command) {
        let is_literal = text.contains("\n  ");
        roff.control("SH", [heading]);
        if is_literal {
            roff.control("nf", []);
        }
        for line in text.lines() {
            roff.text([roman(line)]);
        }
        if is_literal {
            roff.control("fi", []);
        }
    }
    roff.to_roff()
}

/// Returns the name of a page, such as event-router-lms-export, for which `man` looks.
fn page_name(command: &Command) -> String {
    let name = command.get_bin_name().unwrap_or(command.get_name());
    name.replace(' ', "-")
}

fn print(text: &[u8]) -> Result<ExitCode, Fatal> {
    let written = match io::stdout().lock().write_all(text) {
        // The reader has closed the pipe, since it has seen enough.
        Err(error) if error.kind() == io::ErrorKind::BrokenPipe => Ok(()),
        written => written.context("cannot write to standard output"),
    };
    written.or_exit(ExitCode::Output)?;
    Ok(ExitCode::Success)
}
