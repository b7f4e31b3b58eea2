//! Random sequences of faults of two servers, over several runs on a growing log.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use proptest::prelude::*;
use proptest::test_runner::RngSeed;
use serde_json::{Value, json};

use crate::harness::{Ended, Run, RunDirectory, line, poisoned};
use crate::lrs::{Lrs, ServerFault, ServerSettings};

/// An answer that lists the id of a statement of somebody else.
const FOREIGN_IDS: &str = "[\"00000000-0000-4000-8000-000000000000\"]";

#[derive(Clone, Debug)]
struct Schedule {
    /// The faults of the first server by the numbers of its requests in all runs. Later requests succeed.
    faults: Vec<ServerFault>,
    /// The number of the request from which on the second server is dead, and its fault.
    death: Option<(usize, ServerFault)>,
    /// The numbers of lines that are written before each run.
    line_counts: Vec<u32>,
    poisoned_seconds: BTreeSet<u32>,
    /// The status of answers to requests with a poisoned statement.
    poison_status: u16,
    refuses_duplicates: bool,
    max_bytes: usize,
    batch_size: u32,
    connections: u32,
    max_retries: u32,
}

fn any_fault() -> impl Strategy<Value = ServerFault> {
    let temporary = prop::sample::select(vec![408, 413, 425, 429, 500, 502, 503, 504]);
    let refusal = prop::sample::select(vec![400, 403, 409, 422]);
    let of_waiting = prop::sample::select(vec![(429, "0"), (503, "Tue, 05 Mar 2024 09:00:00 GMT")]);
    let early = prop::sample::select(vec![413, 413, 503]);
    prop_oneof![
        9 => Just(ServerFault::None),
        4 => temporary.prop_map(ServerFault::Status),
        1 => refusal.prop_map(ServerFault::Status),
        2 => of_waiting.prop_map(|(status, when)| ServerFault::RetryAfter(status, when.to_owned())),
        2 => early.prop_map(ServerFault::Early),
        2 => Just(ServerFault::HalfAList),
        1 => Just(ServerFault::AnswerAfterStoring(200, "", "[]")),
        1 => Just(ServerFault::AnswerAfterStoring(204, "", "")),
        1 => Just(ServerFault::CloseBeforeStoring),
        1 => Just(ServerFault::CloseAfterStoring),
        1 => Just(ServerFault::HalfAnAnswer),
        1 => Just(ServerFault::NoBody),
        1 => Just(ServerFault::Malformed),
        1 => Just(ServerFault::Silence),
    ]
}

/// Faults without an answer, which need a short limit of time.
fn is_silent(fault: &ServerFault) -> bool {
    matches!(fault, ServerFault::Silence | ServerFault::NoBody)
}

fn is_foreign(faults: &[ServerFault]) -> bool {
    faults.iter().any(|fault| {
        let (ServerFault::Answer(_, _, body) | ServerFault::AnswerAfterStoring(_, _, body)) = fault
        else {
            return false;
        };
        *body == FOREIGN_IDS
    })
}

/// Faults, one of which may be an answer with foreign ids. The answer must be read, so no limit of time may be short.
fn any_faults() -> impl Strategy<Value = Vec<ServerFault>> {
    let foreign = prop::sample::select(vec![
        ServerFault::Answer(200, "", FOREIGN_IDS),
        ServerFault::AnswerAfterStoring(200, "", FOREIGN_IDS),
    ]);
    let foreign = prop::option::weighted(0.2, (any::<prop::sample::Index>(), foreign));
    let faults = prop::collection::vec(any_fault(), 1..40);
    (faults, foreign).prop_map(|(mut faults, foreign)| {
        if let Some((index, fault)) = foreign {
            let nth = index.index(faults.len());
            faults.retain(|fault| !is_silent(fault));
            faults.insert(nth.min(faults.len()), fault);
        }
        faults
    })
}

fn any_death() -> impl Strategy<Value = Option<(usize, ServerFault)>> {
    // Time-outs take long, and so are rare.
    let faults = prop_oneof![
        2 => Just(ServerFault::Status(401)),
        2 => Just(ServerFault::Status(503)),
        2 => Just(ServerFault::CloseBeforeStoring),
        2 => Just(ServerFault::CloseAfterStoring),
        1 => Just(ServerFault::Silence),
    ];
    prop::option::of((0usize..8, faults))
}

fn any_schedule() -> impl Strategy<Value = Schedule> {
    let servers = (
        any_faults(),
        any_death(),
        prop::sample::select(vec![400, 403, 422, 500]),
        any::<bool>(),
        prop::sample::select(vec![1500usize, 10_000, usize::MAX]),
    );
    let lines = (
        prop::collection::vec(0u32..60, 1..5),
        prop::collection::btree_set(0u32..120, 0..3),
    );
    let options = (1u32..50, 1u32..5, 0u32..4);
    (servers, lines, options).prop_map(|(servers, lines, options)| Schedule {
        death: servers
            .1
            .filter(|(_, fault)| !(is_silent(fault) && is_foreign(&servers.0))),
        faults: servers.0,
        poison_status: servers.2,
        refuses_duplicates: servers.3,
        max_bytes: servers.4,
        line_counts: lines.0,
        poisoned_seconds: lines.1,
        batch_size: options.0,
        connections: options.1,
        max_retries: options.2,
    })
}

impl Schedule {
    /// Returns a short limit of time if a server may not answer.
    fn read_timeout(&self) -> &[&'static str] {
        let death = self.death.iter().map(|(_, fault)| fault);
        let mut faults = self.faults.iter().chain(death);
        match faults.any(is_silent) {
            true => &["--read-timeout", "0.2"],
            false => &[],
        }
    }
}

/// Two servers, the directory of the runs, and the statements of the log.
struct Scene {
    schedule: Schedule,
    directory: RunDirectory,
    servers: [Lrs; 2],
    /// Whether the servers work.
    are_well: Arc<AtomicBool>,
    /// Whether the first server has answered a delivery with foreign ids.
    is_foreign: Arc<AtomicBool>,
    /// The lines of the log that are written.
    log: String,
    statements: BTreeMap<String, Value>,
}

impl Scene {
    fn new(schedule: Schedule) -> Self {
        let (are_well, is_foreign) = (Arc::<AtomicBool>::default(), Arc::<AtomicBool>::default());
        let (faults, death, foreign) = (
            schedule.faults.clone(),
            schedule.death.clone(),
            Arc::clone(&is_foreign),
        );
        let first = move |nth: usize, method: &str| {
            let fault = faults.get(nth).cloned().unwrap_or(ServerFault::None);
            let (ServerFault::Answer(_, _, body) | ServerFault::AnswerAfterStoring(_, _, body)) =
                &fault
            else {
                return fault;
            };
            if method == "GET" {
                return ServerFault::None;
            }
            // After storing, the server may refuse the items instead.
            let is_sent = matches!(fault, ServerFault::Answer(..));
            foreign.fetch_or(is_sent && *body == FOREIGN_IDS, Ordering::Relaxed);
            fault
        };
        let second = move |nth: usize, _: &str| match &death {
            Some((from, fault)) if nth >= *from => fault.clone(),
            _ => ServerFault::None,
        };
        let directory = RunDirectory::new();
        let servers = [
            start(&schedule, &are_well, first),
            start(&schedule, &are_well, second),
        ];
        let routers = servers.each_ref();
        let routers = routers.map(|lrs| json!({"backend_name": "xAPI", "route_url": lrs.xapi()}));
        directory.write("routers.json", json!(routers).to_string());
        Self {
            schedule,
            directory,
            servers,
            are_well,
            is_foreign,
            log: String::new(),
            statements: BTreeMap::new(),
        }
    }

    /// Appends lines to the log.
    fn write(&mut self, count: u32) {
        let first = self.log.lines().count() as u32;
        for second in first..first + count {
            self.log += &match self.schedule.poisoned_seconds.contains(&second) {
                true => poisoned(second),
                false => line(second),
            };
        }
        self.directory.write("logs/a.log", &self.log);
        self.statements = transformed(&self.log);
    }

    fn send(&self) -> Ended {
        let Schedule {
            batch_size,
            connections,
            max_retries,
            ..
        } = &self.schedule;
        self.directory
            .run_with_state(&["send", "--routers", "routers.json"])
            .args(&["--batch-size", &batch_size.to_string()])
            .args(&["--connections", &connections.to_string()])
            .args(&["--max-retries", &max_retries.to_string()])
            .args(&["--retry-delay", "0.001"])
            .args(match self.are_well.load(Ordering::Relaxed) {
                true => &[],
                false => self.schedule.read_timeout(),
            })
            .args(&["--dead-letters", "dead", "--report", "report.json"])
            .run()
    }

    /// Returns the ids in the dead letters for a server. Fails if an id is in two letters.
    #[track_caller]
    fn dead(&self, lrs: &Lrs) -> BTreeSet<String> {
        let mut dead = BTreeSet::new();
        for name in self.directory.files("dead") {
            let letter = self.directory.json(&format!("dead/{name}"));
            for item in letter["items"].as_array().unwrap() {
                let is_new = letter["router"] != lrs.xapi()
                    || dead.insert(item["id"].as_str().unwrap().to_owned());
                assert!(is_new, "{item} is in two letters");
            }
        }
        dead
    }

    /// Checks that all statements are stored, in a dead letter or left for the next run, as the exit code and the report
    /// say.
    #[track_caller]
    fn check(&self, ended: &Ended) {
        assert!([0, 4, 5].contains(&ended.code), "{}", ended.stderr);
        let report = ended.report();
        let (mut left, mut undeliverable) = (0, 0);
        for (lrs, router) in self
            .servers
            .iter()
            .zip(report["routers"].as_array().unwrap())
        {
            let count = |key: &str| router[key].as_u64().unwrap() as usize;
            let (stored, dead) = (lrs.stored(), self.dead(lrs));
            let is_lost = |id: &&String| !stored.contains_key(*id) && !dead.contains(*id);
            let lost = self.statements.keys().filter(is_lost).count();
            assert!(lost <= count("left"), "{lost} are lost: {}", ended.stderr);
            left += count("left");
            undeliverable += count("undeliverable");
        }
        assert_eq!(left > 0, ended.code == 5, "{}", ended.stderr);
        if ended.code != 5 {
            assert_eq!(undeliverable > 0, ended.code == 4, "{}", ended.stderr);
        }
    }

    /// Checks that all statements that the servers take are stored, and that the others are in dead letters or were left by
    /// the last run.
    #[track_caller]
    fn check_end(&self, ended: &Ended) {
        for lrs in &self.servers {
            let (stored, dead) = (lrs.stored(), self.dead(lrs));
            for (id, statement) in &self.statements {
                let text = statement.to_string();
                let is_taken =
                    !text.contains("poison") && text.len() + 2 <= self.schedule.max_bytes;
                let expected = is_taken.then_some(statement);
                assert_eq!(stored.get(id), expected, "{id}: {}", ended.stderr);
                let is_kept = dead.contains(id) || ended.code == 5;
                assert!(is_taken || is_kept, "{id}: {}", ended.stderr);
                assert!(!is_taken || !dead.contains(id), "{id}: {}", ended.stderr);
            }
        }
    }
}

fn start(
    schedule: &Schedule,
    are_well: &Arc<AtomicBool>,
    fault: impl Fn(usize, &str) -> ServerFault + Send + Sync + 'static,
) -> Lrs {
    let are_well = Arc::clone(are_well);
    Lrs::start(ServerSettings {
        fault: Box::new(move |nth, method| match are_well.load(Ordering::Relaxed) {
            true => ServerFault::None,
            false => fault(nth, method),
        }),
        poison: ("poison", schedule.poison_status),
        refuses_duplicates: schedule.refuses_duplicates,
        max_bytes: schedule.max_bytes,
        ..ServerSettings::default()
    })
}

fn transformed(log: &str) -> BTreeMap<String, Value> {
    let rows = Run::transform()
        .args(&["-"])
        .stdin(log)
        .run()
        .with_code(0)
        .rows();
    rows.into_iter()
        .map(|row| (row["id"].as_str().unwrap().to_owned(), row))
        .collect()
}

proptest! {
    #![proptest_config(ProptestConfig {
        cases: 30,
        max_shrink_iters: 20,
        failure_persistence: None,
        rng_seed: RngSeed::Fixed(20_240_305),
        ..ProptestConfig::default()
    })]

    /// Nothing is lost and nothing is stored twice, whatever the servers do. Once they work again, the next run and
    /// `recover` deliver the rest.
    #[test]
    fn each_statement_is_stored_once_or_kept_for_later(schedule in any_schedule()) {
        let mut scene = Scene::new(schedule);
        for count in scene.schedule.line_counts.clone() {
            scene.write(count);
            let ended = scene.send();
            scene.check(&ended);
            if scene.is_foreign.swap(false, Ordering::Relaxed) {
                prop_assert_eq!(ended.code, 5, "{}", ended.stderr);
            }
        }

        scene.are_well.store(true, Ordering::Relaxed);
        let ended = scene.send();
        scene.check(&ended);
        // A server that answers 403 or 500 to all that is left may not take anything.
        let may_stop = [403, 500].contains(&scene.schedule.poison_status);
        prop_assert!(ended.code != 5 || may_stop, "{}", ended.stderr);
        let recovered = Run::new(&["recover", "--routers", "routers.json", "--dead-letters", "dead"])
            .in_directory(&scene.directory)
            .args(&["--retry-delay", "0.001", "--max-retries", "1"])
            .run();
        prop_assert!([0, 4, 5].contains(&recovered.code), "{}", recovered.stderr);
        scene.check_end(&ended);
    }
}
