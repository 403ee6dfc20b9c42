//! The table: text for a person, JSON for a program.

use serde_json::{Value, json};

use crate::machine;
use crate::measure::{Pair, Spread};

/// A figure of a row.
#[derive(Debug)]
pub(crate) struct Figure {
    /// What was measured.
    pub(crate) what: String,
    /// In which unit.
    pub(crate) unit: &'static str,
    /// Ours.
    pub(crate) measured: Spread,
    /// What it is compared with, and its value.
    pub(crate) reference: Option<(&'static str, Spread)>,
    /// Ours by the reference.
    pub(crate) ratio: Option<Spread>,
    /// The goal in words.
    pub(crate) goal: String,
    /// Whether the median reaches it.
    pub(crate) met: Option<bool>,
}

impl Figure {
    /// Ours beside a reference, with a goal for the ratio.
    pub(crate) fn compared(what: impl Into<String>, unit: &'static str, pair: Pair, to: &'static str) -> Self {
        Self {
            what: what.into(),
            unit,
            measured: pair.ours,
            reference: Some((to, pair.reference)),
            ratio: Some(pair.ratio),
            goal: String::new(),
            met: None,
        }
    }

    /// A figure without a reference.
    pub(crate) fn alone(what: impl Into<String>, unit: &'static str, measured: Spread) -> Self {
        Self { what: what.into(), unit, measured, reference: None, ratio: None, goal: String::new(), met: None }
    }

    /// With a goal.
    pub(crate) fn goal(mut self, goal: impl Into<String>, met: bool) -> Self {
        (self.goal, self.met) = (goal.into(), Some(met));
        self
    }

    /// With a goal for the median of the ratio.
    pub(crate) fn ratio_at_most(self, most: f64) -> Self {
        let met = self.ratio.is_some_and(|ratio| ratio.median <= most);
        self.goal(format!("ratio ≤ {most}"), met)
    }

    fn text(&self) -> [String; 6] {
        let spread = |s: &Spread| format!("{} ({}–{})", number(s.median), number(s.least), number(s.most));
        let met = match self.met {
            None => "",
            Some(true) => ": met",
            Some(false) => ": NOT met",
        };
        [
            self.what.clone(),
            self.unit.to_owned(),
            spread(&self.measured),
            self.reference.as_ref().map(|(name, s)| format!("{name}: {}", number(s.median))).unwrap_or_default(),
            self.ratio.as_ref().map(spread).unwrap_or_default(),
            format!("{}{met}", self.goal),
        ]
    }

    /// A line of the table in docs/benchmarks.md.
    fn line_of_docs(&self) -> String {
        let Spread { least, median, most } = self.measured;
        let unit = if self.unit.is_empty() { String::new() } else { format!(" {}", self.unit) };
        // Where the turns are far apart, all of them are told.
        let ours = if most > 1.5 * least {
            format!("{} ({}–{})", number(median), number(least), number(most))
        } else {
            number(median)
        };
        let told = match (&self.reference, &self.ratio) {
            (Some((name, reference)), Some(ratio)) => {
                format!("{} of {name} ({ours} against {}{unit})", number(ratio.median), number(reference.median))
            }
            _ => format!("no reference: {ours}{unit}"),
        };
        let met = match self.met {
            None => "",
            Some(true) => "met",
            Some(false) => "not met",
        };
        format!("| {} | {told} | {} | {met} |\n", self.what, self.goal)
    }

    fn json(&self, row: &str) -> Value {
        let spread = |s: &Spread| json!({ "least": s.least, "median": s.median, "most": s.most });
        json!({
            "row": row,
            "what": self.what,
            "unit": self.unit,
            "measured": spread(&self.measured),
            "reference": self.reference.as_ref().map(|(name, s)| json!({ "what": name, "value": spread(s) })),
            "ratio": self.ratio.as_ref().map(spread),
            "goal": self.goal,
            "met": self.met,
        })
    }
}

/// Three digits that count.
fn number(value: f64) -> String {
    match value.abs() {
        v if v >= 100.0 => format!("{value:.0}"),
        v if v >= 10.0 => format!("{value:.1}"),
        v if v >= 1.0 => format!("{value:.2}"),
        _ => format!("{value:.3}"),
    }
}

/// What a row gives: figures, or why there are none.
pub(crate) type Outcome = Result<Vec<Figure>, String>;

/// How the table is printed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Form {
    /// For a person.
    Text,
    /// As docs/benchmarks.md has it.
    Docs,
    /// For a program.
    Json,
}

/// All rows that were measured.
#[derive(Debug)]
pub(crate) struct Table {
    form: Form,
    load: f64,
    rows: Vec<(&'static str, Outcome)>,
}

impl Table {
    pub(crate) fn new(form: Form) -> Self {
        Self { form, load: machine::load(), rows: Vec::new() }
    }

    pub(crate) fn add(&mut self, row: &'static str, outcome: Outcome) {
        self.rows.push((row, outcome));
    }

    /// Prints.
    pub(crate) fn finish(&self) {
        match self.form {
            Form::Json => println!("{}", self.as_json()),
            Form::Text => print!("{}", self.as_text()),
            Form::Docs => print!("{}", self.as_docs()),
        }
    }

    fn as_json(&self) -> Value {
        let figures = self.rows.iter().flat_map(|(row, outcome)| match outcome {
            Ok(figures) => figures.iter().map(|figure| figure.json(row)).collect(),
            Err(why) => vec![json!({ "row": row, "notMeasured": why })],
        });
        json!({
            "machine": machine::describe(),
            "loadBefore": self.load,
            "loadAfter": machine::load(),
            "figures": figures.collect::<Vec<_>>(),
        })
    }

    fn as_docs(&self) -> String {
        let mut text = format!(
            "{}; load average {:.1} before, {:.1} after\n\n| what | ratio to the reference | goal | |\n| --- | --- | --- | --- |\n",
            machine::describe(),
            self.load,
            machine::load()
        );
        for (row, outcome) in &self.rows {
            match outcome {
                Ok(figures) => figures.iter().for_each(|figure| text.push_str(&figure.line_of_docs())),
                Err(why) => text.push_str(&format!("| `{row}` | not measured: {why} | | |\n")),
            }
        }
        text
    }

    fn as_text(&self) -> String {
        let head = ["what", "unit", "measured", "reference", "ratio", "goal"].map(str::to_owned);
        let mut lines = vec![(String::from("row"), head)];
        let mut missing = String::new();
        for (row, outcome) in &self.rows {
            match outcome {
                Ok(figures) => lines.extend(figures.iter().map(|figure| ((*row).to_owned(), figure.text()))),
                Err(why) => missing.push_str(&format!("{row}: not measured: {why}\n")),
            }
        }
        let mut text = format!(
            "{}\nload average {:.1} before, {:.1} after; median of {} turns (least–most), reference in the same turn\n\n",
            machine::describe(),
            self.load,
            machine::load(),
            crate::measure::ROUNDS
        );
        for (index, (row, cells)) in lines.iter().enumerate() {
            text.push_str(&format!("| {row} | {} |\n", cells.join(" | ")));
            if index == 0 {
                text.push_str("| --- | --- | --- | --- | --- | --- | --- |\n");
            }
        }
        if !missing.is_empty() {
            text.push_str(&format!("\n{missing}"));
        }
        text
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_row_that_cannot_run_says_why() {
        let mut table = Table::new(Form::Text);
        table.add("start", Err("no library".to_owned()));
        assert!(table.as_text().ends_with("start: not measured: no library\n"));
        assert_eq!(table.as_json()["figures"][0]["notMeasured"], "no library");
        assert!(table.as_docs().ends_with("| `start` | not measured: no library | | |\n"));
    }

    #[test]
    fn the_ratio_is_that_of_each_turn() {
        let mut turns = crate::measure::Turns::default();
        for (ours, reference) in [(2.0, 1.0), (30.0, 10.0), (4.0, 4.0)] {
            turns.add(ours, reference);
        }
        let figure = Figure::compared("x", "s", turns.pair(), "y").ratio_at_most(1.5);
        assert_eq!(figure.ratio.map(|r| (r.least, r.median, r.most)), Some((1.0, 2.0, 3.0)));
        assert_eq!(figure.met, Some(false));
        let told = "| x | 2.00 of y (4.00 (2.00–30.0) against 4.00 s) | ratio ≤ 1.5 | not met |\n";
        assert_eq!(figure.line_of_docs(), told);
    }
}
