//! What is to be done, as requests of CSTA.

use jackfield_csta::private::{Block, Extensions, SetAgentData};
use jackfield_csta::types::{ConnectionId, DeviceId, UserData, hex};
use jackfield_csta::{
    AlternateCall, AnswerCall, ClearConnection, ConferenceCall, ConsultationCall, DeflectCall, GenerateDigits,
    HoldCall, MakeCall, Message, ReconnectCall, RetrieveCall, SetAgentState, SetDoNotDisturb, SetForwarding,
    SingleStepConferenceCall, SingleStepTransferCall, SnapshotDevice, TransferCall,
};
use jackfield_plugin_api::{CallKey, CommandError, ErrorCode, ForwardingKind};

use super::What;
use crate::config::Config;
use crate::line::Line;

/// The request for something. `target` is the device id of the number that it names, `secret` the agent's password.
///
/// # Errors
/// The call has ended meanwhile; the station is not known.
pub(crate) fn request(
    line: &Line,
    what: &What,
    target: Option<&str>,
    secret: Option<&str>,
    config: &Config,
) -> Result<Message, CommandError> {
    let Some(device) = line.device.as_deref() else {
        return Err(CommandError::new(ErrorCode::DeviceOutOfService, "the station is not known at AE Services"));
    };
    let own = || DeviceId::new(device);
    let target = || DeviceId::new(target.unwrap_or_default());
    let at = |key: &CallKey| connection(line, key);
    Ok(match what {
        What::Make { uui, .. } => MakeCall {
            calling: own(),
            called: target(),
            auto_originate: Some(if config.auto_originate { "doNotPrompt" } else { "prompt" }.to_owned()),
            user_data: (!uui.is_empty()).then(|| UserData::new(uui)),
            ..MakeCall::default()
        }
        .into(),
        What::Answer(call) => AnswerCall { call: at(call)?, ..AnswerCall::default() }.into(),
        What::Drop(call) => ClearConnection { connection: at(call)?, ..ClearConnection::default() }.into(),
        What::Hold(call) => HoldCall { call: at(call)?, ..HoldCall::default() }.into(),
        What::Unhold(call) => RetrieveCall { call: at(call)?, extensions: None }.into(),
        What::Consult { first, .. } => ConsultationCall {
            existing: at(first)?,
            consulted: target(),
            options: Some("unrestricted".to_owned()),
            ..ConsultationCall::default()
        }
        .into(),
        What::Transfer { held, active } => {
            TransferCall { held: at(held)?, active: at(active)?, extensions: None }.into()
        }
        What::Conference { held, active } => {
            ConferenceCall { held: at(held)?, active: at(active)?, extensions: None }.into()
        }
        What::Alternate { held, active } => {
            AlternateCall { held: at(held)?, active: at(active)?, extensions: None }.into()
        }
        What::Reconnect { held, active } => {
            ReconnectCall { active: at(active)?, held: at(held)?, extensions: None }.into()
        }
        What::Single { call, .. } => {
            SingleStepTransferCall { active: at(call)?, to: target(), ..SingleStepTransferCall::default() }.into()
        }
        What::Deflect { call, .. } => DeflectCall { call: at(call)?, to: target(), ..DeflectCall::default() }.into(),
        What::Join { call, participation, .. } => SingleStepConferenceCall {
            active: at(call)?,
            joining: target(),
            participation: Some(participation.clone()),
            extensions: None,
        }
        .into(),
        What::Digits { call, digits, tone } => {
            GenerateDigits { connection: at(call)?, mode: None, digits: digits.clone(), tone: *tone, extensions: None }
                .into()
        }
        What::Agent { state, mode, reason, agent, login } => {
            let private = (!mode.is_empty() || reason.is_some()).then(|| {
                Extensions::new(Block::SetAgent(SetAgentData {
                    work_mode: (!mode.is_empty()).then(|| mode.clone()),
                    reason: reason.clone().or_else(|| login.then(|| "0".to_owned())),
                    // Who talks goes into the state when the call is over.
                    pending: Some(line.agent.is_busy()),
                }))
            });
            SetAgentState {
                device: own(),
                state: state.clone(),
                agent: agent.clone().or_else(|| line.agent.id.clone()),
                password: secret.filter(|_| *login).map(|secret| hex(secret.as_bytes())),
                group: line
                    .split
                    .as_ref()
                    .filter(|_| *login)
                    .map(|split| DeviceId::new(format!("{split}:{}::0", config.switch))),
                extensions: private,
            }
            .into()
        }
        What::Forward { kind, to } => SetForwarding {
            device: own(),
            kind: Some(forwarding(*kind).to_owned()),
            on: to.is_some(),
            to: to.as_ref().map(|_| target()),
            ..SetForwarding::default()
        }
        .into(),
        // The call that rings there is asked for when it is known.
        What::PickUp { .. } => SnapshotDevice { device: target(), extensions: None }.into(),
        What::Dnd(on) => SetDoNotDisturb { device: own(), on: *on, extensions: None }.into(),
    })
}

fn connection(line: &Line, key: &CallKey) -> Result<ConnectionId, CommandError> {
    let Some(call) = line.by_key(key) else {
        return Err(CommandError::new(ErrorCode::InvalidCallState, "the call ended before it was done"));
    };
    Ok(ConnectionId::new(call.native.as_str(), call.own.as_str()))
}

/// A kind of forwarding, as CSTA calls it.
pub(crate) fn forwarding(kind: ForwardingKind) -> &'static str {
    match kind {
        ForwardingKind::Busy => "forwardBusy",
        ForwardingKind::NoAnswer => "forwardNoAns",
        _ => "forwardImmediate",
    }
}
