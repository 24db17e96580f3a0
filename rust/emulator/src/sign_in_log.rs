//! The sign-in log: who signed in, from where, and how that ended.

use std::fmt::Write as _;
use std::sync::atomic::{AtomicBool, Ordering::Relaxed};

use jiff::Timestamp;
use uuid::Uuid;

use crate::clock::timestamp;
use crate::directory::{Directory, User};
use crate::error_body::quote;
use crate::random::Random;

/// How far back the log goes.
const SPAN: i64 = 72 * 3600;

/// Addresses with their city and country; the first ones are shared by everybody. The log does not write
/// IPv6 in one form only.
const PLACES: [(&str, &str, &str); 12] = [
    ("203.0.113.7", "Amsterdam", "NL"),
    ("203.0.113.99", "Amsterdam", "NL"),
    ("198.51.100.23", "Seattle", "US"),
    ("2001:db8:85a3::8a2e:370:7334", "Paris", "FR"),
    ("2001:0DB8:85A3:0000:0000:8A2E:0370:7334", "Paris", "FR"),
    ("2a02:8109:b0c:1::7", "Berlin", "DE"),
    ("192.0.2.10", "Lisbon", "PT"),
    ("192.0.2.77", "Lisbon", "PT"),
    ("10.1.2.3", "", ""),
    ("10.1.15.255", "", ""),
    ("10.1.16.1", "", ""),
    ("2001:db9::1", "Oslo", "NO"),
];

/// Id, name and kind of client of each application.
const APPS: [(&str, &str, &str); 3] = [
    ("de8bc8b5-d9f9-48b1-a8ad-b748da725064", "Graph Explorer", "Browser"),
    ("00000002-0000-0ff1-ce00-000000000000", "Office 365 Exchange Online", "IMAP4"),
    ("1b730954-1685-4b74-9bfd-dac224a7b894", "Azure Active Directory PowerShell", "Mobile Apps and Desktop clients"),
];

/// Codes with the reason that the log has for them.
const ENDINGS: [(i32, &str); 5] = [
    (0, "Other."),
    (0, "Other."),
    (0, "Other."),
    (50126, "Error validating credentials due to invalid username or password."),
    (50053, "The account is locked, you've tried to sign in too many times with an incorrect user ID or password."),
];

/// An entry of the log.
#[derive(Debug, Clone)]
pub struct SignInEntry {
    /// The id of the entry.
    pub id: Uuid,
    /// The object id of the user.
    pub user_id: Uuid,
    /// The principal name as the log keeps it: in lower case, and a guest under that of its home.
    pub user_principal_name: String,
    user_display_name: String,
    created: i64,
    place: usize,
    app: usize,
    ending: usize,
    /// Whether somebody typed or touched something.
    pub is_interactive: bool,
}

impl SignInEntry {
    /// When it was.
    pub fn created(&self) -> Timestamp {
        timestamp(self.created)
    }

    /// The address, as the log writes it.
    pub fn ip_address(&self) -> &'static str {
        PLACES[self.place].0
    }

    /// The application.
    pub fn app_id(&self) -> &'static str {
        APPS[self.app].0
    }

    pub(crate) fn app_display_name(&self) -> &'static str {
        APPS[self.app].1
    }

    pub(crate) fn client_app_used(&self) -> &'static str {
        APPS[self.app].2
    }

    /// Zero for a success.
    pub fn error_code(&self) -> i32 {
        ENDINGS[self.ending].0
    }

    pub(crate) fn display_name(&self) -> &str {
        &self.user_display_name
    }

    /// Appends the entry as Graph writes it.
    pub(crate) fn write(&self, out: &mut String) {
        let (address, city, country) = PLACES[self.place];
        // Writing to a String cannot fail.
        let _ = write!(out, "{{\"id\":\"{}\",\"createdDateTime\":\"{}\",\"userDisplayName\":", self.id, self.created());
        quote(out, &self.user_display_name);
        out.push_str(",\"userPrincipalName\":");
        quote(out, &self.user_principal_name);
        let _ = write!(
            out,
            ",\"userId\":\"{}\",\"appId\":\"{}\",\"appDisplayName\":\"{}\",\"ipAddress\":\"{address}\",\"clientAppUsed\":\"{}\",",
            self.user_id,
            self.app_id(),
            self.app_display_name(),
            self.client_app_used()
        );
        let _ = write!(
            out,
            "\"correlationId\":\"{}\",\"conditionalAccessStatus\":\"notApplied\",\"isInteractive\":{},\"riskDetail\":\"none\",\
             \"riskEventTypes\":[],\"resourceDisplayName\":\"Microsoft Graph\",\"status\":{{\"errorCode\":{},\"failureReason\":",
            self.id,
            self.is_interactive,
            self.error_code()
        );
        quote(out, ENDINGS[self.ending].1);
        let _ = write!(
            out,
            ",\"additionalDetails\":null}},\"location\":{{\"city\":\"{city}\",\"state\":\"\",\"countryOrRegion\":\"{country}\",\
             \"geoCoordinates\":{{\"altitude\":null,\"latitude\":null,\"longitude\":null}}}},\"appliedConditionalAccessPolicies\":[]}}"
        );
    }
}

/// The log of the tenant, newest first.
#[derive(Debug)]
pub struct SignInLog {
    entries: Vec<SignInEntry>,
    premium: AtomicBool,
}

impl SignInLog {
    /// A log of the last three days before `now`, in seconds.
    pub(crate) fn generate(count: usize, seed: u64, directory: &Directory, now: i64) -> Self {
        let mut random = Random::new(seed ^ 0x10_6001);
        let users = directory.users();
        let entries = (0..count).filter_map(|number| {
            let user = users.get(random.below(users.len()))?;
            let number = i64::try_from(number).ok()?;
            let spacing = SPAN / i64::try_from(count).ok()?.max(1);
            let jitter = i64::try_from(random.below(usize::try_from(spacing.max(1)).ok()?)).ok()?;
            let created = now - number * SPAN / i64::try_from(count).ok()? - jitter;
            Some(entry(user, created, &mut random))
        });
        Self { entries: entries.collect(), premium: AtomicBool::new(true) }
    }

    /// All entries, newest first.
    pub fn entries(&self) -> &[SignInEntry] {
        &self.entries
    }

    /// Whether the tenant's licence lets Graph give the log.
    pub fn is_premium(&self) -> bool {
        self.premium.load(Relaxed)
    }

    /// Gives the tenant the licence, or takes it away.
    pub fn set_premium(&self, premium: bool) {
        self.premium.store(premium, Relaxed);
    }
}

fn entry(user: &User, created: i64, random: &mut Random) -> SignInEntry {
    SignInEntry {
        id: random.uuid(),
        user_id: user.id,
        user_principal_name: logged_name(&user.user_principal_name),
        user_display_name: user.display_name(),
        created,
        place: random.below(PLACES.len()),
        app: random.below(APPS.len()),
        ending: random.below(ENDINGS.len()),
        is_interactive: random.below(4) > 0,
    }
}

/// `megan_fabrikam.com#EXT#@contoso.com` is `megan@fabrikam.com` in the log.
///
/// See <https://learn.microsoft.com/graph/api/resources/signin>.
fn logged_name(name: &str) -> String {
    let name = name.to_lowercase();
    let home = name.split_once("#ext#@").and_then(|(name, _)| name.rsplit_once('_'));
    match home {
        Some((name, domain)) => format!("{name}@{domain}"),
        None => name,
    }
}

#[cfg(test)]
mod tests {
    use super::{SPAN, SignInLog};
    use crate::directory::Directory;

    #[test]
    fn a_seed_decides_the_log_and_now_its_times() {
        let directory = Directory::generate(30, 1);
        let log = |now| SignInLog::generate(500, 7, &directory, now);
        let (one, later) = (log(1_000_000), log(1_000_060));
        assert_eq!(one.entries().len(), 500);
        for (entry, same) in one.entries().iter().zip(later.entries()) {
            assert_eq!((entry.id, entry.user_id, entry.created + 60), (same.id, same.user_id, same.created));
        }
        assert!(one.entries().is_sorted_by(|newer, older| newer.created >= older.created));
        let oldest = one.entries().last().map(|entry| entry.created);
        assert!(oldest > Some(1_000_000 - SPAN - 600) && one.entries()[0].created <= 1_000_000);
        assert!(SignInLog::generate(5, 7, &Directory::generate(0, 1), 0).entries().is_empty());
        assert!(one.entries().iter().any(|entry| entry.user_principal_name.ends_with("@fabrikam.com")));
    }

    #[test]
    fn an_entry_is_json() {
        let log = SignInLog::generate(50, 1, &Directory::generate(20, 1), 1_700_000_000);
        for entry in log.entries() {
            let mut text = String::new();
            entry.write(&mut text);
            let json: serde_json::Value = serde_json::from_str(&text).expect(&text);
            assert_eq!(json["status"]["errorCode"], entry.error_code());
            assert_eq!(json["createdDateTime"], entry.created().to_string());
        }
    }
}
