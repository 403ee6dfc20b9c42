//! An adapter that tells the truth needs no repairs, and the table is the truth: also over losses, repetitions, and
//! snapshots in the middle of an epoch.

use std::collections::BTreeMap;

use jackfield_plugin_api::{CallFact, CallState, CauseCode, Direction, Role, Snapshot, SnapshotSupport};
use proptest::prelude::*;

use super::bench::{Bench, LINE, everything, fact};

/// A move of the phone system. The numbers choose a call and a way.
#[derive(Debug, Clone, Copy)]
enum Move {
    Start(u8),
    Step(u8, u8),
    Repeat(u8),
    Poll,
    Lose,
    Back,
}

/// The phone system's calls by key: what they are to each other, and what they do.
#[derive(Debug, Default)]
struct Phone {
    calls: BTreeMap<u32, CallFact>,
    next: u32,
}

impl Phone {
    /// A new call: incoming, outgoing, or a consultation made from the call that was there first.
    fn start(&mut self, kind: u8) -> Option<CallFact> {
        if self.calls.len() >= 4 {
            return None;
        }
        let direction = if kind == 0 { Direction::In } else { Direction::Out };
        let mut call = fact(&self.next.to_string(), CallState::Alerting).direction(direction);
        call.native_id = Some(format!("n{}", self.next));
        if let Some(first) = self.calls.values().next().filter(|_| kind == 2) {
            call.role = Some(Role::Consult);
            call.parent = Some(first.key.clone());
        }
        self.calls.insert(self.next, call.clone());
        self.next += 1;
        Some(call)
    }

    /// Something that a phone system may do with a call in its state.
    fn step(&mut self, which: u8, way: u8) -> Option<CallFact> {
        use CallState::{Alerting, Busy, Conferenced, Connected, Finished, Held};
        let key = *self.calls.keys().nth(usize::from(which) % self.calls.len().max(1))?;
        let call = self.calls.get_mut(&key)?;
        let out = call.direction == Some(Direction::Out);
        call.state = match (call.state, way % 4) {
            (Alerting, 0) if out => Busy,
            (Alerting, 0..=2) | (Held | Conferenced, 1 | 2) => Connected,
            (Connected | Conferenced, 0) => Held,
            (Connected, 1) => Conferenced,
            _ => Finished,
        };
        if call.state != Finished {
            return Some(call.clone());
        }
        let cause = if way > 8 { CauseCode::Transferred } else { CauseCode::NormalClearing };
        let mut call = self.calls.remove(&key)?;
        call.cause = Some(cause.into());
        Some(call)
    }

    fn snapshot(&self) -> Snapshot {
        Snapshot::new(LINE, self.calls.values().cloned().collect())
    }
}

fn moves() -> impl Strategy<Value = Vec<Move>> {
    let one = prop_oneof![
        4 => (0..3_u8).prop_map(Move::Start),
        12 => (any::<u8>(), 0..12_u8).prop_map(|(which, way)| Move::Step(which, way)),
        2 => any::<u8>().prop_map(Move::Repeat),
        1 => Just(Move::Poll),
        1 => Just(Move::Lose),
        2 => Just(Move::Back),
    ];
    prop::collection::vec(one, 0..60)
}

fn run(moves: &[Move], support: SnapshotSupport) {
    let mut phone = Phone::default();
    let mut bench = Bench::up_with(everything().snapshot(support));
    let mut up = true;
    for step in moves {
        let news = match *step {
            Move::Start(kind) => phone.start(kind).map(Into::into),
            Move::Step(which, way) => phone.step(which, way).map(Into::into),
            Move::Repeat(which) => phone.calls.values().nth(usize::from(which) % 4).cloned().map(Into::into),
            Move::Poll => Some(phone.snapshot().into()),
            Move::Lose if up => {
                up = false;
                bench.lose();
                None
            }
            Move::Back if !up => {
                up = true;
                bench.back();
                Some(jackfield_plugin_api::Fact::from(phone.snapshot()))
            }
            Move::Lose | Move::Back => None,
        };
        if let Some(news) = news.filter(|_| up) {
            bench.apply(news);
        }
        // The end of a transferred primary may wait a second for its consultation's (R6).
        bench.wait(1500).input(|model, now, out| model.tick(now, out));
        if up {
            let table = |bench: &Bench| -> BTreeMap<String, CallState> {
                let row = |key: &u32| {
                    let id = bench.model.call_id(LINE, &key.to_string().as_str().into())?;
                    Some((key.to_string(), bench.model.call(LINE, id.as_str())?.state))
                };
                (0..phone.next).filter_map(|key| row(&key)).collect()
            };
            let truth: BTreeMap<String, CallState> =
                phone.calls.iter().map(|(key, call)| (key.to_string(), call.state)).collect();
            assert_eq!(table(&bench), truth);
        }
    }
    assert_eq!(bench.repairs().total(), 0, "{:?}", bench.repairs());
    bench.sound();
}

proptest! {
    #![proptest_config(super::random::cases())]

    #[test]
    fn the_table_is_the_truth(moves in moves()) {
        run(&moves, SnapshotSupport::Full);
    }
}
