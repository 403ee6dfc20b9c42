//! The names of states, causes and roles (MODEL M2, M3, M10).

use crate::names::names;

names! { lenient Unknown;
    /// The state of a call as its line sees it (MODEL: states).
    pub enum CallState {
        /// Set up, not connected yet; the phase says more.
        Alerting = "alerting",
        /// Two-way speech.
        Connected = "connected",
        /// On hold by this line.
        Held = "held",
        /// Three or more parties talk.
        Conferenced = "conferenced",
        /// The called side is busy.
        Busy = "busy",
        /// Over. The last fact of a call.
        Finished = "finished",
        /// Not known (only after a connection loss).
        Unknown = "unknown",
    }
}

names! { lenient Unknown;
    /// The way of a call. Fixed with the first fact that names it.
    pub enum Direction {
        /// To this line.
        In = "in",
        /// From this line.
        Out = "out",
        /// Not known.
        Unknown = "unknown",
    }
}

names! { lenient Unknown;
    /// Where the other party is.
    pub enum Scope {
        /// In the same phone system.
        Internal = "internal",
        /// Outside.
        External = "external",
        /// Not known.
        Unknown = "unknown",
    }
}

names! { lenient None;
    /// Detail within `alerting`.
    pub enum Phase {
        /// No phase (any more).
        None = "none",
        /// Off hook, nothing dialled yet.
        Initiated = "initiated",
        /// Offered to the line, not ringing yet.
        Offered = "offered",
        /// Ringing at the called side.
        Ringing = "ringing",
        /// Our click-to-call: the own phone rings first.
        OwnRinging = "ownRinging",
        /// Dialled, nothing heard yet.
        Dialing = "dialing",
        /// Waiting in a queue.
        Queued = "queued",
        /// Early media.
        Early = "early",
    }
}

names! { lenient Primary;
    /// What a call is to the other calls of its line.
    pub enum Role {
        /// The main call.
        Primary = "primary",
        /// Made from another call, to consult.
        Consult = "consult",
        /// A further call beside another.
        Secondary = "secondary",
    }
}

names! { lenient Unknown;
    /// Who ended a call.
    pub enum ReleasedBy {
        /// This line.
        Local = "local",
        /// The other party.
        Remote = "remote",
        /// The phone system.
        System = "system",
        /// Not known.
        Unknown = "unknown",
    }
}

names! { lenient Unknown;
    /// Why a call ended (MODEL M10 and M13.9).
    pub enum CauseCode {
        /// Ended by a party after it was connected.
        NormalClearing = "normalClearing",
        /// The called side was busy.
        Busy = "busy",
        /// The phone system ended the attempt unanswered.
        NoAnswer = "noAnswer",
        /// The called side declined.
        Rejected = "rejected",
        /// The calling side gave up before the answer.
        Cancelled = "cancelled",
        /// Transferred away.
        Transferred = "transferred",
        /// Merged into a conference.
        Conferenced = "conferenced",
        /// Taken away by forwarding, a redirect or another application.
        Redirected = "redirected",
        /// Put into a parking slot.
        Parked = "parked",
        /// Answered by another member, appearance or picker.
        PickedUpElsewhere = "pickedUpElsewhere",
        /// There is no such number.
        InvalidDestination = "invalidDestination",
        /// The network failed.
        NetworkError = "networkError",
        /// Lost while the connection was down.
        Lost = "lost",
        /// Not known.
        Unknown = "unknown",
    }
}

names! { lenient Alerting;
    /// A participant's connection state (CSTA).
    pub enum PartyState {
        /// Off hook.
        Initiated = "initiated",
        /// Ringing.
        Alerting = "alerting",
        /// Talking.
        Connected = "connected",
        /// On hold.
        Held = "held",
        /// Waiting in a queue.
        Queued = "queued",
        /// Failed.
        Failed = "failed",
    }
}

names! { lenient Party;
    /// What a participant is there for.
    pub enum PartyRole {
        /// To talk.
        Party = "party",
        /// To supervise.
        Supervisor = "supervisor",
        /// To record.
        Recorder = "recorder",
        /// A machine.
        Ivr = "ivr",
    }
}
