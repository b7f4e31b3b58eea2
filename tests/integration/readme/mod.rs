//! The README and the pages of the guide match the program.

#[cfg(unix)]
mod commands;
#[cfg(unix)]
mod jobs;

use std::collections::BTreeSet;
use std::fs;
use std::path::{Path, PathBuf};

use event_routing_backends::outcome::Reason;

use crate::harness::{Run, fixture};

/// Options in the pages that belong to other programs, or to all programs.
const OPTIONS_OF_OTHERS: [&str; 26] = [
    "--array",
    "--from",
    "--batch",
    "--bytes",
    "--decrypt",
    "--default-character-set",
    "--document-private-items",
    "--failed",
    "--features",
    "--format",
    "--from-file",
    "--gzip",
    "--help",
    "--locked",
    "--long",
    "--now",
    "--open",
    "--out",
    "--path",
    "--quick",
    "--raw",
    "--reference",
    "--reference-bytes",
    "--runs",
    "--slurm",
    "--sshlogin",
];

struct Page {
    path: PathBuf,
    text: String,
}

impl Page {
    fn read(path: &str) -> Self {
        let path = root().join(path);
        let text = fs::read_to_string(&path).unwrap();
        Self { path, text }
    }

    /// The contents of the fences of a language.
    fn fences(&self, language: &str) -> Vec<String> {
        let start = format!("```{language}\n");
        let fences = self.text.split(&start).skip(1);
        fences
            .map(|rest| rest.split("```").next().unwrap().to_owned())
            .collect()
    }

    /// The text without the commands and files that it shows.
    fn prose(&self) -> String {
        self.text.split("```").step_by(2).collect()
    }

    /// The anchors of the headings, as the forge and rustdoc make them.
    fn anchors(&self) -> BTreeSet<String> {
        let headings = self.text.lines().filter(|line| line.starts_with('#'));
        let kept = |c: char| c.is_alphanumeric() || c == ' ' || c == '-' || c == '_';
        headings
            .map(|heading| heading.trim_start_matches('#').trim().to_lowercase())
            .map(|heading| heading.replace(|c| !kept(c), "").replace(' ', "-"))
            .collect()
    }
}

fn root() -> &'static Path {
    Path::new(env!("CARGO_MANIFEST_DIR"))
}

fn readme() -> Page {
    Page::read("README.md")
}

fn guide() -> Vec<Page> {
    let files = fs::read_dir(root().join("src/guide")).unwrap();
    let files = files.map(|file| file.unwrap().file_name().into_string().unwrap());
    let mut names: Vec<String> = files.filter(|name| name.ends_with(".md")).collect();
    names.sort();
    let pages = names.iter();
    pages
        .map(|name| Page::read(&format!("src/guide/{name}")))
        .collect()
}

fn pages() -> Vec<Page> {
    let mut pages = guide();
    pages.push(readme());
    pages
}

/// The options that the help of all commands names.
fn options() -> BTreeSet<String> {
    let mut options = BTreeSet::new();
    for command in [
        &["transform"][..],
        &["inspect"],
        &["explain"],
        &["send"],
        &["verify"],
        &["recover"],
        &["dead-letters"],
        &["lms", "export"],
        &["lms", "external-ids"],
        &["man"],
    ] {
        let help = Run::new(&[command, &["--help"]].concat())
            .run()
            .with_code(0)
            .stdout;
        options.extend(options_in(&String::from_utf8(help).unwrap()));
    }
    options
}

fn options_in(text: &str) -> BTreeSet<String> {
    let ends = |c: char| !(c.is_ascii_lowercase() || c == '-');
    let words = text.split(|c: char| c.is_whitespace() || "`|([".contains(c));
    let options = words.filter(|word| word.starts_with("--"));
    let options = options.map(|word| word.split(ends).next().unwrap().to_owned());
    options.filter(|option| !option.ends_with('-')).collect()
}

#[test]
fn the_readme_is_short() {
    let lines = readme().text.lines().count();
    assert!(lines <= 250, "{lines} lines");
}

#[test]
fn every_option_and_every_reason_code_is_described() {
    let described: String = pages().into_iter().map(|page| page.text).collect();
    for option in options() {
        assert!(described.contains(&option), "{option}");
    }
    let readme = readme().text;
    for (_, code) in Reason::ALL {
        let cell = format!("| `{code}` |");
        let row = readme.lines().find(|line| line.contains(&cell));
        let row = row.unwrap_or_else(|| panic!("no row for {code}"));
        let (_, meaning_and_remedy) = row.split_once(&cell).unwrap();
        let cells: Vec<_> = meaning_and_remedy
            .trim_end_matches('|')
            .split('|')
            .collect();
        assert_eq!(cells.len(), 2, "{row}");
        assert!(cells.iter().all(|cell| !cell.trim().is_empty()), "{row}");
    }
}

#[test]
fn every_option_that_is_mentioned_exists() {
    let mut options = options();
    options.extend(OPTIONS_OF_OTHERS.map(str::to_owned));
    for page in pages() {
        for option in options_in(&page.prose()) {
            let path = page.path.display();
            assert!(options.contains(&option), "{option} in {path}");
        }
    }
}

#[test]
fn links_lead_to_files_and_headings_that_exist() {
    for page in pages() {
        let definitions = page.text.lines().filter(|line| line.starts_with('['));
        let definitions = definitions.filter_map(|line| line.split_once("]: "));
        let inline = page.text.split("](").skip(1);
        let inline = inline.map(|rest| rest.split(')').next().unwrap());
        let links = definitions.map(|(_, target)| target).chain(inline);
        for link in links.filter(|link| !link.starts_with("http")) {
            let (file, anchor) = link.split_once('#').unwrap_or((link, ""));
            let mut path = page.path.clone();
            if !file.is_empty() {
                path = path.parent().unwrap().join(file);
            }
            assert!(path.is_file(), "{link} in {}", page.path.display());
            let anchors = Page::read(path.to_str().unwrap()).anchors();
            assert!(anchor.is_empty() || anchors.contains(anchor), "{link}");
        }
    }
}

/// On the forge a page is a file, and in rustdoc a module. The links of both are kept apart in `guide/mod.rs`.
#[test]
fn links_between_the_pages_of_the_guide_work_in_rustdoc() {
    let module = fs::read_to_string(root().join("src/guide/mod.rs")).unwrap();
    for page in guide() {
        let name = page.path.file_name().unwrap().to_str().unwrap();
        let module_name = name.strip_suffix(".md").unwrap();
        assert!(module.contains(&format!("{module_name}: \"{name}\",")));
        assert!(!page.text.contains(".md)"), "inline link in {name}");
        assert!(!page.text.contains(".md#"), "inline link in {name}");
        let definitions = page.text.lines().filter(|line| line.starts_with('['));
        for (label, target) in definitions.filter_map(|line| line.split_once("]: ")) {
            let target = target.replace("../../README.md", "crate");
            let target = match target.strip_suffix(".md") {
                Some(module) => format!("crate::guide::{module}"),
                None => target,
            };
            let definition = format!("{label}]: {target}\"");
            assert!(module.contains(&definition), "{definition} for {name}");
        }
    }
}

#[test]
fn the_queries_that_the_guide_shows_are_those_of_the_files() {
    let mut queries = Page::read("src/guide/lookup_tables.md").fences("sql");
    // The page also shows how to create an account.
    queries.retain(|query| query.starts_with("SELECT"));
    let files = ["users", "courses"].map(|table| root().join(format!("src/guide/{table}.sql")));
    assert_eq!(queries, files.map(|file| fs::read_to_string(file).unwrap()));
}

#[test]
fn the_export_script_reads_the_database_as_the_pages_show() {
    let script = fs::read_to_string(root().join("src/guide/export.sh")).unwrap();
    for page in [readme(), Page::read("src/guide/lookup_tables.md")] {
        let commands = page.fences("sh").concat();
        let tutor = commands.lines().find(|line| line.starts_with("lms_db()"));
        assert!(script.contains(tutor.unwrap()));
        if let Some(other) = commands.lines().find(|line| line.starts_with("mysql ")) {
            let other = other.split(" <").next().unwrap();
            assert!(script.contains(&format!("lms_db() {{ {other}; }}")));
        }
    }
}

#[test]
fn the_line_that_the_readme_shows_becomes_the_statement_that_it_shows() {
    let readme = readme();
    let [line, ..] = &readme.fences("text")[..] else {
        panic!("no log line");
    };
    let [statement] = &readme.fences("json")[..] else {
        panic!("not one statement");
    };
    let run = Run::transform().tables().args(&["-"]).stdin(line);
    let ended = run.run().with_code(0);
    assert_eq!(String::from_utf8(ended.stdout).unwrap(), *statement);
}

#[test]
fn the_first_command_prints_the_summary_that_the_readme_shows() {
    let readme = readme();
    let command = &readme.fences("sh")[0];
    let arguments = command.strip_prefix("cargo run --release -- ").unwrap();
    let run = Run::new(&arguments.split_whitespace().collect::<Vec<_>>());
    copy(&fixture(""), &run.directory.path("fixtures"));
    let ended = run.without_counts().run().with_code(0);
    assert_eq!(ended.files("out"), ["tracking.log.xapi.jsonl"]);
    let lines: Vec<&str> = ended.stderr.lines().collect();
    // The third line has the time and the speed.
    for part in [lines[..2].join("\n"), lines[3..].join("\n")] {
        assert!(readme.text.contains(&part), "{part}");
    }
}

fn copy(from: &Path, to: &Path) {
    for entry in walkdir::WalkDir::new(from).into_iter().map(Result::unwrap) {
        let target = to.join(entry.path().strip_prefix(from).unwrap());
        if entry.file_type().is_dir() {
            fs::create_dir_all(target).unwrap();
        } else {
            fs::copy(entry.path(), target).unwrap();
        }
    }
}
