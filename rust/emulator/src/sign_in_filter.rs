//! `$filter` as the sign-in log understands it: less than the directory does, and by exact text.
//!
//! See <https://learn.microsoft.com/graph/api/resources/signin>.

use jiff::Timestamp;

use crate::filter_tokens::{Token, tokens};
use crate::sign_in_log::SignInEntry;

/// A filter that was understood.
#[derive(Debug)]
pub(crate) enum SignInFilter {
    All(Vec<SignInFilter>),
    Any(Vec<SignInFilter>),
    Equals(Field, String),
    StartsWith(Field, String),
    ErrorCode(i32, bool),
    Interactive(bool),
    Since(Timestamp),
    Until(Timestamp),
}

/// A property with text in it.
#[derive(Debug, Clone, Copy)]
pub(crate) enum Field {
    Id,
    UserId,
    UserPrincipalName,
    UserDisplayName,
    IpAddress,
    AppId,
    AppDisplayName,
    ClientAppUsed,
}

/// Deeper nesting than this is refused, long before it could exhaust the stack.
const DEEPEST: usize = 16;

/// More clauses than this are refused.
const MOST_CLAUSES: usize = 40;

impl SignInFilter {
    /// Reads a filter; the error is in Graph's words.
    pub(crate) fn parse(text: &str) -> Result<Self, String> {
        let tokens = tokens(text).map_err(|position| syntax(text, position))?;
        let mut parser = Parser { text, tokens: &tokens, next: 0, depth: 0, clauses: 0 };
        let filter = parser.any()?;
        if parser.next == tokens.len() { Ok(filter) } else { Err(parser.unexpected()) }
    }

    pub(crate) fn matches(&self, entry: &SignInEntry) -> bool {
        match self {
            Self::All(parts) => parts.iter().all(|part| part.matches(entry)),
            Self::Any(parts) => parts.iter().any(|part| part.matches(entry)),
            Self::Equals(field, value) => field.of(entry) == *value,
            Self::StartsWith(field, start) => field.of(entry).starts_with(start),
            Self::ErrorCode(code, equal) => (entry.error_code() == *code) == *equal,
            Self::Interactive(interactive) => entry.is_interactive == *interactive,
            Self::Since(moment) => entry.created() >= *moment,
            Self::Until(moment) => entry.created() <= *moment,
        }
    }
}

impl Field {
    fn parse(name: &str) -> Option<Self> {
        Some(match name.to_ascii_lowercase().as_str() {
            "id" => Self::Id,
            "userid" => Self::UserId,
            "userprincipalname" => Self::UserPrincipalName,
            "userdisplayname" => Self::UserDisplayName,
            "ipaddress" => Self::IpAddress,
            "appid" => Self::AppId,
            "appdisplayname" => Self::AppDisplayName,
            "clientappused" => Self::ClientAppUsed,
            _ => return None,
        })
    }

    fn of(self, entry: &SignInEntry) -> String {
        match self {
            Self::Id => entry.id.to_string(),
            Self::UserId => entry.user_id.to_string(),
            Self::UserPrincipalName => entry.user_principal_name.clone(),
            Self::UserDisplayName => entry.display_name().to_owned(),
            Self::IpAddress => entry.ip_address().to_owned(),
            Self::AppId => entry.app_id().to_owned(),
            Self::AppDisplayName => entry.app_display_name().to_owned(),
            Self::ClientAppUsed => entry.client_app_used().to_owned(),
        }
    }
}

struct Parser<'a> {
    text: &'a str,
    tokens: &'a [(usize, Token)],
    next: usize,
    depth: usize,
    clauses: usize,
}

impl Parser<'_> {
    fn any(&mut self) -> Result<SignInFilter, String> {
        let mut parts = vec![self.all()?];
        while self.word("or") {
            parts.push(self.all()?);
        }
        Ok(SignInFilter::Any(parts))
    }

    fn all(&mut self) -> Result<SignInFilter, String> {
        let mut parts = vec![self.one()?];
        while self.word("and") {
            parts.push(self.one()?);
        }
        Ok(SignInFilter::All(parts))
    }

    fn one(&mut self) -> Result<SignInFilter, String> {
        if !self.token(&Token::Open) {
            return self.clause();
        }
        self.depth += 1;
        if self.depth > DEEPEST {
            return Err("Filter has more than the allowed number of clauses.".to_owned());
        }
        let inner = self.any()?;
        self.depth -= 1;
        if self.token(&Token::Close) { Ok(inner) } else { Err(self.unexpected()) }
    }

    fn clause(&mut self) -> Result<SignInFilter, String> {
        self.clauses += 1;
        if self.clauses > MOST_CLAUSES {
            return Err("Filter has more than the allowed number of clauses.".to_owned());
        }
        let name = self.any_word()?;
        if self.token(&Token::Open) {
            return self.function(&name);
        }
        let operator = self.any_word()?.to_ascii_lowercase();
        let unsupported = || format!("Unsupported filter property or operator '{name} {operator}'.");
        match (name.to_ascii_lowercase().as_str(), operator.as_str()) {
            ("createddatetime", "ge" | "le" | "eq") => {
                let moment: Timestamp = self.any_word()?.parse().map_err(|_| self.unexpected())?;
                Ok(match operator.as_str() {
                    "ge" => SignInFilter::Since(moment),
                    "le" => SignInFilter::Until(moment),
                    _ => SignInFilter::All(vec![SignInFilter::Since(moment), SignInFilter::Until(moment)]),
                })
            }
            ("status/errorcode", "eq" | "ne") => {
                let code = self.any_word()?.parse().map_err(|_| self.unexpected())?;
                Ok(SignInFilter::ErrorCode(code, operator == "eq"))
            }
            ("isinteractive", "eq") => {
                let value = self.any_word()?.parse().map_err(|_| self.unexpected())?;
                Ok(SignInFilter::Interactive(value))
            }
            (_, "eq") => {
                let field = Field::parse(&name).ok_or_else(unsupported)?;
                Ok(SignInFilter::Equals(field, self.quoted()?))
            }
            _ => Err(unsupported()),
        }
    }

    fn function(&mut self, name: &str) -> Result<SignInFilter, String> {
        if !name.eq_ignore_ascii_case("startswith") {
            return Err(format!("Unsupported filter function '{name}'."));
        }
        let property = self.any_word()?;
        let field = Field::parse(&property).ok_or_else(|| format!("Unsupported filter property '{property}'."))?;
        if !self.token(&Token::Comma) {
            return Err(self.unexpected());
        }
        let start = self.quoted()?;
        if self.token(&Token::Close) { Ok(SignInFilter::StartsWith(field, start)) } else { Err(self.unexpected()) }
    }

    fn quoted(&mut self) -> Result<String, String> {
        match self.tokens.get(self.next) {
            Some((_, Token::Text(text))) => {
                self.next += 1;
                Ok(text.clone())
            }
            _ => Err(self.unexpected()),
        }
    }

    fn any_word(&mut self) -> Result<String, String> {
        match self.tokens.get(self.next) {
            Some((_, Token::Word(word))) => {
                self.next += 1;
                Ok(word.clone())
            }
            _ => Err(self.unexpected()),
        }
    }

    fn word(&mut self, wanted: &str) -> bool {
        let found =
            matches!(self.tokens.get(self.next), Some((_, Token::Word(word))) if word.eq_ignore_ascii_case(wanted));
        self.next += usize::from(found);
        found
    }

    fn token(&mut self, wanted: &Token) -> bool {
        let found = self.tokens.get(self.next).is_some_and(|(_, token)| token == wanted);
        self.next += usize::from(found);
        found
    }

    fn unexpected(&self) -> String {
        syntax(self.text, self.tokens.get(self.next).map_or(self.text.len(), |(position, _)| *position))
    }
}

fn syntax(text: &str, position: usize) -> String {
    format!("Invalid filter clause: Syntax error at position {position} in '{text}'.")
}

#[cfg(test)]
mod tests {
    use super::SignInFilter;
    use crate::directory::Directory;
    use crate::sign_in_log::SignInLog;

    fn count(filter: &str) -> usize {
        let log = SignInLog::generate(400, 1, &Directory::generate(20, 1), 1_700_000_000);
        let filter = SignInFilter::parse(filter).expect(filter);
        log.entries().iter().filter(|entry| filter.matches(entry)).count()
    }

    #[test]
    fn entries_are_chosen_by_text_time_and_code() {
        assert!(count("ipAddress eq '203.0.113.7'") > 0);
        let range = count("startsWith(ipAddress,'203.0.113.')");
        assert_eq!(range, count("(ipAddress eq '203.0.113.7' or ipAddress eq '203.0.113.99')"));
        assert_eq!(count("userPrincipalName eq 'Adele@contoso.com'"), 0, "the log compares exactly");
        assert!(count("userPrincipalName eq 'adele@contoso.com' and isInteractive eq true") > 0);
        assert_eq!(count("status/errorCode eq 0") + count("status/errorCode ne 0"), 400);
        let (since, until) =
            (count("createdDateTime ge 2023-11-14T00:00:00Z"), count("createdDateTime le 2023-11-13T23:59:59Z"));
        assert!(since > 0 && until > 0 && since + until == 400);
        assert_eq!(
            count("userPrincipalName eq 'o''hara@contoso.com'"),
            count("startswith(userPrincipalName,'o''hara')")
        );
    }

    #[test]
    fn what_the_log_cannot_do_is_refused() {
        let many = vec!["appId eq 'x'"; 41].join(" or ");
        let deep = format!("{}appId eq 'x'{}", "(".repeat(5000), ")".repeat(5000));
        for filter in [
            "",
            "ipAddress ne 'x'",
            "ipAddress in ('x')",
            "contains(ipAddress,'x')",
            "createdDateTime gt 2023-11-14T00:00:00Z",
            "createdDateTime ge '2023-11-14T00:00:00Z'",
            "status/errorCode eq '0'",
            "shoeSize eq 'x'",
            "appId eq 'x' and",
            "(appId eq 'x'",
            "appId eq 'x",
            &many,
            &deep,
        ] {
            assert!(SignInFilter::parse(filter).is_err(), "{filter:.60}");
        }
    }
}
