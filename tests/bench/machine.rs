//! The description of the machine.

use std::env::consts::{ARCH, OS};
use std::fs;
use std::num::NonZeroUsize;
use std::process::Command;
use std::thread;

/// Returns one line with the machine, the versions and the number of runs.
pub fn description(runs: usize) -> String {
    let cores = thread::available_parallelism().map_or(1, NonZeroUsize::get);
    let model = cpu_model().unwrap_or_else(|| "processor unknown".to_owned());
    let compiler = compiler().unwrap_or_else(|| "rustc unknown".to_owned());
    format!(
        "{cores} cores, {model}, {OS} {ARCH}; event-router {}, {compiler}; medians of {runs} runs. \
         MB are 10^6 bytes of the uncompressed log.",
        env!("CARGO_PKG_VERSION")
    )
}

fn cpu_model() -> Option<String> {
    let cpus = fs::read_to_string("/proc/cpuinfo").ok()?;
    let field = |name: &str| {
        let mut lines = cpus.lines().filter_map(|line| line.split_once(':'));
        let (_, value) = lines.find(|(key, _)| key.trim() == name)?;
        Some(value.trim().to_owned())
    };
    field("model name")
        .filter(|model| model != "unknown")
        .or_else(|| {
            // Some virtual machines have only the numbers of the model.
            let (vendor, family, model) =
                (field("vendor_id")?, field("cpu family")?, field("model")?);
            Some(format!("{vendor} family {family} model {model}"))
        })
}

fn compiler() -> Option<String> {
    let output = Command::new("rustc").arg("--version").output().ok()?;
    let version = String::from_utf8(output.stdout).ok()?;
    let mut words = version.split(' ');
    Some(format!("{} {}", words.next()?, words.next()?))
}
