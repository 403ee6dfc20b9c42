//! A conversation of the page, had with a real host.

use std::collections::{BTreeMap, BTreeSet, VecDeque};
use std::time::{Duration, Instant};

use jackfield_tests::host::{Host, PATIENCE, Setup};
use jackfield_tests::raw::Raw;
use serde_json::{Value, json};

use crate::page::{Conversation, Page, Step};
use crate::pattern::{Known, parse};
use crate::schemas::Schemas;

/// Set: what really travels is printed, for who writes the page.
pub(crate) const SHOW: &str = "JACKFIELD_SHOW_WIRE";

/// What the conversations have shown: events that came, methods that were accepted.
#[derive(Debug, Default)]
pub(crate) struct Shown {
    pub(crate) events: BTreeSet<String>,
    pub(crate) accepted: BTreeSet<String>,
    /// `data.code` of refusals.
    pub(crate) errors: BTreeSet<String>,
    pub(crate) closes: BTreeSet<u16>,
}

impl Shown {
    /// What another conversation has shown.
    pub(crate) fn add(&mut self, other: Self) {
        self.events.extend(other.events);
        self.accepted.extend(other.accepted);
        self.errors.extend(other.errors);
        self.closes.extend(other.closes);
    }
}

/// A client of the conversation.
struct Party {
    name: String,
    raw: Raw,
    /// How many of `raw.texts` were taken.
    taken: usize,
    /// What came and was not shown yet.
    inbox: VecDeque<Value>,
    /// Requests without an answer, by id.
    asked: BTreeMap<String, Value>,
    /// What comes next may be something that is not shown.
    unshown: bool,
}

/// A conversation that is being had.
pub(crate) struct Play<'a> {
    host: Host,
    schemas: &'a Schemas,
    known: Known,
    parties: BTreeMap<String, Party>,
    after_hello: bool,
    pub(crate) shown: Shown,
}

impl<'a> Play<'a> {
    /// A host for one conversation.
    pub(crate) fn new(page: &Page, conversation: &Conversation, schemas: &'a Schemas) -> Result<Self, String> {
        let host = Setup::new(&page.config, &["simulator"]).start()?;
        let (known, parties, shown) = (Known::default(), BTreeMap::new(), Shown::default());
        Ok(Self { host, schemas, known, parties, after_hello: conversation.after_hello, shown })
    }

    /// Has it, from its first line to its last.
    pub(crate) fn run(&mut self, conversation: &Conversation) -> Result<(), String> {
        show("==", "line", &conversation.at.to_string());
        for (at, step) in &conversation.steps {
            self.step(step).map_err(|e| format!("line {at}: {e}"))?;
        }
        let names: Vec<String> = self.parties.keys().cloned().collect();
        for name in names {
            self.finish(&name).map_err(|e| format!("the end of the conversation of line {}: {e}", conversation.at))?;
        }
        Ok(())
    }

    fn step(&mut self, step: &Step) -> Result<(), String> {
        match step {
            Step::Send(who, text) => {
                let message = self.known.fill(&parse(text)?)?;
                let party = self.party(who)?;
                show(who, "→", text);
                party.raw.json(&message)?;
                party.asked.insert(message["id"].to_string(), message);
                Ok(())
            }
            Step::SendText(who, text) => {
                show(who, "⇢", text);
                self.party(who)?.raw.send(1, text.as_bytes())
            }
            Step::Unshown(who) => {
                self.party(who)?.unshown = true;
                Ok(())
            }
            Step::Receive(who, text) => self.receive(who, &parse(text)?),
            Step::Closed(who, code) => {
                let party = self.party(who)?;
                if let Some(message) = party.until_closed(*code)? {
                    return Err(format!("the host sent first: {message}"));
                }
                self.parties.remove(who);
                show(who, "←", &format!("closes {code}"));
                self.shown.closes.insert(*code);
                Ok(())
            }
            Step::Cut(who) => {
                show(who, "(the", "socket breaks)");
                self.parties.remove(who);
                Ok(())
            }
            Step::Stop => {
                show("(the", "host", "is stopped)");
                self.host.stop().map(|_| ())
            }
        }
    }

    /// A client; it connects when it is first named. The page's tokens are made of the users' names.
    fn party(&mut self, who: &str) -> Result<&mut Party, String> {
        if !self.parties.contains_key(who) {
            let token = format!("{who}-token-0123456789");
            // Who has no name here shows no token in the handshake.
            let token = if who == "somebody" { "" } else { &token };
            let raw = Raw::connect(self.host.address(), token)?;
            let mut party = Party {
                name: who.to_owned(),
                raw,
                taken: 0,
                inbox: VecDeque::new(),
                asked: BTreeMap::new(),
                unshown: false,
            };
            if self.after_hello {
                party.say_hello()?;
            }
            self.parties.insert(who.to_owned(), party);
        }
        self.parties.get_mut(who).ok_or_else(|| "nobody".to_owned())
    }

    /// What the page shows next must be what comes next: events of a line in their order, answers by their id.
    fn receive(&mut self, who: &str, shown: &Value) -> Result<(), String> {
        self.party(who)?;
        let Some(party) = self.parties.get_mut(who) else { return Err("nobody".to_owned()) };
        let until = Instant::now() + PATIENCE;
        let skips = std::mem::take(&mut party.unshown);
        let mut nearest = None;
        loop {
            let mut at = 0;
            while let Some(came) = party.inbox.get(at) {
                if !of_one_kind(shown, came) {
                    at += 1;
                    continue;
                }
                match self.known.compare(shown, came, "") {
                    Ok(()) => {
                        let came = party.inbox.remove(at).unwrap_or_default();
                        if skips && came.get("method").is_some() {
                            let line = came["params"]["line"].clone();
                            let mut index = 0;
                            party.inbox.retain(|earlier| {
                                index += 1;
                                index > at || earlier.get("method").is_none() || earlier["params"]["line"] != line
                            });
                        }
                        return self.check(who, &came);
                    }
                    Err(e) if !skips => return Err(format!("{e}\ncame: {came}")),
                    Err(e) => nearest = Some(format!("{e}\ncame: {came}")),
                }
                at += 1;
            }
            if let Err(e) = party.more(until) {
                let left: Vec<String> = party.inbox.iter().map(ToString::to_string).collect();
                return Err(format!(
                    "this did not come ({e}): {}\n{}\n{}",
                    shown,
                    nearest.unwrap_or_default(),
                    left.join("\n")
                ));
            }
        }
    }

    /// What came and was shown must be as its schema says.
    fn check(&mut self, who: &str, came: &Value) -> Result<(), String> {
        if let Some(method) = came["method"].as_str() {
            self.shown.events.insert(method.to_owned());
            return self.schemas.event(came);
        }
        let asked = self.parties.get_mut(who).and_then(|party| party.asked.remove(&came["id"].to_string()));
        if let Some(error) = came.get("error") {
            self.shown.errors.insert(error["data"]["code"].as_str().unwrap_or_default().to_owned());
            return self.schemas.refused(came);
        }
        let asked = asked.ok_or_else(|| format!("nobody asked for {came}"))?;
        self.shown.accepted.insert(asked["method"].as_str().unwrap_or_default().to_owned());
        self.schemas.accepted(&asked, came)
    }

    /// Everything that came must have been shown. The answer to `goodbye` comes after all that was on its way.
    fn finish(&mut self, who: &str) -> Result<(), String> {
        let Some(mut party) = self.parties.remove(who) else { return Ok(()) };
        let unshown = party.unshown;
        party.raw.json(&json!({ "jsonrpc": "2.0", "id": "the end", "method": "goodbye" }))?;
        let until = Instant::now() + PATIENCE;
        while !party.inbox.iter().any(|message| message["id"] == "the end") {
            party.more(until)?;
        }
        let before = party.inbox.iter().take_while(|message| message["id"] != "the end");
        let left: Vec<String> = before.map(ToString::to_string).collect();
        if left.is_empty() || unshown {
            return Ok(());
        }
        Err(format!("{who} got more than is shown:\n{}", left.join("\n")))
    }
}

/// Whether two messages can be the same one: the same event of the same line, or answers to the same request. Events
/// of one line are in order, so the first of the line is the one, whatever its name.
fn of_one_kind(shown: &Value, came: &Value) -> bool {
    match (shown.get("method").is_some(), came.get("method").is_some()) {
        (true, true) => shown["params"].get("line").is_none_or(|line| *line == came["params"]["line"]),
        (false, false) => shown["id"] == came["id"],
        _ => false,
    }
}

impl Party {
    /// Waits for more messages.
    fn more(&mut self, until: Instant) -> Result<(), String> {
        loop {
            if self.taken < self.raw.texts.len() {
                for text in &self.raw.texts[self.taken..] {
                    show(&self.name, "←", text);
                    self.inbox.push_back(serde_json::from_str(text).map_err(|e| format!("{e}: {text}"))?);
                }
                self.taken = self.raw.texts.len();
                return Ok(());
            }
            if let Some(code) = self.raw.closed {
                return Err(format!("closed with {code}"));
            }
            let left = until.saturating_duration_since(Instant::now());
            self.raw.patience(left.max(Duration::from_millis(1)))?;
            if self.raw.read(65_536)? == 0 {
                return Err("the socket is closed".to_owned());
            }
        }
    }

    fn say_hello(&mut self) -> Result<(), String> {
        self.raw.json(&json!({ "jsonrpc": "2.0", "id": "hello", "method": "hello" }))?;
        let until = Instant::now() + PATIENCE;
        let lines = loop {
            if let Some(answer) = self.inbox.iter().find(|message| message["id"] == "hello") {
                break answer["result"]["lines"].as_array().map_or(0, Vec::len);
            }
            self.more(until)?;
        };
        // The last word of each line's present state.
        let told = |message: &&Value| message["method"] == "lineStateChanged" && message["params"]["resent"] == true;
        while self.inbox.iter().filter(told).count() < lines {
            self.more(until)?;
        }
        self.inbox.clear();
        Ok(())
    }

    /// Reads until the host closes; a message that was not shown, if there is one.
    fn until_closed(&mut self, code: u16) -> Result<Option<Value>, String> {
        let until = Instant::now() + PATIENCE;
        while self.raw.closed.is_none() {
            if let Err(e) = self.more(until)
                && self.raw.closed.is_none()
            {
                return Err(e);
            }
        }
        match self.raw.closed {
            Some(closed) if closed == code => Ok(self.inbox.pop_front().filter(|_| !self.unshown)),
            other => Err(format!("closed with {other:?}, and {code} is shown")),
        }
    }
}

fn show(who: &str, mark: &str, text: &str) {
    if std::env::var_os(SHOW).is_some() {
        #[allow(clippy::print_stdout, reason = "asked for")]
        {
            println!("{who} {mark} {text}");
        }
    }
}
