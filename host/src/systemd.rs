//! What a service manager is told, and when: sd_notify(3), spoken without a library of systemd.
//!
//! Without `NOTIFY_SOCKET` nobody is told anything. Nothing here can fail or block: a manager that does not listen is
//! not the host's trouble.

use std::ffi::OsStr;
use std::fmt::Write as _;
use std::io;
use std::os::unix::ffi::OsStrExt;
use std::os::unix::net::{SocketAddr, UnixDatagram};
use std::time::Duration;

/// How often the status is told when there is no watchdog.
const OFTEN: Duration = Duration::from_secs(10);
/// The least time between two beats, whatever the manager wants.
const LEAST: Duration = Duration::from_millis(100);

/// Tells the service manager.
#[derive(Debug, Default)]
pub struct Notifier {
    socket: Option<UnixDatagram>,
    watchdog: Option<Duration>,
    status: String,
}

impl Notifier {
    /// The manager that started this process; its socket and its watchdog stand in the environment.
    ///
    /// # Errors
    /// `NOTIFY_SOCKET` names nothing that can be spoken to.
    pub fn from_environment() -> Result<Self, String> {
        let Some(name) = std::env::var_os("NOTIFY_SOCKET").filter(|name| !name.is_empty()) else {
            return Ok(Self::default());
        };
        let socket = connect(&name).map_err(|e| format!("NOTIFY_SOCKET={}: {e}", name.display()))?;
        let set = |name: &str| std::env::var(name).ok()?.parse::<u64>().ok();
        Ok(Self {
            socket: Some(socket),
            watchdog: watchdog(set("WATCHDOG_USEC"), set("WATCHDOG_PID"), std::process::id()),
            status: String::new(),
        })
    }

    /// How often [`Self::alive`] is to be called; none: nobody listens.
    #[must_use]
    pub fn beat(&self) -> Option<Duration> {
        self.socket.as_ref()?;
        // Half of what the manager waits for.
        Some(self.watchdog.map_or(OFTEN, |wait| (wait / 2).min(OFTEN).max(LEAST)))
    }

    /// The host serves, or serves again.
    pub fn ready(&mut self, status: &str) {
        status.clone_into(&mut self.status);
        self.tell(&format!("READY=1\nSTATUS={}\n", one_line(status)));
    }

    /// The configuration is being read again; [`Self::ready`] ends it.
    pub fn reloading(&self) {
        let mut text = "RELOADING=1\n".to_owned();
        let now = rustix::time::clock_gettime(rustix::time::ClockId::Monotonic);
        // Writing to a text cannot fail.
        let _ = writeln!(text, "MONOTONIC_USEC={}", now.tv_sec.saturating_mul(1_000_000) + now.tv_nsec / 1_000);
        self.tell(&text);
    }

    /// The host is stopping in order.
    pub fn stopping(&self) {
        self.tell("STOPPING=1\nSTATUS=stopping\n");
    }

    /// The host is alive; how it is, when that has changed.
    pub fn alive(&mut self, status: &str) {
        let mut text = String::new();
        if self.watchdog.is_some() {
            text.push_str("WATCHDOG=1\n");
        }
        if self.status != status {
            status.clone_into(&mut self.status);
            let _ = writeln!(text, "STATUS={}", one_line(status));
        }
        if !text.is_empty() {
            self.tell(&text);
        }
    }

    /// The host is alive, and at work on something long.
    pub fn fed(&self) {
        if self.watchdog.is_some() {
            self.tell("WATCHDOG=1\n");
        }
    }

    fn tell(&self, text: &str) {
        if let Some(socket) = &self.socket {
            // A full queue means that the manager is slow: the next beat tells it again.
            let _ = socket.send(text.as_bytes());
        }
    }
}

fn connect(name: &OsStr) -> io::Result<UnixDatagram> {
    let socket = UnixDatagram::unbound()?;
    socket.set_nonblocking(true)?;
    match name.as_bytes() {
        [b'/', ..] => socket.connect(name)?,
        [b'@', name @ ..] => socket.connect_addr(&hidden(name)?)?,
        _ => return Err(io::Error::new(io::ErrorKind::InvalidInput, "it begins neither with / nor with @")),
    }
    Ok(socket)
}

/// A socket without a file.
#[cfg(target_os = "linux")]
fn hidden(name: &[u8]) -> io::Result<SocketAddr> {
    use std::os::linux::net::SocketAddrExt;
    SocketAddr::from_abstract_name(name)
}

#[cfg(not(target_os = "linux"))]
fn hidden(_: &[u8]) -> io::Result<SocketAddr> {
    Err(io::Error::new(io::ErrorKind::Unsupported, "sockets without a file are Linux's"))
}

/// How long the manager waits for a beat; a variable that was meant for a parent is not ours.
fn watchdog(usec: Option<u64>, meant: Option<u64>, own: u32) -> Option<Duration> {
    let usec = usec.filter(|usec| *usec > 0)?;
    meant.is_none_or(|pid| pid == u64::from(own)).then(|| Duration::from_micros(usec))
}

fn one_line(text: &str) -> String {
    text.chars().map(|c| if c.is_control() { ' ' } else { c }).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_watchdog_that_was_meant_for_another_process_is_not_fed() {
        let second = Some(Duration::from_secs(1));
        assert_eq!(watchdog(Some(1_000_000), None, 7), second);
        assert_eq!(watchdog(Some(1_000_000), Some(7), 7), second);
        assert_eq!(watchdog(Some(1_000_000), Some(8), 7), None);
        assert_eq!(watchdog(Some(0), Some(7), 7), None);
        assert_eq!(watchdog(None, Some(7), 7), None);
    }

    #[test]
    fn a_status_is_told_when_it_differs_and_stays_one_line() {
        let (ours, theirs) = UnixDatagram::pair().unwrap();
        let wait = Some(Duration::from_secs(30));
        let mut notifier = Notifier { socket: Some(ours), watchdog: wait, status: String::new() };
        assert_eq!(notifier.beat(), Some(OFTEN));
        let heard = || {
            let mut bytes = [0; 512];
            let count = theirs.recv(&mut bytes).unwrap();
            String::from_utf8_lossy(&bytes[..count]).into_owned()
        };
        notifier.ready("1 client\nREADY=0");
        assert_eq!(heard(), "READY=1\nSTATUS=1 client READY=0\n");
        notifier.alive("1 client\nREADY=0");
        assert_eq!(heard(), "WATCHDOG=1\n");
        notifier.alive("2 clients");
        assert_eq!(heard(), "WATCHDOG=1\nSTATUS=2 clients\n");
        notifier.reloading();
        let text = heard();
        let usec = text.strip_prefix("RELOADING=1\nMONOTONIC_USEC=").and_then(|t| t.trim_end().parse::<u64>().ok());
        assert!(usec.is_some_and(|usec| usec > 0), "{text}");
        notifier.stopping();
        assert_eq!(heard(), "STOPPING=1\nSTATUS=stopping\n");
    }

    #[test]
    fn an_address_that_is_none_is_told() {
        assert!(connect(OsStr::new("relative")).is_err());
        assert!(connect(OsStr::new("/nowhere/at/all")).is_err());
        assert!(Notifier::default().beat().is_none());
    }

    #[cfg(target_os = "linux")]
    #[test]
    fn a_manager_may_listen_without_a_file() {
        let name = format!("jackfield-test-{}", std::process::id());
        let listener = UnixDatagram::bind_addr(&hidden(name.as_bytes()).unwrap()).unwrap();
        let socket = connect(OsStr::new(&format!("@{name}"))).unwrap();
        socket.send(b"READY=1").unwrap();
        let mut bytes = [0; 16];
        assert_eq!(listener.recv(&mut bytes).unwrap(), 7);
    }
}
