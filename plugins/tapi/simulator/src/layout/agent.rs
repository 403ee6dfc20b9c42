//! What describes agents.

use super::layouts;

layouts! {
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
        ProxyGUID: [u32; 4],
    }
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
    LINEAGENTGROUPLIST {
        dwTotalSize: u32,
        dwNeededSize: u32,
        dwUsedSize: u32,
        dwNumEntries: u32,
        dwListSize: u32,
        dwListOffset: u32,
    }
    LINEAGENTGROUPENTRY {
        GroupID: [u32; 4],
        dwNameSize: u32,
        dwNameOffset: u32,
    }
    LINEAGENTACTIVITYLIST {
        dwTotalSize: u32,
        dwNeededSize: u32,
        dwUsedSize: u32,
        dwNumEntries: u32,
        dwListSize: u32,
        dwListOffset: u32,
    }
    LINEAGENTACTIVITYENTRY {
        dwID: u32,
        dwNameSize: u32,
        dwNameOffset: u32,
    }
}
