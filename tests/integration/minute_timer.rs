//! Runs of a timer on a growing log: an outage leaves no dead letter, a bad statement leaves one, and everything else is
//! delivered.

use std::sync::{Arc, Mutex};

use crate::harness::{Ended, ROOT_URL, Run, RunDirectory, line, poisoned};
use crate::lrs::{Lrs, ServerFault, ServerSettings};

/// The lines that are written before a run, `g` for a good and `p` for a bad statement, and the state of the server.
type Minute = (&'static str, State);

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum State {
    Up,
    Down,
}
use State::{Down, Up};

/// A log that grows, and the server that its statements are sent to.
struct Timer {
    directory: RunDirectory,
    lrs: Lrs,
    outage: Arc<Mutex<Option<ServerFault>>>,
    format: &'static str,
    options: &'static [&'static str],
    log: String,
    good: usize,
    bad: usize,
}

impl Timer {
    fn new(
        format: &'static str,
        options: &'static [&'static str],
        settings: ServerSettings,
    ) -> Self {
        Self {
            directory: RunDirectory::new(),
            outage: Arc::clone(&settings.outage),
            lrs: Lrs::start(settings),
            format,
            options,
            log: String::new(),
            good: 0,
            bad: 0,
        }
    }

    /// Appends a good or bad line for each letter.
    fn write(&mut self, letters: &str) {
        for letter in letters.chars() {
            let second = u32::try_from(self.good + self.bad).unwrap();
            let (text, count) = match letter {
                'g' => (line(second), &mut self.good),
                _ => (poisoned(second), &mut self.bad),
            };
            self.log += &text;
            *count += 1;
        }
        self.directory.write("log", &self.log);
    }

    fn run(&self) -> Ended {
        let url = match self.format {
            "xapi" => self.lrs.xapi(),
            _ => self.lrs.caliper(),
        };
        Run::new(&["send", "--to", self.format, "--lms-root-url", ROOT_URL])
            .in_directory(&self.directory)
            .args(&["--url", &url, "log", "--report", "report.json"])
            .args(&["--dead-letters", "dead", "--state", "state"])
            .args(&["--retry-delay", "0.001", "--max-retries", "2"])
            .args(&["--read-timeout", "0.3"])
            .args(self.options)
            .run()
    }

    /// Returns whether only bad statements have dead letters, and each dead letter has one.
    fn has_true_letters(&self) -> bool {
        let names = self.directory.files("dead");
        let mut letters = names
            .iter()
            .map(|name| self.directory.json(&format!("dead/{name}")));
        letters.all(|letter| {
            letter["items"].as_array().unwrap().len() == 1 && letter.to_string().contains("poison")
        })
    }

    /// Returns whether each bad statement has one dead letter, and all others are stored.
    fn is_done(&self) -> bool {
        let letters = self.directory.files("dead").len();
        self.has_true_letters() && letters == self.bad && self.lrs.stored().len() == self.good
    }
}

/// The log and the server, minute by minute.
const SCENARIOS: [(&str, &[Minute]); 10] = [
    ("in the only batch", &[("ggpgg", Up), ("g", Up)]),
    ("first of many", &[("pggggggggggggg", Up)]),
    ("last of many", &[("gggggggggggggggp", Up)]),
    (
        "alone in a quiet minute, and again",
        &[("gg", Up), ("p", Up), ("p", Up), ("", Up), ("ggg", Up)],
    ),
    (
        "nothing but bad statements at first",
        &[("p", Up), ("p", Up), ("p", Up), ("g", Up), ("g", Up)],
    ),
    ("two in a batch", &[("gpggggpg", Up)]),
    ("two neighbours", &[("ggggppgg", Up)]),
    ("at both ends", &[("pgggggp", Up), ("g", Up)]),
    (
        "written during an outage",
        &[
            ("gg", Up),
            ("ggpg", Down),
            ("gg", Down),
            ("", Down),
            ("g", Up),
        ],
    ),
    (
        "alone before an outage",
        &[("p", Up), ("gg", Down), ("gg", Down), ("", Up), ("g", Up)],
    ),
];

/// Runs a scenario, and checks the exit codes and the dead letters after each run.
fn check((name, minutes): &(&str, &[Minute]), mut timer: Timer, outage: &ServerFault) {
    let mut trace = format!("{name}: {} {:?}\n", timer.format, timer.options);
    for (lines, state) in *minutes {
        *timer.outage.lock().unwrap() = (*state == Down).then(|| outage.clone());
        timer.write(lines);
        let (requests, letters) = (timer.lrs.request_count(), timer.directory.files("dead"));
        let ended = timer.run();
        trace += &format!(
            "{lines:?} {state:?}: exit code {}, {} requests, {} dead letters, {} stored: {}\n",
            ended.code,
            timer.lrs.request_count() - requests,
            ended.files("dead").len(),
            timer.lrs.stored().len(),
            ended.stderr,
        );
        assert!(timer.has_true_letters(), "{trace}");
        let is_as_it_was = ended.code == 5 && ended.files("dead") == letters;
        assert!(*state == Up || is_as_it_was, "{trace}");
    }
    assert!(timer.is_done(), "{trace}");
}

#[test]
fn a_bad_statement_leaves_one_dead_letter_and_an_outage_none() {
    const PAGE: &str = "<html><title>Bad Gateway</title></html>";
    let page = ServerFault::Answer(502, "Content-Type: text/html\r\n", PAGE);
    let [failure, away] = [500, 503].map(ServerFault::Status);
    let closed = ServerFault::CloseBeforeStoring;
    for (format, options, poison, outage) in [
        ("xapi", &[] as &[&str], &failure, &away),
        ("caliper", &[], &page, &failure),
        ("xapi", &["--batch-size", "4"], &failure, &closed),
        ("caliper", &["--connections", "1"], &closed, &page),
        (
            "xapi",
            &[],
            &closed,
            &ServerFault::RetryAfter(503, "0".to_owned()),
        ),
    ] {
        for scenario in &SCENARIOS {
            let settings = ServerSettings {
                poison_fault: poison.clone(),
                ..ServerSettings::default()
            };
            check(scenario, Timer::new(format, options, settings), outage);
        }
    }
}
