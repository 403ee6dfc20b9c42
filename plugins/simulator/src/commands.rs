//! Commands: each is answered once, and done.

use std::collections::BTreeMap;

use jackfield_plugin_api::{
    CallKey, Command, CommandError, CommandId, DtmfFact, ErrorCode, ForwardingKind, LineId, RecordAction,
    RecordingFact, RecordingState, Reply, Side, SignalKind, WebRtcFact, WebRtcSignalFact, WebRtcState,
};

use crate::calls::Shown;
use crate::config::micros;
use crate::exchange::{Exchange, News, Refused, refusal};
use crate::jobs::Job;
use crate::state::{LateAnswer, LegId, LegState, Recording};

impl Exchange {
    /// A command of a client.
    pub(crate) fn command(&mut self, id: CommandId, line: LineId, command: &Command) {
        self.doing = Some((id, line));
        // The answer stands before its effects, also if it can only be given after them.
        let place = self.news.len();
        let result = match self.fault(command) {
            Some(Fault::Silent) => {
                self.doing = None;
                return;
            }
            Some(Fault::Refuse(error)) => Err(error),
            None => match self.possible(line, command) {
                Ok(legs) => self.perform(line, command, &legs),
                Err(error) if self.is_done(command, &error) => Ok(Reply::noop()),
                Err(error) => Err(error),
            },
        };
        let (late, after) = self.state.faults.slow;
        if late > 0 && !matches!(command, Command::LibrarySpecificService(_)) {
            self.state.faults.slow.0 -= 1;
            self.later(after, Job::Reply(Box::new(LateAnswer { id, result })));
        } else {
            self.news.insert(place, News::Answer(id, result));
        }
        self.serve_queue();
        self.tell_news();
        self.doing = None;
    }

    /// A command is not possible because what it asks for is so already.
    fn is_done(&self, command: &Command, error: &CommandError) -> bool {
        let state = |key: &CallKey| self.leg_of_key(key.as_str()).and_then(|leg| self.leg(leg));
        let done = match command {
            Command::HoldCall(c) => state(&c.call_id).is_some_and(|leg| leg.state == LegState::Held),
            Command::UnholdCall(c) => state(&c.call_id).is_some_and(|leg| leg.state == LegState::Connected),
            Command::AnswerCall(c) => state(&c.call_id).is_some_and(|leg| leg.state == LegState::Connected),
            Command::Mute(c) => state(&c.call_id).is_some_and(|leg| leg.muted),
            Command::Unmute(c) => state(&c.call_id).is_some_and(|leg| !leg.muted),
            _ => false,
        };
        done && error.code == ErrorCode::InvalidCallState
    }

    fn perform(&mut self, line: LineId, command: &Command, legs: &[LegId]) -> Refused<Reply> {
        let extension = self.state.lines.get(&line.0).map(|watched| watched.extension.clone()).unwrap_or_default();
        let extension = extension.as_str();
        let leg = legs.first().copied().unwrap_or_default();
        let other = legs.get(1).copied().unwrap_or_default();
        match command {
            Command::MakeCall(make) => {
                let shown = Shown { from: make.from.clone(), anonymous: make.anonymous, data: make.user_data.clone() };
                let leg = self.make_call(extension, &make.to, shown)?;
                return Ok(Reply::call(self.key(leg)));
            }
            Command::AnswerCall(_) => self.answer(leg)?,
            Command::DropCall(_) => self.hang_up(leg),
            Command::HoldCall(_) => self.hold(leg),
            Command::UnholdCall(_) => self.unhold(leg)?,
            Command::MakeConsultCall(consult) => {
                let leg = self.consult(leg, &consult.to)?;
                return Ok(Reply::call(self.key(leg)));
            }
            Command::SetupTransferCall(_) => {
                let consult = self.begin_consult(leg, LegState::Initiated)?;
                self.later(micros(self.config.exchange.off_hook), Job::ToneEnds(consult));
            }
            Command::TransferCall(_) => self.transfer(leg, other)?,
            Command::CancelTransfer(_) => self.cancel_consult(leg, other)?,
            Command::BlindTransferCall(transfer) => self.blind_transfer(leg, &transfer.to)?,
            Command::AlternateCall(_) => self.alternate(leg, other)?,
            Command::ConferenceCall(_) => self.conference(leg, other)?,
            Command::DeflectCall(deflect) => self.deflect(leg, &deflect.to)?,
            Command::PickupCall(pickup) => {
                let leg = self.pick_up(extension, pickup.target.as_deref())?;
                return Ok(Reply::call(self.key(leg)));
            }
            Command::ParkCall(park) => {
                let slot = self.park(leg, park.slot.as_deref())?;
                return Ok(Reply::accepted().value("slot", slot));
            }
            Command::RecordCall(record) => return self.record_call(line, leg, record.action),
            Command::SetForwarding(forwarding) => {
                return self.forward(extension, forwarding.kind, forwarding.to.as_deref());
            }
            Command::WebRtcSignal(s) => self.signal(line, leg, &s.session_id, s.kind)?,
            Command::SendDtmf(dtmf) => self.send_digits(leg, &dtmf.digits)?,
            Command::Mute(_) | Command::Unmute(_) => {
                let muted = matches!(command, Command::Mute(_));
                self.state.legs.entry(leg).and_modify(|leg| leg.muted = muted);
                self.touched.insert(extension.to_owned());
            }
            Command::SetVideoState(video) => return Ok(self.set_video(line, leg, video.active)),
            Command::Hookup(_) => {
                if !self.legs_of(extension, |leg| leg.state.active()).is_empty() {
                    return Ok(Reply::noop());
                }
                let leg = self.lift(extension, LegState::Initiated);
                self.later(micros(self.config.exchange.off_hook), Job::ToneEnds(leg));
                return Ok(Reply::call(self.key(leg)));
            }
            Command::SetDnd(dnd) => return self.set_dnd(extension, dnd.on, dnd.device.as_deref()),
            Command::SetUserState(state) => return self.set_state(extension, &state.code, state.reason.as_deref()),
            Command::SetWrapUpUserState(wrap_up) => return self.wrap_up(extension, wrap_up.active),
            Command::LoginAgent(login) => {
                here(extension, login.device.as_deref())?;
                return self.log_in(extension, &login.id);
            }
            Command::LogoutAgent(logout) => {
                here(extension, logout.device.as_deref())?;
                return self.log_out(extension, logout.id.as_deref());
            }
            Command::ChangeCallCentreState(mode) => return self.call_centre(extension, mode.active),
            Command::QueryCallRecords(query) => return self.recordings(&query.native_id),
            Command::SetUserData(data) => self.set_data(leg, &data.map),
            Command::LibrarySpecificService(service) => return self.service(extension, &service.name, &service.params),
            // A command of a later version of the API.
            other => return Err(other.unsupported()),
        }
        Ok(Reply::accepted())
    }

    pub(crate) fn send_digits(&mut self, leg: LegId, digits: &str) -> Refused {
        let valid = |b: u8| b.is_ascii_digit() || matches!(b, b'*' | b'#' | b'A'..=b'D');
        if digits.is_empty() || digits.len() > 64 || !digits.bytes().all(valid) {
            let text = format!("{digits:?} are no digits: 0 to 9, *, #, A to D, at most 64");
            return Err(refusal(ErrorCode::InvalidDigits, text));
        }
        if self.leg_state(leg) != Some(LegState::Connected) {
            return Err(self.not_now("sendDtmf", leg));
        }
        let doing = self.doing;
        let hears = |leg: &LegId| self.leg_state(*leg) == Some(LegState::Connected);
        let parties: Vec<_> = std::iter::once((leg, Side::Local))
            .chain(self.others(leg).into_iter().filter(hears).map(|leg| (leg, Side::Remote)))
            .collect();
        for (party, by) in parties {
            self.tell_leg(party);
            let Some(extension) = self.extension_of(party).map(str::to_owned) else { continue };
            for line in self.watchers(&extension) {
                let mut fact = DtmfFact::new(line, self.key(party), digits, by);
                fact.command = doing.filter(|(_, of)| *of == line).map(|(command, _)| command);
                self.tell(fact);
            }
        }
        Ok(())
    }

    fn record_call(&mut self, line: LineId, id: LegId, action: RecordAction) -> Refused<Reply> {
        let Some(leg) = self.state.legs.get(&id) else {
            return Err(refusal(ErrorCode::UnknownCall, "the call is over"));
        };
        let wrong = |text: &str| Err(refusal(ErrorCode::InvalidCallState, text));
        let state = match (action, leg.recording, leg.recording_paused) {
            (RecordAction::Start, Some(_), _)
            | (RecordAction::Pause, Some(_), true)
            | (RecordAction::Resume, Some(_), false)
            | (RecordAction::Stop, None, _) => return Ok(Reply::noop()),
            (RecordAction::Start, None, _) => {
                self.state.last_recording += 1;
                let recording = Recording { id: self.state.last_recording, natives: leg.natives.clone() };
                self.state.recordings.push_back(recording);
                while self.state.recordings.len() > self.config.exchange.history {
                    self.state.recordings.pop_front();
                }
                RecordingState::Started
            }
            (RecordAction::Resume, Some(_), true) => RecordingState::Started,
            (RecordAction::Pause, Some(_), false) => RecordingState::Paused,
            (RecordAction::Stop, Some(_), _) => RecordingState::Stopped,
            (RecordAction::Pause | RecordAction::Resume, None, _) => return wrong("the call is not being recorded"),
            _ => return wrong("there is no such action: start, stop, pause, resume"),
        };
        let last = self.state.last_recording;
        let Some(leg) = self.state.legs.get_mut(&id) else { return Ok(Reply::accepted()) };
        let number = leg.recording.unwrap_or(last);
        leg.recording = (state != RecordingState::Stopped).then_some(number);
        leg.recording_paused = state == RecordingState::Paused;
        let reference = format!("rec-{number}.wav");
        let mut fact = RecordingFact::new(line, self.key(id), state).reference(&*reference);
        fact.command = self.doing.map(|(command, _)| command);
        self.tell_leg(id);
        self.tell(fact);
        Ok(Reply::accepted().value("reference", reference))
    }

    fn recordings(&self, native: &str) -> Refused<Reply> {
        let of_call = |recording: &&Recording| recording.natives.iter().any(|id| id == native);
        let url = |recording: &Recording| format!("https://recordings.invalid/rec-{}.wav", recording.id);
        let urls: Vec<String> = self.state.recordings.iter().filter(of_call).map(url).collect();
        if urls.is_empty() {
            let text = format!("there is no recording of call {native}");
            return Err(refusal(ErrorCode::RecordNotFound, text));
        }
        Ok(Reply::accepted().value("urls", urls).value("expiresAt", self.now() / 1000 + 3_600_000))
    }

    fn forward(&mut self, extension: &str, kind: ForwardingKind, to: Option<&str>) -> Refused<Reply> {
        if let Some(to) = to {
            self.target(to)?;
            if to == extension {
                return Err(refusal(ErrorCode::InvalidDestination, "a line cannot be forwarded to itself"));
            }
        }
        self.touched.insert(extension.to_owned());
        let forwarding = &mut self.state.extensions.entry(extension.to_owned()).or_default().forwarding;
        let before = match to {
            Some(to) => forwarding.insert(kind.as_str().to_owned(), to.to_owned()),
            None => forwarding.remove(kind.as_str()),
        };
        Ok(if before.as_deref() == to { Reply::noop() } else { Reply::accepted() })
    }

    fn set_dnd(&mut self, extension: &str, on: bool, device: Option<&str>) -> Refused<Reply> {
        here(extension, device)?;
        self.touched.insert(extension.to_owned());
        let dnd = &mut self.state.extensions.entry(extension.to_owned()).or_default().dnd;
        Ok(if std::mem::replace(dnd, on) == on { Reply::noop() } else { Reply::accepted() })
    }

    fn set_video(&mut self, line: LineId, id: LegId, active: bool) -> Reply {
        let Some(leg) = self.state.legs.get_mut(&id) else { return Reply::noop() };
        if std::mem::replace(&mut leg.video, active) == active {
            return Reply::noop();
        }
        let web_rtc = leg.web_rtc;
        self.tell_leg(id);
        if web_rtc {
            let fact = WebRtcFact::new(line, self.key(id), format!("w-{id}"), WebRtcState::Video);
            self.tell(fact.direction(if active { "sendrecv" } else { "inactive" }));
        }
        Reply::accepted()
    }

    /// A phone in the panel offers media; the simulator has none, and answers all the same.
    fn signal(&mut self, line: LineId, leg: LegId, session: &str, kind: SignalKind) -> Refused {
        if !self.leg(leg).is_some_and(|leg| leg.web_rtc) || session != format!("w-{leg}") {
            let text = format!("call {leg} has no WebRTC session `{session}`");
            return Err(refusal(ErrorCode::NotOwner, text));
        }
        if kind == SignalKind::Offer {
            let answer = "v=0\r\ns=a simulated answer, without media\r\n";
            self.tell(WebRtcSignalFact::new(line, self.key(leg), session, SignalKind::Answer, answer));
        }
        Ok(())
    }

    fn set_data(&mut self, leg: LegId, map: &BTreeMap<String, String>) {
        let Some(id) = self.conversation(leg) else { return };
        let Some(conversation) = self.state.conversations.get_mut(&id) else { return };
        for (name, value) in map {
            if value.is_empty() {
                conversation.data.remove(name);
            } else {
                conversation.data.insert(name.clone(), value.clone());
            }
        }
        self.touch(id);
    }

    /// What a fault that was asked for makes of a command.
    fn fault(&mut self, command: &Command) -> Option<Fault> {
        if matches!(command, Command::LibrarySpecificService(_)) {
            return None;
        }
        if !self.state.linked {
            let error =
                refusal(ErrorCode::ConnectionLost, "the link to the phone system is down (a fault that was asked for)");
            return Some(Fault::Refuse(error.retryable()));
        }
        let faults = &mut self.state.faults;
        if faults.silent > 0 {
            faults.silent -= 1;
            return Some(Fault::Silent);
        }
        let (count, code, text) = faults.refuse.as_mut()?;
        let error = refusal(*code, text.clone());
        *count -= 1;
        if *count == 0 {
            faults.refuse = None;
        }
        Some(Fault::Refuse(error))
    }
}

enum Fault {
    Silent,
    Refuse(CommandError),
}

/// There is one device at a line.
fn here(extension: &str, device: Option<&str>) -> Refused {
    match device {
        Some(device) if device != extension => {
            Err(refusal(ErrorCode::InvalidDestination, format!("line {extension} has no device {device}")))
        }
        _ => Ok(()),
    }
}
