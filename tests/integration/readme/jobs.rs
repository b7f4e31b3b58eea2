//! Runs the commands of the jobs for cron and systemd, and checks the files that the page about jobs shows.

use super::commands::{checkout, run, run_shell, write_script};
use super::*;
use crate::harness::RunDirectory;
use crate::lrs::{Lrs, ServerSettings};

const CRON_PATH: &str = "/usr/bin:/bin";

fn job_file(name: &str) -> String {
    fs::read_to_string(root().join("src/guide/jobs").join(name)).unwrap()
}

/// Returns the commands of the crontab: the one of every minute and the one of every night.
fn cron_commands() -> [String; 2] {
    ["* * * * * ", "0 2 * * * "].map(|when| {
        let crontab = job_file("crontab");
        let mut commands = crontab.lines().filter_map(|line| line.strip_prefix(when));
        commands.next().unwrap().to_owned()
    })
}

/// Returns the commands of the service and of its copy that retries, as a shell runs them with the settings of the service.
fn service_commands() -> [String; 2] {
    let service = job_file("event-router.service");
    let setting = |name: &str| {
        let mut lines = service.lines();
        lines.find_map(|line| line.strip_prefix(name)).unwrap()
    };
    let variables = setting("EnvironmentFile=");
    let (name, credentials) = setting("LoadCredential=").split_once(':').unwrap();
    let credential = format!("${{CREDENTIALS_DIRECTORY}}/{name}");
    ["event-router.service", "retry.conf"].map(|file| {
        let file = job_file(file);
        let commands = file.lines().filter_map(|line| {
            line.strip_prefix("ExecStartPre=+")
                .or_else(|| line.strip_prefix("ExecStart="))
        });
        let commands = commands.filter(|command| !command.is_empty());
        let commands: Vec<_> = commands
            .map(|command| command.replace(&credential, credentials))
            .collect();
        format!("set -a && . {variables} && {}", commands.join(" && "))
    })
}

/// Returns a checkout whose settings name the server.
fn checkout_with(lrs: &Lrs) -> RunDirectory {
    let checkout = checkout();
    let variables = fs::read_to_string(checkout.path("etc/event-router/env")).unwrap();
    let variables = variables.replace("https://lrs.example.org/xAPI", &lrs.xapi());
    checkout.write("etc/event-router/env", &variables);
    let program = r#"exec "$PROGRAM" "$@""#;
    write_script(&checkout, "usr/local/bin/event-router", program);
    checkout.remove("var/lib/event-router/rejects.jsonl");
    checkout
}

#[test]
fn the_pages_show_the_files_of_the_jobs() {
    let page = Page::read("src/guide/jobs.md").text + &Page::read("src/guide/engines.md").text;
    for file in fs::read_dir(root().join("src/guide/jobs")).unwrap() {
        let name = file.unwrap().file_name().into_string().unwrap();
        let fence = format!("\n{}```\n", job_file(&name));
        assert!(page.contains(&fence), "{name}");
    }
}

#[test]
fn options_and_variables_of_the_jobs_exist() {
    let options = options();
    let page = Page::read("src/guide/jobs.md").text;
    let shown: String = page.split("```").skip(1).step_by(2).collect();
    let of_others = ["--now", "--locked", "--features", "--path", "--from"];
    for option in options_in(&shown) {
        assert!(
            options.contains(&option) || of_others.contains(&option.as_str()),
            "{option}"
        );
    }
    let variables = shown.split("EVENT_ROUTER_").skip(1);
    for variable in variables {
        let ends = |c: char| !(c.is_ascii_uppercase() || c == '_');
        let name = variable.split(ends).next().unwrap();
        let option = format!("--{}", name.to_lowercase().replace('_', "-"));
        assert!(options.contains(&option), "EVENT_ROUTER_{name}");
    }
}

#[test]
fn jobs_send_what_is_new_and_send_rejected_lines_once_the_table_has_their_users() {
    for [send, retry] in [cron_commands(), service_commands()] {
        let lrs = Lrs::start(ServerSettings::default());
        let checkout = checkout_with(&lrs);
        let users = checkout.read("etc/event-router/users.tsv");
        let header = users.split_inclusive(|byte| *byte == b'\n').next().unwrap();
        checkout.write("etc/event-router/users.tsv", header);
        for _minute in 0..2 {
            run_shell(&checkout, &send, CRON_PATH);
            assert_eq!(lrs.stored().len(), 0);
        }
        for _night in 0..2 {
            run(&checkout, &retry, CRON_PATH);
            run(&checkout, &send, CRON_PATH);
            assert_eq!(lrs.stored().len(), 149);
            let rejects = checkout.json_lines("var/lib/event-router/rejects.jsonl");
            assert_eq!(rejects.len(), 14);
        }
    }
}

#[test]
fn nothing_is_retried_after_a_failed_export_and_the_tables_stay() {
    for [_, retry] in [cron_commands(), service_commands()] {
        let checkout = checkout();
        let users = checkout.read("etc/event-router/users.tsv");
        write_script(&checkout, "usr/local/bin/mysql", "echo id; exit 1");
        write_script(&checkout, "usr/local/bin/event-router", "echo sent");
        let output = run_shell(&checkout, &retry, CRON_PATH);
        assert_eq!(output.status.code(), Some(1));
        assert_eq!(String::from_utf8_lossy(&output.stdout), "");
        assert_eq!(checkout.read("etc/event-router/users.tsv"), users);
    }
}
