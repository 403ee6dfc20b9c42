//! Commands of the docs, as a test gives them: a section of a page, and whether what was printed is what it shows.

use std::fs;

use crate::build::workspace;

/// A block of a section.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Block {
    /// A file: its name and text.
    File(String, String),
    /// Commands, each with what it prints.
    Console(Vec<(String, Vec<String>)>),
}

/// The blocks of a section of a page of `docs`.
///
/// # Errors
/// There is no such section, or a block is neither a file nor commands.
pub fn blocks(page: &str, heading: &str) -> Result<Vec<Block>, String> {
    let text = fs::read_to_string(workspace().join("docs").join(page)).map_err(|e| format!("{page}: {e}"))?;
    let begin = text.find(&format!("\n## {heading}\n")).ok_or_else(|| format!("{page} has no `{heading}`"))?;
    let section = &text[begin + 2..];
    let section = &section[..section.find("\n## ").unwrap_or(section.len())];
    let mut blocks = Vec::new();
    let mut lines = section.lines();
    while let Some(line) = lines.next() {
        let Some(kind) = line.strip_prefix("```") else { continue };
        let text: Vec<&str> = lines.by_ref().take_while(|line| *line != "```").collect();
        if let Some(name) = kind.strip_prefix("toml ") {
            blocks.push(Block::File(name.to_owned(), text.join("\n") + "\n"));
        } else if kind == "console" {
            let mut commands: Vec<(String, Vec<String>)> = Vec::new();
            for line in text {
                match (line.strip_prefix("$ "), commands.last_mut()) {
                    (Some(command), _) => commands.push((command.to_owned(), Vec::new())),
                    (None, Some((_, output))) => output.push(line.to_owned()),
                    (None, None) => return Err(format!("output before a command: {line}")),
                }
            }
            blocks.push(Block::Console(commands));
        } else {
            return Err(format!("a block of `{heading}` is `console` or `toml FILE`, not `{kind}`"));
        }
    }
    Ok(blocks)
}

/// Whether a line is as shown; `…` stands for anything.
#[must_use]
pub fn fits(shown: &str, line: &str) -> bool {
    let mut parts = shown.split('…');
    let Some(mut rest) = line.strip_prefix(parts.next().unwrap_or_default()) else { return false };
    let mut last = None;
    for part in parts {
        let Some(at) = rest.find(part) else { return false };
        rest = &rest[at + part.len()..];
        last = Some(part);
    }
    rest.is_empty() || last == Some("")
}

#[cfg(test)]
mod tests {
    use super::fits;

    #[test]
    fn what_is_not_shown_stands_for_anything() {
        for (shown, line, is) in [
            ("a … c", "a b c", true),
            ("a …", "a b c", true),
            ("a b c", "a b c", true),
            ("a b", "a b c", false),
            ("… c", "a b", false),
            ("a … c", "a b c d", false),
        ] {
            assert_eq!(fits(shown, line), is, "{shown} {line}");
        }
    }
}
