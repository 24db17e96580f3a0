//! `$filter` as the directory understands it.
//!
//! See <https://learn.microsoft.com/graph/aad-advanced-queries>.

use crate::directory::User;
use crate::filter_tokens::{Token, tokens};
use crate::properties::Property;

/// A filter that was understood.
#[derive(Debug, Clone, PartialEq)]
pub(crate) enum Filter {
    All(Vec<Filter>),
    Any(Vec<Filter>),
    Not(Box<Filter>),
    /// Whether the property is one of the literals.
    In(Property, Vec<Literal>),
    NotEqual(Property, Literal),
    StartsWith(Property, String),
    EndsWith(Property, String),
}

/// A value in a filter. Texts are kept in lower case, because the directory ignores case.
#[derive(Debug, Clone, PartialEq)]
pub(crate) enum Literal {
    Text(String),
    Bool(bool),
    Null,
}

/// Why a filter is refused, in Graph's words.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub(crate) enum FilterError {
    #[error("Invalid filter clause: Syntax error at position {0} in '{1}'.")]
    Syntax(usize, String),
    #[error("Invalid filter clause: Could not find a property named '{0}' on type 'microsoft.graph.user'.")]
    UnknownProperty(String),
    #[error("Unsupported or invalid query filter clause specified for property '{0}' of resource 'User'.")]
    UnsupportedClause(&'static str),
    #[error("Unsupported Query.")]
    UnsupportedOperator,
    #[error("Filter has more than the allowed number of clauses.")]
    TooComplex,
}

/// Deeper nesting than this is refused, long before it could exhaust the stack.
const DEEPEST: usize = 32;

impl Filter {
    pub(crate) fn parse(text: &str) -> Result<Self, FilterError> {
        let tokens = tokens(text).map_err(|position| FilterError::Syntax(position, text.to_owned()))?;
        let mut parser = Parser { text, tokens: &tokens, next: 0, depth: 0 };
        let filter = parser.any()?;
        if parser.next == tokens.len() { Ok(filter) } else { Err(parser.syntax()) }
    }

    pub(crate) fn matches(&self, user: &User) -> bool {
        match self {
            Self::All(parts) => parts.iter().all(|part| part.matches(user)),
            Self::Any(parts) => parts.iter().any(|part| part.matches(user)),
            Self::Not(part) => !part.matches(user),
            Self::In(property, literals) => {
                let value = value(*property, user);
                literals.contains(&value)
            }
            Self::NotEqual(property, literal) => value(*property, user) != *literal,
            Self::StartsWith(property, start) => text(*property, user).is_some_and(|text| text.starts_with(start)),
            Self::EndsWith(property, end) => text(*property, user).is_some_and(|text| text.ends_with(end)),
        }
    }

    /// The operator that works only as an advanced query, if there is one.
    pub(crate) fn advanced(&self) -> Option<&'static str> {
        match self {
            Self::All(parts) | Self::Any(parts) => parts.iter().find_map(Self::advanced),
            Self::Not(_) => Some("Not"),
            Self::NotEqual(..) => Some("NotEquals"),
            Self::EndsWith(..) => Some("EndsWith"),
            Self::In(..) | Self::StartsWith(..) => None,
        }
    }
}

fn value(property: Property, user: &User) -> Literal {
    match property {
        Property::AccountEnabled => Literal::Bool(user.account_enabled),
        _ => text(property, user).map_or(Literal::Null, Literal::Text),
    }
}

fn text(property: Property, user: &User) -> Option<String> {
    property.text(user).map(|text| text.to_lowercase())
}

struct Parser<'a> {
    text: &'a str,
    tokens: &'a [(usize, Token)],
    next: usize,
    depth: usize,
}

impl Parser<'_> {
    fn any(&mut self) -> Result<Filter, FilterError> {
        let mut parts = vec![self.all()?];
        while self.word("or") {
            parts.push(self.all()?);
        }
        Ok(if parts.len() == 1 { parts.remove(0) } else { Filter::Any(parts) })
    }

    fn all(&mut self) -> Result<Filter, FilterError> {
        let mut parts = vec![self.one()?];
        while self.word("and") {
            parts.push(self.one()?);
        }
        Ok(if parts.len() == 1 { parts.remove(0) } else { Filter::All(parts) })
    }

    fn one(&mut self) -> Result<Filter, FilterError> {
        self.depth += 1;
        if self.depth > DEEPEST {
            return Err(FilterError::TooComplex);
        }
        let filter = if self.word("not") {
            Filter::Not(Box::new(self.one()?))
        } else if self.token(&Token::Open) {
            let inner = self.any()?;
            self.expect(&Token::Close)?;
            inner
        } else {
            self.clause()?
        };
        self.depth -= 1;
        Ok(filter)
    }

    fn clause(&mut self) -> Result<Filter, FilterError> {
        let name = self.any_word()?;
        if self.token(&Token::Open) {
            return self.function(&name.to_ascii_lowercase());
        }
        let property = property(&name)?;
        match self.any_word()?.to_ascii_lowercase().as_str() {
            "eq" => Ok(Filter::In(property, vec![self.literal(property)?])),
            "ne" => Ok(Filter::NotEqual(property, self.literal(property)?)),
            "in" => {
                self.expect(&Token::Open)?;
                let mut literals = vec![self.literal(property)?];
                while self.token(&Token::Comma) {
                    literals.push(self.literal(property)?);
                }
                self.expect(&Token::Close)?;
                Ok(Filter::In(property, literals))
            }
            "gt" | "ge" | "lt" | "le" | "has" => Err(FilterError::UnsupportedClause(property.name())),
            _ => Err(self.syntax()),
        }
    }

    fn function(&mut self, name: &str) -> Result<Filter, FilterError> {
        let make = match name {
            "startswith" => Filter::StartsWith,
            "endswith" => Filter::EndsWith,
            _ => return Err(FilterError::UnsupportedOperator),
        };
        let property = property(&self.any_word()?)?;
        self.expect(&Token::Comma)?;
        let literal = self.literal(property)?;
        self.expect(&Token::Close)?;
        match literal {
            Literal::Text(text) if property != Property::Id => Ok(make(property, text)),
            _ => Err(FilterError::UnsupportedClause(property.name())),
        }
    }

    fn literal(&mut self, property: Property) -> Result<Literal, FilterError> {
        let literal = match self.tokens.get(self.next) {
            Some((_, Token::Text(text))) => Literal::Text(text.to_lowercase()),
            Some((_, Token::Word(word))) => match word.to_ascii_lowercase().as_str() {
                "true" => Literal::Bool(true),
                "false" => Literal::Bool(false),
                "null" => Literal::Null,
                _ => return Err(self.syntax()),
            },
            _ => return Err(self.syntax()),
        };
        self.next += 1;
        let fits = match literal {
            Literal::Text(_) => property != Property::AccountEnabled,
            Literal::Bool(_) => property == Property::AccountEnabled,
            Literal::Null => property != Property::AccountEnabled && property != Property::Id,
        };
        if fits { Ok(literal) } else { Err(FilterError::UnsupportedClause(property.name())) }
    }

    fn any_word(&mut self) -> Result<String, FilterError> {
        match self.tokens.get(self.next) {
            Some((_, Token::Word(word))) => {
                self.next += 1;
                Ok(word.clone())
            }
            _ => Err(self.syntax()),
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

    fn expect(&mut self, wanted: &Token) -> Result<(), FilterError> {
        if self.token(wanted) { Ok(()) } else { Err(self.syntax()) }
    }

    fn syntax(&self) -> FilterError {
        let position = self.tokens.get(self.next).map_or(self.text.len(), |(position, _)| *position);
        FilterError::Syntax(position, self.text.to_owned())
    }
}

fn property(name: &str) -> Result<Property, FilterError> {
    use Property::{
        AccountEnabled, Department, DisplayName, GivenName, Id, Mail, Surname, UserPrincipalName, UserType,
    };
    let property = Property::parse(name).ok_or_else(|| FilterError::UnknownProperty(name.to_owned()))?;
    match property {
        AccountEnabled | Department | DisplayName | GivenName | Id | Mail | Surname | UserPrincipalName | UserType => {
            Ok(property)
        }
        other => Err(FilterError::UnsupportedClause(other.name())),
    }
}

#[cfg(test)]
mod tests {
    use super::{Filter, FilterError};
    use crate::directory::Directory;

    fn names(filter: &str) -> Vec<String> {
        let filter = Filter::parse(filter).expect(filter);
        let directory = Directory::generate(14, 1);
        let found = directory.users().iter().filter(|user| filter.matches(user));
        found.map(|user| user.user_principal_name.split('@').next().unwrap_or_default().to_owned()).collect()
    }

    #[test]
    fn filters_choose_users() {
        assert_eq!(names("accountEnabled eq false"), ["lee", "isaiah"]);
        assert_eq!(names("userPrincipalName eq 'ADELE@contoso.com'"), ["adele"]);
        assert_eq!(names("userPrincipalName eq 'o''hara@contoso.com'"), ["o'hara"]);
        assert_eq!(names("userPrincipalName in ('lee@contoso.com', 'adele@contoso.com')"), ["adele", "lee"]);
        assert_eq!(names("startswith(displayName,'Lee') or startsWith(displayName, 'isa')"), ["lee", "isaiah"]);
        assert_eq!(names("endswith(userPrincipalName,'#ext#@contoso.com')").len(), 2);
        assert_eq!(names("userType eq 'Guest' and department eq null").len(), 2);
        assert_eq!(names("accountEnabled ne true and not (displayName eq 'Lee Gu')"), ["isaiah"]);
        assert_eq!(names("not startswith(displayName,'L') and accountEnabled eq false"), ["isaiah"]);
    }

    #[test]
    fn and_binds_tighter_than_or() {
        let either = "displayName eq 'Lee Gu' or displayName eq 'Adele Vance' and accountEnabled eq false";
        assert_eq!(names(either), ["lee"]);
        let grouped = "(displayName eq 'Lee Gu' or displayName eq 'Adele Vance') and accountEnabled eq true";
        assert_eq!(names(grouped), ["adele"]);
    }

    #[test]
    fn advanced_operators_are_known() {
        let advanced = |filter| Filter::parse(filter).expect(filter).advanced();
        assert_eq!(advanced("department eq 'IT' or endswith(mail,'x')"), Some("EndsWith"));
        assert_eq!(advanced("(department ne 'IT')"), Some("NotEquals"));
        assert_eq!(advanced("not(department eq 'IT')"), Some("Not"));
        assert_eq!(advanced("department in ('IT') and startswith(mail,'x')"), None);
    }

    #[test]
    fn what_is_not_supported_is_refused() {
        let error = |filter: &str| Filter::parse(filter).expect_err(filter);
        assert_eq!(error("shoeSize eq '7'"), FilterError::UnknownProperty("shoeSize".to_owned()));
        assert_eq!(error("contains(displayName,'x')"), FilterError::UnsupportedOperator);
        assert_eq!(error("jobTitle eq 'x'"), FilterError::UnsupportedClause("jobTitle"));
        assert_eq!(error("accountEnabled eq 'false'"), FilterError::UnsupportedClause("accountEnabled"));
        assert_eq!(error("displayName gt 'x'"), FilterError::UnsupportedClause("displayName"));
        for syntax in
            ["", "department", "department eq", "department eq 'x", "(department eq 'x'", "department eq 'x')"]
        {
            assert!(matches!(error(syntax), FilterError::Syntax(..)), "{syntax}");
        }
        let deep = format!("{}department eq 'x'{}", "(".repeat(5000), ")".repeat(5000));
        assert_eq!(error(&deep), FilterError::TooComplex);
    }
}
