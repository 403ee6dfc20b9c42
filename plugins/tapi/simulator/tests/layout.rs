//! The structures and numbers against the tables that were taken from the interface's header by a compiler.

use std::collections::BTreeMap;

use cti_tapisim::layout::*;

const LAYOUT: &str = include_str!("tables/layout.csv");
const SIZES: &str = include_str!("tables/sizes.csv");
const CONSTANTS: &str = include_str!("tables/constants.csv");

/// Name, fields and size of every structure that is defined here.
macro_rules! structures {
    ($($name:ident)*) => { vec![$((stringify!($name), $name::FIELDS, size_of::<$name>()),)*] };
}

fn structures() -> Vec<(&'static str, &'static [Field], usize)> {
    structures![
        LINEINITIALIZEEXPARAMS LINEMESSAGE LINEEXTENSIONID VARSTRING LINEPROVIDERLIST LINEPROVIDERENTRY
        LINETRANSLATEOUTPUT LINEDEVCAPS LINEDEVSTATUS LINEADDRESSCAPS LINEADDRESSSTATUS LINEFORWARD LINECALLPARAMS
        LINECALLINFO LINECALLSTATUS LINECALLLIST LINEAGENTCAPS LINEAGENTSTATUS LINEAGENTGROUPLIST
        LINEAGENTGROUPENTRY LINEAGENTACTIVITYLIST LINEAGENTACTIVITYENTRY
    ]
}

#[test]
fn every_field_is_where_the_table_has_it() {
    let (offset, size) = if cfg!(target_pointer_width = "64") { (2, 3) } else { (4, 5) };
    for (name, fields, whole) in structures() {
        let rows: Vec<Vec<&str>> =
            LAYOUT.lines().map(|line| line.split(',').collect()).filter(|row: &Vec<&str>| row[0] == name).collect();
        let number = |row: &Vec<&str>, at: usize| row[at].parse::<usize>().expect("a number");
        let (sum, rows) = rows.split_first().expect("the table has it");
        assert_eq!((sum[1], number(sum, size)), ("(sizeof)", whole), "{name}");
        let there: Vec<(&str, usize, usize)> =
            rows.iter().map(|row| (row[1], number(row, offset), number(row, size))).collect();
        assert_eq!(fields, there, "{name}");
    }
}

#[test]
fn every_size_is_that_of_its_version() {
    let versions = [V1_4, V2_0, 0x0002_0001, V2_2, V3_0, V3_1];
    let steps: BTreeMap<&str, &[(Version, usize)]> = BTreeMap::from([
        ("LINEDEVCAPS", DEV_CAPS),
        ("LINEADDRESSCAPS", ADDRESS_CAPS),
        ("LINECALLPARAMS", CALL_PARAMS),
        ("LINECALLINFO", CALL_INFO),
        ("LINECALLSTATUS", CALL_STATUS),
        ("LINEDEVSTATUS", DEV_STATUS),
        ("LINEFORWARD", FORWARD),
        ("LINEAGENTCAPS", AGENT_CAPS),
        ("LINEADDRESSSTATUS", ADDRESS_STATUS),
        ("LINEAGENTSTATUS", AGENT_STATUS),
        ("LINECALLLIST", LIST),
        ("LINETRANSLATEOUTPUT", TRANSLATE_OUTPUT),
    ]);
    let mut compared = 0;
    for line in SIZES.lines() {
        let row: Vec<&str> = line.split(',').collect();
        let Some(steps) = steps.get(row[0]) else { continue };
        for (version, size) in versions.into_iter().zip(&row[2..]) {
            // Structures that a version does not have yet are left empty.
            if let Ok(size) = size.parse::<usize>() {
                assert_eq!(size_in(steps, version), size, "{} in {version:#x}", row[0]);
                compared += 1;
            }
        }
    }
    assert!(compared > 60, "{compared}");
}

#[test]
fn every_number_is_the_tables() {
    let table: BTreeMap<&str, u32> = CONSTANTS
        .lines()
        .skip(1)
        .map(|line| {
            let (name, value) = line.split_once(',').expect("two columns");
            (name, value.parse().expect("a number"))
        })
        .collect();
    for (name, value) in cti_tapisim::constants::ALL {
        assert_eq!(table.get(name), Some(value), "{name}");
    }
    assert_eq!(cti_tapisim::constants::ALL.len(), table.len());
}
