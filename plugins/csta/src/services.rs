//! What the switch allows with a call just now (`servicesPermitted`).
//!
//! It comes with events of a device's monitor and with a device's snapshot, from switches that support dynamic feature
//! availability (ECMA-269, 12.2.25), and speaks of that device's part in the call. Each kind of services is an element;
//! in it stands an element for each service, with `true` where it is permitted.

use crate::dialect::Ns;
use crate::part::{Part, parts};
use crate::xml::{Node, Writer};

/// Services of one kind that are read at the most.
const MOST: usize = 64;

/// The names of the services of one kind that are permitted.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct ServiceNames(pub Vec<String>);

impl Part for ServiceNames {
    fn read(node: Node<'_, '_>) -> Self {
        let permitted = node.children().filter(|service| matches!(service.text(), "true" | "1" | ""));
        Self(permitted.take(MOST).map(|service| service.name().to_owned()).collect())
    }

    fn write(&self, name: &str, ns: Ns, writer: &mut Writer<'_>) {
        writer.open(name, ns);
        self.0.iter().for_each(|service| writer.leaf(service, ns, &[], "true"));
        writer.close(name, ns);
    }
}

parts! {
    /// The services that are permitted, by their kinds. (The spelling of the third is the standard's.)
    ServicesPermitted in Csta {
        one "callControlServices" call_control: ServiceNames,
        one "callAssociatedServices" call_associated: ServiceNames,
        one "mediaAttachementServices" media: ServiceNames,
        one "routeingServices" routeing: ServiceNames,
        one "voiceServices" voice: ServiceNames,
    }
}

impl ServicesPermitted {
    /// The names of services for calls, and of those that go with calls.
    pub fn of_calls(&self) -> impl Iterator<Item = &str> {
        self.call_control.0.iter().chain(&self.call_associated.0).map(String::as_str)
    }
}
