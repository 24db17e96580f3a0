//! Entries of the sign-in log by a query.
//!
//! The log understands less than the directory. What it cannot compare is narrowed as far as it can, and
//! compared here. Source: Microsoft Learn, "List signIns" and "signIn resource type".

use jiff::{SignedDuration, Timestamp};

use super::events::{Notices, Reading};
use super::exchange::Reader;
use super::ip_range::IpRange;
use super::pages::{List, Lists};
use super::query::{Query, any_of, literal};
use super::refusal::Subject;
use super::sign_in::{SignIn, SignInStatus};
use crate::identity::UserId;
use crate::session::Session;

/// The largest page of the log, which is also its usual one.
const LARGEST_PAGE: u64 = 1000;

/// How far back the log is read where nobody says.
const USUAL_SPAN: SignedDuration = SignedDuration::from_hours(24);

/// How many addresses, and how many users, go into one filter; longer lists become several queries.
const ALTERNATIVES: usize = 10;

/// Which entries of the sign-in log to read. Everything that is named must hold; of several addresses or
/// users, one.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct SignInQuery {
    /// Where the sign-in came from.
    pub addresses: Vec<IpRange>,
    /// Who signed in.
    pub users: Vec<UserId>,
    /// The earliest moment. Without it the log is read for 24 hours back, unless `everything` is set.
    pub since: Option<Timestamp>,
    /// The latest moment.
    pub until: Option<Timestamp>,
    /// The application that was signed in to.
    pub app_id: Option<String>,
    /// How it ended.
    pub status: Option<SignInStatus>,
    /// A further `$filter`, in Graph's own language.
    pub filter: Option<String>,
    /// How many entries at most.
    pub top: Option<u64>,
    /// Whether the log is read as far back as it goes, where `since` is not given.
    pub everything: bool,
}

/// Reads the log, newest first, a page for each time that more is asked for. With `verbose` it tells of its
/// requests, and of the time it covers.
///
/// More than ten addresses or users are asked for in several queries, each of them newest first.
pub fn read_sign_ins(session: &Session, query: SignInQuery, verbose: bool) -> Reading<SignIn> {
    let (notices, receiver) = Notices::new(verbose);
    let mut query = query;
    if query.since.is_none() && !query.everything {
        let end = query.until.unwrap_or_else(|| session.parts().clock.utc());
        query.since = end.checked_sub(USUAL_SPAN).ok();
        notices.tell(|| format!("The log is read from {}, because -Since is not given.", moment(query.since)));
    }
    let reader = Reader::new(session, Subject::SignIns, notices);
    let limit = query.top;
    Reading::new(Lists::new(reader, query.into_lists(), limit, None).into_stream(), receiver)
}

fn moment(time: Option<Timestamp>) -> String {
    time.map_or_else(|| "the beginning".to_owned(), |time| time.strftime("%Y-%m-%d %H:%M:%SZ").to_string())
}

/// A part of what may be one thing or another, and what came before it.
#[derive(Debug, Clone)]
struct Alternatives<T> {
    earlier: Vec<T>,
    these: Vec<T>,
    conditions: Vec<String>,
}

impl SignInQuery {
    /// The queries that together find everything once: an entry that an earlier one has found is left out
    /// of the later ones.
    fn into_lists(self) -> impl Iterator<Item = List<SignIn>> + Send + 'static {
        let users = parts(&self.users, false, user_conditions);
        let addresses = parts(&self.addresses, true, IpRange::conditions);
        let pairs: Vec<_> = addresses
            .into_iter()
            .flat_map(|some| users.clone().into_iter().map(move |who| (some.clone(), who)))
            .collect();
        pairs.into_iter().map(move |(addresses, users)| {
            let path = self.path(&addresses.conditions, &users.conditions);
            let status = self.status;
            let keeps = move |entry: &SignIn| {
                let address = entry.address();
                let is_from = |range: &IpRange| address.is_some_and(|address| range.contains(address));
                let from = addresses.these.is_empty() || addresses.these.iter().any(is_from);
                let is_new =
                    !addresses.earlier.iter().any(is_from) && !users.earlier.iter().any(|user| is_of(entry, user));
                from && is_new && status.is_none_or(|status| status == entry.status)
            };
            List { path, eventual: false, advanced: None, keeps: Box::new(keeps) }
        })
    }

    fn path(&self, addresses: &[String], users: &[String]) -> String {
        let time = |operator: &str, time: Option<Timestamp>| {
            time.map(|time| format!("createdDateTime {operator} {}", time.strftime("%Y-%m-%dT%H:%M:%S%.fZ")))
        };
        let conditions: Vec<String> = [
            time("ge", self.since),
            time("le", self.until),
            any_of(addresses),
            any_of(users),
            self.app_id.as_deref().map(|id| format!("appId eq {}", literal(id))),
            self.status.map(|status| match status {
                SignInStatus::Success => "status/errorCode eq 0".to_owned(),
                SignInStatus::Failure => "status/errorCode ne 0".to_owned(),
            }),
            self.filter.as_ref().map(|filter| format!("({filter})")),
        ]
        .into_iter()
        .flatten()
        .collect();
        // What is left out here may still have to be looked through for the ones that are wanted.
        let compared_here = !self.addresses.is_empty();
        let page = self.top.filter(|_| !compared_here).unwrap_or(LARGEST_PAGE).clamp(1, LARGEST_PAGE);
        let filter = (!conditions.is_empty()).then(|| conditions.join(" and "));
        Query::new("auditLogs/signIns").with("$top", &page.to_string()).with_some("$filter", filter.as_deref()).finish()
    }
}

/// Alternatives in parts that fit a filter. Where one of them cannot be told to the log at all, the whole
/// log has to be looked through, and once is enough.
fn parts<T: Clone + PartialEq>(
    all: &[T],
    may_lack: bool,
    conditions: impl Fn(&T) -> Vec<String>,
) -> Vec<Alternatives<T>> {
    let mut distinct: Vec<T> = Vec::new();
    for one in all {
        if !distinct.contains(one) {
            distinct.push(one.clone());
        }
    }
    if distinct.is_empty() || (may_lack && distinct.iter().any(|one| conditions(one).is_empty())) {
        return vec![Alternatives { earlier: Vec::new(), these: distinct, conditions: Vec::new() }];
    }
    let chunks = distinct.chunks(ALTERNATIVES).enumerate();
    chunks
        .map(|(number, these)| {
            let mut joined: Vec<String> = these.iter().flat_map(&conditions).collect();
            joined.sort_unstable();
            joined.dedup();
            let earlier = distinct[..number * ALTERNATIVES].to_vec();
            Alternatives { earlier, these: these.to_vec(), conditions: joined }
        })
        .collect()
}

fn user_conditions(user: &UserId) -> Vec<String> {
    match user.object_id() {
        Some(id) => vec![format!("userId eq {}", literal(&id.to_string()))],
        None => names(user).iter().map(|name| format!("userPrincipalName eq {}", literal(name))).collect(),
    }
}

/// The names under which the log has a user: in lower case, and for a guest also that of its home tenant.
fn names(user: &UserId) -> Vec<String> {
    let Some(name) = user.upn().map(|upn| upn.as_str().to_lowercase()) else { return Vec::new() };
    let home = name.split_once("#ext#@").and_then(|(name, _)| name.rsplit_once('_'));
    let home = home.map(|(name, domain)| format!("{name}@{domain}"));
    [Some(name), home].into_iter().flatten().collect()
}

fn is_of(entry: &SignIn, user: &UserId) -> bool {
    let id = user.object_id().map(|id| id.to_string());
    let same_id = id.is_some() && entry.user_id.as_deref().map(str::to_ascii_lowercase) == id;
    let name = entry.user_principal_name.as_deref().map(str::to_lowercase);
    same_id || (id.is_none() && name.is_some_and(|name| names(user).contains(&name)))
}

#[cfg(test)]
mod tests {
    use percent_encoding::percent_decode_str;

    use super::*;
    use crate::reading::page::Entry;

    fn filters(query: SignInQuery) -> Vec<String> {
        query.into_lists().map(|list| percent_decode_str(&list.path).decode_utf8().unwrap().into_owned()).collect()
    }

    fn user(text: &str) -> UserId {
        UserId::parse(Some(text), None).unwrap()
    }

    fn entry(number: u32, address: &str) -> SignIn {
        let json = format!(
            r#"{{"id":"{number}","createdDateTime":"2026-11-21T08:00:00Z","ipAddress":"{address}","userPrincipalName":"u{number}@c.d","status":{{"errorCode":0}}}}"#
        );
        SignIn::read(json.as_bytes()).unwrap()
    }

    #[test]
    fn everything_that_is_named_becomes_a_condition() {
        let query = SignInQuery {
            addresses: vec!["192.0.2.7".parse().unwrap(), "10.0.0.0/8".parse().unwrap()],
            users: vec![user("O'Hara@contoso.com"), user("6E7B768E-07E2-4810-8459-485F84F8F204")],
            since: Some("2026-11-20T08:00:00Z".parse().unwrap()),
            until: Some("2026-11-21T08:00:00.5Z".parse().unwrap()),
            app_id: Some("a'b".to_owned()),
            status: Some(SignInStatus::Failure),
            filter: Some("clientAppUsed eq 'IMAP4' or isInteractive eq true".to_owned()),
            ..SignInQuery::default()
        };
        let filter = [
            "createdDateTime ge 2026-11-20T08:00:00Z",
            "createdDateTime le 2026-11-21T08:00:00.5Z",
            "(ipAddress eq '192.0.2.7' or startsWith(ipAddress,'10.'))",
            "(userId eq '6e7b768e-07e2-4810-8459-485f84f8f204' or userPrincipalName eq 'o''hara@contoso.com')",
            "appId eq 'a''b'",
            "status/errorCode ne 0",
            "(clientAppUsed eq 'IMAP4' or isInteractive eq true)",
        ];
        assert_eq!(filters(query), [format!("auditLogs/signIns?$top=1000&$filter={}", filter.join(" and "))]);
        assert_eq!(filters(SignInQuery { top: Some(5), ..SignInQuery::default() }), ["auditLogs/signIns?$top=5"]);
    }

    #[test]
    fn the_log_has_guests_under_their_own_name() {
        let query =
            SignInQuery { users: vec![user("AdeleVance_fabrikam.com#EXT#@contoso.com")], ..SignInQuery::default() };
        let both = "userPrincipalName eq 'adelevance@fabrikam.com' or userPrincipalName eq 'adelevance_fabrikam.com#ext#@contoso.com'";
        assert_eq!(filters(query), [format!("auditLogs/signIns?$top=1000&$filter=({both})")]);
    }

    #[test]
    fn long_lists_become_several_queries_that_find_everything_once() {
        let ranges = (0..12).flat_map(|n| [format!("10.0.{n}.0/25"), format!("10.0.{n}.0/24")]);
        let addresses = ranges.chain(["10.0.0.0/16".to_owned()]).map(|range| range.parse().unwrap()).collect();
        let users = (0..12).map(|n| user(&format!("u{n}@c.d"))).collect();
        let lists: Vec<_> = SignInQuery { addresses, users, ..SignInQuery::default() }.into_lists().collect();
        assert_eq!(lists.len(), 6);
        for number in 0..12 {
            let entry = entry(number, &format!("10.0.{number}.9"));
            let who = format!("'u{number}@c.d'");
            let asked = |list: &&List<SignIn>| percent_decode_str(&list.path).decode_utf8().unwrap().contains(&who);
            assert_eq!(lists.iter().filter(asked).filter(|list| (list.keeps)(&entry)).count(), 1, "{number}");
        }
    }

    #[test]
    fn addresses_are_compared_by_value() {
        let query = |text: &str| SignInQuery { addresses: vec![text.parse().unwrap()], ..SignInQuery::default() };
        let keeps = |range: &str, address: &str| (query(range).into_lists().next().unwrap().keeps)(&entry(1, address));
        assert!(keeps("2001:db8::1", "2001:0DB8:0:0:0:0:0:0001") && !keeps("2001:db8::1", "2001:db8::10"));
        assert!(keeps("10.1.0.0/20", "10.1.15.1") && !keeps("10.1.0.0/20", "10.1.16.1") && !keeps("10.0.0.0/8", ""));
        // One that cannot be narrowed makes one query of all.
        let mixed = SignInQuery {
            addresses: vec!["::1".parse().unwrap(), "10.0.0.1".parse().unwrap()],
            ..SignInQuery::default()
        };
        assert_eq!(filters(mixed), ["auditLogs/signIns?$top=1000"]);
    }
}
