//! An emulator, and the credentials it knows.

use std::sync::{Arc, Mutex};

use async_trait::async_trait;
use graph_emulator::{DeviceAction, DeviceDecision, Emulator, EmulatorConfig, FederatedToken};
use jiff::{SignedDuration, Timestamp};
use revoke_session_core::auth::{AssertionSigner, Certificate, DeviceCodePrompt, DeviceCodeShown};
use revoke_session_core::{
    ConnectError, ConnectOptions, Credential, Endpoints, Environment, Input, Outcome, RunOptions, Session, start,
};
use ring::digest::{SHA256, digest};
use ring::rand::SystemRandom;
use ring::signature::{RSA_PSS_SHA256, RsaKeyPair};

const CERTIFICATE: &[u8] = include_bytes!("../../../emulator/tests/data/client.cer");
const KEY: &[u8] = include_bytes!("../../../emulator/tests/data/client.key.der");

pub async fn emulator() -> Emulator {
    let config = EmulatorConfig {
        users: 20,
        certificate: Some(CERTIFICATE.to_vec()),
        device_interval: std::time::Duration::from_secs(1),
        ..EmulatorConfig::default()
    };
    Emulator::start(config).await.unwrap()
}

pub async fn connect(emulator: &Emulator, credential: Credential) -> Result<Session, ConnectError> {
    let at = emulator.endpoints();
    let endpoints = Endpoints::new(Environment::Global, Some(&at.graph), Some(&at.authority)).unwrap();
    Session::connect(ConnectOptions::new(endpoints, credential)).await
}

/// Revokes one user, or the signed-in one.
pub async fn revoke(session: &Session, user: Option<&str>) -> Outcome {
    let input = user.map_or_else(|| Input::me(1), |user| Input::parse(1, Some(user), None));
    let mut outcomes = start(session, RunOptions::default()).collect(vec![input]).await.outcomes;
    assert_eq!(outcomes.len(), 1, "one input has one outcome");
    outcomes.remove(0)
}

pub fn secret(emulator: &Emulator) -> Credential {
    let at = emulator.endpoints();
    Credential::ClientSecret {
        tenant_id: at.tenant_id.clone(),
        client_id: at.client_id.clone(),
        secret: at.client_secret.clone().into(),
    }
}

/// The certificate that the emulator's application registered, valid until `not_after`.
pub fn certificate(emulator: &Emulator, not_after: Timestamp) -> Credential {
    let at = emulator.endpoints();
    Credential::ClientCertificate {
        tenant_id: at.tenant_id.clone(),
        client_id: at.client_id.clone(),
        certificate: Certificate {
            sha256: digest(&SHA256, CERTIFICATE).as_ref().try_into().unwrap(),
            not_before: Timestamp::UNIX_EPOCH,
            not_after,
            signer: Arc::new(Key),
        },
    }
}

pub fn tomorrow() -> Timestamp {
    Timestamp::now() + SignedDuration::from_hours(24)
}

#[derive(Debug)]
struct Key;

#[async_trait]
impl AssertionSigner for Key {
    async fn sign(&self, data: &[u8]) -> Result<Vec<u8>, String> {
        let key = RsaKeyPair::from_pkcs8(KEY).map_err(|error| error.to_string())?;
        let mut signature = vec![0; key.public().modulus_len()];
        key.sign(&RSA_PSS_SHA256, &SystemRandom::new(), data, &mut signature).map_err(|error| error.to_string())?;
        Ok(signature)
    }
}

/// A file with a token of an issuer that the emulator's application trusts.
pub struct TokenFile(pub std::path::PathBuf);

impl TokenFile {
    pub fn new(emulator: &Emulator, token: &FederatedToken) -> Self {
        let path = std::env::temp_dir().join(format!("federated-{}", uuid::Uuid::new_v4()));
        std::fs::write(&path, format!("{}\n", emulator.mint_federated_token(token).unwrap())).unwrap();
        Self(path)
    }

    pub fn credential(&self, emulator: &Emulator) -> Credential {
        let at = emulator.endpoints();
        Credential::FederatedTokenFile {
            tenant_id: at.tenant_id.clone(),
            client_id: at.client_id.clone(),
            file: self.0.clone(),
        }
    }
}

impl Drop for TokenFile {
    fn drop(&mut self) {
        let _ = std::fs::remove_file(&self.0);
    }
}

pub fn managed_identity(emulator: &Emulator, client_id: Option<&str>) -> Credential {
    let imds = emulator.endpoints().imds.parse().unwrap();
    Credential::ManagedIdentity { client_id: client_id.map(str::to_owned), imds: Some(imds) }
}

/// Remembers what the user was shown.
#[derive(Debug, Default)]
pub struct Screen(pub Mutex<Vec<String>>);

impl DeviceCodePrompt for Screen {
    fn show(&self, shown: DeviceCodeShown) {
        self.0.lock().unwrap().push(shown.message);
    }
}

pub fn device_code(screen: &Arc<Screen>) -> Credential {
    Credential::DeviceCode {
        tenant_id: None,
        client_id: None,
        scopes: vec!["User.RevokeSessions.All".to_owned()],
        prompt: Arc::clone(screen) as _,
    }
}

/// Decides every device code to come.
pub fn decide(emulator: &Emulator, action: DeviceAction) {
    let decision = DeviceDecision { action, upn: None, user_code: None, next: true };
    emulator.decide_device_code(&decision).unwrap();
}
