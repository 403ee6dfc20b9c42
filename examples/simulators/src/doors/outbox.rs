//! What waits to be sent to one client, each at its time.

use std::{collections::VecDeque, time::Duration};

use tokio::{
    sync::mpsc,
    time::{Instant, sleep_until},
};

use super::WAITING;
use crate::Output;

/// The outputs of one client, in their order; delayed ones hold back those behind them.
pub(super) struct Outbox {
    receiver: mpsc::Receiver<Output>,
    waiting: VecDeque<(Instant, Output)>,
}

impl Outbox {
    /// An outbox and the end that it is filled through.
    pub(super) fn new() -> (mpsc::Sender<Output>, Self) {
        let (sender, receiver) = mpsc::channel(WAITING);
        (sender, Self { receiver, waiting: VecDeque::new() })
    }

    /// The next output that is due; `None` when the phone system has let the client go. May be dropped while it waits.
    pub(super) async fn next(&mut self) -> Option<Output> {
        loop {
            let due = self.waiting.front().map(|(due, _)| *due);
            tokio::select! {
                output = self.receiver.recv(), if self.waiting.len() < WAITING => {
                    let output = output?;
                    let delay = match &output {
                        Output::Cut { .. } => return Some(output),
                        Output::Send { delay, .. } | Output::Respond { delay, .. } => *delay,
                        Output::Hook { delay, .. } | Output::Close { delay, .. } => *delay,
                    };
                    let due = Instant::now() + Duration::from_millis(delay);
                    // A message never overtakes one that waits longer.
                    let due = self.waiting.back().map_or(due, |(before, _)| due.max(*before));
                    self.waiting.push_back((due, output));
                }
                () = sleep_until(due.unwrap_or_else(Instant::now)), if due.is_some() => {
                    return self.waiting.pop_front().map(|(_, output)| output);
                }
            }
        }
    }
}
