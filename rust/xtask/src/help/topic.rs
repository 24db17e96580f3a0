//! Writes an about topic as the plain text `Get-Help` shows.

use super::markdown::{self, Block};

/// The widest line of running text.
const WIDTH: usize = 80;

/// Renders the page of the topic `name`.
///
/// `Get-Help about_*` takes the topic's summary from the fifth line, so the page has to begin with its
/// title and a short description, and the layout here is fixed.
pub fn render(name: &str, page: &str) -> Result<String, String> {
    let sections = markdown::sections(page);
    let mut sections = sections.iter();
    if sections.next().map(|title| title.title.as_str()) != Some(name) {
        return Err(format!("does not begin with `# {name}`"));
    }
    let mut text = format!("TOPIC\n    {name}\n");
    for (place, section) in sections.enumerate() {
        if place == 0 && section.title != "SHORT DESCRIPTION" {
            return Err("does not go on with `## SHORT DESCRIPTION`".to_owned());
        }
        let title = markdown::plain(&section.title);
        text.push_str(&if section.level == 2 {
            format!("\n{}\n", title.to_uppercase())
        } else {
            format!("\n  {title}\n")
        });
        for (place, block) in section.blocks.iter().enumerate() {
            if place > 0 {
                text.push('\n');
            }
            append(&mut text, block);
        }
    }
    // A second line of the summary would be cut off.
    if text.lines().nth(5).is_some_and(|line| !line.is_empty()) {
        return Err(format!("has a short description of more than one line of {WIDTH}"));
    }
    Ok(text)
}

fn append(text: &mut String, block: &Block) {
    match block {
        Block::Paragraph(paragraph) => wrap(text, paragraph, "    ", "    "),
        Block::List(items) => items.iter().for_each(|item| wrap(text, item, "    - ", "      ")),
        Block::Table { titles, rows } => {
            for (first, beside) in markdown::spelled_out(titles, rows) {
                wrap(text, &first, "    - ", "      ");
                for cell in beside {
                    wrap(text, &cell, "        ", "          ");
                }
            }
        }
        Block::Code { lines, .. } => {
            for line in lines {
                text.push_str(format!("        {line}").trim_end());
                text.push('\n');
            }
        }
    }
}

/// Appends `paragraph` in lines of at most [`WIDTH`], unless one word is longer.
fn wrap(text: &mut String, paragraph: &str, first: &str, others: &str) {
    let mut line = first.to_owned();
    let mut empty = true;
    for word in paragraph.split_whitespace() {
        if !empty && line.chars().count() + 1 + word.chars().count() > WIDTH {
            text.push_str(&line);
            text.push('\n');
            others.clone_into(&mut line);
            empty = true;
        }
        if !empty {
            line.push(' ');
        }
        line.push_str(word);
        empty = false;
    }
    text.push_str(&line);
    text.push('\n');
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_summary_is_on_the_fifth_line() {
        let text = render("about_It", "# about_It\n\n## SHORT DESCRIPTION\nWhat `it` is.\n\n## MORE\n- a\n").unwrap();
        assert_eq!(text.lines().nth(4), Some("    What it is."));
        assert!(text.ends_with("\nMORE\n    - a\n"), "{text}");
        assert!(render("about_It", "# about_It\n\n## MORE\n").is_err());
        assert!(render("about_It", "# about_That\n").is_err());
        let long = "word ".repeat(20);
        assert!(render("about_It", &format!("# about_It\n\n## SHORT DESCRIPTION\n{long}\n")).is_err());
    }

    #[test]
    fn running_text_is_wrapped_and_code_is_not() {
        let words = "word ".repeat(50);
        let code = "x".repeat(90);
        let page = format!("# a\n## SHORT DESCRIPTION\nShort.\n## MORE\n{words}\n\n- {words}\n\n```\n{code}\n```\n");
        let text = render("a", &page).unwrap();
        let wide: Vec<_> = text.lines().filter(|line| line.chars().count() > WIDTH).collect();
        assert_eq!(wide, [format!("        {code}")]);
        assert!(text.contains("\n      word"));
    }
}
