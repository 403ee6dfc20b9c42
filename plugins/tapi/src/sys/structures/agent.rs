//! Agents, their groups and activities.

structure! {
    LINEAGENTSTATUS {
        dwTotalSize: u32,
        dwNeededSize: u32,
        dwUsedSize: u32,
        dwNumEntries: u32,
        dwGroupListSize: u32,
        dwGroupListOffset: u32,
        dwState: u32,
        dwNextState: u32,
        dwActivityID: u32,
        dwActivitySize: u32,
        dwActivityOffset: u32,
        dwAgentFeatures: u32,
        dwValidStates: u32,
        dwValidNextStates: u32,
    }
}
structure! {
    LINEAGENTCAPS {
        dwTotalSize: u32,
        dwNeededSize: u32,
        dwUsedSize: u32,
        dwAgentHandlerInfoSize: u32,
        dwAgentHandlerInfoOffset: u32,
        dwCapsVersion: u32,
        dwFeatures: u32,
        dwStates: u32,
        dwNextStates: u32,
        dwMaxNumGroupEntries: u32,
        dwAgentStatusMessages: u32,
        dwNumAgentExtensionIDs: u32,
        dwAgentExtensionIDListSize: u32,
        dwAgentExtensionIDListOffset: u32,
        ProxyGUID: [u8; 16],
    }
}
structure! {
    LINEAGENTGROUPLIST {
        dwTotalSize: u32,
        dwNeededSize: u32,
        dwUsedSize: u32,
        dwNumEntries: u32,
        dwListSize: u32,
        dwListOffset: u32,
    }
}
structure! {
    LINEAGENTGROUPENTRY {
        GroupID: [u8; 16],
        dwNameSize: u32,
        dwNameOffset: u32,
    }
}
structure! {
    LINEAGENTACTIVITYLIST {
        dwTotalSize: u32,
        dwNeededSize: u32,
        dwUsedSize: u32,
        dwNumEntries: u32,
        dwListSize: u32,
        dwListOffset: u32,
    }
}
structure! {
    LINEAGENTACTIVITYENTRY {
        dwID: u32,
        dwNameSize: u32,
        dwNameOffset: u32,
    }
}
