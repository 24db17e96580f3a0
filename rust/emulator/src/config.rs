//! What an emulator is started with, and where it can be reached afterwards.

use std::path::PathBuf;
use std::time::Duration;

use crate::quota::Quota;

/// What to emulate. `EmulatorConfig::default()` is an unthrottled tenant of 200 users.
#[derive(Debug, Clone)]
pub struct EmulatorConfig {
    /// How many users the directory has, the fixed cast included.
    pub users: usize,
    /// Decides the directory, the order of batch answers and the dice of the faults.
    pub seed: u64,
    /// The only tenant there is.
    pub tenant_id: String,
    /// The only application that can sign in.
    pub client_id: String,
    /// The secret of that application.
    pub client_secret: String,
    /// The X.509 certificate (DER) that client assertions are verified with.
    pub certificate: Option<Vec<u8>>,
    /// How long every Graph answer is held back.
    pub latency: Duration,
    /// The write quota; `None` never throttles.
    pub quota: Option<Quota>,
    /// How long the access tokens of the token endpoint live.
    pub token_lifetime: Duration,
    /// How long a client must wait between two polls for a device code.
    pub device_interval: Duration,
    /// The client id of the only user-assigned managed identity.
    pub managed_identity_client_id: String,
    /// The loopback port; 0 takes a free one.
    pub port: u16,
    /// Speaks HTTPS on that port; `None` speaks plain HTTP.
    pub tls: Option<Tls>,
}

/// HTTPS with a certificate authority made at the start, and the plain listener and proxy that come with it.
#[derive(Debug, Clone, Default)]
pub struct Tls {
    /// Where the certificate authority is written (PEM) before the emulator is ready.
    pub ca_file: Option<PathBuf>,
    /// What the proxy asks for, as `user:password`; `None` lets everyone through.
    pub proxy_credential: Option<String>,
}

impl Default for EmulatorConfig {
    fn default() -> Self {
        Self {
            users: 200,
            seed: 1,
            tenant_id: "7d2c1b9e-5a34-4e0f-8c61-3f9a2b7d4e10".to_owned(),
            client_id: "2f6d8a47-91c3-4b5e-a0d2-6e7f1c3b5a98".to_owned(),
            client_secret: "emulator-secret".to_owned(),
            certificate: None,
            latency: Duration::ZERO,
            quota: None,
            token_lifetime: Duration::from_secs(3599),
            device_interval: Duration::from_secs(5),
            managed_identity_client_id: "c4a7e0b3-6d18-4f52-9b7c-20d8f5e1a36b".to_owned(),
            port: 0,
            tls: None,
        }
    }
}

/// Where a running emulator answers, and the credentials it accepts.
#[derive(Debug, Clone)]
pub struct Endpoints {
    /// The Graph origin, such as `http://127.0.0.1:4321`.
    pub graph: String,
    /// The sign-in authority; the same origin as [`graph`](Self::graph).
    pub authority: String,
    /// The base address of the control API, which is always plain HTTP.
    pub control: String,
    /// A forward proxy that leads the hosts of Microsoft's clouds here; none without TLS.
    pub proxy: Option<String>,
    /// The only tenant there is.
    pub tenant_id: String,
    /// The only application that can sign in.
    pub client_id: String,
    /// The secret of that application.
    pub client_secret: String,
    /// The origin that stands in for the Instance Metadata Service, always plain HTTP.
    pub imds: String,
    /// What App Service has in `IDENTITY_ENDPOINT`, always plain HTTP.
    pub identity_endpoint: String,
    /// What App Service has in `IDENTITY_HEADER`.
    pub identity_header: String,
    /// The client id of the only user-assigned managed identity.
    pub managed_identity_client_id: String,
}
