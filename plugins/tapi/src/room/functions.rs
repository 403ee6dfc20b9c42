//! TAPI's functions, found one by one in a library: no library has all of them, and none but the first few must be there.

use std::ffi::c_void;
use std::path::Path;

use libloading::Library;

use super::memory::Pointer;

/// The functions, each `None` where the library does not have it. `extern "system"` is TAPI's calling convention on every
/// system.
macro_rules! functions {
    ($($field:ident = $symbol:literal ($($argument:ty),*);)*) => {
        /// The functions of a library.
        pub(super) struct Functions {
            $(pub(super) $field: Option<unsafe extern "system" fn($($argument),*) -> i32>,)*
        }

        impl Functions {
            /// Finds the functions.
            fn find(library: &Library) -> Self {
                Self {
                    // SAFETY: the symbols have the signatures of TAPI's documents; that the library is what the
                    // administrator says it is, nobody can check.
                    $($field: unsafe { library.get(concat!($symbol, "\0").as_bytes()) }.ok().map(|symbol| *symbol),)*
                }
            }

            /// None of them, for a test that puts its own there.
            #[cfg(test)]
            pub(super) fn none() -> Self {
                Self { $($field: None,)* }
            }

            /// The names of those that are not there.
            pub(super) fn missing(&self) -> Vec<&'static str> {
                let mut missing = Vec::new();
                $(if self.$field.is_none() { missing.push($symbol); })*
                missing
            }
        }
    };
}

functions! {
    initialize = "lineInitializeExW" (Pointer, Pointer, Pointer, Pointer, Pointer, Pointer, Pointer);
    shutdown = "lineShutdown" (u32);
    get_message = "lineGetMessage" (u32, Pointer, u32);
    negotiate = "lineNegotiateAPIVersion" (u32, u32, u32, u32, Pointer, Pointer);
    negotiate_extension = "lineNegotiateExtVersion" (u32, u32, u32, u32, u32, Pointer);
    device_caps = "lineGetDevCapsW" (u32, u32, u32, u32, Pointer);
    address_caps = "lineGetAddressCapsW" (u32, u32, u32, u32, u32, Pointer);
    providers = "lineGetProviderListW" (u32, Pointer);
    open = "lineOpenW" (u32, u32, Pointer, u32, u32, usize, u32, u32, Pointer);
    close = "lineClose" (u32);
    set_status_messages = "lineSetStatusMessages" (u32, u32, u32);
    line_status = "lineGetLineDevStatusW" (u32, Pointer);
    address_status = "lineGetAddressStatusW" (u32, u32, Pointer);
    new_calls = "lineGetNewCalls" (u32, u32, u32, Pointer);
    call_info = "lineGetCallInfoW" (u32, Pointer);
    call_status = "lineGetCallStatus" (u32, Pointer);
    make_call = "lineMakeCallW" (u32, Pointer, Pointer, u32, Pointer);
    dial = "lineDialW" (u32, Pointer, u32);
    accept = "lineAccept" (u32, Pointer, u32);
    answer = "lineAnswer" (u32, Pointer, u32);
    drop = "lineDrop" (u32, Pointer, u32);
    deallocate = "lineDeallocateCall" (u32);
    hold = "lineHold" (u32);
    unhold = "lineUnhold" (u32);
    swap_hold = "lineSwapHold" (u32, u32);
    setup_transfer = "lineSetupTransferW" (u32, Pointer, Pointer);
    complete_transfer = "lineCompleteTransfer" (u32, u32, Pointer, u32);
    blind_transfer = "lineBlindTransferW" (u32, Pointer, u32);
    redirect = "lineRedirectW" (u32, Pointer, u32);
    setup_conference = "lineSetupConferenceW" (u32, u32, Pointer, Pointer, u32, Pointer);
    prepare_add = "linePrepareAddToConferenceW" (u32, Pointer, Pointer);
    add_to_conference = "lineAddToConference" (u32, u32);
    park = "lineParkW" (u32, u32, Pointer, Pointer);
    unpark = "lineUnparkW" (u32, u32, Pointer, Pointer);
    pickup = "linePickupW" (u32, u32, Pointer, Pointer, Pointer);
    forward = "lineForwardW" (u32, u32, u32, Pointer, u32, Pointer, Pointer);
    generate_digits = "lineGenerateDigitsW" (u32, u32, Pointer, u32);
    monitor_digits = "lineMonitorDigits" (u32, u32);
    set_privilege = "lineSetCallPrivilege" (u32, u32);
    set_call_data = "lineSetCallData" (u32, Pointer, u32);
    agent_status = "lineGetAgentStatusW" (u32, u32, Pointer);
    agent_groups = "lineGetAgentGroupListW" (u32, u32, Pointer);
    agent_activities = "lineGetAgentActivityListW" (u32, u32, Pointer);
    set_agent_group = "lineSetAgentGroup" (u32, u32, Pointer);
    set_agent_state = "lineSetAgentState" (u32, u32, u32, u32);
    set_agent_activity = "lineSetAgentActivity" (u32, u32, u32);
}

/// Without these nothing can be done.
const REQUIRED: [&str; 10] = [
    "lineInitializeExW",
    "lineShutdown",
    "lineGetMessage",
    "lineNegotiateAPIVersion",
    "lineGetDevCapsW",
    "lineOpenW",
    "lineClose",
    "lineGetCallInfoW",
    "lineGetCallStatus",
    "lineDeallocateCall",
];

impl Functions {
    /// Loads a library and finds its functions. It is never unloaded: a driver's own threads may be in it.
    ///
    /// # Errors
    /// Why not, in words.
    pub(super) fn load(path: &str) -> Result<Self, String> {
        let library = open(path).map_err(|error| {
            format!("the library `{path}` cannot be loaded: {error}. Look at the setting `library`")
        })?;
        let functions = Self::find(&library);
        std::mem::forget(library);
        let missing = functions.missing();
        let wanted: Vec<&str> = REQUIRED.into_iter().filter(|name| missing.contains(name)).collect();
        if !wanted.is_empty() {
            return Err(format!(
                "`{path}` is no TAPI library: it has no {}. Look at the setting `library`",
                wanted.join(", ")
            ));
        }
        Ok(functions)
    }
}

/// A name without a folder is looked for among the system's own libraries only, never where the program was started.
#[cfg(windows)]
fn open(path: &str) -> Result<Library, libloading::Error> {
    use libloading::os::windows;
    let flags = match Path::new(path).parent().is_none_or(|folder| folder.as_os_str().is_empty()) {
        true => windows::LOAD_LIBRARY_SEARCH_SYSTEM32,
        false => windows::LOAD_WITH_ALTERED_SEARCH_PATH,
    };
    // SAFETY: its initialisers run. That is what the administrator grants with `libraries`.
    unsafe { windows::Library::load_with_flags(path, flags) }.map(Library::from)
}

#[cfg(not(windows))]
fn open(path: &str) -> Result<Library, libloading::Error> {
    // SAFETY: its initialisers run. That is what the administrator grants with `libraries`.
    unsafe { Library::new(Path::new(path)) }
}

/// No pointer at all.
pub(super) const NULL: *mut c_void = std::ptr::null_mut();
