//! A request to the sign-in service, and what every grant checks of it.

use std::borrow::Cow;
use std::collections::HashMap;

use super::refusal::Refusal;
use crate::state::Shared;

/// Names the tenant answers to, beside its id.
const TENANT_DOMAINS: [&str; 2] = ["contoso.com", "contoso.onmicrosoft.com"];

/// Names that stand for whichever tenant the user belongs to.
const ANY_TENANT: [&str; 2] = ["common", "organizations"];

/// Microsoft Graph Command Line Tools, the public client of the Microsoft Graph PowerShell SDK.
const GRAPH_COMMAND_LINE_TOOLS: &str = "14d82eec-204b-4c2f-b7e8-296a70dab67e";

/// A form that was posted to an endpoint of a tenant.
pub(super) struct SignInRequest<'a> {
    pub(super) shared: &'a Shared,
    /// The tenant as the client named it.
    pub(super) tenant: &'a str,
    /// The authority's host as the client saw it.
    pub(super) host: &'a str,
    form: HashMap<Cow<'a, str>, Cow<'a, str>>,
}

impl<'a> SignInRequest<'a> {
    pub(super) fn new(shared: &'a Shared, tenant: &'a str, host: &'a str, body: &'a [u8]) -> Self {
        Self { shared, tenant, host, form: url::form_urlencoded::parse(body).collect() }
    }

    /// A parameter, when it is there and not empty.
    pub(super) fn optional(&self, name: &str) -> Option<&str> {
        self.form.get(name).map(AsRef::as_ref).filter(|value: &&str| !value.is_empty())
    }

    /// A parameter that must be there.
    pub(super) fn required(&self, name: &str) -> Result<&str, Refusal> {
        self.optional(name).ok_or_else(|| Refusal::new(900_144, &[("parameter", name)]))
    }

    /// Whether there is such a tenant; only a user has one to be found when none is named.
    pub(super) fn check_tenant(&self, of_user: bool) -> Result<(), Refusal> {
        let id = [self.shared.endpoints.tenant_id.as_str()];
        let any: &[&str] = if of_user { &ANY_TENANT } else { &[] };
        let mut known = TENANT_DOMAINS.iter().chain(&id).chain(any);
        if known.any(|name| name.eq_ignore_ascii_case(self.tenant)) {
            return Ok(());
        }
        Err(Refusal::new(90_002, &[("tenant", self.tenant)]))
    }

    /// The application that keeps secrets.
    pub(super) fn confidential_client(&self) -> Result<&str, Refusal> {
        self.client(&[])
    }

    /// An application that signs in users without keeping secrets.
    pub(super) fn public_client(&self) -> Result<&str, Refusal> {
        self.client(&[GRAPH_COMMAND_LINE_TOOLS])
    }

    fn client(&self, others: &[&str]) -> Result<&str, Refusal> {
        let client_id = self.required("client_id")?;
        let own = [self.shared.endpoints.client_id.as_str()];
        if own.iter().chain(others).any(|known| known.eq_ignore_ascii_case(client_id)) {
            return Ok(client_id);
        }
        Err(Refusal::new(700_016, &[("client", client_id)]))
    }
}
