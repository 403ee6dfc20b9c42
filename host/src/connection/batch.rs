//! What a socket brings faster than an adapter in a process of its own handles it: several reads in one crossing.
//!
//! Each is answered by itself, and what follows from it is done before the next answer is looked at, as if they had
//! been given one by one. The only difference would be a transport that is opened or closed by the first of them; so
//! the runner gives the adapter nothing more of the same batch after that, and the rest begins anew.

use std::collections::VecDeque;

use jackfield_plugin_api::frame::input::InputFrame;

use super::task::Task;
use super::transports::{Happened, TransportEvent};
use crate::plugins::{Fault, Port};

/// The most that happens in one crossing.
const MOST: usize = 32;

impl Task {
    /// Something happened on a transport; what else has happened already goes with it.
    pub(super) async fn transport(&mut self, event: TransportEvent) {
        let mut happened = VecDeque::from([event]);
        if self.port.as_ref().is_some_and(Port::is_apart) {
            while happened.len() < MOST {
                let Ok(event) = self.transport_events.try_recv() else { break };
                happened.push_back(event);
            }
        }
        while let Some(event) = happened.pop_front() {
            let mut reads = Vec::new();
            while self.is_read(&event) && happened.front().is_some_and(|next| self.is_read(next)) {
                reads.extend(happened.pop_front());
            }
            if reads.is_empty() {
                self.happened(event).await;
            } else {
                reads.insert(0, event);
                self.together(reads, &mut happened).await;
            }
        }
        self.born = None;
    }

    fn is_read(&self, event: &TransportEvent) -> bool {
        matches!(event.happened, Happened::Received(_)) && self.transports.is_current(event)
    }

    /// Gives several reads; those that the adapter was not given come back.
    async fn together(&mut self, reads: Vec<TransportEvent>, happened: &mut VecDeque<TransportEvent>) {
        let Some(mut port) = self.port.take() else { return };
        let now = self.now();
        for (nth, read) in reads.iter().enumerate() {
            if let Some(frame) = frame(read) {
                port.say(now, nth > 0, &frame);
                self.shadow_hears(now, nth > 0, &frame);
            }
        }
        let mut again = Vec::new();
        for read in reads {
            let Some(frame) = frame(&read) else { continue };
            self.born = Some(read.at);
            let span = self.span(&frame);
            let answer = port.answer().await;
            if matches!(answer, Ok(None)) {
                self.shadow_skips().await;
                again.push(read);
                continue;
            }
            self.model.tape.input(now, &frame);
            let handled = span.in_scope(|| self.handled(answer.map(Option::unwrap_or_default)));
            if let Some(old) = self.beside(now, &frame, &mut port, &handled).await {
                // It has been told the rest as well; what it was not given begins anew.
                port = old;
                self.given(frame.kind, None).await;
                continue;
            }
            match handled {
                Err(fault @ Fault::Refused { .. }) => self.given(frame.kind, Some(fault)).await,
                // It is gone, and with it what its transports have brought.
                Err(fault) => return self.fault(&fault).await,
                Ok(()) => self.given(frame.kind, None).await,
            }
        }
        self.port = Some(port);
        again.into_iter().rev().for_each(|read| happened.push_front(read));
    }
}

fn frame(read: &TransportEvent) -> Option<InputFrame<'_>> {
    match &read.happened {
        Happened::Received(bytes) => Some(InputFrame::received(read.transport, bytes)),
        _ => None,
    }
}
