//! AMI bytes to facts, and to the frames of events, beside a plain parser that makes neither.

use std::hint::black_box;
use std::path::Path;

use jackfield::hub::frame;
use jackfield::model::{Model, ModelConfig, UuidV7Ids};
use jackfield_plugin_api::frame::frames;
use jackfield_plugin_api::frame::output::Output;
use jackfield_plugin_api::{CallFeatures, Capabilities, Fact, LineId, Snapshot, Up};

use crate::Scale;
use crate::ami::{Asterisk, LINES, NOW, PlainParser, streams};
use crate::host::library;
use crate::measure::{Pair, thread_cpu, turns};
use crate::table::{Figure, Outcome};

/// A usual read.
const READ: usize = 2048;
/// How often a turn goes through the stream.
const PASSES: usize = 40;

pub(crate) fn run(_: &Scale) -> Outcome {
    let traces = Path::new(env!("CARGO_MANIFEST_DIR")).join("../plugins/asterisk/tests/traces");
    let mut figures = Vec::new();
    for (name, all_classes, facts_goal, frames_goal) in
        [("all classes", true, 4.0, 2.0), ("least privilege", false, 2.5, 0.8)]
    {
        let stream = streams(&traces, all_classes)?;
        let millions = stream.windows(7).filter(|w| w == b"Event: ").count() as f64 / 1e6;
        let (pair, _) = to_facts(&stream, millions)?;
        let goal = format!("≥ {facts_goal}, ratio ≥ 10");
        let met = pair.ours.median >= facts_goal && pair.ratio.median >= 10.0;
        let what = format!("AMI to facts, {name}");
        figures.push(Figure::compared(what, "M events/CPU s", pair, "String/HashMap parser").goal(goal, met));
        let (pair, frames) = to_frames(&stream, millions)?;
        let what = format!("AMI to frames of clients, {name} ({frames} frames)");
        let met = pair.ours.median >= frames_goal;
        let goal = format!("≥ {frames_goal} (floor 0.4)");
        figures.push(Figure::compared(what, "M events/CPU s", pair, "String/HashMap parser").goal(goal, met));
    }
    Ok(figures)
}

/// Millions of events per CPU second, and how many outputs a pass makes.
fn to_facts(stream: &[u8], millions: f64) -> Result<(Pair, usize), String> {
    let mut asterisk = Asterisk::up(&library("asterisk")?)?;
    let (mut outputs, mut failed) = (0, None);
    let pair = turns(
        || {
            rate(millions, || {
                outputs = 0;
                for read in stream.chunks(READ) {
                    match asterisk.received(read) {
                        Ok(out) => outputs += black_box(out).len(),
                        Err(why) => failed = Some(why),
                    }
                }
            })
        },
        || plain(stream, millions),
    );
    failed.map_or(Ok((pair, outputs)), Err)
}

/// The same with the model behind it; how many frames a pass makes.
fn to_frames(stream: &[u8], millions: f64) -> Result<(Pair, usize), String> {
    let mut asterisk = Asterisk::up(&library("asterisk")?)?;
    let up = asterisk.facts.iter().find_map(|fact| if let Fact::Up(up) = fact { Some(up.clone()) } else { None });
    let capabilities = up.as_ref().map_or_else(|| Capabilities::new(CallFeatures::ALL), |up| up.capabilities.clone());
    let mut model =
        Model::new(ModelConfig::new("ast", "asterisk", "1.0.0", capabilities.clone()), Box::new(UuidV7Ids::new(1)));
    let (mut events, mut bytes, mut count, mut failed) = (Vec::new(), Vec::new(), 0, None);
    for (line, name) in (0..).zip(LINES) {
        model.open_line(NOW, LineId(line), name, &mut events);
    }
    // The login that is played lists no calls, so the adapter does not say that it is up.
    if up.is_none() {
        model.apply(NOW, &Fact::from(Up::new("Asterisk", capabilities)), None, &mut events);
    }
    for fact in std::mem::take(&mut asterisk.facts) {
        model.apply(NOW, &fact, None, &mut events);
    }
    for line in (0..).take(LINES.len()) {
        model.apply(NOW, &Fact::from(Snapshot::new(LineId(line), vec![])), None, &mut events);
    }
    events.clear();
    let pair = turns(
        || {
            rate(millions, || {
                count = 0;
                for read in stream.chunks(READ) {
                    let outputs = match asterisk.received(read) {
                        Ok(outputs) => outputs,
                        Err(why) => return failed = Some(why),
                    };
                    for output in frames(outputs) {
                        if let Ok(Some(Output::Fact(fact))) = output.and_then(Output::decode) {
                            model.apply(NOW, &fact, None, &mut events);
                        }
                    }
                    bytes.clear();
                    for event in events.drain(..) {
                        frame::push_text(&mut bytes, |buf| event.write_json(buf));
                        count += 1;
                    }
                    black_box(&bytes);
                }
            })
        },
        || plain(stream, millions),
    );
    if count == 0 && failed.is_none() {
        failed = Some("the model made no events of the streams".to_owned());
    }
    failed.map_or(Ok((pair, count)), Err)
}

fn plain(stream: &[u8], millions: f64) -> f64 {
    let mut parser = PlainParser::default();
    rate(millions, || {
        for read in stream.chunks(READ) {
            black_box(parser.received(read));
        }
    })
}

fn rate(millions: f64, mut pass: impl FnMut()) -> f64 {
    let begin = thread_cpu();
    for _ in 0..PASSES {
        pass();
    }
    PASSES as f64 * millions / (thread_cpu() - begin).as_secs_f64()
}
