//! Reading the sign-in log: `GET /auditLogs/signIns`.
//!
//! See <https://learn.microsoft.com/graph/api/signin-list>.

use std::borrow::Cow;

use crate::answer::Answer;
use crate::error_body::{bad_request, graph_error, quote};
use crate::graph::Call;
use crate::sign_in_filter::SignInFilter;
use crate::sign_in_log::SignInEntry;
use crate::token::LogAccess;

const LARGEST_PAGE: usize = 1000;

/// What a `$skiptoken` begins with, so that an invented one is told from ours.
const SKIP_TOKEN_MARK: &str = "9177f2e3532fcd4c4d225f68f7b9bdf7_";

/// Lists entries, newest first, a page at a time.
pub(crate) fn list(call: &Call<'_>, query: &str) -> Answer {
    let log = &call.shared.sign_ins;
    if call.identity.sign_in_log == LogAccess::Missing {
        let message = "The principal does not have required Microsoft Graph permission(s): AuditLog.Read.All to call this \
                       API. For more information about Microsoft Graph permissions, please visit \
                       https://learn.microsoft.com/graph/permissions-overview.";
        return graph_error(403, "Authentication_MSGraphPermissionMissing", message, call.ids);
    }
    if !log.is_premium() {
        let message = "Neither tenant is B2C or tenant doesn't have premium license";
        return graph_error(403, "Authentication_RequestFromNonPremiumTenantOrB2CTenant", message, call.ids);
    }
    match page(call, query) {
        Ok(answer) => answer,
        Err(message) => bad_request(&message, call.ids),
    }
}

fn page(call: &Call<'_>, query: &str) -> Result<Answer, String> {
    let mut options: Vec<(Cow<'_, str>, Cow<'_, str>)> = url::form_urlencoded::parse(query.as_bytes()).collect();
    let option =
        |name: &str| options.iter().find(|(known, _)| known.eq_ignore_ascii_case(name)).map(|(_, value)| value);
    if let Some((unknown, _)) =
        options.iter().find(|(name, _)| !["$top", "$filter", "$skiptoken"].contains(&name.as_ref()))
    {
        return Err(format!("Query option '{unknown}' is not supported."));
    }
    let filter = option("$filter").map(|filter| SignInFilter::parse(filter)).transpose()?;
    let size = match option("$top") {
        None => LARGEST_PAGE,
        Some(top) => {
            let size = top.parse().ok().filter(|size| (1..=LARGEST_PAGE).contains(size));
            size.ok_or_else(|| {
                format!("Invalid page size specified: '{top}'. Must be between 1 and {LARGEST_PAGE} inclusive.")
            })?
        }
    };
    let start = match option("$skiptoken") {
        None => 0,
        Some(token) => {
            let position = token.strip_prefix(SKIP_TOKEN_MARK).and_then(|position| position.parse().ok());
            position.ok_or("Skip token is not valid.")?
        }
    };
    let entries = call.shared.sign_ins.entries().iter().enumerate().skip(start);
    let mut found = entries.filter(|(_, entry)| filter.as_ref().is_none_or(|filter| filter.matches(entry)));
    let shown: Vec<&SignInEntry> = found.by_ref().take(size).map(|(_, entry)| entry).collect();
    let next = found.next().map(|(position, _)| position);

    let graph = call.shared.origins.as_seen(call.host);
    let mut body = format!("{{\"@odata.context\":\"{graph}/v1.0/$metadata#auditLogs/signIns\"");
    if let Some(next) = next {
        options.retain(|(name, _)| !name.eq_ignore_ascii_case("$skiptoken"));
        options.push(("$skiptoken".into(), format!("{SKIP_TOKEN_MARK}{next}").into()));
        let query = url::form_urlencoded::Serializer::new(String::new()).extend_pairs(options).finish();
        body.push_str(",\"@odata.nextLink\":");
        quote(&mut body, &format!("{graph}/{}/auditLogs/signIns?{query}", call.version));
    }
    body.push_str(",\"value\":[");
    for (position, entry) in shown.into_iter().enumerate() {
        body.push_str(if position > 0 { "," } else { "" });
        entry.write(&mut body);
    }
    body.push_str("]}");
    Ok(Answer::json(200, body))
}
