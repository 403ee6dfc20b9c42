//! Jackfield's adapter for Oktell, over Oktell's WebSocket protocol, with a login for each user.
//!
//! It *is* a state machine: messages of one WebSocket per line go in, facts about calls, users and lines come out, and
//! commands become requests. It is *not* a phone: no audio, no SIP, no WebRTC, and therefore no digits, which this wire
//! has no message for. It derives no events: it reports what is.
//!
//! Oktell does not send the state of a line. Its events say that something has changed; a client then asks
//! (`getextendedlineinfo`) who is there, who is held, and what the phone does. So:
//!
//! * `wire` reads and writes messages, joins long ones, hashes passwords;
//! * `session` pings, logs in, loads what a line needs to know, keeps the link alive;
//! * `events` turns events into looks, `watch` says when to look and how sure an answer is;
//! * `info` reads one answer; `calls` makes calls out of them, and facts out of those;
//! * `agent`, `redirects`, `directory` do the same for the user and the numbers; `commands` is the way back.
//!
//! The type to know: [`Oktell`]. Settings: [`Config`], [`LineConfig`].
//!
//! # What the events of oktell.js become
//!
//! CRM integrations know Oktell by the events of its browser library. Seventeen of them come from that library, the last
//! two from the wire; each of them is here, most by another name. "Look" means what the line says when it is asked.
//!
//! | oktell.js | comes from | becomes a fact | and with it the events |
//! | --- | --- | --- | --- |
//! | `connect` | login, initial load | `Up` (the first line), `Snapshot` | `initialized`, `activeCallSnapshot`, `agentStateChanged`, `lineStateChanged` |
//! | `connectError` | a refused login, no link | `Down` of the line, with the reason | `error` |
//! | `disconnect` | the socket, unanswered pings | `Down` of the line; of the connection, when it was the last | `disconnected` |
//! | `statusChange` | `userstatechanged`, `setuserstate`'s reply | the user's state, code and reason | `agentStateChanged` |
//! | `ringStart` | look: `isringing` | call, incoming, alerting (ringing) | `callStarted`, `lineStateChanged` |
//! | `ringStop` | look: nobody there, or talk | finished (cancelled, rejected), or connected | `callFinished`, or `commutationStarted` |
//! | `backRingStart` | look: ringing for an own call | call, outgoing, alerting (own phone rings) | `callStarted`, or `callInfoChanged` (phase) |
//! | `backRingStop` | look: dialling, talk, or nobody | alerting (dialling), connected, or finished | `callInfoChanged`, `commutationStarted` or `callFinished` |
//! | `callStart` | look: dialled, or dialled by the server | call, outgoing, alerting (dialling) | `callStarted`, or `callInfoChanged` (phase) |
//! | `callStop` | look: talk, or nobody | connected, or finished (no answer, cancelled) | `commutationStarted`, or `callFinished` |
//! | `talkStart` | look: connected | connected | `commutationStarted`; after a hold `unhold` |
//! | `talkStop` | look: nobody, or held | finished, or held | `callFinished`, or `hold` |
//! | `holdAbonentEnter` | look: `flashed` | held | `hold` |
//! | `holdAbonentLeave` | look: no `flashed` | connected, or finished | `unhold`, or `callFinished` |
//! | `holdStateChange` | the same two | the same | the same, and `lineStateChanged` |
//! | `stateChange` | `linestatestr`, the user's state | the line's device in or out of service | `lineStateChanged` |
//! | `abonentsChange` | look, conference | the call's parties, participants, chain | `callInfoChanged` |
//! | `flashstatechanged` | itself | a look; 3, 4 and 5 are the cause of what is then gone | `callFinished` with its cause |
//! | `userstatechanged` | itself | the user's state, the call-centre mode | `agentStateChanged`, `callCentreStateChanged` |
//!
//! Every message of the wire can be shown by `rawMessage` (setting `raw`). Never sent: `callBusy` (the wire does not tell
//! busy from no answer), `dtmfEntered`, `webRtcStarted` and its like.

#![forbid(unsafe_code)]

mod adapter;
mod agent;
mod asks;
mod calls;
mod capabilities;
mod commands;
mod config;
mod diagnostics;
mod directory;
mod events;
#[cfg(any(test, feature = "fuzz"))]
pub mod fuzz;
mod info;
mod line;
mod redirects;
mod session;
mod watch;
mod wire;

pub use adapter::Oktell;
pub use config::{Config, LineConfig, Sequence};

jackfield_plugin_api::export_adapter!(Oktell);
