//! The table of docs/isolation.md.

use std::collections::BTreeMap;
use std::fs;
use std::path::PathBuf;

use jackfield_tests::build::workspace;
use jackfield_tests::scenarios::show;

/// A table of the page.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Kind {
    name: &'static str,
    head: &'static str,
}

/// What an adapter without grants does.
pub(crate) const DEEDS: Kind =
    Kind { name: "deeds", head: "| the adapter … | refused | its own connection | clients of the other one |" };
/// What grants open.
pub(crate) const GRANTS: Kind = Kind { name: "grants", head: "| the adapter … | opens with |" };
/// What an adapter with threads does.
pub(crate) const THREADS: Kind =
    Kind { name: "threads", head: "| the adapter … | its own connection | clients of the other one |" };

impl Kind {
    fn begin(self) -> String {
        format!("<!-- the table of {}: written by a test -->", self.name)
    }

    fn end(self) -> String {
        format!("<!-- end of the table of {} -->", self.name)
    }
}

/// A line of the table.
#[derive(Debug)]
pub(crate) struct Row {
    /// The deed, in words.
    pub(crate) what: &'static str,
    /// What the system refused.
    pub(crate) refused: String,
    /// What became of its own connection.
    pub(crate) own: String,
    /// What the clients of the other connection saw.
    pub(crate) others: String,
}

/// A table as it comes out.
#[derive(Debug)]
pub(crate) struct Table(Kind, Vec<String>);

impl Table {
    /// Without rows.
    pub(crate) fn new(kind: Kind) -> Self {
        Self(kind, Vec::new())
    }

    /// Adds a row of the table of deeds, and shows it.
    pub(crate) fn add(&mut self, row: Row) {
        let Row { what, refused, own, others } = row;
        let refused = if refused.is_empty() { "–".to_owned() } else { refused };
        self.cells(&[what, &refused, &own, &others]);
    }

    /// Adds a row, and shows it.
    pub(crate) fn cells(&mut self, cells: &[&str]) {
        let line = format!("| {} |", cells.join(" | "));
        show(&line);
        self.1.push(line);
    }

    fn text(&self) -> String {
        let Self(kind, rows) = self;
        let under = "| --- ".repeat(kind.head.matches('|').count() - 1);
        format!("{}\n\n{}\n{under}|\n{}\n\n{}", kind.begin(), kind.head, rows.join("\n"), kind.end())
    }

    /// Compares it with the page's, or writes it there.
    pub(crate) fn compare(&self) {
        if only().is_some() {
            return;
        }
        // Tests that write other tables of the page run beside this one.
        let _alone = lock();
        let path = page();
        let page = fs::read_to_string(&path).unwrap();
        let (begin, end) = (self.0.begin(), self.0.end());
        let (from, to) = (page.find(&begin).unwrap(), page.find(&end).unwrap() + end.len());
        if std::env::var_os("JACKFIELD_TESTS_BLESS").is_some() {
            return fs::write(path, format!("{}{}{}", &page[..from], self.text(), &page[to..])).unwrap();
        }
        assert_eq!(
            page[from..to],
            self.text(),
            "docs/isolation.md has another table; JACKFIELD_TESTS_BLESS=1 writes it"
        );
    }
}

fn lock() -> fs::File {
    let file = fs::File::create(std::env::temp_dir().join("jackfield-isolation-page.lock")).unwrap();
    file.lock().unwrap();
    file
}

fn page() -> PathBuf {
    workspace().join("docs/isolation.md")
}

/// Only these deeds, for who looks for a fault: `JACKFIELD_DEEDS=segv,abort`.
fn only() -> Option<String> {
    std::env::var("JACKFIELD_DEEDS").ok()
}

/// Whether a deed is to be done.
pub(crate) fn wanted(name: &str) -> bool {
    only().is_none_or(|only| only.split(',').any(|wanted| wanted == name))
}

/// Attempts, gathered by what the system answered.
pub(crate) fn by_answer(tried: &[(&str, &str)]) -> String {
    let mut answers: BTreeMap<&str, Vec<&str>> = BTreeMap::new();
    for (what, answer) in tried {
        answers.entry(answer).or_default().push(what);
    }
    let list = |(answer, what): (&str, Vec<&str>)| format!("{answer}: {}", what.join(", "));
    answers.into_iter().map(list).collect::<Vec<_>>().join("; ")
}
