//! What is true of the phone system at any moment between two inputs.

use super::{Exchange, Party, Place, call::Seat, call::Side, conference::State};

impl Exchange {
    /// Looks at everything; the error says what is wrong.
    pub(crate) fn check(&self) -> Result<(), String> {
        for (index, user) in self.users.iter().enumerate() {
            if !user.phone && (user.current.is_some() || user.held.is_some()) {
                return Err(format!("{} has a call and no phone", user.login));
            }
            for (place, held) in [(user.current, false), (user.held, true)] {
                self.check_place(index, place, held).map_err(|wrong| format!("{}: {wrong}", user.login))?;
            }
        }
        for (id, call) in &self.calls {
            if call.caller == call.called {
                return Err(format!("call {id} has one party: {call:?}"));
            }
            for side in [Side::Caller, Side::Called] {
                let Party::User(user) = *call.party(side) else { continue };
                let (line, here) = (&self.users[user], Some(Place::Call(*id)));
                let right = match call.seat(side) {
                    Seat::Away => line.current != here && line.held != here,
                    Seat::Holding => line.held == here && line.current != here,
                    _ => line.current == here && line.held != here,
                };
                if !right {
                    return Err(format!("call {id} and {} do not agree: {call:?}", line.login));
                }
            }
            // Who has a user in it ends when the user leaves; the others must end by themselves.
            let users = [&call.caller, &call.called].into_iter().any(|party| matches!(party, Party::User(_)));
            if !users && !self.jobs.values().any(|job| job.ends(*id, call.stamp)) {
                return Err(format!("nothing ends call {id}: {call:?}"));
            }
        }
        for (id, conference) in &self.conferences {
            if !conference.members.iter().any(|member| matches!(member.party, Party::User(_)) && member.ghost.is_none())
            {
                return Err(format!("conference {id} has no users"));
            }
            for member in &conference.members {
                let Party::User(user) = member.party else { continue };
                let (line, here) = (&self.users[user], Some(Place::Conference(*id)));
                if (member.state == State::Held && line.held != here)
                    || (member.state != State::Held && line.current != here)
                {
                    return Err(format!("conference {id} and {} do not agree", line.login));
                }
            }
        }
        Ok(())
    }

    fn check_place(&self, user: usize, place: Option<Place>, held: bool) -> Result<(), String> {
        match place {
            None => Ok(()),
            Some(Place::Call(id)) => {
                let call = self.calls.get(&id).ok_or(format!("is in call {id}, which is gone"))?;
                let side = call.side_of(&Party::User(user)).ok_or(format!("is no party of call {id}: {call:?}"))?;
                if (call.seat(side) == Seat::Holding) == held {
                    Ok(())
                } else {
                    Err(format!("has call {id} in the wrong place: {call:?}"))
                }
            }
            Some(Place::Conference(id)) => {
                let conference = self.conferences.get(&id).ok_or(format!("is in conference {id}, which is gone"))?;
                let found = conference.members.iter().any(|member| member.party == Party::User(user));
                found.then_some(()).ok_or(format!("is no competitor of conference {id}"))
            }
        }
    }
}
