//! What the model had to repair or drop, counted (M5: `cti_repair_total{rule=…}`).

macro_rules! counted {
    ($(#[$meta:meta])* $T:ident { $($(#[$vmeta:meta])* $V:ident = $name:literal,)* }) => {
        $(#[$meta])*
        #[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
        pub enum $T { $($(#[$vmeta])* $V,)* }

        impl $T {
            /// Every value.
            pub const ALL: &'static [Self] = &[$(Self::$V,)*];

            /// The label in metrics.
            #[must_use]
            pub const fn as_str(self) -> &'static str {
                match self { $(Self::$V => $name,)* }
            }
        }
    };
}

counted! {
    /// A rule that an adapter's facts broke and the model repaired. Events that follow from a level by rule are no
    /// repairs, and an equal level is none either.
    Rule {
        /// A state that cannot follow the one before (M3); the old state is kept.
        Transition = "M3",
        /// A fact about a call that was never reported; dropped.
        UnknownCall = "I2",
        /// News of a call after its end; dropped.
        LateFact = "I3",
        /// A call was held, or sent digits, and was never reported as connected: `commutationStarted` was added.
        MissingCommutation = "I4",
        /// Busy where it cannot be (incoming, already connected), or no end after it in time.
        Busy = "I6",
        /// A call-centre mode where the connection has none; dropped.
        CallCentre = "I13",
        /// A WebRTC session that was not ended before its call.
        WebRtc = "I16",
        /// Digits that are none; dropped.
        Digits = "I17",
        /// The primary of a completed transfer ended before its consultation; the consultation was ended first.
        TransferOrder = "R6",
        /// A conference of fewer than three parties; taken as connected.
        SmallConference = "M13.6",
        /// A call that changed its direction; the first one is kept.
        Direction = "M13.10",
    }
}

counted! {
    /// Why a fact was dropped without being a breach of a rule, or in addition to it.
    Dropped {
        /// For a line that is not open (any more).
        UnknownLine = "unknownLine",
        /// For a call that is over; a repeated end included.
        Late = "late",
        /// The end of a call that was never reported.
        UnknownFinish = "unknownFinish",
        /// The call's key is longer than [`CallKey::MAX`](jackfield_plugin_api::CallKey::MAX).
        KeyTooLong = "keyTooLong",
        /// The line has [`MAX_CALLS`](super::limits::MAX_CALLS) calls.
        TooManyCalls = "tooManyCalls",
        /// Too many facts waited.
        BufferFull = "bufferFull",
        /// Too many WebRTC sessions in one call.
        TooManySessions = "tooManySessions",
        /// Too many saves waited for the next epoch.
        TooManySaves = "tooManySaves",
        /// A kind of fact that this version does not know.
        UnknownKind = "unknownKind",
    }
}

/// Counters of repairs and of dropped facts of one connection.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Repairs {
    rules: [u64; Rule::ALL.len()],
    dropped: [u64; Dropped::ALL.len()],
}

impl Repairs {
    /// How often `rule` had to be repaired.
    #[must_use]
    pub fn rule(&self, rule: Rule) -> u64 {
        self.rules[rule as usize]
    }

    /// How many facts were dropped for this reason.
    #[must_use]
    pub fn dropped(&self, reason: Dropped) -> u64 {
        self.dropped[reason as usize]
    }

    /// All repairs together; what the contract test kit compares with the adapter's allowance.
    #[must_use]
    pub fn total(&self) -> u64 {
        self.rules.iter().sum()
    }

    pub(super) fn repaired(&mut self, rule: Rule) {
        self.rules[rule as usize] += 1;
    }

    pub(super) fn drop_for(&mut self, reason: Dropped) {
        self.dropped[reason as usize] += 1;
    }
}
