//! A real Asterisk to test against, with phones that are sipp scripts.
//!
//! [`Pbx::start`] boots a private Asterisk: its own ports, its own files, so tests run side by side. Phones and
//! callers are started with [`Pbx::phone`] and [`Pbx::call`]; [`Pbx::ami`] drives what a person or an administrator
//! would do. The scripts, the configuration and the dialplan are in `tests/asterisk`; its README lists the numbers.
//!
//! ```no_run
//! use jackfield_tests::asterisk::{Caller, PATIENCE, Pbx, Phone};
//! # fn main() -> Result<(), String> {
//! let pbx = Pbx::start().map_err(|e| e.to_string())?;
//! let mut phone = pbx.phone("101", Phone::Answers { ring_ms: 500 })?;
//! let mut caller = pbx.call("79161234567", "5550101", Caller::Talks { ms: 1000 })?;
//! caller.wait(PATIENCE)?;
//! phone.wait(PATIENCE)?;
//! # Ok(())
//! # }
//! ```

mod ami;
mod cdr;
mod phones;
mod slot;

use std::fmt;
use std::io::Write as _;
use std::path::{Path, PathBuf};
use std::process::{Command, Output, Stdio};
use std::sync::OnceLock;
use std::sync::atomic::{AtomicBool, AtomicU16, Ordering};
use std::time::{Duration, Instant};

pub use ami::{Ami, Message};
pub use cdr::Cdr;
pub use phones::{CallHandle, Caller, Phone, PhoneHandle};
use slot::Slot;

/// AMI user that may see and do everything.
pub const AMI_USER: &str = "cti";
/// Password of [`AMI_USER`].
pub const AMI_SECRET: &str = "cti-secret";
/// AMI user with only the classes that a CTI application needs (no `command`, `dialplan`, `security`, `log`).
pub const AMI_MIN_USER: &str = "cti-min";
/// Password of [`AMI_MIN_USER`].
pub const AMI_MIN_SECRET: &str = "cti-min-secret";
/// AMI user that may only look: actions that change something get "Permission denied".
pub const AMI_READ_ONLY_USER: &str = "cti-ro";
/// Password of [`AMI_READ_ONLY_USER`].
pub const AMI_READ_ONLY_SECRET: &str = "cti-ro-secret";
/// ARI user of the HTTP port.
pub const ARI_USER: &str = "ari";
/// Password of [`ARI_USER`].
pub const ARI_SECRET: &str = "ari-secret";

/// How long to wait for something that takes a second on an idle machine. Tests run in parallel on small, busy
/// machines: a wait ends as soon as the thing happens, so patience costs nothing when all is well.
pub const PATIENCE: Duration = Duration::from_secs(60);

/// Set this variable to `1` to make tests fail, not pass, on a machine that cannot run Asterisk.
pub const REQUIRE_VAR: &str = "JACKFIELD_REQUIRE_ASTERISK";

const SCRIPTS: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/asterisk");

/// Why there is no PBX.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Unavailable {
    /// This machine cannot run the test bed (no root, no apt); the text is one sentence that says what is missing.
    CannotRunHere(String),
    /// It should have worked and did not; the text says what failed and shows the output.
    Failed(String),
}

impl fmt::Display for Unavailable {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::CannotRunHere(why) => f.write_str(why),
            Self::Failed(what) => write!(f, "the Asterisk test bed failed: {what}"),
        }
    }
}

impl std::error::Error for Unavailable {}

/// A running Asterisk of our own. Dropping it ends it and removes its files; when the test panicked, the logs are
/// kept and their place is printed.
#[derive(Debug)]
pub struct Pbx {
    root: PathBuf,
    slot: Slot,
    next_sipp: AtomicU16,
    may_run: AtomicBool,
}

impl Pbx {
    /// Boot a PBX on ports of its own. The first call on a machine builds the chroot, which takes a minute or two;
    /// after that it takes about a second.
    pub fn start() -> Result<Self, Unavailable> {
        static ROOT: OnceLock<Result<PathBuf, Unavailable>> = OnceLock::new();
        let root = ROOT.get_or_init(set_up).clone()?;
        let failed = Unavailable::Failed;
        let slot = Slot::claim(|slot| {
            // Whoever held this slot is gone; a PBX it left behind (its process was killed) is in our way.
            script("stop.sh", &root, Some(slot), &["--kill", "--clean"], false).map(drop)
        })
        .map_err(failed)?;
        let pbx = Self { root, slot, next_sipp: AtomicU16::new(0), may_run: AtomicBool::new(false) };
        pbx.boot(false).map_err(failed)?;
        Ok(pbx)
    }

    /// What tests call: the PBX, or `None` on a machine that cannot run it, after saying so in one line. With
    /// [`REQUIRE_VAR`] set to `1`, such a machine is an error too.
    pub fn for_test() -> Result<Option<Self>, String> {
        static SAID: AtomicBool = AtomicBool::new(false);
        match Self::start() {
            Ok(pbx) => Ok(Some(pbx)),
            Err(Unavailable::CannotRunHere(why)) if std::env::var(REQUIRE_VAR).as_deref() != Ok("1") => {
                if !SAID.swap(true, Ordering::Relaxed) {
                    // Straight to the stream: the test runner hides what a passing test prints with eprintln.
                    let _ = writeln!(std::io::stderr(), "\nskipped, no Asterisk: {why} ({REQUIRE_VAR}=1 forbids this)");
                }
                Ok(None)
            }
            Err(e) => Err(e.to_string()),
        }
    }

    /// Port of the manager interface on 127.0.0.1.
    pub fn ami_port(&self) -> u16 {
        self.slot.ami()
    }

    /// Port of HTTP, ARI and SIP over WebSocket on 127.0.0.1.
    pub fn http_port(&self) -> u16 {
        self.slot.http()
    }

    /// Port of SIP (UDP and TCP) on 127.0.0.1.
    pub fn sip_port(&self) -> u16 {
        self.slot.sip()
    }

    /// True from a successful start until [`Pbx::stop`] or [`Pbx::kill`].
    pub fn is_up(&self) -> bool {
        self.may_run.load(Ordering::Relaxed)
    }

    /// Connect to the manager interface as [`AMI_USER`] and log in.
    pub fn ami(&self) -> Result<Ami, String> {
        Ami::connect(self.ami_port(), AMI_USER, AMI_SECRET)
    }

    /// Run a command on the Asterisk console and return what it printed.
    pub fn cli(&self, command: &str) -> Result<String, String> {
        let conf = format!("/etc/asterisk-{}/asterisk.conf", self.slot.instance());
        let out = Command::new("/usr/sbin/chroot")
            .arg(&self.root)
            .args(["/usr/sbin/asterisk", "-C", &conf, "-rx", command])
            .stdin(Stdio::null())
            .output()
            .map_err(|e| format!("cannot run the Asterisk console: {e}"))?;
        if out.status.success() {
            Ok(String::from_utf8_lossy(&out.stdout).into_owned())
        } else {
            Err(format!("Asterisk console command \"{command}\" failed:\n{}", both(&out)))
        }
    }

    /// The call records that Asterisk has written so far, oldest first. A record is written when its call ends.
    pub fn cdr(&self) -> Result<Vec<Cdr>, String> {
        let file = self.log_dir().join("cdr-csv/Master.csv");
        match std::fs::read(&file) {
            Ok(bytes) => cdr::parse(&String::from_utf8_lossy(&bytes)),
            Err(e) if e.kind() == std::io::ErrorKind::NotFound => Ok(Vec::new()),
            Err(e) => Err(format!("cannot read the call records {}: {e}", file.display())),
        }
    }

    /// Wait for a call record that `wanted` accepts, and return it.
    pub fn wait_cdr(&self, timeout: Duration, wanted: impl Fn(&Cdr) -> bool) -> Result<Cdr, String> {
        let deadline = Instant::now() + timeout;
        loop {
            let all = self.cdr()?;
            if let Some(found) = all.iter().find(|c| wanted(c)) {
                return Ok(found.clone());
            }
            if Instant::now() >= deadline {
                return Err(format!("no such call record within {timeout:?}; there are {}: {all:#?}", all.len()));
            }
            std::thread::sleep(Duration::from_millis(50));
        }
    }

    /// End Asterisk the way a crash would: SIGKILL, nothing said to anybody.
    pub fn kill(&self) -> Result<(), String> {
        self.may_run.store(false, Ordering::Relaxed);
        script("stop.sh", &self.root, Some(&self.slot), &["--kill"], false).map(drop)
    }

    /// Shut Asterisk down in good order; its calls are hung up.
    pub fn stop(&self) -> Result<(), String> {
        self.may_run.store(false, Ordering::Relaxed);
        script("stop.sh", &self.root, Some(&self.slot), &[], false).map(drop)
    }

    /// Start Asterisk again on the same ports, after stopping it if it still runs. Call records, the internal
    /// database and logs stay.
    pub fn restart(&self) -> Result<(), String> {
        if self.is_up() {
            self.stop()?;
        }
        self.boot(true)
    }

    /// Directory of Asterisk's logs (`full.log`, `messages.log`) and of what sipp wrote (`sipp/`).
    pub fn log_dir(&self) -> PathBuf {
        self.root.join(format!("var/log/asterisk-{}", self.slot.instance()))
    }

    /// Directory into which Asterisk records calls, unless it is told otherwise.
    pub fn monitor_dir(&self) -> PathBuf {
        self.root.join(format!("var/lib/asterisk-{}/spool/monitor", self.slot.instance()))
    }

    fn boot(&self, keep: bool) -> Result<(), String> {
        script("start.sh", &self.root, Some(&self.slot), &[], keep)?;
        let dir = self.sipp_dir();
        std::fs::create_dir_all(&dir).map_err(|e| format!("cannot make {}: {e}", dir.display()))?;
        self.may_run.store(true, Ordering::Relaxed);
        Ok(())
    }

    fn sipp_dir(&self) -> PathBuf {
        self.log_dir().join("sipp")
    }
}

impl Drop for Pbx {
    fn drop(&mut self) {
        if std::thread::panicking() {
            let _ = script("stop.sh", &self.root, Some(&self.slot), &["--kill"], false);
            let n = self.next_sipp.load(Ordering::Relaxed);
            let name = format!("asterisk-{}.failed-{}-{n}", self.slot.instance(), std::process::id());
            let kept = self.root.join("var/log").join(name);
            if std::fs::rename(self.log_dir(), &kept).is_ok() {
                let _ = writeln!(std::io::stderr(), "the PBX's logs of this failed test: {}", kept.display());
            }
        }
        // In a hurry on purpose: nothing is lost with it, and an orderly shutdown waits for its calls.
        if let Err(e) = script("stop.sh", &self.root, Some(&self.slot), &["--kill", "--clean"], false) {
            let _ = writeln!(std::io::stderr(), "a test PBX may still run: {e}");
        }
    }
}

/// Build or check the chroot; its directory.
fn set_up() -> Result<PathBuf, Unavailable> {
    let out = Command::new(Path::new(SCRIPTS).join("setup.sh"))
        .stdin(Stdio::null())
        .output()
        .map_err(|e| Unavailable::Failed(format!("cannot run {SCRIPTS}/setup.sh: {e}")))?;
    let said = String::from_utf8_lossy(&out.stdout).trim().to_owned();
    match out.status.code() {
        Some(0) if Path::new(&said).is_dir() => Ok(PathBuf::from(said)),
        Some(77) => Err(Unavailable::CannotRunHere(String::from_utf8_lossy(&out.stderr).trim().to_owned())),
        _ => Err(Unavailable::Failed(format!("setup.sh, {}:\n{}", out.status, both(&out)))),
    }
}

fn script(name: &str, root: &Path, slot: Option<&Slot>, args: &[&str], keep: bool) -> Result<Output, String> {
    let mut cmd = Command::new(Path::new(SCRIPTS).join(name));
    cmd.args(args).stdin(Stdio::null()).env("JACKFIELD_ASTERISK_ROOT", root);
    cmd.env("AST_KEEP", if keep { "1" } else { "0" });
    if let Some(slot) = slot {
        cmd.envs(slot.environment());
    }
    let out = cmd.output().map_err(|e| format!("cannot run {SCRIPTS}/{name}: {e}"))?;
    if out.status.success() { Ok(out) } else { Err(format!("{name}, {}:\n{}", out.status, both(&out))) }
}

fn both(out: &Output) -> String {
    format!("{}{}", String::from_utf8_lossy(&out.stdout), String::from_utf8_lossy(&out.stderr))
}
