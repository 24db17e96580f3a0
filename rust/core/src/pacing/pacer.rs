//! The one place that says whether a request may leave.

use std::collections::HashMap;
use std::sync::{Arc, LazyLock, Mutex, MutexGuard, PoisonError, Weak};
use std::time::Duration;

use tokio::sync::watch;
use tokio::time::Instant;

use super::gate::Gate;
use super::quota::WriteQuota;
use super::slope::Slope;
use super::window::Window;

/// What the server says of the quota that a request counted against.
///
/// Source: Microsoft Learn, "Microsoft Graph throttling guidance", `x-ms-throttle-limit-percentage`
/// (from 0.8 on) and `x-ms-throttle-scope`.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(crate) struct Usage {
    /// The used part of the limit; above one it is exceeded.
    pub used: f64,
    /// Whether the limit is that of the whole tenant.
    pub whole_tenant: bool,
}

impl Usage {
    /// Reads the two headers; nothing where the first is absent or no number.
    pub(crate) fn parse(percentage: Option<&str>, scope: Option<&str>) -> Option<Self> {
        let used = percentage?.trim().parse::<f64>().ok().filter(|used| used.is_finite() && *used >= 0.0)?;
        let whole_tenant = scope.is_some_and(|scope| scope.trim_start().starts_with("Tenant/"));
        Some(Self { used, whole_tenant })
    }
}

/// Says when the next request may leave, for everything that shares an application and a tenant.
#[derive(Debug)]
pub(crate) struct Pacer {
    gate: Gate,
    own: Mutex<Own>,
    /// Shared with the pacers of other applications of the tenant.
    tenant: Arc<Shared>,
    /// Changes whenever writes stop being on their way.
    landings: watch::Sender<()>,
}

#[derive(Debug, Default)]
struct Own {
    window: Option<Window>,
    slope: Option<Slope>,
}

type Shared = Mutex<Option<Window>>;

/// Why nothing may leave.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Hold {
    /// The instant is known.
    Until(Instant),
    /// Something that is on its way has to land first.
    Landing,
}

impl Pacer {
    /// A pacer that shares with nobody.
    pub(crate) fn new(quota: &WriteQuota) -> Arc<Self> {
        let pacer = Self::beside(Arc::default());
        pacer.apply(quota);
        pacer
    }

    fn beside(tenant: Arc<Shared>) -> Arc<Self> {
        Arc::new(Self { gate: Gate::default(), own: Mutex::default(), tenant, landings: watch::Sender::new(()) })
    }

    /// The pacer for an application in a tenant on a Graph host, shared by every session of this
    /// process that names the same ones. The latest quota given is in force.
    pub(crate) fn shared(graph: &str, tenant: &str, client: &str, quota: &WriteQuota) -> Arc<Self> {
        static PACERS: LazyLock<Mutex<HashMap<String, Weak<Pacer>>>> = LazyLock::new(Mutex::default);
        static TENANTS: LazyLock<Mutex<HashMap<String, Weak<Shared>>>> = LazyLock::new(Mutex::default);
        let tenant = format!("{graph}|{tenant}").to_ascii_lowercase();
        let application = format!("{tenant}|{client}").to_ascii_lowercase();
        let window = known(&TENANTS, &tenant, Arc::default);
        let pacer = known(&PACERS, &application, || Self::beside(window));
        pacer.apply(quota);
        pacer
    }

    fn apply(&self, quota: &WriteQuota) {
        for (window, allowance) in
            [(&mut self.own().window, quota.application), (&mut *lock(&self.tenant), quota.tenant)]
        {
            match (window.as_mut(), allowance) {
                (Some(window), Some(allowance)) => window.set(allowance),
                (_, allowance) => *window = allowance.map(Window::new),
            }
        }
    }

    /// The most writes that may leave together: never more than the smallest quota as a whole.
    pub(crate) fn most_at_once(&self) -> usize {
        let own = self.own();
        let tenant = lock(&self.tenant);
        let quotas = own.window.iter().chain(tenant.iter()).map(|window| window.allowance().writes.max(1));
        quotas.min().map_or(usize::MAX, |writes| usize::try_from(writes).unwrap_or(usize::MAX))
    }

    /// Lets `writes` leave now, or says why not. What leaves counts from now until its answer, and
    /// a window longer.
    pub(crate) fn take(self: &Arc<Self>, now: Instant, writes: usize) -> Result<Permit, Hold> {
        let writes = u32::try_from(writes).unwrap_or(u32::MAX);
        if let Some(opens) = self.gate.closed_until(now) {
            return Err(Hold::Until(opens));
        }
        let mut own = self.own();
        let mut tenant = lock(&self.tenant);
        if own.slope.as_ref().is_some_and(|slope| slope.is_over(now)) {
            own.slope = None;
        }
        if let Some(slope) = own.slope.as_ref().filter(|slope| slope.next() > now) {
            return Err(Hold::Until(slope.next()));
        }
        for window in own.window.iter_mut().chain(tenant.iter_mut()) {
            window.check(now, writes).map_err(|opens| opens.map_or(Hold::Landing, Hold::Until))?;
        }
        if let Some(slope) = &mut own.slope {
            slope.leave(now, writes);
        }
        for window in own.window.iter_mut().chain(tenant.iter_mut()) {
            window.leave(writes);
        }
        Ok(Permit { pacer: Arc::clone(self), writes })
    }

    fn landed(&self, now: Instant, writes: u32) {
        for window in self.own().window.iter_mut().chain(lock(&self.tenant).iter_mut()) {
            window.answered(now, writes);
        }
        self.landings.send_replace(());
    }

    /// Tells of landings from now on.
    pub(crate) fn landings(&self) -> watch::Receiver<()> {
        self.landings.subscribe()
    }

    /// When the gate opens, if the server closed it.
    pub(crate) fn closed_until(&self, now: Instant) -> Option<Instant> {
        self.gate.closed_until(now)
    }

    /// The server asked to wait, without saying that the quota was exceeded.
    pub(crate) fn wait(&self, now: Instant, wait: Duration) {
        self.gate.close(now, |_| wait);
    }

    /// The server throttled. `wait` is asked for where the server named none.
    pub(crate) fn throttled(&self, now: Instant, wait: impl FnOnce(u32) -> Duration) {
        let is_new = self.gate.closed_until(now).is_none();
        self.gate.close(now, wait);
        let opens = self.gate.closed_until(now).unwrap_or(now);
        if !is_new {
            return;
        }
        let Own { window, slope } = &mut *self.own();
        match (slope, window) {
            (Some(slope), _) => slope.throttled(opens),
            // Others use the quota too, or it is smaller than known: the burst is over.
            (slope @ None, Some(window)) => *slope = Some(Slope::new(opens, window.allowance())),
            (None, None) => {}
        }
    }

    /// An answer that was not throttled.
    pub(crate) fn passed(&self, now: Instant) {
        self.gate.passed(now);
    }

    /// Takes the server's word for how much of the quota is used.
    pub(crate) fn learn(&self, now: Instant, usage: Usage) {
        if usage.whole_tenant {
            lock(&self.tenant).iter_mut().for_each(|window| window.learn(now, usage.used));
        } else {
            self.own().window.iter_mut().for_each(|window| window.learn(now, usage.used));
        }
    }

    /// How long `writes` more will take at the least.
    pub(crate) fn time_for(&self, now: Instant, writes: u64) -> Duration {
        let own = self.own().window.as_mut().map_or(Duration::ZERO, |window| window.time_for(now, writes));
        let tenant = lock(&self.tenant).as_mut().map_or(Duration::ZERO, |window| window.time_for(now, writes));
        own.max(tenant)
    }

    fn own(&self) -> MutexGuard<'_, Own> {
        lock(&self.own)
    }
}

/// Writes that have left. They count as on their way until this is dropped.
#[derive(Debug)]
pub(crate) struct Permit {
    pacer: Arc<Pacer>,
    writes: u32,
}

impl Drop for Permit {
    fn drop(&mut self) {
        // However the request ended, it can have reached the server until this very instant.
        self.pacer.landed(Instant::now(), self.writes);
    }
}

fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

/// The thing of that name if somebody still holds it, or a new one.
fn known<T>(all: &Mutex<HashMap<String, Weak<T>>>, name: &str, new: impl FnOnce() -> Arc<T>) -> Arc<T> {
    let mut all = lock(all);
    all.retain(|_, thing| thing.strong_count() > 0);
    if let Some(thing) = all.get(name).and_then(Weak::upgrade) {
        return thing;
    }
    let thing = new();
    all.insert(name.to_owned(), Arc::downgrade(&thing));
    thing
}

#[cfg(test)]
mod tests {
    use super::*;

    const SECOND: Duration = Duration::from_secs(1);

    #[tokio::test(start_paused = true)]
    async fn applications_of_a_tenant_share_its_quota_and_sessions_their_own() {
        let quota = WriteQuota {
            application: Some(super::super::Allowance { writes: 50, window: 10 * SECOND }),
            tenant: Some(super::super::Allowance { writes: 80, window: 10 * SECOND }),
        };
        let pacer = |client| Pacer::shared("graph", "share-test", client, &quota);
        let (one, same, other) = (pacer("a"), pacer("A"), pacer("b"));
        assert!(Arc::ptr_eq(&one, &same));
        let now = Instant::now();
        let first = one.take(now, 50).unwrap();
        assert_eq!(same.take(now, 1).unwrap_err(), Hold::Landing);
        let second = other.take(now, 30).unwrap();
        assert_eq!(other.take(now, 1).unwrap_err(), Hold::Landing);
        drop((first, second));
        assert!(matches!(other.take(now, 1), Err(Hold::Until(_))));
        assert!(other.take(now + 11 * SECOND, 50).is_ok());
    }

    #[tokio::test(start_paused = true)]
    async fn throttling_ends_the_burst_until_a_window_passed_in_peace() {
        let pacer = Pacer::new(&WriteQuota::application(100, 10 * SECOND));
        let now = Instant::now();
        pacer.throttled(now, |_| SECOND);
        assert_eq!(pacer.take(now, 20).unwrap_err(), Hold::Until(now + SECOND));
        let later = now + 2 * SECOND;
        drop(pacer.take(later, 18).unwrap());
        assert!(pacer.take(later + 1999 * SECOND / 1000, 18).is_err());
        drop(pacer.take(later + 2 * SECOND, 18).unwrap());
        let peace = now + 13 * SECOND;
        drop(pacer.take(peace, 20).unwrap());
        assert!(pacer.take(peace, 20).is_ok());
    }

    #[tokio::test(start_paused = true)]
    async fn a_landing_is_told_to_whoever_waits() {
        let pacer = Pacer::new(&WriteQuota::application(20, SECOND));
        let mut landings = pacer.landings();
        let permit = pacer.take(Instant::now(), 20).unwrap();
        assert_eq!(pacer.take(Instant::now(), 1).unwrap_err(), Hold::Landing);
        drop(permit);
        landings.changed().await.unwrap();
        assert!(matches!(pacer.take(Instant::now(), 1), Err(Hold::Until(_))));
    }

    #[test]
    fn usage_is_read_from_the_headers() {
        let usage = |percentage, scope| Usage::parse(Some(percentage), scope);
        assert_eq!(
            usage("0.85", Some("Tenant_Application/ReadWrite/a/t")),
            Some(Usage { used: 0.85, whole_tenant: false })
        );
        assert_eq!(usage(" 1.2", Some("Tenant/ReadWrite/t")), Some(Usage { used: 1.2, whole_tenant: true }));
        for garbage in ["", "NaN", "-1", "much", "inf"] {
            assert_eq!(usage(garbage, None), None, "{garbage}");
        }
        assert_eq!(Usage::parse(None, None), None);
    }
}
