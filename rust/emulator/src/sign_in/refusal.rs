//! A refusal of the sign-in service, and how it goes out.

use std::borrow::Cow;

use serde_json::json;
use uuid::Uuid;

use super::entra_errors::{GENERIC, find};
use crate::answer::Answer;
use crate::clock::{entra_date, now_seconds, timestamp};
use crate::config::Endpoints;
use crate::faults::AadstsRefusal;

/// A refusal: status, OAuth error, AADSTS code and text.
#[derive(Debug)]
pub(crate) struct Refusal {
    status: u16,
    error: Cow<'static, str>,
    suberror: Option<&'static str>,
    code: u32,
    text: String,
}

impl Refusal {
    /// The refusal with that code, its text filled in from `parts`.
    pub(super) fn new(code: u32, parts: &[(&str, &str)]) -> Self {
        let known = find(code).unwrap_or(&GENERIC);
        let text =
            parts.iter().fold(known.text.to_owned(), |text, (name, value)| text.replace(&format!("{{{name}}}"), value));
        Self { status: known.status, error: known.error.into(), suberror: known.suberror, code, text }
    }

    /// The same under another OAuth error.
    pub(super) fn under(self, error: impl Into<Cow<'static, str>>) -> Self {
        Self { error: error.into(), ..self }
    }

    /// A refusal that a fault asks for, about nobody in particular.
    pub(super) fn on_demand(wanted: AadstsRefusal, tenant: &str, endpoints: &Endpoints) -> Self {
        let now = now_seconds();
        let (then, now) = (timestamp(now - 3600).to_string(), timestamp(now).to_string());
        let parts = [
            ("client", endpoints.client_id.as_str()),
            ("tenant", tenant),
            ("resource", "00000003-0000-0000-c000-000000000000"),
            ("scope", "https://graph.microsoft.com/.default"),
            ("grant", "client_credentials"),
            ("parameter", "scope"),
            ("reason", "The key was not found."),
            ("thumbprint", "0000000000000000000000000000000000000000"),
            ("issuer", "https://issuer.example/"),
            ("subject", "subject"),
            ("audience", "api://AzureADTokenExchange"),
            ("issued", &then),
            ("expires", &then),
            ("now", &now),
            ("valid_from", &now),
        ];
        let refusal = Self::new(wanted.code, &parts);
        match wanted.error {
            Some(error) => refusal.under(error),
            None => refusal,
        }
    }

    /// The answer that carries it.
    pub(crate) fn answer(&self, trace: Uuid, correlation: Option<&str>) -> Answer {
        let Self { status, error, suberror, code, text } = self;
        let correlation = correlation.and_then(|id| Uuid::try_parse(id).ok()).unwrap_or(trace);
        let date = entra_date();
        let mut body = json!({
            "error": error,
            "error_description":
                format!("AADSTS{code}: {text} Trace ID: {trace} Correlation ID: {correlation} Timestamp: {date}"),
            "error_codes": [code],
            "timestamp": date,
            "trace_id": trace,
            "correlation_id": correlation,
            "error_uri": format!("https://login.microsoftonline.com/error?code={code}"),
        });
        if let Some(suberror) = suberror {
            body["suberror"] = json!(suberror);
        }
        Answer::json(*status, body.to_string())
    }
}
