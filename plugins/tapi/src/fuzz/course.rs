//! A course of bytes: each step is a byte that says what happens, and a few more that say how. Handles, requests and
//! lines are few, so that they meet.

use std::time::Duration;

use jackfield_plugin_api::Command;
use serde_json::{Value, json};

use super::watch::Watch;
use crate::sys::constants::{
    LINE_ADDRESSSTATE, LINE_AGENTSTATUS, LINE_APPNEWCALL, LINE_CALLINFO, LINE_CALLSTATE, LINE_CLOSE, LINE_CREATE,
    LINE_GENERATE, LINE_LINEDEVSTATE, LINE_MONITORDIGITS, LINE_PROXYSTATUS, LINE_REMOVE, LINECALLSTATE_IDLE,
    LINEERR_INVALCALLHANDLE, LINEERR_INVALCALLSTATE, LINEERR_OPERATIONUNAVAIL, LINEERR_REINIT,
};
use crate::told::{
    Address, AddressStatus, AgentGroup, AgentStatus, CallInfo, CallStatus, Device, DeviceCaps, Forward, Given, Heard,
    LineStatus, Named, Party, Seen, Told,
};

/// The handles of calls, and of lines.
const CALLS: u32 = 8;
const FIRST_CALL: u32 = 0x200;
const FIRST_LINE: u32 = 0x100;
/// Two addresses of one device, another device, and a name that none has.
const LINES: [&str; 4] = ["101", "102", "103", "104"];
/// How long a step may wait.
const WAITS: [u64; 8] = [1, 100, 300, 1_000, 2_000, 10_000, 20_000, 610_000];
const COMMANDS: [&str; 24] = [
    "makeCall",
    "answerCall",
    "dropCall",
    "dropCall",
    "holdCall",
    "unholdCall",
    "alternateCall",
    "makeConsultCall",
    "setupTransferCall",
    "transferCall",
    "cancelTransfer",
    "conferenceCall",
    "blindTransferCall",
    "deflectCall",
    "parkCall",
    "pickupCall",
    "sendDtmf",
    "setUserData",
    "setForwarding",
    "setDnd",
    "setUserState",
    "loginAgent",
    "logoutAgent",
    "hookup",
];

/// Bytes that are taken one after the other; zeros when there are no more.
struct Bytes<'a>(&'a [u8]);

impl Bytes<'_> {
    fn byte(&mut self) -> u8 {
        let Some((first, rest)) = self.0.split_first() else { return 0 };
        self.0 = rest;
        *first
    }

    fn below(&mut self, end: u32) -> u32 {
        u32::from(self.byte()) % end.max(1)
    }

    fn one<T: Copy>(&mut self, of: &[T]) -> T {
        of[usize::from(self.byte()) % of.len()]
    }

    fn bit(&mut self) -> u32 {
        1 << self.below(32)
    }

    /// All, none, or any bits.
    fn bits(&mut self) -> u32 {
        match self.byte() {
            0..=63 => u32::MAX,
            64..=95 => 0,
            _ => u32::from_le_bytes([self.byte(), self.byte(), self.byte(), self.byte()]),
        }
    }

    fn call(&mut self) -> u32 {
        FIRST_CALL + self.below(CALLS)
    }

    fn line(&mut self) -> u32 {
        FIRST_LINE + self.below(2)
    }

    fn text(&mut self) -> &'static str {
        self.one(&["", "101", "102", "103", "380442752305", "5;6", "Zoë"])
    }

    fn party(&mut self) -> Party {
        let number = Some(self.text()).filter(|text| !text.is_empty()).map(ToOwned::to_owned);
        Party { flags: self.one(&[8, 12, 1, 0]), number, name: None }
    }

    /// A state of a call: most of the time one that there is.
    fn state(&mut self) -> u32 {
        match self.byte() {
            number @ 0..=239 => 1 << (number % 16),
            240..=247 => self.bit(),
            _ => self.bits(),
        }
    }

    /// A mode, a conference's handle, a digit.
    fn mode(&mut self) -> u32 {
        match self.byte() {
            0..=127 => 0,
            128..=191 => self.call(),
            _ => self.bit(),
        }
    }

    fn seen(&mut self, call: u32) -> Option<Seen> {
        let what = self.byte();
        if what.is_multiple_of(8) {
            return None;
        }
        let info = (what % 8 != 1).then(|| CallInfo {
            line: if call < FIRST_CALL + 6 { FIRST_LINE } else { self.line() },
            address: self.below(3) % 2,
            id: self.below(4),
            related: self.below(4),
            origin: self.one(&[1, 2, 4, 0x80, 0x40, 0x10, 0]),
            reason: self.below(8),
            owners: self.below(3),
            caller: self.party(),
            called: self.party(),
            connected: Party::default(),
            redirection: Party::default(),
            redirecting: Party::default(),
            data: self.one(&["", "{\"a\":\"b\"}", "{"]).to_owned(),
        });
        let status = (what % 8 != 2).then(|| CallStatus {
            state: self.state(),
            mode: self.mode(),
            privilege: self.one(&[4, 4, 4, 2, 1, 0]),
            features: self.bits(),
            features2: self.bits(),
        });
        Some(Seen { call, info, status })
    }

    fn address(&mut self) -> AddressStatus {
        let forwards = (0..self.below(3)).map(|_| Forward { mode: self.bit(), to: self.text().to_owned() }).collect();
        AddressStatus { features: self.bits(), forwards }
    }

    fn status(&mut self) -> LineStatus {
        LineStatus { features: self.bits(), flags: self.one(&[5, 0, 1, 4, u32::MAX]) }
    }

    fn code(&mut self) -> i32 {
        let codes = [LINEERR_INVALCALLSTATE, LINEERR_INVALCALLHANDLE, LINEERR_OPERATIONUNAVAIL, LINEERR_REINIT];
        match self.byte() {
            0..=127 => 0,
            128..=191 => 1 + i32::from(self.byte()),
            192..=253 => self.one(&codes[..3]).cast_signed(),
            _ => codes[3].cast_signed(),
        }
    }

    fn given(&mut self) -> Given {
        match self.byte() % 8 {
            0 => Given::Nothing,
            1 | 2 => Given::Calls(vec![self.call()]),
            3 => Given::Calls(vec![self.call(), self.call()]),
            4 => Given::Text(self.text().to_owned()),
            5 => Given::Agent(AgentStatus {
                state: self.bit(),
                next: self.bit(),
                activity: self.below(3),
                next_states: self.bits(),
                features: self.bits(),
                states: self.bits(),
                ..AgentStatus::default()
            }),
            6 => match self.byte() % 3 {
                0 => Given::Groups(vec![AgentGroup { id: [1, 2, 3, self.below(3)], name: self.text().to_owned() }]),
                1 => Given::Activities(vec![Named { id: self.below(3), name: self.text().to_owned() }]),
                _ => Given::Address(self.address()),
            },
            _ => {
                let call = self.call();
                self.seen(call).map_or(Given::Nothing, |seen| Given::Call(Box::new(seen)))
            }
        }
    }
}

/// A device with its addresses.
fn device(number: u32, addresses: &[&str], bits: u32) -> Told {
    let addresses: Vec<Address> = addresses
        .iter()
        .map(|number| Address {
            number: (*number).to_owned(),
            call_features: bits,
            features: bits,
            transfer_modes: 3,
            ..Address::default()
        })
        .collect();
    let count = u32::try_from(addresses.len()).unwrap_or(0);
    let caps = DeviceCaps { name: format!("Device {number}"), addresses: count, ..DeviceCaps::default() };
    Told::Device(Device { device: number, version: 0x2_0002, caps, addresses, ..Device::default() })
}

fn opened(device: u32, privileges: u32) -> Told {
    let (line, status) = (FIRST_LINE + device, LineStatus { features: u32::MAX, flags: 5 });
    Told::Opened { device, line, privileges, extension: 0, status, addresses: vec![None, None] }
}

/// Plays a course.
pub(super) fn play(input: &[u8]) {
    let mut bytes = Bytes(input);
    let ways = bytes.byte();
    let settings = json!({
        "library": "/lib/tapi.so",
        "hang_timeout": 3_600,
        "agents": ways & 1 != 0,
        "take_ownership": ways & 2 != 0,
        "monitor_digits": ways & 4 != 0,
        "accept": ways & 8 != 0,
        "raw": ways & 16 != 0,
    });
    let Some(mut watch) = Watch::new(&settings) else { return };
    let begin = [device(0, &["101", "102"], u32::MAX), device(1, &["103"], 0)];
    begin.iter().for_each(|told| tell(&mut watch, told));
    tell(&mut watch, &Told::Ready { version: 0x2_0002, devices: 2, missing: Vec::new() });
    LINES.iter().take(3).for_each(|line| watch.line(line, &json!({})));
    for number in 0..2 {
        tell(&mut watch, &opened(number, 6));
    }
    while !bytes.0.is_empty() && !watch.is_broken() {
        step(&mut bytes, &mut watch);
    }
    end(watch);
}

/// All calls are over, no answer comes any more: nothing is kept.
fn end(mut watch: Watch) {
    if watch.is_broken() {
        return;
    }
    for call in 0..CALLS {
        let heard = Heard { device: FIRST_CALL + call, id: LINE_CALLSTATE, p1: LINECALLSTATE_IDLE, ..Heard::default() };
        tell(&mut watch, &Told::Message(heard));
    }
    watch.finish();
    let (legs, talks, pending, early) = watch.counts();
    assert_eq!((talks, early), (0, 0), "calls and messages are left");
    assert!(legs <= 1 && pending <= 4, "{legs} handles and {pending} requests are left");
}

fn tell(watch: &mut Watch, told: &Told) {
    watch.told(serde_json::to_vec(told).unwrap_or_default());
}

fn step(bytes: &mut Bytes<'_>, watch: &mut Watch) {
    match bytes.byte() % 32 {
        0..=8 => {
            let (call, id) = (bytes.call(), bytes.one(&[LINE_CALLSTATE, LINE_CALLSTATE, LINE_CALLINFO]));
            let (p1, p2, p3) = (bytes.state(), bytes.mode(), bytes.one(&[0, 0, 4, 2]));
            let heard = Heard { device: call, id, p1, p2, p3, call: bytes.seen(call), ..Heard::default() };
            tell(watch, &Told::Message(heard));
        }
        9..=11 => {
            let call = bytes.call();
            let (device, p1, p3) = (bytes.line(), bytes.below(3), bytes.one(&[4, 2, 0]));
            let heard =
                Heard { device, id: LINE_APPNEWCALL, p1, p2: call, p3, call: bytes.seen(call), ..Heard::default() };
            tell(watch, &Told::Message(heard));
        }
        12..=17 => {
            let request = watch.requests().saturating_sub(u64::from(bytes.below(6)));
            let (code, given) = (bytes.code(), bytes.given());
            let given = if code == 0 { given } else { Given::Nothing };
            let returned = bytes.byte().is_multiple_of(2);
            tell(
                watch,
                &match returned {
                    true => Told::Returned { request, code, given },
                    false => Told::Replied { request, code: code.min(0), given },
                },
            );
        }
        18..=23 => command(bytes, watch),
        24 | 25 => {
            let wait = bytes.one(&WAITS);
            watch.advance(Duration::from_millis(wait));
        }
        26 | 27 => other_message(bytes, watch),
        28 => {
            let line = bytes.one(&LINES);
            if bytes.byte().is_multiple_of(2) { watch.close_line(line) } else { watch.line(line, &json!({})) }
        }
        29 => {
            let device = bytes.below(3);
            match bytes.byte() % 3 {
                0 => tell(watch, &Told::NotOpened { device, step: "lineOpen".to_owned(), code: bytes.code().min(-1) }),
                1 => {
                    let call = bytes.call();
                    let call = bytes.seen(call).unwrap_or_default();
                    tell(watch, &Told::Existing { device, call });
                }
                _ => tell(watch, &opened(device % 2, bytes.one(&[6, 4, 2, 1]))),
            }
        }
        30 => {
            let told = match bytes.byte() % 6 {
                0 => Told::Stopped,
                1 => Told::Ended { code: bytes.code(), text: "over".to_owned() },
                2 => Told::Failed { step: "lineInitializeEx".to_owned(), code: bytes.code(), text: "no".to_owned() },
                3 => Told::Ready { version: 0x2_0002, devices: 2, missing: Vec::new() },
                4 => device(bytes.below(2), &["101", "102"][..bytes.one(&[1, 2])], bytes.bits()),
                _ => Told::Stray { id: bytes.bits(), code: bytes.code() },
            };
            tell(watch, &told);
        }
        _ => {
            // Back to work, if it was given up.
            tell(watch, &Told::Ready { version: 0x2_0002, devices: 2, missing: Vec::new() });
            (0..2).for_each(|number| tell(watch, &opened(number, 6)));
        }
    }
}

fn other_message(bytes: &mut Bytes<'_>, watch: &mut Watch) {
    let kinds = [
        LINE_ADDRESSSTATE,
        LINE_AGENTSTATUS,
        LINE_CREATE,
        LINE_GENERATE,
        LINE_LINEDEVSTATE,
        LINE_MONITORDIGITS,
        LINE_PROXYSTATUS,
        LINE_CLOSE,
        LINE_REMOVE,
        99,
    ];
    let id = bytes.one(&kinds);
    let device = if matches!(id, LINE_GENERATE | LINE_MONITORDIGITS) { bytes.call() } else { bytes.line() };
    let p1 = match id {
        LINE_LINEDEVSTATE => bytes.bit(),
        LINE_MONITORDIGITS => u32::from(bytes.byte()),
        _ => bytes.below(4),
    };
    let mut heard = Heard { device, id, p1, p2: bytes.below(3), ..Heard::default() };
    match id {
        LINE_ADDRESSSTATE => heard.address = Some(bytes.address()),
        LINE_LINEDEVSTATE => heard.line = Some(bytes.status()).filter(|_| p1.is_multiple_of(2)),
        _ => {}
    }
    tell(watch, &Told::Message(heard));
}

fn command(bytes: &mut Bytes<'_>, watch: &mut Watch) {
    let (line, name) = (bytes.one(&LINES), bytes.one(&COMMANDS));
    let keys = watch.keys(line);
    let mut key = || {
        let chosen = usize::from(bytes.byte());
        if keys.is_empty() { "1-1".to_owned() } else { keys[chosen % keys.len()].clone() }
    };
    let (one, other) = (key(), key());
    let text = bytes.text();
    // Each takes of it what it knows.
    let mut params = json!({ "callId": one });
    let more: Value = match name {
        "makeCall" => json!({"to": text}),
        "makeConsultCall" | "blindTransferCall" | "deflectCall" => json!({"callId": one, "to": text}),
        "alternateCall" => json!({"callId": one, "otherCallId": other}),
        "transferCall" | "cancelTransfer" | "conferenceCall" => json!({"callId": one, "consultCallId": other}),
        "parkCall" => json!({"callId": one, "slot": Some(text).filter(|text| !text.is_empty())}),
        "pickupCall" => json!({"target": Some(text).filter(|text| !text.is_empty())}),
        "sendDtmf" => json!({"callId": one, "digits": text}),
        "setUserData" => json!({"callId": one, "map": {"a": text}}),
        "setForwarding" => json!({"kind": bytes.one(&["all", "busy", "noAnswer"]), "to": text}),
        "setDnd" => json!({"on": text.is_empty()}),
        "setUserState" => {
            let reason = Some(bytes.below(3).to_string()).filter(|reason| reason != "0");
            json!({"code": bytes.one(&["READY", "NOTREADY", "LOGGEDOFF", "NAPPING"]), "reason": reason})
        }
        "loginAgent" => json!({"id": "olena"}),
        "logoutAgent" | "hookup" => json!({}),
        _ => params.take(),
    };
    if let Some(Ok(command)) = Command::decode(name, more) {
        watch.command(line, &command);
    }
}
