//! What a host has: descriptors, threads, processes. When all is quiet it has what it had before.

use std::fs;
use std::time::{Duration, Instant};

use jackfield_tests::host::PATIENCE;
use jackfield_tests::process::children;

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
