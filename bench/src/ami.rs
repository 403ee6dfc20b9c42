//! Asterisk's adapter as the host runs it: the library, behind its port, logged in at a phone system that is played.

use std::collections::HashMap;
use std::path::Path;
use std::sync::Arc;

use jackfield::plugins::{LoadedPlugin, Loader, Place, Port, look};
use jackfield_plugin_api::frame::input::InputFrame;
use jackfield_plugin_api::frame::output::Output;
use jackfield_plugin_api::frame::{Start, frames};
use jackfield_plugin_api::{Fact, LineId, Timestamp, TransportId};
use tokio::runtime::Runtime;

/// When everything happens.
pub(crate) const NOW: Timestamp = Timestamp::from_millis(1_795_165_200_000);
/// The lines of the recorded calls.
pub(crate) const LINES: [&str; 4] = ["101", "102", "103", "201"];
/// The adapter's only transport.
const PBX: TransportId = TransportId(0);

/// The adapter, logged in.
pub(crate) struct Asterisk {
    port: Port,
    runtime: Runtime,
    /// What it said so far that the model wants to know.
    pub(crate) facts: Vec<Fact>,
}

impl Asterisk {
    /// Makes an adapter in this process, and logs in.
    pub(crate) fn up(plugin: &LoadedPlugin) -> Result<Self, String> {
        Self::up_in(plugin, Place::Host)
    }

    /// Makes an adapter somewhere, and logs in.
    pub(crate) fn up_in(plugin: &LoadedPlugin, place: Place<'_>) -> Result<Self, String> {
        let start = Start {
            seed: 1,
            connection: "ast".to_owned(),
            settings: r#"{"host":"pbx.example","username":"cti","password":"x"}"#.to_owned(),
            state_version: 0,
            granted: Vec::new(),
        };
        let (posted, _) = tokio::sync::mpsc::channel(1);
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().map_err(|e| e.to_string())?;
        let port = runtime.block_on(Port::create(plugin, place, NOW, &start, posted)).map_err(|e| e.to_string())?;
        let mut asterisk = Self { port, runtime, facts: Vec::new() };
        asterisk.give(&InputFrame::started())?;
        for (line, number) in (0..).zip(LINES) {
            let settings = format!(r#"{{"device":"PJSIP/{number}"}}"#);
            asterisk.give(&InputFrame::line_opened(LineId(line), number, &settings))?;
        }
        asterisk.give(&InputFrame::opened(PBX))?;
        let mut answers = "Asterisk Call Manager/11.0.0\r\n".to_owned();
        while !answers.is_empty() {
            let sent = asterisk.give(&InputFrame::received(PBX, answers.as_bytes()))?;
            let ids = sent.lines().filter_map(|line| line.strip_prefix("ActionID: "));
            answers = ids.map(|id| format!("Response: Success\r\nActionID: {id}\r\nChallenge: 1\r\n\r\n")).collect();
            if sent.starts_with("Action: Login") {
                answers.push_str("Event: FullyBooted\r\nStatus: Fully Booted\r\n\r\n");
            }
        }
        Ok(asterisk)
    }

    /// Gives an input of the login; what it sends for it.
    fn give(&mut self, frame: &InputFrame<'_>) -> Result<String, String> {
        let mut sent = String::new();
        let outputs = self.runtime.block_on(self.port.handle(NOW, frame)).map_err(|e| e.to_string())?;
        for output in frames(outputs) {
            match output.and_then(Output::decode).map_err(|e| e.to_string())? {
                Some(Output::Send { bytes, .. }) => sent.push_str(&String::from_utf8_lossy(bytes)),
                Some(Output::Fact(fact)) => self.facts.push(fact),
                _ => {}
            }
        }
        Ok(sent)
    }

    /// The adapter's own process.
    pub(crate) fn process(&self) -> Option<u32> {
        self.port.process()
    }

    /// Gives reads of the phone system to an adapter in a process of its own, as many together as the host does. How
    /// many bytes of outputs came back.
    pub(crate) fn received_together(&mut self, reads: &[&[u8]]) -> Result<usize, String> {
        for (nth, read) in reads.iter().enumerate() {
            self.port.say(NOW, nth > 0, &InputFrame::received(PBX, read));
        }
        self.runtime.block_on(async {
            let mut made = 0;
            for _ in reads {
                let outputs = self.port.answer().await.map_err(|e| e.to_string())?;
                made += outputs.ok_or("the adapter opens or closes its transport")?.len();
            }
            Ok(made)
        })
    }

    /// Gives bytes of the phone system; the outputs as they cross to the host.
    pub(crate) fn received(&mut self, bytes: &[u8]) -> Result<&[u8], String> {
        self.port.handle_here(NOW, &InputFrame::received(PBX, bytes)).map_err(|e| e.to_string())
    }
}

/// Loads the library, as the host does.
pub(crate) fn load(library: &Path) -> Result<Arc<LoadedPlugin>, String> {
    let looked = look::look(library).map_err(|e| format!("{}: {e}", library.display()))?;
    Loader::default().load(&looked).map_err(|e| e.to_string())
}

/// Recorded streams: those that were made with all event classes on, or those of a login with the least rights; from
/// the end of each login on.
pub(crate) fn streams(folder: &Path, all_classes: bool) -> Result<Vec<u8>, String> {
    let error = |e: std::io::Error| format!("{}: {e}", folder.display());
    let mut files = Vec::new();
    for file in std::fs::read_dir(folder).map_err(error)? {
        let file = file.map_err(error)?;
        let name = file.file_name().to_string_lossy().into_owned();
        if name.ends_with(".ami") && name.starts_with("all-classes") == all_classes {
            files.push(file.path());
        }
    }
    files.sort_unstable();
    let mut together = Vec::new();
    for file in files {
        let stream = std::fs::read(&file).map_err(|e| format!("{}: {e}", file.display()))?;
        let booted = b"Fully Booted\r\n\r\n";
        let begin = stream.windows(booted.len()).position(|w| w == booted).map_or(0, |at| at + booted.len());
        together.extend_from_slice(&stream[begin..]);
    }
    Ok(together)
}

/// A stream as it would come on another day: the same calls with ids that were not there before. (What has ended does
/// not begin again.)
pub(crate) fn another_day(stream: &[u8], day: u64) -> Vec<u8> {
    const SECONDS: usize = 10;
    let mut shifted = stream.to_vec();
    let mut at = 0;
    while at < shifted.len() {
        let digits = shifted[at..].iter().take_while(|byte| byte.is_ascii_digit()).count();
        // `Uniqueid: 1795165200.12`: when a channel began, and its number.
        if digits == SECONDS && shifted.get(at + digits) == Some(&b'.') {
            let seconds = shifted[at..at + digits].iter().fold(0, |sum, byte| sum * 10 + u64::from(byte - b'0'));
            let later = format!("{:010}", (seconds + day * 86_400) % 10_000_000_000);
            shifted[at..at + digits].copy_from_slice(later.as_bytes());
        }
        at += digits.max(1);
    }
    shifted
}

/// How a parser is written first: text, lines, a map for each message. It knows no channels, no calls and no lines.
#[derive(Debug, Default)]
pub(crate) struct PlainParser {
    partial: String,
}

impl PlainParser {
    /// Takes a read; the messages that it completes.
    pub(crate) fn received(&mut self, bytes: &[u8]) -> Vec<HashMap<String, String>> {
        self.partial.push_str(&String::from_utf8_lossy(bytes));
        let mut messages = Vec::new();
        while let Some(end) = self.partial.find("\r\n\r\n") {
            let message: String = self.partial.drain(..end + 4).collect();
            let pairs = message.lines().filter_map(|line| line.split_once(": "));
            messages.push(pairs.map(|(key, value)| (key.to_owned(), value.to_owned())).collect());
        }
        messages
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn another_day_has_other_ids_and_nothing_else() {
        let stream = b"Uniqueid: 1795165200.12\r\nExten: 380442752305\r\nTimestamp: 1795165200\r\n";
        let expected = b"Uniqueid: 1795251600.12\r\nExten: 380442752305\r\nTimestamp: 1795165200\r\n";
        assert_eq!(another_day(stream, 1), expected);
        assert_eq!(another_day(stream, 0), stream);
    }

    #[test]
    fn the_plain_parser_finds_messages_over_reads() {
        let mut parser = PlainParser::default();
        assert!(parser.received(b"Event: Hang").is_empty());
        let messages = parser.received(b"up\r\nUniqueid: 1.2\r\n\r\nEvent: ");
        assert_eq!(messages.len(), 1);
        assert_eq!((messages[0]["Event"].as_str(), messages[0]["Uniqueid"].as_str()), ("Hangup", "1.2"));
    }
}
