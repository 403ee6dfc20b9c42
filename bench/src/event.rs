//! A full event, as a busy line makes them.

use jackfield::model::{Event, Model, ModelConfig, UuidV7Ids};
use jackfield_plugin_api::{
    CallFact, CallFeatures, CallState, Capabilities, Direction, Fact, LineId, Participant, Party, PartyState, Phase,
    Queue, Scope, Snapshot, SnapshotSupport, Timestamp, Up,
};

/// An incoming call through a queue with a name, a participant and attached data begins; `None` only when the model
/// does not say so.
pub(crate) fn call_started() -> Option<Event> {
    let capabilities = Capabilities::new(CallFeatures::ALL).snapshot(SnapshotSupport::Full);
    let config = ModelConfig::new("pbx", "bench", "1.0.0", capabilities.clone());
    let mut model = Model::new(config, Box::new(UuidV7Ids::new(7)));
    let (line, now, mut out) = (LineId(1), Timestamp::from_millis(1_795_165_200_000), Vec::new());
    model.open_line(now, line, "101", &mut out);
    model.apply(now, &Fact::from(Up::new("PBX 1", capabilities)), None, &mut out);
    model.apply(now, &Fact::from(Snapshot::new(line, vec![])), None, &mut out);
    let mut fact = CallFact::new(line, "k", CallState::Alerting)
        .direction(Direction::In)
        .native_id("2871")
        .scope(Scope::External)
        .phase(Phase::Ringing)
        .caller(Party::new("+380441234567").name("Olena Koval"))
        .called(Party::new("101"))
        .queue(Queue::new("support").name("Support"));
    fact.participants = Some(vec![Participant::new("p1", "101", true, PartyState::Alerting)]);
    fact.user_data = Some([("ivr.lang".to_owned(), "uk".to_owned())].into());
    out.clear();
    model.apply(now, &Fact::from(fact), None, &mut out);
    out.into_iter().find(|event| event.method() == "callStarted")
}
