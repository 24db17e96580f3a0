//! What to do about the refusals of Microsoft Entra that administrators meet.
//!
//! Source: Microsoft Learn, "Microsoft Entra authentication and authorization error codes".

/// The advice for an AADSTS code, where there is better than the general one.
pub(super) fn for_code(code: &str) -> Option<&'static str> {
    Some(match code {
        "AADSTS700016" => {
            "No application with this client id is known in this tenant. Check -ClientId (the Application (client) ID of the app registration, not the object id) and -TenantId, and that -Environment is the cloud of the tenant."
        }
        "AADSTS7000215" => {
            "The client secret is wrong. Pass the Value of the secret, which is shown only once when it is made, not its Secret ID; make a new client secret if it is lost."
        }
        "AADSTS7000222" => {
            "The client secret has expired. Make a new client secret in the app registration (Certificates & secrets), or use a certificate."
        }
        "AADSTS90002" => {
            "There is no such tenant. Check the spelling of -TenantId, and that -Environment is the cloud of the tenant."
        }
        "AADSTS700027" => {
            "The certificate is not the one that the application knows. Upload its public part to the app registration (Certificates & secrets), and compare the thumbprints; an expired certificate is refused the same way."
        }
        "AADSTS65001" => {
            "Consent is missing. An administrator grants it once: app registration, API permissions, Grant admin consent; the least permission is User.RevokeSessions.All."
        }
        "AADSTS50076" | "AADSTS50079" => {
            "Multi-factor authentication is required. Sign in interactively: Connect-RsGraph -UseDeviceCode, or Connect-MgGraph and then Connect-RsGraph -UseMgGraphSession."
        }
        "AADSTS53003" | "AADSTS530032" | "AADSTS530033" => {
            "A Conditional Access policy blocks this sign-in: device codes are often blocked, and so are unmanaged devices. Sign in from a device and by a method that the policies allow, such as Connect-MgGraph and then Connect-RsGraph -UseMgGraphSession, or exempt the application."
        }
        "AADSTS500011" => {
            "This tenant does not know Microsoft Graph by that address. Check that -Environment is the cloud of the tenant."
        }
        "AADSTS700024" => "The clock of this machine is wrong by more than five minutes. Set it, and run again.",
        "AADSTS700211" | "AADSTS700212" | "AADSTS700213" | "AADSTS70021" => {
            "The federated credential of the app registration does not match this token: compare issuer, subject and audience, letter by letter."
        }
        "AADSTS50173" | "AADSTS700082" | "AADSTS50133" => {
            "The sign-in itself was revoked or has expired. Run Connect-RsGraph again. Sessions that were revoked include the one of whoever revoked them."
        }
        "AADSTS65004" => {
            "The sign-in was declined. Run Connect-RsGraph -UseDeviceCode again, and accept what is asked."
        }
        "AADSTS70016" | "AADSTS70020" => "The code was not used in time. Run Connect-RsGraph -UseDeviceCode again.",
        _ => return None,
    })
}

/// The advice for a host that cannot be reached, by what the system said of it.
pub(super) fn for_host(why: &str) -> Option<&'static str> {
    let why = why.to_ascii_lowercase();
    if why.contains("certificate") || why.contains("unknownissuer") {
        Some(
            "The server's certificate is not trusted. Where a proxy inspects TLS, install its root certificate in the machine's store (on Linux also by SSL_CERT_FILE).",
        )
    } else if why.contains("proxy") || why.contains("407") {
        Some(
            "The proxy refuses. Name the right one by -Proxy or HTTPS_PROXY, with http://user:password@host:port where it asks for a password.",
        )
    } else {
        None
    }
}
