//! The README and the pages of the guide match the program.

use std::collections::BTreeSet;
use std::fs;
use std::path::{Path, PathBuf};

use event_routing_backends::outcome::Reason;

use crate::harness::{Run, fixture};

/// Options in the pages that belong to other programs, or to all programs.
const OPTIONS_OF_OTHERS: [&str; 16] = [
    "--batch",
    "--bytes",
    "--default-character-set",
    "--document-private-items",
    "--format",
    "--gzip",
    "--help",
    "--locked",
    "--now",
    "--open",
    "--out",
    "--path",
    "--quick",
    "--raw",
    "--reference-bytes",
    "--runs",
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
        "transform",
        "explain",
        "send",
        "verify",
        "recover",
        "dead-letters",
    ] {
        let help = Run::new(&[command, "--help"]).run().with_code(0).stdout;
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
    let queries = Page::read("src/guide/lookup_tables.md").fences("sql");
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
    let ended = run.run().with_code(0);
    assert_eq!(ended.files("out"), ["tracking.log.xapi.jsonl"]);
    let summary = ended.stderr.lines().skip(1).collect::<Vec<_>>().join("\n");
    assert!(readme.text.contains(&summary), "{summary}");
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

/// Runs the commands of the pages in a shell, in a directory that looks like a checkout with logs.
#[cfg(unix)]
mod commands {
    use std::io::Read;
    use std::os::unix::fs::PermissionsExt;
    use std::process::{Command, Output};

    use flate2::read::GzDecoder;
    use serde_json::json;

    use super::*;
    use crate::harness::RunDirectory;
    use crate::lrs::{Lrs, ServerSettings};

    /// The program, which makes no requests here.
    const EVENT_ROUTER: &str = r#"case "$1" in
send | recover) set -- "$@" --dry-run ;;
verify) shift; set -- send "$@" --dry-run ;;
esac
exec "$PROGRAM" "$@""#;
    const CARGO: &str = r#"if [ "$1" = run ]; then shift 3; exec event-router "$@"; fi"#;
    const MYSQL: &str = r#"if grep -q auth_user; then table=users; else table=courses; fi
cat "$CHECKOUT/fixtures/$table.csv""#;
    const DOCKER: &str = r#"case "$1" in
exec) shift 3; export MYSQL_ROOT_PASSWORD=secret; exec "$@" ;;
logs) cat logs/tracking.log ;;
inspect) echo container.log ;;
esac"#;

    /// Makes a directory that has what the commands of the pages read.
    fn checkout() -> RunDirectory {
        let checkout = RunDirectory::new();
        copy(&fixture(""), &checkout.path("fixtures"));
        copy(&root().join("src/guide"), &checkout.path("src/guide"));
        for (name, script) in [
            ("event-router", EVENT_ROUTER),
            ("cargo", CARGO),
            ("mysql", MYSQL),
            ("tutor", "echo secret"),
            ("docker", DOCKER),
            ("sudo", r#"exec "$@""#),
            ("install", ""),
            ("jq", ""),
        ] {
            write_script(&checkout, &format!("usr/local/bin/{name}"), script);
        }
        write_script(&checkout, "tests/bench/compare", "");

        let sample = fs::File::open(fixture("sample/tracking.log.gz")).unwrap();
        let mut log = Vec::new();
        GzDecoder::new(sample).read_to_end(&mut log).unwrap();
        let lines = String::from_utf8_lossy(&log);
        let wrapped = lines.lines().map(|line| json!({ "log": line }).to_string());
        checkout.write("container.log", wrapped.collect::<Vec<_>>().join("\n"));
        checkout.write("logs/tracking.log", &log);
        checkout.write("edx/var/log/tracking/tracking.log", &log);

        for table in ["users", "courses"] {
            let csv = checkout.read(&format!("fixtures/{table}.csv"));
            checkout.write(&format!("{table}.tsv"), &csv);
            checkout.write(&format!("etc/event-router/{table}.tsv"), &csv);
            let query = checkout.read(&format!("src/guide/{table}.sql"));
            checkout.write(&format!("etc/event-router/{table}.sql"), &query);
        }
        let export = fs::read_to_string(checkout.path("src/guide/export.sh")).unwrap();
        let export = below(&checkout, &export);
        write_script(&checkout, "etc/event-router/export", &export);
        let reject = json!({ "file": "tracking.log", "line": 1, "reason": "unknown-user", "raw": lines.lines().next() });
        checkout.write("var/lib/event-router/rejects.jsonl", format!("{reject}\n"));
        let variables = readme().fences("ini")[0].replace("=/", "=");
        checkout.write("etc/event-router/env", variables);
        for dead_letters in ["dead", "var/lib/event-router/dead"] {
            fs::create_dir_all(checkout.path(dead_letters)).unwrap();
        }
        checkout
    }

    fn write_script(checkout: &RunDirectory, name: &str, script: &str) {
        checkout.write(name, format!("#!/bin/sh\n{script}\n"));
        fs::set_permissions(checkout.path(name), fs::Permissions::from_mode(0o755)).unwrap();
    }

    /// Returns the script with the absolute paths in it as paths below the checkout.
    fn below(checkout: &RunDirectory, script: &str) -> String {
        let root = checkout.path("").display().to_string();
        let root = root.trim_end_matches('/');
        let mut script = format!(" {script}");
        for (before, start) in [
            (" ", "etc"),
            (" ", "usr"),
            ("=", "usr"),
            (" ", "var"),
            (" ", "edx"),
        ] {
            let path = format!("{before}/{start}/");
            script = script.replace(&path, &format!("{before}{root}/{start}/"));
        }
        script
    }

    fn run_shell(checkout: &RunDirectory, commands: &str, path: &str) -> Output {
        let script = below(checkout, commands);
        let mut command = Command::new("sh");
        command
            .args(["-e", "-c", &script])
            .current_dir(checkout.path(""));
        command.env_clear().env("PATH", path);
        command.env("PROGRAM", env!("CARGO_BIN_EXE_event-router"));
        command.env("CHECKOUT", checkout.path(""));
        command.output().unwrap()
    }

    fn run(checkout: &RunDirectory, commands: &str, path: &str) {
        let output = run_shell(checkout, commands, path);
        let stderr = String::from_utf8_lossy(&output.stderr);
        assert!(output.status.success(), "{commands}: {stderr}");
        // The rejects of the sample are rejected again when they are replayed.
        let mut warnings = stderr.lines().filter(|line| line.contains("warning"));
        let is_replay = |line: &str| line.contains("all 11 events were rejected");
        assert!(warnings.all(is_replay), "{commands}: {stderr}");
    }

    #[test]
    fn every_command_that_is_shown_works() {
        let pages = pages();
        let commands = pages.iter().map(|page| page.fences("sh"));
        for commands in commands.filter(|commands| !commands.is_empty()) {
            let checkout = checkout();
            let path = checkout.path("usr/local/bin");
            let path = format!("{}:/usr/bin:/bin", path.display());
            for commands in commands {
                run(&checkout, &commands, &path);
            }
        }
    }

    #[test]
    fn the_nightly_command_works_in_the_environment_of_cron() {
        let readme = readme();
        let [line] = &readme.fences("cron")[..] else {
            panic!("not one line for cron");
        };
        let command = line.strip_prefix("0 2 * * * ").unwrap();
        let checkout = checkout();
        let lrs = Lrs::start(ServerSettings::default());
        let variables = fs::read_to_string(checkout.path("etc/event-router/env")).unwrap();
        let variables = variables.replace("https://lrs.example.org/xAPI", &lrs.xapi());
        checkout.write("etc/event-router/env", &variables);
        write_script(
            &checkout,
            "usr/local/bin/event-router",
            r#"exec "$PROGRAM" "$@""#,
        );
        for table in ["users", "courses"] {
            checkout.remove(&format!("etc/event-router/{table}.tsv"));
        }
        for _night in 0..2 {
            run(&checkout, command, "/usr/bin:/bin");
            assert_eq!(lrs.stored().len(), 149);
        }

        let fences = readme.fences("sh");
        let mut commands = fences.iter().flat_map(|commands| commands.lines());
        let replay = commands.find(|line| line.contains("unset EVENT_ROUTER_STATE"));
        let path = format!("{}:/usr/bin:/bin", checkout.path("usr/local/bin").display());
        for _repetition in 0..2 {
            run(&checkout, replay.unwrap(), &path);
            let rejects = checkout.json_lines("var/lib/event-router/rejects.jsonl");
            assert_eq!(rejects.len(), 15);
            assert_eq!(lrs.stored().len(), 149);
        }

        let unit = &readme.fences("ini")[1];
        let setting = |name| unit.lines().find_map(|line| line.strip_prefix(name));
        assert!(command.starts_with(setting("ExecStartPre=").unwrap()));
        assert!(command.trim_end().ends_with(setting("ExecStart=").unwrap()));
    }

    #[test]
    fn nothing_is_sent_after_a_failed_export_and_the_tables_stay() {
        let cron = readme().fences("cron")[0].clone();
        let command = cron.strip_prefix("0 2 * * * ").unwrap();
        let checkout = checkout();
        let users = checkout.read("etc/event-router/users.tsv");
        write_script(&checkout, "usr/local/bin/mysql", "echo id; exit 1");
        write_script(&checkout, "usr/local/bin/event-router", "echo sent");
        let output = run_shell(&checkout, command, "/usr/bin:/bin");
        assert_eq!(output.status.code(), Some(1));
        assert_eq!(String::from_utf8_lossy(&output.stdout), "");
        assert_eq!(checkout.read("etc/event-router/users.tsv"), users);
    }
}
