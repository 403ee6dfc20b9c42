//! What a line's stream must be: epochs, numbers, snapshots, features, agent.

use std::collections::{BTreeMap, BTreeSet};

use jackfield_plugin_api::{AgentFeatures, CallFeatures};
use serde_json::Value;

use super::Findings;
use super::call::CallCheck;
use super::focus::FocusCheck;
use crate::model::event::EventName;
use crate::model::replay::{CallRow, LineTable};

/// Where a line is in its epoch.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
enum Stage {
    #[default]
    Down,
    Initialized,
    Differences,
    Reconciled,
    Live,
}

/// What is known of one line's stream.
#[derive(Debug, Default)]
pub(super) struct LineCheck {
    stage: Stage,
    epoch: u64,
    seq: u64,
    at: String,
    pub(super) calls: BTreeMap<String, CallCheck>,
    pub(super) finished: BTreeSet<String>,
    focus: FocusCheck,
    revisions: BTreeMap<String, u64>,
    /// The features that the last `lineStateChanged` (or snapshot) told of each call.
    told: BTreeMap<String, u64>,
    /// The line as the last `lineStateChanged` told it.
    told_line: Option<Value>,
    agent: Option<Value>,
    call_centre: Option<bool>,
    has_call_centre: bool,
    fatal: bool,
}

impl LineCheck {
    /// An event sent again to one session carries the current epoch and number (M13.3).
    pub(super) fn resent(&self, params: &Value, found: &mut Findings) {
        let stamp = (params["epoch"].as_u64(), params["seq"].as_u64());
        // A line that was opened anew and is not up yet begins at nothing.
        let anew = self.stage == Stage::Down && stamp == (Some(0), Some(0));
        found.check("M13.3", anew || stamp == (Some(self.epoch), Some(self.seq)), || {
            format!("resent with epoch and seq {stamp:?}, the line is at {} and {}", self.epoch, self.seq)
        });
        let as_of = &params["data"]["asOfSeq"];
        found.check("I10", anew || as_of.is_null() || as_of.as_u64() == Some(self.seq), || {
            format!("asOfSeq is {as_of}")
        });
    }

    pub(super) fn host_died(&mut self) {
        self.stage = Stage::Down;
    }

    pub(super) fn event(
        &mut self,
        name: EventName,
        params: &Value,
        before: &LineTable,
        after: &LineTable,
        found: &mut Findings,
    ) {
        self.numbers(name, params, found);
        self.order(name, params, found);
        let synthetic = params["synthetic"] == true;
        found.check("M1.6", !synthetic || params["cause"]["code"].is_string(), || {
            "a synthetic event says why".to_owned()
        });
        if name == EventName::Disconnected && params["cause"]["code"] == "lineClosed" {
            // Its calls are forgotten, not ended; the name may begin anew (M13.19).
            self.disconnected(params, before, found);
            self.finished.extend(std::mem::take(&mut self.calls).into_keys());
            return;
        }
        let reconciling = self.stage == Stage::Differences;
        CallCheck::event(self, name, params, before, reconciling, found);
        self.focus.event(name, params, before, after, found);
        match name {
            EventName::Initialized => self.initialized(params, found),
            EventName::ActiveCallSnapshot => self.snapshot(params, before, found),
            EventName::LineStateChanged => self.features(params, after, found),
            EventName::AgentStateChanged => self.agent(params, found),
            EventName::CallCentreStateChanged => self.call_centre(params, found),
            EventName::CallSaved => self.saved(params, found),
            EventName::Disconnected => self.disconnected(params, before, found),
            EventName::Error => self.fatal = params["data"]["severity"] == "fatal",
            _ => {}
        }
        let object = &params["data"]["call"];
        if let Some(id) = object["callId"].as_str()
            && self.told.get(id).copied().unwrap_or_default() != object["featuresMask"].as_u64().unwrap_or_default()
        {
            // A call object tells other features: lineStateChanged must follow, whatever it says then.
            self.told.insert(id.to_owned(), u64::MAX);
        }
        let finished = params["data"]["call"]["callId"].as_str().filter(|_| name == EventName::CallFinished);
        if let Some(id) = finished {
            self.told.remove(id);
        }
        found.check("I8", after.current.is_none() == after.calls.is_empty(), || {
            format!("currentCallId is {:?} with {} calls", after.current, after.calls.len())
        });
        found.check("I8", after.current.as_ref().is_none_or(|id| after.call(id).is_some()), || {
            format!("currentCallId {:?} is no call of the line", after.current)
        });
    }

    pub(super) fn settled(&mut self, table: &LineTable, found: &mut Findings) {
        self.focus.settled(found);
        if self.stage != Stage::Live {
            return;
        }
        for row in &table.calls {
            let told = self.told.get(&row.call_id).copied().unwrap_or_default();
            found.check("I11", told == row.features_mask, || {
                format!("call {} has features {:#x}, told are {told:#x}", row.call_id, row.features_mask)
            });
        }
    }

    /// I1, I7: numbers without gaps, greater epochs, time that does not step back.
    fn numbers(&mut self, name: EventName, params: &Value, found: &mut Findings) {
        let epoch = params["epoch"].as_u64().unwrap_or_default();
        let seq = params["seq"].as_u64().unwrap_or_default();
        if name == EventName::Initialized {
            found.check("I1", epoch > self.epoch, || format!("epoch {epoch} after epoch {}", self.epoch));
            found.check("I1", seq == 1, || format!("initialized has seq {seq}"));
        } else {
            found.check("I1", epoch == self.epoch, || format!("epoch {epoch} within epoch {}", self.epoch));
            found.check("M4", seq == self.seq + 1, || format!("seq {seq} after {}", self.seq));
        }
        (self.epoch, self.seq) = (epoch, seq);
        // RFC 3339 in UTC with fixed places: the order of the texts is the order of the times.
        let at = params["at"].as_str().unwrap_or_default();
        found.check("I7", at >= self.at.as_str(), || format!("at {at} after {}", self.at));
        at.clone_into(&mut self.at);
    }

    /// I1, I12, I15, M13.4: what may come when.
    fn order(&mut self, name: EventName, params: &Value, found: &mut Findings) {
        found.check("I19", !std::mem::take(&mut self.fatal) || name == EventName::Disconnected, || {
            format!("{name} after a fatal error")
        });
        let reason = params["data"]["reason"].as_str().unwrap_or_default();
        let next = match (self.stage, name) {
            (Stage::Down, EventName::Initialized) => Stage::Initialized,
            (Stage::Initialized, EventName::ActiveCallSnapshot) if reason == "beforeReconcile" => Stage::Differences,
            (Stage::Differences, EventName::ActiveCallSnapshot) if reason == "reconciled" => Stage::Reconciled,
            (
                Stage::Differences,
                EventName::LineStateChanged
                | EventName::AgentStateChanged
                | EventName::CallCentreStateChanged
                | EventName::Initialized,
            ) => {
                found.add("I15", format!("{name} among the differences"));
                self.stage
            }
            (Stage::Differences, EventName::Disconnected) => Stage::Down,
            (Stage::Differences, _) => Stage::Differences,
            (Stage::Reconciled, EventName::AgentStateChanged) => Stage::Reconciled,
            (Stage::Reconciled, EventName::LineStateChanged) => Stage::Live,
            (Stage::Live, EventName::Disconnected) => Stage::Down,
            (Stage::Live, EventName::Initialized | EventName::ActiveCallSnapshot) => {
                found.add("I1", format!("{name} within an epoch"));
                self.stage
            }
            (Stage::Live, _) => Stage::Live,
            (stage, name) => {
                found.add("I1", format!("{name} when the line is {stage:?}"));
                stage
            }
        };
        self.stage = next;
    }

    fn initialized(&mut self, params: &Value, found: &mut Findings) {
        let mask = params["data"]["capabilities"]["agentMask"].as_u64().unwrap_or_default();
        let mask = AgentFeatures::from_bits(u32::try_from(mask).unwrap_or_default());
        self.has_call_centre = mask.contains(AgentFeatures::CALL_CENTRE_MODE);
        self.told.clear();
        self.told_line = None;
        self.agent = None;
        check_mask(&params["data"]["capabilities"], "call", "callMask", found);
    }

    /// I10: the snapshot is the table.
    fn snapshot(&mut self, params: &Value, before: &LineTable, found: &mut Findings) {
        let data = &params["data"];
        found.check("I10", data["asOfSeq"] == params["seq"], || format!("asOfSeq is {}", data["asOfSeq"]));
        let told = LineTable::of_snapshot(params);
        let rows = |table: &LineTable| table.calls.clone();
        if data["reason"] == "beforeReconcile" {
            let unknown = |row: &CallRow| row.state == "unknown" && row.features_mask == 0;
            found.check("I15", told.calls.iter().all(unknown), || "a call is not unknown after a loss".to_owned());
        }
        // What the epoch before knew of the calls is what this one begins with; features may be untold while the
        // differences are sent, since this snapshot tells them.
        let bare = |mut row: CallRow| {
            row.features_mask = 0;
            row
        };
        let known: Vec<CallRow> = rows(before).into_iter().map(bare).collect();
        let listed: Vec<CallRow> = rows(&told).into_iter().map(bare).collect();
        found.check("I10", known == listed, || format!("the snapshot lists {listed:?}, the stream says {known:?}"));
        for row in &told.calls {
            self.told.insert(row.call_id.clone(), row.features_mask);
        }
        for call in data["activeCalls"].as_array().into_iter().flatten() {
            check_mask(call, "features", "featuresMask", found);
            let is_current = call["callId"] == params["currentCallId"];
            found.check("I8", call["isCurrent"] == is_current, || format!("isCurrent of {}", call["callId"]));
        }
        self.call_centre = data["callCentreActive"].as_bool();
    }

    /// I11: never the same twice, names and masks agree.
    fn features(&mut self, params: &Value, after: &LineTable, found: &mut Findings) {
        let data = &params["data"];
        check_mask(data, "features", "featuresMask", found);
        check_mask(&data["line"], "features", "featuresMask", found);
        let call = data["callId"].as_str().map(str::to_owned);
        if let Some(id) = &call {
            found.check("I11", after.call(id).is_some(), || format!("lineStateChanged of call {id}, which is not up"));
        } else {
            found.check("I11", data["featuresMask"] == data["line"]["featuresMask"], || {
                "without a call the features are the line's".to_owned()
            });
        }
        if let Some(current) = after.current.as_ref().and_then(|id| after.call(id)) {
            let line = after.features_mask;
            // Another call's news may carry the line's new features before the current call's own news come.
            if call.as_deref() == Some(&*current.call_id) {
                found.check("M8", line == current.features_mask, || {
                    format!("the line's features are {line:#x}, the current call's {:#x}", current.features_mask)
                });
            }
        }
        let mask = data["featuresMask"].as_u64().unwrap_or_default();
        let same_call = call.as_ref().is_none_or(|id| self.told.get(id).copied().unwrap_or_default() == mask);
        let same_line = self.told_line.as_ref() == Some(&data["line"]);
        found.check("I11", !(same_call && same_line), || "lineStateChanged with what was told before".to_owned());
        if let Some(id) = call {
            self.told.insert(id, mask);
        }
        self.told_line = Some(data["line"].clone());
    }

    /// I12: only on change.
    fn agent(&mut self, params: &Value, found: &mut Findings) {
        let mut data = params["data"].clone();
        let previous = data["previous"].take();
        data["since"].take();
        let before = self.agent.as_ref().map_or(&Value::Null, |agent| &agent["state"]);
        found.check("I12", previous["state"] == *before, || format!("previous is {previous}, it was {before}"));
        found.check("I12", self.agent.as_ref() != Some(&data), || "agentStateChanged without a change".to_owned());
        self.agent = Some(data);
    }

    /// I13: only on change, only where there is such a mode.
    fn call_centre(&mut self, params: &Value, found: &mut Findings) {
        let active = params["data"]["isActive"].as_bool();
        found.check("I13", self.has_call_centre, || "the line has no call-centre mode".to_owned());
        found.check("I13", active != self.call_centre, || "callCentreStateChanged without a change".to_owned());
        self.call_centre = active;
    }

    /// I14, as far as the stream shows it: a known call, and revisions that grow by one.
    fn saved(&mut self, params: &Value, found: &mut Findings) {
        let data = &params["data"];
        let id = data["callId"].as_str().unwrap_or_default();
        let known = self.calls.contains_key(id) || self.finished.contains(id);
        found.check("I14", known, || format!("callSaved of call {id}, which never started"));
        let revision = data["revision"].as_u64().unwrap_or_default();
        let last = self.revisions.insert(id.to_owned(), revision).unwrap_or_default();
        found.check("I14", revision == last + 1, || format!("revision {revision} after {last}"));
    }

    fn disconnected(&mut self, params: &Value, before: &LineTable, found: &mut Findings) {
        let active = params["data"]["activeCallIds"].as_array().into_iter().flatten().filter_map(Value::as_str);
        found.check("I15", active.eq(before.calls.iter().map(|row| row.call_id.as_str())), || {
            "activeCallIds are not the calls that are up".to_owned()
        });
    }
}

/// I11: the names and the mask say the same.
pub(super) fn check_mask(object: &Value, names: &str, mask: &str, found: &mut Findings) {
    let named = object[names].as_array().into_iter().flatten().filter_map(Value::as_str);
    let named = named.filter_map(CallFeatures::from_name).fold(CallFeatures::NONE, CallFeatures::with);
    found.check("I11", object[mask].as_u64() == Some(u64::from(named.bits())), || {
        format!("{names} {} do not make {mask} {}", object[names], object[mask])
    });
}
