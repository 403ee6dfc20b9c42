//! WebRTC sessions of a call (I16), and which client carries their media.

use jackfield_plugin_api::{LineId, WebRtcFact, WebRtcState};

use super::body::{Body, WebRtcStarted, WebRtcVideo};
use super::call::Text;
use super::event::EventCause;
use super::leg::Session;
use super::limits::{MAX_WEBRTC_SESSIONS, clip};
use super::lines::Model;
use super::repairs::{Dropped, Rule};
use super::work::{Why, Work};

impl Model {
    /// The client session that carries the media of a call: it made or answered the call, or claimed it since.
    #[must_use]
    pub fn media_owner(&self, line: LineId, call: &str) -> Option<&str> {
        let leg = self.lines.get(&line)?.legs.iter().find(|leg| leg.id().as_str() == call)?;
        leg.owner.as_deref()
    }

    /// From now on this client session carries the media of a call.
    pub fn claim_media(&mut self, line: LineId, call: &str, session: &str) {
        let legs = self.lines.get_mut(&line).map(|line| &mut line.legs);
        if let Some(leg) = legs.into_iter().flatten().find(|leg| leg.id().as_str() == call) {
            leg.owner = Some(clip(session));
        }
    }
}

impl Work<'_> {
    /// The level of one session: started, with video, over.
    pub(super) fn session(&mut self, fact: &WebRtcFact, why: &Why<'_>) {
        let Some(index) = self.call_of(&fact.key, why) else { return };
        let id = clip(&fact.session_id);
        let known = self.line.legs[index].sessions.iter().position(|session| session.id == id);
        match (known, fact.state) {
            (Some(known), _) if !self.line.legs[index].sessions[known].live => {
                self.dropped(Dropped::Late);
            }
            (Some(known), WebRtcState::Video) => self.video(index, known, fact, why),
            (Some(known), WebRtcState::Destroyed) => self.end_session(index, known, why),
            (Some(_), _) => {}
            (None, WebRtcState::Destroyed) => self.dropped(Dropped::UnknownFinish),
            (None, state) => {
                if self.line.legs[index].sessions.len() >= MAX_WEBRTC_SESSIONS {
                    self.dropped(Dropped::TooManySessions);
                    return;
                }
                let started = if state == WebRtcState::Video { why.derived("firstSeen") } else { why.clone() };
                let known = self.start_session(index, id, fact, &started);
                if state == WebRtcState::Video {
                    self.video(index, known, fact, why);
                }
            }
        }
    }

    fn start_session(&mut self, index: usize, id: Text, fact: &WebRtcFact, why: &Why<'_>) -> usize {
        let leg = &mut self.line.legs[index];
        leg.sessions.push(Session { id: id.clone(), live: true, video: None });
        let known = leg.sessions.len() - 1;
        let media = match &fact.media {
            Some(media) => media.iter().take(MAX_WEBRTC_SESSIONS).map(|kind| clip(kind)).collect(),
            None => vec![Text::from("audio")],
        };
        let started = WebRtcStarted { session_id: id, call: leg.id().clone(), media, owner_session: leg.owner.clone() };
        self.emit(why, Body::WebRtcStarted(started));
        known
    }

    fn video(&mut self, index: usize, known: usize, fact: &WebRtcFact, why: &Why<'_>) {
        let leg = &mut self.line.legs[index];
        let call = leg.id().clone();
        let session = &mut leg.sessions[known];
        // Absent is no news; video that begins without a word about its direction flows both ways.
        let direction = match (&fact.direction, &session.video) {
            (Some(direction), _) => clip(direction),
            (None, Some(told)) => told.clone(),
            (None, None) => Text::from("sendrecv"),
        };
        if session.video.as_ref() == Some(&direction) {
            return;
        }
        session.video = Some(direction.clone());
        let video = WebRtcVideo { session_id: session.id.clone(), call, direction };
        self.emit(why, Body::WebRtcVideoStarted(video));
    }

    fn end_session(&mut self, index: usize, known: usize, why: &Why<'_>) {
        let leg = &mut self.line.legs[index];
        let call = leg.id().clone();
        let session = &mut leg.sessions[known];
        session.live = false;
        let session_id = session.id.clone();
        self.emit(why, Body::WebRtcDestroyed { session_id, call });
    }

    /// The call ends, and its sessions with it.
    pub(super) fn end_sessions(&mut self, index: usize, why: &Why<'_>) {
        for known in 0..self.line.legs[index].sessions.len() {
            if self.line.legs[index].sessions[known].live {
                self.repaired(Rule::WebRtc, why);
                let cause = Some(EventCause::new("callEnded"));
                let ended = Why { cause, synthetic: true, origin: None, ..why.clone() };
                self.end_session(index, known, &ended);
            }
        }
    }
}
