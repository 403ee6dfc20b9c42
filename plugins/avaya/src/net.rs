//! What is known of the link: the session, requests without an answer, monitors, devices' ids.

use std::collections::{BTreeMap, BTreeSet, VecDeque};

use jackfield_csta::frame::Framer;
use jackfield_csta::{Pending, Session};
use jackfield_plugin_api::{LineId, Timestamp, TransportId};
use serde::{Deserialize, Serialize};

use crate::agenda::Agenda;
use crate::commands::Job;
use crate::watch::WatchKind;

/// Ids of devices that are remembered for numbers that were dialled.
const MOST_TARGETS: usize = 1_024;

/// What a request is for.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub(crate) enum Ask {
    /// The session's start.
    Start,
    /// Its keep-alive.
    Beat,
    /// The link to the switch is to be told of.
    Register,
    /// A line's device id.
    Device(LineId),
    /// A line's monitor.
    Monitor(LineId),
    /// A line's calls.
    Calls(LineId),
    /// Who is in a call, by its id.
    Parties(LineId, String),
    /// A line's agent.
    Agent(LineId),
    /// A line's forwardings.
    Forwarding(LineId),
    /// Whether a line's calls go elsewhere at once.
    Dnd(LineId),
    /// The device id of a VDN or skill.
    WatchDevice(usize),
    /// Its monitor.
    WatchMonitor(usize),
    /// The device id of a number that a command dials.
    Target(Box<Job>),
    /// What rings at the device from which a command takes a call.
    Ringing(Box<Job>),
    /// A command.
    Command(Box<Job>),
    /// Whatever the answer, it changes nothing.
    Nothing,
}

/// A request that waits for its answer.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub(crate) struct Waiting {
    pub(crate) ask: Ask,
    /// The request's name.
    pub(crate) service: String,
}

/// Where a monitor's events belong.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) enum Owner {
    Line(LineId),
    Watch(usize),
}

/// The link.
#[derive(Debug, Default, Serialize, Deserialize)]
pub(crate) struct Net {
    /// Which of the servers is spoken to.
    pub(crate) server: usize,
    /// What the settings call it.
    #[serde(default)]
    pub(crate) server_name: String,
    pub(crate) is_open: bool,
    /// Messages of this link that could not be read, as far as the log was told.
    #[serde(default)]
    pub(crate) warnings: u32,
    /// Servers that failed, one after the other, since one worked.
    pub(crate) failures: u32,
    pub(crate) session: Session,
    pub(crate) framer: Framer,
    pub(crate) pending: Pending<Waiting>,
    pub(crate) monitors: BTreeMap<String, Owner>,
    pub(crate) watches: Vec<Watch>,
    /// The extensions of all lines.
    #[serde(skip)]
    pub(crate) stations: BTreeSet<String>,
    /// Device ids by number.
    pub(crate) targets: BTreeMap<String, String>,
    /// Snapshots that come in pieces, by their reference.
    pub(crate) pieces: BTreeMap<String, LineId>,
    /// Lines that wait to be set up, and those that are.
    pub(crate) queue: VecDeque<LineId>,
    pub(crate) in_setup: BTreeSet<LineId>,
    /// The link between the server and the switch is down.
    pub(crate) switch_down: bool,
    /// Services that this server does not offer: they are not asked for again.
    pub(crate) missing: BTreeSet<String>,
    /// Before this time no further agent is asked for.
    #[serde(default)]
    pub(crate) poll_free: Timestamp,
    /// What is known of calls that wait in queues, by their ids.
    pub(crate) queued: VecDeque<(String, String)>,
    pub(crate) agenda: Agenda,
}

/// A VDN, skill or split that is watched.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub(crate) struct Watch {
    pub(crate) extension: String,
    pub(crate) kind: WatchKind,
    pub(crate) device: Option<String>,
    pub(crate) monitor: Option<String>,
}

impl Net {
    /// The transport of the server that is spoken to.
    pub(crate) fn transport(&self) -> TransportId {
        TransportId(u32::try_from(self.server).unwrap_or_default())
    }

    /// Whether lines can be commanded.
    pub(crate) fn is_up(&self) -> bool {
        self.session.is_up() && !self.switch_down
    }

    /// The device id of a number.
    pub(crate) fn target(&self, number: &str) -> Option<&String> {
        self.targets.get(number)
    }

    pub(crate) fn add_target(&mut self, number: String, device: String) {
        if self.targets.len() >= MOST_TARGETS {
            self.targets.clear();
        }
        self.targets.insert(number, device);
    }

    /// A call waits in a queue.
    pub(crate) fn add_queued(&mut self, native: &str, queue: &str) {
        self.queued.retain(|(known, _)| known != native);
        if self.queued.len() >= MOST_TARGETS {
            self.queued.pop_front();
        }
        self.queued.push_back((native.to_owned(), queue.to_owned()));
    }

    /// A session begins: what an earlier one gave is of no use.
    pub(crate) fn forget_devices(&mut self) {
        self.monitors.clear();
        self.targets.clear();
        self.missing.clear();
        self.queued.clear();
        for watch in &mut self.watches {
            (watch.device, watch.monitor) = (None, None);
        }
    }
}

/// A time as the session counts it.
pub(crate) fn clock(now: Timestamp) -> std::time::Duration {
    now.since(Timestamp::from_micros(0))
}
