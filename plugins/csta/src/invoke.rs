//! Requests that wait for their answers, by invoke id.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use crate::frame::HIGHEST;

/// What waits for an answer, each with what the sender wants to know of it then. Answers may come in any order.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct Pending<T> {
    last: u16,
    waiting: BTreeMap<u16, T>,
}

impl<T> Default for Pending<T> {
    fn default() -> Self {
        Self { last: 0, waiting: BTreeMap::new() }
    }
}

impl<T> Pending<T> {
    /// Takes the next free invoke id, from 1 to 9998 and around. `None`: all of them wait.
    pub fn add(&mut self, what: T) -> Option<u16> {
        if self.waiting.len() >= usize::from(HIGHEST) {
            return None;
        }
        let mut id = self.last;
        loop {
            id = if id >= HIGHEST { 1 } else { id + 1 };
            if !self.waiting.contains_key(&id) {
                break;
            }
        }
        self.last = id;
        self.waiting.insert(id, what);
        Some(id)
    }

    /// An answer has come.
    pub fn take(&mut self, invoke: u16) -> Option<T> {
        self.waiting.remove(&invoke)
    }

    /// What waits under an id.
    #[must_use]
    pub fn get(&self, invoke: u16) -> Option<&T> {
        self.waiting.get(&invoke)
    }

    /// How many wait.
    #[must_use]
    pub fn len(&self) -> usize {
        self.waiting.len()
    }

    /// Whether none waits.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.waiting.is_empty()
    }

    /// All that wait.
    pub fn iter(&self) -> impl Iterator<Item = (u16, &T)> {
        self.waiting.iter().map(|(id, what)| (*id, what))
    }

    /// Takes all for which something holds.
    pub fn take_where(&mut self, is: impl Fn(&T) -> bool) -> Vec<T> {
        let ids: Vec<u16> = self.waiting.iter().filter(|(_, what)| is(what)).map(|(id, _)| *id).collect();
        ids.into_iter().filter_map(|id| self.waiting.remove(&id)).collect()
    }

    /// The link is gone: no answer will come. Ids begin anew.
    pub fn take_all(&mut self) -> Vec<T> {
        self.last = 0;
        std::mem::take(&mut self.waiting).into_values().collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ids_go_around_and_pass_over_what_waits() {
        let mut pending = Pending::default();
        assert_eq!(pending.add('a'), Some(1));
        for id in 2..=HIGHEST {
            assert_eq!(pending.add('b'), Some(id));
            pending.take(id);
        }
        assert_eq!(pending.add('c'), Some(2), "1 still waits");
        assert_eq!((pending.take(1), pending.take(1), pending.take(2)), (Some('a'), None, Some('c')));
        for _ in 0..HIGHEST {
            assert!(pending.add('d').is_some());
        }
        assert_eq!(pending.add('e'), None);
        assert_eq!(pending.take_all().len(), usize::from(HIGHEST));
        assert_eq!(pending.add('f'), Some(1));
    }
}
