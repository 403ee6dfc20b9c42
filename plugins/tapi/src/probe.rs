//! What a TAPI has, in words, and its messages as they come: for `tapi-probe`, and nothing that the adapter uses.

use std::sync::Mutex;
use std::sync::mpsc::{self, Receiver, Sender};
use std::time::{Duration, Instant};

use crate::asks::Ask;
use crate::extensions::{Extension, Wanted, words};
use crate::machine::message;
use crate::room::{Ear, Room, installed};
use crate::sys::constants::{LINECALLPRIVILEGE_MONITOR, LINECALLPRIVILEGE_NONE};
use crate::sys::names;
use crate::told::{Address, Device, Told};

/// How long TAPI may take to begin.
const PATIENCE: Duration = Duration::from_secs(60);
/// The messages about a line that are asked for: all.
const ALL: u32 = 0x01ff_ffff;

/// What is to be done.
#[derive(Debug, Clone)]
pub struct Probe {
    /// The library with TAPI's functions.
    pub library: String,
    /// The devices whose messages are shown, by name or address, to see and not to control. Empty: all.
    pub lines: Vec<String>,
    /// How long messages are shown; absent: only what there is.
    pub listen: Option<Duration>,
}

struct Channel(Mutex<Sender<Vec<u8>>>);

impl Ear for Channel {
    fn hear(&self, told: &[u8]) -> bool {
        self.0.lock().is_ok_and(|sender| sender.send(told.to_vec()).is_ok())
    }
}

/// Shows drivers, devices, addresses with what they can do, and messages.
///
/// # Errors
/// TAPI cannot be used, in words.
pub fn probe(what: &Probe, say: &mut dyn FnMut(&str)) -> Result<(), String> {
    let (providers, missing) = installed(&what.library)?;
    say(&format!("library {}", what.library));
    if !missing.is_empty() {
        say(&format!("  it has no {}", missing.join(", ")));
    }
    for provider in providers {
        say(&format!("provider {} {}", provider.id, provider.name));
    }
    let (sender, told) = mpsc::channel();
    let room = Room::new(Box::new(Channel(Mutex::new(sender))), &what.library, vec![Wanted::ALL])
        .map_err(|error| error.to_string())?;
    room.ask(Ask::Start);
    let devices = begin(&told, say)?;
    if let Some(time) = what.listen {
        listen(&room, &told, &devices, what, time, say);
    }
    room.finish(Duration::from_secs(5));
    Ok(())
}

fn next(told: &Receiver<Vec<u8>>, until: Instant) -> Option<Told> {
    let bytes = told.recv_timeout(until.saturating_duration_since(Instant::now())).ok()?;
    serde_json::from_slice(&bytes).ok()
}

fn begin(told: &Receiver<Vec<u8>>, say: &mut dyn FnMut(&str)) -> Result<Vec<Device>, String> {
    let until = Instant::now() + PATIENCE;
    let mut devices = Vec::new();
    loop {
        match next(told, until) {
            Some(Told::Device(device)) => {
                show(&device, say);
                devices.push(device);
            }
            Some(Told::Ready { .. }) => return Ok(devices),
            Some(Told::Failed { step, text, .. }) => return Err(format!("{step}: {text}")),
            Some(Told::Ended { text, .. }) => return Err(text),
            Some(_) => {}
            None => return Err(format!("TAPI has not begun within {PATIENCE:?}: a driver hangs")),
        }
    }
}

fn show(device: &Device, say: &mut dyn FnMut(&str)) {
    if let Some(why) = &device.unusable {
        return say(&format!("device {}: cannot be used: {why}", device.device));
    }
    let caps = &device.caps;
    let version = format!("{}.{}", device.version >> 16, device.version & 0xffff);
    say(&format!("device {} `{}` id:{} TAPI {version}", device.device, caps.name, caps.permanent));
    say(format!("  driver {} {}", caps.provider, caps.switch).trim_end());
    if let Some(Extension { id, version, refused }) = device.extension {
        let version = refused.map_or_else(|| format!("up to version {}", words(version)), names::error);
        say(&format!("  extensions {id} {version}"));
    }
    for (name, family, bits) in [
        ("line features", "LINEFEATURE_", caps.features),
        ("media", "LINEMEDIAMODE_", caps.media),
        ("line states", "LINEDEVSTATE_", caps.states),
        ("digits", "LINEDIGITMODE_", caps.generates),
        ("digits heard", "LINEDIGITMODE_", caps.monitors),
    ] {
        say(&format!("  {name} {}", names::bits(family, bits)));
    }
    for (number, address) in device.addresses.iter().enumerate() {
        show_address(number, address, say);
    }
}

fn show_address(number: usize, address: &Address, say: &mut dyn FnMut(&str)) {
    say(&format!("  address {number} `{}`", address.number));
    for (name, family, bits) in [
        ("features", "LINEADDRFEATURE_", address.features),
        ("call features", "LINECALLFEATURE_", address.call_features),
        ("call features 2", "LINECALLFEATURE2_", address.call_features2),
        ("call states", "LINECALLSTATE_", address.states),
        ("transfer modes", "LINETRANSFERMODE_", address.transfer_modes),
        ("park modes", "LINEPARKMODE_", address.park_modes),
        ("forward modes", "LINEFORWARDMODE_", address.forward_modes),
    ] {
        say(&format!("    {name} {}", names::bits(family, bits)));
    }
}

fn listen(
    room: &Room,
    told: &Receiver<Vec<u8>>,
    devices: &[Device],
    what: &Probe,
    time: Duration,
    say: &mut dyn FnMut(&str),
) {
    let wanted = |device: &&Device| {
        let named =
            |name: &String| device.caps.name == *name || device.addresses.iter().any(|address| address.number == *name);
        device.unusable.is_none() && (what.lines.is_empty() || what.lines.iter().any(named))
    };
    for device in devices.iter().filter(wanted) {
        let addresses = u32::try_from(device.addresses.len()).unwrap_or(1);
        let states = if device.caps.states == 0 { ALL } else { device.caps.states };
        let privileges = vec![LINECALLPRIVILEGE_MONITOR, LINECALLPRIVILEGE_NONE];
        // Who only looks on does not choose a version of extensions for other programs.
        let device = Box::new(Device { extension: None, ..device.clone() });
        room.ask(Ask::Open { device, privileges, addresses, states });
    }
    let until = Instant::now() + time;
    while let Some(told) = next(told, until) {
        match told {
            Told::Message(heard) => {
                say(&message(&heard));
                if let Some(call) = &heard.call {
                    say(&format!("  {}", serde_json::to_string(call).unwrap_or_default()));
                }
            }
            Told::Existing { call, .. } => {
                say(&format!("call is up {}", serde_json::to_string(&call).unwrap_or_default()));
            }
            Told::Opened { device, privileges, .. } => {
                say(&format!("device {device} is open: {}", names::bits("LINECALLPRIVILEGE_", privileges)));
            }
            Told::NotOpened { device, step, code } => {
                say(&format!("device {device} cannot be opened: {step}: {}", names::error(code)));
            }
            Told::Reading { function, seconds } => say(&format!("{function} has not returned for {seconds} s")),
            Told::Ended { text, .. } => return say(&text),
            _ => {}
        }
    }
}
