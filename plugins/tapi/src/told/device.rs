//! What is told of lines and addresses: what they can, and what they are now.

use serde::{Deserialize, Serialize};

use super::none;
use crate::extensions::Extension;
use crate::sys::constants::{LINEDEVSTATUSFLAGS_CONNECTED, LINEDEVSTATUSFLAGS_INSERVICE};

/// A line device: what can be known of it before it is opened.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub(crate) struct Device {
    /// The device's number.
    pub(crate) device: u32,
    /// The version that was agreed on; 0: none.
    pub(crate) version: u32,
    /// The extensions of its driver; absent: it has none.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) extension: Option<Extension>,
    /// Why it cannot be used; absent: it can.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) unusable: Option<String>,
    /// Its capabilities.
    pub(crate) caps: DeviceCaps,
    /// Its addresses.
    pub(crate) addresses: Vec<Address>,
}

/// What is used of LINEDEVCAPS.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub(crate) struct DeviceCaps {
    pub(crate) provider: String,
    #[serde(skip_serializing_if = "String::is_empty")]
    pub(crate) switch: String,
    #[serde(skip_serializing_if = "none")]
    pub(crate) permanent: u32,
    pub(crate) name: String,
    #[serde(skip_serializing_if = "none")]
    pub(crate) addresses: u32,
    #[serde(skip_serializing_if = "none")]
    pub(crate) media: u32,
    #[serde(skip_serializing_if = "none")]
    pub(crate) bearer: u32,
    #[serde(skip_serializing_if = "none")]
    pub(crate) generates: u32,
    #[serde(skip_serializing_if = "none")]
    pub(crate) monitors: u32,
    #[serde(skip_serializing_if = "none")]
    pub(crate) states: u32,
    #[serde(skip_serializing_if = "none")]
    pub(crate) features: u32,
    #[serde(skip_serializing_if = "none")]
    pub(crate) flags: u32,
    #[serde(skip_serializing_if = "none")]
    pub(crate) most_calls: u32,
}

/// What is used of LINEADDRESSCAPS.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub(crate) struct Address {
    pub(crate) number: String,
    #[serde(skip_serializing_if = "none")]
    pub(crate) states: u32,
    #[serde(skip_serializing_if = "none")]
    pub(crate) busy_modes: u32,
    #[serde(skip_serializing_if = "none")]
    pub(crate) call_features: u32,
    #[serde(skip_serializing_if = "none")]
    pub(crate) call_features2: u32,
    #[serde(skip_serializing_if = "none")]
    pub(crate) features: u32,
    #[serde(skip_serializing_if = "none")]
    pub(crate) transfer_modes: u32,
    #[serde(skip_serializing_if = "none")]
    pub(crate) park_modes: u32,
    #[serde(skip_serializing_if = "none")]
    pub(crate) forward_modes: u32,
    #[serde(skip_serializing_if = "none")]
    pub(crate) flags: u32,
}

impl Address {
    /// An address that says nothing.
    pub(crate) const NOTHING: Self = Self {
        number: String::new(),
        states: 0,
        busy_modes: 0,
        call_features: 0,
        call_features2: 0,
        features: 0,
        transfer_modes: 0,
        park_modes: 0,
        forward_modes: 0,
        flags: 0,
    };
}

/// What is used of LINEDEVSTATUS.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub(crate) struct LineStatus {
    #[serde(skip_serializing_if = "none")]
    pub(crate) features: u32,
    #[serde(skip_serializing_if = "none")]
    pub(crate) flags: u32,
}

impl LineStatus {
    /// When a driver does not tell: it works.
    pub(crate) const UNKNOWN: Self =
        Self { features: 0, flags: LINEDEVSTATUSFLAGS_INSERVICE | LINEDEVSTATUSFLAGS_CONNECTED };
}

/// What is used of LINEADDRESSSTATUS.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub(crate) struct AddressStatus {
    #[serde(skip_serializing_if = "none")]
    pub(crate) features: u32,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub(crate) forwards: Vec<Forward>,
}

/// A forwarding.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
#[serde(default)]
pub(crate) struct Forward {
    /// LINEFORWARDMODE.
    pub(crate) mode: u32,
    /// Where to; empty: nowhere.
    pub(crate) to: String,
}
