//! Files and sockets by name (Landlock): only what the dynamic linker reads.

use landlock::{
    ABI, Access, AccessFs, AccessNet, CompatLevel, Compatible, Ruleset, RulesetAttr, RulesetCreatedAttr, RulesetStatus,
    Scope, path_beneath_rules,
};

use super::Grants;

/// Where systems keep their shared libraries, and the linker its list of them.
const LIBRARIES: [&str; 7] =
    ["/lib", "/lib32", "/lib64", "/usr/lib", "/usr/lib64", "/usr/local/lib", "/etc/ld.so.cache"];

/// What a program reads that resolves names and checks certificates.
const NETWORK: [&str; 7] = [
    "/etc/resolv.conf",
    "/etc/hosts",
    "/etc/nsswitch.conf",
    "/etc/gai.conf",
    "/etc/services",
    "/etc/ssl",
    "/usr/share/ca-certificates",
];

/// What later kernels can do is asked for; what this one cannot is told.
const WISHED: ABI = ABI::V6;

/// Whether the kernel takes a list of rules. (Making one restricts nobody yet.)
pub(super) fn is_there() -> bool {
    let rules = Ruleset::default().set_compatibility(CompatLevel::HardRequirement);
    rules.handle_access(AccessFs::from_all(ABI::V1)).is_ok_and(|rules| rules.create().is_ok())
}

pub(super) fn restrict(granted: Grants) -> Result<Vec<String>, String> {
    let status = apply(granted).map_err(|e| format!("its files cannot be taken away: {e}"))?;
    Ok(match status {
        RulesetStatus::FullyEnforced => Vec::new(),
        RulesetStatus::PartiallyEnforced => {
            vec!["this kernel's Landlock is older than 6.12's: files are closed to adapters, not all else".to_owned()]
        }
        RulesetStatus::NotEnforced => vec![
            "this kernel has no Landlock (Linux 5.13, switched on): until a library is loaded it can read files"
                .to_owned(),
        ],
    })
}

fn apply(granted: Grants) -> Result<RulesetStatus, landlock::RulesetError> {
    let mut rules = Ruleset::default().set_compatibility(CompatLevel::BestEffort).scope(Scope::from_all(WISHED))?;
    let files = granted.files;
    if !files {
        rules = rules.handle_access(AccessFs::from_all(WISHED))?;
    }
    if !granted.network {
        rules = rules.handle_access(AccessNet::from_all(WISHED))?;
    }
    let mut rules = rules.create()?;
    if !files {
        let everywhere = granted.libraries.then_some("/");
        let network = NETWORK.into_iter().filter(|_| granted.network);
        let read = LIBRARIES.into_iter().chain(everywhere).chain(network);
        // What is not there is left out.
        rules = rules.add_rules(path_beneath_rules(read, AccessFs::from_read(WISHED)))?;
    }
    Ok(rules.restrict_self()?.ruleset)
}
