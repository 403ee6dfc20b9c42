//! What must be true of the adapter after every step.

use crate::Asterisk;

/// The longest line that Asterisk takes, with its end.
const MAX_LINE: usize = 1024;

/// Every key that the adapter has a reason to send. A client's text that became a line of its own would show here.
const KEYS: &[&str] = &[
    "Action",
    "ActionID",
    "AnnounceChannel",
    "Application",
    "Async",
    "AuthType",
    "CallerID",
    "Cause",
    "Channel",
    "Channel1",
    "Channel2",
    "ChannelId",
    "Context",
    "Data",
    "Digit",
    "Direction",
    "Duration",
    "Events",
    "Exten",
    "ExtraChannel",
    "ExtraContext",
    "ExtraExten",
    "ExtraPriority",
    "File",
    "Interface",
    "Key",
    "MemberName",
    "Options",
    "OtherChannelId",
    "Parkinglot",
    "Paused",
    "Priority",
    "Queue",
    "Reason",
    "Receive",
    "Secret",
    "State",
    "StateInterface",
    "Timeout",
    "TimeoutChannel",
    "Tone",
    "Username",
    "Value",
    "Variable",
];

/// What is sent is one whole action of lines that Asterisk takes, with keys of ours.
pub(super) fn sent(bytes: &[u8]) {
    let shown = bytes.escape_ascii();
    let lines = bytes.strip_suffix(b"\r\n\r\n");
    assert!(lines.is_some_and(|l| !l.ends_with(b"\n")), "an action ends with one empty line: {shown}");
    for (at, line) in lines.unwrap_or_default().split(|byte| *byte == b'\n').enumerate() {
        let line = line.strip_suffix(b"\r").unwrap_or(line);
        assert!(!line.contains(&b'\r') && !line.contains(&0), "a line of text: {shown}");
        assert!(line.len() + 2 <= MAX_LINE, "a line that Asterisk takes: {shown}");
        let key = line.split(|byte| *byte == b':').next().unwrap_or_default();
        assert!(KEYS.iter().any(|known| known.as_bytes() == key), "a key of ours: {shown}");
        assert_eq!(key == b"Action", at == 0, "one action: {shown}");
    }
}

/// A field of what was sent.
pub(super) fn field(action: &[u8], key: &str) -> Option<String> {
    String::from_utf8_lossy(action)
        .lines()
        .find_map(|line| line.strip_prefix(key)?.strip_prefix(": ").map(str::to_owned))
}

/// Asterisk's answer to an action. Lists are empty; a question for commands is refused, which allows all.
pub(super) fn answer(action: &[u8], yes: bool) -> Vec<u8> {
    let id = field(action, "ActionID").unwrap_or_default();
    let name = field(action, "Action").unwrap_or_default();
    if !yes || name == "ListCommands" {
        return format!("Response: Error\r\nActionID: {id}\r\nMessage: Permission denied\r\n\r\n").into_bytes();
    }
    format!("Response: Success\r\nActionID: {id}\r\nChallenge: 941134803\r\nMessage: Yes\r\n\r\n").into_bytes()
}

/// The state agrees with itself and does not outgrow what came in.
pub(super) fn state(adapter: &Asterisk, fed: usize) {
    adapter.pbx.table.agrees_with_itself();
    for (id, call) in adapter.pbx.calls.iter() {
        for leg in call.channel.iter().chain(&call.others) {
            let channel = adapter.pbx.table.channel(*leg);
            assert!(channel.is_some_and(|c| c.calls.contains(&id)), "call {id} and its leg {leg} know each other");
        }
        if let Some(bridge) = call.bridge.and_then(|b| adapter.pbx.table.bridge(b)) {
            assert!(bridge.calls.contains(&id), "call {id} and its bridge know each other");
        }
    }
    adapter.pbx.table.calls_are(|id| adapter.pbx.calls.get(id).is_some());
    let size = jackfield_plugin_api::Adapter::save(adapter).map_or(0, |state| state.len());
    assert!(size <= 64 * 1024 + 512 * fed, "{size} bytes of state after {fed} bytes of input");
}

/// After a snapshot without channels.
pub(super) fn nothing_is_up(adapter: &Asterisk) {
    assert_eq!(adapter.session.stage, crate::session::Stage::Up, "it connects again");
    assert_eq!(adapter.pbx.calls.iter().count(), 0, "calls that nobody has");
    assert!(adapter.pbx.table.is_empty(), "legs and bridges that are gone: {:?}", adapter.pbx.table);
    assert!(adapter.pbx.waiting.is_empty(), "calls that time would change");
    assert_eq!(adapter.pbx.effects.next_deadline(), None, "effects that nobody waits for");
}
