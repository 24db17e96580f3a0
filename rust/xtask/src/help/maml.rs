//! Writes MAML, the format `Get-Help` reads the help of compiled cmdlets in.

use super::cmdlet::{Cmdlet, Example, Kind, Parameter};
use super::markdown::{self, Block};
use super::xml::Writer;

const NAMESPACES: &[(&str, &str)] = &[
    ("xmlns:maml", "http://schemas.microsoft.com/maml/2004/10"),
    ("xmlns:command", "http://schemas.microsoft.com/maml/dev/command/2004/10"),
    ("xmlns:dev", "http://schemas.microsoft.com/maml/dev/2004/10"),
];

/// The help file of a module with these cmdlets.
pub fn render(cmdlets: &[Cmdlet]) -> String {
    let mut xml = Writer::new();
    xml.element("helpItems", &[("schema", "maml"), ("xmlns", "http://msh")], |xml| {
        for one in cmdlets {
            xml.element("command:command", NAMESPACES, |xml| cmdlet(xml, one));
        }
    });
    xml.finish()
}

fn cmdlet(xml: &mut Writer, cmdlet: &Cmdlet) {
    let (verb, noun) = cmdlet.name.split_once('-').unwrap_or((&cmdlet.name, ""));
    xml.element("command:details", &[], |xml| {
        xml.text("command:name", &[], &cmdlet.name);
        xml.text("command:verb", &[], verb);
        xml.text("command:noun", &[], noun);
        blocks(xml, "maml:description", &cmdlet.synopsis);
    });
    blocks(xml, "maml:description", &cmdlet.description);
    xml.element("command:syntax", &[], |xml| {
        for set in &cmdlet.syntax {
            xml.element("command:syntaxItem", &[], |xml| {
                xml.text("maml:name", &[], &cmdlet.name);
                for item in set {
                    parameter(xml, item, true);
                }
            });
        }
    });
    xml.element("command:parameters", &[], |xml| {
        cmdlet.parameters.iter().for_each(|item| parameter(xml, item, false));
    });
    xml.element("command:inputTypes", &[], |xml| {
        cmdlet.inputs.iter().for_each(|item| kind(xml, "command:inputType", item));
    });
    xml.element("command:returnValues", &[], |xml| {
        cmdlet.outputs.iter().for_each(|item| kind(xml, "command:returnValue", item));
    });
    xml.element("maml:alertSet", &[], |xml| {
        blocks(xml, "maml:alert", &cmdlet.notes);
    });
    xml.element("command:examples", &[], |xml| {
        cmdlet.examples.iter().for_each(|item| example(xml, item));
    });
    xml.element("command:relatedLinks", &[], |xml| {
        for (words, address) in &cmdlet.links {
            xml.element("maml:navigationLink", &[], |xml| {
                xml.text("maml:linkText", &[], words);
                // Other cmdlets and topics are named, and found by `Get-Help`.
                xml.text("maml:uri", &[], if address.starts_with("http") { address } else { "" });
            });
        }
    });
}

fn parameter(xml: &mut Writer, parameter: &Parameter, in_syntax: bool) {
    let truth = |value: bool| if value { "true" } else { "false" };
    let attributes = [
        ("required", truth(parameter.required)),
        ("variableLength", truth(parameter.kind.ends_with("[]"))),
        ("globbing", truth(parameter.wildcards)),
        ("pipelineInput", parameter.pipeline.as_str()),
        ("position", parameter.position.as_str()),
        ("aliases", if parameter.aliases.is_empty() { "none" } else { &parameter.aliases }),
    ];
    xml.element("command:parameter", &attributes, |xml| {
        xml.text("maml:name", &[], &parameter.name);
        blocks(xml, "maml:description", &parameter.description);
        let value = [("required", "true"), ("variableLength", "false")];
        if in_syntax && !parameter.accepted.is_empty() {
            xml.element("command:parameterValueGroup", &[], |xml| {
                for accepted in &parameter.accepted {
                    let value = [("required", "false"), ("variableLength", "false")];
                    xml.text("command:parameterValue", &value, accepted);
                }
            });
        }
        // In a syntax line a value would be shown behind the switch, which takes none.
        if !(in_syntax && parameter.is_switch()) {
            xml.text("command:parameterValue", &value, &parameter.kind);
        }
        xml.element("dev:type", &[], |xml| {
            xml.text("maml:name", &[], &parameter.kind);
            xml.text("maml:uri", &[], "");
        });
        xml.text("dev:defaultValue", &[], &parameter.default);
    });
}

fn kind(xml: &mut Writer, name: &'static str, kind: &Kind) {
    xml.element(name, &[], |xml| {
        xml.element("dev:type", &[], |xml| {
            xml.text("maml:name", &[], &kind.name);
        });
        blocks(xml, "maml:description", &kind.description);
    });
}

fn example(xml: &mut Writer, example: &Example) {
    xml.element("command:example", &[], |xml| {
        let rule = "-".repeat(26);
        xml.text("maml:title", &[], &format!("{rule} {} {rule}", example.title));
        xml.text("dev:code", &[], &example.code);
        blocks(xml, "dev:remarks", &example.remarks);
    });
}

/// An element with one paragraph per block; the lines of a list or of code stay lines.
fn blocks(xml: &mut Writer, name: &'static str, blocks: &[Block]) {
    xml.element(name, &[], |xml| {
        for block in blocks {
            let text = match block {
                Block::Paragraph(text) => text.clone(),
                Block::List(items) => items.iter().map(|item| format!("- {item}")).collect::<Vec<_>>().join("\n"),
                Block::Table { titles, rows } => markdown::spelled_out(titles, rows)
                    .into_iter()
                    .map(|(first, beside)| {
                        std::iter::once(format!("- {first}")).chain(beside).collect::<Vec<_>>().join("\n  ")
                    })
                    .collect::<Vec<_>>()
                    .join("\n"),
                Block::Code { lines, .. } => {
                    lines.iter().map(|line| format!("    {line}")).collect::<Vec<_>>().join("\n")
                }
            };
            xml.text("maml:para", &[], &text);
        }
    });
}

#[cfg(test)]
mod tests {
    use super::super::cmdlet;
    use super::*;

    fn rendered() -> String {
        render(&[cmdlet::parse(cmdlet::tests::PAGE).unwrap()])
    }

    #[test]
    fn the_text_arrives_escaped_and_in_place() {
        let xml = rendered();
        assert!(xml.contains("<maml:para>Stops it &amp; more.</maml:para>"), "{xml}");
        assert!(xml.contains("<maml:para>- one\n- two</maml:para>"), "{xml}");
        assert!(xml.contains("<dev:code>PS&gt; Stop-It a &lt; b\nDone</dev:code>"), "{xml}");
        assert!(xml.contains("aliases=\"Id, User\""), "{xml}");
    }

    #[test]
    fn a_switch_shows_no_value_in_the_syntax_and_a_choice_shows_its_values() {
        let xml = rendered();
        let syntax = xml.split_once("<command:syntax>").unwrap().1.split_once("</command:syntax>").unwrap().0;
        assert!(!syntax.contains(">SwitchParameter</command:parameterValue>"), "{syntax}");
        assert!(syntax.contains(">Fast</command:parameterValue>"), "{syntax}");
    }

    #[test]
    fn every_element_is_closed_in_order() {
        let xml = rendered();
        let mut open = Vec::new();
        for tag in xml.split('<').skip(2).map(|rest| rest.split(['>', ' ']).next().unwrap()) {
            match tag.strip_prefix('/') {
                Some(name) => assert_eq!(open.pop(), Some(name)),
                None => open.push(tag),
            }
        }
        assert!(open.is_empty());
    }
}
