//! Call records, as Asterisk itself writes them (`Master.csv`).

/// One call record. Times are UTC, `YYYY-MM-DD HH:MM:SS`, empty when the thing did not happen.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Cdr {
    /// Number of the caller.
    pub src: String,
    /// Number that was dialled.
    pub dst: String,
    /// Dialplan context of `dst`.
    pub context: String,
    /// Caller id with name, `"Name" <number>`.
    pub caller_id: String,
    /// Channel of the caller.
    pub channel: String,
    /// Channel of the called party; empty when nobody was dialled.
    pub dst_channel: String,
    /// Last dialplan application.
    pub last_app: String,
    /// When the call began.
    pub start: String,
    /// When it was answered.
    pub answer: String,
    /// When it ended.
    pub end: String,
    /// Seconds from start to end.
    pub duration: u32,
    /// Seconds from answer to end.
    pub billsec: u32,
    /// `ANSWERED`, `NO ANSWER`, `BUSY`, `FAILED` or `CONGESTION`.
    pub disposition: String,
    /// Unique id of `channel`.
    pub unique_id: String,
}

pub(super) fn parse(text: &str) -> Result<Vec<Cdr>, String> {
    // A line without its newline is still being written.
    let whole = text.rfind('\n').map_or("", |end| &text[..end]);
    whole.lines().map(record).collect()
}

fn record(line: &str) -> Result<Cdr, String> {
    let fields = split(line);
    let at = |i: usize| {
        let field = fields.get(i).cloned();
        field.ok_or_else(|| format!("a call record has {} fields, too few: {line}", fields.len()))
    };
    let seconds = |i: usize| at(i)?.parse().map_err(|e| format!("field {i} of call record {line}: {e}"));
    Ok(Cdr {
        src: at(1)?,
        dst: at(2)?,
        context: at(3)?,
        caller_id: at(4)?,
        channel: at(5)?,
        dst_channel: at(6)?,
        last_app: at(7)?,
        start: at(9)?,
        answer: at(10)?,
        end: at(11)?,
        duration: seconds(12)?,
        billsec: seconds(13)?,
        disposition: at(14)?,
        unique_id: at(16)?,
    })
}

/// Fields of one line: separated by commas, texts in double quotes, a quote inside them doubled.
fn split(line: &str) -> Vec<String> {
    let mut fields = vec![String::new()];
    let mut quoted = false;
    let mut chars = line.chars().peekable();
    while let Some(c) = chars.next() {
        match c {
            '"' if quoted && chars.peek() == Some(&'"') => {
                chars.next();
                push(&mut fields, '"');
            }
            '"' => quoted = !quoted,
            ',' if !quoted => fields.push(String::new()),
            c => push(&mut fields, c),
        }
    }
    fields
}

fn push(fields: &mut [String], c: char) {
    if let Some(field) = fields.last_mut() {
        field.push(c);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_record_with_quotes_and_commas() {
        let line = r#""","7916","101","internal","""Ivan, P"" <7916>","PJSIP/trunk-0","PJSIP/101-1","Dial","x,30,t","2026-01-01 10:00:00",,"2026-01-01 10:00:07",7,0,"NO ANSWER","DOCUMENTATION","1.0","""#;
        let all = parse(&format!("{line}\n\"half a li")).unwrap();
        assert_eq!(all.len(), 1);
        assert_eq!(all[0].caller_id, "\"Ivan, P\" <7916>");
        assert_eq!((all[0].duration, all[0].answer.as_str(), all[0].unique_id.as_str()), (7, "", "1.0"));
        assert!(parse("\"a\",\"b\"\n").is_err());
    }
}
