//! The page around the tables of users: who did it and when, the numbers, the charts, and what they do not say.

use std::io::{self, Write};

use jiff::Timestamp;

use super::ReportOptions;
use super::escape::Escaped;
use super::summary::{Group, RunFacts, Summary};
use super::timeline::Timeline;
use super::users::Heading;
use super::wording::{Grouped, Lasting, Moment, Users};
use crate::journal::Snapshot;
use crate::journal::record::RunRecord;

const STYLE: &str = include_str!("page.css");
const LIMITS: &str = include_str!("limits.html");

/// Names of one kind that the head of the page lists; the table of the runs has the others.
const MOST_NAMES: usize = 4;

/// What the page tells, gathered before it is written.
#[derive(Debug)]
pub(super) struct Page {
    title: String,
    made: Timestamp,
    journal: String,
    length: u64,
    written: bool,
    pub runs: Vec<RunFacts>,
    pub timelines: Vec<Option<Timeline>>,
    pub summary: Summary,
    pub warning: Option<String>,
    /// The part of the page that the latest table is in.
    part: Option<&'static str>,
    /// What the users of the latest table have in common, and how many of them there were so far.
    pub table: &'static str,
    pub rows: u64,
}

impl Page {
    pub(super) fn new(options: &ReportOptions, snapshot: &Snapshot) -> Self {
        Self {
            title: options.title.clone().unwrap_or_else(|| "Revoked sign-in sessions".to_owned()),
            made: options.made,
            journal: options.journal.display().to_string(),
            length: snapshot.length(),
            written: snapshot.is_being_written(),
            runs: Vec::new(),
            timelines: Vec::new(),
            summary: Summary::default(),
            warning: None,
            part: None,
            table: "",
            rows: 0,
        }
    }

    /// Everything before the tables of users.
    pub(super) fn begin(&mut self, out: &mut impl Write) -> io::Result<()> {
        let title = Escaped(&self.title);
        write!(
            out,
            "<!DOCTYPE html>\n<html lang=\"en\">\n<head>\n<meta charset=\"utf-8\"/>\n\
            <meta http-equiv=\"Content-Security-Policy\" content=\"default-src 'none'; style-src 'unsafe-inline'\"/>\n\
            <meta name=\"viewport\" content=\"width=device-width, initial-scale=1\"/>\n\
            <meta name=\"color-scheme\" content=\"light dark\"/>\n<meta name=\"referrer\" content=\"no-referrer\"/>\n\
            <meta name=\"generator\" content=\"RevokeSession {}\"/>\n\
            <title>{title}</title>\n<style>\n{STYLE}</style>\n</head>\n<body>\n<header>\n<h1>{title}</h1>\n\
            <p>Report on the revocation of Microsoft Entra sign-in sessions, made at <strong>{} UTC</strong>. \
            All times are in UTC.</p>\n</header>\n<main>\n",
            env!("CARGO_PKG_VERSION"),
            Moment(self.made)
        )?;
        self.verdict(out)?;
        self.facts(out)?;
        self.numbers(out)?;
        self.causes(out)?;
        out.write_all(LIMITS.as_bytes())?;
        self.charts(out)?;
        self.run_table(out)
    }

    /// Everything behind them.
    pub(super) fn end(&mut self, out: &mut impl Write) -> io::Result<()> {
        if self.part.take().is_some() {
            out.write_all(b"</section>\n")?;
        }
        write!(
            out,
            "</main>\n<footer><p>Made by RevokeSession {} from the journal {} at {} UTC. Each user stands here once, \
            with the last word of the journal.</p></footer>\n</body>\n</html>\n",
            env!("CARGO_PKG_VERSION"),
            Escaped(&self.journal),
            Moment(self.made)
        )
    }

    /// Makes sure that what follows is in a part of that name.
    pub(super) fn part(&mut self, out: &mut impl Write, name: &'static str) -> io::Result<()> {
        if self.part == Some(name) {
            return Ok(());
        }
        if self.part.replace(name).is_some() {
            out.write_all(b"</section>\n")?;
        }
        write!(out, "<section class=\"part\">\n<h2>{name}</h2>\n")
    }

    /// The one thing to know.
    fn verdict(&self, out: &mut impl Write) -> io::Result<()> {
        let summary = &self.summary;
        let left = summary.not_revoked() + summary.disproved;
        let (class, mark, text) = if summary.users == 0 {
            ("even", "\u{2013}", "The journal tells of no user.".to_owned())
        } else if left > 0 {
            ("bad", "!", format!("{} of {} need attention.", Grouped(left), Users(summary.users)))
        } else if summary.revoked == 0 {
            ("even", "\u{2013}", "No user was to be revoked.".to_owned())
        } else {
            let whose =
                if summary.revoked == 1 { "The sessions of 1 user were" } else { "The sessions of all users were" };
            let skipped = summary.not_to_be_revoked();
            let but = if skipped > 0 { format!(" but {} who were skipped", Grouped(skipped)) } else { String::new() };
            ("good", "\u{2713}", format!("{} revoked.", whose.replace(" were", &format!("{but} were"))))
        };
        write!(
            out,
            "<p class=\"verdict {class}\"><span class=\"mark\" aria-hidden=\"true\">{mark}</span><strong>{text}</strong> "
        )?;
        if left > 0 && summary.revoked > 0 {
            write!(out, "The sessions of {} were revoked. ", Users(summary.revoked - summary.disproved))?;
        }
        if summary.proven > 0 {
            write!(out, "For {} reading back proved it.", Grouped(summary.proven))?;
        } else if summary.revoked > 0 {
            out.write_all(b"Nothing was read back to prove it.")?;
        }
        out.write_all(b"</p>\n")?;
        if self.written {
            out.write_all(b"<p class=\"caution\">A run was still writing to the journal when this report was made. What it did afterwards is not in it.</p>\n")?;
        }
        if let Some(warning) = &self.warning {
            writeln!(out, "<p class=\"caution\">{}</p>", Escaped(warning))?;
        }
        Ok(())
    }

    fn facts(&self, out: &mut impl Write) -> io::Result<()> {
        out.write_all(b"<section class=\"facts\">\n<h2>Who, where and when</h2>\n<dl>\n")?;
        self.names(out, "Done by", actor)?;
        self.names(out, "Tenant", |run| run.tenant_id.clone().unwrap_or_else(|| "not known".to_owned()))?;
        self.names(out, "Cloud", |run| format!("{} ({})", run.environment, run.graph_endpoint.trim_end_matches('/')))?;
        self.names(out, "Module", |run| format!("RevokeSession {}", run.module_version))?;
        if let (Some(first), Some(last)) = (self.runs.first(), self.runs.iter().map(|run| run.last).max()) {
            fact(out, "Began", &format!("{} UTC", Moment(first.record.at)))?;
            fact(out, "Ended", &format!("{} UTC", Moment(last)))?;
        }
        fact(out, "Runs", &Grouped(self.runs.len() as u64).to_string())?;
        fact(out, "Journal", &format!("{} ({} bytes)", self.journal, Grouped(self.length)))?;
        out.write_all(b"</dl>\n</section>\n")
    }

    /// A fact of which the runs may have more than one.
    fn names(&self, out: &mut impl Write, name: &str, of: impl Fn(&RunRecord) -> String) -> io::Result<()> {
        let mut distinct: Vec<String> = Vec::new();
        for run in &self.runs {
            let name = of(&run.record);
            if !distinct.contains(&name) && distinct.len() <= MOST_NAMES {
                distinct.push(name);
            }
        }
        if distinct.len() > MOST_NAMES {
            "and others, see the runs".clone_into(&mut distinct[MOST_NAMES]);
        }
        if distinct.is_empty() { Ok(()) } else { fact(out, name, &distinct.join("; ")) }
    }

    fn numbers(&self, out: &mut impl Write) -> io::Result<()> {
        let summary = &self.summary;
        out.write_all(b"<section class=\"numbers\">\n<h2>Summary</h2>\n<table>\n<caption class=\"unseen\">How many users ended how</caption>\n<thead class=\"unseen\"><tr><th scope=\"col\">What</th><th scope=\"col\">Users</th></tr></thead>\n<tbody>\n")?;
        let mut line = |class: &str, what: &str, id: Option<&str>, count: u64| {
            write!(out, "<tr class=\"{class}\"><th scope=\"row\">{}", Escaped(what))?;
            if let Some(id) = id {
                write!(out, " <code>{id}</code>")?;
            }
            writeln!(out, "</th><td>{}</td></tr>", Grouped(count))
        };
        line("whole", "Users in all", None, summary.users)?;
        line("whole", "Revoked", None, summary.revoked)?;
        line("detail", "proven by reading back", None, summary.proven)?;
        line("detail", "not proven: read back, and no change was seen", None, summary.disproved)?;
        line("detail", "not proven: not read back", None, summary.revoked - summary.proven - summary.disproved)?;
        line("whole", "Skipped", None, summary.not_to_be_revoked())?;
        for (reason, count) in &summary.skipped {
            line("detail", reason, None, *count)?;
        }
        line("whole", "Not revoked", None, summary.not_revoked())?;
        for (cause, count) in &summary.failed {
            let heading = Heading::of(Group::Failed(*cause));
            line("detail", heading.title, heading.id, *count)?;
        }
        out.write_all(b"</tbody>\n</table>\n</section>\n")
    }

    /// What is left to do, before anything else is told at length.
    fn causes(&self, out: &mut impl Write) -> io::Result<()> {
        let left = |(group, _): &(Group, u64)| matches!(group, Group::Failed(_) | Group::Disproved);
        let groups: Vec<_> = self.summary.groups().into_iter().filter(left).collect();
        if groups.is_empty() {
            return Ok(());
        }
        out.write_all(b"<section class=\"part causes\">\n<h2>What is left to do</h2>\n<table>\n<caption class=\"unseen\">Causes, and what to do about each</caption>\n<thead><tr><th scope=\"col\">Users</th><th scope=\"col\">Why</th><th scope=\"col\">What to do</th></tr></thead>\n<tbody>\n")?;
        for (group, count) in groups {
            let heading = Heading::of(group);
            write!(out, "<tr><td class=\"number\">{}</td><th scope=\"row\">{}", Grouped(count), heading.title)?;
            if let Some(id) = heading.id {
                write!(out, " <code>{id}</code>")?;
            }
            writeln!(out, "</th><td>{}</td></tr>", Escaped(heading.advice))?;
        }
        out.write_all(b"</tbody>\n</table>\n</section>\n")
    }

    fn charts(&self, out: &mut impl Write) -> io::Result<()> {
        if self.timelines.iter().all(Option::is_none) {
            return Ok(());
        }
        out.write_all(
            "<section class=\"part charts\">\n<h2>Timeline</h2>\n<p>When the outcomes came, run by run. \
            <svg class=\"key\" viewBox=\"0 0 12 12\" aria-hidden=\"true\"><defs><pattern id=\"hatch\" width=\"5\" height=\"5\" \
            patternUnits=\"userSpaceOnUse\" patternTransform=\"rotate(45)\"><rect class=\"ground\" width=\"5\" height=\"5\"/>\
            <rect class=\"stripe\" width=\"2\" height=\"5\"/></pattern></defs><rect class=\"revoked\" width=\"12\" height=\"12\"/></svg> revoked \
            <svg class=\"key\" viewBox=\"0 0 12 12\" aria-hidden=\"true\"><rect class=\"other\" width=\"12\" height=\"12\"/></svg> everything else \
            <svg class=\"key\" viewBox=\"0 0 12 12\" aria-hidden=\"true\"><rect class=\"pause\" x=\"0.5\" y=\"0.5\" width=\"11\" height=\"11\" rx=\"2\"/></svg> \
            a stretch without any outcome, as when Graph’s quota is used up</p>\n"
                .as_bytes(),
        )?;
        for (number, (run, timeline)) in (1..).zip(self.runs.iter().zip(&self.timelines)) {
            if let Some(timeline) = timeline {
                let (peak, step) = timeline.peak();
                write!(
                    out,
                    "<figure>\n{timeline}\n<figcaption>Run {number}, {} UTC: {} answered in {}, at most {} in {}.",
                    Moment(run.record.at),
                    Inputs(run.inputs),
                    Lasting(timeline.span()),
                    Grouped(peak),
                    Lasting(step)
                )?;
                let pauses = timeline.described();
                if !pauses.is_empty() {
                    write!(out, " Without any outcome for about: {pauses}.")?;
                }
                out.write_all(b"</figcaption>\n</figure>\n")?;
            }
        }
        out.write_all(b"</section>\n")
    }

    fn run_table(&self, out: &mut impl Write) -> io::Result<()> {
        out.write_all(b"<section class=\"part runs\">\n<h2>Runs</h2>\n<table>\n<caption class=\"unseen\">The runs of the journal</caption>\n<thead><tr><th scope=\"col\">Run</th><th scope=\"col\">Run id</th><th scope=\"col\">Began (UTC)</th><th scope=\"col\">Ended (UTC)</th><th scope=\"col\">Inputs</th><th scope=\"col\">Done by</th><th scope=\"col\">Module</th></tr></thead>\n<tbody>\n")?;
        for (number, run) in (1..).zip(&self.runs) {
            let record = &run.record;
            write!(
                out,
                "<tr><th scope=\"row\">{number}</th><td class=\"id\">{}</td><td class=\"number\">{}</td><td class=\"number\">",
                record.run,
                Moment(record.at)
            )?;
            match run.ended {
                Some(at) => write!(out, "{}", Moment(at))?,
                None if self.written && number == self.runs.len() => out.write_all(b"still going on")?,
                None => write!(out, "cut off after {}", Moment(run.last))?,
            }
            let actor = actor(record);
            let inputs = Grouped(run.inputs);
            writeln!(
                out,
                "</td><td class=\"number\">{inputs}</td><td>{}</td><td>{}</td></tr>",
                Escaped(&actor),
                Escaped(&record.module_version)
            )?;
        }
        out.write_all(b"</tbody>\n</table>\n</section>\n")
    }
}

/// So many inputs.
struct Inputs(u64);

impl std::fmt::Display for Inputs {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{} {}", Grouped(self.0), if self.0 == 1 { "input" } else { "inputs" })
    }
}

/// Who revoked: an account through an application, or the application itself.
fn actor(run: &RunRecord) -> String {
    let app = run.client_id.as_deref();
    match (run.account.as_deref(), run.auth_type.as_str()) {
        (Some(account), "Delegated") => match app {
            Some(app) => format!("{account}, signed in through the application {app}"),
            None => account.to_owned(),
        },
        (Some(name), _) => match app {
            Some(app) => format!("the application {name} ({app})"),
            None => name.to_owned(),
        },
        (None, _) => app.map_or_else(|| "not known".to_owned(), |app| format!("the application {app}")),
    }
}

fn fact(out: &mut impl Write, name: &str, told: &str) -> io::Result<()> {
    writeln!(out, "<div><dt>{name}</dt><dd>{}</dd></div>", Escaped(told))
}
