//! Ports: each running PBX holds a block of them, so that tests, test binaries and worktrees do not collide.

use std::fs::{File, OpenOptions, TryLockError};
use std::net::{Ipv4Addr, TcpListener, UdpSocket};
use std::time::{Duration, Instant};

/// Below the range from which Linux gives out ports by itself (32768 and up).
const FIRST_PORT: u16 = 11_000;
const PORTS: u16 = 2_000;
const SLOTS: u16 = 10;

/// One block of ports, ours as long as this lives: the lock goes with the process, however it ends.
#[derive(Debug)]
pub(super) struct Slot {
    number: u16,
    _lock: File,
}

// What a block holds, from its first port on:
//   0 AMI   1 HTTP   2 SIP   3 trunk   10..=210 phones   300..500 callers   500..1000 sipp's media   1000.. Asterisk's
impl Slot {
    /// Take a free block, waiting while all are in use. `clear` ends what a former holder may have left running.
    pub(super) fn claim(clear: impl Fn(&Self) -> Result<(), String>) -> Result<Self, String> {
        let dir = std::env::temp_dir().join("jackfield-asterisk-ports");
        std::fs::create_dir_all(&dir).map_err(|e| format!("cannot make {}: {e}", dir.display()))?;
        let deadline = Instant::now() + Duration::from_secs(900);
        loop {
            for number in 0..SLOTS {
                let path = dir.join(format!("{number}.lock"));
                let lock = OpenOptions::new().create(true).truncate(false).write(true).open(&path);
                let lock = lock.map_err(|e| format!("cannot open {}: {e}", path.display()))?;
                match lock.try_lock() {
                    Ok(()) => {}
                    Err(TryLockError::WouldBlock) => continue,
                    Err(TryLockError::Error(e)) => return Err(format!("cannot lock {}: {e}", path.display())),
                }
                let slot = Self { number, _lock: lock };
                clear(&slot)?;
                if slot.is_free() {
                    return Ok(slot);
                }
            }
            if Instant::now() >= deadline {
                let last = FIRST_PORT + SLOTS * PORTS - 1;
                return Err(format!(
                    "no free ports in 15 minutes: all {SLOTS} blocks between {FIRST_PORT} and {last} are in use by \
                     other tests (locks in {}) or by other programs",
                    dir.display()
                ));
            }
            std::thread::sleep(Duration::from_millis(200));
        }
    }

    /// The ports that must be ours are not in use by a program that knows nothing of our locks.
    fn is_free(&self) -> bool {
        let local = Ipv4Addr::LOCALHOST;
        [self.ami(), self.http(), self.sip()].iter().all(|p| TcpListener::bind((local, *p)).is_ok())
            && UdpSocket::bind((local, self.sip())).is_ok()
            && UdpSocket::bind((super::phones::OUTSIDE, self.trunk())).is_ok()
            && (1..=10).all(|n| UdpSocket::bind((local, self.phone_base() + n)).is_ok())
    }

    /// Name of the instance: that of the block, so that leftovers of a killed process are found and cleared.
    pub(super) fn instance(&self) -> String {
        format!("test-{}", self.number)
    }

    fn base(&self) -> u16 {
        FIRST_PORT + self.number * PORTS
    }

    pub(super) fn ami(&self) -> u16 {
        self.base()
    }

    pub(super) fn http(&self) -> u16 {
        self.base() + 1
    }

    pub(super) fn sip(&self) -> u16 {
        self.base() + 2
    }

    pub(super) fn trunk(&self) -> u16 {
        self.base() + 3
    }

    /// Phone 1NN listens on this plus NN, phone 2NN on this plus 100 plus NN.
    pub(super) fn phone_base(&self) -> u16 {
        self.base() + 10
    }

    /// SIP port of the `n`th sipp that places calls.
    pub(super) fn caller(&self, n: u16) -> u16 {
        self.base() + 300 + n % 200
    }

    /// First media port of the `n`th sipp; it takes this one and the next three.
    pub(super) fn sipp_media(&self, n: u16) -> u16 {
        self.base() + 500 + 4 * (n % 125)
    }

    /// The environment for start.sh and stop.sh.
    pub(super) fn environment(&self) -> [(&'static str, String); 8] {
        [
            ("AST_INSTANCE", self.instance()),
            ("AST_AMI_PORT", self.ami().to_string()),
            ("AST_HTTP_PORT", self.http().to_string()),
            ("AST_SIP_PORT", self.sip().to_string()),
            ("AST_TRUNK_PORT", self.trunk().to_string()),
            ("AST_PHONE_BASE", self.phone_base().to_string()),
            ("AST_RTP_START", (self.base() + 1000).to_string()),
            ("AST_RTP_END", (self.base() + PORTS - 1).to_string()),
        ]
    }
}
