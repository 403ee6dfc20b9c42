//! A program of TAPI for tests: it loads the finished library by its path, as any program does, and knows nothing of it
//! but what the interface says.
#![allow(
    unsafe_code,
    dead_code,
    unreachable_pub,
    missing_docs,
    clippy::expect_used,
    clippy::unwrap_used,
    clippy::panic,
    clippy::needless_pass_by_value,
    reason = "a C interface, for tests; each uses a part of it"
)]

use std::ffi::{CStr, CString, c_char};
use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

use cti_tapisim::constants::*;
use cti_tapisim::layout::*;
use libloading::Library;
use serde_json::{Value, json};

/// How long a test waits for what must come.
pub const PATIENCE: Duration = Duration::from_secs(60);

/// A library with its configuration beside it, in a folder of its own: a process may have several.
pub struct Tapi {
    library: Library,
    folder: tempfile::TempDir,
    /// The program's handle; 0 before `begin`.
    pub app: u32,
    /// Messages that were read and not looked for yet.
    pub seen: Vec<Message>,
}

/// A message with its names.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Message {
    pub id: u32,
    pub device: u32,
    pub instance: usize,
    pub first: u32,
    pub second: u32,
    pub third: u32,
}

impl Message {
    pub fn is_state(&self, call: u32, state: u32) -> bool {
        self.id == LINE_CALLSTATE && self.device == call && self.first == state
    }
}

/// The finished library: beside the test's own program.
pub fn built() -> PathBuf {
    let program = std::env::current_exe().expect("the test's own path");
    let name = format!("{}cti_tapisim{}", std::env::consts::DLL_PREFIX, std::env::consts::DLL_SUFFIX);
    program.parent().expect("a folder").join(name)
}

/// Puts bytes of a library into a folder, with a configuration.
pub fn put(folder: &Path, library: &[u8], config: Option<&Value>) -> PathBuf {
    let path = folder.join(built().file_name().expect("a name"));
    std::fs::write(&path, library).expect("written");
    if let Some(config) = config {
        std::fs::write(path.with_extension("json"), config.to_string()).expect("written");
    }
    path
}

impl Tapi {
    pub fn with(config: &Value) -> Self {
        Self::of(&std::fs::read(built()).expect("the library was built"), Some(config))
    }

    pub fn of(library: &[u8], config: Option<&Value>) -> Self {
        let folder = tempfile::tempdir().expect("a folder");
        let path = put(folder.path(), library, config);
        // SAFETY: our own library.
        let library = unsafe { Library::new(&path) }.expect("loaded");
        Self { library, folder, app: 0, seen: Vec::new() }
    }

    pub fn folder(&self) -> &Path {
        self.folder.path()
    }

    pub fn has(&self, name: &str) -> bool {
        // SAFETY: nothing is called.
        unsafe { self.library.get::<*const ()>(name) }.is_ok()
    }

    /// A function with parameters of up to nine machine words.
    pub fn call(&self, name: &str, arguments: &[usize]) -> i32 {
        let mut a = [0usize; 9];
        a[..arguments.len()].copy_from_slice(arguments);
        type Nine = unsafe extern "system" fn(usize, usize, usize, usize, usize, usize, usize, usize, usize) -> i32;
        // SAFETY: on the systems that tests run on, words that a function does not look at do no harm; addresses are
        // those of live memory.
        unsafe {
            let function = self.library.get::<Nine>(name).unwrap_or_else(|e| panic!("{name}: {e}"));
            function(a[0], a[1], a[2], a[3], a[4], a[5], a[6], a[7], a[8])
        }
    }

    /// A command of the simulator's own.
    pub fn command(&self, command: &Value) -> Value {
        tell(&self.library, command)
    }

    /// A command that must work.
    pub fn done(&self, command: Value) -> Value {
        let answer = self.command(&command);
        assert_eq!(answer["ok"], true, "{command}: {answer}");
        answer
    }

    /// `lineInitializeEx`; the number of lines.
    pub fn begin(&mut self) -> u32 {
        let (answer, app, lines, _) = self.initialize(0x0002_0002, 2);
        assert_eq!(answer, 0, "lineInitializeExW");
        self.app = app;
        lines
    }

    /// `lineInitializeEx`: its answer, handle, number of lines and version.
    pub fn initialize(&self, wanted: u32, options: u32) -> (i32, u32, u32, u32) {
        let (mut app, mut lines, mut version) = (0u32, 0u32, wanted);
        let mut params = LINEINITIALIZEEXPARAMS { dwTotalSize: 28, dwOptions: options, ..Default::default() };
        params.dwTotalSize = u32::try_from(size_of::<LINEINITIALIZEEXPARAMS>()).unwrap();
        let name = wide("A test");
        let answer = self.call(
            "lineInitializeExW",
            &[
                &raw mut app as usize,
                0,
                0,
                name.as_ptr() as usize,
                &raw mut lines as usize,
                &raw mut version as usize,
                &raw mut params as usize,
            ],
        );
        (answer, app, lines, version)
    }

    pub fn negotiate(&self, device: u32, low: u32, high: u32) -> Result<u32, u32> {
        self.negotiate_both(device, low, high).map(|(version, _)| version)
    }

    /// The version that is negotiated, and the id of the driver's extension.
    pub fn negotiate_both(&self, device: u32, low: u32, high: u32) -> Result<(u32, [u32; 4]), u32> {
        let (mut version, mut extension) = (0u32, [0u32; 4]);
        let answer = self.call(
            "lineNegotiateAPIVersion",
            &[
                self.app as usize,
                device as usize,
                low as usize,
                high as usize,
                &raw mut version as usize,
                &raw mut extension as usize,
            ],
        );
        outcome(answer).map(|_| (version, extension))
    }

    /// The version of an extension that is negotiated for version 2.2.
    pub fn negotiate_extension(&self, device: u32, low: u32, high: u32) -> Result<u32, u32> {
        let mut version = 0u32;
        let arguments = [self.app as usize, device as usize, 0x0002_0002, low as usize, high as usize];
        let place = [&raw mut version as usize];
        outcome(self.call("lineNegotiateExtVersion", &[&arguments[..], &place].concat())).map(|_| version)
    }

    /// Opens a line as version 2.2, with the device's number as the instance.
    pub fn open(&self, device: u32, privileges: u32) -> Result<u32, u32> {
        self.open_as(device, privileges, 0x0002_0002)
    }

    pub fn open_as(&self, device: u32, privileges: u32, version: u32) -> Result<u32, u32> {
        self.open_with(device, privileges, version, 0)
    }

    /// Opens a line with a version of its driver's extension.
    pub fn open_with(&self, device: u32, privileges: u32, version: u32, extension: u32) -> Result<u32, u32> {
        let mut line = 0u32;
        let answer = self.call(
            "lineOpenW",
            &[
                self.app as usize,
                device as usize,
                &raw mut line as usize,
                version as usize,
                extension as usize,
                device as usize,
                privileges as usize,
                LINEMEDIAMODE_INTERACTIVEVOICE as usize,
                0,
            ],
        );
        outcome(answer).map(|_| line)
    }

    /// Reads a message.
    pub fn read(&self, timeout: u32) -> Result<Message, u32> {
        let mut message = LINEMESSAGE::default();
        let answer = self.call("lineGetMessage", &[self.app as usize, &raw mut message as usize, timeout as usize]);
        let LINEMESSAGE { hDevice, dwMessageID, dwCallbackInstance, dwParam1, dwParam2, dwParam3 } = message;
        outcome(answer).map(|_| Message {
            id: dwMessageID,
            device: hDevice,
            instance: dwCallbackInstance,
            first: u32::try_from(dwParam1).expect("32 bits"),
            second: u32::try_from(dwParam2).expect("32 bits"),
            third: u32::try_from(dwParam3).expect("32 bits"),
        })
    }

    /// Waits for a message; those before it stay to be looked for.
    pub fn until(&mut self, what: &str, wanted: impl Fn(&Message) -> bool) -> Message {
        let end = Instant::now() + PATIENCE;
        if let Some(at) = self.seen.iter().position(&wanted) {
            return self.seen.remove(at);
        }
        loop {
            match self.read(250) {
                Ok(message) if wanted(&message) => return message,
                Ok(message) => self.seen.push(message),
                Err(error) => assert_eq!(error, LINEERR_OPERATIONFAILED, "while waiting for {what}"),
            }
            assert!(Instant::now() < end, "{what} never came; what came: {:#x?}", self.seen);
        }
    }

    pub fn state(&mut self, call: u32, state: u32) -> Message {
        self.until(&format!("state {state:#x} of {call:#x}"), |m| m.is_state(call, state))
    }

    /// The answer to a request.
    pub fn reply(&mut self, request: i32) -> Result<(), u32> {
        let id = u32::try_from(request).unwrap_or_else(|_| panic!("refused: {request:#x}"));
        assert!(id > 0, "no request");
        let reply = self.until(&format!("the reply to {id}"), |m| m.id == LINE_REPLY && m.first == id);
        if reply.second == 0 { Ok(()) } else { Err(reply.second) }
    }

    /// A request about a call that must work.
    pub fn ask(&mut self, name: &str, arguments: &[usize]) {
        let request = self.call(name, arguments);
        assert!(request > 0, "{name}: {request:#x}");
        assert_eq!(self.reply(request), Ok(()), "{name}");
    }

    /// Makes a call; its handle.
    pub fn make(&mut self, line: u32, number: &str) -> u32 {
        let mut handle = Box::new(0u32);
        let number = wide(number);
        let request =
            self.call("lineMakeCallW", &[line as usize, &raw mut *handle as usize, number.as_ptr() as usize, 0, 0]);
        assert!(request > 0, "lineMakeCallW: {request:#x}");
        assert_eq!(self.reply(request), Ok(()), "lineMakeCallW");
        assert_ne!(*handle, 0);
        *handle
    }

    /// Waits for a new call at a line; its handle.
    pub fn new_call(&mut self, line: u32) -> u32 {
        self.until("a new call", |m| m.id == LINE_APPNEWCALL && m.device == line).second
    }

    /// A variable structure: asks again with more room until it fits.
    pub fn structure(&self, name: &str, before: &[usize]) -> Vec<u8> {
        let mut room = 4096;
        loop {
            let mut bytes = vec![0u8; room];
            bytes[0..4].copy_from_slice(&u32::try_from(room).unwrap().to_ne_bytes());
            let arguments: Vec<usize> = before.iter().copied().chain([bytes.as_mut_ptr() as usize]).collect();
            assert_eq!(self.call(name, &arguments), 0, "{name}");
            let needed = word(&bytes, 4) as usize;
            if needed <= room {
                return bytes;
            }
            room = needed;
        }
    }

    pub fn info(&self, call: u32) -> Vec<u8> {
        self.structure("lineGetCallInfoW", &[call as usize])
    }

    pub fn status(&self, call: u32) -> Vec<u8> {
        self.structure("lineGetCallStatus", &[call as usize])
    }

    pub fn features(&self, call: u32) -> u32 {
        word(&self.status(call), std::mem::offset_of!(LINECALLSTATUS, dwCallFeatures))
    }

    /// Nothing is left of calls, requests and messages.
    pub fn is_clean(&self) {
        let end = Instant::now() + PATIENCE;
        loop {
            let count = self.done(json!({"do": "count"}));
            let left: Vec<&Value> = ["handles", "calls", "outside", "requests"].map(|key| &count[key]).into();
            if left.iter().all(|number| **number == 0) {
                return;
            }
            assert!(Instant::now() < end, "something is left: {count}; {}", self.done(json!({"do": "show"})));
            std::thread::yield_now();
        }
    }
}

impl Drop for Tapi {
    fn drop(&mut self) {
        if self.app != 0 {
            self.call("lineShutdown", &[self.app as usize]);
        }
    }
}

/// Whoever gives commands to a library that somebody else uses.
pub struct Commander(Library);

impl Commander {
    pub fn of(path: &Path) -> Self {
        // SAFETY: our own library, which is loaded already.
        Self(unsafe { Library::new(path) }.expect("loaded"))
    }

    pub fn done(&self, command: &Value) -> Value {
        let answer = tell(&self.0, command);
        assert_eq!(answer["ok"], true, "{command}: {answer}");
        answer
    }

    /// Waits until what is counted is as wanted.
    pub fn until(&self, wanted: impl Fn(&Value) -> bool) {
        let end = Instant::now() + PATIENCE;
        loop {
            let count = self.done(&json!({"do": "count"}));
            if wanted(&count) {
                return;
            }
            assert!(Instant::now() < end, "{count}; {}", self.done(&json!({"do": "show"})));
            std::thread::sleep(Duration::from_millis(5));
        }
    }
}

/// A command of the simulator's own.
fn tell(library: &Library, command: &Value) -> Value {
    type Command = unsafe extern "C" fn(*const c_char, *mut c_char, usize) -> i32;
    let text = CString::new(command.to_string()).expect("no nulls");
    let mut out = vec![0 as c_char; 1 << 18];
    // SAFETY: as the function wants it.
    unsafe {
        let function = library.get::<Command>("cti_tapisim_command").expect("there");
        assert!(function(text.as_ptr(), out.as_mut_ptr(), out.len()) > 0, "{command}");
        serde_json::from_str(&CStr::from_ptr(out.as_ptr()).to_string_lossy()).expect("JSON")
    }
}

/// What a function has answered: a number from 0, or an error.
pub fn outcome(answer: i32) -> Result<i32, u32> {
    if answer < 0 { Err(u32::from_ne_bytes(answer.to_ne_bytes())) } else { Ok(answer) }
}

pub fn wide(text: &str) -> Vec<u16> {
    text.encode_utf16().chain([0]).collect()
}

pub fn word(bytes: &[u8], at: usize) -> u32 {
    u32::from_ne_bytes(bytes[at..at + 4].try_into().unwrap())
}

/// The text that a size and an offset field point to.
pub fn text(bytes: &[u8], size_at: usize) -> String {
    let (size, offset) = (word(bytes, size_at) as usize, word(bytes, size_at + 4) as usize);
    let units: Vec<u16> =
        bytes[offset..offset + size].chunks_exact(2).map(|pair| u16::from_ne_bytes([pair[0], pair[1]])).collect();
    String::from_utf16_lossy(&units).trim_end_matches('\0').to_owned()
}

/// Owner and monitor.
pub const CONTROL: u32 = LINECALLPRIVILEGE_OWNER | LINECALLPRIVILEGE_MONITOR;
