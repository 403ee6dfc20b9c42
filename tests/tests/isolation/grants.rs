//! What each grant opens, and that everything else stays closed with it; what threads do that were granted.

use jackfield_tests::host::PATIENCE;

use crate::bed::{Bed, Course, Plan, same};
use crate::deeds::{self, After, Deed, is_refusal};
use crate::load::build;
use crate::page::{self, Table};

/// A grant, and the attempts of the deeds that get beyond the system's refusal with it.
struct Grant {
    name: &'static str,
    opens: &'static [(&'static str, &'static [&'static str])],
    /// What the rights of the host's user decide.
    perhaps: &'static [&'static str],
}

const GRANTS: [Grant; 4] = [
    Grant { name: "threads", opens: &[("threads", &["threads", "one more"])], perhaps: &[] },
    Grant {
        name: "network",
        opens: &[
            ("read-files", &["/etc/hosts"]),
            ("connect", &["TCP to its phone system", "UDP", "TCP over IPv6", "netlink", "its own socket to another"]),
            ("bind", &["TCP", "UDP", "listen on its own socket"]),
        ],
        perhaps: &[],
    },
    Grant {
        name: "files",
        opens: &[
            ("read-files", &["/etc/passwd", "/etc/hosts", "list /tmp", "list /home", "/dev/zero", "/dev/null"]),
            (
                "write-files",
                &["make a file", "make a folder", "remove that folder", "remove a file", "rename", "set times"],
            ),
        ],
        perhaps: &["/etc/shadow", "append to /etc/passwd"],
    },
    Grant {
        name: "libraries",
        opens: &[
            ("read-files", &["/etc/passwd", "/etc/hosts", "list /tmp", "list /home"]),
            (
                "executable-memory",
                &["mmap, executable", "mmap, writable and executable", "mprotect", "its own code, writable"],
            ),
        ],
        perhaps: &["/etc/shadow"],
    },
];

fn granted(grant: &str) -> Plan {
    let mut plan = Plan::new("process", build(grant, ["-", "-", "-"]));
    plan.keys = format!("grant = [\"{grant}\"]\ninput_timeout = \"2m\"\nmemory = 768");
    plan
}

/// What of a deed's attempts the system did not refuse.
fn opened(bed: &Bed, deed: &Deed) -> Vec<String> {
    bed.pbx.deed(deed.name);
    let said = bed.pbx.did(deed.name, PATIENCE).unwrap_or_else(|| panic!("{} does not come back", deed.name));
    let tried = said.split("; ").filter_map(|attempt| attempt.rsplit_once('='));
    let opened: Vec<String> =
        tried.filter(|(_, answer)| !is_refusal(answer)).map(|(what, _)| what.to_owned()).collect();
    assert!(said.contains('='), "`{}` tried nothing: {said}", deed.name);
    opened
}

#[test]
fn a_grant_opens_what_it_says_and_nothing_else() {
    let beds: Vec<(&Grant, Bed)> = GRANTS.iter().map(|grant| (grant, Bed::start(&granted(grant.name)))).collect();
    let mut table = Table::new(page::GRANTS);
    for deed in deeds::ATTEMPTS {
        let mut cell = Vec::new();
        for (grant, bed) in &beds {
            let mut opened = opened(bed, deed);
            opened.retain(|what| !grant.perhaps.contains(&what.as_str()));
            let opens = grant.opens.iter().find(|(name, _)| *name == deed.name).map_or(&[][..], |(_, opens)| opens);
            assert_eq!(opened, opens, "`{}` with grant = [\"{}\"]", deed.name, grant.name);
            if !opens.is_empty() {
                cell.push(format!("`{}`: {}", grant.name, opens.join(", ")));
            }
        }
        let cell = if cell.is_empty() { "nothing".to_owned() } else { cell.join("; ") };
        table.cells(&[deed.what.trim_end_matches(", without a grant"), &cell]);
    }
    for (grant, mut bed) in beds {
        bed.bad_works();
        bed.as_before(grant.name);
    }
    table.compare();
}

#[test]
fn what_is_granted_and_not_needed_is_not_opened() {
    let mut plan = granted("threads");
    plan.library = build("-", ["-", "-", "-"]);
    let bed = Bed::start(&plan);
    let threads = deeds::ATTEMPTS.iter().find(|deed| deed.name == "threads").unwrap();
    assert_eq!(opened(&bed, threads), Vec::<String>::new());
}

#[test]
fn threads_that_were_granted_reach_nobody_else() {
    let mut bed = Bed::start(&granted("threads"));
    let (expected, ()) = bed.course(|_| ());
    let mut table = Table::new(page::THREADS);
    for deed in deeds::WITH_THREADS.iter().filter(|deed| page::wanted(deed.name)) {
        let (own, events) = with_threads(&mut bed, &expected, deed);
        table.cells(&[deed.what, &own, &format!("the same {events} events")]);
    }
    table.compare();
}

/// A deed while a call of the good connection is up; what became of the hostile one, and how many events others saw.
fn with_threads(bed: &mut Bed, expected: &Course, deed: &Deed) -> (String, usize) {
    let (course, own) = bed.course(|bed| {
        bed.pbx.deed(deed.name);
        match deed.after {
            After::Ends(words) => {
                let why = bed.bad_came_back();
                assert!(words.iter().any(|word| why.contains(word)), "`{}` ended by `{why}`", deed.name);
                format!("ended: {why}; back, its call kept")
            }
            After::Lives | After::Refused => {
                let said = bed.pbx.did(deed.name, PATIENCE);
                assert!(said.is_some_and(|said| !said.contains("no thread")), "{}\n{}", deed.name, bed.host.log());
                // Whatever its threads do: what the phone system says is handled.
                bed.bad_works();
                "goes on".to_owned()
            }
        }
    });
    same(expected, &course, deed.name);
    bed.bad_works();
    if let After::Lives = deed.after {
        // With its process its threads are gone.
        bed.pbx.deed("exit");
        assert!(bed.bad_came_back().contains('3'));
    }
    bed.as_before(deed.name);
    (own, course.iter().map(Vec::len).sum())
}
