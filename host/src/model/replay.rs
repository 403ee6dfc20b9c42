//! The table of calls rebuilt from the stream of events alone (M1.3, M13.8): what a client knows. It reads the JSON
//! that goes over the wire, so it can follow any stream, live or recorded.

use std::collections::BTreeMap;

use serde_json::Value;

/// What M13.8 promises of one call.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct CallRow {
    /// The call.
    pub call_id: String,
    /// Its state.
    pub state: String,
    /// Its direction.
    pub direction: String,
    /// Its role.
    pub role: String,
    /// Its parent.
    pub parent: Option<String>,
    /// The numbers of caller, called, redirecting and redirection.
    pub numbers: [Option<String>; 4],
    /// What may be done with it.
    pub features_mask: u64,
}

impl CallRow {
    /// The row of a call object.
    #[must_use]
    pub fn of(call: &Value) -> Self {
        let text = |key: &str| call[key].as_str().unwrap_or_default().to_owned();
        let number = |key: &str| call[key]["number"].as_str().map(str::to_owned);
        Self {
            call_id: text("callId"),
            state: text("state"),
            direction: text("direction"),
            role: text("role"),
            parent: call["parentCallId"].as_str().map(str::to_owned),
            numbers: [number("caller"), number("called"), number("redirecting"), number("redirection")],
            features_mask: call["featuresMask"].as_u64().unwrap_or_default(),
        }
    }
}

/// What M13.8 promises of one line.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct LineTable {
    /// Its calls, in the order of their start.
    pub calls: Vec<CallRow>,
    /// The current call.
    pub current: Option<String>,
    /// What may be done with the line.
    pub features_mask: u64,
}

impl LineTable {
    /// The table that an `activeCallSnapshot` tells (its `params`).
    #[must_use]
    pub fn of_snapshot(params: &Value) -> Self {
        let data = &params["data"];
        Self {
            calls: data["activeCalls"].as_array().into_iter().flatten().map(CallRow::of).collect(),
            current: params["currentCallId"].as_str().map(str::to_owned),
            features_mask: data["line"]["featuresMask"].as_u64().unwrap_or_default(),
        }
    }

    /// The row of a call.
    #[must_use]
    pub fn call(&self, id: &str) -> Option<&CallRow> {
        self.calls.iter().find(|row| row.call_id == id)
    }

    /// I15: calls outlive the connection, what they do is not known.
    fn forget_states(&mut self) {
        self.features_mask = 0;
        for row in &mut self.calls {
            "unknown".clone_into(&mut row.state);
            row.features_mask = 0;
        }
    }

    fn put(&mut self, row: CallRow) {
        match self.calls.iter_mut().find(|known| known.call_id == row.call_id) {
            Some(known) => *known = row,
            None => self.calls.push(row),
        }
    }
}

/// The tables of all lines of a stream.
#[derive(Debug, Clone, Default)]
pub struct Replay {
    lines: BTreeMap<String, LineTable>,
}

impl Replay {
    /// A stream that has not begun.
    #[must_use]
    pub fn new() -> Self {
        Self::default()
    }

    /// The table of a line, by its full name.
    #[must_use]
    pub fn line(&self, name: &str) -> Option<&LineTable> {
        self.lines.get(name)
    }

    /// The host died without a word: a greater epoch will imply `disconnected` (I1).
    pub fn host_died(&mut self) {
        self.lines.values_mut().for_each(LineTable::forget_states);
    }

    /// Follows one notification. Events of a connection as a whole, raw messages and events sent again change nothing.
    pub fn event(&mut self, event: &Value) {
        let params = &event["params"];
        let method = event["method"].as_str().unwrap_or_default();
        let Some(name) = params["line"].as_str() else { return };
        if params["resent"] == true || method == "rawMessage" {
            return;
        }
        let data = &params["data"];
        let table = self.lines.entry(name.to_owned()).or_default();
        match method {
            // A line that is closed forgets its calls.
            "disconnected" if params["cause"]["code"] == "lineClosed" => {
                *table = LineTable::default();
                return;
            }
            "activeCallSnapshot" => *table = LineTable::of_snapshot(params),
            "disconnected" => table.forget_states(),
            "callFinished" => {
                let id = data["call"]["callId"].as_str().unwrap_or_default();
                table.calls.retain(|row| row.call_id != id);
            }
            "lineStateChanged" => {
                table.features_mask = data["line"]["featuresMask"].as_u64().unwrap_or_default();
                if let Some(id) = data["callId"].as_str()
                    && let Some(row) = table.calls.iter_mut().find(|row| row.call_id == id)
                {
                    row.features_mask = data["featuresMask"].as_u64().unwrap_or_default();
                }
            }
            _ if data["call"].is_object() => table.put(CallRow::of(&data["call"])),
            _ => {}
        }
        table.current = params["currentCallId"].as_str().map(str::to_owned);
    }
}
