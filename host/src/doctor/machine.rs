//! The machine: open files, folders, clock, kernel.

use std::path::Path;
use std::time::{Duration, Instant, SystemTime, UNIX_EPOCH};

use super::{Finding, Patient};

/// Libraries, logs, phone systems.
#[cfg(unix)]
const OTHER_FILES: u64 = 256;
/// Libraries are copied there.
#[cfg(unix)]
const SPACE: u64 = 100 * 1024 * 1024;
/// Before this day nobody ran this program: 2025-01-01.
const EARLIEST: Duration = Duration::from_secs(1_735_689_600);
/// How much the clock may move beside the passing of time.
const JUMP: Duration = Duration::from_millis(200);

/// Whether every client that may come can have its file.
#[cfg(unix)]
pub(super) fn open_files(patient: &Patient) -> Finding {
    const TOPIC: &str = "open files";
    let most = patient.config.server.max_sessions as u64;
    let needed = most.saturating_add(OTHER_FILES);
    let of_host = patient.host.as_ref().and_then(|host| host["pid"].as_u64()).and_then(limit_of);
    let (whose, granted) = match of_host {
        Some(limit) => ("the host", limit),
        None => {
            let limit = rustix::process::getrlimit(rustix::process::Resource::Nofile).maximum;
            ("this shell", limit.unwrap_or(u64::MAX))
        }
    };
    if granted >= needed {
        return Finding::ok(TOPIC, format!("{whose} is granted enough for server.max_sessions = {most}"));
    }
    let text = format!("{whose} is granted {granted}, server.max_sessions = {most} needs {needed}");
    let next = "raise the limit (LimitNOFILE= of the unit, ulimit -n) or lower max_sessions";
    Finding::warning(TOPIC, text, next)
}

#[cfg(not(unix))]
pub(super) fn open_files(_: &Patient) -> Finding {
    Finding::ok("open files", "the limit was not looked at on this system")
}

/// `Max open files  1024  524288  files`: what the process has now.
#[cfg(unix)]
fn limit_of(pid: u64) -> Option<u64> {
    let limits = std::fs::read_to_string(format!("/proc/{pid}/limits")).ok()?;
    let soft = limits.lines().find_map(|line| line.strip_prefix("Max open files"))?.split_whitespace().next()?;
    if soft == "unlimited" { Some(u64::MAX) } else { soft.parse().ok() }
}

/// Whether libraries can be copied to, and loaded from, the temporary folder.
pub(super) fn temporary_folder() -> Finding {
    const TOPIC: &str = "temporary folder";
    let folder = std::env::temp_dir();
    let shown = folder.display();
    if let Err(e) = tempfile::tempfile_in(&folder) {
        let next = "let the host's user write there, or name another folder with TMPDIR";
        return Finding::problem(
            TOPIC,
            format!("{shown} cannot be written to, and libraries are copied there: {e}"),
            next,
        );
    }
    space(TOPIC, &folder).unwrap_or_else(|| Finding::ok(TOPIC, format!("{shown} can be written to")))
}

#[cfg(unix)]
fn space(topic: &str, folder: &Path) -> Option<Finding> {
    let seen = rustix::fs::statvfs(folder).ok()?;
    let shown = folder.display();
    if seen.f_flag.contains(rustix::fs::StatVfsMountFlags::NOEXEC) {
        let text = format!("{shown} is mounted noexec: no library can be loaded from it");
        return Some(Finding::problem(topic, text, "name another folder with TMPDIR, or mount it without noexec"));
    }
    let free = seen.f_bavail.saturating_mul(seen.f_frsize);
    (free < SPACE).then(|| {
        let text = format!("{shown} has {} MiB left; libraries are copied there", free / (1024 * 1024));
        Finding::warning(topic, text, "make room")
    })
}

#[cfg(not(unix))]
const fn space(_: &str, _: &Path) -> Option<Finding> {
    None
}

/// Whether there is a place for the socket of `jackfield status`.
#[cfg(unix)]
pub(super) fn runtime_folder(patient: &Patient) -> Finding {
    const TOPIC: &str = "runtime folder";
    let file = &patient.file;
    if let (Some(_), Ok(socket)) = (&patient.host, crate::control::find(file)) {
        return Finding::ok(TOPIC, format!("the host answers at {}", socket.display()));
    }
    let path = match crate::control::socket_path(file) {
        Ok(path) => path,
        Err(why) => {
            let next = "log in with a session that has XDG_RUNTIME_DIR, or run it as a service (RuntimeDirectory=)";
            return Finding::warning(TOPIC, format!("{why}; `jackfield status` and `reload` would not work"), next);
        }
    };
    // The host makes the last folder of the way itself.
    let folder = path.ancestors().skip(1).find(|folder| folder.is_dir()).unwrap_or(Path::new("/"));
    match tempfile::tempfile_in(folder) {
        Ok(_) => Finding::ok(TOPIC, format!("{} can be written to", folder.display())),
        Err(e) => {
            let text = format!("{}: {e}; `jackfield status` and `reload` would not work", folder.display());
            Finding::warning(TOPIC, text, "let the host's user write there")
        }
    }
}

#[cfg(not(unix))]
pub(super) fn runtime_folder(_: &Patient) -> Finding {
    Finding::ok("runtime folder", "none is used on this system")
}

/// The clock of the wall between two looks at the clock that never jumps.
#[derive(Debug, Clone, Copy)]
pub(super) struct Clocks {
    before: Instant,
    wall: SystemTime,
    after: Instant,
}

impl Clocks {
    pub(super) fn read() -> Self {
        let before = Instant::now();
        let wall = SystemTime::now();
        Self { before, wall, after: Instant::now() }
    }

    /// Whether the wall's clock was set since, however late this program was given the processor.
    fn jumped(&self, later: &Self) -> bool {
        let least = later.before.saturating_duration_since(self.after).saturating_sub(JUMP);
        let most = later.after.saturating_duration_since(self.before) + JUMP;
        !later.wall.duration_since(self.wall).is_ok_and(|passed| (least..=most).contains(&passed))
    }
}

/// Whether the clock is plausible, is kept right by somebody, and stands still while one looks.
pub(super) fn clock(before: &Clocks) -> Vec<Finding> {
    const TOPIC: &str = "clock";
    let set = "timedatectl set-ntp true, or install chrony; in a container it is the machine's clock";
    if before.wall.duration_since(UNIX_EPOCH).unwrap_or_default() < EARLIEST {
        return vec![Finding::problem(
            TOPIC,
            "it is years behind: certificates are refused, times of calls are wrong",
            set,
        )];
    }
    let mut found = vec![match keeper() {
        Some(keeper) => Finding::ok(TOPIC, keeper),
        None => {
            let text = "nothing is seen that keeps it right; times of calls and certificates hang on it";
            Finding::warning(TOPIC, text, set)
        }
    }];
    if before.jumped(&Clocks::read()) {
        let text = "it was set while this was looked at: something moves it in steps";
        found.push(Finding::warning(
            TOPIC,
            text,
            "see to it that one program alone sets it (chrony or systemd-timesyncd)",
        ));
    }
    found
}

/// Who keeps the clock right.
fn keeper() -> Option<String> {
    if Path::new("/run/systemd/timesync/synchronized").exists() {
        return Some("synchronised by systemd-timesyncd".to_owned());
    }
    let known = ["chronyd", "ntpd", "ptp4l", "phc2sys"];
    let processes = std::fs::read_dir("/proc").ok()?;
    let name = |entry: std::fs::DirEntry| std::fs::read_to_string(entry.path().join("comm")).ok();
    let running = processes.filter_map(Result::ok).filter_map(name).find(|name| known.contains(&name.trim()))?;
    Some(format!("{} runs; how far off it is was not asked", running.trim()))
}

/// What adapters are shut away with.
#[cfg(target_os = "linux")]
pub(super) fn kernel() -> Finding {
    let seccomp =
        std::fs::read_to_string("/proc/sys/kernel/seccomp/actions_avail").is_ok_and(|text| text.contains("errno"));
    if !seccomp {
        return Finding::problem(
            "kernel",
            "it has no filters of system calls (seccomp): no adapter is started",
            "use a kernel with CONFIG_SECCOMP_FILTER, or isolation = \"host\" for adapters that you trust",
        );
    }
    if crate::plugins::runner::has_landlock() {
        return Finding::ok("kernel", "seccomp and Landlock: adapters are shut away in processes of their own");
    }
    Finding::warning(
        "kernel",
        "it has no Landlock: while a library is loaded it can read files",
        "use Linux 5.13 or later, with `landlock` in its list of security modules (lsm=)",
    )
}

/// What adapters are shut away with.
#[cfg(not(target_os = "linux"))]
pub(super) fn kernel() -> Finding {
    Finding::warning(
        "kernel",
        "adapters run inside the host: processes of their own exist on Linux only",
        "install only adapters that you trust like the host itself",
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_clock_that_is_set_is_noticed_and_a_slow_machine_is_not_blamed() {
        let base = Instant::now();
        let at = |before: u64, wall: u64, after: u64| Clocks {
            before: base + Duration::from_millis(before),
            wall: UNIX_EPOCH + EARLIEST + Duration::from_millis(wall),
            after: base + Duration::from_millis(after),
        };
        let first = at(0, 0, 1);
        assert!(!first.jumped(&at(1_000, 1_000, 1_001)));
        assert!(!first.jumped(&at(1_000, 3_500, 5_000)), "it was read somewhere within these four seconds");
        assert!(first.jumped(&at(1_000, 61_000, 1_001)));
        let later = Clocks { wall: UNIX_EPOCH, ..at(1_000, 0, 1_001) };
        assert!(first.jumped(&later), "backwards");
    }
}
