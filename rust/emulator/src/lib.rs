//! A loopback emulator of the parts of Microsoft Graph and Microsoft Entra that `RevokeSession` talks to.
//!
//! A listener on 127.0.0.1 serves Graph under `/v1.0` and `/beta`, sign-ins under `/{tenant}/oauth2/v2.0/token` and
//! `/{tenant}/oauth2/v2.0/devicecode`, managed identities under `/metadata/identity/oauth2/token` (virtual machines)
//! and `/msi/token` (App Service), and a control API under `/_emulator`. A client sees what the real services show:
//! their error bodies, throttling headers, shuffled batch answers and normalised paths. [`Faults`] add what they do on
//! a bad day.
//!
//! With [`Tls`] that listener speaks HTTPS, with a certificate for the hosts of Microsoft's clouds, and a second one
//! serves the same over plain HTTP. The second is also a proxy that leads those hosts here, so a client can be tested
//! with its real addresses. Managed identities are served by the plain listener alone.
//!
//! The control API plays everyone else. Bodies are JSON, and an empty one is `{}`.
//!
//! | Request | Does |
//! |---|---|
//! | `GET state`, `log?tail=`, `revocations`, `cast`, `users?kind=&skip=&top=` | tells what happened, and to whom it can |
//! | `GET`, `POST` or `DELETE faults` | lists, adds ([`FaultRule`], one or several) or clears faults |
//! | `GET sign-ins`, `POST license` (`{"premium"}`) | lists the sign-in log, decides whether Graph may give it |
//! | `POST token` ([`TokenGrant`]), `expire-tokens` | mints an access token, makes all of them worthless |
//! | `POST challenge` | challenges every token minted so far |
//! | `GET device`, `POST device` ([`DeviceDecision`]) | lists the device codes that wait, decides about one |
//! | `POST federated-token` ([`FederatedToken`]) | issues a token that stands in for a secret |
//! | `POST certificate` (`{"pem"}`) | registers the application's certificate |
//! | `POST quota` (`{"limit","windowSeconds"}` or `null`), `latency` (`{"ms"}`) | changes the pace |
//! | `POST propagation` (`{"ms"}`) | how much later readers see a revocation |
//! | `POST reset`, `shutdown` (`{"hard"}`) | forgets what happened, ends |
//!
//! ```no_run
//! # async fn example() -> Result<(), graph_emulator::StartError> {
//! use graph_emulator::{Effect, Emulator, EmulatorConfig, FaultPoint, FaultRule, TokenGrant};
//!
//! let emulator = Emulator::start(EmulatorConfig { users: 1000, ..EmulatorConfig::default() }).await?;
//! let token = emulator.mint_token(&TokenGrant::default());
//! emulator.faults().add(FaultRule::new(FaultPoint::Step, Effect::DropStep(true)).times(1));
//! // Point a client at emulator.endpoints().graph, with the token …
//! assert_eq!(emulator.directory().duplicate_revocations(), 0);
//! emulator.shutdown().await;
//! # Ok(())
//! # }
//! ```
#![forbid(unsafe_code)]

mod address;
mod answer;
mod batch;
mod cast;
mod challenge;
mod clock;
mod clouds;
mod config;
mod connections;
mod control;
mod directory;
mod error_body;
mod fault_effect;
mod faults;
mod filter_tokens;
mod graph;
mod ledger;
mod managed_identity;
mod names;
mod odata_filter;
mod properties;
mod proxy;
mod quota;
mod random;
mod respond;
mod revoke;
mod server;
mod sign_in;
mod sign_in_filter;
mod sign_in_log;
mod sign_ins;
mod state;
mod tls;
mod token;
mod user_search;
mod users;

pub use cast::{Cast, Member};
pub use config::{EmulatorConfig, Endpoints, Tls};
pub use directory::{Directory, User, UserKind};
pub use faults::{AadstsRefusal, CloseWhen, Effect, FaultPoint, FaultRule, Faults, ScriptedAnswer};
pub use ledger::{Counts, Ledger, LogEntry, RequestCounts};
pub use quota::Quota;
pub use server::{Emulator, StartError};
pub use sign_in::device_codes::{DeviceAction, DeviceDecision};
pub use sign_in::federation::FederatedToken;
pub use sign_in_log::{SignInEntry, SignInLog};
pub use state::DecisionError;
pub use token::{TokenGrant, TokenKind};
