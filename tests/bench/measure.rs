//! Measures the time, the processor time and the peak memory of a piece of work.

use std::fs;
use std::io::Read;
use std::process::{Child, Command, Stdio};
use std::thread;
use std::time::{Duration, Instant};

/// The result of several runs.
#[derive(Clone, Copy, Debug)]
pub struct Measured {
    /// The median time from start to end.
    pub seconds: f64,
    /// The mean processor time of all threads, in user and system mode. Known on Linux only.
    pub cpu_seconds: Option<f64>,
    /// The peak of the resident memory. Known on Linux only, and not for work in this process.
    pub peak_bytes: Option<u64>,
}

/// A piece of work that is measured.
pub enum Work<'w> {
    /// Work in this process.
    Here(Box<dyn Fn() + 'w>),
    /// A whole run of a program.
    Program(Command),
}

/// Runs each piece of work once to measure its memory, and then `runs` times to measure its time. The pieces alternate,
/// so that other load of the machine affects all of them alike. `clear` runs after each, untimed. Also returns the
/// standard error of the first run.
///
/// # Panics
/// Panics if a program fails.
pub fn alternately(
    runs: usize,
    works: &mut [Work<'_>],
    mut clear: impl FnMut(),
) -> Vec<(Measured, String)> {
    let mut watched = Vec::new();
    for work in &mut *works {
        watched.push(work.watch());
        clear();
    }
    let mut times = vec![Vec::new(); works.len()];
    for run in 1..=runs {
        eprintln!("run {run} of {runs}");
        for (work, times) in works.iter_mut().zip(&mut times) {
            times.push(work.time());
            clear();
        }
    }
    let measured = watched
        .into_iter()
        .zip(times)
        .map(|((peak_bytes, stderr_text), times)| {
            let cpu: Option<f64> = times.iter().map(|(_, cpu)| *cpu).sum();
            let measured = Measured {
                seconds: median(times.iter().map(|(seconds, _)| *seconds).collect()),
                cpu_seconds: cpu.map(|cpu| cpu / runs as f64),
                peak_bytes,
            };
            (measured, stderr_text)
        });
    measured.collect()
}

impl Work<'_> {
    /// Runs the work once, and returns the peak memory and the standard error.
    fn watch(&mut self) -> (Option<u64>, String) {
        match self {
            Self::Here(work) => {
                work();
                (None, String::new())
            }
            Self::Program(command) => watch(command),
        }
    }

    /// Runs the work once, and returns the time and the processor time in seconds.
    fn time(&mut self) -> (f64, Option<f64>) {
        let before = cpu_times();
        let started = Instant::now();
        match self {
            Self::Here(work) => work(),
            Self::Program(command) => {
                command.stdout(Stdio::null()).stderr(Stdio::null());
                let status = command.status().expect("the program runs");
                assert!(status.success(), "{command:?}");
            }
        }
        let seconds = started.elapsed().as_secs_f64();
        let cpu = before.zip(cpu_times()).map(|(before, after)| match self {
            Self::Here(_) => after.own - before.own,
            Self::Program(_) => after.children - before.children,
        });
        (seconds, cpu)
    }
}

fn median(mut seconds: Vec<f64>) -> f64 {
    seconds.sort_by(f64::total_cmp);
    let middle = seconds.len() / 2;
    if seconds.len().is_multiple_of(2) {
        f64::midpoint(seconds[middle - 1], seconds[middle])
    } else {
        seconds[middle]
    }
}

/// Runs a program once, and returns the peak memory and the standard error. Polling takes time, so this run is not
/// timed.
fn watch(command: &mut Command) -> (Option<u64>, String) {
    let child = command.stdout(Stdio::null()).stderr(Stdio::piped()).spawn();
    let mut child = child.expect("the program starts");
    let mut peak = None;
    while child
        .try_wait()
        .expect("the program can be waited for")
        .is_none()
    {
        peak = peak_bytes(&child).or(peak);
        thread::sleep(Duration::from_millis(1));
    }
    let mut stderr_text = String::new();
    let mut stderr = child.stderr.take().expect("standard error is piped");
    stderr
        .read_to_string(&mut stderr_text)
        .expect("standard error is text");
    let status = child.wait().expect("the program can be waited for");
    assert!(status.success(), "{command:?}: {stderr_text}");
    (peak, stderr_text)
}

/// Returns the peak of the resident memory so far. The kernel keeps the peak, so polling misses only a peak in the last
/// millisecond of a run.
fn peak_bytes(child: &Child) -> Option<u64> {
    let status = fs::read_to_string(format!("/proc/{}/status", child.id())).ok()?;
    let peak = status
        .lines()
        .find_map(|line| line.strip_prefix("VmHWM:"))?;
    let kilobytes: u64 = peak.trim().strip_suffix(" kB")?.parse().ok()?;
    Some(kilobytes * 1024)
}

/// Processor time so far, in seconds.
struct CpuTimes {
    own: f64,
    /// The time of child processes that have ended.
    children: f64,
}

fn cpu_times() -> Option<CpuTimes> {
    /// `USER_HZ`, the unit of the times that the kernel shows.
    const TICKS_PER_SECOND: f64 = 100.0;

    let stat = fs::read_to_string("/proc/self/stat").ok()?;
    // The fields utime, stime, cutime and cstime are the 14th to the 17th, after the name, which may contain spaces.
    let (_, fields) = stat.rsplit_once(") ")?;
    let ticks = fields.split(' ').skip(11).take(4);
    let ticks: Vec<f64> = ticks
        .map(|ticks| ticks.parse().ok())
        .collect::<Option<_>>()?;
    let [user, system, children_user, children_system] = ticks[..] else {
        return None;
    };
    Some(CpuTimes {
        own: (user + system) / TICKS_PER_SECOND,
        children: (children_user + children_system) / TICKS_PER_SECOND,
    })
}
