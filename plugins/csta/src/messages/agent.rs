//! Agents, forwarding, do not disturb.

use crate::dialect::Ns;
use crate::part::{Part, parts, words};
use crate::private::Extensions;
use crate::types::DeviceId;
use crate::xml::{Node, Writer};

words! {
    /// An agent's state.
    AgentState {
        Null = "agentNull",
        NotReady = "agentNotReady",
        Ready = "agentReady",
        Busy = "agentBusy",
        WorkingAfterCall = "agentWorkingAfterCall",
    }
}

parts! {
    /// An agent's state is to be set.
    SetAgentState in Csta {
        one "device" device: DeviceId,
        /// `loggedOn`, `loggedOff`, `notReady`, `ready`, `workingAfterCall`.
        one "requestedAgentState" state: String,
        opt "agentID" agent: String,
        /// Hexadecimal digits.
        opt "password" password: String,
        opt "group" group: DeviceId,
        opt "extensions" extensions: Extensions,
    }
    /// It is, or will be.
    SetAgentStateResponse in Csta {
        opt "pendingAgentState" pending: String,
        opt "extensions" extensions: Extensions,
    }
    /// Which agents are at a device, and how?
    GetAgentState in Csta {
        one "device" device: DeviceId,
        opt "acdGroup" group: DeviceId,
        opt "extensions" extensions: Extensions,
    }
    /// The state in one group.
    AgentInfoItem in Csta {
        opt "acdGroup" group: DeviceId,
        one "agentState" state: AgentState,
        opt "pendingAgentState" pending: AgentState,
    }
    /// The states in all groups.
    AgentInfo in Csta {
        all "agentInfoItem" items: AgentInfoItem,
    }
    /// One agent.
    AgentStateEntry in Csta {
        opt "agentID" agent: String,
        one "loggedOnState" logged_on: bool,
        opt "agentInfo" info: AgentInfo,
    }
    /// All agents.
    AgentStateList in Csta {
        all "agentStateEntry" agents: AgentStateEntry,
    }
    /// The agents at a device.
    GetAgentStateResponse in Csta {
        opt "agentStateList" list: AgentStateList,
        opt "extensions" extensions: Extensions,
    }
    /// A forwarding is to be set.
    SetForwarding in Csta {
        one "device" device: DeviceId,
        opt "forwardingType" kind: String,
        one "activateForward" on: bool,
        opt "forwardDN" to: DeviceId,
        opt "ringCount" rings: u32,
        opt "extensions" extensions: Extensions,
    }
    /// It is.
    SetForwardingResponse in Csta {
        opt "extensions" extensions: Extensions,
    }
    /// Do not disturb is to be set.
    SetDoNotDisturb in Csta {
        one "device" device: DeviceId,
        one "doNotDisturbOn" on: bool,
        opt "extensions" extensions: Extensions,
    }
    /// It is.
    SetDoNotDisturbResponse in Csta {
        opt "extensions" extensions: Extensions,
    }
    /// Which forwardings are set?
    GetForwarding in Csta {
        one "device" device: DeviceId,
        opt "extensions" extensions: Extensions,
    }
    /// One forwarding.
    ForwardingItem in Csta {
        opt "forwardingType" kind: String,
        one "forwardStatus" on: bool,
        opt "forwardDN" dn: DeviceId,
        opt "forwardTo" to: DeviceId,
    }
    /// The forwardings.
    GetForwardingResponse in Csta {
        opt "forwardingList" list: ForwardingList,
        opt "extensions" extensions: Extensions,
    }
    /// Is do not disturb set?
    GetDoNotDisturb in Csta {
        one "device" device: DeviceId,
        opt "extensions" extensions: Extensions,
    }
    /// Whether it is.
    GetDoNotDisturbResponse in Csta {
        one "doNotDisturbOn" on: bool,
        opt "extensions" extensions: Extensions,
    }
}

/// All forwardings. What an item's element is called is not known for sure, so every child is one.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct ForwardingList {
    /// The forwardings.
    pub items: Vec<ForwardingItem>,
}

impl Part for ForwardingList {
    fn read(node: Node<'_, '_>) -> Self {
        Self { items: node.children().map(ForwardingItem::read).collect() }
    }

    fn write(&self, name: &str, ns: Ns, writer: &mut Writer<'_>) {
        writer.open(name, ns);
        for item in &self.items {
            item.write("forwardListItem", Ns::Csta, writer);
        }
        writer.close(name, ns);
    }
}
