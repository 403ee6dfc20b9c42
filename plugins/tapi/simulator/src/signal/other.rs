//! Without Windows: messages wait in their queue.

use std::collections::VecDeque;

use crate::constants::LINEERR_OPERATIONUNAVAIL;
use crate::exchange::Refusal;
use crate::layout::LINEMESSAGE;

pub(crate) struct Signal;

impl Signal {
    /// There are no windows here.
    pub(crate) fn window(_callback: usize) -> Result<Self, Refusal> {
        Err(LINEERR_OPERATIONUNAVAIL)
    }

    /// There are no events either, but nobody has to wait on one: the handle is 0.
    pub(crate) fn event() -> Result<(Self, usize), Refusal> {
        Ok((Self, 0))
    }

    /// There are no completion ports here.
    pub(crate) fn port(_port: usize, _key: usize) -> Result<Self, Refusal> {
        Err(LINEERR_OPERATIONUNAVAIL)
    }

    /// A message for the program.
    pub(crate) fn send(&mut self, message: LINEMESSAGE, queue: &mut VecDeque<LINEMESSAGE>) {
        queue.push_back(message);
    }

    /// A message was taken from the queue.
    pub(crate) fn taken(&mut self, _empty: bool) {}
}
