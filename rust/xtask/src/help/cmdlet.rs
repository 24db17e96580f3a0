//! Reads a cmdlet's page, written in the `PlatyPS` schema.
//!
//! A page that leaves something out is refused, so that a gap shows when the help is built and not when
//! somebody reads it.

use super::markdown::{self, Block, Section};

/// Everything a page says of a cmdlet.
#[derive(Debug)]
pub struct Cmdlet {
    /// Its name.
    pub name: String,
    /// One sentence.
    pub synopsis: Vec<Block>,
    /// All of it.
    pub description: Vec<Block>,
    /// The parameters of each parameter set, in the order they are shown.
    pub syntax: Vec<Vec<Parameter>>,
    /// The examples.
    pub examples: Vec<Example>,
    /// Every parameter.
    pub parameters: Vec<Parameter>,
    /// What can be piped in.
    pub inputs: Vec<Kind>,
    /// What comes out.
    pub outputs: Vec<Kind>,
    /// What else there is to know.
    pub notes: Vec<Block>,
    /// Where to read on: words and address.
    pub links: Vec<(String, String)>,
}

/// An example.
#[derive(Debug)]
pub struct Example {
    /// Its heading.
    pub title: String,
    /// What is typed.
    pub code: String,
    /// What it does.
    pub remarks: Vec<Block>,
}

/// A type that goes in or comes out.
#[derive(Debug)]
pub struct Kind {
    /// Its name.
    pub name: String,
    /// What it is here.
    pub description: Vec<Block>,
}

/// A parameter.
#[derive(Clone, Debug, Default)]
pub struct Parameter {
    /// Its name, without the hyphen.
    pub name: String,
    /// What it is for.
    pub description: Vec<Block>,
    /// The name of its type.
    pub kind: String,
    /// Its other names; empty for none.
    pub aliases: String,
    /// The values it takes, where they are few.
    pub accepted: Vec<String>,
    /// Whether it must be given.
    pub required: bool,
    /// Its place, or `named`.
    pub position: String,
    /// The value it has when not given.
    pub default: String,
    /// Whether and how it takes pipeline input.
    pub pipeline: String,
    /// Whether it takes wildcards.
    pub wildcards: bool,
}

impl Parameter {
    /// Whether it is a switch, which takes no value.
    pub fn is_switch(&self) -> bool {
        self.kind == "SwitchParameter"
    }
}

/// Reads a page.
pub fn parse(page: &str) -> Result<Cmdlet, String> {
    let sections = markdown::sections(page);
    let (title, chapters) = sections.split_first().ok_or("the page is empty")?;
    let (parameters, sets) = parameters(chapter(chapters, "PARAMETERS")?.1)?;
    Ok(Cmdlet {
        name: title.title.clone(),
        synopsis: text(chapters, "SYNOPSIS")?,
        description: text(chapters, "DESCRIPTION")?,
        syntax: syntax(chapter(chapters, "SYNTAX")?, &parameters, &sets)?,
        examples: examples(chapter(chapters, "EXAMPLES")?.1)?,
        inputs: kinds(chapter(chapters, "INPUTS")?.1),
        outputs: kinds(chapter(chapters, "OUTPUTS")?.1),
        notes: text(chapters, "NOTES")?,
        links: related(page),
        parameters,
    })
}

/// The chapter of that title, and the sections in it.
fn chapter<'a>(sections: &'a [Section], title: &str) -> Result<(&'a Section, &'a [Section]), String> {
    let start = sections
        .iter()
        .position(|section| section.level == 2 && section.title == title)
        .ok_or_else(|| format!("there is no chapter {title}"))?;
    let inner = &sections[start + 1..];
    let end = inner.iter().position(|section| section.level <= 2).unwrap_or(inner.len());
    Ok((&sections[start], &inner[..end]))
}

fn text(sections: &[Section], title: &str) -> Result<Vec<Block>, String> {
    let (chapter, _) = chapter(sections, title)?;
    let blocks = chapter.blocks.clone();
    if blocks.is_empty() { Err(format!("the chapter {title} is empty")) } else { Ok(blocks) }
}

/// The parameters of each set, in the order of the syntax line that shows them.
fn syntax(
    (chapter, sections): (&Section, &[Section]),
    parameters: &[Parameter],
    sets: &[String],
) -> Result<Vec<Vec<Parameter>>, String> {
    let mut shown = Vec::new();
    for section in std::iter::once(chapter).chain(sections) {
        let set = section.title.trim_end_matches("(Default)").trim();
        for block in &section.blocks {
            let Block::Code { lines, .. } = block else {
                continue;
            };
            let mut items = Vec::new();
            for name in names(&lines.join(" ")) {
                let place = parameters
                    .iter()
                    .position(|parameter| parameter.name == name)
                    .ok_or_else(|| format!("-{name} is in the syntax and not among the parameters"))?;
                let belongs = section.level == 2 || sets[place] == "(All)" || lists(&sets[place], set);
                if !belongs {
                    return Err(format!("-{name} is in the syntax of {set}, which it is said not to belong to"));
                }
                items.push(parameters[place].clone());
            }
            shown.push(items);
        }
    }
    for parameter in parameters {
        if !shown.iter().flatten().any(|item| item.name == parameter.name) {
            return Err(format!("-{} is not in the syntax", parameter.name));
        }
    }
    Ok(shown)
}

/// The names of the parameters in a syntax line; the first word is the cmdlet's name.
fn names(line: &str) -> impl Iterator<Item = &str> {
    line.split([' ', '[', ']']).skip(1).filter_map(|word| word.strip_prefix('-'))
}

fn lists(listed: &str, wanted: &str) -> bool {
    listed.split(',').any(|one| one.trim() == wanted)
}

fn examples(sections: &[Section]) -> Result<Vec<Example>, String> {
    let example = |section: &Section| {
        let code = section.blocks.iter().position(|block| matches!(block, Block::Code { .. }));
        let Some(Block::Code { lines, .. }) = code.map(|place| &section.blocks[place]) else {
            return Err(format!("the example \"{}\" has no code", section.title));
        };
        let remarks = section.blocks.iter().enumerate().filter(|(place, _)| Some(*place) != code);
        Ok(Example {
            title: markdown::plain(&section.title),
            code: lines.join("\n"),
            remarks: remarks.map(|(_, block)| block.clone()).collect(),
        })
    };
    if sections.is_empty() {
        return Err("there is no example".to_owned());
    }
    sections.iter().map(example).collect()
}

/// The parameters, and beside each the sets it belongs to.
fn parameters(sections: &[Section]) -> Result<(Vec<Parameter>, Vec<String>), String> {
    let mut parameters = Vec::new();
    let mut sets = Vec::new();
    for section in sections {
        if let Some(name) = section.title.strip_prefix('-') {
            let (parameter, set) = parameter(name, &section.blocks).map_err(|reason| format!("-{name} {reason}"))?;
            parameters.push(parameter);
            sets.push(set);
        }
    }
    Ok((parameters, sets))
}

fn parameter(name: &str, blocks: &[Block]) -> Result<(Parameter, String), String> {
    let is_facts = |block: &&Block| matches!(block, Block::Code { language, .. } if language == "yaml");
    let Some(Block::Code { lines, .. }) = blocks.iter().find(is_facts) else {
        return Err("has no yaml block".to_owned());
    };
    let fact = |wanted: &str| {
        let value = lines.iter().find_map(|line| line.strip_prefix(wanted)?.strip_prefix(':'));
        value.map(|value| value.trim().to_owned()).ok_or_else(|| format!("does not say its {wanted}"))
    };
    let description: Vec<_> = blocks.iter().filter(|block| !is_facts(block)).cloned().collect();
    if description.is_empty() {
        return Err("is not described".to_owned());
    }
    let accepted = fact("Accepted values").unwrap_or_default();
    let parameter = Parameter {
        name: name.to_owned(),
        description,
        kind: fact("Type")?,
        aliases: fact("Aliases")?,
        accepted: accepted.split(',').map(str::trim).filter(|value| !value.is_empty()).map(str::to_owned).collect(),
        required: fact("Required")? == "True",
        position: fact("Position")?.to_lowercase(),
        default: fact("Default value")?,
        pipeline: fact("Accept pipeline input")?,
        wildcards: fact("Accept wildcard characters")? == "True",
    };
    Ok((parameter, fact("Parameter Sets")?))
}

fn kinds(sections: &[Section]) -> Vec<Kind> {
    let kind = |section: &Section| Kind { name: markdown::plain(&section.title), description: section.blocks.clone() };
    sections.iter().map(kind).collect()
}

/// The links of the last chapter, taken from the source because the blocks have them resolved.
fn related(page: &str) -> Vec<(String, String)> {
    page.split_once("## RELATED LINKS").map(|(_, rest)| markdown::links(rest)).unwrap_or_default()
}

#[cfg(test)]
pub mod tests {
    use super::*;

    /// A page with one of everything.
    pub const PAGE: &str = "---\nschema: 2.0.0\n---\n\n# Stop-It\n\n## SYNOPSIS\nStops `it` & more.\n\n## SYNTAX\n\n\
        ### Name (Default)\n```\nStop-It [-Name] <String[]> [-Mode <Mode>] [-Force] [-WhatIf]\n [<CommonParameters>]\n\
        ```\n\n### Me\n```\nStop-It -Me [-Mode <Mode>] [-Force] [-WhatIf] [<CommonParameters>]\n```\n\n\
        ## DESCRIPTION\nStops it.\n\n- one\n- two\n\n## EXAMPLES\n\n### Example 1: Stop it\n```powershell\n\
        PS> Stop-It a < b\nDone\n```\n\nIt stops.\n\n## PARAMETERS\n\n### -Force\nForces.\n\n```yaml\n\
        Type: SwitchParameter\nParameter Sets: (All)\nAliases:\n\nRequired: False\nPosition: Named\n\
        Default value: False\nAccept pipeline input: False\nAccept wildcard characters: False\n```\n\n\
        ### -Me\nMe.\n\n```yaml\nType: SwitchParameter\nParameter Sets: Me\nAliases:\n\nRequired: True\n\
        Position: Named\nDefault value: False\nAccept pipeline input: False\nAccept wildcard characters: False\n\
        ```\n\n### -Mode\nA mode.\n\n```yaml\nType: Mode\nParameter Sets: (All)\nAliases:\n\
        Accepted values: Slow, Fast\n\nRequired: False\nPosition: Named\nDefault value: Slow\n\
        Accept pipeline input: False\nAccept wildcard characters: False\n```\n\n### -Name\nA name.\n\n```yaml\n\
        Type: String[]\nParameter Sets: Name\nAliases: Id, User\n\nRequired: True\nPosition: 0\n\
        Default value: None\nAccept pipeline input: True (ByPropertyName, ByValue)\n\
        Accept wildcard characters: False\n```\n\n### -WhatIf\nSays it.\n\n```yaml\nType: SwitchParameter\n\
        Parameter Sets: (All)\nAliases: wi\n\nRequired: False\nPosition: Named\nDefault value: False\n\
        Accept pipeline input: False\nAccept wildcard characters: False\n```\n\n### CommonParameters\n\
        The common ones.\n\n## INPUTS\n\n### System.String\nA name.\n\n## OUTPUTS\n\n### None\n\n## NOTES\nNone.\n\n\
        ## RELATED LINKS\n\n[About it](https://example.com/it)\n";

    #[test]
    fn a_whole_page_is_read() {
        let cmdlet = parse(PAGE).unwrap();
        assert_eq!(cmdlet.name, "Stop-It");
        let sets: Vec<Vec<_>> =
            cmdlet.syntax.iter().map(|set| set.iter().map(|item| item.name.as_str()).collect()).collect();
        assert_eq!(sets, [vec!["Name", "Mode", "Force", "WhatIf"], vec!["Me", "Mode", "Force", "WhatIf"]]);
        let name = &cmdlet.parameters[3];
        assert_eq!((name.kind.as_str(), name.aliases.as_str(), name.required), ("String[]", "Id, User", true));
        assert_eq!((name.position.as_str(), name.pipeline.as_str()), ("0", "True (ByPropertyName, ByValue)"));
        assert_eq!(cmdlet.parameters[2].accepted, ["Slow", "Fast"]);
        assert_eq!(cmdlet.examples[0].code, "PS> Stop-It a < b\nDone");
        assert_eq!(cmdlet.links, [("About it".to_owned(), "https://example.com/it".to_owned())]);
    }

    #[test]
    fn a_page_with_a_gap_is_refused() {
        let gaps = [
            ("## NOTES\nNone.\n", "", "no chapter NOTES"),
            ("### -Mode\nA mode.\n", "### -Mode\n", "-Mode is not described"),
            ("Required: True\nPosition: 0\n", "Position: 0\n", "-Name does not say its Required"),
            ("Stop-It -Me [-Mode", "Stop-It -Me [-Mood", "-Mood is in the syntax and not among"),
            ("Stop-It -Me [-Mode", "Stop-It -Me [-Name <String[]>] [-Mode", "-Name is in the syntax of Me"),
            ("Stop-It -Me ", "Stop-It ", "-Me is not in the syntax"),
            ("Stops `it` & more.\n", "", "SYNOPSIS is empty"),
        ];
        for (present, replaced, told) in gaps {
            assert!(PAGE.contains(present), "{present}");
            let reason = parse(&PAGE.replace(present, replaced)).unwrap_err();
            assert!(reason.contains(told), "{reason}");
        }
    }
}
