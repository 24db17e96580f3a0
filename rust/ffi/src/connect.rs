//! From a `ConnectRequest` to what the core library connects with.

use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

use jiff::Timestamp;
use revoke_session_core as core;
use revoke_session_core::auth::Certificate;
use revoke_session_core::transport::{ProxyAddress, ProxySettings};
use revoke_session_core::{ConnectOptions, Credential, Endpoints, Environment, ErrorId, Named};
use secrecy::SecretString;
use url::Url;

use crate::host::HostHandle;
use crate::wire::{CertificateInfo, ConnectRequest, CredentialKind, FfiError, Variable, WriteQuota};

/// Where another address of the instance metadata service is named, as the Azure SDKs read it.
const IMDS_VARIABLE: &str = "AZURE_POD_IDENTITY_AUTHORITY_HOST";

/// What to connect with; the outer error is a record that makes no sense, the inner one is the user's.
pub(crate) fn connect_options(
    request: ConnectRequest,
    secret: Option<SecretString>,
    host: &HostHandle,
) -> Result<Result<ConnectOptions, core::ErrorDetail>, FfiError> {
    let endpoints = match endpoints(&request) {
        Ok(endpoints) => endpoints,
        Err(detail) => return Ok(Err(detail)),
    };
    let proxy = match proxy(&request) {
        Ok(proxy) => proxy,
        Err(detail) => return Ok(Err(detail)),
    };
    let quota = request.write_quota;
    let mut options = ConnectOptions::new(endpoints, credential(request, secret, host)?).with_proxy(proxy);
    if let Some(quota) = quota {
        options = options.with_quota(write_quota(quota));
    }
    Ok(Ok(options))
}

fn endpoints(request: &ConnectRequest) -> Result<Endpoints, core::ErrorDetail> {
    request
        .environment
        .parse::<Environment>()
        .and_then(|environment| {
            Endpoints::new(environment, request.graph_endpoint.as_deref(), request.authority_host.as_deref())
        })
        .map_err(|error| ErrorId::InvalidEndpoint.with_message(format!("Not connected: {error}.")))
}

fn proxy(request: &ConnectRequest) -> Result<ProxySettings, core::ErrorDetail> {
    if let Some(address) = &request.proxy {
        // The address is not repeated, because it may hold a password.
        let refused = || ErrorId::InvalidEndpoint.with_message("Not connected: the proxy is no http address.");
        return ProxyAddress::parse(address)
            .map(|proxy| ProxySettings::Through { proxy, except: None })
            .ok_or_else(refused);
    }
    // The caller's variables are all there are on Unix; elsewhere the system may know a proxy too.
    let other = if cfg!(any(windows, target_os = "macos")) { ProxySettings::System } else { ProxySettings::Direct };
    Ok(ProxySettings::from_variables(|name| variable(&request.variables, name), other))
}

fn credential(
    request: ConnectRequest,
    secret: Option<SecretString>,
    host: &HostHandle,
) -> Result<Credential, FfiError> {
    let tenant_id = request.tenant_id.clone().unwrap_or_default();
    let client_id = request.client_id.clone().unwrap_or_default();
    Ok(match request.credential {
        CredentialKind::ClientSecret => {
            Credential::ClientSecret { tenant_id, client_id, secret: secret.ok_or(FfiError::InvalidInput)? }
        }
        CredentialKind::Certificate => {
            let certificate = certificate(request.certificate.ok_or(FfiError::InvalidInput)?, host)?;
            Credential::ClientCertificate { tenant_id, client_id, certificate }
        }
        CredentialKind::FederatedTokenFile => {
            let file = PathBuf::from(request.federated_token_file.ok_or(FfiError::InvalidInput)?);
            Credential::FederatedTokenFile { tenant_id, client_id, file }
        }
        CredentialKind::ManagedIdentity => {
            let imds = variable(&request.variables, IMDS_VARIABLE).and_then(|address| Url::parse(&address).ok());
            Credential::ManagedIdentity { client_id: request.client_id, imds }
        }
        CredentialKind::AzureCli => {
            let search_path = variable(&request.variables, "PATH").map(Into::into);
            Credential::AzureCli { tenant_id: request.tenant_id, search_path }
        }
        CredentialKind::DeviceCode => Credential::DeviceCode {
            tenant_id: request.tenant_id,
            client_id: request.client_id,
            scopes: request.scopes,
            prompt: Arc::new(host.clone()),
        },
        CredentialKind::AccessToken => Credential::AccessToken(secret.ok_or(FfiError::InvalidInput)?),
        CredentialKind::BorrowedToken => Credential::Borrowed {
            lender: Arc::new(host.clone()),
            named: Named {
                client_id: request.client_id,
                tenant_id: request.tenant_id,
                account: request.account,
                scopes: request.scopes,
            },
        },
    })
}

fn certificate(info: CertificateInfo, host: &HostHandle) -> Result<Certificate, FfiError> {
    let time = |milliseconds: i64| Timestamp::from_millisecond(milliseconds).map_err(|_| FfiError::InvalidInput);
    Ok(Certificate {
        sha256: info.sha256.try_into().map_err(|_| FfiError::InvalidInput)?,
        not_before: time(info.not_before)?,
        not_after: time(info.not_after)?,
        signer: Arc::new(host.clone()),
    })
}

fn write_quota(quota: WriteQuota) -> core::WriteQuota {
    if quota.writes == 0 {
        return core::WriteQuota::NONE;
    }
    core::WriteQuota::application(quota.writes, Duration::from_secs(quota.window_seconds.max(1).into()))
}

fn variable(variables: &[Variable], name: &str) -> Option<String> {
    variables.iter().find(|variable| variable.name == name).map(|variable| variable.content.clone())
}
