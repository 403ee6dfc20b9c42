//! One event to every client, beside plain `write`; bursts of a hundred, beside plain `writev`.

use bytes::Bytes;
use jackfield::hub::frame;

use crate::Scale;
use crate::bed::Bed;
use crate::measure::{ROUNDS, Turns};
use crate::table::{Figure, Outcome};
use crate::{event, machine};

pub(crate) fn run(scale: &Scale) -> Outcome {
    // Both ends of each socket are open here.
    let clients = scale.fanout.min(machine::files() / 2);
    let event = event::call_started().ok_or("the model makes no callStarted")?;
    let frame = frame::text(event.to_json().as_bytes());
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().map_err(|e| e.to_string())?;
    runtime.block_on(async {
        let mut bed = Bed::new(clients, |_| 0).await?;
        let single = measure(&mut bed, &frame, 1, 40, clients).await?;
        let burst = measure(&mut bed, &frame, 100, 4, clients).await?;
        let what = |kind: &str| format!("{kind} of {} bytes to {clients} clients", frame.len());
        Ok(vec![
            Figure::compared(what("an event"), "µs CPU a client", single, "plain write").ratio_at_most(1.10),
            Figure::compared(what("100 events at once"), "µs CPU a client", burst, "plain writev").ratio_at_most(1.2),
        ])
    })
}

async fn measure(
    bed: &mut Bed,
    frame: &Bytes,
    burst: usize,
    bursts: usize,
    clients: usize,
) -> Result<crate::measure::Pair, String> {
    let each = |time: std::time::Duration| time.as_secs_f64() * 1e6 / (clients * bursts) as f64;
    let mut turns = Turns::default();
    for round in 0..=ROUNDS {
        let ours = each(bed.publish(frame, burst, bursts).await?);
        let reference = each(bed.plain(frame, burst, bursts)?);
        // The first is for caches and pages.
        if round > 0 {
            turns.add(ours, reference);
        }
    }
    Ok(turns.pair())
}
