//! The users of the tenant, and what revocations did to them.

use std::collections::HashMap;
use std::sync::atomic::{AtomicI64, AtomicU32, AtomicU64, Ordering::Relaxed};
use std::time::Duration;

use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use uuid::Uuid;

use crate::cast::{Cast, MEMBERS, Role};
use crate::clock::{now_millis, timestamp};
use crate::names::{DEPARTMENT, GIVEN, SURNAME};
use crate::random::Random;

/// 2021-01-01, before which no generated user was created.
const FIRST_CREATED: i64 = 1_609_459_200;
const FOUR_YEARS: usize = 4 * 365 * 24 * 3600;

/// A user object.
#[derive(Debug)]
pub struct User {
    /// The object id.
    pub id: Uuid,
    /// The principal name, in the case it was given.
    pub user_principal_name: Box<str>,
    /// The given name.
    pub given_name: Box<str>,
    /// The surname.
    pub surname: Box<str>,
    /// Where the user works; guests work elsewhere.
    pub department: Option<&'static str>,
    /// Whether the user may sign in.
    pub account_enabled: bool,
    /// Whether the user's sessions belong to another tenant.
    pub is_guest: bool,
    /// Whether the user holds a directory role that protects it from applications.
    pub is_admin: bool,
    created: i64,
    valid_from: AtomicI64,
    /// What readers see of the stamp until the change has reached every replica, and until when.
    stale: AtomicI64,
    stale_until_millis: AtomicI64,
    revocations: AtomicU32,
}

/// A way to choose users by what they are.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum UserKind {
    /// Enabled, not a guest and not privileged: a revocation succeeds.
    Member,
    /// A guest.
    Guest,
    /// A privileged user.
    Admin,
    /// A user who may not sign in.
    Disabled,
}

impl User {
    /// The display name.
    pub fn display_name(&self) -> String {
        format!("{} {}", self.given_name, self.surname)
    }

    /// `Member` or `Guest`, as Graph writes it.
    pub fn user_type(&self) -> &'static str {
        if self.is_guest { "Guest" } else { "Member" }
    }

    /// When the user was created.
    pub fn created(&self) -> Timestamp {
        timestamp(self.created)
    }

    /// `signInSessionsValidFromDateTime`.
    pub fn sessions_valid_from(&self) -> Timestamp {
        timestamp(self.valid_from.load(Relaxed))
    }

    /// The same as a reader sees it, for whom a change takes a while.
    pub(crate) fn sessions_valid_from_as_read(&self) -> Timestamp {
        let is_stale = now_millis() < self.stale_until_millis.load(Relaxed);
        timestamp(if is_stale { self.stale.load(Relaxed) } else { self.valid_from.load(Relaxed) })
    }

    /// How often the user's sessions were revoked.
    pub fn revocations(&self) -> u32 {
        self.revocations.load(Relaxed)
    }

    /// Whether the user is of that kind.
    pub fn is(&self, kind: UserKind) -> bool {
        match kind {
            UserKind::Member => self.account_enabled && !self.is_guest && !self.is_admin,
            UserKind::Guest => self.is_guest,
            UserKind::Admin => self.is_admin,
            UserKind::Disabled => !self.account_enabled,
        }
    }
}

/// All users, found by object id or principal name.
#[derive(Debug)]
pub struct Directory {
    users: Vec<User>,
    by_id: HashMap<Uuid, usize>,
    by_name: HashMap<String, usize>,
    revocations: AtomicU64,
    distinct: AtomicU64,
    repeated: AtomicU64,
    propagation_millis: AtomicI64,
}

impl Directory {
    pub(crate) fn generate(count: usize, seed: u64) -> Self {
        let mut random = Random::new(seed);
        let users: Vec<User> = (0..count).map(|index| generate_user(index, &mut random)).collect();
        let by_id = users.iter().enumerate().map(|(index, user)| (user.id, index)).collect();
        let by_name =
            users.iter().enumerate().map(|(index, user)| (user.user_principal_name.to_lowercase(), index)).collect();
        Self {
            users,
            by_id,
            by_name,
            revocations: AtomicU64::new(0),
            distinct: AtomicU64::new(0),
            repeated: AtomicU64::new(0),
            propagation_millis: AtomicI64::new(0),
        }
    }

    /// All users in the order Graph lists them, the fixed cast first.
    pub fn users(&self) -> &[User] {
        &self.users
    }

    /// Finds a user by object id or principal name, whatever the case.
    pub fn find(&self, key: &str) -> Option<&User> {
        let by_id = (key.len() == 36).then(|| Uuid::try_parse(key).ok()).flatten();
        let index = match by_id {
            Some(id) => self.by_id.get(&id),
            None => self.by_name.get(&key.to_lowercase()),
        };
        index.map(|&index| &self.users[index])
    }

    /// Finds a user by object id.
    pub fn find_by_id(&self, id: Uuid) -> Option<&User> {
        self.by_id.get(&id).map(|&index| &self.users[index])
    }

    /// The fixed users by role.
    pub fn cast(&self) -> Cast {
        Cast::of(self)
    }

    /// The users whose sessions were revoked at least once.
    pub fn revoked(&self) -> impl Iterator<Item = &User> {
        self.users.iter().filter(|user| user.revocations() > 0)
    }

    /// How many revocations took effect.
    pub fn revocations(&self) -> u64 {
        self.revocations.load(Relaxed)
    }

    /// How many users were revoked at least once.
    pub fn distinct_revoked(&self) -> u64 {
        self.distinct.load(Relaxed)
    }

    /// How many users were revoked more than once.
    pub fn duplicate_revocations(&self) -> u64 {
        self.repeated.load(Relaxed)
    }

    /// From now on, readers see a revocation so much later than it happens.
    pub(crate) fn set_propagation(&self, delay: Duration) {
        self.propagation_millis.store(i64::try_from(delay.as_millis()).unwrap_or(i64::MAX / 2), Relaxed);
    }

    pub(crate) fn revoke(&self, user: &User, now: i64) {
        user.stale.store(user.sessions_valid_from_as_read().as_second(), Relaxed);
        user.stale_until_millis.store(now_millis() + self.propagation_millis.load(Relaxed), Relaxed);
        user.valid_from.store(now, Relaxed);
        self.revocations.fetch_add(1, Relaxed);
        match user.revocations.fetch_add(1, Relaxed) {
            0 => self.distinct.fetch_add(1, Relaxed),
            1 => self.repeated.fetch_add(1, Relaxed),
            _ => 0,
        };
    }

    /// Forgets every revocation.
    pub(crate) fn reset(&self) {
        for user in &self.users {
            user.valid_from.store(user.created, Relaxed);
            user.stale_until_millis.store(0, Relaxed);
            user.revocations.store(0, Relaxed);
        }
        self.revocations.store(0, Relaxed);
        self.distinct.store(0, Relaxed);
        self.repeated.store(0, Relaxed);
        self.propagation_millis.store(0, Relaxed);
    }
}

fn generate_user(index: usize, random: &mut Random) -> User {
    let id = random.uuid();
    let created = FIRST_CREATED + i64::try_from(random.below(FOUR_YEARS)).unwrap_or_default();
    let department = DEPARTMENT[random.below(DEPARTMENT.len())];
    let (role, name, given, surname) = match MEMBERS.get(index) {
        Some(&(role, name, given, surname)) => (role, name.to_owned(), given, surname),
        None => generate_name(index, random),
    };
    User {
        id,
        user_principal_name: name.into(),
        given_name: given.into(),
        surname: surname.into(),
        department: (role != Role::Guest).then_some(department),
        account_enabled: role != Role::Disabled,
        is_guest: role == Role::Guest,
        is_admin: role == Role::Admin,
        created,
        valid_from: AtomicI64::new(created),
        stale: AtomicI64::new(created),
        stale_until_millis: AtomicI64::new(0),
        revocations: AtomicU32::new(0),
    }
}

fn generate_name(index: usize, random: &mut Random) -> (Role, String, &'static str, &'static str) {
    let given = GIVEN[random.below(GIVEN.len())];
    let surname = SURNAME[random.below(SURNAME.len())];
    let role = match random.below(100) {
        0..5 => Role::Guest,
        5 => Role::Admin,
        6..11 => Role::Disabled,
        _ => Role::Plain,
    };
    let local = format!("{}.{}{index}", given.to_lowercase(), surname.to_lowercase());
    let name = match role {
        Role::Guest => format!("{local}_fabrikam.com#EXT#@contoso.com"),
        _ => format!("{local}@contoso.com"),
    };
    (role, name, given, surname)
}

#[cfg(test)]
mod tests {
    use super::{Directory, UserKind};

    #[test]
    fn a_seed_decides_the_directory() {
        let (one, two, other) = (Directory::generate(300, 5), Directory::generate(300, 5), Directory::generate(300, 6));
        let ids = |directory: &Directory| directory.users().iter().map(|user| user.id).collect::<Vec<_>>();
        assert_eq!(ids(&one), ids(&two));
        assert_ne!(ids(&one), ids(&other));
    }

    #[test]
    fn a_large_directory_has_every_kind_in_proportion() {
        let directory = Directory::generate(10_000, 1);
        let count = |kind| directory.users().iter().filter(|user| user.is(kind)).count();
        assert!((400..600).contains(&count(UserKind::Guest)));
        assert!((50..150).contains(&count(UserKind::Admin)));
        assert!((400..600).contains(&count(UserKind::Disabled)));
        assert_eq!(directory.by_name.len(), 10_000);
        assert_eq!(directory.by_id.len(), 10_000);
    }

    #[test]
    fn users_are_found_whatever_the_case() {
        let directory = Directory::generate(20, 1);
        let adele = directory.find("ADELE@Contoso.com").expect("adele is in the cast");
        assert_eq!(directory.find(&adele.id.to_string().to_uppercase()).map(|user| user.id), Some(adele.id));
        assert_eq!(directory.find("ZOË@contoso.com").map(|user| &*user.given_name), Some("Zoë"));
        assert!(directory.find(&adele.id.simple().to_string()).is_none());
        assert!(directory.find("").is_none());
    }

    #[test]
    fn a_small_directory_has_the_start_of_the_cast() {
        let cast = Directory::generate(3, 1).cast();
        assert!(cast.adele.is_some() && cast.admin.is_some() && cast.guests.is_empty());
        assert!(Directory::generate(0, 1).cast().admin.is_none());
    }

    #[test]
    fn repeats_are_counted_by_user() {
        let directory = Directory::generate(20, 1);
        let adele = directory.find("adele@contoso.com").expect("adele is in the cast");
        for now in [10, 20, 30] {
            directory.revoke(adele, now);
        }
        let counts = (directory.revocations(), directory.distinct_revoked(), directory.duplicate_revocations());
        assert_eq!(counts, (3, 1, 1));
        assert_eq!(adele.sessions_valid_from().as_second(), 30);
        directory.reset();
        assert_eq!(adele.sessions_valid_from(), adele.created());
        assert_eq!(directory.revoked().count(), 0);
    }
}
