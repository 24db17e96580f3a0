//! HTTPS, the proxy that leads to it, and the hosts it stands in for.

use std::io;
use std::sync::Arc;

use graph_emulator::{EmulatorConfig, Tls, TokenGrant};
use serde_json::Value;
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::TcpStream;
use tokio_rustls::TlsConnector;
use tokio_rustls::client::TlsStream;
use tokio_rustls::rustls::crypto::ring::default_provider;
use tokio_rustls::rustls::pki_types::{CertificateDer, ServerName, pem::PemObject as _};
use tokio_rustls::rustls::{ClientConfig, RootCertStore};

use crate::wire::Wire;

async fn secure(proxy_credential: Option<&str>) -> Wire {
    let tls = Tls { ca_file: None, proxy_credential: proxy_credential.map(str::to_owned) };
    Wire::with(EmulatorConfig { tls: Some(tls), ..EmulatorConfig::default() }).await
}

fn port(origin: &str) -> u16 {
    origin.rsplit_once(':').and_then(|(_, port)| port.parse().ok()).expect("a port")
}

async fn handshake(wire: &Wire, stream: TcpStream, host: &str) -> io::Result<TlsStream<TcpStream>> {
    let mut roots = RootCertStore::empty();
    let ca = CertificateDer::from_pem_slice(wire.emulator.ca_pem().expect("a CA").as_bytes()).expect("PEM");
    roots.add(ca).expect("a CA certificate");
    let mut config = ClientConfig::builder_with_provider(Arc::new(default_provider()))
        .with_safe_default_protocol_versions()
        .expect("versions")
        .with_root_certificates(roots)
        .with_no_client_auth();
    config.alpn_protocols = vec![b"h2".to_vec(), b"http/1.1".to_vec()];
    let name = ServerName::try_from(host.to_owned()).expect("a name");
    TlsConnector::from(Arc::new(config)).connect(name, stream).await
}

async fn to_end(mut stream: TlsStream<TcpStream>, head: &str) -> (u16, Value) {
    let request = format!("{head}Connection: close\r\nContent-Length: 0\r\n\r\n");
    stream.write_all(request.as_bytes()).await.expect("it reads");
    let mut answer = String::new();
    stream.read_to_string(&mut answer).await.expect("it answers");
    let (head, body) = answer.split_once("\r\n\r\n").expect("a head");
    let status = head.split(' ').nth(1).and_then(|status| status.parse().ok()).expect("a status");
    (status, serde_json::from_str(body).unwrap_or_default())
}

/// Asks the proxy for a tunnel and reads the head of its answer.
async fn connect(wire: &Wire, target: &str, headers: &str) -> (TcpStream, String) {
    let proxy = wire.emulator.endpoints().proxy.clone().expect("a proxy");
    let mut stream = TcpStream::connect(("127.0.0.1", port(&proxy))).await.expect("the proxy listens");
    let request = format!("CONNECT {target} HTTP/1.1\r\nHost: {target}\r\n{headers}\r\n");
    stream.write_all(request.as_bytes()).await.expect("it reads");
    let mut head = Vec::new();
    while !head.ends_with(b"\r\n\r\n") {
        head.push(stream.read_u8().await.expect("the proxy answers"));
    }
    (stream, String::from_utf8(head).expect("text"))
}

#[tokio::test]
async fn https_is_spoken_under_every_name() {
    let wire = secure(None).await;
    let endpoints = wire.emulator.endpoints();
    assert!(endpoints.graph.starts_with("https://127.0.0.1:") && endpoints.authority == endpoints.graph);
    assert!(endpoints.control.starts_with("http://127.0.0.1:"));
    for host in ["127.0.0.1", "localhost", "graph.microsoft.com", "login.chinacloudapi.cn", "graph.contoso.test"] {
        let stream = TcpStream::connect(("127.0.0.1", port(&endpoints.graph))).await.expect("it listens");
        let stream = handshake(&wire, stream, host).await.expect(host);
        assert_eq!(stream.get_ref().1.alpn_protocol(), Some(&b"http/1.1"[..]));
        let head = format!("GET /v1.0/users/lee@contoso.com HTTP/1.1\r\nHost: {host}\r\n");
        let (status, user) = to_end(stream, &format!("{head}Authorization: Bearer {}\r\n", wire.token)).await;
        assert_eq!((status, &user["userPrincipalName"]), (200, &"lee@contoso.com".into()), "{host}");
    }
    let stream = TcpStream::connect(("127.0.0.1", port(&endpoints.graph))).await.expect("it listens");
    assert!(handshake(&wire, stream, "graph.example").await.is_err());
}

#[tokio::test]
async fn the_proxy_leads_the_clouds_here_and_nothing_else() {
    let wire = secure(None).await;
    let (stream, head) = connect(&wire, "graph.microsoft.us:443", "").await;
    assert!(head.starts_with("HTTP/1.1 200 "), "{head}");
    let grant = TokenGrant { audience: Some("https://graph.microsoft.us".to_owned()), ..TokenGrant::default() };
    let bearer = format!("Authorization: Bearer {}\r\n", wire.emulator.mint_token(&grant));
    let stream = handshake(&wire, stream, "graph.microsoft.us").await.expect("the emulator behind the tunnel");
    let head = format!("GET /v1.0/users?$top=1 HTTP/1.1\r\nHost: graph.microsoft.us\r\n{bearer}");
    let (status, page) = to_end(stream, &head).await;
    assert_eq!(status, 200, "{page}");
    let next = page["@odata.nextLink"].as_str().expect("more pages");
    assert!(next.starts_with("https://graph.microsoft.us/v1.0/users?"), "{next}");

    let (_, head) = connect(&wire, "graph.example:443", "").await;
    assert!(head.starts_with("HTTP/1.1 502 "), "{head}");

    let log = wire.emulator.ledger().log(9);
    let seen: Vec<_> = log.iter().map(|entry| (entry.method.as_str(), entry.path.as_str(), entry.status)).collect();
    assert_eq!(seen[0], ("CONNECT", "graph.microsoft.us:443", Some(200)));
    assert_eq!(seen[2], ("CONNECT", "graph.example:443", Some(502)));
    assert_eq!(log[1].host.as_deref(), Some("graph.microsoft.us"));
}

#[tokio::test]
async fn the_proxy_can_ask_for_a_credential() {
    let wire = secure(Some("ada:open sesame")).await;
    for headers in ["", "Proxy-Authorization: Basic d3Jvbmc6b25l\r\n"] {
        let (_, head) = connect(&wire, "graph.microsoft.com:443", headers).await;
        assert!(head.starts_with("HTTP/1.1 407 "), "{head}");
        assert!(head.to_lowercase().contains("proxy-authenticate: basic realm=\"proxy\""), "{head}");
    }
    let right = "Proxy-Authorization: Basic YWRhOm9wZW4gc2VzYW1l\r\n";
    let (_, head) = connect(&wire, "graph.microsoft.com:443", right).await;
    assert!(head.starts_with("HTTP/1.1 200 "), "{head}");
}

#[tokio::test]
async fn control_and_graph_are_on_the_plain_listener_too() {
    let wire = secure(None).await;
    let state = wire.control("GET", "state", &Value::Null).await;
    assert_eq!((state.status, &state.body["requests"]["total"]), (200, &0.into()));
    assert_eq!(wire.revoke("users/adele@contoso.com").await.status, 200);
    let page = wire.get("/v1.0/users?$top=1").await;
    let plain = wire.emulator.endpoints().control.trim_end_matches("/_emulator").to_owned();
    assert!(page.body["@odata.nextLink"].as_str().is_some_and(|next| next.starts_with(&plain)));
    wire.emulator.shutdown().await;
    assert!(TcpStream::connect(("127.0.0.1", port(&plain))).await.is_err());
}

#[tokio::test]
async fn a_token_for_another_resource_is_refused() {
    let mut wire = Wire::start().await;
    let grant = TokenGrant { audience: Some("https://graph.microsoft.com".to_owned()), ..TokenGrant::default() };
    wire.token = wire.emulator.mint_token(&grant);
    let refused = wire.revoke("users/adele@contoso.com").await;
    assert_eq!((refused.status, refused.code()), (401, "InvalidAuthenticationToken"));
    assert_eq!(refused.message(), "Access token validation failure. Invalid audience.");
}
