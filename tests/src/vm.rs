//! A machine of its own with a real systemd: a virtual one, from a disk that `tests/vm/setup.sh` makes once.
//!
//! What is written in it goes with it. Scripts are run there by an agent (`tests/vm/agent`) behind a serial port, as
//! root. It sees no network; one of its ports can be reached from here.
//!
//! The processor's own virtualisation (KVM) is used where it can run this kernel. Elsewhere the processor is imitated
//! (TCG), which takes some ten times as long: a minute for a boot.

use std::fmt;
use std::io::{BufRead, BufReader, Write as _};
use std::net::TcpListener;
use std::os::unix::net::UnixStream;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD as BASE64;

/// Set to `1` it makes tests run in a virtual machine; without it they say that they did not.
pub const WANTED_VAR: &str = "JACKFIELD_VM";
/// How long a machine may take to boot: seconds, if nobody else is at work.
const BOOT: Duration = Duration::from_secs(400);
/// How long a script may take there.
const SCRIPT: Duration = Duration::from_secs(400);
/// The port that can be reached from here.
const PORT: u16 = 8080;
/// How often it is looked whether the machine stands still.
const LOOK: Duration = Duration::from_secs(1);
/// What setup.sh answers where there can be no such machine.
const CANNOT_RUN_HERE: i32 = 77;

/// Why there is no machine.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Unavailable {
    /// This one cannot have one (no KVM, no root for its disk); a sentence says what is missing.
    CannotRunHere(String),
    /// It should have worked and did not.
    Failed(String),
}

impl fmt::Display for Unavailable {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::CannotRunHere(why) => f.write_str(why),
            Self::Failed(what) => write!(f, "the virtual machine: {what}"),
        }
    }
}

/// What a script did.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Done {
    /// Its exit code; 124: it did not end in time.
    pub code: i32,
    /// What it printed, on both outputs.
    pub text: String,
}

/// A running machine. It is switched off when dropped.
#[derive(Debug)]
pub struct Vm {
    qemu: Child,
    port: BufReader<UnixStream>,
    boot: String,
    dir: tempfile::TempDir,
    reached_at: u16,
}

impl Vm {
    /// Boots a machine that has the files of a folder, to be read, in `/payload`.
    ///
    /// # Errors
    /// There can be none here, or it does not boot.
    pub fn start(payload: &Path) -> Result<Self, Unavailable> {
        let disk = set_up()?;
        let wanted = std::env::var("JACKFIELD_VM_ACCEL").ok();
        let ways = wanted.as_deref().map_or_else(|| vec!["kvm", "tcg"], |way| vec![way]);
        let mut failed = String::new();
        for way in ways {
            match Self::boot(&disk, payload, way) {
                Ok(vm) => return Ok(vm),
                Err(why) => failed += &format!("{way}: {why}\n"),
            }
        }
        Err(Unavailable::Failed(failed))
    }

    fn boot(disk: &Path, payload: &Path, way: &str) -> Result<Self, String> {
        let text = |e: std::io::Error| e.to_string();
        let dir = tempfile::tempdir().map_err(text)?;
        let image = dir.path().join("payload.ext4");
        let size = format!("{}M", 64 + size_of(payload).map_err(text)?.div_ceil(1024 * 1024) * 5 / 4);
        // Not on everybody's PATH.
        let path = format!("{}:/usr/sbin:/sbin", std::env::var("PATH").unwrap_or_default());
        let made = Command::new("mke2fs")
            .env("PATH", path)
            .args(["-q", "-t", "ext4", "-d"])
            .arg(payload)
            .arg(&image)
            .arg(size)
            .output();
        let made = made.map_err(|e| format!("mke2fs: {e}"))?;
        if !made.status.success() {
            return Err(format!("mke2fs: {}", String::from_utf8_lossy(&made.stderr)));
        }
        let (socket, console) = (dir.path().join("port"), dir.path().join("console"));
        // Its death is the test's, however that ends.
        let mut qemu = Command::new("setpriv");
        qemu.args(["--pdeathsig", "KILL", "--", "qemu-system-x86_64", "-no-user-config", "-nodefaults"]);
        qemu.args(["-machine", "q35", "-accel", way, "-cpu", "max", "-m", "1024", "-smp", "2", "-display", "none"]);
        qemu.arg("-kernel").arg(disk.join("vmlinuz")).arg("-initrd").arg(disk.join("initrd"));
        qemu.args(["-append", "root=/dev/vda rw console=ttyS0"]);
        qemu.arg("-serial").arg(format!("file:{}", console.display()));
        let drive = |file: &Path, more: &str| format!("file={},format=raw,if=virtio,{more}", file.display());
        // What is written goes into a file that nobody sees.
        qemu.arg("-drive").arg(drive(&disk.join("disk.ext4"), "snapshot=on,cache=unsafe"));
        qemu.arg("-drive").arg(drive(&image, "readonly=on"));
        // Given back at once, and hardly taken by somebody else meanwhile.
        let reached_at = TcpListener::bind("127.0.0.1:0").and_then(|l| l.local_addr()).map_err(text)?.port();
        let forward = format!("user,restrict=on,model=virtio-net-pci,hostfwd=tcp:127.0.0.1:{reached_at}-:{PORT}");
        qemu.args(["-nic", &forward, "-device", "virtio-rng-pci"]);
        qemu.args(["-device", "virtio-serial", "-device", "virtserialport,chardev=port,name=jackfield"]);
        qemu.arg("-chardev").arg(format!("socket,id=port,server=on,wait=off,path={}", socket.display()));
        let log = std::fs::File::create(dir.path().join("qemu")).map_err(text)?;
        qemu.stdin(Stdio::null()).stdout(log.try_clone().map_err(text)?).stderr(log);
        let mut qemu = qemu.spawn().map_err(|e| format!("qemu-system-x86_64: {e}"))?;
        let until = Instant::now() + BOOT;
        let port = loop {
            match UnixStream::connect(&socket) {
                Ok(port) => break port,
                Err(e) => {
                    let ended = qemu.try_wait().map_err(text)?;
                    if ended.is_some() || Instant::now() > until {
                        // It may have ended already.
                        let _ = qemu.kill();
                        let _ = qemu.wait();
                        let said = std::fs::read_to_string(dir.path().join("qemu")).unwrap_or_default();
                        return Err(format!("qemu does not run ({e}): {said}"));
                    }
                    std::thread::sleep(Duration::from_millis(50));
                }
            }
        };
        let mut vm = Self { qemu, port: BufReader::new(port), boot: String::new(), dir, reached_at };
        vm.booted()?;
        Ok(vm)
    }

    /// The address here that leads to port 8080 there.
    #[must_use]
    pub fn address(&self) -> String {
        format!("127.0.0.1:{}", self.reached_at)
    }

    /// Waits until a boot is through.
    fn booted(&mut self) -> Result<(), String> {
        let until = Instant::now() + BOOT;
        loop {
            let line = self.line(until)?;
            if let Some(boot) = line.strip_prefix("hello ").filter(|boot| *boot != self.boot) {
                boot.clone_into(&mut self.boot);
                break;
            }
        }
        let mounted = self.run("mkdir -p /payload && mount -o ro /dev/vdb /payload")?;
        if mounted.code == 0 { Ok(()) } else { Err(format!("the payload: {}", mounted.text)) }
    }

    /// Boots it anew, in order.
    ///
    /// # Errors
    /// It does not come back.
    pub fn reboot(&mut self) -> Result<(), String> {
        // The agent ends with everything else; whether it still answers is of no interest.
        self.ask("systemctl --no-block reboot", SCRIPT)?;
        self.booted()
    }

    /// Runs a script of bash as root, in its home.
    ///
    /// # Errors
    /// The machine does not answer. A script that fails is none.
    pub fn run(&mut self, script: &str) -> Result<Done, String> {
        self.ask(script, SCRIPT)?;
        let line = self.line(Instant::now() + SCRIPT + Duration::from_secs(60))?;
        // Who prints nothing has no second word.
        let (code, text) = line.split_once(' ').unwrap_or((&line, ""));
        let code = code.parse().map_err(|_| format!("the machine said {line:?}"))?;
        let text = BASE64.decode(text).map_err(|e| e.to_string())?;
        Ok(Done { code, text: String::from_utf8_lossy(&text).into_owned() })
    }

    fn ask(&mut self, script: &str, patience: Duration) -> Result<(), String> {
        let line = format!("{} {}\n", patience.as_secs(), BASE64.encode(script));
        self.port.get_mut().write_all(line.as_bytes()).map_err(|e| format!("the machine's port: {e}"))
    }

    fn line(&mut self, until: Instant) -> Result<String, String> {
        let mut line = Vec::new();
        loop {
            self.port.get_ref().set_read_timeout(Some(LOOK)).map_err(|e| e.to_string())?;
            match self.port.read_until(b'\n', &mut line) {
                Ok(0) => return Err(format!("the machine was switched off:\n{}", self.said())),
                Ok(_) if line.ends_with(b"\n") => return Ok(String::from_utf8_lossy(&line).trim().to_owned()),
                Ok(_) => {}
                Err(_) if Instant::now() >= until => {
                    return Err(format!("the machine does not answer:\n{}", self.said()));
                }
                // It stands still then, and would for ever.
                Err(_) if self.said().contains("KVM internal error") => return Err(self.said()),
                Err(_) => {}
            }
        }
    }

    /// What qemu said, and the end of what the machine printed on its console.
    fn said(&self) -> String {
        let end = |name: &str| {
            let all = std::fs::read(self.dir.path().join(name)).unwrap_or_default();
            String::from_utf8_lossy(&all[all.len().saturating_sub(6_000)..]).into_owned()
        };
        format!("{}{}", end("qemu"), end("console"))
    }
}

impl Drop for Vm {
    fn drop(&mut self) {
        // It may have ended already; nothing in it is worth an end in order.
        let _ = self.qemu.kill();
        let _ = self.qemu.wait();
    }
}

/// The folder with disk and kernel.
fn set_up() -> Result<PathBuf, Unavailable> {
    let script = concat!(env!("CARGO_MANIFEST_DIR"), "/vm/setup.sh");
    let output = Command::new("bash").arg(script).stdin(Stdio::null()).output();
    let output = output.map_err(|e| Unavailable::CannotRunHere(format!("there is no bash: {e}")))?;
    let said = String::from_utf8_lossy(&output.stderr).trim().to_owned();
    match output.status.code() {
        Some(0) => Ok(PathBuf::from(String::from_utf8_lossy(&output.stdout).trim())),
        Some(CANNOT_RUN_HERE) => Err(Unavailable::CannotRunHere(said)),
        _ => Err(Unavailable::Failed(said)),
    }
}

fn size_of(folder: &Path) -> std::io::Result<u64> {
    let mut size = 0;
    for entry in std::fs::read_dir(folder)? {
        let entry = entry?;
        let meta = entry.metadata()?;
        size += if meta.is_dir() { size_of(&entry.path())? } else { meta.len() };
    }
    Ok(size)
}
