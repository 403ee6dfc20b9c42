//! Phones and callers: sipp, one process each, with the scenarios in `tests/asterisk/sipp`.

use std::fs::File;
use std::net::Ipv4Addr;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, ExitStatus, Stdio};
use std::sync::atomic::Ordering;
use std::time::{Duration, Instant};

use super::{PATIENCE, Pbx, SCRIPTS};

/// The outside world: Asterisk takes whatever comes from this address as the trunk.
pub(super) const OUTSIDE: Ipv4Addr = Ipv4Addr::new(127, 0, 0, 2);

/// No sipp outlives this, even if the test that started it was killed.
const SIPP_LIFETIME: &str = "900s";

/// What a called phone does. Times are milliseconds; a phone that stays waits until the PBX hangs up.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[allow(missing_docs)] // the fields say what they are
pub enum Phone {
    /// Rings, answers, stays.
    Answers { ring_ms: u32 },
    /// Rings, answers, talks, hangs up itself.
    HangsUp { ring_ms: u32, talk_ms: u32 },
    /// Rejects at once: 486 Busy Here.
    Busy,
    /// Rings, then its user declines: 603.
    Declines { ring_ms: u32 },
    /// Rings until the PBX or the caller gives up.
    NeverAnswers,
    /// Rings, answers, talks, holds, resumes, stays.
    Holds { ring_ms: u32, talk_ms: u32, held_ms: u32 },
    /// Rings, answers, talks, holds and stays on hold.
    StaysHeld { ring_ms: u32, talk_ms: u32 },
    /// Rings, answers, talks, then sends the tones 1 2 3 # (SIP INFO), stays.
    SendsDtmf { ring_ms: u32, talk_ms: u32 },
    /// Rings until it gets NOTIFY "Event: talk", then answers and stays.
    AnswersOnNotify,
    /// Under remote control by NOTIFY: "talk" answers and resumes, "hold" holds, as often as asked; stays.
    Remote,
    /// Rings, answers, stays; sends no media (for load).
    NoMedia { ring_ms: u32 },
}

/// What a caller does. Times are milliseconds.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[allow(missing_docs)] // the fields say what they are
pub enum Caller {
    /// Once answered talks, then hangs up.
    Talks { ms: u32 },
    /// Once answered stays until the PBX hangs up.
    Stays,
    /// Lets it ring, then gives up (CANCEL).
    GivesUp { ring_ms: u32 },
    /// Expects to be refused, with whatever code.
    Refused,
    /// Once answered talks, holds, resumes, talks as long again, hangs up.
    Holds { talk_ms: u32, held_ms: u32 },
    /// Once answered talks, then sends the tones 4 5 6 # (SIP INFO); stays until the PBX hangs up.
    SendsDtmf { talk_ms: u32 },
    /// Once answered talks, then transfers the other party blindly to the number `to` (REFER), as a phone does.
    Transfers { talk_ms: u32, to: &'static str },
    /// Once answered talks, holds, calls the number `to`, talks to it as long, then joins the two (REFER with Replaces), as
    /// a phone does.
    TransfersAfterAsking { talk_ms: u32, to: &'static str },
    /// Once answered talks, then hangs up; sends no media (for load).
    NoMedia { talk_ms: u32 },
}

type Sets = Vec<(&'static str, u32)>;

impl Phone {
    fn scenario(self) -> (&'static str, Sets) {
        match self {
            Self::Answers { ring_ms } => ("uas.xml", vec![("ring", ring_ms)]),
            Self::HangsUp { ring_ms, talk_ms } => ("uas_hangup.xml", vec![("ring", ring_ms), ("talk", talk_ms)]),
            Self::Busy => ("uas_busy.xml", vec![]),
            Self::Declines { ring_ms } => ("uas_decline.xml", vec![("ring", ring_ms)]),
            Self::NeverAnswers => ("uas_noanswer.xml", vec![]),
            Self::Holds { ring_ms, talk_ms, held_ms } => {
                ("uas_hold.xml", vec![("ring", ring_ms), ("talk", talk_ms), ("held", held_ms)])
            }
            Self::StaysHeld { ring_ms, talk_ms } => ("uas_stays_held.xml", vec![("ring", ring_ms), ("talk", talk_ms)]),
            Self::SendsDtmf { ring_ms, talk_ms } => ("uas_dtmf.xml", vec![("ring", ring_ms), ("talk", talk_ms)]),
            Self::AnswersOnNotify => ("uas_talk.xml", vec![]),
            Self::Remote => ("uas_remote.xml", vec![]),
            Self::NoMedia { ring_ms } => ("uas_load.xml", vec![("ring", ring_ms)]),
        }
    }
}

impl Caller {
    fn scenario(self) -> (&'static str, Sets) {
        match self {
            Self::Talks { ms } => ("uac.xml", vec![("talk", ms)]),
            Self::Stays => ("uac_wait.xml", vec![]),
            Self::GivesUp { ring_ms } => ("uac_cancel.xml", vec![("ring", ring_ms)]),
            Self::Refused => ("uac_fail.xml", vec![]),
            Self::Holds { talk_ms, held_ms } => ("uac_hold.xml", vec![("talk", talk_ms), ("held", held_ms)]),
            Self::SendsDtmf { talk_ms } => ("uac_dtmf.xml", vec![("talk", talk_ms)]),
            Self::Transfers { talk_ms, .. } => ("uac_refer_blind.xml", vec![("talk", talk_ms)]),
            Self::TransfersAfterAsking { talk_ms, .. } => ("uac_refer_attended.xml", vec![("talk", talk_ms)]),
            Self::NoMedia { talk_ms } => ("uac_load.xml", vec![("talk", talk_ms)]),
        }
    }
}

/// A phone that waits for its call, or has it. Dropping it ends the phone without a goodbye.
pub type PhoneHandle = Sipp;
/// A call that somebody places. Dropping it ends the caller without a goodbye.
pub type CallHandle = Sipp;

/// A running sipp; see [`PhoneHandle`] and [`CallHandle`].
#[derive(Debug)]
pub struct Sipp {
    what: String,
    child: Child,
    errors: PathBuf,
    output: PathBuf,
}

impl Sipp {
    /// Wait until the script has run to its end. The error holds what sipp complained about.
    pub fn wait(&mut self, timeout: Duration) -> Result<(), String> {
        let deadline = Instant::now() + timeout;
        loop {
            match self.child.try_wait() {
                Ok(Some(status)) if status.success() => return Ok(()),
                Ok(Some(status)) => return Err(self.complaint(status)),
                Ok(None) if Instant::now() >= deadline => {
                    return Err(format!("{} is not through after {timeout:?}\n{}", self.what, self.said()));
                }
                Ok(None) => std::thread::sleep(Duration::from_millis(20)),
                Err(e) => return Err(format!("cannot wait for {}: {e}", self.what)),
            }
        }
    }

    /// True once the script has ended, well or badly.
    pub fn is_done(&mut self) -> bool {
        !matches!(self.child.try_wait(), Ok(None))
    }

    /// End it now, without a goodbye, as if the phone lost its power.
    pub fn kill(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }

    fn complaint(&self, status: ExitStatus) -> String {
        let meaning = match status.code() {
            Some(1) => "the call did not go as the script says",
            Some(97) => "the script was ended from outside or ran out of time",
            Some(99) => "no call came",
            _ => "sipp itself failed",
        };
        format!("{}: {meaning} ({status})\n{}", self.what, self.said())
    }

    fn said(&self) -> String {
        let read = |path: &Path| {
            let bytes = std::fs::read(path).unwrap_or_default();
            String::from_utf8_lossy(&bytes).chars().take(4000).collect::<String>()
        };
        format!("{}{}", read(&self.errors), read(&self.output))
    }
}

impl Drop for Sipp {
    fn drop(&mut self) {
        self.kill();
    }
}

impl Pbx {
    /// Put a phone at extension 101-110 (or 201-210, see [`Pbx::register`]) that takes one call; it listens when
    /// this returns.
    pub fn phone(&self, extension: &str, phone: Phone) -> Result<PhoneHandle, String> {
        self.phone_for(extension, phone, 1)
    }

    /// The same for a phone that takes `calls` calls before its script is through.
    pub fn phone_for(&self, extension: &str, phone: Phone, calls: u32) -> Result<PhoneHandle, String> {
        let port = self.phone_port(extension)?;
        self.listen(&format!("phone {extension}"), (Ipv4Addr::LOCALHOST, port), phone, calls)
    }

    /// Put a phone behind the trunk: it takes a call to any outside number (six digits or more).
    pub fn outside(&self, phone: Phone) -> Result<PhoneHandle, String> {
        self.outside_for(phone, 1)
    }

    /// The same for a phone that takes `calls` calls before its script is through.
    pub fn outside_for(&self, phone: Phone, calls: u32) -> Result<PhoneHandle, String> {
        self.listen("outside phone", (OUTSIDE, self.slot.trunk()), phone, calls)
    }

    /// Call `to` as `from`: from outside when `from` has more than five digits, else from that agent's phone.
    pub fn call(&self, from: &str, to: &str, caller: Caller) -> Result<CallHandle, String> {
        let name = if is_outside(from) { "Outside".to_owned() } else { format!("Agent {from}") };
        self.call_as(&name, from, to, caller)
    }

    /// The same with a display name.
    pub fn call_as(&self, name: &str, from: &str, to: &str, caller: Caller) -> Result<CallHandle, String> {
        self.place(name, from, to, caller, (1, 1))
    }

    /// Place `calls` such calls, `per_second` of them each second; the handle is through when all are.
    pub fn calls(
        &self,
        from: &str,
        to: &str,
        caller: Caller,
        calls: u32,
        per_second: u32,
    ) -> Result<CallHandle, String> {
        self.place("Outside", from, to, caller, (calls, per_second))
    }

    /// Register phone 201-210 for that many seconds; 0 unregisters. [`Pbx::phone`] then listens where it said.
    pub fn register(&self, extension: &str, seconds: u32) -> Result<(), String> {
        let (contact, expires) = (self.phone_port(extension)?.to_string(), seconds.to_string());
        let secret = format!("secret{extension}");
        let n = self.next_sipp.fetch_add(1, Ordering::Relaxed);
        let from = (Ipv4Addr::LOCALHOST, self.slot.caller(n));
        let mut cmd = self.sipp(n, "register.xml", &[], from, 1);
        cmd.arg(format!("127.0.0.1:{}", self.sip_port())).args(["-s", extension, "-au", extension, "-ap", &secret]);
        cmd.args(["-key", "from", extension, "-key", "contact_port", &contact, "-key", "expires", &expires]);
        self.spawn(cmd, n, format!("registration of {extension}"))?.wait(PATIENCE)
    }

    fn phone_port(&self, extension: &str) -> Result<u16, String> {
        match extension.parse::<u16>() {
            Ok(n @ (101..=110 | 201..=210)) => Ok(self.slot.phone_base() + n - 100),
            _ => Err(format!("there is no phone {extension}: scripted phones are 101-110 and 201-210")),
        }
    }

    fn place(
        &self,
        name: &str,
        from: &str,
        to: &str,
        caller: Caller,
        (calls, rate): (u32, u32),
    ) -> Result<CallHandle, String> {
        let (scenario, sets) = caller.scenario();
        let n = self.next_sipp.fetch_add(1, Ordering::Relaxed);
        let address = if is_outside(from) { OUTSIDE } else { Ipv4Addr::LOCALHOST };
        let mut cmd = self.sipp(n, scenario, &sets, (address, self.slot.caller(n)), calls);
        cmd.arg(format!("127.0.0.1:{}", self.sip_port())).args(["-s", to, "-key", "from", from, "-key", "name", name]);
        cmd.args(["-r", &rate.to_string(), "-l", &calls.to_string()]);
        if let Caller::Transfers { to, .. } | Caller::TransfersAfterAsking { to, .. } = caller {
            cmd.args(["-key", "referto", to]);
        }
        if let Caller::TransfersAfterAsking { .. } = caller {
            // Its call id becomes part of a URI.
            cmd.args(["-cid_str", "%u-%p-%s"]);
        }
        self.spawn(cmd, n, format!("call from {from} to {to}, {caller:?}"))
    }

    fn listen(&self, who: &str, at: (Ipv4Addr, u16), phone: Phone, calls: u32) -> Result<PhoneHandle, String> {
        let (scenario, sets) = phone.scenario();
        let n = self.next_sipp.fetch_add(1, Ordering::Relaxed);
        let mut sipp = self.spawn(self.sipp(n, scenario, &sets, at, calls), n, format!("{who}, {phone:?}"))?;
        let deadline = Instant::now() + PATIENCE;
        while !listens(at)? {
            if sipp.is_done() {
                let why = sipp.wait(Duration::ZERO).err().unwrap_or_default();
                return Err(format!("{who} cannot listen on {}:{}: {why}", at.0, at.1));
            }
            if Instant::now() >= deadline {
                return Err(format!("{who} does not listen on {}:{} after {PATIENCE:?}", at.0, at.1));
            }
            std::thread::sleep(Duration::from_millis(10));
        }
        Ok(sipp)
    }

    fn sipp(&self, n: u16, scenario: &str, sets: &[(&str, u32)], at: (Ipv4Addr, u16), calls: u32) -> Command {
        let mut cmd = Command::new("sipp");
        cmd.arg("-sf").arg(Path::new(SCRIPTS).join("sipp").join(scenario));
        cmd.args(["-i", &at.0.to_string(), "-p", &at.1.to_string(), "-m", &calls.to_string()]);
        cmd.args(["-mp", &self.slot.sipp_media(n).to_string(), "-nostdin", "-timeout", SIPP_LIFETIME]);
        // One message at a time: sipp gives up on a message that it reads before it has acted on the one before.
        cmd.args(["-max_recv_loops", "1"]);
        for (name, value) in sets {
            cmd.args(["-set", name, &value.to_string()]);
        }
        cmd.arg("-trace_err").arg("-error_file").arg(self.sipp_dir().join(format!("{n}.err")));
        cmd
    }

    fn spawn(&self, mut cmd: Command, n: u16, what: String) -> Result<Sipp, String> {
        let dir = self.sipp_dir();
        let (errors, output) = (dir.join(format!("{n}.err")), dir.join(format!("{n}.out")));
        let stderr = File::create(&output).map_err(|e| format!("cannot write {}: {e}", output.display()))?;
        // Its standard output is a screen for people, redrawn every second.
        cmd.current_dir(&dir).stdin(Stdio::null()).stdout(Stdio::null()).stderr(stderr);
        let child = cmd.spawn().map_err(|e| format!("cannot run sipp for {what}: {e}"))?;
        Ok(Sipp { what, child, errors, output })
    }
}

fn is_outside(number: &str) -> bool {
    number.len() > 5
}

/// Is there a UDP socket at this address? The kernel's table has it as hex, the address in host byte order.
fn listens((address, port): (Ipv4Addr, u16)) -> Result<bool, String> {
    let table = std::fs::read_to_string("/proc/net/udp").map_err(|e| format!("cannot read /proc/net/udp: {e}"))?;
    let wanted = format!("{:08X}:{port:04X}", u32::from_ne_bytes(address.octets()));
    Ok(table.lines().any(|line| line.split_whitespace().nth(1) == Some(wanted.as_str())))
}
