//! The seam between a connection and its adapter: inputs and outputs are frames, wherever the adapter runs.

use std::time::Duration;

use jackfield_plugin_api::Timestamp;
use jackfield_plugin_api::abi::status;
use jackfield_plugin_api::frame::input::{InputFrame, NEW, RESTORE};
use jackfield_plugin_api::frame::saved::MAX_SAVED;
use jackfield_plugin_api::frame::{FaultReport, Refusal, Start, pack, unpack};
use tokio::sync::mpsc;

use super::inside::Inside;
use super::load::LoadedPlugin;
#[cfg(target_os = "linux")]
use super::runner::Link;

/// What an adapter may answer to one input: more is a flood, not an answer.
pub const MOST_OUTPUT: usize = 16 * 1024 * 1024;
/// What a thread of an adapter may post at once; a thousand of them may wait.
pub(super) const MOST_POST: usize = 64 * 1024;

/// The largest state that one adapter hands to another.
pub const MOST_STATE: usize = MAX_SAVED;
/// How long making an adapter from its settings may take.
const MAKING: Duration = Duration::from_secs(20);

/// Why an adapter did not do what it was asked.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum Fault {
    /// It refused its settings, or an input.
    #[error("{}{text}", if path.is_empty() { String::new() } else { format!("settings.{path}: ") })]
    Refused {
        /// The setting.
        path: String,
        /// Why.
        text: String,
    },
    /// It panicked. It is gone.
    #[error("it panicked at {place}: {text}")]
    Panicked {
        /// The message.
        text: String,
        /// Where.
        place: String,
    },
    /// Its process ended. It is gone.
    #[error("{how}{}", if said.is_empty() { String::new() } else { format!("; its last words: {said}") })]
    Ended {
        /// How.
        how: String,
        /// What it wrote last.
        said: String,
    },
    /// It did not answer in time; its process was ended.
    #[error("it did not answer within {} ms; its process was ended", after.as_millis())]
    Late {
        /// How long it had.
        after: Duration,
    },
    /// Its answer to one input was too large. It is ended.
    #[error("it answers one input with {bytes} bytes; at most {MOST_OUTPUT} are taken")]
    Flood {
        /// How large.
        bytes: usize,
    },
    /// It broke the envelope's rules.
    #[error("{0}")]
    Broken(String),
}

/// Where an adapter is to run.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Place<'a> {
    /// In this process.
    Host,
    /// In one of its own.
    Process {
        /// The connection, for the log and for `ps`.
        name: &'a str,
        /// The most memory of its own, in bytes.
        memory: u64,
        /// How long an input may take.
        patience: Duration,
    },
}

/// A running adapter.
#[derive(Debug)]
pub struct Port(Kind);

enum Kind {
    Host(Inside),
    #[cfg(target_os = "linux")]
    Process(Box<Link>),
}

impl std::fmt::Debug for Kind {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Self::Host(_) => f.write_str("Host"),
            #[cfg(target_os = "linux")]
            Self::Process(link) => write!(f, "Process({:?})", link.id()),
        }
    }
}

/// What became of an input.
#[cfg(target_os = "linux")]
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Answered {
    /// The envelope's status.
    Status(u32),
    /// It was not given to the adapter.
    Skipped,
}

/// A library that is loaded where it is to run; nothing was made of it yet. That took a while; what follows does not.
#[derive(Debug)]
pub struct Prepared(Stage);

enum Stage {
    Host(Box<LoadedPlugin>, mpsc::Sender<Vec<u8>>),
    #[cfg(target_os = "linux")]
    Process(Box<Link>, Duration),
    /// An adapter was made of it.
    Spent,
}

impl std::fmt::Debug for Stage {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Self::Host(..) => f.write_str("Host"),
            #[cfg(target_os = "linux")]
            Self::Process(link, _) => write!(f, "Process({:?})", link.id()),
            Self::Spent => f.write_str("Spent"),
        }
    }
}

impl Prepared {
    /// Loads a library: maps it into this process, or starts one for it. `posted` gets what its threads post.
    ///
    /// # Errors
    /// It cannot be loaded, no process for it.
    #[cfg_attr(not(target_os = "linux"), allow(unused_variables, reason = "for adapters in processes of their own"))]
    pub async fn new(
        plugin: &LoadedPlugin,
        place: Place<'_>,
        granted: &[String],
        posted: mpsc::Sender<Vec<u8>>,
    ) -> Result<Self, Fault> {
        let stage = match place {
            #[cfg(target_os = "linux")]
            Place::Process { name, memory, patience } => {
                let order = plugin.order(name, granted, memory).ok_or_else(|| {
                    Fault::Broken("this program cannot start itself as a runner; use isolation = \"host\"".to_owned())
                })?;
                Stage::Process(Box::new(Link::load(&order, posted).await?), patience)
            }
            _ => {
                let mapped = plugin.clone();
                let mapped = tokio::task::spawn_blocking(move || mapped.module().map(drop)).await;
                mapped.map_err(|e| Fault::Broken(e.to_string()))?.map_err(|e| Fault::Broken(e.to_string()))?;
                Stage::Host(Box::new(plugin.clone()), posted)
            }
        };
        Ok(Self(stage))
    }

    /// Whether an adapter was made of it already.
    #[must_use]
    pub fn is_spent(&self) -> bool {
        matches!(self.0, Stage::Spent)
    }

    /// Makes an adapter from its settings. Outputs of its making are read with [`Port::outputs`].
    ///
    /// # Errors
    /// Settings it refuses, a panic. After a refusal it can be tried again.
    pub async fn make(&mut self, at: Timestamp, start: &Start) -> Result<Port, Fault> {
        self.from(NEW, at, start, &[], MAKING).await
    }

    /// Makes an adapter that goes on where another one saved, within so much time (in a process of its own).
    ///
    /// # Errors
    /// Settings or state it refuses, a panic, lateness. After a refusal it can be tried again.
    pub async fn restore(
        &mut self,
        at: Timestamp,
        start: &Start,
        state: &[u8],
        within: Duration,
    ) -> Result<Port, Fault> {
        self.from(RESTORE, at, start, state, within).await
    }

    #[cfg_attr(not(target_os = "linux"), allow(unused_variables, reason = "for adapters in processes of their own"))]
    async fn from(
        &mut self,
        kind: u32,
        at: Timestamp,
        start: &Start,
        state: &[u8],
        within: Duration,
    ) -> Result<Port, Fault> {
        match std::mem::replace(&mut self.0, Stage::Spent) {
            Stage::Host(plugin, posted) => {
                let module = plugin.module().map_err(|e| Fault::Broken(e.to_string()))?;
                let to = posted.clone();
                let post = move |bytes: &[u8]| bytes.len() <= MOST_POST && to.try_send(bytes.to_vec()).is_ok();
                match Inside::create(module, at.micros(), kind, &pack(start), state, post) {
                    Ok(adapter) => Ok(Port(Kind::Host(adapter))),
                    Err((status, out)) => {
                        self.0 = Stage::Host(plugin, posted);
                        Err(fault(status, &out))
                    }
                }
            }
            #[cfg(target_os = "linux")]
            Stage::Process(mut link, patience) => match link.make(kind, at, start, state, within).await {
                Ok(()) => {
                    link.set_patience(patience);
                    Ok(Port(Kind::Process(link)))
                }
                Err(fault) => {
                    if matches!(fault, Fault::Refused { .. }) {
                        self.0 = Stage::Process(link, patience);
                    }
                    Err(fault)
                }
            },
            Stage::Spent => Err(Fault::Broken("an adapter was made of it already".to_owned())),
        }
    }
}

impl Port {
    /// Makes an adapter. `posted` gets what its threads post. Outputs of its making are read with
    /// [`outputs`](Self::outputs).
    ///
    /// # Errors
    /// Settings it refuses, a panic, no process for it.
    pub async fn create(
        plugin: &LoadedPlugin,
        place: Place<'_>,
        at: Timestamp,
        start: &Start,
        posted: mpsc::Sender<Vec<u8>>,
    ) -> Result<Self, Fault> {
        Prepared::new(plugin, place, &start.granted, posted).await?.make(at, start).await
    }

    /// Its whole state, for another one to go on from; within so much time (in a process of its own). Changes nothing
    /// in it. `None`: it does not save.
    ///
    /// # Errors
    /// A state that is too large (a refusal: it lives on), or a fault.
    #[cfg_attr(not(target_os = "linux"), allow(unused_variables, reason = "for adapters in processes of their own"))]
    pub async fn save(&mut self, within: Duration) -> Result<Option<Vec<u8>>, Fault> {
        let (status, state) = match &mut self.0 {
            Kind::Host(adapter) => {
                let status = adapter.save();
                (status, adapter.out())
            }
            #[cfg(target_os = "linux")]
            Kind::Process(link) => (link.save(within).await?, link.outputs()),
        };
        match status {
            status::NONE => Ok(None),
            status::OK if state.len() > MOST_STATE => Err(too_large(state.len())),
            status::OK => Ok(Some(state.to_vec())),
            status => Err(fault(status, state)),
        }
    }

    /// How long an input may take from now on (in a process of its own).
    pub fn set_patience(&mut self, patience: Duration) {
        match &mut self.0 {
            // Nothing measures time there.
            Kind::Host(_) => {
                let _ = patience;
            }
            #[cfg(target_os = "linux")]
            Kind::Process(link) => link.set_patience(patience),
        }
    }

    /// Gives one input; the outputs are frames.
    ///
    /// # Errors
    /// A refusal (the adapter lives on), or a fault (it does not).
    pub async fn handle(&mut self, at: Timestamp, frame: &InputFrame<'_>) -> Result<&[u8], Fault> {
        match &mut self.0 {
            Kind::Host(adapter) => here(adapter, at, frame),
            #[cfg(target_os = "linux")]
            Kind::Process(link) => {
                link.say(at, false, frame);
                match link.answer().await? {
                    Answered::Status(status) => good(status, link.outputs()),
                    Answered::Skipped => Err(Fault::Broken("it was skipped, which nobody asked for".to_owned())),
                }
            }
        }
    }

    /// The same for an adapter in this process, at once.
    ///
    /// # Errors
    /// A refusal, or a fault.
    pub fn handle_here(&mut self, at: Timestamp, frame: &InputFrame<'_>) -> Result<&[u8], Fault> {
        match &mut self.0 {
            Kind::Host(adapter) => here(adapter, at, frame),
            #[cfg(target_os = "linux")]
            Kind::Process(_) => Err(Fault::Broken("it runs in a process of its own".to_owned())),
        }
    }

    /// Whether several inputs may be given with [`say`](Self::say) before their answers are asked for.
    #[must_use]
    pub fn is_apart(&self) -> bool {
        !matches!(self.0, Kind::Host(_))
    }

    /// Gives an input whose answer is asked for later, in order. Only where [`is_apart`](Self::is_apart).
    #[cfg_attr(not(target_os = "linux"), allow(unused_variables, reason = "for adapters in processes of their own"))]
    pub fn say(&mut self, at: Timestamp, joined: bool, frame: &InputFrame<'_>) {
        match &mut self.0 {
            Kind::Host(_) => {}
            #[cfg(target_os = "linux")]
            Kind::Process(link) => link.say(at, joined, frame),
        }
    }

    /// The answer to the first input that has none. `None`: the adapter was not given it, because one before it has
    /// changed the transports.
    ///
    /// # Errors
    /// A refusal, or a fault.
    pub async fn answer(&mut self) -> Result<Option<&[u8]>, Fault> {
        match &mut self.0 {
            Kind::Host(_) => Ok(None),
            #[cfg(target_os = "linux")]
            Kind::Process(link) => match link.answer().await? {
                Answered::Status(status) => good(status, link.outputs()).map(Some),
                Answered::Skipped => Ok(None),
            },
        }
    }

    /// Waits until the adapter ends though nothing was asked of it.
    pub async fn idle(&mut self) -> Fault {
        match &mut self.0 {
            Kind::Host(_) => std::future::pending().await,
            #[cfg(target_os = "linux")]
            Kind::Process(link) => link.idle().await,
        }
    }

    /// The outputs of the last call.
    #[must_use]
    pub fn outputs(&self) -> &[u8] {
        match &self.0 {
            Kind::Host(adapter) => adapter.out(),
            #[cfg(target_os = "linux")]
            Kind::Process(link) => link.outputs(),
        }
    }

    /// The adapter's own process.
    #[must_use]
    pub fn process(&self) -> Option<u32> {
        match &self.0 {
            Kind::Host(_) => None,
            #[cfg(target_os = "linux")]
            Kind::Process(link) => link.id(),
        }
    }
}

fn here<'a>(adapter: &'a mut Inside, at: Timestamp, frame: &InputFrame<'_>) -> Result<&'a [u8], Fault> {
    let status = adapter.handle(at.micros(), frame.kind, frame.arg, &frame.head, &frame.body);
    good(status, adapter.out())
}

fn good(status: u32, out: &[u8]) -> Result<&[u8], Fault> {
    match status {
        status::OK if out.len() > MOST_OUTPUT => Err(Fault::Flood { bytes: out.len() }),
        status::OK => Ok(out),
        status => Err(fault(status, out)),
    }
}

/// A state that is not taken.
fn too_large(bytes: usize) -> Fault {
    Fault::Refused { path: String::new(), text: format!("its state has {bytes} bytes; at most {MOST_STATE} are taken") }
}

pub(super) fn fault(status: u32, out: &[u8]) -> Fault {
    let read = match status {
        status::REFUSED => unpack(out)
            .map(|Refusal { path, text }| Fault::Refused { path, text })
            .map_err(|e| format!("it refuses something and does not say what: {e}")),
        status::FAULT => unpack(out)
            .map(|FaultReport { text, place }| Fault::Panicked { text, place })
            .map_err(|e| format!("it panicked and does not say why: {e}")),
        _ => Err(format!("it returned the status {status}, which there is not")),
    };
    read.unwrap_or_else(Fault::Broken)
}
