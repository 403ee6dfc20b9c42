//! Agents: what an agent handler answers for the addresses that it serves.
#![allow(unsafe_code, reason = "exported names")]

use std::mem::offset_of;

use super::{Call, exported, memory};
use crate::block::Block;
use crate::constants::*;
use crate::exchange::{Exchange, Refusal, SETTABLE, Spot, group_id};
use crate::layout::*;
use crate::service::{Asker, Done};

/// The states that an agent can have.
const STATES: u32 = LINEAGENTSTATE_LOGGEDOFF
    | LINEAGENTSTATE_NOTREADY
    | LINEAGENTSTATE_READY
    | LINEAGENTSTATE_BUSYINCOMING
    | LINEAGENTSTATE_BUSYOUTBOUND
    | LINEAGENTSTATE_BUSYOTHER
    | LINEAGENTSTATE_WORKINGAFTERCALL;
/// What an agent handler can be asked for.
const FEATURES: u32 = LINEAGENTFEATURE_SETAGENTGROUP
    | LINEAGENTFEATURE_SETAGENTSTATE
    | LINEAGENTFEATURE_SETAGENTACTIVITY
    | LINEAGENTFEATURE_GETAGENTACTIVITYLIST
    | LINEAGENTFEATURE_GETAGENTGROUP;
/// What an agent handler tells.
const TOLD: u32 = LINEAGENTSTATUS_GROUP
    | LINEAGENTSTATUS_STATE
    | LINEAGENTSTATUS_NEXTSTATE
    | LINEAGENTSTATUS_ACTIVITY
    | LINEAGENTSTATUS_VALIDSTATES;

exported! {
    fn lineGetAgentCapsW(hLineApp: u32, dwDeviceID: u32, dwAddressID: u32, dwAppAPIVersion: u32, lpAgentCaps: usize)
    |call| {
        let asker = call.service.asker_of(hLineApp, dwDeviceID)?;
        call.service.speaks(dwDeviceID, dwAppAPIVersion)?;
        let spot = Spot { device: dwDeviceID, address: dwAddressID };
        let size = size_in(AGENT_CAPS, dwAppAPIVersion);
        served(call, spot)?;
        get(call, asker, spot, lpAgentCaps, size, move |exchange| {
            let caps = LINEAGENTCAPS {
                dwCapsVersion: dwAppAPIVersion,
                dwFeatures: FEATURES,
                dwStates: STATES,
                dwNextStates: SETTABLE,
                dwMaxNumGroupEntries: count(exchange.agent_groups(spot).len()),
                dwAgentStatusMessages: TOLD,
                ..Default::default()
            };
            let mut block = Block::new(caps.bytes(), size);
            block.text(offset_of!(LINEAGENTCAPS, dwAgentHandlerInfoSize), "Simulated agent handler");
            block
        })
    }

    fn lineGetAgentStatusW(hLine: u32, dwAddressID: u32, lpAgentStatus: usize) |call| {
        let spot = call.service.spot(hLine, dwAddressID)?;
        let asker = call.service.asker(hLine)?;
        served(call, spot)?;
        get(call, asker, spot, lpAgentStatus, size_of::<LINEAGENTSTATUS>(), move |exchange| status(exchange, spot))
    }

    fn lineGetAgentGroupListW(hLine: u32, dwAddressID: u32, lpAgentGroupList: usize) |call| {
        let spot = call.service.spot(hLine, dwAddressID)?;
        let asker = call.service.asker(hLine)?;
        served(call, spot)?;
        get(call, asker, spot, lpAgentGroupList, size_of::<LINEAGENTGROUPLIST>(), move |exchange| {
            let groups: Vec<(usize, String)> = exchange.agent_groups(spot).into_iter().enumerate().collect();
            let (number, list) = group_entries(spot, &groups, size_of::<LINEAGENTGROUPLIST>());
            let fixed = LINEAGENTGROUPLIST { dwNumEntries: number, ..Default::default() };
            let mut block = Block::new(fixed.bytes(), size_of::<LINEAGENTGROUPLIST>());
            block.bytes(offset_of!(LINEAGENTGROUPLIST, dwListSize), list);
            block
        })
    }

    fn lineGetAgentActivityListW(hLine: u32, dwAddressID: u32, lpAgentActivityList: usize) |call| {
        let spot = call.service.spot(hLine, dwAddressID)?;
        let asker = call.service.asker(hLine)?;
        served(call, spot)?;
        get(call, asker, spot, lpAgentActivityList, size_of::<LINEAGENTACTIVITYLIST>(), move |exchange| {
            let activities = exchange.agent_activities(spot);
            let entries = activities.iter().zip(1..).map(|(name, id): (&String, u32)| (id.to_ne_bytes().to_vec(), name));
            let list = named(entries.collect(), size_of::<LINEAGENTACTIVITYLIST>());
            let fixed = LINEAGENTACTIVITYLIST { dwNumEntries: count(activities.len()), ..Default::default() };
            let mut block = Block::new(fixed.bytes(), size_of::<LINEAGENTACTIVITYLIST>());
            block.bytes(offset_of!(LINEAGENTACTIVITYLIST, dwListSize), list);
            block
        })
    }

    fn lineSetAgentState(hLine: u32, dwAddressID: u32, dwAgentState: u32, dwNextAgentState: u32) |call| {
        let spot = call.service.spot(hLine, dwAddressID)?;
        let asker = call.service.asker(hLine)?;
        served(call, spot)?;
        call.ask(asker, move |exchange| {
            exchange.set_agent_state(spot, dwAgentState, dwNextAgentState)?;
            Ok(Done::default())
        })
    }

    fn lineSetAgentActivity(hLine: u32, dwAddressID: u32, dwActivityID: u32) |call| {
        let spot = call.service.spot(hLine, dwAddressID)?;
        let asker = call.service.asker(hLine)?;
        served(call, spot)?;
        call.ask(asker, move |exchange| {
            exchange.set_agent_activity(spot, dwActivityID)?;
            Ok(Done::default())
        })
    }

    fn lineSetAgentGroup(hLine: u32, dwAddressID: u32, lpAgentGroupList: usize) |call| {
        let spot = call.service.spot(hLine, dwAddressID)?;
        let asker = call.service.asker(hLine)?;
        served(call, spot)?;
        let ids = groups(lpAgentGroupList)?;
        call.ask(asker, move |exchange| {
            exchange.set_agent_groups(spot, &ids)?;
            Ok(Done::default())
        })
    }
}

/// Refuses addresses without an agent handler.
fn served(call: &Call<'_>, spot: Spot) -> Result<(), Refusal> {
    let desk = call.service.exchange.desks.get(&spot).ok_or(LINEERR_INVALADDRESSID)?;
    if call.service.agents_served && desk.agent.is_some() { Ok(()) } else { Err(LINEERR_OPERATIONUNAVAIL) }
}

/// Takes on a request for a structure.
fn get(
    call: &mut Call<'_>,
    asker: Asker,
    spot: Spot,
    place: usize,
    size: usize,
    make: impl FnOnce(&Exchange) -> Block + Send + 'static,
) -> Result<i32, Refusal> {
    call.service.exchange.desks.get(&spot).ok_or(LINEERR_INVALADDRESSID)?;
    memory::room(place, size)?;
    call.ask(asker, move |exchange| Ok(Done::block(place, make(exchange))))
}

fn status(exchange: &Exchange, spot: Spot) -> Block {
    let size = size_of::<LINEAGENTSTATUS>();
    let Some(agent) = exchange.desks.get(&spot).and_then(|desk| desk.agent.as_ref()) else {
        return Block::new(LINEAGENTSTATUS::default().bytes(), size);
    };
    let names = exchange.agent_groups(spot);
    let on: Vec<(usize, String)> =
        agent.groups.iter().map(|place| (*place, names.get(*place).cloned().unwrap_or_default())).collect();
    let (number, list) = group_entries(spot, &on, size);
    let fixed = LINEAGENTSTATUS {
        dwNumEntries: number,
        dwState: agent.state,
        dwNextState: agent.next,
        dwActivityID: agent.activity,
        dwAgentFeatures: FEATURES,
        dwValidStates: agent.valid(),
        dwValidNextStates: agent.valid(),
        ..Default::default()
    };
    let mut block = Block::new(fixed.bytes(), size);
    block.bytes(offset_of!(LINEAGENTSTATUS, dwGroupListSize), list);
    let activities = exchange.agent_activities(spot);
    let activity = (agent.activity as usize).checked_sub(1).and_then(|at| activities.get(at));
    block.text(offset_of!(LINEAGENTSTATUS, dwActivitySize), activity.map_or("", String::as_str));
    block
}

/// The entries of a list of groups that begins at `from` of its structure.
fn group_entries(spot: Spot, groups: &[(usize, String)], from: usize) -> (u32, Vec<u8>) {
    let id = |place: usize| group_id(spot, place).map(u32::to_ne_bytes).concat();
    let entries = groups.iter().map(|(place, name)| (id(*place), name)).collect();
    (count(groups.len()), named(entries, from))
}

/// Entries with a name each: what stands before it, its size and its offset; the names stand behind all entries.
/// Offsets count from the structure's beginning; the list is its first part and begins at `from`.
fn named(entries: Vec<(Vec<u8>, &String)>, from: usize) -> Vec<u8> {
    let fixed: usize = entries.iter().map(|(begin, _)| begin.len() + 8).sum();
    let (mut list, mut names) = (Vec::new(), Vec::new());
    for (begin, name) in entries {
        let bytes: Vec<u8> = name.encode_utf16().chain([0]).flat_map(u16::to_ne_bytes).collect();
        list.extend(begin);
        list.extend(count(bytes.len()).to_ne_bytes());
        list.extend(count(from + fixed + names.len()).to_ne_bytes());
        names.extend(bytes);
        names.resize(names.len().next_multiple_of(4), 0);
    }
    list.extend(names);
    list
}

/// The ids of a program's list of groups; null is none.
fn groups(place: usize) -> Result<Vec<[u32; 4]>, Refusal> {
    let Some(view) = memory::View::read(place, size_of::<LINEAGENTGROUPLIST>())? else { return Ok(Vec::new()) };
    let number = view.word(offset_of!(LINEAGENTGROUPLIST, dwNumEntries)) as usize;
    let bytes = view.bytes(offset_of!(LINEAGENTGROUPLIST, dwListSize))?;
    let stride = size_of::<LINEAGENTGROUPENTRY>();
    if bytes.len() < number.saturating_mul(stride) {
        return Err(LINEERR_INVALPARAM);
    }
    let word = |bytes: &[u8]| bytes.try_into().map_or(0, u32::from_ne_bytes);
    let entries = bytes.chunks_exact(stride).take(number);
    Ok(entries
        .map(|entry| [word(&entry[0..4]), word(&entry[4..8]), word(&entry[8..12]), word(&entry[12..16])])
        .collect())
}

fn count(number: usize) -> u32 {
    u32::try_from(number).unwrap_or(u32::MAX)
}
