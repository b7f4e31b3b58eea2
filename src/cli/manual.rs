//! `event-router completions` and `event-router man`: files for shells and for `man`, made of the command line's own
//! definition.

use std::fs;
use std::io::{self, Write};
use std::path::{Path, PathBuf};

use anyhow::{Context, Result, bail};
use clap::{Args, Command};
use clap_complete::{Generator, Shell};
use clap_mangen::Man;

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
    /// The command, such as `transform` or `lms export`; without it, the page about the program
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
        let mut command = program;
        for word in &self.command {
            let Some(found) = command.find_subcommand(word) else {
                bail!(
                    "there is no command `{}`: `event-router --help` lists the commands",
                    self.command.join(" ")
                );
            };
            command = found;
        }
        Ok(command)
    }
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
    let mut page = Vec::new();
    Man::new(named).source(source).render(&mut page)?;
    Ok(page)
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
