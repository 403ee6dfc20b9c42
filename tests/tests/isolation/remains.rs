//! What a host has: descriptors, processes, files. After a deed it has what it had before.

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

use jackfield_tests::host::PATIENCE;
use jackfield_tests::process::{children, zombies};

/// A sum of what a host has.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Remains {
    /// Open descriptors by what they are.
    descriptors: BTreeMap<String, usize>,
    children: usize,
    zombies: usize,
    files: BTreeSet<PathBuf>,
}

impl Remains {
    /// What a host has now; its files are looked for in these folders.
    pub(crate) fn of(host: u32, folders: &[&Path]) -> Self {
        let mut descriptors = BTreeMap::new();
        for entry in fs::read_dir(format!("/proc/{host}/fd")).unwrap().flatten() {
            // One that is closed meanwhile is none.
            if let Ok(target) = fs::read_link(entry.path()) {
                let kind = target.to_string_lossy().split('[').next().unwrap_or_default().to_owned();
                *descriptors.entry(kind).or_insert(0) += 1;
            }
        }
        let files = folders.iter().flat_map(|folder| below(folder)).collect();
        Self { descriptors, children: children(host).len(), zombies: zombies(host), files }
    }

    /// What a host has once that does not change for a while.
    pub(crate) fn settled(host: u32, folders: &[&Path]) -> Self {
        let mut last = Self::of(host, folders);
        loop {
            std::thread::sleep(Duration::from_millis(300));
            let now = Self::of(host, folders);
            if now == last {
                return now;
            }
            last = now;
        }
    }

    /// Waits until a host has this again, and nothing more.
    pub(crate) fn wait(&self, host: u32, folders: &[&Path], after: &str) {
        let until = Instant::now() + PATIENCE;
        loop {
            let now = Self::of(host, folders);
            if now == *self {
                return;
            }
            assert!(Instant::now() < until, "after {after} the host has\n{now:?}\nand had\n{self:?}");
            std::thread::sleep(Duration::from_millis(20));
        }
    }
}

fn below(folder: &Path) -> Vec<PathBuf> {
    let mut found = Vec::new();
    for entry in fs::read_dir(folder).into_iter().flatten().flatten() {
        if entry.file_type().is_ok_and(|t| t.is_dir()) {
            found.extend(below(&entry.path()));
        }
        found.push(entry.path());
    }
    found
}

/// The memory that a process holds, in KiB.
pub(crate) fn resident(pid: u32) -> u64 {
    let status = fs::read_to_string(format!("/proc/{pid}/status")).unwrap_or_default();
    let line = status.lines().find(|line| line.starts_with("VmRSS:")).unwrap_or_default();
    line.split_ascii_whitespace().nth(1).and_then(|kib| kib.parse().ok()).unwrap_or(0)
}
