//! What may be done with a call, a line, an agent: sets with the bits and names of the CtiModel.

use serde::{Deserialize, Serialize};

macro_rules! features {
    ($(#[$meta:meta])* $T:ident { $($(#[$fmeta:meta])* $NAME:ident = $bit:literal, $name:literal;)* }) => {
        $(#[$meta])*
        #[derive(Clone, Copy, PartialEq, Eq, Hash, Default, Serialize, Deserialize)]
        #[serde(transparent)]
        pub struct $T(u32);

        impl $T {
            $($(#[$fmeta])* pub const $NAME: Self = Self($bit);)*
            /// Nothing.
            pub const NONE: Self = Self(0);
            /// Every feature that this version knows.
            pub const ALL: Self = Self(0 $(| $bit)*);
            const NAMES: &'static [(u32, &'static str)] = &[$(($bit, $name),)*];

            /// The set with exactly these bits; unknown bits are kept.
            #[must_use]
            pub const fn from_bits(bits: u32) -> Self {
                Self(bits)
            }

            /// The mask.
            #[must_use]
            pub const fn bits(self) -> u32 {
                self.0
            }

            /// Both sets together.
            #[must_use]
            pub const fn with(self, other: Self) -> Self {
                Self(self.0 | other.0)
            }

            /// This set less the other.
            #[must_use]
            pub const fn without(self, other: Self) -> Self {
                Self(self.0 & !other.0)
            }

            /// What is in both sets.
            #[must_use]
            pub const fn and(self, other: Self) -> Self {
                Self(self.0 & other.0)
            }

            /// Whether all of `other` is in this set.
            #[must_use]
            pub const fn contains(self, other: Self) -> bool {
                self.0 & other.0 == other.0
            }

            /// Whether nothing is in this set.
            #[must_use]
            pub const fn is_empty(self) -> bool {
                self.0 == 0
            }

            /// The names of the features in the set, lowest bit first. Bits without a name have none.
            pub fn names(self) -> impl Iterator<Item = &'static str> {
                Self::NAMES.iter().filter(move |(bit, _)| self.0 & bit != 0).map(|(_, name)| *name)
            }

            /// The feature of a name.
            #[must_use]
            pub fn from_name(name: &str) -> Option<Self> {
                Self::NAMES.iter().find(|(_, n)| *n == name).map(|(bit, _)| Self(*bit))
            }
        }

        impl std::ops::BitOr for $T {
            type Output = Self;
            fn bitor(self, other: Self) -> Self {
                self.with(other)
            }
        }

        impl std::ops::BitAnd for $T {
            type Output = Self;
            fn bitand(self, other: Self) -> Self {
                self.and(other)
            }
        }

        impl std::ops::BitOrAssign for $T {
            fn bitor_assign(&mut self, other: Self) {
                *self = self.with(other);
            }
        }

        impl std::fmt::Debug for $T {
            fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
                f.debug_set().entries(self.names()).finish()
            }
        }
    };
}

features! {
    /// What may be done with a call (or a line). The low fourteen bits are the CtiModel's; the rest is Jackfield's.
    CallFeatures {
        /// Call the other party again (a hint: done by `makeCall`).
        RECALL = 0x1, "recall";
        /// Make a call.
        DIAL = 0x2, "dial";
        /// Answer it.
        ANSWER = 0x4, "answer";
        /// End this one call and nothing else.
        DROP = 0x8, "drop";
        /// Put it on hold.
        HOLD = 0x10, "hold";
        /// Take it back from hold.
        UNHOLD = 0x20, "unhold";
        /// Prepare a transfer (TAPI).
        SETUP_TRANSFER = 0x40, "setupTransfer";
        /// Complete an attended transfer.
        COMPLETE_TRANSFER = 0x80, "completeTransfer";
        /// Transfer it without asking.
        BLIND_TRANSFER = 0x100, "blindTransfer";
        /// Call somebody for a consultation while this call waits.
        MAKE_CONSULT_CALL = 0x200, "makeConsultCall";
        /// Send digits.
        DTMF = 0x400, "dtmf";
        /// Switch video on and off.
        VIDEO = 0x800, "video";
        /// Mute.
        MUTE = 0x1000, "mute";
        /// Give a consultation up and return.
        CANCEL_TRANSFER = 0x2000, "cancelTransfer";
        /// Unmute.
        UNMUTE = 0x1_0000, "unmute";
        /// Swap a held and a connected call.
        ALTERNATE = 0x2_0000, "alternate";
        /// Join calls into a conference.
        CONFERENCE = 0x4_0000, "conference";
        /// Send a ringing call elsewhere.
        DEFLECT = 0x8_0000, "deflect";
        /// Take a call that rings elsewhere.
        PICKUP = 0x10_0000, "pickup";
        /// Park it.
        PARK = 0x20_0000, "park";
        /// Record it.
        RECORD = 0x40_0000, "record";
        /// Attach data to it.
        SET_USER_DATA = 0x80_0000, "setUserData";
    }
}

features! {
    /// What may be done with an agent's session. The low three bits are the CtiModel's.
    AgentFeatures {
        /// After-call work can be switched.
        WRAP_UP = 0x1, "wrapUp";
        /// There is a call-centre mode.
        CALL_CENTRE_MODE = 0x2, "callCentreMode";
        /// Recordings of calls can be asked for.
        CALL_RECORDS = 0x4, "callRecords";
        /// Agents log in and out.
        LOGIN = 0x100, "login";
        /// The agent's state can be set.
        SET_STATE = 0x200, "setState";
        /// States have reasons.
        REASONS = 0x400, "reasons";
        /// A state may be set for later (after the call).
        PENDING_STATE = 0x800, "pendingState";
        /// Do not disturb.
        DND = 0x1000, "dnd";
        /// Forwarding can be set.
        FORWARDING = 0x2000, "forwarding";
    }
}
