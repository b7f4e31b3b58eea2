//! A log that grows between runs, and the server that the runs send its statements to.

use std::sync::{Arc, Mutex};

use crate::harness::{Ended, ROOT_URL, Run, RunDirectory, line, poisoned};
use crate::lrs::{Lrs, ServerFault, ServerSettings};

/// The lines that are written before a run, `g` for a good and `p` for a bad statement, and the state of the server.
pub type Minute = (&'static str, State);

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum State {
    Up,
    /// The server has the fault of the scenario.
    Down,
    /// The server answers 401.
    Denied,
    /// The name of the server does not resolve.
    Nameless,
}
use State::{Denied, Down, Nameless, Up};

/// A log that grows, and the server that its statements are sent to.
pub struct Timer {
    pub directory: RunDirectory,
    pub lrs: Lrs,
    outage: Arc<Mutex<Option<ServerFault>>>,
    pub format: &'static str,
    pub options: &'static [&'static str],
    pub max_retries: &'static str,
    /// Whether the server is a proxy for a name that does not resolve.
    pub is_proxy: bool,
    log: String,
    pub good: usize,
    pub bad: usize,
}

impl Timer {
    pub fn new(
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
            max_retries: "2",
            is_proxy: false,
            log: String::new(),
            good: 0,
            bad: 0,
        }
    }

    /// Appends a good or bad line for each letter.
    pub fn write(&mut self, letters: &str) {
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

    pub fn set(&self, state: State, outage: &ServerFault) {
        *self.outage.lock().unwrap() = match state {
            Up | Nameless => None,
            Down => Some(outage.clone()),
            Denied => Some(ServerFault::Status(401)),
        };
    }

    pub fn run(&self) -> Ended {
        self.run_in(Up)
    }

    pub fn run_in(&self, state: State) -> Ended {
        let (path, mut url) = match self.format {
            "xapi" => ("/xAPI", self.lrs.xapi()),
            _ => ("/caliper", self.lrs.caliper()),
        };
        let proxy = url.replace(path, "");
        if self.is_proxy {
            url = format!("http://lrs.invalid:8080{path}");
        }
        let run = Run::new(&["send", "--to", self.format, "--lms-root-url", ROOT_URL])
            .in_directory(&self.directory)
            .args(&["--url", &url, "log", "--report", "report.json"])
            .args(&["--dead-letters", "dead", "--state", "state"])
            .args(&["--retry-delay", "0.001"])
            .args(&["--max-retries", self.max_retries])
            .args(self.options);
        if self.is_proxy && state != Nameless {
            return run.env("http_proxy", &proxy).run();
        }
        run.run()
    }

    /// Returns whether only bad statements have dead letters, and each dead letter has one.
    pub fn has_true_letters(&self) -> bool {
        let names = self.directory.files("dead");
        let mut letters = names
            .iter()
            .map(|name| self.directory.json(&format!("dead/{name}")));
        letters.all(|letter| {
            letter["items"].as_array().unwrap().len() == 1 && letter.to_string().contains("poison")
        })
    }

    /// Returns whether each bad statement has one dead letter, and all others are stored.
    pub fn is_done(&self) -> bool {
        let letters = self.directory.files("dead").len();
        self.has_true_letters() && letters == self.bad && self.lrs.stored().len() == self.good
    }
}

/// Runs a scenario, and checks the exit codes and the dead letters after each run.
pub fn check((name, minutes): &(&str, &[Minute]), mut timer: Timer, outage: &ServerFault) {
    let mut trace = format!("{name}: {} {:?}\n", timer.format, timer.options);
    for (lines, state) in *minutes {
        timer.set(*state, outage);
        timer.write(lines);
        let (requests, letters) = (timer.lrs.request_count(), timer.directory.files("dead"));
        let ended = timer.run_in(*state);
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
