//! The page as a whole.

use std::fs;

use uuid::Uuid;

use super::*;
use crate::entropy::SeededEntropy;
use crate::journal::record::{Record, UserRecord};
use crate::journal::sample::{at, end, intent, outcome, run, text, told, user};

/// A folder that goes with the test.
struct Scratch(PathBuf);

impl Scratch {
    fn new(records: &[Record]) -> Self {
        let folder = std::env::temp_dir().join(format!("report-{}", Uuid::new_v4()));
        fs::create_dir(&folder).unwrap();
        fs::write(folder.join("journal.jsonl"), text(records)).unwrap();
        Self(folder)
    }

    fn options(&self) -> ReportOptions {
        ReportOptions {
            journal: self.0.join("journal.jsonl"),
            output: self.0.join("report.html"),
            title: None,
            replace: false,
            made: at(100),
        }
    }

    fn page(&self) -> String {
        made(self.options()).unwrap();
        fs::read_to_string(self.0.join("report.html")).unwrap()
    }

    fn files(&self) -> Vec<String> {
        let mut names: Vec<_> =
            fs::read_dir(&self.0).unwrap().map(|entry| entry.unwrap().file_name().into_string().unwrap()).collect();
        names.sort();
        names
    }
}

impl Drop for Scratch {
    fn drop(&mut self) {
        let _ = fs::remove_dir_all(&self.0);
    }
}

fn made(options: ReportOptions) -> Result<Summary, ReportError> {
    write(options, &SeededEntropy::new(1))
}

/// Elements that were opened and not closed, or the other way around.
fn unbalanced(page: &str) -> Vec<String> {
    let mut open = Vec::new();
    let mut wrong = Vec::new();
    for tag in page.split('<').skip(1).map(|rest| rest.split('>').next().unwrap_or_default()) {
        let name = tag.trim_start_matches('/').split([' ', '/']).next().unwrap_or_default().to_owned();
        if tag.starts_with('!') || tag.ends_with('/') {
            continue;
        }
        if !tag.starts_with('/') {
            open.push(name);
        } else if open.pop().as_ref() != Some(&name) {
            wrong.push(name);
        }
    }
    [open, wrong].concat()
}

#[test]
fn every_user_is_there_once_and_what_failed_comes_first() {
    let mut denied = outcome(1, 3, user(102), crate::Status::Denied);
    denied.error = Some("AccessDenied".to_owned());
    denied.message = Some("Insufficient privileges.".to_owned());
    let records = [
        run(1, 0),
        intent(1, 1, user(101)),
        told(1, 2, user(101), crate::Status::Revoked),
        intent(1, 2, user(102)),
        Record::Outcome(denied),
        intent(1, 3, user(103)),
        run(2, 10),
        told(2, 1, user(101), crate::Status::Skipped),
        end(2, 12),
    ];
    let page = Scratch::new(&records).page();
    for n in 101..=103 {
        assert_eq!(page.matches(&format!("user{n}@contoso.com")).count(), 1, "user{n}");
    }
    let place = |text: &str| page.find(text).unwrap_or_else(|| panic!("{text} is not there"));
    assert!(place("user102@") < place("user101@") && place("user103@") < place("user101@"));
    assert!(place("2 of 3 users need attention.") < place("Insufficient privileges."));
    assert!(page.contains(&Escaped(ErrorId::AccessDenied.recommended_action()).to_string()));
    assert!(place("cut off after") > 0 && place("the application Responder (app)") > 0);
    assert_eq!(unbalanced(&page), Vec::<String>::new());
}

#[test]
fn nothing_that_a_journal_holds_is_obeyed() {
    let hostile = "</td></table><script>alert(1)</script><img src=\"x\" onerror='alert(1)'>]]>--&#x3c;";
    let mut records = vec![run(1, 0)];
    if let Record::Run(run) = &mut records[0] {
        for text in [&mut run.tenant_id, &mut run.account, &mut run.client_id] {
            *text = Some(hostile.to_owned());
        }
        for text in [&mut run.module_version, &mut run.environment, &mut run.graph_endpoint, &mut run.auth_type] {
            hostile.clone_into(text);
        }
    }
    for status in [crate::Status::Failed, crate::Status::Skipped, crate::Status::Revoked] {
        let name = UserRecord { user_principal_name: Some(hostile.to_owned()), ..UserRecord::default() };
        let mut outcome = outcome(1, 1, name, status);
        for text in [&mut outcome.error, &mut outcome.error_code, &mut outcome.message, &mut outcome.note] {
            *text = Some(hostile.to_owned());
        }
        records.push(Record::Outcome(outcome));
    }
    let scratch = Scratch::new(&records);
    made(ReportOptions { title: Some(hostile.to_owned()), ..scratch.options() }).unwrap();
    let page = fs::read_to_string(scratch.0.join("report.html")).unwrap();
    for harm in ["<script", "<img", "onerror='", "]]>"] {
        assert!(!page.contains(harm), "{harm}");
    }
    assert!(page.contains("default-src 'none'; style-src 'unsafe-inline'"));
    assert_eq!(unbalanced(&page), Vec::<String>::new());
}

#[test]
fn an_empty_journal_and_one_of_a_single_moment_have_a_page() {
    for records in [vec![], vec![run(1, 0)], vec![run(1, 0), told(1, 0, user(1), crate::Status::Revoked)]] {
        let page = Scratch::new(&records).page();
        assert_eq!(unbalanced(&page), Vec::<String>::new());
    }
}

#[test]
fn a_report_is_there_whole_or_not_at_all() {
    let scratch = Scratch::new(&[run(1, 0), told(1, 1, user(1), crate::Status::Revoked)]);
    drop(Report::begin(scratch.options(), &SeededEntropy::new(1)).unwrap());
    assert_eq!(scratch.files(), ["journal.jsonl"]);
    fs::write(scratch.0.join("report.html"), "mine").unwrap();
    let error = made(scratch.options()).unwrap_err();
    assert_eq!(error.detail(&scratch.options()).id, ErrorId::ReportExists);
    assert_eq!(fs::read_to_string(scratch.0.join("report.html")).unwrap(), "mine");
    made(ReportOptions { replace: true, ..scratch.options() }).unwrap();
    assert_eq!(scratch.files(), ["journal.jsonl", "report.html"]);
    fs::write(scratch.0.join("journal.jsonl"), "not a journal").unwrap();
    let error = made(ReportOptions { replace: true, ..scratch.options() }).unwrap_err();
    assert_eq!(error.detail(&scratch.options()).id, ErrorId::JournalUnavailable);
    assert_eq!(scratch.files(), ["journal.jsonl", "report.html"]);
    let lost = ReportOptions { journal: scratch.0.join("other.jsonl"), replace: true, ..scratch.options() };
    assert_eq!(made(lost.clone()).unwrap_err().detail(&lost).id, ErrorId::JournalNotFound);
    let nowhere = ReportOptions { output: scratch.0.join("no/report.html"), ..scratch.options() };
    assert_eq!(made(nowhere.clone()).unwrap_err().detail(&nowhere).id, ErrorId::ReportNotWritten);
}

#[test]
fn many_users_are_spread_over_tables_that_can_be_printed() {
    let users = (0..1201).map(|n| told(1, 1, user(10_000 + n), crate::Status::Revoked));
    let page = Scratch::new(&[run(1, 0)].into_iter().chain(users).collect::<Vec<_>>()).page();
    assert_eq!(page.matches("<table class=\"users\">").count(), 3);
    assert_eq!(page.matches("@contoso.com").count(), 1201);
    assert_eq!(unbalanced(&page), Vec::<String>::new());
}
