//! Users by a query.

use super::advanced::{filter_needs_it, quoted_search};
use super::events::{Notices, Reading};
use super::exchange::Reader;
use super::pages::{List, Lists};
use super::query::Query;
use super::refusal::Subject;
use super::user::{SELECT, UserSession};
use crate::session::Session;

/// The largest page of users. Source: Microsoft Learn, "List users", optional query parameters.
const LARGEST_PAGE: u64 = 999;

/// How many users come without asking for a number, as with `Get-MgUser`.
const DEFAULT_LIMIT: u64 = 100;

const REST: &str = "There are more users than the first 100, which are all that is read without -All or -Top.";

/// How much of a list is read.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Limit {
    /// The first hundred, and a warning where there are more.
    #[default]
    Usual,
    /// So many.
    First(u64),
    /// Everything.
    None,
}

/// Which users to read.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct UserQuery {
    /// `$filter`, in Graph's own language.
    pub filter: Option<String>,
    /// `$search`; quotes are put around each clause where there are none.
    pub search: Option<String>,
    /// How many users.
    pub limit: Limit,
}

impl UserQuery {
    fn most(&self) -> Option<u64> {
        match self.limit {
            Limit::Usual => Some(DEFAULT_LIMIT),
            Limit::First(count) => Some(count),
            Limit::None => None,
        }
    }

    fn is_advanced(&self) -> bool {
        self.search.is_some() || self.filter.as_deref().is_some_and(filter_needs_it)
    }

    fn path(&self, advanced: bool) -> String {
        let page = self.most().unwrap_or(LARGEST_PAGE).clamp(1, LARGEST_PAGE);
        Query::new("users")
            .with("$select", SELECT)
            .with("$top", &page.to_string())
            .with_some("$filter", self.filter.as_deref())
            .with_some("$search", self.search.as_deref().map(quoted_search).as_deref())
            .with_some("$count", advanced.then_some("true"))
            .finish()
    }

    fn list(&self) -> List<UserSession> {
        let eventual = self.is_advanced();
        let may_become = self.filter.is_some() && !eventual;
        List {
            path: self.path(eventual),
            eventual,
            advanced: may_become.then(|| self.path(true)),
            keeps: Box::new(|_| true),
        }
    }
}

/// Reads users, a page for each time that more is asked for. With `verbose` it tells of its requests.
pub fn read_users(session: &Session, query: &UserQuery, verbose: bool) -> Reading<UserSession> {
    let (notices, receiver) = Notices::new(verbose);
    let reader = Reader::new(session, Subject::Users, notices);
    let rest = (query.limit == Limit::Usual).then_some(REST);
    Reading::new(Lists::new(reader, std::iter::once(query.list()), query.most(), rest).into_stream(), receiver)
}

#[cfg(test)]
mod tests {
    use super::*;

    const START: &str = "users?$select=id%2CuserPrincipalName%2CdisplayName%2CsignInSessionsValidFromDateTime%2CaccountEnabled%2CuserType%2Cdepartment";

    #[test]
    fn a_query_becomes_a_path() {
        let query = |filter: Option<&str>, search: Option<&str>, limit| UserQuery {
            filter: filter.map(str::to_owned),
            search: search.map(str::to_owned),
            limit,
        };
        let list = query(None, None, Limit::Usual).list();
        assert_eq!((list.path, list.eventual, list.advanced), (format!("{START}&$top=100"), false, None));
        let list = query(Some("department eq 'IT'"), None, Limit::None).list();
        assert_eq!(list.path, format!("{START}&$top=999&$filter=department%20eq%20%27IT%27"));
        assert_eq!(list.advanced, Some(format!("{}&$count=true", list.path)));
        let list = query(Some("department ne null"), None, Limit::First(5)).list();
        assert_eq!(list.path, format!("{START}&$top=5&$filter=department%20ne%20null&$count=true"));
        assert!(list.eventual && list.advanced.is_none());
        let list = query(None, Some("displayName:adele"), Limit::First(5000)).list();
        assert_eq!(list.path, format!("{START}&$top=999&$search=%22displayName%3Aadele%22&$count=true"));
        assert!(list.eventual);
    }
}
