//! Messages and functions in words, for people who look for what a driver does.

use jackfield_plugin_api::{Host, Raw, RawDirection};

use super::Machine;
use crate::asks::Ask;
use crate::sys::constants::{LINE_CALLINFO, LINE_CALLSTATE, LINE_LINEDEVSTATE};
use crate::sys::names;
use crate::told::{Heard, Told};

impl Machine {
    pub(super) fn show_told(&self, told: &Told, host: &mut Host<'_>) {
        if !self.config.raw {
            return;
        }
        let summary = match told {
            Told::Message(heard) => message(heard),
            Told::Returned { request, code, .. } => format!("request {request} returned {}", result(*code)),
            Told::Replied { request, code, .. } => format!("request {request} answered {}", result(*code)),
            Told::Device(device) => format!("device {} `{}`", device.device, device.caps.name),
            Told::Ready { devices, .. } => format!("ready, {devices} devices"),
            Told::Failed { step, code, .. } => format!("{step} failed {}", result(*code)),
            Told::Existing { call, .. } => format!("call {:#x} is up", call.call),
            Told::Opened { device, line, privileges, .. } => {
                format!("device {device} is open as {line:#x} {}", names::bits("LINECALLPRIVILEGE_", *privileges))
            }
            Told::NotOpened { device, step, code } => format!("device {device}: {step} {}", result(*code)),
            Told::Stray { id, code } => format!("REPLY {id} {}, to nothing", result(*code)),
            Told::Reading { function, seconds } => format!("{function} has not returned for {seconds} s"),
            Told::Ended { text, .. } => text.clone(),
            Told::Stopped => "closed".to_owned(),
        };
        let message = serde_json::to_string(told).unwrap_or_default();
        host.raw(&Raw::new(RawDirection::In, "tapi", summary, message));
    }

    pub(super) fn show_ask(&self, ask: &Ask, host: &mut Host<'_>) {
        if !self.config.raw {
            return;
        }
        let summary = match ask {
            Ask::Start => "lineInitializeEx".to_owned(),
            Ask::Look { device } => format!("lineGetDevCaps {device}"),
            Ask::Open { device, .. } => format!("lineOpen {}", device.device),
            Ask::Close { line } => format!("lineClose {line:#x}"),
            Ask::Stop => "lineShutdown".to_owned(),
            Ask::Call { request, what } => {
                let arguments = format!("{what:?}");
                let arguments = arguments.split_once(' ').map_or("", |(_, arguments)| arguments);
                format!("request {request} {} {arguments}", what.function())
            }
        };
        host.raw(&Raw::new(RawDirection::Out, "tapi", summary.clone(), summary));
    }
}

fn result(code: i32) -> String {
    if code < 0 { names::error(code) } else { code.to_string() }
}

/// A message in the words of TAPI's documents.
pub(crate) fn message(heard: &Heard) -> String {
    let name = names::one("LINE_", heard.id);
    let Heard { device, p1, p2, p3, .. } = heard;
    match heard.id {
        LINE_CALLSTATE => {
            let state = names::one("LINECALLSTATE_", *p1);
            let privilege = if *p3 == 0 { String::new() } else { names::bits("LINECALLPRIVILEGE_", *p3) };
            format!("{name} {device:#x} {state} {p2:#x} {privilege}").trim_end().to_owned()
        }
        LINE_CALLINFO => format!("{name} {device:#x} {}", names::bits("LINECALLINFOSTATE_", *p1)),
        LINE_LINEDEVSTATE => format!("{name} {device:#x} {} {p2:#x} {p3:#x}", names::bits("LINEDEVSTATE_", *p1)),
        _ => format!("{name} {device:#x} {p1:#x} {p2:#x} {p3:#x}"),
    }
}
