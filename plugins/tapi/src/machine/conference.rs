//! Conferences. TAPI has a call for the conference as a whole besides those of its members; clients see one call, which
//! was one of the members before.

use jackfield_plugin_api::{CauseCode, Host, ReleasedBy};

use super::Machine;
use super::talk::{Leg, Until};
use crate::sys::constants::LINECALLSTATE_CONFERENCED;

impl Machine {
    /// A leg is in a conference now.
    pub(super) fn conferenced(&mut self, handle: u32, host: &mut Host<'_>) {
        let Some(leg) = self.legs.get(&handle) else { return };
        let place = (leg.device, leg.info.address);
        let named = Some(leg.mode).filter(|whole| *whole != 0).or(leg.conference);
        // A call of another device is no conference of this one, whatever its driver says.
        let named = named.filter(|whole| self.legs.get(whole).is_none_or(|other| other.device == place.0));
        // It is in no conference that it is itself.
        let whole = named.or_else(|| self.some_conference(place)).filter(|whole| *whole != handle);
        let Some(whole) = whole else {
            // It comes when the conference is seen.
            return;
        };
        self.joins(handle, whole, host);
    }

    /// A conference of an address of a device that has been seen, for a driver that does not name it.
    fn some_conference(&self, place: (u32, u32)) -> Option<u32> {
        let here = |leg: &Leg| (leg.device, leg.info.address) == place && leg.whole && !leg.over();
        self.legs.iter().find(|(_, leg)| here(leg)).map(|(handle, _)| *handle)
    }

    /// A handle is that of a conference as a whole.
    pub(super) fn is_whole(&mut self, whole: u32, place: (u32, u32)) {
        let leg = self.legs.entry(whole).or_insert_with(|| Leg::at(place));
        leg.whole = true;
    }

    /// The conference as a whole is seen, and nobody in it yet.
    pub(super) fn conference_seen(&mut self, whole: u32, host: &mut Host<'_>) {
        let Some(place) = self.legs.get(&whole).map(|leg| (leg.device, leg.info.address)) else { return };
        let waits = |leg: &Leg| {
            (leg.device, leg.info.address) == place
                && leg.is(LINECALLSTATE_CONFERENCED)
                && leg.conference.is_none_or(|of| of == whole)
        };
        let members: Vec<u32> = self.legs.iter().filter(|(_, leg)| waits(leg)).map(|(handle, _)| *handle).collect();
        for member in members {
            self.joins(member, whole, host);
        }
    }

    fn joins(&mut self, handle: u32, whole: u32, host: &mut Host<'_>) {
        let Some(leg) = self.legs.get_mut(&handle) else { return };
        leg.conference = Some(whole);
        let (place, own) = ((leg.device, leg.info.address), leg.talk);
        self.is_whole(whole, place);
        let talk = match self.legs.get(&whole).and_then(|leg| leg.talk) {
            Some(talk) => talk,
            None => {
                // The first call of a consultation stays, or the one that a command named; else this one.
                let parent = own.and_then(|own| self.talks.get(&own)?.parent).filter(|p| self.talks.contains_key(p));
                let Some(stays) = self.stays(own).or(parent).or(own).or_else(|| self.new_talk(handle)) else {
                    return self.forget_unseen();
                };
                self.becomes(stays, whole);
                stays
            }
        };
        if let Some(own) = own.filter(|own| *own != talk) {
            // Told when the conference is seen to stand.
            self.end_as(own, CauseCode::Conferenced, ReleasedBy::System, 0, Until::Conference(talk), host);
        }
        if let Some(leg) = self.legs.get_mut(&handle) {
            leg.talk = Some(talk);
        }
        if let Some(talk) = self.talks.get_mut(&talk) {
            talk.members.insert(handle);
        }
        self.report(talk, host);
        self.report_pairs(talk, host);
    }

    /// A talk is a conference from now on.
    pub(super) fn becomes(&mut self, number: u64, whole: u32) {
        let Some(talk) = self.talks.get_mut(&number) else { return };
        let before = std::mem::replace(&mut talk.main, whole);
        let was_whole = self.legs.get(&before).is_some_and(|leg| leg.whole);
        if was_whole && before != whole {
            talk.members.remove(&before);
            self.leaves(before);
        } else if before != whole {
            talk.members.insert(before);
        }
        if let Some(leg) = self.legs.get_mut(&whole) {
            leg.talk = Some(number);
        }
    }

    /// A leg is no part of a talk any more. A conference that was named and never seen is no handle of ours.
    pub(super) fn leaves(&mut self, handle: u32) {
        let Some(leg) = self.legs.get_mut(&handle) else { return };
        leg.talk = None;
        if leg.whole && leg.state == 0 {
            self.legs.remove(&handle);
        }
    }

    /// A leg of a talk that has a state of its own.
    pub(super) fn part_of(&mut self, number: u64, handle: u32, host: &mut Host<'_>) {
        let Some(talk) = self.talks.get(&number) else { return };
        if talk.main == handle {
            return;
        }
        let conference = self.legs.get(&talk.main).is_some_and(|leg| !leg.over() && leg.is_known());
        let others = talk.members.iter().filter(|member| **member != handle);
        let others = others.filter(|member| self.legs.get(member).is_some_and(|leg| !leg.over())).count();
        if conference && others > 0 {
            // It is about to join, or it was let go: a member with a state of its own is not counted.
            return;
        }
        self.leads(number, handle, host);
    }
}
