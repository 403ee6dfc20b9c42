//! Reading what a driver wrote. Nothing that it says is trusted: places and lengths are checked, texts are bounded.

use std::mem::offset_of;

use super::constants::{LINECALLPARTYID_ADDRESS, LINECALLPARTYID_NAME, LINECALLPARTYID_PARTIAL};
use super::structures::{
    LINEADDRESSCAPS, LINEADDRESSSTATUS, LINEAGENTACTIVITYENTRY, LINEAGENTACTIVITYLIST, LINEAGENTGROUPENTRY,
    LINEAGENTGROUPLIST, LINEAGENTSTATUS, LINECALLINFO, LINECALLLIST, LINECALLSTATUS, LINEDEVCAPS, LINEDEVSTATUS,
    LINEEXTENSIONID, LINEFORWARD, LINEMESSAGE, LINEPROVIDERENTRY, LINEPROVIDERLIST, VARSTRING,
};
use crate::told::{
    Address, AddressStatus, AgentGroup, AgentStatus, CallInfo, CallStatus, DeviceCaps, Forward, LineStatus, Named,
    Party,
};

/// The longest text that is taken, in UTF-16 units; the rest is cut off.
const LONGEST_TEXT: usize = 512;
/// The longest list that is taken.
const LONGEST_LIST: usize = 100;
/// The longest data of an application that are taken, in bytes.
const LONGEST_DATA: usize = 4_096;

/// A structure as its bytes.
#[derive(Clone, Copy)]
struct Fields<'a>(&'a [u8]);

impl<'a> Fields<'a> {
    /// A structure that begins with its total, needed and used size; what lies behind the used size is not looked at.
    fn sized(bytes: &'a [u8]) -> Self {
        let used = usize::try_from(Self(bytes).dword(8)).unwrap_or(usize::MAX);
        Self(&bytes[..used.min(bytes.len())])
    }

    /// A double word; 0 when the structure does not reach so far.
    fn dword(self, at: usize) -> u32 {
        let bytes = at.checked_add(4).and_then(|end| self.0.get(at..end));
        bytes.and_then(|bytes| bytes.try_into().ok()).map_or(0, u32::from_le_bytes)
    }

    /// What a size and an offset point at.
    fn slice(self, size_at: usize, offset_at: usize) -> Option<&'a [u8]> {
        let size = usize::try_from(self.dword(size_at)).ok()?;
        let offset = usize::try_from(self.dword(offset_at)).ok()?;
        self.0.get(offset..offset.checked_add(size)?).filter(|bytes| !bytes.is_empty())
    }

    /// A text in UTF-16, up to its end or its first zero. Half a unit at the end is no part of it.
    fn text(self, size_at: usize, offset_at: usize) -> Option<String> {
        let bytes = self.slice(size_at, offset_at)?;
        let units = bytes.chunks_exact(2).map(|pair| u16::from_le_bytes([pair[0], pair[1]]));
        let units: Vec<u16> = units.take_while(|unit| *unit != 0).take(LONGEST_TEXT).collect();
        let text = String::from_utf16_lossy(&units).replace(char::is_control, "");
        let text = text.trim();
        (!text.is_empty()).then(|| text.to_owned())
    }

    /// Entries of a size, as many as there are.
    fn list(
        self,
        count_at: usize,
        size_at: usize,
        offset_at: usize,
        stride: usize,
    ) -> impl Iterator<Item = Fields<'a>> {
        let count = usize::try_from(self.dword(count_at)).unwrap_or(usize::MAX).min(LONGEST_LIST);
        let entries = self.slice(size_at, offset_at).unwrap_or_default().chunks_exact(stride);
        entries.take(count).map(Fields)
    }
}

/// The place of a field.
macro_rules! at {
    ($T:ident.$field:ident) => {
        offset_of!($T, $field)
    };
}

/// A text by the names of its size and its offset.
macro_rules! text {
    ($fields:expr, $T:ident.$size:ident, $offset:ident) => {
        $fields.text(at!($T.$size), at!($T.$offset))
    };
}

/// One of the party blocks of a call: which of its texts are valid is said by its flags.
macro_rules! party {
    ($fields:expr, $flags:ident, $size:ident, $offset:ident, $name_size:ident, $name_offset:ident) => {{
        let flags = $fields.dword(at!(LINECALLINFO.$flags));
        let has = |flag: u32| flags & flag != 0;
        Party {
            flags,
            number: text!($fields, LINECALLINFO.$size, $offset)
                .filter(|_| has(LINECALLPARTYID_ADDRESS | LINECALLPARTYID_PARTIAL)),
            name: text!($fields, LINECALLINFO.$name_size, $name_offset).filter(|_| has(LINECALLPARTYID_NAME)),
        }
    }};
}

/// The size that a driver says it needs, when it is more than there was.
pub(crate) fn needed(bytes: &[u8]) -> Option<usize> {
    let needed = usize::try_from(Fields(bytes).dword(4)).ok()?;
    (needed > bytes.len()).then_some(needed)
}

/// LINEMESSAGE: handle, message, and its three parameters.
pub(crate) fn message(bytes: &[u8]) -> (u32, u32, [u32; 3]) {
    let fields = Fields(bytes);
    // Parameters are as wide as pointers; what they say are double words.
    let parameters = [at!(LINEMESSAGE.dwParam1), at!(LINEMESSAGE.dwParam2), at!(LINEMESSAGE.dwParam3)];
    let (device, id) = (fields.dword(at!(LINEMESSAGE.hDevice)), fields.dword(at!(LINEMESSAGE.dwMessageID)));
    (device, id, parameters.map(|at| fields.dword(at)))
}

/// LINEEXTENSIONID.
pub(crate) fn extension_id(bytes: &[u8]) -> [u32; 4] {
    let fields = Fields(bytes);
    let (one, two) = (at!(LINEEXTENSIONID.dwExtensionID0), at!(LINEEXTENSIONID.dwExtensionID1));
    let (three, four) = (at!(LINEEXTENSIONID.dwExtensionID2), at!(LINEEXTENSIONID.dwExtensionID3));
    [one, two, three, four].map(|at| fields.dword(at))
}

/// VARSTRING, when it is a text.
pub(crate) fn var_string(bytes: &[u8]) -> String {
    let fields = Fields::sized(bytes);
    text!(fields, VARSTRING.dwStringSize, dwStringOffset).unwrap_or_default()
}

/// LINEDEVCAPS.
pub(crate) fn device(bytes: &[u8]) -> DeviceCaps {
    let fields = Fields::sized(bytes);
    DeviceCaps {
        provider: text!(fields, LINEDEVCAPS.dwProviderInfoSize, dwProviderInfoOffset).unwrap_or_default(),
        switch: text!(fields, LINEDEVCAPS.dwSwitchInfoSize, dwSwitchInfoOffset).unwrap_or_default(),
        permanent: fields.dword(at!(LINEDEVCAPS.dwPermanentLineID)),
        name: text!(fields, LINEDEVCAPS.dwLineNameSize, dwLineNameOffset).unwrap_or_default(),
        addresses: fields.dword(at!(LINEDEVCAPS.dwNumAddresses)),
        media: fields.dword(at!(LINEDEVCAPS.dwMediaModes)),
        bearer: fields.dword(at!(LINEDEVCAPS.dwBearerModes)),
        generates: fields.dword(at!(LINEDEVCAPS.dwGenerateDigitModes)),
        monitors: fields.dword(at!(LINEDEVCAPS.dwMonitorDigitModes)),
        states: fields.dword(at!(LINEDEVCAPS.dwLineStates)),
        features: fields.dword(at!(LINEDEVCAPS.dwLineFeatures)),
        flags: fields.dword(at!(LINEDEVCAPS.dwDevCapFlags)),
        most_calls: fields.dword(at!(LINEDEVCAPS.dwMaxNumActiveCalls)),
    }
}

/// LINEADDRESSCAPS.
pub(crate) fn address(bytes: &[u8]) -> Address {
    let fields = Fields::sized(bytes);
    Address {
        number: text!(fields, LINEADDRESSCAPS.dwAddressSize, dwAddressOffset).unwrap_or_default(),
        states: fields.dword(at!(LINEADDRESSCAPS.dwCallStates)),
        busy_modes: fields.dword(at!(LINEADDRESSCAPS.dwBusyModes)),
        call_features: fields.dword(at!(LINEADDRESSCAPS.dwCallFeatures)),
        call_features2: fields.dword(at!(LINEADDRESSCAPS.dwCallFeatures2)),
        features: fields.dword(at!(LINEADDRESSCAPS.dwAddressFeatures)),
        transfer_modes: fields.dword(at!(LINEADDRESSCAPS.dwTransferModes)),
        park_modes: fields.dword(at!(LINEADDRESSCAPS.dwParkModes)),
        forward_modes: fields.dword(at!(LINEADDRESSCAPS.dwForwardModes)),
        flags: fields.dword(at!(LINEADDRESSCAPS.dwAddrCapFlags)),
    }
}

/// LINECALLINFO.
pub(crate) fn call_info(bytes: &[u8]) -> CallInfo {
    let f = Fields::sized(bytes);
    let data = f.slice(at!(LINECALLINFO.dwCallDataSize), at!(LINECALLINFO.dwCallDataOffset));
    CallInfo {
        line: f.dword(at!(LINECALLINFO.hLine)),
        address: f.dword(at!(LINECALLINFO.dwAddressID)),
        id: f.dword(at!(LINECALLINFO.dwCallID)),
        related: f.dword(at!(LINECALLINFO.dwRelatedCallID)),
        origin: f.dword(at!(LINECALLINFO.dwOrigin)),
        reason: f.dword(at!(LINECALLINFO.dwReason)),
        owners: f.dword(at!(LINECALLINFO.dwNumOwners)),
        caller: party!(f, dwCallerIDFlags, dwCallerIDSize, dwCallerIDOffset, dwCallerIDNameSize, dwCallerIDNameOffset),
        called: party!(f, dwCalledIDFlags, dwCalledIDSize, dwCalledIDOffset, dwCalledIDNameSize, dwCalledIDNameOffset),
        connected: party!(
            f,
            dwConnectedIDFlags,
            dwConnectedIDSize,
            dwConnectedIDOffset,
            dwConnectedIDNameSize,
            dwConnectedIDNameOffset
        ),
        redirection: party!(
            f,
            dwRedirectionIDFlags,
            dwRedirectionIDSize,
            dwRedirectionIDOffset,
            dwRedirectionIDNameSize,
            dwRedirectionIDNameOffset
        ),
        redirecting: party!(
            f,
            dwRedirectingIDFlags,
            dwRedirectingIDSize,
            dwRedirectingIDOffset,
            dwRedirectingIDNameSize,
            dwRedirectingIDNameOffset
        ),
        data: data
            .filter(|data| data.len() <= LONGEST_DATA)
            .and_then(|data| std::str::from_utf8(data).ok())
            .map(|text| text.trim_end_matches('\0').to_owned())
            .unwrap_or_default(),
    }
}

/// LINECALLSTATUS.
pub(crate) fn call_status(bytes: &[u8]) -> CallStatus {
    let fields = Fields::sized(bytes);
    CallStatus {
        state: fields.dword(at!(LINECALLSTATUS.dwCallState)),
        mode: fields.dword(at!(LINECALLSTATUS.dwCallStateMode)),
        privilege: fields.dword(at!(LINECALLSTATUS.dwCallPrivilege)),
        features: fields.dword(at!(LINECALLSTATUS.dwCallFeatures)),
        features2: fields.dword(at!(LINECALLSTATUS.dwCallFeatures2)),
    }
}

/// LINEDEVSTATUS.
pub(crate) fn line_status(bytes: &[u8]) -> LineStatus {
    let fields = Fields::sized(bytes);
    LineStatus {
        features: fields.dword(at!(LINEDEVSTATUS.dwLineFeatures)),
        flags: fields.dword(at!(LINEDEVSTATUS.dwDevStatusFlags)),
    }
}

/// LINEADDRESSSTATUS.
pub(crate) fn address_status(bytes: &[u8]) -> AddressStatus {
    let fields = Fields::sized(bytes);
    let forwards = fields.list(
        at!(LINEADDRESSSTATUS.dwForwardNumEntries),
        at!(LINEADDRESSSTATUS.dwForwardSize),
        at!(LINEADDRESSSTATUS.dwForwardOffset),
        size_of::<LINEFORWARD>(),
    );
    // Where the addresses lie is told from the beginning of the whole structure.
    let forwards = forwards.filter_map(|entry| {
        let (size, offset) = (at!(LINEFORWARD.dwDestAddressSize), at!(LINEFORWARD.dwDestAddressOffset));
        Some(Forward {
            mode: entry.dword(at!(LINEFORWARD.dwForwardMode)),
            to: pointed(fields, entry, size, offset).unwrap_or_default(),
        })
        .filter(|forward| forward.mode != 0)
    });
    AddressStatus { features: fields.dword(at!(LINEADDRESSSTATUS.dwAddressFeatures)), forwards: forwards.collect() }
}

/// A text of the whole structure that an entry of its list points at.
fn pointed(whole: Fields<'_>, entry: Fields<'_>, size_at: usize, offset_at: usize) -> Option<String> {
    let mut place = [0; 8];
    place[..4].copy_from_slice(&entry.dword(size_at).to_le_bytes());
    place[4..].copy_from_slice(&entry.dword(offset_at).to_le_bytes());
    let (size, offset) = (Fields(&place).dword(0), Fields(&place).dword(4));
    let start = usize::try_from(offset).ok()?;
    let end = start.checked_add(usize::try_from(size).ok()?)?;
    let mut bytes = place.to_vec();
    bytes[..4].copy_from_slice(&size.to_le_bytes());
    bytes[4..].copy_from_slice(&8_u32.to_le_bytes());
    bytes.extend_from_slice(whole.0.get(start..end)?);
    Fields(&bytes).text(0, 4)
}

/// LINECALLLIST: the handles of calls.
pub(crate) fn call_list(bytes: &[u8]) -> Vec<u32> {
    let fields = Fields::sized(bytes);
    let (count, size) = (at!(LINECALLLIST.dwCallsNumEntries), at!(LINECALLLIST.dwCallsSize));
    fields.list(count, size, at!(LINECALLLIST.dwCallsOffset), 4).map(|entry| entry.dword(0)).collect()
}

fn groups(fields: Fields<'_>, count: usize, size: usize, offset: usize) -> Vec<AgentGroup> {
    let entries = fields.list(count, size, offset, size_of::<LINEAGENTGROUPENTRY>());
    let (name_size, name_offset) = (at!(LINEAGENTGROUPENTRY.dwNameSize), at!(LINEAGENTGROUPENTRY.dwNameOffset));
    let one = |entry: Fields<'_>| AgentGroup {
        id: [0, 4, 8, 12].map(|at| entry.dword(at)),
        name: pointed(fields, entry, name_size, name_offset).unwrap_or_default(),
    };
    entries.map(one).collect()
}

/// LINEAGENTSTATUS.
pub(crate) fn agent_status(bytes: &[u8]) -> AgentStatus {
    let fields = Fields::sized(bytes);
    let (count, size) = (at!(LINEAGENTSTATUS.dwNumEntries), at!(LINEAGENTSTATUS.dwGroupListSize));
    AgentStatus {
        groups: groups(fields, count, size, at!(LINEAGENTSTATUS.dwGroupListOffset)),
        state: fields.dword(at!(LINEAGENTSTATUS.dwState)),
        next: fields.dword(at!(LINEAGENTSTATUS.dwNextState)),
        activity: fields.dword(at!(LINEAGENTSTATUS.dwActivityID)),
        activity_name: text!(fields, LINEAGENTSTATUS.dwActivitySize, dwActivityOffset).unwrap_or_default(),
        features: fields.dword(at!(LINEAGENTSTATUS.dwAgentFeatures)),
        states: fields.dword(at!(LINEAGENTSTATUS.dwValidStates)),
        next_states: fields.dword(at!(LINEAGENTSTATUS.dwValidNextStates)),
    }
}

/// LINEAGENTGROUPLIST.
pub(crate) fn agent_groups(bytes: &[u8]) -> Vec<AgentGroup> {
    let (count, size) = (at!(LINEAGENTGROUPLIST.dwNumEntries), at!(LINEAGENTGROUPLIST.dwListSize));
    groups(Fields::sized(bytes), count, size, at!(LINEAGENTGROUPLIST.dwListOffset))
}

/// LINEAGENTACTIVITYLIST: what an agent may be busy with.
pub(crate) fn agent_activities(bytes: &[u8]) -> Vec<Named> {
    let fields = Fields::sized(bytes);
    let (count, size) = (at!(LINEAGENTACTIVITYLIST.dwNumEntries), at!(LINEAGENTACTIVITYLIST.dwListSize));
    let entries =
        fields.list(count, size, at!(LINEAGENTACTIVITYLIST.dwListOffset), size_of::<LINEAGENTACTIVITYENTRY>());
    let (name_size, name_offset) = (at!(LINEAGENTACTIVITYENTRY.dwNameSize), at!(LINEAGENTACTIVITYENTRY.dwNameOffset));
    let one = |entry: Fields<'_>| Named {
        id: entry.dword(at!(LINEAGENTACTIVITYENTRY.dwID)),
        name: pointed(fields, entry, name_size, name_offset).unwrap_or_default(),
    };
    entries.map(one).collect()
}

/// LINEPROVIDERLIST: the drivers that are installed.
pub(crate) fn providers(bytes: &[u8]) -> Vec<Named> {
    let fields = Fields::sized(bytes);
    let (count, size) = (at!(LINEPROVIDERLIST.dwNumProviders), at!(LINEPROVIDERLIST.dwProviderListSize));
    let entries = fields.list(count, size, at!(LINEPROVIDERLIST.dwProviderListOffset), size_of::<LINEPROVIDERENTRY>());
    let (name_size, name_offset) =
        (at!(LINEPROVIDERENTRY.dwProviderFilenameSize), at!(LINEPROVIDERENTRY.dwProviderFilenameOffset));
    let one = |entry: Fields<'_>| Named {
        id: entry.dword(at!(LINEPROVIDERENTRY.dwPermanentProviderID)),
        name: pointed(fields, entry, name_size, name_offset).unwrap_or_default(),
    };
    entries.map(one).collect()
}
