//! Processes, as Linux shows them in `/proc`.

use std::collections::BTreeSet;
use std::fs;

/// A process, told apart from a later one with the same number by when it began.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub struct Process {
    /// Its number.
    pub pid: u32,
    began: u64,
}

impl Process {
    /// Whether it still runs. One that has ended, and that nobody has asked how, does not.
    #[must_use]
    pub fn lives(self) -> bool {
        stat(self.pid).is_some_and(|stat| stat.began == self.began && stat.state != 'Z')
    }
}

struct Stat {
    parent: u32,
    state: char,
    began: u64,
}

/// A process as the kernel shows it.
fn stat(pid: u32) -> Option<Stat> {
    let text = fs::read_to_string(format!("/proc/{pid}/stat")).ok()?;
    // The program's name may hold anything, also brackets and blanks.
    let mut fields = text[text.rfind(')')? + 1..].split_ascii_whitespace();
    let state = fields.next()?.chars().next()?;
    let parent = fields.next()?.parse().ok()?;
    Some(Stat { parent, state, began: fields.nth(17)?.parse().ok()? })
}

/// The processes that a process has started and that are there, zombies too.
#[must_use]
pub fn children(of: u32) -> BTreeSet<Process> {
    let numbers =
        fs::read_dir("/proc").into_iter().flatten().flatten().filter_map(|e| e.file_name().to_str()?.parse().ok());
    let child = |pid: u32| stat(pid).filter(|s| s.parent == of).map(|s| Process { pid, began: s.began });
    numbers.filter_map(child).collect()
}

/// Children that have ended and that nobody has asked how.
#[must_use]
pub fn zombies(of: u32) -> usize {
    children(of).iter().filter(|c| stat(c.pid).is_some_and(|s| s.state == 'Z')).count()
}
