//! Addresses that may come: one (`10.0.0.5`), or all of a network (`10.0.0.0/8`).

use std::net::IpAddr;

use ipnet::IpNet;
use schemars::{Schema, SchemaGenerator, json_schema};
use serde::{Deserialize, Deserializer, Serialize, Serializer, de};

use super::schema::NETWORK;

/// Addresses that may come.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Network(IpNet);

impl Network {
    /// Whether it has this address. An IPv4 address is the same in the form that IPv6 sockets have for it.
    #[must_use]
    pub fn has(&self, address: IpAddr) -> bool {
        self.0.contains(&address.to_canonical())
    }
}

pub(super) fn parse(text: &str) -> Option<Network> {
    let network = text.parse::<IpNet>().or_else(|_| text.parse::<IpAddr>().map(IpNet::from)).ok()?;
    Some(Network(network.trunc()))
}

/// What is expected of such a value.
pub(super) fn schema(_: &mut SchemaGenerator) -> Schema {
    json_schema!({ "type": "array", "items": { "type": "string", "format": NETWORK }, "minItems": 1 })
}

impl Serialize for Network {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let whole = self.0.prefix_len() == self.0.max_prefix_len();
        if whole { serializer.collect_str(&self.0.addr()) } else { serializer.collect_str(&self.0) }
    }
}

impl<'de> Deserialize<'de> for Network {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let text = String::deserialize(deserializer)?;
        parse(&text).ok_or_else(|| de::Error::custom(format_args!("`{text}` is neither an IP address nor a network")))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_address_is_itself_and_a_network_is_all_of_it() {
        for (network, has, hasnt) in [
            ("10.0.0.5", "10.0.0.5", "10.0.0.6"),
            ("10.0.0.5", "::ffff:10.0.0.5", "::10.0.0.5"),
            ("10.1.2.3/8", "10.255.0.1", "11.0.0.1"),
            ("0.0.0.0/0", "203.0.113.9", "::1"),
            ("::1", "::1", "127.0.0.1"),
            ("fd00::/8", "fd12::1", "fe80::1"),
        ] {
            let of = parse(network).unwrap();
            assert!(of.has(has.parse().unwrap()), "{network} {has}");
            assert!(!of.has(hasnt.parse().unwrap()), "{network} {hasnt}");
        }
        for none in ["", "pbx.example", "10.0.0.0/33", "10.0.0.0/", "10.0.0", "10.0.0.5:80", "fd00::/129"] {
            assert!(parse(none).is_none(), "{none}");
        }
    }

    #[test]
    fn it_is_written_as_it_was_meant() {
        for (text, written) in [("10.0.0.5", "10.0.0.5"), ("10.0.0.5/8", "10.0.0.0/8"), ("::1/128", "::1")] {
            assert_eq!(serde_json::to_value(parse(text).unwrap()).unwrap(), written);
        }
    }
}
