//! Commands of clients become requests.

use std::time::Duration;

use jackfield_plugin_api::{
    CallKey, CauseCode, Command, CommandError, CommandId, Direction, ErrorCode, Host, LineId, ReleasedBy,
};

use super::pending::{Pending, Work};
use super::talk::{Leg, Sending, Talk, Wish};
use super::{Machine, gone};
use crate::asks::Request;
use crate::capabilities::PICKUPS;
use crate::sys::constants::{
    LINEADDRFEATURE_UNPARK, LINECALLFEATURE_DIAL, LINECALLPRIVILEGE_OWNER, LINECALLSTATE_DIALTONE,
    LINEPARKMODE_DIRECTED, LINEPARKMODE_NONDIRECTED,
};

/// The longest destination, in characters.
const LONGEST: usize = 256;
/// How long a tone is, in milliseconds; 0: as the driver does it.
const TONE: u32 = 0;
/// How long the end of sent digits is waited for.
const SENDING: Duration = Duration::from_secs(60);

/// A command, where it is for, and who waits.
#[derive(Clone, Copy)]
pub(super) struct At {
    pub(super) id: CommandId,
    pub(super) line: LineId,
}

impl At {
    pub(super) fn pending(self, work: Work) -> Pending {
        Pending::new(self.id, self.line, work)
    }
}

pub(super) type Done = Result<(), CommandError>;

impl Machine {
    /// One command. `Err`: it is refused at once.
    pub(super) fn command(&mut self, id: CommandId, line: LineId, command: &Command, host: &mut Host<'_>) -> Done {
        let at = At { id, line };
        let open = self.lines.get(&line).is_some_and(|line| line.live);
        if !open || !self.link.is_up() {
            let text = "the line is not open at its driver: see the host's log";
            return Err(CommandError::new(ErrorCode::DeviceOutOfService, text).retryable());
        }
        match command {
            Command::MakeCall(make) => {
                let data = if make.user_data.is_empty() {
                    String::new()
                } else {
                    serde_json::to_string(&make.user_data).unwrap_or_default()
                };
                self.make_call(at, Some(&make.to), make.from.as_deref(), make.anonymous, data, host)
            }
            Command::Hookup(_) => self.make_call(at, None, None, false, String::new(), host),
            Command::AnswerCall(one) => self.plain(at, &one.call_id, |call| Request::Answer { call }, host),
            Command::HoldCall(one) => self.plain(at, &one.call_id, |call| Request::Hold { call }, host),
            Command::UnholdCall(one) => self.plain(at, &one.call_id, |call| Request::Unhold { call }, host),
            Command::DropCall(one) => self.drop_call(at, &one.call_id, host),
            Command::BlindTransferCall(to) => {
                let destination = destination(&to.to)?;
                let cause = Some(CauseCode::Transferred);
                self.ends(at, &to.call_id, cause, |call| Request::BlindTransfer { call, to: destination }, host)
            }
            Command::DeflectCall(to) => {
                let destination = destination(&to.to)?;
                let cause = Some(CauseCode::Redirected);
                self.ends(at, &to.call_id, cause, |call| Request::Redirect { call, to: destination }, host)
            }
            Command::ParkCall(park) => self.park(at, &park.call_id, park.slot.as_deref(), host),
            Command::MakeConsultCall(to) => self.consult(at, &to.call_id, Some(&to.to), host),
            Command::SetupTransferCall(one) => self.consult(at, &one.call_id, None, host),
            Command::TransferCall(two) => self.transfer(at, &two.call_id, &two.consult_call_id, host),
            Command::CancelTransfer(two) => self.cancel(at, &two.call_id, &two.consult_call_id, host),
            Command::AlternateCall(two) => self.alternate(at, &two.call_id, &two.other_call_id, host),
            Command::ConferenceCall(two) => self.conference(at, &two.call_id, &two.consult_call_id, host),
            Command::PickupCall(pickup) => self.pickup(at, pickup.target.as_deref(), host),
            Command::SendDtmf(dtmf) => self.digits(at, &dtmf.call_id, &dtmf.digits, dtmf.tone_ms, host),
            Command::SetUserData(set) => {
                let data = serde_json::to_string(&set.map).unwrap_or_default();
                self.plain(at, &set.call_id, |call| Request::SetCallData { call, data }, host)
            }
            Command::SetForwarding(set) => self.set_forwarding(at, set.kind, set.to.as_deref(), host),
            Command::SetDnd(set) => self.set_dnd(at, set.on, host),
            Command::SetUserState(set) => self.set_agent_state(at, &set.code, set.reason.as_deref(), host),
            Command::SetWrapUpUserState(set) => self.set_wrap_up(at, set.active, host),
            Command::ChangeCallCentreState(set) if set.active => self.login(at, host),
            Command::ChangeCallCentreState(_) => self.logout(at, host),
            Command::LoginAgent(_) => self.login(at, host),
            Command::LogoutAgent(_) => self.logout(at, host),
            other => Err(other.unsupported()),
        }
    }

    /// A talk by its key.
    pub(super) fn talk_of(&self, at: At, key: &CallKey) -> Result<u64, CommandError> {
        let number = self.talk_by_key(at.line, key).ok_or_else(gone)?;
        if self.talks[&number].ending.is_some() { Err(gone()) } else { Ok(number) }
    }

    pub(super) fn leg_of(&self, number: u64) -> Result<(u32, &Leg), CommandError> {
        let main = self.talks.get(&number).map(|talk| talk.main).ok_or_else(gone)?;
        self.legs.get(&main).map(|leg| (main, leg)).ok_or_else(gone)
    }

    /// A request for a talk, after its call was made ours where that is wanted and needed.
    pub(super) fn request_of(&mut self, number: u64, what: Request, pending: Pending, host: &mut Host<'_>) -> Done {
        let (call, leg) = self.leg_of(number)?;
        let take = self.config.take_ownership && !leg.owned();
        if !matches!(what, Request::SetCallData { .. }) {
            self.because(number, pending.command);
        }
        let pending = pending.about(number);
        if take {
            let first = Request::SetPrivilege { call, privilege: LINECALLPRIVILEGE_OWNER };
            let mut taking = Pending::housekeeping().about(number);
            taking.line = pending.line;
            taking.work = Work::Taking { what: Box::new(what), then: Box::new(pending) };
            self.request(first, taking, host);
        } else {
            self.request(what, pending, host);
        }
        Ok(())
    }

    fn plain(&mut self, at: At, key: &CallKey, what: impl FnOnce(u32) -> Request, host: &mut Host<'_>) -> Done {
        let number = self.talk_of(at, key)?;
        let (call, _) = self.leg_of(number)?;
        self.request_of(number, what(call), at.pending(Work::Plain), host)
    }

    fn ends(
        &mut self,
        at: At,
        key: &CallKey,
        cause: Option<CauseCode>,
        what: impl FnOnce(u32) -> Request,
        host: &mut Host<'_>,
    ) -> Done {
        let number = self.talk_of(at, key)?;
        let (call, _) = self.leg_of(number)?;
        self.wish(&[number], Some(Wish { cause, by: ReleasedBy::Local, because: Some(at.id), after: None }));
        self.request_of(number, what(call), at.pending(Work::Ends { talks: vec![number] }), host)
    }

    fn make_call(
        &mut self,
        at: At,
        to: Option<&str>,
        from: Option<&str>,
        anonymous: bool,
        data: String,
        host: &mut Host<'_>,
    ) -> Done {
        let to = to.map(destination).transpose()?;
        // Off the hook already: the call is there and waits for its number.
        let waits = |talk: &Talk| {
            let leg = self.legs.get(&talk.main);
            talk.line == at.line
                && leg.is_some_and(|leg| leg.is(LINECALLSTATE_DIALTONE) && leg.features & LINECALLFEATURE_DIAL != 0)
        };
        if let (Some(to), Some(number)) = (&to, self.talks.iter().find(|(_, talk)| waits(talk)).map(|(n, _)| *n)) {
            return self.dial(at, number, to.clone(), host);
        }
        let (line, address) = self.handle_of(at.line)?;
        let what =
            Request::MakeCall { line, address, to: to.clone(), from: from.map(ToOwned::to_owned), anonymous, data };
        self.request(what, at.pending(Work::NewCall { to }), host);
        Ok(())
    }

    pub(super) fn dial(&mut self, at: At, number: u64, to: String, host: &mut Host<'_>) -> Done {
        let (call, _) = self.leg_of(number)?;
        if let Some(talk) = self.talks.get_mut(&number) {
            talk.dialled = Some(to.clone());
        }
        self.request_of(number, Request::Dial { call, to }, at.pending(Work::Dial { talk: number }), host)
    }

    /// The handle and the address of a line.
    pub(super) fn handle_of(&self, line: LineId) -> Result<(u32, u32), CommandError> {
        let found = self.lines.get(&line).and_then(|line| {
            let device = self.devices.get(&line.device?)?;
            Some((device.handle()?, line.dials_from()))
        });
        found.ok_or_else(|| CommandError::new(ErrorCode::DeviceOutOfService, "the line is not open").retryable())
    }

    /// A call that a command made, now that its handle is known.
    pub(super) fn made(
        &mut self,
        line: LineId,
        handle: u32,
        command: Option<CommandId>,
        to: Option<String>,
        parent: Option<u64>,
    ) -> Option<u64> {
        let number = self.belongs(line, handle)?;
        let talk = self.talks.get_mut(&number)?;
        talk.direction = Direction::Out;
        talk.dialled = to;
        talk.parent = parent;
        talk.because = command;
        Some(number)
    }

    /// A call that a command took here.
    pub(super) fn taken(&mut self, line: LineId, handle: u32, command: Option<CommandId>) -> Option<u64> {
        let number = self.belongs(line, handle)?;
        let talk = self.talks.get_mut(&number)?;
        talk.direction = Direction::In;
        talk.because = command;
        Some(number)
    }

    /// The talk of a handle, which may have been told before.
    fn belongs(&mut self, line: LineId, handle: u32) -> Option<u64> {
        let here = self.lines.get(&line)?;
        let place = (here.device?, here.dials_from());
        // A call of another device is none of this line, whatever its driver says.
        if handle == 0 || self.legs.get(&handle).is_some_and(|leg| leg.device != place.0) {
            return None;
        }
        let leg = self.legs.entry(handle).or_insert_with(|| Leg::at(place));
        if let Some(number) = leg.talk {
            return Some(number);
        }
        // What makes a call owns it, until it is told otherwise.
        if leg.privilege == 0 {
            leg.privilege = LINECALLPRIVILEGE_OWNER;
        }
        self.last_talk += 1;
        let number = self.last_talk;
        self.legs.get_mut(&handle)?.talk = Some(number);
        self.talks.insert(number, Talk::new(number, self.session, line, handle, Direction::Unknown));
        Some(number)
    }

    fn park(&mut self, at: At, key: &CallKey, slot: Option<&str>, host: &mut Host<'_>) -> Done {
        let to = slot.map(destination).transpose()?;
        let number = self.talk_of(at, key)?;
        let (call, _) = self.leg_of(number)?;
        let cause = Some(CauseCode::Parked);
        self.wish(&[number], Some(Wish { cause, by: ReleasedBy::Local, because: Some(at.id), after: None }));
        let mode = if to.is_some() { LINEPARKMODE_DIRECTED } else { LINEPARKMODE_NONDIRECTED };
        self.request_of(number, Request::Park { call, mode, to }, at.pending(Work::Park { talk: number }), host)
    }

    fn pickup(&mut self, at: At, target: Option<&str>, host: &mut Host<'_>) -> Done {
        let (line, address) = self.handle_of(at.line)?;
        let to = target.map(destination).transpose()?;
        let features = self.lines.get(&at.line).map_or(0, |line| self.features_of(line));
        // What is named may be a telephone that rings, or a place where a call is parked.
        let parked = to.clone().filter(|_| features & LINEADDRFEATURE_UNPARK != 0);
        let parked = parked.map(|to| Request::Unpark { line, address, to });
        let (what, or) = match parked {
            Some(unpark) if features & PICKUPS == 0 => (unpark, None),
            or => (Request::Pickup { line, address, to, group: None }, or),
        };
        self.request(what, at.pending(Work::Taken { or }), host);
        Ok(())
    }

    fn digits(&mut self, at: At, key: &CallKey, digits: &str, tone: Option<u32>, host: &mut Host<'_>) -> Done {
        let digits = digits.to_ascii_uppercase();
        if digits.is_empty() || digits.len() > 64 || !digits.chars().all(|c| "0123456789*#ABCD".contains(c)) {
            let text = "digits are 1 to 64 of 0-9, *, #, A-D";
            return Err(CommandError::new(ErrorCode::InvalidDigits, text));
        }
        let number = self.talk_of(at, key)?;
        let (call, _) = self.leg_of(number)?;
        if self.talks[&number].sending.as_ref().is_some_and(|sending| host.now() < sending.until) {
            let text = "other digits are being sent on this call";
            return Err(CommandError::new(ErrorCode::InvalidCallState, text).retryable());
        }
        let what = Request::GenerateDigits { call, digits: digits.clone(), duration: tone.unwrap_or(TONE) };
        if let Some(talk) = self.talks.get_mut(&number) {
            let until = host.now() + SENDING;
            talk.sending = Some(Sending { digits, because: Some(at.id), until });
        }
        let pending = at.pending(Work::Digits { talk: number }).about(number);
        self.request(what, pending, host);
        Ok(())
    }
}

/// A number that can be dialled as it is: dial strings of TAPI have signs of their own, which nobody means here.
pub(super) fn destination(to: &str) -> Result<String, CommandError> {
    let to = to.trim();
    let wrong = |c: char| c.is_control() || matches!(c, '?' | '@' | '$' | '|' | '^' | '!' | ';');
    if to.is_empty() || to.chars().count() > LONGEST || to.contains(wrong) {
        let text = "a destination is 1 to 256 characters and has none of ? @ $ | ^ ! ;";
        return Err(CommandError::new(ErrorCode::InvalidDestination, text));
    }
    Ok(to.to_owned())
}
