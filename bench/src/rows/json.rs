//! A full event to JSON, beside serde_json with an equal value.

use std::hint::black_box;

use crate::Scale;
use crate::event;
use crate::measure::{thread_cpu, turns};
use crate::table::{Figure, Outcome};

/// Events per turn.
const EVENTS: u32 = 50_000;

pub(crate) fn run(_: &Scale) -> Outcome {
    let event = event::call_started().ok_or("the model makes no callStarted")?;
    let value: serde_json::Value = serde_json::from_str(&event.to_json()).map_err(|e| e.to_string())?;
    let (mut ours, mut theirs) = (Vec::new(), Vec::new());
    let pair = turns(
        || {
            per_event(|| {
                ours.clear();
                event.write_json(&mut ours);
                black_box(&ours);
            })
        },
        || {
            per_event(|| {
                theirs.clear();
                // Writing into memory cannot fail.
                let _ = serde_json::to_writer(&mut theirs, black_box(&value));
                black_box(&theirs);
            })
        },
    );
    let what = format!("callStarted of {} bytes to JSON", ours.len());
    Ok(vec![Figure::compared(what, "ns CPU", pair, "serde_json, an equal Value").ratio_at_most(0.45)])
}

/// CPU nanoseconds of one.
fn per_event(mut one: impl FnMut()) -> f64 {
    let begin = thread_cpu();
    for _ in 0..EVENTS {
        one();
    }
    (thread_cpu() - begin).as_nanos() as f64 / f64::from(EVENTS)
}
