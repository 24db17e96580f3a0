//! As much of markdown as the help is written in.

/// A heading and what follows it up to the next heading.
#[derive(Debug, PartialEq, Eq)]
pub struct Section {
    /// The heading's level; 1 for `#`.
    pub level: usize,
    /// The heading's text.
    pub title: String,
    /// What follows.
    pub blocks: Vec<Block>,
}

/// A piece of a section.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Block {
    /// Running text, its lines joined and its marks resolved.
    Paragraph(String),
    /// The items of a list, likewise.
    List(Vec<String>),
    /// A table: the titles of its columns, and its rows.
    Table {
        /// The titles.
        titles: Vec<String>,
        /// The cells, row by row.
        rows: Vec<Vec<String>>,
    },
    /// The lines of a fenced block, verbatim, with the language it names.
    Code {
        /// What stands behind the opening fence.
        language: String,
        /// The lines.
        lines: Vec<String>,
    },
}

/// Splits a page, without its front matter, into sections.
pub fn sections(page: &str) -> Vec<Section> {
    let mut sections = Vec::new();
    let mut blocks = Builder::default();
    let mut lines = body(page).lines();
    while let Some(line) = lines.next() {
        if let Some(language) = line.trim_start().strip_prefix("```") {
            let code = lines.by_ref().take_while(|line| line.trim() != "```");
            let lines = code.map(str::to_owned).collect();
            blocks.push(Block::Code { language: language.trim().to_owned(), lines });
        } else if let Some((level, title)) = heading(line) {
            end_section(&mut sections, &mut blocks);
            sections.push(Section { level, title: title.to_owned(), blocks: Vec::new() });
        } else {
            blocks.line(line);
        }
    }
    end_section(&mut sections, &mut blocks);
    sections
}

/// The page behind its front matter.
fn body(page: &str) -> &str {
    page.strip_prefix("---\n").and_then(|rest| rest.split_once("\n---\n")).map_or(page, |(_, body)| body)
}

fn heading(line: &str) -> Option<(usize, &str)> {
    let title = line.trim_start_matches('#');
    let level = line.len() - title.len();
    (level > 0 && title.starts_with(' ')).then_some((level, title.trim()))
}

fn end_section(sections: &mut [Section], blocks: &mut Builder) {
    let blocks = std::mem::take(blocks).finish();
    if let Some(section) = sections.last_mut() {
        section.blocks = blocks;
    }
}

/// Collects lines into blocks.
#[derive(Default)]
struct Builder {
    done: Vec<Block>,
    paragraph: String,
    items: Vec<String>,
    rows: Vec<Vec<String>>,
}

impl Builder {
    fn line(&mut self, line: &str) {
        let text = line.trim();
        if let Some(row) = row(text) {
            if self.rows.is_empty() {
                self.end_text();
            }
            self.rows.push(row);
        } else if text.is_empty() {
            self.end_text();
        } else if let Some(item) = text.strip_prefix("- ").or_else(|| text.strip_prefix("* ")) {
            if !self.paragraph.is_empty() {
                self.end_text();
            }
            self.items.push(item.to_owned());
        } else {
            let open = self.items.last_mut().unwrap_or(&mut self.paragraph);
            if !open.is_empty() {
                open.push(' ');
            }
            open.push_str(text);
        }
    }

    fn push(&mut self, block: Block) {
        self.end_text();
        self.done.push(block);
    }

    fn end_text(&mut self) {
        let mut rows = std::mem::take(&mut self.rows).into_iter();
        if let Some(titles) = rows.next() {
            let is_rule = |row: &Vec<String>| row.iter().all(|cell| cell.chars().all(|c| matches!(c, '-' | ':')));
            self.done.push(Block::Table { titles, rows: rows.filter(|row| !is_rule(row)).collect() });
        }
        if !self.items.is_empty() {
            let items = std::mem::take(&mut self.items);
            self.done.push(Block::List(items.iter().map(|item| plain(item)).collect()));
        }
        if !self.paragraph.is_empty() {
            self.done.push(Block::Paragraph(plain(&std::mem::take(&mut self.paragraph))));
        }
    }

    fn finish(mut self) -> Vec<Block> {
        self.end_text();
        self.done
    }
}

/// The cells of a line that is one of a table.
fn row(line: &str) -> Option<Vec<String>> {
    let cells = line.strip_prefix('|')?.strip_suffix('|')?;
    Some(cells.split('|').map(|cell| plain(cell.trim())).collect())
}

/// The rows of a table for readers of plain text: what the first column says, and beside each title what is under it.
pub fn spelled_out(titles: &[String], rows: &[Vec<String>]) -> Vec<(String, Vec<String>)> {
    let beside = |row: &[String]| {
        titles
            .iter()
            .zip(row)
            .skip(1)
            .filter(|(_, cell)| !cell.is_empty())
            .map(|(title, cell)| format!("{title}: {cell}"))
            .collect()
    };
    rows.iter().map(|row| (row.first().cloned().unwrap_or_default(), beside(row))).collect()
}

/// The links in a text, as their words and their addresses.
pub fn links(text: &str) -> Vec<(String, String)> {
    let mut found = Vec::new();
    let mut rest = text;
    while let Some(start) = rest.find('[') {
        rest = &rest[start..];
        if let Some((words, address, behind)) = link(rest) {
            found.push((words.to_owned(), address.to_owned()));
            rest = behind;
        } else {
            rest = &rest[1..];
        }
    }
    found
}

/// The text without its marks: code, emphasis, escapes, links.
pub fn plain(text: &str) -> String {
    let mut plain = String::new();
    let mut rest = text;
    while let Some(first) = rest.chars().next() {
        if first == '`'
            && let Some((code, behind)) = rest[1..].split_once('`')
        {
            plain.push_str(code);
            rest = behind;
        } else if first == '['
            && let Some((words, address, behind)) = link(rest)
        {
            plain.push_str(&self::plain(words));
            // A file of the repository means nothing to a reader at a prompt.
            if address.starts_with("http") && address != words {
                plain.push_str(" (");
                plain.push_str(address);
                plain.push(')');
            }
            rest = behind;
        } else if let Some(behind) = rest.strip_prefix("**") {
            rest = behind;
        } else if first == '\\' && rest[1..].starts_with(|next: char| next.is_ascii_punctuation()) {
            plain.push_str(&rest[1..2]);
            rest = &rest[2..];
        } else {
            plain.push(first);
            rest = &rest[first.len_utf8()..];
        }
    }
    plain
}

/// The words and the address of the link that `text` begins with, and what follows it.
fn link(text: &str) -> Option<(&str, &str, &str)> {
    let (words, rest) = text.strip_prefix('[')?.split_once("](")?;
    let (address, behind) = rest.split_once(')')?;
    (!words.contains(['[', ']'])).then_some((words, address, behind))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn paragraph(text: &str) -> Block {
        Block::Paragraph(text.to_owned())
    }

    #[test]
    fn a_page_falls_into_sections_and_blocks() {
        let page = "---\nschema: 2.0.0\n---\n\n# Title\n\n## ONE\nfirst line\nsecond line\n\n- an item\n  that \
                    goes on\n- another\n\n```powershell\n# no heading\n```\nlast\n### TWO\n";
        let found = sections(page);
        let titles: Vec<_> = found.iter().map(|section| (section.level, section.title.as_str())).collect();
        assert_eq!(titles, [(1, "Title"), (2, "ONE"), (3, "TWO")]);
        assert_eq!(
            found[1].blocks,
            [
                paragraph("first line second line"),
                Block::List(vec!["an item that goes on".to_owned(), "another".to_owned()]),
                Block::Code { language: "powershell".to_owned(), lines: vec!["# no heading".to_owned()] },
                paragraph("last"),
            ]
        );
    }

    #[test]
    fn a_table_is_spelled_out_for_readers_of_plain_text() {
        let page = "# T\nBefore:\n| Who | Does |\n|---|:--:|\n| `a` | x |\n| b | |\n\nAfter\n";
        let found = sections(page);
        let [Block::Paragraph(_), Block::Table { titles, rows }, Block::Paragraph(_)] = found[0].blocks.as_slice()
        else {
            panic!("{found:?}");
        };
        assert_eq!(
            spelled_out(titles, rows),
            [("a".to_owned(), vec!["Does: x".to_owned()]), ("b".to_owned(), Vec::new())]
        );
    }

    #[test]
    fn marks_are_resolved() {
        assert_eq!(plain("give `-User[0]` **now**, C:\\\\, a_b"), "give -User[0] now, C:\\, a_b");
        assert_eq!(
            plain("see [the page](https://example.com/a) or [this](./b.md)"),
            "see the page (https://example.com/a) or this"
        );
        assert_eq!(plain("an array [] and `unclosed"), "an array [] and `unclosed");
    }

    #[test]
    fn links_are_found() {
        let text = "[a b](https://example.com) and [c](d.md)";
        let pair = |a: &str, b: &str| (a.to_owned(), b.to_owned());
        assert_eq!(links(text), [pair("a b", "https://example.com"), pair("c", "d.md")]);
    }
}
