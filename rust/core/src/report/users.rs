//! The tables of users, one for each group.

use std::io::{self, Write};

use super::escape::Escaped;
use super::page::Page;
use super::summary::Group;
use super::wording::{Moment, Users};
use crate::error::ErrorId;
use crate::journal::record::{OutcomeRecord, UserRecord};
use crate::outcome::Status;

/// Users of one table. Browsers give up on printing a table of twenty thousand rows, but not on forty of five hundred.
const LONGEST_TABLE: u64 = 500;

/// What a group of users is called, and what to do about it.
pub(super) struct Heading {
    pub title: &'static str,
    /// The id that the error has in PowerShell.
    pub id: Option<&'static str>,
    pub advice: &'static str,
}

impl Heading {
    pub(super) fn of(group: Group) -> Self {
        let (title, advice) = match group {
            Group::Failed(Some(id)) => {
                return Self { title: cause(id), id: Some(id.name()), advice: id.recommended_action() };
            }
            Group::Failed(None) => ("Another cause", "Read the messages of the single users."),
            Group::Disproved => (
                "Revoked, but not proven",
                "Graph confirmed the revocation, and reading the user back showed no change. Run again for these users, and look at the accounts.",
            ),
            Group::Skipped => (
                "Skipped: nothing was to be revoked here",
                "The note beneath each user says why. A guest's sessions can be ended by the home tenant only.",
            ),
            Group::Revoked => ("Revoked", "Graph confirmed it: these users have to sign in again everywhere."),
        };
        Self { title, id: None, advice }
    }
}

/// A cause in the words of somebody who files a report.
fn cause(id: ErrorId) -> &'static str {
    match id {
        ErrorId::InvalidUserId => "The input named no user",
        ErrorId::UserNotFound => "No such user in the tenant",
        ErrorId::AccessDenied => "The caller was not allowed to",
        ErrorId::Throttled => "Graph refused for being asked too much",
        ErrorId::AuthenticationFailed => "The sign-in was refused",
        ErrorId::GraphUnreachable => "Graph could not be reached",
        ErrorId::OutcomeUnknown => "The outcome is not known",
        ErrorId::RevocationRefused => "Graph answered that it did not revoke",
        ErrorId::RequestRejected => "Graph did not accept the request",
        ErrorId::TimedOut => "The time of the run was over before",
        ErrorId::Cancelled => "The run was stopped before",
        ErrorId::DelegatedSignInRequired => "An application was signed in, and the signed-in user was asked for",
        ErrorId::JournalUnavailable => "Not sent, because the journal could not be written",
        _ => "A defect of RevokeSession",
    }
}

impl Page {
    /// Begins the table of a group.
    pub(super) fn begin_group(&mut self, out: &mut impl Write, group: Group, count: u64) -> io::Result<()> {
        let heading = Heading::of(group);
        let part = match group {
            Group::Failed(_) | Group::Disproved => "What failed, and why",
            Group::Skipped => "Users who were skipped",
            Group::Revoked => "Users who were revoked",
        };
        self.part(out, part)?;
        let class = if matches!(group, Group::Failed(_) | Group::Disproved) { "failed" } else { "rest" };
        write!(out, "<section class=\"group {class}\">\n<h3>{}", heading.title)?;
        if let Some(id) = heading.id {
            write!(out, " <code>{id}</code>")?;
        }
        write!(
            out,
            " <span class=\"many\">{}</span></h3>\n<p class=\"advice\">{}</p>\n",
            Users(count),
            Escaped(heading.advice)
        )?;
        self.rows = 0;
        self.table = heading.title;
        self.begin_table(out)
    }

    fn begin_table(&self, out: &mut impl Write) -> io::Result<()> {
        let part = self.rows / LONGEST_TABLE + 1;
        let title = self.table;
        writeln!(out, "<table class=\"users\">\n<caption class=\"unseen\">{title}, part {part}</caption>")?;
        out.write_all(
            b"<colgroup><col class=\"who\"/><col class=\"when\"/><col class=\"status\"/><col class=\"proof\"/><col class=\"stamp\"/><col class=\"request\"/><col class=\"attempts\"/></colgroup>\n\
            <thead><tr><th scope=\"col\">User</th><th scope=\"col\">When (UTC)</th><th scope=\"col\">Status, and why</th><th scope=\"col\">Proof</th><th scope=\"col\">Sessions valid from (UTC)</th><th scope=\"col\">Request id for Microsoft support</th><th scope=\"col\">Attempts</th></tr></thead>\n<tbody>\n",
        )
    }

    /// Ends it.
    #[expect(clippy::unused_self, reason = "the pages' parts are written by the page")]
    pub(super) fn end_group(&self, out: &mut impl Write) -> io::Result<()> {
        out.write_all(b"</tbody>\n</table>\n</section>\n")
    }

    /// A user of the group. Runs count from one.
    pub(super) fn row(&mut self, out: &mut impl Write, outcome: &OutcomeRecord, run: usize) -> io::Result<()> {
        if self.rows > 0 && self.rows.is_multiple_of(LONGEST_TABLE) {
            out.write_all(b"</tbody>\n</table>\n")?;
            self.begin_table(out)?;
        }
        self.rows += 1;
        out.write_all(b"<tr><th scope=\"row\">")?;
        user(out, &outcome.user)?;
        let at = Moment(outcome.at);
        write!(out, "</th><td class=\"number\">{at}")?;
        if self.runs.len() > 1 {
            write!(out, "<br/><span class=\"run\">run {run}</span>")?;
        }
        let (mark, class) = match outcome.status {
            Status::Revoked => ("\u{2713}", "good"),
            Status::Skipped => ("\u{2013}", "even"),
            Status::Unknown => ("?", "bad"),
            _ => ("\u{2717}", "bad"),
        };
        write!(out, "</td><td class=\"{class}\"><span class=\"mark\">{mark}</span> {:?}", outcome.status)?;
        for why in [&outcome.message, &outcome.note].into_iter().flatten() {
            write!(out, "<p class=\"why\">{}</p>", Escaped(why))?;
        }
        if let Some(code) = &outcome.error_code {
            write!(out, "<p class=\"why\"><code>{}</code></p>", Escaped(code))?;
        }
        out.write_all(b"</td>")?;
        out.write_all(match outcome.verified {
            Some(true) => b"<td class=\"good\"><span class=\"mark\">\xe2\x9c\x93</span> proven</td>".as_slice(),
            Some(false) => b"<td class=\"bad\"><span class=\"mark\">\xe2\x9c\x97</span> not proven</td>",
            None if outcome.status == Status::Revoked => b"<td>not proven: not read back</td>",
            None => b"<td>\xe2\x80\x93</td>",
        })?;
        match outcome.sessions_valid_from {
            Some(stamp) => write!(out, "<td class=\"number\">{}</td>", Moment(stamp))?,
            None => out.write_all("<td>–</td>".as_bytes())?,
        }
        match outcome.request_id {
            Some(id) => write!(out, "<td class=\"id\">{id}</td>")?,
            None => out.write_all("<td>–</td>".as_bytes())?,
        }
        writeln!(out, "<td class=\"number\">{}</td></tr>", outcome.attempts)
    }
}

fn user(out: &mut impl Write, user: &UserRecord) -> io::Result<()> {
    match (&user.user_principal_name, user.user_id) {
        (Some(upn), Some(id)) => write!(out, "{}<br/><span class=\"id\">{id}</span>", Escaped(upn)),
        (Some(upn), None) => write!(out, "{}", Escaped(upn)),
        (None, Some(id)) => write!(out, "<span class=\"id\">{id}</span>"),
        (None, None) if user.me => out.write_all(b"the signed-in user"),
        (None, None) => out.write_all(b"(no user)"),
    }
}
