//! Writing what a driver is given: texts, parameters of a call, forwardings, groups.

use std::mem::offset_of;

use super::constants::{
    LINEADDRESSMODE_ADDRESSID, LINEBEARERMODE_VOICE, LINECALLPARAMFLAGS_BLOCKID, LINEMEDIAMODE_INTERACTIVEVOICE,
};
use super::structures::{
    LINEAGENTGROUPENTRY, LINEAGENTGROUPLIST, LINECALLPARAMS, LINEFORWARD, LINEFORWARDLIST, LINEINITIALIZEEXPARAMS,
};
use crate::told::{AgentGroup, Forward};

/// A text in UTF-16 with its zero at the end, as bytes.
pub(crate) fn wide(text: &str) -> Vec<u8> {
    text.encode_utf16().chain([0]).flat_map(u16::to_le_bytes).collect()
}

/// A structure of zeros, and what is set in it.
struct Record(Vec<u8>);

impl Record {
    fn new(size: usize) -> Self {
        Self(vec![0; size])
    }

    fn set(&mut self, at: usize, value: u32) {
        if let Some(place) = self.0.get_mut(at..at + 4) {
            place.copy_from_slice(&value.to_le_bytes());
        }
    }

    /// Appends bytes; their size and their place are set where they belong.
    fn append(&mut self, size_at: usize, offset_at: usize, bytes: &[u8]) {
        let (size, offset) = (length(bytes), length(&self.0));
        self.set(size_at, size);
        self.set(offset_at, offset);
        self.0.extend_from_slice(bytes);
        // What follows begins on a double word.
        self.0.resize(self.0.len().next_multiple_of(4), 0);
    }

    /// With its whole size in its first field.
    fn finished(mut self) -> Vec<u8> {
        let total = length(&self.0);
        self.set(0, total);
        self.0
    }
}

fn length(bytes: &[u8]) -> u32 {
    u32::try_from(bytes.len()).unwrap_or(u32::MAX)
}

/// LINEINITIALIZEEXPARAMS.
pub(crate) fn initialize(options: u32) -> Vec<u8> {
    let mut record = Record::new(size_of::<LINEINITIALIZEEXPARAMS>());
    record.set(offset_of!(LINEINITIALIZEEXPARAMS, dwOptions), options);
    record.finished()
}

/// LINECALLPARAMS for a call by voice from an address of the line.
pub(crate) fn call_params(address: u32, from: Option<&str>, anonymous: bool, data: &[u8]) -> Vec<u8> {
    let mut record = Record::new(size_of::<LINECALLPARAMS>());
    record.set(offset_of!(LINECALLPARAMS, dwBearerMode), LINEBEARERMODE_VOICE);
    record.set(offset_of!(LINECALLPARAMS, dwMediaMode), LINEMEDIAMODE_INTERACTIVEVOICE);
    record.set(offset_of!(LINECALLPARAMS, dwAddressMode), LINEADDRESSMODE_ADDRESSID);
    record.set(offset_of!(LINECALLPARAMS, dwAddressID), address);
    if anonymous {
        record.set(offset_of!(LINECALLPARAMS, dwCallParamFlags), LINECALLPARAMFLAGS_BLOCKID);
    }
    if let Some(from) = from {
        let (size, offset) =
            (offset_of!(LINECALLPARAMS, dwCallingPartyIDSize), offset_of!(LINECALLPARAMS, dwCallingPartyIDOffset));
        record.append(size, offset, &wide(from));
    }
    if !data.is_empty() {
        let (size, offset) = (offset_of!(LINECALLPARAMS, dwCallDataSize), offset_of!(LINECALLPARAMS, dwCallDataOffset));
        record.append(size, offset, data);
    }
    record.finished()
}

/// LINEFORWARDLIST. A forwarding to nowhere, of every call, is "do not disturb".
pub(crate) fn forwards(forwards: &[Forward]) -> Vec<u8> {
    let first = offset_of!(LINEFORWARDLIST, ForwardList);
    let stride = size_of::<LINEFORWARD>();
    let mut record = Record::new(first + stride * forwards.len());
    record.set(offset_of!(LINEFORWARDLIST, dwNumEntries), u32::try_from(forwards.len()).unwrap_or(0));
    for (number, forward) in forwards.iter().enumerate() {
        let entry = first + number * stride;
        record.set(entry + offset_of!(LINEFORWARD, dwForwardMode), forward.mode);
        if !forward.to.is_empty() {
            let size = entry + offset_of!(LINEFORWARD, dwDestAddressSize);
            record.append(size, entry + offset_of!(LINEFORWARD, dwDestAddressOffset), &wide(&forward.to));
        }
    }
    record.finished()
}

/// LINEAGENTGROUPLIST: only the ids of the groups count. Empty: the agent is logged off.
pub(crate) fn groups(groups: &[AgentGroup]) -> Vec<u8> {
    let mut record = Record::new(size_of::<LINEAGENTGROUPLIST>());
    record.set(offset_of!(LINEAGENTGROUPLIST, dwNumEntries), u32::try_from(groups.len()).unwrap_or(0));
    let mut entries = Vec::new();
    for group in groups {
        let mut entry = Record::new(size_of::<LINEAGENTGROUPENTRY>());
        for (at, part) in [0, 4, 8, 12].into_iter().zip(group.id) {
            entry.set(at, part);
        }
        entries.extend(entry.0);
    }
    if !entries.is_empty() {
        let (size, offset) = (offset_of!(LINEAGENTGROUPLIST, dwListSize), offset_of!(LINEAGENTGROUPLIST, dwListOffset));
        record.append(size, offset, &entries);
    }
    let total = length(&record.0);
    for at in [offset_of!(LINEAGENTGROUPLIST, dwNeededSize), offset_of!(LINEAGENTGROUPLIST, dwUsedSize)] {
        record.set(at, total);
    }
    record.finished()
}
