//! Ends the sign-in sessions of Microsoft Entra users through Microsoft Graph
//! `revokeSignInSessions`, thousands at a time, with exactly one truthful outcome per user.
//!
//! ```no_run
//! use revoke_session_core::{ConnectOptions, Credential, Endpoints, Environment, Input, RunOptions, Session, start};
//!
//! # async fn example(secret: secrecy::SecretString) -> Result<(), Box<dyn std::error::Error>> {
//! let endpoints = Endpoints::new(Environment::Global, None, None)?;
//! let credential = Credential::ClientSecret {
//!     tenant_id: "contoso.onmicrosoft.com".into(),
//!     client_id: "00001111-aaaa-2222-bbbb-3333cccc4444".into(),
//!     secret,
//! };
//! let session = Session::connect(ConnectOptions::new(endpoints, credential)).await?;
//! let mut run = start(&session, RunOptions::default());
//! run.input.submit(vec![Input::parse(1, Some("adele@contoso.com"), None)]).await;
//! run.input.complete();
//! while let Some(events) = run.events.next(100).await {
//!     for event in events {
//!         println!("{event:?}");
//!     }
//! }
//! # Ok(())
//! # }
//! ```
//!
//! Data flows one way: [`Input`] → engine → pacing → transport → Graph, and [`Outcome`]s come back
//! as a stream. Both ends are bounded, so a million users need no more room in flight than a thousand.

#![forbid(unsafe_code)]

pub mod auth;
mod clock;
mod cloud;
mod engine;
mod entropy;
mod error;
#[doc(hidden)]
#[cfg(feature = "fuzzing")]
pub mod fuzzing;
mod graph;
pub mod identity;
pub mod journal;
mod outcome;
mod pacing;
pub mod reading;
pub mod report;
mod session;
pub mod transport;

pub use auth::Credential;
pub use clock::{Clock, SystemClock};
pub use cloud::{EndpointError, Endpoints, Environment};
pub use engine::{
    Collected, Event, EventStream, Input, InputSink, Progress, Run, RunControl, RunOptions, start, start_journaled,
};
pub use entropy::{Entropy, SeededEntropy, SystemEntropy};
pub use error::{ErrorDetail, ErrorId};
pub use graph::retry_after;
pub use outcome::{Failure, Outcome, Status};
pub use pacing::{Allowance, WriteQuota};
pub use session::{ConnectError, ConnectOptions, Named, Session, SessionContext, SessionParts};
