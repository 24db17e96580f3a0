//! How many writes Graph takes in how much time.

use std::time::Duration;

/// A limit of writes within a window of time.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Allowance {
    /// Writes; one revocation is one.
    pub writes: u32,
    /// The length of the window.
    pub window: Duration,
}

/// The write quotas that apply to a run.
///
/// Source: Microsoft Learn, "Microsoft Graph service-specific throttling limits", identity and access.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct WriteQuota {
    /// For one application in one tenant.
    pub application: Option<Allowance>,
    /// For all applications in one tenant together.
    pub tenant: Option<Allowance>,
}

impl WriteQuota {
    /// What Microsoft publishes: 3,000 writes in 150 s for an application in a tenant, and 18,000 in
    /// 5 min for a tenant.
    pub const PUBLISHED: Self = Self {
        application: Some(Allowance { writes: 3000, window: Duration::from_secs(150) }),
        tenant: Some(Allowance { writes: 18_000, window: Duration::from_secs(300) }),
    };

    /// No quota that is known beforehand; what the server asks for is still done.
    pub const NONE: Self = Self { application: None, tenant: None };

    /// A quota for the application alone.
    pub fn application(writes: u32, window: Duration) -> Self {
        Self { application: Some(Allowance { writes, window }), tenant: None }
    }
}
