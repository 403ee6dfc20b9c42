//! Which device of TAPI, and which of its addresses, a line is.

use jackfield_plugin_api::{ErrorCode, Host, LineId};

use super::Machine;
use super::lines::Line;
use crate::config::AddressName;

impl Machine {
    /// Finds the devices of lines that have none.
    pub(super) fn match_lines(&mut self, host: &mut Host<'_>) {
        let open: Vec<LineId> =
            self.lines.iter().filter(|(_, line)| line.device.is_none()).map(|(id, _)| *id).collect();
        for id in open {
            self.match_line(id, host);
        }
    }

    pub(super) fn match_line(&mut self, id: LineId, host: &mut Host<'_>) {
        let Some(line) = self.lines.get(&id) else { return };
        let found = self.find(line).and_then(|(device, address)| {
            let same = |(other, theirs): &(&LineId, &Line)| {
                **other != id
                    && theirs.device == Some(device)
                    && (theirs.address.is_none() || address.is_none() || theirs.address == address)
            };
            match self.lines.iter().find(same) {
                Some((_, theirs)) => Err((
                    ErrorCode::DeviceClaimed,
                    format!("line {} is not opened: its device is line {} already", line.name, theirs.name),
                )),
                None => Ok((device, address)),
            }
        });
        let Some(line) = self.lines.get_mut(&id) else { return };
        match found {
            Ok((device, address)) => {
                (line.device, line.address, line.said) = (Some(device), address, None);
                self.open_device(device, host);
            }
            Err((code, text)) => self.line_fails(id, code, text, host),
        }
    }

    /// The device and the address that a line is.
    fn find(&self, line: &Line) -> Result<(u32, Option<u32>), (ErrorCode, String)> {
        let wanted = line.settings.device.as_ref().unwrap_or(&line.name);
        let permanent = wanted.strip_prefix("id:").and_then(|id| id.parse::<u32>().ok());
        let mut found: Vec<(u32, Option<u32>)> = Vec::new();
        for (number, device) in &self.devices {
            let about = &device.about;
            if about.caps.name == *wanted || permanent.is_some_and(|id| id == about.caps.permanent) {
                found.push((*number, None));
            } else if let Some(at) = about.addresses.iter().position(|address| address.number == *wanted) {
                found.push((*number, u32::try_from(at).ok().filter(|_| about.addresses.len() > 1)));
            }
        }
        let (number, named) = match found.as_slice() {
            [one] => *one,
            [] => {
                let text = format!(
                    "line {}: no line device of TAPI has the name or the address `{wanted}`; `tapi-probe` lists them",
                    line.name
                );
                return Err((ErrorCode::DeviceOutOfService, text));
            }
            several => {
                let text = format!(
                    "line {}: {} line devices of TAPI have the name or the address `{wanted}`; name one by `id:` and \
                     its permanent number, `tapi-probe` lists them",
                    line.name,
                    several.len()
                );
                return Err((ErrorCode::ConfigInvalid, text));
            }
        };
        let about = &self.devices[&number].about;
        if let Some(why) = &about.unusable {
            let text = format!("line {}: its device cannot be used: {why}", line.name);
            return Err((ErrorCode::DeviceOutOfService, text));
        }
        let address = match &line.settings.address {
            None => return Ok((number, named)),
            Some(AddressName::Number(at)) => Some(*at).filter(|at| about.addresses.get(*at as usize).is_some()),
            Some(AddressName::Text(text)) => {
                about.addresses.iter().position(|a| a.number == *text).and_then(|at| u32::try_from(at).ok())
            }
        };
        match address {
            Some(address) => Ok((number, Some(address))),
            None => {
                let text = format!("line {}: its device has no such `address`; `tapi-probe` lists them", line.name);
                Err((ErrorCode::ConfigInvalid, text))
            }
        }
    }
}
