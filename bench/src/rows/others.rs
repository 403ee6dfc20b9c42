//! What an event for one client costs while very many others are connected.

use jackfield::hub::frame;

use crate::Scale;
use crate::bed::Bed;
use crate::measure::{ROUNDS, Turns};
use crate::table::{Figure, Outcome};
use crate::{event, machine};

const MANY: usize = 10_000;
const FEW: usize = 200;
/// Events per turn.
const EVENTS: usize = 2_000;

pub(crate) fn run(_: &Scale) -> Outcome {
    let many = MANY.min(machine::files().saturating_sub(2 * FEW) / 2);
    if many < 2 * FEW {
        return Err(format!("the system grants too few open files ({})", machine::files()));
    }
    let event = event::call_started().ok_or("the model makes no callStarted")?;
    let frame = frame::text(event.to_json().as_bytes());
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().map_err(|e| e.to_string())?;
    let line = |number: usize| u32::try_from(number).unwrap_or(u32::MAX);
    runtime.block_on(async {
        let mut crowd = Bed::new(many, line).await?;
        let mut handful = Bed::new(FEW, line).await?;
        let each = |time: std::time::Duration| time.as_secs_f64() * 1e6 / EVENTS as f64;
        let mut turns = Turns::default();
        for round in 0..=ROUNDS {
            let with_many = each(crowd.publish(&frame, 1, EVENTS).await?);
            let with_few = each(handful.publish(&frame, 1, EVENTS).await?);
            if round > 0 {
                turns.add(with_many, with_few);
            }
        }
        let what = format!("an event for one client, {many} connected, against {FEW}");
        let figure = Figure::compared(what, "µs CPU", turns.pair(), "with 200 connected");
        Ok(vec![figure.ratio_at_most(1.15)])
    })
}
