//! Reading users: `GET /users`, `GET /users/{id}` and `GET /me`.
//!
//! See <https://learn.microsoft.com/graph/api/user-list>.

use std::borrow::Cow;

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;

use crate::answer::Answer;
use crate::directory::User;
use crate::error_body::{bad_request, denied, graph_error, not_found, quote, unsupported_query};
use crate::graph::Call;
use crate::odata_filter::{Filter, FilterError};
use crate::properties::Selection;
use crate::user_search::Search;

const DEFAULT_PAGE: usize = 100;
const LARGEST_PAGE: usize = 999;

/// What a `$skiptoken` is made from, so that an invented one is told from ours.
const SKIP_TOKEN_MARK: &str = "RFNwdAIAAQ";

type Options<'a> = Vec<(Cow<'a, str>, Cow<'a, str>)>;

/// A list query that was understood.
struct ListQuery {
    selection: Selection,
    filter: Option<Filter>,
    search: Option<Search>,
    page: usize,
    start: usize,
    count: bool,
}

/// Lists users, a page at a time.
pub(crate) fn list(call: &Call<'_>, query: &str) -> Answer {
    if !call.identity.can_read {
        return denied(call.ids);
    }
    let options: Options<'_> = url::form_urlencoded::parse(query.as_bytes()).collect();
    match list_query(call, &options) {
        Ok(parsed) => page(call, &parsed, &options),
        Err(refusal) => refusal,
    }
}

/// Reads one user.
pub(crate) fn read(call: &Call<'_>, key: &str, query: &str) -> Answer {
    match call.shared.directory.find(key) {
        _ if !call.identity.can_read => denied(call.ids),
        None => not_found(key, call.ids),
        Some(user) => entity(call, user, query),
    }
}

/// Reads the signed-in user.
pub(crate) fn me(call: &Call<'_>, query: &str) -> Answer {
    match signed_in(call) {
        Err(error) => error,
        Ok(_) if !call.identity.can_read_self => denied(call.ids),
        Ok(user) => entity(call, user, query),
    }
}

/// The signed-in user, or Graph's complaint that there is none.
pub(crate) fn signed_in<'a>(call: &Call<'a>) -> Result<&'a User, Answer> {
    let Some(id) = call.identity.user else {
        return Err(bad_request("/me request is only valid with delegated authentication flow.", call.ids));
    };
    call.shared.directory.find_by_id(id).ok_or_else(|| not_found(&id.to_string(), call.ids))
}

fn entity(call: &Call<'_>, user: &User, query: &str) -> Answer {
    let options: Options<'_> = url::form_urlencoded::parse(query.as_bytes()).collect();
    let selection = match selection(call, &options) {
        Ok(selection) => selection,
        Err(refusal) => return refusal,
    };
    let mut body = format!(
        "{{\"@odata.context\":\"{}/v1.0/$metadata#{}/$entity\",",
        call.shared.origins.as_seen(call.host),
        selection.context()
    );
    selection.write(user, &mut body);
    body.push('}');
    Answer::json(200, body)
}

fn option<'a>(options: &'a Options<'_>, name: &str) -> Option<&'a str> {
    let bare = &name[1..];
    let found = options.iter().find(|(key, _)| key.eq_ignore_ascii_case(name) || key.eq_ignore_ascii_case(bare));
    found.map(|(_, value)| value.as_ref())
}

fn selection(call: &Call<'_>, options: &Options<'_>) -> Result<Selection, Answer> {
    Selection::parse(option(options, "$select")).map_err(|name| {
        let message = format!(
            "Parsing OData Select and Expand failed: Could not find a property named '{name}' on type 'microsoft.graph.user'."
        );
        bad_request(&message, call.ids)
    })
}

fn list_query(call: &Call<'_>, options: &Options<'_>) -> Result<ListQuery, Answer> {
    let unsupported = |message: &str| unsupported_query(message, call.ids);
    if option(options, "$orderby").is_some() {
        return Err(unsupported("Sorting not supported for current query."));
    }
    if option(options, "$skip").is_some() {
        return Err(bad_request("'$skip' is not supported by the service.", call.ids));
    }
    let count = option(options, "$count").is_some_and(|count| count.eq_ignore_ascii_case("true"));
    let advanced = count && call.eventual;
    let filter = option(options, "$filter").map(Filter::parse).transpose().map_err(|error| {
        let message = error.to_string();
        match error {
            FilterError::Syntax(..) | FilterError::UnknownProperty(_) => bad_request(&message, call.ids),
            _ => unsupported(&message),
        }
    })?;
    if let Some(operator) = filter.as_ref().and_then(Filter::advanced).filter(|_| !advanced) {
        return Err(unsupported(&format!(
            "Operator '{operator}' is not supported because the required parameters might be missing. Try adding \
             $count=true query parameter and ConsistencyLevel:eventual header. Refer to \
             https://aka.ms/graph-docs/advanced-queries for more information"
        )));
    }
    let search = option(options, "$search");
    if search.is_some() && !advanced {
        return Err(unsupported(
            "Request with $search query parameter only works through MSGraph with a special request header: \
             'ConsistencyLevel: eventual'",
        ));
    }
    let search = search.map(Search::parse).transpose().map_err(|message| bad_request(message, call.ids))?;
    Ok(ListQuery {
        selection: selection(call, options)?,
        filter,
        search,
        page: page_size(option(options, "$top")).map_err(|message| unsupported(&message))?,
        start: skip_token(option(options, "$skiptoken")).ok_or_else(|| {
            let message = "The specified page token value has expired and can no longer be included in your request.";
            graph_error(400, "Directory_ExpiredPageToken", message, call.ids)
        })?,
        count: advanced,
    })
}

fn page_size(top: Option<&str>) -> Result<usize, String> {
    let Some(top) = top else {
        return Ok(DEFAULT_PAGE);
    };
    top.parse()
        .ok()
        .filter(|size| (1..=LARGEST_PAGE).contains(size))
        .ok_or_else(|| format!("Invalid page size specified: '{top}'. Must be between 1 and {LARGEST_PAGE} inclusive."))
}

fn skip_token(token: Option<&str>) -> Option<usize> {
    let Some(token) = token else {
        return Some(0);
    };
    let position = URL_SAFE_NO_PAD.decode(token.strip_prefix(SKIP_TOKEN_MARK)?).ok()?;
    String::from_utf8(position).ok()?.parse().ok()
}

fn page(call: &Call<'_>, query: &ListQuery, options: &Options<'_>) -> Answer {
    let users = call.shared.directory.users();
    let matches = |user: &User| {
        query.filter.as_ref().is_none_or(|filter| filter.matches(user))
            && query.search.as_ref().is_none_or(|search| search.matches(user))
    };
    let graph = call.shared.origins.as_seen(call.host);
    let mut body = format!("{{\"@odata.context\":\"{graph}/v1.0/$metadata#{}\"", query.selection.context());
    // Only the first page has the count.
    if query.count && query.start == 0 {
        let count = users.iter().filter(|user| matches(user)).count();
        body.push_str(",\"@odata.count\":");
        body.push_str(&count.to_string());
    }
    let mut found = users.iter().enumerate().skip(query.start).filter(|(_, user)| matches(user));
    let shown: Vec<&User> = found.by_ref().take(query.page).map(|(_, user)| user).collect();
    if let Some((next, _)) = found.next() {
        body.push_str(",\"@odata.nextLink\":");
        quote(&mut body, &next_link(call, options, next));
    }
    body.push_str(",\"value\":[");
    for (position, user) in shown.into_iter().enumerate() {
        body.push_str(if position > 0 { ",{" } else { "{" });
        query.selection.write(user, &mut body);
        body.push('}');
    }
    body.push_str("]}");
    Answer::json(200, body)
}

fn next_link(call: &Call<'_>, options: &Options<'_>, position: usize) -> String {
    let mut query = url::form_urlencoded::Serializer::new(String::new());
    for (name, value) in options.iter().filter(|(name, _)| !name.eq_ignore_ascii_case("$skiptoken")) {
        query.append_pair(name, value);
    }
    let token = format!("{SKIP_TOKEN_MARK}{}", URL_SAFE_NO_PAD.encode(position.to_string()));
    query.append_pair("$skiptoken", &token);
    format!("{}/{}/users?{}", call.shared.origins.as_seen(call.host), call.version, query.finish())
}
