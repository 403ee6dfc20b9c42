//! A runner's process as the host holds it: started with the library, ended with the handle.

use std::io::{IoSlice, PipeReader, pipe};
use std::os::fd::{AsFd, OwnedFd};
use std::os::unix::net::UnixStream;
use std::os::unix::process::{CommandExt, ExitStatusExt};
use std::process::{Child, Command, ExitStatus, Stdio};
use std::sync::Arc;
use std::time::Duration;

use jackfield_plugin_api::frame::pack;
use rustix::net::{SendAncillaryBuffer, SendAncillaryMessage, SendFlags, sendmsg};

use super::super::image::Image;
use super::nursery::Runners;
use super::wire::{self, Load};

/// A runner that has closed its socket is about to end; how it did is worth a moment.
const LAST_BREATH: Duration = Duration::from_millis(200);

/// What a runner is started with.
#[derive(Debug, Clone)]
pub(crate) struct Order {
    pub(crate) runners: Runners,
    pub(crate) image: Arc<Image>,
    /// For `ps`.
    pub(crate) name: String,
    pub(crate) granted: Vec<String>,
    /// The most memory of its own, in bytes.
    pub(crate) memory: u64,
}

/// A process, until it is dropped.
#[derive(Debug)]
pub(super) struct Process {
    child: Option<Child>,
    runners: Runners,
}

/// What a new process is spoken to with.
#[derive(Debug)]
pub(super) struct Started {
    pub(super) process: Process,
    pub(super) socket: UnixStream,
    /// What it writes on its standard output and error.
    pub(super) words: PipeReader,
}

/// A start that is under way.
pub(super) struct Starting {
    child: tokio::sync::oneshot::Receiver<std::io::Result<Child>>,
    socket: UnixStream,
    words: PipeReader,
    order: Order,
}

/// Begins to start a process.
///
/// # Errors
/// The system gives no socket or pipe.
pub(super) fn start(order: &Order) -> std::io::Result<Starting> {
    let (socket, theirs) = UnixStream::pair()?;
    let (words, output) = pipe()?;
    let mut command = Command::new(Runners::program()?);
    command
        .arg0("jackfield")
        .args([super::COMMAND, &order.name])
        .env_clear()
        .stdin(Stdio::from(OwnedFd::from(theirs)))
        .stdout(output.try_clone()?)
        .stderr(output);
    Ok(Starting { child: order.runners.start(command), socket, words, order: order.clone() })
}

impl Starting {
    /// Waits until it runs, and says the first word.
    pub(super) async fn wait(self) -> std::io::Result<Started> {
        let Self { child, socket, words, order } = self;
        let child = child.await.map_err(|_| no_nurse())??;
        Self::greet(child, socket, words, &order)
    }

    /// The same for a thread.
    pub(super) fn wait_blocking(self) -> std::io::Result<Started> {
        let Self { child, socket, words, order } = self;
        let child = child.blocking_recv().map_err(|_| no_nurse())??;
        Self::greet(child, socket, words, &order)
    }

    fn greet(child: Child, socket: UnixStream, words: PipeReader, order: &Order) -> std::io::Result<Started> {
        let process = Process { child: Some(child), runners: order.runners.clone() };
        let load = Load {
            protocol: wire::PROTOCOL,
            granted: order.granted.clone(),
            memory: order.memory,
            host: std::process::id(),
        };
        let mut word = Vec::new();
        wire::put(&mut word, wire::LOAD, &[&pack(&load)]);
        let library = [order.image.file().as_fd()];
        let mut space = [std::mem::MaybeUninit::uninit(); rustix::cmsg_space!(ScmRights(1))];
        let mut ancillary = SendAncillaryBuffer::new(&mut space);
        ancillary.push(SendAncillaryMessage::ScmRights(&library));
        // A new socket has room for so little.
        sendmsg(&socket, &[IoSlice::new(&word)], &mut ancillary, SendFlags::NOSIGNAL)?;
        Ok(Started { process, socket, words })
    }
}

fn no_nurse() -> std::io::Error {
    std::io::Error::other("the thread that starts runners is gone")
}

impl Process {
    pub(super) fn id(&self) -> Option<u32> {
        self.child.as_ref().map(Child::id)
    }

    pub(super) fn runners(&self) -> &Runners {
        &self.runners
    }

    /// Ends it, and says how it ended. `at_once`: it is at fault, and not about to end by itself.
    pub(super) fn end(&mut self, at_once: bool) -> tokio::sync::oneshot::Receiver<ExitStatus> {
        match self.child.take() {
            Some(child) => self.runners.bury(child, if at_once { Duration::ZERO } else { LAST_BREATH }),
            None => tokio::sync::oneshot::channel().1,
        }
    }
}

impl Drop for Process {
    fn drop(&mut self) {
        drop(self.end(true));
    }
}

/// How a process ended, in words.
pub(super) fn ending(status: Option<ExitStatus>) -> String {
    let Some(status) = status else { return "its process is gone".to_owned() };
    match (status.code(), status.signal()) {
        (Some(code), _) => format!("its process ended itself with exit code {code}"),
        (None, Some(signal)) => format!("its process was ended by {}", signal_name(signal)),
        (None, None) => format!("its process ended ({status})"),
    }
}

fn signal_name(signal: i32) -> String {
    let name = match signal {
        libc::SIGSEGV => "SIGSEGV",
        libc::SIGABRT => "SIGABRT",
        libc::SIGBUS => "SIGBUS",
        libc::SIGILL => "SIGILL",
        libc::SIGFPE => "SIGFPE",
        libc::SIGKILL => "SIGKILL",
        libc::SIGTERM => "SIGTERM",
        libc::SIGTRAP => "SIGTRAP",
        libc::SIGXFSZ => "SIGXFSZ",
        libc::SIGPIPE => "SIGPIPE",
        other => return format!("signal {other}"),
    };
    name.to_owned()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn endings_are_told_in_words() {
        assert_eq!(ending(Some(ExitStatus::from_raw(3 << 8))), "its process ended itself with exit code 3");
        assert_eq!(ending(Some(ExitStatus::from_raw(11))), "its process was ended by SIGSEGV");
        assert_eq!(ending(Some(ExitStatus::from_raw(64))), "its process was ended by signal 64");
        assert_eq!(ending(None), "its process is gone");
    }
}
