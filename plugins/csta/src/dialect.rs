//! What differs between systems that speak CSTA in XML: a table.

use serde::{Deserialize, Serialize};

use crate::types::DeviceId;

/// A namespace, by what it is for. Which URI that is says the dialect.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub enum Ns {
    /// CSTA's services and events (ECMA-323).
    Csta,
    /// The session's services (ECMA-354).
    Session,
    /// The maker's own.
    Private,
}

impl Ns {
    /// The prefix that is written where the namespace is not the document's own.
    #[must_use]
    pub const fn prefix(self) -> &'static str {
        match self {
            Self::Csta => "c",
            Self::Session => "s",
            Self::Private => "acx",
        }
    }
}

/// How a session is kept alive.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum KeepAlive {
    /// `ResetApplicationSessionTimer` (ECMA-354).
    ResetTimer,
    /// The server asks (`SystemStatus`), and silence is all that is noticed.
    AnswerOnly,
}

/// How a monitor's filter is meant.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Filter {
    /// The maker's `invertFilter` is sent: what is listed is wanted.
    Inverted,
    /// As ECMA-269 has it: what is listed is *not* wanted. Nothing is listed then.
    Standard,
}

/// How a device is named.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum DeviceNames {
    /// By ids that the server gives (`GetDeviceId`).
    Asked,
    /// By its number.
    Number,
}

/// One way of speaking CSTA in XML.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Dialect {
    /// Its name in settings.
    pub name: &'static str,
    /// What people call the system.
    pub system: &'static str,
    /// Namespace of services and events.
    pub csta: &'static str,
    /// Namespace of the session.
    pub session: &'static str,
    /// Namespace of what the maker added.
    pub private: &'static str,
    /// The port without TLS.
    pub port: u16,
    /// The port with TLS; 0: there is none of its own.
    pub tls_port: u16,
    /// Protocol versions to ask for, the best one first.
    pub protocols: &'static [&'static str],
    /// Whether user and password go into the session's start.
    pub login: bool,
    /// Whether the server speaks first, by a `SystemStatus` that is to be answered.
    pub server_first: bool,
    /// How the session is kept alive.
    pub keep_alive: KeepAlive,
    /// How filters are meant.
    pub filter: Filter,
    /// How devices are named.
    pub devices: DeviceNames,
}

/// Avaya's Application Enablement Services, DMCC in XML.
pub const AVAYA: Dialect = Dialect {
    name: "avaya",
    system: "Avaya AES",
    csta: "http://www.ecma-international.org/standards/ecma-323/csta/ed3",
    session: "http://www.ecma-international.org/standards/ecma-354/appl_session",
    private: "http://www.avaya.com/csta",
    port: 4721,
    tls_port: 4722,
    protocols: &["http://www.ecma-international.org/standards/ecma-323/csta/ed3/priv7"],
    login: true,
    server_first: false,
    keep_alive: KeepAlive::ResetTimer,
    filter: Filter::Inverted,
    devices: DeviceNames::Asked,
};

/// Unify's OpenScape Voice. Its frames are the same, its session is not.
pub const OPENSCAPE: Dialect = Dialect {
    name: "openscape",
    system: "OpenScape Voice",
    csta: "http://www.ecma-international.org/standards/ecma-323/csta/ed4",
    session: "http://www.ecma-international.org/standards/ecma-354/appl_session",
    private: "http://www.siemens.com/schema/csta",
    port: 1040,
    tls_port: 0,
    protocols: &["http://www.ecma-international.org/standards/ecma-323/csta/ed4"],
    login: false,
    server_first: true,
    keep_alive: KeepAlive::AnswerOnly,
    filter: Filter::Standard,
    devices: DeviceNames::Number,
};

/// Every dialect that is known.
pub const DIALECTS: &[Dialect] = &[AVAYA, OPENSCAPE];

impl Dialect {
    /// The dialect of a name.
    #[must_use]
    pub fn by_name(name: &str) -> Option<&'static Self> {
        DIALECTS.iter().find(|dialect| dialect.name == name)
    }

    /// The id of a device with this number, where none need be asked for.
    #[must_use]
    pub fn device(&self, number: &str) -> Option<DeviceId> {
        match self.devices {
            DeviceNames::Asked => None,
            DeviceNames::Number => Some(DeviceId { id: number.to_owned(), ..DeviceId::default() }),
        }
    }

    /// The URI of a namespace.
    #[must_use]
    pub const fn uri(&self, ns: Ns) -> &'static str {
        match ns {
            Ns::Csta => self.csta,
            Ns::Session => self.session,
            Ns::Private => self.private,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn dialects_are_found_by_their_names() {
        for dialect in DIALECTS {
            assert_eq!(Dialect::by_name(dialect.name), Some(dialect));
        }
        assert_eq!(Dialect::by_name("tsapi"), None);
    }
}
