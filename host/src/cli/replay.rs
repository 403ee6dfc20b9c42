//! `jackfield replay`.

use std::path::{Path, PathBuf};

use jackfield_plugin_api::Timestamp;
use jackfield_plugin_api::frame::frames;
use jackfield_plugin_api::frame::output::Output;
use serde_json::{Value, json};

use super::replay_diff::Differences;
use super::watch_line::Printer;
use super::{Failure, output};
use crate::model::{Event, Model, timestamp_text};
use crate::plugins::{LoadedPlugin, Loader, look};
use crate::recorder::replay::{Given, LanePlace, Tally, Watch, Who, play, words};
use crate::recorder::{Published, Recording};

/// Plays a recording again with a library: the events that come of it, without a phone system and without waiting.
///
/// The library is looked at and loaded as a host does it, and runs in a process of its own.
#[derive(Debug, clap::Args)]
#[command(after_help = "Examples:
  jackfield replay fault.jfrec --plugin libjackfield_plugin_asterisk.so
  jackfield replay fault.jfrec --plugin new.so --check
  jackfield replay fault.jfrec --plugin old.so --diff new.so")]
pub(super) struct Replay {
    /// The recording: a file, or a connection's folder.
    #[arg(value_name = "FILE")]
    recording: PathBuf,
    /// The library.
    #[arg(long, value_name = "LIB")]
    plugin: PathBuf,
    /// One JSON object per line.
    #[arg(long)]
    json: bool,
    /// What the adapter reports, too.
    #[arg(long)]
    facts: bool,
    /// The adapter's raw messages, too.
    #[arg(long)]
    raw: bool,
    /// Only whether the adapter answers as it was recorded, and the same events come of it; exits with 1 if not.
    #[arg(long, conflicts_with_all = ["facts", "raw", "diff"])]
    check: bool,
    /// Another library over the same recording: where their events differ; exits with 1 if they do.
    #[arg(long, value_name = "LIB2", conflicts_with_all = ["facts", "raw"])]
    diff: Option<PathBuf>,
    /// Runs the library in this process: faster to start, and nothing holds it.
    #[arg(long)]
    here: bool,
}

impl Replay {
    pub(super) fn main(self) -> Result<(), Failure> {
        let runtime = tokio::runtime::Builder::new_current_thread()
            .enable_all()
            .build()
            .map_err(|e| Failure::new(format!("the runtime: {e}")))?;
        let recording = Recording::at(&self.recording).map_err(Failure::new)?;
        // A library's first load waits for a process, which nobody may who runs others meanwhile.
        let mut loader = Loader::default();
        let place = if self.here { LanePlace::Here } else { LanePlace::Process };
        let libraries = std::iter::once(&self.plugin).chain(&self.diff);
        let who = libraries.map(|path| Ok(Who::Plugin(Box::new(load(&mut loader, path)?), place)));
        let who = who.collect::<Result<Vec<_>, Failure>>()?;
        runtime.block_on(self.run(&recording, who))
    }

    async fn run(&self, recording: &Recording, who: Vec<Who>) -> Result<(), Failure> {
        if self.diff.is_some() {
            let mut differences = Differences::new(self.json);
            let tallies = play(recording, who, &mut differences).await.map_err(Failure::new)?;
            return differences.end(&tallies);
        }
        let mut show = Show { printer: Printer::new(self.json), replay: self, failure: None };
        let tallies = play(recording, who, &mut show).await.map_err(Failure::new)?;
        if let Some(failure) = show.failure {
            return Err(failure);
        }
        let tally = tallies.into_iter().next().unwrap_or_default();
        if self.check {
            return check(&tally, self.json);
        }
        tally.unplayed().map_or(Ok(()), |why| Err(Failure::new(output::harmless(why))))
    }
}

fn load(loader: &mut Loader, path: &Path) -> Result<LoadedPlugin, Failure> {
    let refused = |why: &dyn std::fmt::Display| Failure::new(format!("{}: {why}", path.display()));
    let looked = look::look(path).map_err(|e| refused(&e))?;
    Ok((*loader.load(&looked).map_err(|e| refused(&e))?).clone())
}

fn check(tally: &Tally, json: bool) -> Result<(), Failure> {
    let Tally { inputs, not_given, different, first, events, other_events, first_event, from, to, .. } = tally;
    let seconds = to.saturating_sub(*from) / 1_000_000;
    if json {
        output::say(
            &json!({
                "inputs": inputs, "notGiven": not_given, "different": different, "events": events,
                "otherEvents": other_events, "seconds": seconds,
                "first": first.as_ref().map(|(input, what)| json!({ "input": input, "what": what })),
                "firstEvent": first_event,
            })
            .to_string(),
        )?;
    } else {
        output::say(&format!(
            "{inputs} inputs of {seconds} s: {different} answered otherwise, {not_given} not given; {events} events, \
             {other_events} times others"
        ))?;
    }
    if let Some(why) = tally.unplayed() {
        return Err(Failure::new(output::harmless(why)));
    }
    match (first, first_event) {
        (Some((input, what)), _) => {
            Err(Failure::new(format!("the first difference is at input {input}: {}", output::harmless(what))))
        }
        (None, Some(what)) => Err(Failure::new(format!("other events: {}", output::harmless(what)))),
        (None, None) => Ok(()),
    }
}

/// Prints what comes.
struct Show<'a> {
    printer: Printer,
    replay: &'a Replay,
    failure: Option<Failure>,
}

impl Show<'_> {
    fn say(&mut self, said: Result<(), Failure>) {
        if let Err(failure) = said {
            self.failure.get_or_insert(failure);
        }
    }

    fn line(&mut self, at: Timestamp, what: &str, text: &str, value: impl FnOnce() -> Value) {
        let at = timestamp_text(at);
        let said = match self.replay.json {
            true => output::say(&json!({ "at": at, what: value() }).to_string()),
            false => {
                let at = at.get(11..23).unwrap_or_default();
                output::say(&output::harmless(&format!("{at}  {what:<12} {text}")))
            }
        };
        self.say(said);
    }
}

impl Watch for Show<'_> {
    fn answers(&mut self, at: Timestamp, _: Option<&Given>, _: Option<&[u8]>, now: &[Option<Vec<u8>>]) {
        if self.replay.check || !(self.replay.facts || self.replay.raw) {
            return;
        }
        for frame in now.iter().flatten().flat_map(|bytes| frames(bytes)).filter_map(Result::ok) {
            match Output::decode(frame) {
                Ok(Some(Output::Fact(fact))) if self.replay.facts => {
                    let value = serde_json::to_value(&fact).unwrap_or_default();
                    self.line(at, "fact", &value.to_string(), || value.clone());
                }
                Ok(Some(Output::Raw(raw))) if self.replay.raw => {
                    let text = format!("{} {}: {}", raw.direction, raw.format, raw.summary);
                    self.line(at, "raw", &text, || serde_json::to_value(&raw).unwrap_or_default());
                }
                _ => {}
            }
        }
    }

    fn events(&mut self, _: Timestamp, _: Option<&Given>, _: &[Published], now: Vec<(&Model, Vec<Event>)>) {
        if self.replay.check {
            return;
        }
        for event in now.into_iter().flat_map(|(_, events)| events) {
            let text = event.to_json();
            let message = if self.replay.json { Value::Null } else { serde_json::from_str(&text).unwrap_or_default() };
            let said = self.printer.print(&text, &message);
            self.say(said);
        }
    }

    fn note(&mut self, at: Timestamp, text: String) {
        output::note(&output::harmless(&format!("-- {}: {text}", timestamp_text(at))));
    }

    fn is_enough(&self) -> bool {
        self.failure.is_some()
    }
}

/// For who prints inputs, too.
pub(super) fn input_words(given: Option<&Given>) -> String {
    given.map_or_else(|| "the adapter was made".to_owned(), words::input)
}
