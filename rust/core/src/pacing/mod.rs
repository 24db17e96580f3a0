//! When the next request may go: quotas that are known, waits that the server asked for, and
//! back-off where it named none.
//!
//! One [`Pacer`] serves everything in this process that shares an application and a tenant.

pub(crate) mod backoff;
mod gate;
mod pacer;
mod quota;
mod slope;
mod window;

pub(crate) use gate::Gate;
pub(crate) use pacer::{Hold, Pacer, Permit, Usage};
pub use quota::{Allowance, WriteQuota};
