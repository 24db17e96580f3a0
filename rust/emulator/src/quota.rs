//! The write quota of Microsoft Graph's identity service.
//!
//! See <https://learn.microsoft.com/graph/throttling-limits#identity-and-access-service-limits>.

use std::collections::{HashMap, VecDeque};
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

/// How many writes are let through, and how strictly early retries are judged.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Quota {
    /// Writes per application and tenant in one window.
    pub limit: u32,
    /// The length of that window.
    pub window: Duration,
    /// Writes of all applications of the tenant, and their window.
    pub tenant: Option<(u32, Duration)>,
}

impl Quota {
    /// A quota per application and tenant alone.
    pub fn new(limit: u32, window: Duration) -> Self {
        Self { limit, window, tenant: None }
    }

    /// What Microsoft publishes: 3,000 writes in 150 s per application and tenant, 18,000 in 5 min per tenant.
    pub fn published() -> Self {
        Self { tenant: Some((18_000, Duration::from_mins(5))), ..Self::new(3_000, Duration::from_secs(150)) }
    }
}

/// A refusal needs this long to reach a client that is already sending; only what comes later is early.
const GRACE: Duration = Duration::from_millis(50);

/// What the quota says to one write.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(crate) struct Verdict {
    pub(crate) refusal: Option<Refusal>,
    /// Whether the write came before the time a `Retry-After` had named.
    pub(crate) early: bool,
    /// The used part of the limit, from 0.8 on.
    pub(crate) used: Option<f64>,
}

/// A write that was not let through.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(crate) struct Refusal {
    pub(crate) retry_after: u64,
    /// `Tenant_Application` or `Tenant`: whose limit it was.
    pub(crate) scope: &'static str,
    pub(crate) until: Instant,
}

/// Counts writes and remembers who was told to wait.
#[derive(Debug, Default)]
pub(crate) struct Throttle(Mutex<State>);

#[derive(Debug, Default)]
struct State {
    quota: Option<Quota>,
    applications: HashMap<String, Application>,
    tenant: Window,
}

#[derive(Debug, Default)]
struct Application {
    window: Window,
    /// From when until when the application was told to wait.
    wait: Option<(Instant, Instant)>,
}

impl Throttle {
    pub(crate) fn new(quota: Option<Quota>) -> Self {
        let throttle = Self::default();
        throttle.set(quota);
        throttle
    }

    /// Puts another quota in force and forgets what was used of the last one.
    pub(crate) fn set(&self, quota: Option<Quota>) {
        *self.lock() = State { quota, ..State::default() };
    }

    /// Forgets what was used.
    pub(crate) fn reset(&self) {
        let mut state = self.lock();
        *state = State { quota: state.quota, ..State::default() };
    }

    /// Charges one write.
    pub(crate) fn charge(&self, application: &str, now: Instant) -> Verdict {
        let mut state = self.lock();
        let State { quota, applications, tenant } = &mut *state;
        if !applications.contains_key(application) {
            applications.insert(application.to_owned(), Application::default());
        }
        let Some(own) = applications.get_mut(application) else {
            return Verdict { refusal: None, early: false, used: None };
        };
        let early = own.wait.is_some_and(|(from, until)| now > from + GRACE && now < until);
        let Some(quota) = quota else {
            return Verdict { refusal: None, early, used: None };
        };

        own.window.forget_old(now, quota.window);
        let mut refusal = None;
        if early || own.window.used >= quota.limit {
            if early {
                own.window.add(now, quota.window);
            }
            refusal = Some(own.window.refuse(now, quota.limit, quota.window, "Tenant_Application"));
        }
        let mut used = f64::from(own.window.used) / f64::from(quota.limit.max(1));
        if let Some((limit, length)) = quota.tenant {
            tenant.forget_old(now, length);
            if refusal.is_none() && tenant.used >= limit {
                refusal = Some(tenant.refuse(now, limit, length, "Tenant"));
            }
            used = used.max(f64::from(tenant.used) / f64::from(limit.max(1)));
        }
        if refusal.is_none() {
            own.window.add(now, quota.window);
            if let Some((_, length)) = quota.tenant {
                tenant.add(now, length);
            }
        }
        Verdict { refusal, early, used: (used >= 0.8).then_some(used.min(1.8)) }
    }

    /// Notes that an application was told, at `from`, not to come back before `until`.
    pub(crate) fn announce(&self, application: &str, from: Instant, until: Instant) {
        let mut state = self.lock();
        let own = state.applications.entry(application.to_owned()).or_default();
        own.wait = match own.wait {
            Some((first, last)) if last > from => Some((first, last.max(until))),
            _ => Some((from, until)),
        };
    }

    fn lock(&self) -> MutexGuard<'_, State> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// Writes of the last while, gathered in slots so that a window is never longer than about a thousand entries.
#[derive(Debug, Default)]
struct Window {
    slots: VecDeque<(Instant, u32)>,
    used: u32,
}

impl Window {
    fn forget_old(&mut self, now: Instant, length: Duration) {
        while let Some(&(start, units)) = self.slots.front() {
            if now.saturating_duration_since(start) < length {
                break;
            }
            self.used -= units;
            self.slots.pop_front();
        }
    }

    fn add(&mut self, now: Instant, length: Duration) {
        self.used += 1;
        match self.slots.back_mut() {
            Some((start, units)) if now.saturating_duration_since(*start) < length / 1000 => *units += 1,
            _ => self.slots.push_back((now, 1)),
        }
    }

    /// A refusal that lasts until one more write fits.
    fn refuse(&self, now: Instant, limit: u32, length: Duration, scope: &'static str) -> Refusal {
        let mut left = self.used;
        let mut free = now;
        for &(start, units) in &self.slots {
            if left < limit {
                break;
            }
            left -= units;
            free = start + length;
        }
        let wait = free.saturating_duration_since(now);
        let retry_after = (wait.as_secs() + u64::from(wait.subsec_nanos() > 0)).max(1);
        Refusal { retry_after, scope, until: now + Duration::from_secs(retry_after) }
    }
}

#[cfg(test)]
mod tests {
    use std::time::{Duration, Instant};

    use super::{Quota, Throttle};

    const APP: &str = "app";

    fn seconds(count: u64) -> Duration {
        Duration::from_secs(count)
    }

    #[test]
    fn without_a_quota_everything_passes() {
        let throttle = Throttle::new(None);
        let now = Instant::now();
        assert!((0..100_000).all(|_| throttle.charge(APP, now).refusal.is_none()));
    }

    #[test]
    fn the_published_quota_lets_3000_through_and_names_the_wait() {
        let throttle = Throttle::new(Some(Quota::published()));
        let start = Instant::now();
        assert!((0..3000).all(|_| throttle.charge(APP, start).refusal.is_none()));
        let refusal = throttle.charge(APP, start + seconds(30)).refusal.expect("the quota is used up");
        assert_eq!((refusal.retry_after, refusal.scope), (120, "Tenant_Application"));
        assert!(throttle.charge(APP, start + seconds(150)).refusal.is_none());
    }

    #[test]
    fn the_tenant_has_a_limit_over_all_its_applications() {
        let throttle = Throttle::new(Some(Quota::published()));
        let start = Instant::now();
        for application in ["a", "b", "c", "d", "e", "f"] {
            assert!((0..3000).all(|_| throttle.charge(application, start).refusal.is_none()));
        }
        let refusal = throttle.charge("g", start).refusal.expect("the tenant has no more");
        assert_eq!((refusal.retry_after, refusal.scope), (300, "Tenant"));
    }

    #[test]
    fn the_used_part_is_told_from_80_percent_on() {
        let throttle = Throttle::new(Some(Quota::new(10, seconds(10))));
        let now = Instant::now();
        let told: Vec<_> = (0..12).map(|_| throttle.charge(APP, now).used).collect();
        assert_eq!(told[7], None);
        assert_eq!(told[8], Some(0.8));
        assert_eq!(told[11], Some(1.0));
    }

    #[test]
    fn an_early_write_is_refused_and_counts() {
        let throttle = Throttle::new(Some(Quota::new(2, seconds(10))));
        let start = Instant::now();
        throttle.charge(APP, start);
        throttle.charge(APP, start + seconds(5));
        let told = start + seconds(6);
        let refusal = throttle.charge(APP, told).refusal.expect("both writes are used");
        assert_eq!(refusal.retry_after, 4);
        throttle.announce(APP, told, refusal.until);

        let crossing = throttle.charge(APP, told + Duration::from_millis(10));
        assert!(!crossing.early && crossing.refusal.is_some());
        let early = throttle.charge(APP, told + seconds(1));
        assert!(early.early);
        assert!(early.refusal.expect("refused").retry_after > 4, "the early write prolongs the wait");
        assert!(!throttle.charge(APP, start + seconds(30)).early);
    }

    #[test]
    fn a_wait_is_kept_even_without_a_quota() {
        let throttle = Throttle::new(None);
        let now = Instant::now();
        throttle.announce(APP, now, now + seconds(2));
        let verdict = throttle.charge(APP, now + seconds(1));
        assert!(verdict.early && verdict.refusal.is_none());
        assert!(!throttle.charge(APP, now + seconds(3)).early);
        throttle.reset();
        assert!(!throttle.charge(APP, now + seconds(1)).early);
    }
}
