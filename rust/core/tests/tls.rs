//! What only shows over TLS: certificates that are not to be trusted, and HTTP/2.

use std::path::PathBuf;
use std::process::Command;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

use bytes::Bytes;
use rcgen::{CertifiedKey, generate_simple_self_signed};
use revoke_session_core::{
    ConnectOptions, Credential, Endpoints, Environment, ErrorId, Event, Input, Outcome, RunOptions, Session, Status,
    start,
};
use rustls::ServerConfig;
use rustls::pki_types::{PrivateKeyDer, PrivatePkcs8KeyDer};
use tokio::net::{TcpListener, TcpStream};
use tokio_rustls::TlsAcceptor;
use tokio_rustls::server::TlsStream;

/// Names the file with the certificate that the child process trusts, and that it is the child.
const TRUSTED: &str = "SSL_CERT_FILE";
const KEY: &str = "REVOKESESSION_TEST_KEY";

fn acceptor(certificate: Vec<u8>, key: Vec<u8>) -> TlsAcceptor {
    let provider = Arc::new(rustls::crypto::ring::default_provider());
    let mut config = ServerConfig::builder_with_provider(provider)
        .with_safe_default_protocol_versions()
        .unwrap()
        .with_no_client_auth()
        .with_single_cert(vec![certificate.into()], PrivateKeyDer::Pkcs8(PrivatePkcs8KeyDer::from(key)))
        .unwrap();
    config.alpn_protocols = vec![b"h2".to_vec()];
    TlsAcceptor::from(Arc::new(config))
}

fn self_signed() -> CertifiedKey<rcgen::KeyPair> {
    generate_simple_self_signed(["127.0.0.1".to_owned(), "localhost".to_owned()]).unwrap()
}

async fn revoke_at(address: String, options: RunOptions) -> Outcome {
    let endpoints = Endpoints::new(Environment::Global, Some(&address), Some(&address)).unwrap();
    let credential = Credential::AccessToken("opaque-token".to_owned().into());
    let session = Session::connect(ConnectOptions::new(endpoints, credential)).await.unwrap();
    let mut run = start(&session, options);
    run.input.submit(vec![Input::parse(1, Some("adele@contoso.com"), None)]).await;
    run.input.complete();
    loop {
        for event in run.events.next(9).await.unwrap() {
            if let Event::Outcome(outcome) = event {
                return outcome;
            }
        }
    }
}

#[tokio::test]
async fn a_certificate_nobody_vouches_for_gets_no_request() {
    let pair = self_signed();
    let acceptor = acceptor(pair.cert.der().to_vec(), pair.signing_key.serialize_der());
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = format!("https://{}", listener.local_addr().unwrap());
    let greeted = Arc::new(AtomicUsize::new(0));
    let count = Arc::clone(&greeted);
    tokio::spawn(async move {
        while let Ok((stream, _)) = listener.accept().await {
            if acceptor.accept(stream).await.is_ok() {
                count.fetch_add(1, Ordering::Relaxed);
            }
        }
    });
    let outcome = revoke_at(address, RunOptions::default().with_outage_limit(Duration::from_secs(1))).await;
    assert_eq!((outcome.status, outcome.attempts), (Status::Failed, 0), "{outcome:?}");
    let detail = outcome.failure.unwrap().detail;
    assert_eq!(detail.id, ErrorId::GraphUnreachable);
    assert!(detail.message.to_lowercase().contains("certificate"), "{}", detail.message);
    assert_eq!(greeted.load(Ordering::Relaxed), 0, "the handshake must fail before any request");
}

/// The trusted certificates of a process are those of the machine and of an environment variable,
/// which has to be there before the process begins: so the test runs itself once more.
#[test]
fn a_connection_that_http2_takes_back_is_made_anew() {
    if let Some(key) = std::env::var_os(KEY) {
        return child(PathBuf::from(key));
    }
    let pair = self_signed();
    let folder = PathBuf::from(env!("CARGO_TARGET_TMPDIR")).join(format!("tls-{}", std::process::id()));
    std::fs::create_dir_all(&folder).unwrap();
    let (certificate, key) = (folder.join("cert.pem"), folder.join("key.der"));
    std::fs::write(&certificate, pair.cert.pem()).unwrap();
    std::fs::write(folder.join("cert.der"), pair.cert.der()).unwrap();
    std::fs::write(&key, pair.signing_key.serialize_der()).unwrap();
    let output = Command::new(std::env::current_exe().unwrap())
        .args(["--exact", "a_connection_that_http2_takes_back_is_made_anew", "--nocapture"])
        .env(TRUSTED, &certificate)
        .env(KEY, &key)
        .output()
        .unwrap();
    std::fs::remove_dir_all(&folder).unwrap();
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
}

fn child(key: PathBuf) {
    let certificate = std::fs::read(key.with_file_name("cert.der")).unwrap();
    let acceptor = acceptor(certificate, std::fs::read(key).unwrap());
    tokio::runtime::Builder::new_multi_thread().enable_all().build().unwrap().block_on(async {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address = format!("https://localhost:{}", listener.local_addr().unwrap().port());
        let connections = Arc::new(AtomicUsize::new(0));
        let count = Arc::clone(&connections);
        tokio::spawn(async move {
            while let Ok((stream, _)) = listener.accept().await {
                let Ok(stream) = acceptor.accept(stream).await else { continue };
                tokio::spawn(serve(stream, count.fetch_add(1, Ordering::Relaxed)));
            }
        });
        let outcome = revoke_at(address, RunOptions::default()).await;
        assert_eq!((outcome.status, outcome.attempts), (Status::Revoked, 2), "{outcome:?}");
        assert_eq!(connections.load(Ordering::Relaxed), 2);
    });
}

/// The first connection is taken back with GOAWAY (RFC 9113, section 6.8) over an open request.
async fn serve(stream: TlsStream<TcpStream>, number: usize) {
    assert_eq!(stream.get_ref().1.alpn_protocol(), Some(&b"h2"[..]));
    let mut connection = h2::server::handshake(stream).await.unwrap();
    while let Some(Ok((_, mut respond))) = connection.accept().await {
        if number == 0 {
            connection.abrupt_shutdown(h2::Reason::ENHANCE_YOUR_CALM);
            continue;
        }
        let mut body = respond.send_response(http::Response::new(()), false).unwrap();
        body.send_data(Bytes::from_static(br#"{"value":true}"#), true).unwrap();
    }
}
