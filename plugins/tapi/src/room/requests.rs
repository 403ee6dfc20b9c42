//! Requests that wait for LINE_REPLY, with the memory that the driver may still write into.
//!
//! Two threads meet here: one calls a function and learns its request id when the function returns, the other reads the
//! answer, which may come before that.

use std::collections::HashMap;

/// Answers that are kept while a function has not returned yet.
const MOST_EARLY: usize = 256;

/// The requests; `T` is what they keep alive.
#[derive(Debug)]
pub(super) struct Requests<T> {
    waiting: HashMap<u32, (u64, T)>,
    /// What a driver gave the id of to another request before it answered: kept, because it may still write there.
    forgotten: Vec<T>,
    /// Whether a function has been called and has not returned.
    calling: bool,
    /// Answers that came meanwhile and belong to no request that is known.
    early: Vec<(u32, i32)>,
}

/// What an answer belongs to.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Answer<T> {
    /// To this request.
    To(u64, T),
    /// Perhaps to the function that has not returned yet.
    Early,
    /// To nothing.
    Stray,
}

impl<T> Default for Requests<T> {
    fn default() -> Self {
        Self { waiting: HashMap::new(), forgotten: Vec::new(), calling: false, early: Vec::new() }
    }
}

impl<T> Requests<T> {
    /// How many wait.
    pub(super) fn len(&self) -> usize {
        self.waiting.len() + self.forgotten.len()
    }

    /// A function is about to be called.
    pub(super) fn calling(&mut self) {
        self.calling = true;
        self.early.clear();
    }

    /// It has returned, with a request id if it is not done yet. What it keeps alive comes back when its answer has come
    /// already, with the answers that were to nothing.
    pub(super) fn returned(&mut self, id: Option<u32>, request: u64, kept: T) -> Settled<T> {
        self.calling = false;
        let mut strays = std::mem::take(&mut self.early);
        let Some(id) = id else { return Settled { done: Some((kept, None)), strays } };
        if let Some(at) = strays.iter().position(|(early, _)| *early == id) {
            let (_, code) = strays.remove(at);
            return Settled { done: Some((kept, Some(code))), strays };
        }
        if let Some((_, other)) = self.waiting.insert(id, (request, kept)) {
            self.forgotten.push(other);
        }
        Settled { done: None, strays }
    }

    /// What a driver may still write into, though it has answered.
    pub(super) fn keep(&mut self, kept: T) {
        self.forgotten.push(kept);
    }

    /// An answer has come.
    pub(super) fn answered(&mut self, id: u32, code: i32) -> Answer<T> {
        if let Some((request, kept)) = self.waiting.remove(&id) {
            return Answer::To(request, kept);
        }
        if self.calling && self.early.len() < MOST_EARLY {
            self.early.push((id, code));
            return Answer::Early;
        }
        Answer::Stray
    }
}

/// What became of a function that has returned.
#[derive(Debug)]
pub(super) struct Settled<T> {
    /// What it kept alive, when nothing more comes, and the answer if that came before.
    pub(super) done: Option<(T, Option<i32>)>,
    /// Answers that came meanwhile, to nothing.
    pub(super) strays: Vec<(u32, i32)>,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_answer_finds_its_request() {
        let mut requests = Requests::default();
        requests.calling();
        assert!(requests.returned(Some(7), 1, "one").done.is_none());
        assert_eq!(requests.answered(8, 0), Answer::Stray);
        assert_eq!(requests.answered(7, 0), Answer::To(1, "one"));
        assert_eq!(requests.answered(7, 0), Answer::Stray);
        assert_eq!(requests.len(), 0);
    }

    #[test]
    fn an_answer_may_be_faster_than_the_function() {
        let mut requests = Requests::default();
        requests.calling();
        assert_eq!(requests.answered(6, -1), Answer::Early);
        assert_eq!(requests.answered(7, -2), Answer::Early);
        let settled = requests.returned(Some(7), 1, "one");
        assert_eq!(settled.done, Some(("one", Some(-2))));
        assert_eq!(settled.strays, [(6, -1)]);
        // What came early for one function is not taken for another.
        requests.calling();
        let settled = requests.returned(Some(6), 2, "two");
        assert!(settled.done.is_none() && settled.strays.is_empty());
    }

    #[test]
    fn what_a_driver_may_still_write_into_is_kept() {
        let mut requests = Requests::default();
        for number in 1..=3 {
            requests.calling();
            assert!(requests.returned(Some(7), number, number).done.is_none());
        }
        assert_eq!(requests.len(), 3);
        assert_eq!(requests.answered(7, 0), Answer::To(3, 3));
        assert_eq!(requests.len(), 2);
    }
}
