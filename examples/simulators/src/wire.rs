//! The way out of a phone system: what it says, and what befalls it.

use std::collections::BTreeMap;

use crate::{Client, Data, Hook, Millis, Output, Response, faults::WireFaults};

/// Collects outputs, and does to them what the faults say.
#[derive(Debug)]
pub struct Wire {
    faults: WireFaults,
    rubbish: Data,
    clients: BTreeMap<Client, Sent>,
    answers: Sent,
    hooks: Sent,
    /// The hook that waits for its successor, to go after it.
    waiting: Option<Hook>,
    /// Messages of one moment are joined, and cut again after every so many bytes; 0: each goes by itself.
    cutting: usize,
    outputs: Vec<Output>,
}

/// What one client was sent, for the faults that count.
#[derive(Debug, Default)]
struct Sent {
    events: u32,
    replies: u32,
    all: u32,
    /// The last message, of which a half may be sent once more before a cut.
    last: Option<Data>,
    /// The event that waits for its successor, to go after it.
    waiting: Option<Data>,
}

impl Wire {
    /// A wire; `rubbish` is something that no client of this protocol can read.
    pub fn new(faults: WireFaults, rubbish: Data) -> Self {
        Self {
            faults,
            rubbish,
            clients: BTreeMap::new(),
            answers: Sent::default(),
            hooks: Sent::default(),
            waiting: None,
            cutting: 0,
            outputs: Vec::new(),
        }
    }

    /// Somebody is there.
    pub fn open(&mut self, client: Client) {
        self.clients.insert(client, Sent::default());
    }

    /// Somebody is gone.
    pub fn closed(&mut self, client: Client) {
        self.clients.remove(&client);
    }

    /// Whether messages from outside are to be left unread.
    pub fn is_silent(&self) -> bool {
        self.faults.silent
    }

    /// Other faults from now on. What waits to change places with an event that may never come is sent.
    pub fn set_faults(&mut self, faults: WireFaults) {
        self.faults = faults;
        if self.faults.reorder {
            return;
        }
        let waiting = self.clients.iter_mut().filter_map(|(client, sent)| Some((*client, sent.waiting.take()?)));
        for (client, data) in waiting.collect::<Vec<_>>() {
            self.send(client, data);
        }
        if let Some(hook) = self.waiting.take() {
            self.send_hook(hook);
        }
    }

    /// Says something that was not asked for.
    pub fn event(&mut self, client: Client, data: Data) {
        let Some(sent) = self.clients.get_mut(&client) else { return };
        sent.events = sent.events.wrapping_add(1);
        if every(self.faults.drop_events, sent.events) {
            return;
        }
        if !self.faults.reorder {
            return self.send(client, data);
        }
        match sent.waiting.take() {
            Some(earlier) => {
                self.send(client, data);
                self.send(client, earlier);
            }
            None => sent.waiting = Some(data),
        }
    }

    /// Answers, in one message or in several that belong together.
    pub fn reply(&mut self, client: Client, parts: impl IntoIterator<Item = Data>) {
        let Some(sent) = self.clients.get_mut(&client) else { return };
        sent.replies = sent.replies.wrapping_add(1);
        if every(self.faults.drop_replies, sent.replies) {
            return;
        }
        for part in parts {
            self.send(client, part);
        }
    }

    /// Sends a message as it is, with what befalls every message.
    pub fn send(&mut self, client: Client, data: Data) {
        let Some(sent) = self.clients.get_mut(&client) else { return };
        if self.faults.silent {
            return;
        }
        sent.all = sent.all.wrapping_add(1);
        sent.last = Some(data.clone());
        let delay = self.faults.delay_ms;
        if every(self.faults.garbage, sent.all) {
            self.outputs.push(Output::Send { client, data: self.rubbish.clone(), delay });
        }
        self.outputs.push(Output::Send { client, data, delay });
    }

    /// Answers a request at an HTTP door. Faults count the answers to all together.
    pub fn respond(&mut self, client: Client, mut response: Response) {
        self.answers.replies = self.answers.replies.wrapping_add(1);
        if self.faults.silent || every(self.faults.drop_replies, self.answers.replies) {
            return;
        }
        self.answers.all = self.answers.all.wrapping_add(1);
        if every(self.faults.garbage, self.answers.all) {
            response.body = self.rubbish.as_bytes().to_vec();
        }
        self.outputs.push(Output::Respond { client, response, delay: self.faults.delay_ms });
    }

    /// Makes a request, which is an event as well.
    pub fn hook(&mut self, hook: Hook) {
        self.hooks.events = self.hooks.events.wrapping_add(1);
        if every(self.faults.drop_events, self.hooks.events) {
            return;
        }
        if !self.faults.reorder {
            return self.send_hook(hook);
        }
        match self.waiting.take() {
            Some(earlier) => {
                self.send_hook(hook);
                self.send_hook(earlier);
            }
            None => self.waiting = Some(hook),
        }
    }

    fn send_hook(&mut self, hook: Hook) {
        if !self.faults.silent {
            self.outputs.push(Output::Hook { hook, delay: self.faults.delay_ms });
        }
    }

    /// Sends something that no client can read.
    pub fn rubbish(&mut self, client: Client) {
        self.send(client, self.rubbish.clone());
    }

    /// Closes a connection in order, a while later.
    pub fn close(&mut self, client: Client, delay: Millis) {
        self.outputs.push(Output::Close { client, delay });
    }

    /// Drops a connection, perhaps after one half of a message: of the last one once more.
    pub fn cut(&mut self, client: Client, half: bool) {
        let last = self.clients.get(&client).and_then(|sent| sent.last.clone());
        let half = half.then(|| last.unwrap_or_else(|| self.rubbish.clone()));
        self.outputs.push(Output::Cut { client, half });
    }

    /// For streams of bytes: messages of one moment are joined, and cut again after every so many bytes. 0: no more.
    pub fn set_cutting(&mut self, bytes: usize) {
        self.cutting = bytes;
    }

    /// Takes away what is to be sent.
    pub fn outputs(&mut self) -> Vec<Output> {
        let outputs = std::mem::take(&mut self.outputs);
        if self.cutting == 0 { outputs } else { cut(outputs, self.cutting) }
    }
}

/// Joins what goes to the same client at the same time, and cuts it again.
fn cut(outputs: Vec<Output>, size: usize) -> Vec<Output> {
    let mut joined: Vec<Output> = Vec::new();
    for output in outputs {
        if let (
            Some(Output::Send { client: before, data: Data::Bytes(bytes), delay: then }),
            Output::Send { client, data, delay },
        ) = (joined.last_mut(), &output)
            && (before, then) == (&mut client.clone(), &mut delay.clone())
        {
            bytes.extend(data.as_bytes());
        } else {
            joined.push(output);
        }
    }
    let pieces = joined.into_iter().flat_map(|output| match output {
        Output::Send { client, data: Data::Bytes(bytes), delay } => {
            let piece = |piece: &[u8]| Output::Send { client, data: Data::Bytes(piece.to_vec()), delay };
            bytes.chunks(size).map(piece).collect()
        }
        other => vec![other],
    });
    pieces.collect()
}

/// Whether this is the n-th, counted from one; no n: none is.
fn every(nth: u32, count: u32) -> bool {
    nth > 0 && count.is_multiple_of(nth)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::Arrives;

    fn wire(faults: WireFaults) -> Wire {
        let mut wire = Wire::new(faults, Data::Text("rubbish".into()));
        wire.open(1);
        wire
    }

    fn said(wire: &mut Wire) -> Vec<String> {
        let text = |data: Data| String::from_utf8_lossy(data.as_bytes()).into_owned();
        wire.outputs()
            .into_iter()
            .map(|output| match output {
                Output::Send { data, .. } => text(data),
                Output::Respond { response, .. } => text(Data::Bytes(response.body)),
                Output::Hook { hook, .. } => hook.url,
                Output::Close { .. } => "close".into(),
                Output::Cut { half, .. } => format!("cut {}", half.is_some()),
            })
            .collect()
    }

    fn event(wire: &mut Wire, text: &str) {
        wire.event(1, Data::Text(text.into()));
    }

    fn hook(wire: &mut Wire, url: &str) {
        wire.hook(Hook { method: "GET", url: url.into(), body: None });
    }

    fn answer(body: &str) -> Response {
        Response { status: 200, content_type: "text/plain", body: body.into(), arrives: Arrives::Whole }
    }

    #[test]
    fn every_nth_is_not_sent_and_replies_are_counted_apart() {
        let mut wire = wire(WireFaults { drop_events: 2, drop_replies: 3, ..WireFaults::default() });
        for text in ["1", "2", "3", "4"] {
            event(&mut wire, text);
            wire.reply(1, [Data::Text(format!("a{text}")), Data::Text(format!("b{text}"))]);
            hook(&mut wire, &format!("h{text}"));
        }
        assert_eq!(said(&mut wire), ["1", "a1", "b1", "h1", "a2", "b2", "3", "h3", "a4", "b4"]);
    }

    #[test]
    fn events_change_places_in_pairs_and_none_is_kept_for_ever() {
        let mut wire = wire(WireFaults { reorder: true, ..WireFaults::default() });
        for text in ["1", "2", "3"] {
            event(&mut wire, text);
            hook(&mut wire, &format!("h{text}"));
        }
        assert_eq!(said(&mut wire), ["2", "1", "h2", "h1"]);
        wire.set_faults(WireFaults::default());
        assert_eq!(said(&mut wire), ["3", "h3"]);
    }

    #[test]
    fn rubbish_goes_before_a_message_and_in_the_place_of_an_answer() {
        let mut wire = wire(WireFaults { garbage: 2, ..WireFaults::default() });
        event(&mut wire, "1");
        event(&mut wire, "2");
        for body in ["a", "b"] {
            wire.respond(9, answer(body));
        }
        assert_eq!(said(&mut wire), ["1", "rubbish", "2", "a", "rubbish"]);
    }

    #[test]
    fn a_stream_is_cut_anywhere() {
        let mut wire = wire(WireFaults::default());
        wire.set_cutting(3);
        wire.open(2);
        for (client, bytes) in [(1, "abcd"), (1, "ef"), (2, "gh"), (1, "i")] {
            wire.event(client, Data::Bytes(bytes.into()));
        }
        assert_eq!(said(&mut wire), ["abc", "def", "gh", "i"]);
    }

    #[test]
    fn silence_is_silence_and_who_is_gone_is_told_nothing() {
        let mut wire = wire(WireFaults { silent: true, ..WireFaults::default() });
        event(&mut wire, "1");
        wire.reply(1, [Data::Text("2".into())]);
        hook(&mut wire, "h");
        wire.respond(9, answer(""));
        assert!(said(&mut wire).is_empty());
        wire.set_faults(WireFaults::default());
        wire.closed(1);
        event(&mut wire, "1");
        assert!(said(&mut wire).is_empty());
    }
}
