//! A loopback emulator of the parts of Microsoft Graph and Microsoft Entra that `RevokeSession` talks to.
//!
//! One listener on 127.0.0.1 serves Graph under `/v1.0`, the token endpoint under `/{tenant}/oauth2/v2.0/token`,
//! and a control API under `/_emulator`. A client sees what the real services show: their error bodies, throttling
//! headers, shuffled batch answers and normalised paths. [`Faults`] add what they do on a bad day.
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
mod state;
mod tls;
mod token;
mod user_search;
mod users;

pub use cast::{Cast, Member};
pub use config::{EmulatorConfig, Endpoints, Tls};
pub use directory::{Directory, User, UserKind};
pub use faults::{CloseWhen, Effect, FaultPoint, FaultRule, Faults, ScriptedAnswer};
pub use ledger::{Counts, Ledger, LogEntry, RequestCounts};
pub use quota::Quota;
pub use server::{Emulator, StartError};
pub use token::{TokenGrant, TokenKind};
