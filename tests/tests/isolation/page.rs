//! The table of docs/isolation.md.

use std::collections::BTreeMap;
use std::fs;
use std::path::PathBuf;

use jackfield_tests::build::workspace;
use jackfield_tests::scenarios::show;

const BEGIN: &str = "<!-- the table of deeds: written by a test -->";
const END: &str = "<!-- end of the table -->";

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

/// The table as it comes out.
#[derive(Debug, Default)]
pub(crate) struct Table(Vec<String>);

impl Table {
    /// Adds a row, and shows it.
    pub(crate) fn add(&mut self, row: Row) {
        let Row { what, refused, own, others } = row;
        let refused = if refused.is_empty() { "–".to_owned() } else { refused };
        let line = format!("| {what} | {refused} | {own} | {others} |");
        show(&line);
        self.0.push(line);
    }

    fn text(&self) -> String {
        let head =
            "| the adapter … | refused | its own connection | clients of the other one |\n| --- | --- | --- | --- |";
        format!("{BEGIN}\n\n{head}\n{}\n\n{END}", self.0.join("\n"))
    }

    /// Compares it with the page's, or writes it there.
    pub(crate) fn compare(&self) {
        if only().is_some() {
            return;
        }
        let path = page();
        let page = fs::read_to_string(&path).unwrap();
        let (from, to) = (page.find(BEGIN).unwrap(), page.find(END).unwrap() + END.len());
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
