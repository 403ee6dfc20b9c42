//! A call that rings at another station is answered here: the switch is asked which one it is, then for the call.

use jackfield_csta::types::{DeviceId, LocalState};
use jackfield_csta::{DirectedPickupCall, Message, snapshot};
use jackfield_plugin_api::{CommandError, CommandId, ErrorCode, Host};

use crate::adapter::Avaya;
use crate::commands::{Job, too_many};
use crate::errors::{refusal, understand, unexpected};
use crate::events::usable;
use crate::net::Ask;

impl Avaya {
    /// The calls at the device are told: the first one that rings is taken.
    pub(crate) fn rings_there(&mut self, job: &Job, answer: &Message, host: &mut Host<'_>) {
        let Message::SnapshotDeviceResponse(response) = answer else {
            let error = understand(&refusal(answer).unwrap_or_else(|| unexpected(answer)));
            return host.refuse(job.id, error.answer("SnapshotDevice"));
        };
        let calls = response.found.data.as_ref().map_or(&[][..], |data| &data.calls);
        let ringing = calls.iter().find(|info| {
            let local = snapshot::found(info).map(|found| found.local);
            local == Some(LocalState::Alerting) && usable(&info.connection.call)
        });
        let Some(ringing) = ringing else { return nothing(job.id, host) };
        let Some(own) = self.lines.get(&job.line).and_then(|line| line.device.clone()) else {
            return host.refuse(job.id, CommandError::new(ErrorCode::Cancelled, "the line was closed"));
        };
        let call = ringing.connection.clone();
        let request = DirectedPickupCall { call, requesting: DeviceId::new(own), ..DirectedPickupCall::default() };
        let until = host.now() + self.config.answer_timeout() * 2;
        if !self.scene(host).ask(Ask::Command(Box::new(job.clone())), request) {
            return host.refuse(job.id, too_many());
        }
        if let Some(line) = self.lines.get_mut(&job.line) {
            line.picking = Some((job.id, until));
        }
    }
}

fn nothing(id: CommandId, host: &mut Host<'_>) {
    let text = "nothing rings at that station: it was answered meanwhile, or the caller gave up";
    host.refuse(id, CommandError::new(ErrorCode::NothingToPickUp, text));
}
