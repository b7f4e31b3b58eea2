//! How long something takes, how much of the processor, and how much memory at its peak.

use std::fs;
use std::io::Read;
use std::process::{Child, Command, Stdio};
use std::thread;
use std::time::{Duration, Instant};

/// What some runs came to.
#[derive(Clone, Copy, Debug)]
pub struct Measured {
    /// From start to end: the median.
    pub seconds: f64,
    /// Of all threads, in user and system mode: the mean. Only Linux tells.
    pub cpu_seconds: Option<f64>,
    /// Resident bytes. Only Linux tells, and not of this process.
    pub peak_bytes: Option<u64>,
}

/// What is measured.
pub enum Work<'w> {
    /// Something in this process.
    Here(Box<dyn Fn() + 'w>),
    /// A program that is run to its end.
    Program(Command),
}

/// Does each once, watching programs, and then all of them in turns so many times, so that a busy minute of the machine
/// is everybody's. `clear` comes after each, untimed. Also gives what programs told on standard error when watched.
///
/// # Panics
/// When a program fails.
pub fn in_turns(
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
        .map(|((peak_bytes, told), times)| {
            let cpu: Option<f64> = times.iter().map(|(_, cpu)| *cpu).sum();
            let measured = Measured {
                seconds: median(times.iter().map(|(seconds, _)| *seconds).collect()),
                cpu_seconds: cpu.map(|cpu| cpu / runs as f64),
                peak_bytes,
            };
            (measured, told)
        });
    measured.collect()
}

impl Work<'_> {
    /// Does it once: its peak, and what it tells.
    fn watch(&mut self) -> (Option<u64>, String) {
        match self {
            Self::Here(work) => {
                work();
                (None, String::new())
            }
            Self::Program(command) => watch(command),
        }
    }

    /// Does it once: seconds from start to end, and of the processor.
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

/// A run of its own, since looking often takes time.
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
    let mut told = String::new();
    let mut stderr = child.stderr.take().expect("standard error is piped");
    stderr
        .read_to_string(&mut told)
        .expect("standard error is text");
    let status = child.wait().expect("the program can be waited for");
    assert!(status.success(), "{command:?}: {told}");
    (peak, told)
}

/// The most that a process has had resident at once. The kernel counts it, so that only a peak in the last millisecond
/// is missed.
fn peak_bytes(child: &Child) -> Option<u64> {
    let status = fs::read_to_string(format!("/proc/{}/status", child.id())).ok()?;
    let peak = status
        .lines()
        .find_map(|line| line.strip_prefix("VmHWM:"))?;
    let kilobytes: u64 = peak.trim().strip_suffix(" kB")?.parse().ok()?;
    Some(kilobytes * 1024)
}

/// Seconds of processor time up to now.
struct CpuTimes {
    own: f64,
    /// Of the processes that were started here and have ended.
    children: f64,
}

fn cpu_times() -> Option<CpuTimes> {
    /// `USER_HZ`, in which the kernel tells times whatever it counts in.
    const TICKS_A_SECOND: f64 = 100.0;

    let stat = fs::read_to_string("/proc/self/stat").ok()?;
    // Behind the name, which may be anything: utime, stime, cutime and cstime are the 14th field and the next.
    let (_, fields) = stat.rsplit_once(") ")?;
    let ticks = fields.split(' ').skip(11).take(4);
    let ticks: Vec<f64> = ticks
        .map(|ticks| ticks.parse().ok())
        .collect::<Option<_>>()?;
    let [user, system, children_user, children_system] = ticks[..] else {
        return None;
    };
    Some(CpuTimes {
        own: (user + system) / TICKS_A_SECOND,
        children: (children_user + children_system) / TICKS_A_SECOND,
    })
}
