//! The thread that calls TAPI's functions, one after the other.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::mpsc::{Receiver, RecvTimeoutError};
use std::thread::{self, JoinHandle};
use std::time::Duration;

use super::functions::{Functions, NULL};
use super::lookup::{NEWEST, UNAVAILABLE};
use super::memory::Memory;
use super::{Job, Shared, reader};
use crate::asks::{Ask, Request};
use crate::sys::constants::{
    LINECALLSELECT_LINE, LINEERR_INCOMPATIBLEEXTVERSION, LINEERR_INVALMEDIAMODE, LINEERR_OPERATIONFAILED,
    LINEINITIALIZEEXOPTION_USEEVENT, LINEMEDIAMODE_INTERACTIVEVOICE, LINEMEDIAMODE_UNKNOWN, error,
};
use crate::sys::{names, write};
use crate::told::{Device, Given, LineStatus, Told};

/// The name under which other programs see this one.
const APPLICATION: &str = "Jackfield";
/// A number of devices that no system has; also what stays there when a function writes nothing.
const UNTOUCHED: u32 = u32::MAX;
/// Devices that are looked at.
const MOST_DEVICES: u32 = 10_000;
/// Requests that may wait for their answers: each keeps its memory. A driver that leaves more of them unanswered is begun
/// anew.
const MOST_WAITING: usize = if cfg!(test) { 64 } else { 4_096 };
/// How long functions that the reading thread calls take at most where nothing is wrong; how often that is looked at.
const USUAL: Duration = Duration::from_secs(1);
/// All messages about addresses.
const ADDRESS_STATES: u32 = 0x1ff;

/// An application of TAPI that has begun.
struct Running {
    app: u32,
    reader: JoinHandle<()>,
    /// Set when it is to end.
    ending: Arc<AtomicBool>,
}

/// Works until nobody asks any more.
pub(super) fn work(library: &str, shared: &Arc<Shared>, jobs: &Receiver<Job>) {
    let mut caller = Caller { library, shared, functions: None, running: None };
    loop {
        match jobs.recv_timeout(USUAL) {
            Ok(Job::Do(ask)) => caller.ask(ask),
            Ok(Job::Finish(done)) => {
                caller.stop();
                // Who waited may have gone.
                let _ = done.send(());
            }
            Err(RecvTimeoutError::Timeout) => {
                if let Some((long, function)) = shared.reads_long(USUAL) {
                    let seconds = u32::try_from(long.as_secs()).unwrap_or(u32::MAX);
                    shared.tell(&Told::Reading { function: function.to_owned(), seconds });
                }
            }
            Err(RecvTimeoutError::Disconnected) => break,
        }
    }
    caller.stop();
}

struct Caller<'a> {
    library: &'a str,
    shared: &'a Arc<Shared>,
    functions: Option<Arc<Functions>>,
    running: Option<Running>,
}

impl Caller<'_> {
    fn ask(&mut self, ask: Ask) {
        match ask {
            Ask::Start => self.start(),
            Ask::Look { device } => {
                if let (Some(functions), Some(running)) = (&self.functions, &self.running) {
                    self.shared.tell(&Told::Device(functions.device(running.app, device, &self.shared.extensions)));
                }
            }
            Ask::Open { device, privileges, addresses, states } => {
                self.open(&device, &privileges, addresses, states);
            }
            Ask::Close { line } => {
                if let Some(functions) = &self.functions {
                    functions.close_line(line);
                }
            }
            Ask::Stop => {
                self.stop();
                self.shared.tell(&Told::Stopped);
            }
            Ask::Call { request, what } => self.call(request, &what),
        }
    }

    fn start(&mut self) {
        self.stop();
        if let Err((step, code, text)) = self.begin() {
            self.shared.tell(&Told::Failed { step: step.to_owned(), code, text });
        }
    }

    fn begin(&mut self) -> Result<(), (&'static str, i32, String)> {
        let functions = match &self.functions {
            Some(functions) => Arc::clone(functions),
            None => Arc::new(Functions::load(self.library).map_err(|text| ("library", 0, text))?),
        };
        self.functions = Some(Arc::clone(&functions));
        let step = "lineInitializeEx";
        let (app, devices) = initialize(&functions).map_err(|code| (step, code, names::error(code)))?;
        if app == 0 || devices == UNTOUCHED {
            let text = format!(
                "`{}` says that it is done and has done nothing: it is a stub (Wine has one), no TAPI. Look at the \
                 setting `library`",
                self.library
            );
            return Err((step, 0, text));
        }
        let ending = Arc::new(AtomicBool::new(false));
        let (theirs, over, shared) = (Arc::clone(&functions), Arc::clone(&ending), Arc::clone(self.shared));
        // Before the devices are told: a message that comes now must not be lost.
        let thread = thread::Builder::new().name("tapi-messages".into());
        let reader = thread
            .spawn(move || reader::read(&theirs, app, &shared, &over))
            .map_err(|e| ("thread", 0, format!("the system gives no thread: {e}")))?;
        self.running = Some(Running { app, reader, ending });
        for device in 0..devices.min(MOST_DEVICES) {
            self.shared.tell(&Told::Device(functions.device(app, device, &self.shared.extensions)));
        }
        let missing = functions.missing().into_iter().map(ToOwned::to_owned).collect();
        self.shared.tell(&Told::Ready { version: NEWEST, devices, missing });
        Ok(())
    }

    fn open(&self, device: &Device, privileges: &[u32], addresses: u32, states: u32) {
        let (Some(functions), Some(running)) = (&self.functions, &self.running) else { return };
        let number = device.device;
        let Opened { line, privileges, extension } = match open(functions, running.app, device, privileges) {
            Ok(opened) => opened,
            Err(code) => {
                let step = "lineOpen".to_owned();
                return self.shared.tell(&Told::NotOpened { device: number, step, code });
            }
        };
        // A driver without such messages still tells its calls.
        functions.tell_states(line, states, ADDRESS_STATES);
        let status = functions.line_now(line);
        let addresses = (0..addresses).map(|address| functions.address_now(line, address)).collect();
        for call in functions.calls_of(line, LINECALLSELECT_LINE).unwrap_or_default() {
            self.shared.tell(&Told::Existing { device: number, call: functions.call_now(call) });
        }
        let status = status.unwrap_or(LineStatus::UNKNOWN);
        self.shared.tell(&Told::Opened { device: number, line, privileges, extension, status, addresses });
    }

    fn call(&self, request: u64, what: &Request) {
        let told = |code, given| Told::Returned { request, code, given };
        let (Some(functions), Some(_)) = (&self.functions, &self.running) else {
            return self.shared.tell(&told(UNAVAILABLE, Given::Nothing));
        };
        if self.shared.requests().len() >= MOST_WAITING {
            let code = error(LINEERR_OPERATIONFAILED);
            self.shared.tell(&told(code, Given::Nothing));
            let text = format!("{MOST_WAITING} requests wait for an answer of their drivers: TAPI is begun anew");
            return self.shared.tell(&Told::Ended { code, text });
        }
        if let Request::GetAddressStatus { line, address } = what {
            let now = functions.address_now(*line, *address);
            let (code, given) = now.map_or((UNAVAILABLE, Given::Nothing), |now| (0, Given::Address(now)));
            return self.shared.tell(&told(code, given));
        }
        if let Request::LookAtCall { call } = what {
            let given = Given::Call(Box::new(functions.call_now(*call)));
            return self.shared.tell(&told(0, given));
        }
        self.shared.requests().calling();
        let (code, kept) = functions.begin(what);
        let settled = self.shared.requests().returned(u32::try_from(code).ok().filter(|id| *id != 0), request, kept);
        match settled.done {
            Some((kept, None)) => {
                let given = match what {
                    _ if code != 0 => Given::Nothing,
                    // What can be done with it changes with it, and no message need tell.
                    Request::SetPrivilege { call, .. } => Given::Call(Box::new(functions.call_now(*call))),
                    _ => kept.given(),
                };
                self.shared.tell(&told(code, given));
            }
            Some((kept, Some(answer))) => {
                self.shared.tell(&told(code, Given::Nothing));
                let given = if answer == 0 { reader::given(self.shared, kept) } else { Given::Nothing };
                self.shared.tell(&Told::Replied { request, code: answer, given });
            }
            None => self.shared.tell(&told(code, Given::Nothing)),
        }
        for (id, code) in settled.strays {
            self.shared.tell(&Told::Stray { id, code });
        }
    }

    /// Ends the application, waits for the reading thread, and lets go of what requests kept.
    fn stop(&mut self) {
        let Some(running) = self.running.take() else { return };
        running.ending.store(true, Ordering::Release);
        if let Some(shutdown) = self.functions.as_ref().and_then(|functions| functions.shutdown) {
            // SAFETY: no pointers.
            unsafe { shutdown(running.app) };
        }
        // It has no panic of its own to tell.
        let _ = running.reader.join();
        // After lineShutdown nobody writes into them any more.
        *self.shared.requests() = Default::default();
    }
}

/// Begins. The application's handle and the number of devices.
fn initialize(functions: &Functions) -> Result<(u32, u32), i32> {
    let initialize = functions.initialize.ok_or(UNAVAILABLE)?;
    let (app, devices, version) =
        (Memory::new(4), Memory::of(&UNTOUCHED.to_ne_bytes()), Memory::of(&NEWEST.to_ne_bytes()));
    let name = Memory::of(&write::wide(APPLICATION));
    let params = Memory::of(&write::initialize(LINEINITIALIZEEXOPTION_USEEVENT));
    // SAFETY: all pointers are to memory of the sizes that the function reads and writes, and live for the call; instance
    // and callback are null, as TAPI takes it for events that are waited for.
    let code = unsafe {
        let (app, devices, version) = (app.pointer(), devices.pointer(), version.pointer());
        initialize(app, NULL, NULL, name.pointer(), devices, version, params.pointer())
    };
    if code == 0 { Ok((app.dword(), devices.dword())) } else { Err(code) }
}

/// A device that is open.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Opened {
    pub(super) line: u32,
    pub(super) privileges: u32,
    /// The version of its driver's extensions that it is open with.
    pub(super) extension: u32,
}

/// Opens a device with the most privileges that can be had. Where another program has it open with another version of its
/// driver's extensions, it is opened without them; where its driver does not know which media a call has, with voice alone.
///
/// # Errors
/// What the first try returned.
pub(super) fn open(functions: &Functions, app: u32, device: &Device, privileges: &[u32]) -> Result<Opened, i32> {
    let mut first = None;
    let mut extension = device.extension.map_or(0, |extension| extension.version);
    let mut media = LINEMEDIAMODE_INTERACTIVEVOICE | (LINEMEDIAMODE_UNKNOWN & device.caps.media);
    for privileges in privileges {
        let try_it = |extension, media| functions.open_line(app, device, extension, *privileges, media);
        let mut opened = try_it(extension, media);
        if opened == Err(error(LINEERR_INCOMPATIBLEEXTVERSION)) && extension != 0 {
            extension = 0;
            opened = try_it(extension, media);
        }
        if opened == Err(error(LINEERR_INVALMEDIAMODE)) && media != LINEMEDIAMODE_INTERACTIVEVOICE {
            media = LINEMEDIAMODE_INTERACTIVEVOICE;
            opened = try_it(extension, media);
        }
        match opened {
            Ok(line) => return Ok(Opened { line, privileges: *privileges, extension }),
            Err(code) => first = first.or(Some(code)),
        }
    }
    Err(first.unwrap_or(UNAVAILABLE))
}
