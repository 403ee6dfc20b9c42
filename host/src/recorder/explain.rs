//! Why a call was told as it was: which messages of the phone system led to which facts, and those to which events.
//!
//! No library is needed: facts are in the recording, and the model that made events of them is this host's own.

use std::collections::{BTreeMap, BTreeSet};

use jackfield_plugin_api::frame::{frames, input as inputs};
use jackfield_plugin_api::{CallFact, CallKey, Fact, LineId, Timestamp};

use super::entry::Published;
use super::reader::Recording;
use super::replay::{Given, Watch, Who, play, words};
use crate::model::{Event, Model};

/// The calls that one explanation is about at most.
const MOST_CALLS: usize = 64;
/// The most that happened to them.
const MOST_MOMENTS: usize = 100_000;
/// What of a stream is kept until the rest of a message comes.
const MOST_OPEN: usize = 64 * 1024;

/// One input that had to do with the call, and what came of it.
#[derive(Debug, Clone)]
pub(crate) struct Moment {
    /// The input's number; none: it is not known from which it came, or the host did it by itself.
    pub(crate) input: Option<u64>,
    /// What it was, in words.
    pub(crate) what: String,
    /// When the host gave it to the adapter.
    pub(crate) at: Timestamp,
    /// The messages in it that name the call; when none does, all of it.
    pub(crate) messages: Vec<String>,
    /// Whether those name the call.
    pub(crate) names_it: bool,
    /// What the adapter reported of the call.
    pub(crate) facts: Vec<Fact>,
    /// What was published.
    pub(crate) events: Vec<Told>,
}

/// An event that was published.
#[derive(Debug, Clone)]
pub(crate) struct Told {
    /// As clients get it.
    pub(crate) json: String,
    /// The phone system's time.
    pub(crate) native: Option<Timestamp>,
    /// When it was handed to clients.
    pub(crate) published: Timestamp,
    /// Whether this very event was published then; else it is what this host makes of the recording now.
    pub(crate) is_recorded: bool,
}

/// Everything about a call.
#[derive(Debug, Clone)]
pub(crate) struct Explanation {
    /// The calls: the one that was asked for, and those that belong to it.
    pub(crate) calls: Vec<String>,
    pub(crate) moments: Vec<Moment>,
    pub(crate) notes: Vec<String>,
}

/// Explains a call, by its id or the phone system's.
///
/// # Errors
/// The recording cannot be read, or there is no such call in it.
pub(crate) async fn explain(recording: &Recording, call: &str) -> Result<Explanation, String> {
    let mut search = Search { wanted: call.to_owned(), calls: BTreeSet::new(), known: BTreeMap::new() };
    play(recording, vec![Who::Recorded], &mut search).await?;
    if search.calls.is_empty() {
        return Err(format!("no call `{call}` is in the recording ({} calls are)", search.known.len()));
    }
    let first: Vec<String> = search.calls.iter().cloned().collect();
    let calls = search.family();
    let mut names: BTreeSet<String> =
        calls.iter().filter_map(|id| search.known.get(id)).flat_map(|k| k.native.clone()).collect();
    names.retain(|name| name.len() >= 4);
    let mut collect = Collect {
        calls: &calls,
        names,
        facts: Vec::new(),
        open: BTreeMap::new(),
        messages: Vec::new(),
        last: None,
        moments: Vec::new(),
        notes: Vec::new(),
    };
    play(recording, vec![Who::Recorded], &mut collect).await?;
    let Collect { moments, notes, .. } = collect;
    let others = calls.iter().filter(|id| !first.contains(id)).cloned();
    Ok(Explanation { calls: first.iter().cloned().chain(others).collect(), moments, notes })
}

/// What is known of a call.
#[derive(Debug, Default)]
struct Known {
    native: BTreeSet<String>,
    parents: BTreeSet<String>,
}

/// Finds the calls that are meant.
struct Search {
    wanted: String,
    calls: BTreeSet<String>,
    known: BTreeMap<String, Known>,
}

impl Search {
    /// The calls, those they were made from, and those made from them.
    fn family(&self) -> BTreeSet<String> {
        let mut family = self.calls.clone();
        loop {
            let before = family.len();
            for (id, known) in &self.known {
                if family.contains(id) {
                    family.extend(known.parents.iter().cloned());
                } else if known.parents.iter().any(|parent| family.contains(parent)) {
                    family.insert(id.clone());
                }
            }
            if family.len() == before || family.len() > MOST_CALLS {
                return family;
            }
        }
    }
}

impl Watch for Search {
    fn events(&mut self, _: Timestamp, _: Option<&Given>, _: &[Published], now: Vec<(&Model, Vec<Event>)>) {
        for (_, events) in now {
            for call in events.iter().filter_map(|event| event.body.call()) {
                let known = self.known.entry(call.id.as_str().to_owned()).or_default();
                let native = call.native_id.iter().chain(&call.native_ids);
                known.native.extend(native.map(|id| id.as_ref().to_owned()));
                known.parents.extend(call.parent.iter().map(|parent| parent.as_str().to_owned()));
                let id = call.id.as_str();
                let ends = self.wanted.len() >= 6 && id.ends_with(self.wanted.trim_start_matches('…'));
                if id == self.wanted || ends || known.native.contains(&self.wanted) {
                    self.calls.insert(id.to_owned());
                }
            }
        }
    }
}

/// Collects what happened to them.
struct Collect<'a> {
    calls: &'a BTreeSet<String>,
    /// How the phone system calls them.
    names: BTreeSet<String>,
    /// Facts since the last events.
    facts: Vec<Fact>,
    /// What has come on a stream, and is no whole message yet.
    open: BTreeMap<u32, String>,
    /// The messages of the last input.
    messages: Vec<String>,
    last: Option<u64>,
    moments: Vec<Moment>,
    notes: Vec<String>,
}

impl Collect<'_> {
    /// The messages of an input, whole ones.
    fn read(&mut self, given: &Given) {
        if self.last == Some(given.number) {
            return;
        }
        self.last = Some(given.number);
        self.messages.clear();
        let text = || String::from_utf8_lossy(&given.body).into_owned();
        match given.kind {
            inputs::RECEIVED => {
                let open = self.open.entry(given.arg).or_default();
                open.push_str(&text());
                // What has no end is no protocol of lines.
                let ends = ["\r\n\r\n", "\n\n"].into_iter().filter_map(|end| Some(open.rfind(end)? + end.len())).max();
                let whole: String = match ends {
                    Some(end) => open.drain(..end).collect(),
                    None if open.len() > MOST_OPEN => std::mem::take(open),
                    None => return,
                };
                let whole = whole.replace("\r\n", "\n");
                self.messages.extend(whole.split("\n\n").filter(|m| !m.trim().is_empty()).map(str::to_owned));
            }
            inputs::OPENED | inputs::CLOSED => drop(self.open.remove(&given.arg)),
            inputs::MESSAGE_TEXT | inputs::POSTED | inputs::HTTP_RESPONSE | inputs::WEBHOOK => {
                self.messages.push(text());
            }
            inputs::COMMAND => self.messages.push(words::input(given)),
            _ => {}
        }
    }

    fn is_ours(&self, model: &Model, line: LineId, key: &CallKey) -> bool {
        model.call_id(line, key).is_some_and(|id| self.calls.contains(id.as_str()))
    }

    fn facts_of(&self, model: &Model, fact: &Fact) -> bool {
        let of_call = |fact: &CallFact| self.is_ours(model, fact.line, &fact.key);
        match fact {
            Fact::Call(fact) => of_call(fact),
            Fact::Snapshot(snapshot) => snapshot.calls.iter().any(of_call),
            Fact::Dtmf(fact) => self.is_ours(model, fact.line, &fact.key),
            Fact::Recording(fact) => self.is_ours(model, fact.line, &fact.key),
            Fact::WebRtc(fact) => self.is_ours(model, fact.line, &fact.key),
            Fact::Error(fact) => {
                fact.line.zip(fact.key.as_ref()).is_some_and(|(line, key)| self.is_ours(model, line, key))
            }
            _ => false,
        }
    }

    fn concerns(&self, event: &Event) -> bool {
        if let Some(call) = event.body.call() {
            return self.calls.contains(call.id.as_str());
        }
        // Others name calls within: digits, features, ends of connections, snapshots.
        let text = event.to_json();
        self.calls.iter().any(|id| text.contains(id.as_str()))
    }
}

impl Watch for Collect<'_> {
    fn answers(&mut self, _: Timestamp, input: Option<&Given>, recorded: Option<&[u8]>, _: &[Option<Vec<u8>>]) {
        // What an input before this one told made no event.
        self.facts.clear();
        if let Some(given) = input {
            self.read(given);
        }
        let shown = recorded.into_iter().flat_map(frames).filter_map(Result::ok);
        self.facts.extend(shown.filter_map(|frame| words::fact((frame.kind, frame.arg, frame.payload))));
    }

    fn events(&mut self, at: Timestamp, input: Option<&Given>, recorded: &[Published], now: Vec<(&Model, Vec<Event>)>) {
        let facts = std::mem::take(&mut self.facts);
        let Some((model, events)) = now.into_iter().next() else { return };
        let facts: Vec<Fact> = facts.into_iter().filter(|fact| self.facts_of(model, fact)).collect();
        let of_call = events.iter().filter(|event| self.concerns(event));
        let events: Vec<Told> = of_call
            .map(|event| Told {
                json: event.to_json(),
                native: event.src_at,
                published: at,
                is_recorded: recorded.contains(&Published::of(event)),
            })
            .collect();
        if facts.is_empty() && events.is_empty() || self.moments.len() >= MOST_MOMENTS {
            return;
        }
        // What the host does by itself comes after an input, and not from it; only facts tell the one from the other.
        let given = input.filter(|_| !facts.is_empty());
        let named = |message: &&String| self.names.iter().any(|name| message.contains(name.as_str()));
        let mut messages: Vec<String> = self.messages.iter().filter(named).cloned().collect();
        let names_it = !messages.is_empty();
        if !names_it {
            messages.clone_from(&self.messages);
        }
        self.moments.push(Moment {
            input: given.map(|given| given.number),
            what: given.map_or_else(|| "the host, by itself".to_owned(), words::input),
            at: given.map_or(at, |given| given.at),
            messages: if given.is_some() { messages } else { Vec::new() },
            names_it,
            facts,
            events,
        });
    }

    fn note(&mut self, at: Timestamp, text: String) {
        self.notes.push(format!("{}: {text}", crate::model::timestamp_text(at)));
    }
}
