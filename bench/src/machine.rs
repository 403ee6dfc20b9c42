//! The machine: what it is, how busy it is, what it allows.

use std::fs;

fn line_of(file: &str, key: &str) -> Option<String> {
    let text = fs::read_to_string(file).ok()?;
    let line = text.lines().find(|line| line.starts_with(key))?;
    Some(line.split_once(':')?.1.trim().to_owned())
}

/// Processors, their kind, the kernel.
pub(crate) fn describe() -> String {
    let cores = std::thread::available_parallelism().map_or(1, usize::from);
    let model = line_of("/proc/cpuinfo", "model name").unwrap_or_else(|| "an unknown processor".to_owned());
    let kernel = fs::read_to_string("/proc/sys/kernel/osrelease").unwrap_or_default();
    format!("{cores} cores, {model}, Linux {}", kernel.trim())
}

/// The load average of the last minute.
pub(crate) fn load() -> f64 {
    let text = fs::read_to_string("/proc/loadavg").unwrap_or_default();
    text.split(' ').next().and_then(|n| n.parse().ok()).unwrap_or(f64::NAN)
}

/// The memory of a process that is in RAM, in bytes.
pub(crate) fn resident(pid: u32) -> Result<f64, String> {
    let file = format!("/proc/{pid}/status");
    let text = line_of(&file, "VmRSS").ok_or_else(|| format!("{file}: no VmRSS"))?;
    let kib = text.trim_end_matches(" kB").parse::<f64>().map_err(|e| format!("{file}: {text}: {e}"))?;
    Ok(kib * 1024.0)
}

/// What a process has changed or made itself, in RAM, in bytes: what it shares with others of its program is left out.
pub(crate) fn own_memory(pid: u32) -> Result<f64, String> {
    let file = format!("/proc/{pid}/status");
    let text = line_of(&file, "RssAnon").ok_or_else(|| format!("{file}: no RssAnon"))?;
    let kib = text.trim_end_matches(" kB").parse::<f64>().map_err(|e| format!("{file}: {text}: {e}"))?;
    Ok(kib * 1024.0)
}

/// The processes that a process has started.
pub(crate) fn children(pid: u32) -> Vec<u32> {
    let parent = |child: u32| line_of(&format!("/proc/{child}/status"), "PPid").and_then(|p| p.parse::<u32>().ok());
    let all = fs::read_dir("/proc").into_iter().flatten().flatten();
    all.filter_map(|entry| entry.file_name().to_str()?.parse().ok())
        .filter(|child| parent(*child) == Some(pid))
        .collect()
}

/// As many open files as the system grants.
pub(crate) fn raise_file_limit() {
    use rustix::process::{Resource, getrlimit, setrlimit};
    let mut limit = getrlimit(Resource::Nofile);
    limit.current = limit.maximum;
    // Without, rows with many sockets take fewer.
    let _ = setrlimit(Resource::Nofile, limit);
}

/// How many more files may be opened here.
pub(crate) fn files() -> usize {
    use rustix::process::{Resource, getrlimit};
    let limit = getrlimit(Resource::Nofile).current.unwrap_or(1_000_000);
    usize::try_from(limit).unwrap_or(usize::MAX).saturating_sub(100)
}
