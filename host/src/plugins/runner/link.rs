//! The host's side of a conversation with a runner: inputs out, answers in, each within its time.

use std::collections::VecDeque;
use std::io;
use std::ops::Range;
use std::sync::Arc;
use std::time::Duration;

use jackfield_plugin_api::Timestamp;
use jackfield_plugin_api::abi::status;
use jackfield_plugin_api::frame::input::InputFrame;
use jackfield_plugin_api::frame::{Start, pack, unpack};
use tokio::io::Interest;
use tokio::net::UnixStream;
use tokio::sync::mpsc;
use tokio::time::{Instant, timeout_at};

use super::super::port::{Answered, Fault, MOST_OUTPUT, MOST_POST, MOST_STATE};
use super::super::words::Words;
use super::probe::tell_missing;
use super::process::{self, Order, Process, Started};
use super::wire::{self, Loaded, Records};

/// How long a library that is known may take to be loaded again, on a machine that is busy.
const LOADING: Duration = Duration::from_secs(20);

/// A running adapter in a process of its own.
#[derive(Debug)]
pub(in super::super) struct Link {
    socket: UnixStream,
    process: Process,
    words: Arc<Words>,
    records: Records,
    out: Vec<u8>,
    written: usize,
    /// Where the last input stands in it.
    last_said: usize,
    /// Answers that have come: their status, and where what was written with them stands.
    came: VecDeque<(u32, Range<usize>)>,
    /// Where what the last answer brought stands.
    last: Range<usize>,
    posted: mpsc::Sender<Vec<u8>>,
    /// Whether it may have threads that post. What nobody was granted is not taken into the host's memory.
    posts: bool,
    /// How long an input may take.
    patience: Duration,
    /// The longest record that it may send.
    most: usize,
}

/// A record's answer has a status before what it brings.
const STATUS: usize = 64;

impl Link {
    /// Starts a process and loads a library in it.
    pub(in super::super) async fn load(order: &Order, posted: mpsc::Sender<Vec<u8>>) -> Result<Self, Fault> {
        let cannot = |e: io::Error| Fault::Broken(format!("no process can be started for it: {e}"));
        let Started { process, socket, words } = process::start(order).map_err(cannot)?.wait().await.map_err(cannot)?;
        socket.set_nonblocking(true).map_err(cannot)?;
        let mut link = Self {
            socket: UnixStream::from_std(socket).map_err(cannot)?,
            process,
            words: Words::hear(&order.name, words).map_err(cannot)?,
            records: Records::default(),
            out: Vec::new(),
            written: 0,
            last_said: 0,
            came: VecDeque::new(),
            last: 0..0,
            posted,
            posts: !order.granted.is_empty(),
            patience: LOADING,
            most: MOST_OUTPUT + STATUS,
        };
        link.answer().await?;
        let loaded: Loaded = unpack(link.outputs()).map_err(Fault::Broken)?;
        tell_missing(&link.process, &loaded.missing);
        if let Err(error) = loaded.manifest {
            return Err(Fault::Broken(error.to_string()));
        }
        Ok(link)
    }

    /// Makes an adapter of what was loaded; `kind` says from what. After a refusal it can be tried again.
    pub(in super::super) async fn make(
        &mut self,
        kind: u32,
        at: Timestamp,
        start: &Start,
        state: &[u8],
        within: Duration,
    ) -> Result<(), Fault> {
        let frame = InputFrame { kind, arg: 0, head: pack(start).into(), body: state.into() };
        wire::put_input(&mut self.out, wire::CREATE, at.micros(), false, &frame);
        self.answer_within(within).await?.accepted(self.outputs())
    }

    /// Asks for the adapter's state: the status; the state is what the answer [brought](Self::outputs).
    pub(in super::super) async fn save(&mut self, within: Duration) -> Result<u32, Fault> {
        wire::put(&mut self.out, wire::SAVE, &[]);
        self.most = MOST_STATE + STATUS;
        let answered = self.answer_within(within).await;
        self.most = MOST_OUTPUT + STATUS;
        match answered? {
            Answered::Status(status) => Ok(status),
            Answered::Skipped => Err(Self::rubbish("skipped")),
        }
    }

    /// How long an input may take from now on.
    pub(in super::super) fn set_patience(&mut self, patience: Duration) {
        self.patience = patience;
    }

    /// The process.
    #[must_use]
    pub(in super::super) fn id(&self) -> Option<u32> {
        self.process.id()
    }

    /// Writes an input down; it goes out with [`answer`](Self::answer). `joined`: without waiting for the one before.
    pub(in super::super) fn say(&mut self, at: Timestamp, joined: bool, frame: &InputFrame<'_>) {
        if joined {
            // One write each way for all of them.
            wire::more_follows(&mut self.out, self.last_said);
        }
        self.last_said = self.out.len();
        wire::put_input(&mut self.out, wire::INPUT, at.micros(), joined, frame);
    }

    /// What the last answer brought; until the next one is waited for.
    pub(in super::super) fn outputs(&self) -> &[u8] {
        self.records.payload(self.last.clone())
    }

    /// The answer to the first input that has none. After an error there is no adapter any more.
    pub(in super::super) async fn answer(&mut self) -> Result<Answered, Fault> {
        self.answer_within(self.patience).await
    }

    async fn answer_within(&mut self, patience: Duration) -> Result<Answered, Fault> {
        let until = Instant::now() + patience;
        loop {
            if let Some((status, at)) = self.came.pop_front() {
                self.last = at;
                return Ok(match status {
                    wire::SKIPPED => Answered::Skipped,
                    status => Answered::Status(status),
                });
            }
            match timeout_at(until, self.exchange()).await {
                Ok(Ok(())) => {}
                Ok(Err(fault)) => return Err(fault),
                Err(_) => {
                    let _ = self.process.end(true).await;
                    return Err(Fault::Late { after: patience });
                }
            }
        }
    }

    /// Waits for what comes though nothing was asked: what threads post, or the end. Safe to be dropped at any time.
    pub(in super::super) async fn idle(&mut self) -> Fault {
        loop {
            if let Err(fault) = self.exchange().await {
                return fault;
            }
            if !self.came.is_empty() {
                return Self::rubbish("an answer to nothing");
            }
        }
    }

    /// Writes and reads what can be written and read now; waits until something can.
    async fn exchange(&mut self) -> Result<(), Fault> {
        let wanted =
            if self.written < self.out.len() { Interest::READABLE | Interest::WRITABLE } else { Interest::READABLE };
        // The common case is that there is room: no look at the readiness for it.
        if self.write()? {
            return Ok(());
        }
        let Ok(ready) = self.socket.ready(wanted).await else { return Err(self.ended().await) };
        if ready.is_writable() {
            self.write()?;
        }
        if ready.is_readable() {
            match self.socket.try_read(self.records.room()) {
                Ok(0) => return Err(self.ended().await),
                Ok(read) => self.records.filled(read),
                Err(error) if error.kind() == io::ErrorKind::WouldBlock => {}
                Err(_) => return Err(self.ended().await),
            }
            self.sort()?;
        }
        Ok(())
    }

    /// Whether all of what was to be written was.
    fn write(&mut self) -> Result<bool, Fault> {
        if self.written == self.out.len() {
            return Ok(false);
        }
        match self.socket.try_write(&self.out[self.written..]) {
            Ok(more) => self.written += more,
            // That it is gone is seen when its last words are read.
            Err(_) => return Ok(false),
        }
        let done = self.written == self.out.len();
        if done {
            self.out.clear();
            self.written = 0;
        }
        Ok(done)
    }

    fn sort(&mut self) -> Result<(), Fault> {
        loop {
            let (op, at) = match self.records.next(self.most) {
                Ok(Some(record)) => record,
                Ok(None) => return Ok(()),
                Err(wire::TooLong { length, .. }) => return Err(Fault::Flood { bytes: length }),
            };
            match op {
                wire::ANSWER => {
                    let Some((status, _)) = wire::word(self.records.payload(at.clone())) else {
                        return Err(Self::rubbish("an answer without a status"));
                    };
                    self.came.push_back((status, at.start + 4..at.end));
                }
                wire::POSTED if self.posts && at.len() <= MOST_POST => {
                    // A full queue is the adapter's own doing: its side counts what waits.
                    let _ = self.posted.try_send(self.records.payload(at).to_vec());
                }
                other => return Err(Self::rubbish(&format!("a record of kind {other}"))),
            }
        }
    }

    fn rubbish(what: &str) -> Fault {
        Fault::Broken(format!("its process says what no runner says: {what}"))
    }

    async fn ended(&mut self) -> Fault {
        let status = self.process.end(false).await.ok();
        Fault::Ended { how: process::ending(status), said: self.words.last().await }
    }
}

impl Answered {
    /// An answer that must be good.
    fn accepted(self, outputs: &[u8]) -> Result<(), Fault> {
        match self {
            Self::Status(status::OK) => Ok(()),
            Self::Status(status) => Err(super::super::port::fault(status, outputs)),
            Self::Skipped => Err(Fault::Broken("its process says what no runner says: skipped".to_owned())),
        }
    }
}
