//! What a host has: descriptors, threads, processes. When all is quiet it has what it had before.

use std::fs;
use std::time::{Duration, Instant};

use jackfield_tests::host::PATIENCE;

/// What a process has, in numbers.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Remains {
    descriptors: usize,
    threads: usize,
    children: usize,
}

impl Remains {
    pub(crate) fn of(pid: u32) -> Self {
        let count = |what: &str| fs::read_dir(format!("/proc/{pid}/{what}")).unwrap().count();
        Self { descriptors: count("fd"), threads: count("task"), children: children(pid).len() }
    }

    /// Waits until a process has no more than this.
    pub(crate) fn wait(&self, pid: u32, mut meanwhile: impl FnMut()) {
        let until = Instant::now() + PATIENCE;
        loop {
            let now = Self::of(pid);
            if now.descriptors <= self.descriptors && now.threads <= self.threads && now.children == self.children {
                return;
            }
            assert!(Instant::now() < until, "before {self:?}, now {now:?}");
            meanwhile();
            std::thread::sleep(Duration::from_millis(50));
        }
    }
}

/// The processes that a process has started and that are there, zombies too.
pub(crate) fn children(of: u32) -> Vec<u32> {
    let parent = |pid: u32| {
        let text = fs::read_to_string(format!("/proc/{pid}/stat")).ok()?;
        // The program's name may hold anything, also brackets and blanks.
        text[text.rfind(')')? + 1..].split_ascii_whitespace().nth(1)?.parse::<u32>().ok()
    };
    let numbers = fs::read_dir("/proc").unwrap().flatten().filter_map(|e| e.file_name().to_str()?.parse().ok());
    numbers.filter(|pid| parent(*pid) == Some(of)).collect()
}
