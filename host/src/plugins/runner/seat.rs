//! The runner's own side: the process in which an adapter sits. It reads records, calls the envelope, and answers.
//!
//! One thread runs the adapter; another one watches the socket and ends the process when the host is gone, whatever
//! the adapter does at that moment. (Should that fail as well, the kernel ends it with the host's thread that began
//! it.)
#![allow(unsafe_code)]

use std::io::{IoSliceMut, Read, Write};
use std::mem::ManuallyDrop;
use std::os::fd::{AsFd, AsRawFd, FromRawFd, OwnedFd};
use std::os::unix::net::UnixStream;
use std::process::ExitCode;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use jackfield_plugin_api::abi::{PluginRef, status};
use jackfield_plugin_api::frame::input::{NEW, POSTED, RESTORE};
use jackfield_plugin_api::frame::output::{self as kinds};
use jackfield_plugin_api::frame::{frames, pack, unpack};
use rustix::event::{PollFd, PollFlags, poll};
use rustix::net::{RecvAncillaryBuffer, RecvAncillaryMessage, RecvFlags, recvmsg};
use rustix::process::{Signal, set_parent_process_death_signal};

use super::super::inside::Inside;
use super::super::load;
use super::super::needs::Grants;
use super::super::port::MOST_POST;
use super::sandbox;
use super::wire::{self, Given, Load, Loaded, Records};

/// What the host may write in one record: an answer of a phone system is the longest.
const MOST: usize = 256 * 1024 * 1024;
/// Answers are kept back while more inputs wait, but not more than this.
const FLUSH: usize = 256 * 1024;
/// What is read at once: what a busy socket of the phone system has brought.
const READ: usize = 256 * 1024;
/// Nor longer than this: the host waits for each answer, and should see that there are some.
const KEPT_BACK: Duration = Duration::from_millis(20);
/// What an adapter's threads may post before it was handled.
const MOST_POSTED: usize = 1_024;
/// The watchdog calls nothing deep.
const WATCHDOG_STACK: usize = 64 * 1024;

/// Runs an adapter for the host that started this process.
#[must_use]
pub(crate) fn main() -> ExitCode {
    // Ctrl-C and a service manager tell every process; here the host says when it is over.
    for signal in [libc::SIGTERM, libc::SIGINT, libc::SIGHUP] {
        // SAFETY: to ignore a signal needs no handler.
        unsafe { libc::signal(signal, libc::SIG_IGN) };
    }
    // Started from a descriptor it would be called `exe` in lists of processes. Nothing hangs on it.
    let _ = rustix::thread::set_name(c"jackfield-run");
    // Whatever the host's own parent has left open is not for an adapter.
    close_all_above_stderr();
    // SAFETY: nobody else in this process owns descriptor 0 or uses it.
    let socket = ManuallyDrop::new(unsafe { UnixStream::from_raw_fd(0) });
    let (load, library) = match first(&socket) {
        Ok(first) => first,
        Err(why) => return wrong(&why),
    };
    match run(&socket, &load, library) {
        Ok(()) => ExitCode::SUCCESS,
        Err(why) => wrong(&why),
    }
}

fn wrong(why: &str) -> ExitCode {
    let _ = writeln!(std::io::stderr(), "jackfield runner: {why}");
    ExitCode::from(2)
}

/// The first record, with the library's descriptor.
fn first(socket: &UnixStream) -> Result<(Load, OwnedFd), String> {
    let mut bytes = vec![0; 64 * 1024];
    let mut space = [std::mem::MaybeUninit::uninit(); rustix::cmsg_space!(ScmRights(1))];
    let mut ancillary = RecvAncillaryBuffer::new(&mut space);
    let got = recvmsg(socket, &mut [IoSliceMut::new(&mut bytes)], &mut ancillary, RecvFlags::CMSG_CLOEXEC)
        .map_err(|_| "only a host starts this; to run a host: jackfield run")?;
    let library = ancillary.drain().find_map(|message| match message {
        RecvAncillaryMessage::ScmRights(mut all) => all.next(),
        _ => None,
    });
    let mut records = Records::default();
    let room = records.room();
    let length = got.bytes.min(room.len());
    room[..length].copy_from_slice(&bytes[..length]);
    records.filled(length);
    let load = match records.next(MOST) {
        Ok(Some((wire::LOAD, at))) => unpack::<Load>(records.payload(at))?,
        _ => return Err("the host's first word is not understood".to_owned()),
    };
    let library = library.ok_or("the host has sent no library")?;
    if load.protocol != wire::PROTOCOL {
        return Err(format!("the host speaks version {}, this runner {}", load.protocol, wire::PROTOCOL));
    }
    Ok((load, library))
}

fn run(socket: &UnixStream, load: &Load, library: OwnedFd) -> Result<(), String> {
    let granted = Grants::read(&load.granted);
    // Nothing can be opened, not even a second time, once the filters stand.
    let writer = socket.try_clone().map_err(|e| e.to_string())?;
    end_with_the_host(load.host)?;
    let missing = sandbox::before_loading(granted, load.memory)?;
    watch_the_host(socket)?;
    sandbox::filter_loading(granted)?;
    // SAFETY: what the host sends was looked at; it runs where it can do no harm.
    let loaded = unsafe { load::from_descriptor(library.as_raw_fd()) };
    // Mapped it needs no descriptor; whoever reads from this one moves the place where others read.
    drop(library);
    sandbox::after_loading(granted)?;
    let (module, manifest) = match loaded.and_then(|module| Ok((module, load::manifest_bytes(module)?))) {
        Ok((module, manifest)) => (Some(module), Ok(manifest)),
        Err(error) => (None, Err(error)),
    };
    let mut out = Vec::new();
    let word = Loaded { protocol: wire::PROTOCOL, missing, manifest };
    wire::put(&mut out, wire::ANSWER, &[&status::OK.to_le_bytes(), &pack(&word)]);
    let mut seat = Seat { module, adapter: None, moved: false, out, line: Line::new(writer) };
    seat.flush().map_err(|e| e.to_string())?;
    seat.serve(socket)
}

/// The way back to the host; an adapter's threads use it, too.
#[derive(Clone)]
struct Line {
    socket: Arc<Mutex<UnixStream>>,
    /// Posted, and not handled yet.
    posted: Arc<AtomicUsize>,
}

impl Line {
    fn new(socket: UnixStream) -> Self {
        Self { socket: Arc::new(Mutex::new(socket)), posted: Arc::default() }
    }

    fn write(&self, bytes: &[u8]) -> std::io::Result<()> {
        self.socket.lock().unwrap_or_else(PoisonError::into_inner).write_all(bytes)
    }

    fn post(&self, bytes: &[u8]) -> bool {
        if bytes.len() > MOST_POST {
            return false;
        }
        if self.posted.fetch_add(1, Ordering::Relaxed) >= MOST_POSTED {
            self.posted.fetch_sub(1, Ordering::Relaxed);
            return false;
        }
        let mut record = Vec::new();
        wire::put(&mut record, wire::POSTED, &[bytes]);
        self.write(&record).is_ok()
    }
}

struct Seat {
    module: Option<PluginRef>,
    adapter: Option<Inside>,
    /// An input of those that were written together has changed the transports.
    moved: bool,
    /// Answers that were not sent yet.
    out: Vec<u8>,
    line: Line,
}

impl Seat {
    /// Answers until the host is gone.
    fn serve(&mut self, mut socket: &UnixStream) -> Result<(), String> {
        let mut records = Records::reading(READ);
        let mut flushed = coarse_now();
        loop {
            while let Some((op, at)) = records.next(MOST).map_err(|e| e.to_string())? {
                let more = self.record(op, records.payload(at));
                // One write for inputs that were written together; a wake-up costs as much as handling some of them.
                let wait = more || records.has_one();
                let now = coarse_now();
                if !wait || self.out.len() >= FLUSH || now.saturating_sub(flushed) >= KEPT_BACK {
                    self.flush().map_err(|e| e.to_string())?;
                    flushed = now;
                }
            }
            match socket.read(records.room()) {
                Ok(0) => return Ok(()),
                Ok(read) => records.filled(read),
                Err(error) if error.kind() == std::io::ErrorKind::Interrupted => {}
                Err(error) => return Err(error.to_string()),
            }
            if self.out.is_empty() {
                flushed = coarse_now();
            }
        }
    }

    fn flush(&mut self) -> std::io::Result<()> {
        let written = self.line.write(&self.out);
        self.out.clear();
        written
    }

    /// Whether another one follows at once.
    fn record(&mut self, op: u32, payload: &[u8]) -> bool {
        match (op, wire::given(payload)) {
            (wire::CREATE, Some(given)) => self.create(&given),
            (wire::INPUT, Some(given)) => {
                self.input(&given);
                return given.more;
            }
            (wire::SAVE, _) => {
                let status = self.adapter.as_mut().map(Inside::save);
                self.answer(status);
            }
            // There is no other; the host would wait for its answer and say so.
            _ => {}
        }
        false
    }

    fn create(&mut self, given: &Given<'_>) {
        let Some(module) = self.module else { return self.answer(None) };
        let kind = if given.kind == RESTORE { RESTORE } else { NEW };
        let line = self.line.clone();
        match Inside::create(module, given.at, kind, given.head, given.body, move |bytes| line.post(bytes)) {
            Ok(adapter) => {
                self.adapter = Some(adapter);
                self.answer(Some(status::OK));
            }
            Err((status, out)) => {
                wire::put(&mut self.out, wire::ANSWER, &[&status.to_le_bytes(), out.as_slice()]);
            }
        }
    }

    fn input(&mut self, given: &Given<'_>) {
        if !given.joined {
            self.moved = false;
        }
        if self.moved {
            return wire::put(&mut self.out, wire::ANSWER, &[&wire::SKIPPED.to_le_bytes()]);
        }
        if given.kind == POSTED {
            // Never below nothing: the host may say what nobody posted.
            let less = |waiting: usize| Some(waiting.saturating_sub(1));
            let _ = self.line.posted.fetch_update(Ordering::Relaxed, Ordering::Relaxed, less);
        }
        let status = self.adapter.as_mut().map(|a| a.handle(given.at, given.kind, given.arg, given.head, given.body));
        let out = self.adapter.as_ref().map(Inside::out).unwrap_or_default();
        self.moved = status != Some(status::OK)
            || frames(out).any(|f| {
                f.is_err() || f.is_ok_and(|f| matches!(f.kind, kinds::OPEN | kinds::CLOSE | kinds::RECONNECT))
            });
        self.answer(status);
    }

    /// A status, and what the adapter has written with it. None: there is no adapter.
    fn answer(&mut self, status: Option<u32>) {
        let out = self.adapter.as_ref().map(Inside::out).unwrap_or_default();
        wire::put(&mut self.out, wire::ANSWER, &[&status.unwrap_or(status::NONE).to_le_bytes(), out]);
    }
}

/// The kernel ends this process when the host's thread that started it is gone.
fn end_with_the_host(host: u32) -> Result<(), String> {
    set_parent_process_death_signal(Some(Signal::KILL)).map_err(|e| format!("it cannot be tied to its host: {e}"))?;
    let parent = rustix::process::getppid().map(|pid| pid.as_raw_nonzero().get().cast_unsigned());
    // In a namespace of its own a process does not see its parent.
    match parent {
        Some(parent) if parent != host => Err("its host is gone already".to_owned()),
        _ => Ok(()),
    }
}

/// A clock that is some milliseconds behind, and as cheap as can be.
fn coarse_now() -> Duration {
    let mut now = libc::timespec { tv_sec: 0, tv_nsec: 0 };
    // SAFETY: it writes to the place that it is given, which is its own.
    unsafe { libc::clock_gettime(libc::CLOCK_MONOTONIC_COARSE, &raw mut now) };
    Duration::new(now.tv_sec.unsigned_abs(), u32::try_from(now.tv_nsec).unwrap_or(0))
}

fn watch_the_host(socket: &UnixStream) -> Result<(), String> {
    let socket = socket.try_clone().map_err(|e| e.to_string())?;
    let (up, is_up) = std::sync::mpsc::sync_channel(1);
    let watch = move || {
        // What a thread does at its beginning is forbidden later.
        let _ = up.send(());
        loop {
            // Nothing is asked for: that the other side is gone is told all the same.
            let polled = poll(&mut [PollFd::from_borrowed_fd(socket.as_fd(), PollFlags::empty())], None);
            if polled.is_ok() {
                // SAFETY: ends the process; there is nothing to be put in order.
                unsafe { libc::_exit(0) };
            }
        }
    };
    std::thread::Builder::new()
        .name("watchdog".to_owned())
        .stack_size(WATCHDOG_STACK)
        .spawn(watch)
        .map_err(|e| format!("it has no thread to watch its host: {e}"))?;
    is_up.recv().map_err(|e| e.to_string())
}

fn close_all_above_stderr() {
    // SAFETY: nothing of this process is open yet but the three that it was given.
    let closed = unsafe { libc::close_range(3, libc::c_uint::MAX, 0) };
    if closed != 0 {
        // A kernel before 5.9.
        for descriptor in 3..1_024 {
            // SAFETY: as above.
            unsafe { libc::close(descriptor) };
        }
    }
}
