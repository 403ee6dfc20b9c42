//! AMI bytes to facts, and to the frames of events, beside a plain parser that makes neither.

use std::hint::black_box;
use std::path::Path;
use std::time::Duration;

use jackfield::hub::frame;
use jackfield::model::{Model, ModelConfig, UuidV7Ids};
use jackfield::plugins::LoadedPlugin;
use jackfield_plugin_api::frame::frames;
use jackfield_plugin_api::frame::output::Output;
use jackfield_plugin_api::{CallFeatures, Capabilities, Fact, LineId, Snapshot, Up};

use crate::Scale;
use crate::ami::{Asterisk, LINES, NOW, PlainParser, load, streams};
use crate::host::library;
use crate::measure::{ROUNDS, Turns, thread_cpu};
use crate::table::{Figure, Outcome};

/// A usual read.
pub(super) const READ: usize = 2048;
/// How often a turn goes through the stream, each time with an adapter and a model that have just come up: calls of a
/// recording have the same ids every time, and a call that has ended does not begin again.
const PASSES: usize = 40;

/// What came of a pass through a stream.
pub(super) struct Pass {
    /// CPU time.
    pub(super) time: Duration,
    /// Bytes or frames that came out.
    pub(super) made: usize,
}

pub(crate) fn run(_: &Scale) -> Outcome {
    let traces = Path::new(env!("CARGO_MANIFEST_DIR")).join("../plugins/asterisk/tests/traces");
    let plugin = load(&library("asterisk")?)?;
    let mut figures = Vec::new();
    for (name, all_classes, facts_goal, frames_goal) in
        [("all classes", true, 4.0, 2.0), ("least privilege", false, 2.5, 0.8)]
    {
        let stream = streams(&traces, all_classes)?;
        let (mut facts, mut frames, mut made) = (Turns::default(), Turns::default(), 0);
        for round in 0..=ROUNDS {
            let (with_facts, _) = rate(&stream, || to_facts(&plugin, &stream))?;
            let (with_frames, count) = rate(&stream, || to_frames(&plugin, &stream))?;
            let (plain, _) = rate(&stream, || Ok(plainly(&stream)))?;
            made = count;
            if round > 0 {
                facts.add(with_facts, plain);
                frames.add(with_frames, plain);
            }
        }
        let (facts, frames) = (facts.pair(), frames.pair());
        let met = facts.ours.median >= facts_goal && facts.ratio.median >= 10.0;
        let goal = format!("≥ {facts_goal} (floor 1), ratio ≥ 10");
        let what = format!("AMI to facts, {name}");
        figures.push(Figure::compared(what, "M events/CPU s", facts, "String/HashMap parser").goal(goal, met));
        let (met, goal) = (frames.ours.median >= frames_goal, format!("≥ {frames_goal} (floor 0.4)"));
        let what = format!("AMI to frames of clients, {name}, {made} frames");
        figures.push(Figure::compared(what, "M events/CPU s", frames, "String/HashMap parser").goal(goal, met));
    }
    Ok(figures)
}

/// Millions of AMI events per CPU second, and what a pass makes. A pass that makes nothing is an error: it would be
/// fast.
fn rate(stream: &[u8], mut pass: impl FnMut() -> Result<Pass, String>) -> Result<(f64, usize), String> {
    let events = stream.windows(7).filter(|w| w == b"Event: ").count();
    let (mut time, mut made) = (Duration::ZERO, 0);
    for _ in 0..PASSES {
        let pass = pass()?;
        time += pass.time;
        made = pass.made;
        if made == 0 {
            return Err("nothing came of the recorded streams".to_owned());
        }
    }
    Ok(((PASSES * events) as f64 / 1e6 / time.as_secs_f64(), made))
}

/// The facts, as they cross to the host.
fn to_facts(plugin: &LoadedPlugin, stream: &[u8]) -> Result<Pass, String> {
    let mut asterisk = Asterisk::up(plugin)?;
    let (begin, mut made) = (thread_cpu(), 0);
    for read in stream.chunks(READ) {
        made += black_box(asterisk.received(read)?).len();
    }
    Ok(Pass { time: thread_cpu() - begin, made })
}

/// The frames of the events that the model makes of the facts.
fn to_frames(plugin: &LoadedPlugin, stream: &[u8]) -> Result<Pass, String> {
    let mut asterisk = Asterisk::up(plugin)?;
    let up = asterisk.facts.iter().find_map(|fact| if let Fact::Up(up) = fact { Some(up.clone()) } else { None });
    // The login that is played lists no calls, so the adapter may not have said that it is up.
    let up = up.unwrap_or_else(|| Up::new("Asterisk", Capabilities::new(CallFeatures::ALL)));
    let config = ModelConfig::new("ast", "asterisk", "1.0.0", up.capabilities.clone());
    let mut model = Model::new(config, Box::new(UuidV7Ids::new(1)));
    let (mut events, mut bytes, mut made) = (Vec::new(), Vec::new(), 0);
    for (line, name) in (0..).zip(LINES) {
        model.open_line(NOW, LineId(line), name, &mut events);
    }
    model.apply(NOW, &Fact::from(up), None, &mut events);
    for (line, _) in (0..).zip(LINES) {
        model.apply(NOW, &Fact::from(Snapshot::new(LineId(line), vec![])), None, &mut events);
    }
    events.clear();
    let begin = thread_cpu();
    for read in stream.chunks(READ) {
        for output in frames(asterisk.received(read)?) {
            if let Ok(Some(Output::Fact(fact))) = output.and_then(Output::decode) {
                model.apply(NOW, &fact, None, &mut events);
            }
        }
        bytes.clear();
        for event in events.drain(..) {
            frame::push_text(&mut bytes, |buf| event.write_json(buf));
            made += 1;
        }
        black_box(&bytes);
    }
    Ok(Pass { time: thread_cpu() - begin, made })
}

fn plainly(stream: &[u8]) -> Pass {
    let (mut parser, begin, mut made) = (PlainParser::default(), thread_cpu(), 0);
    for read in stream.chunks(READ) {
        made += black_box(parser.received(read)).len();
    }
    Pass { time: thread_cpu() - begin, made }
}
