//! What comes over the wire from a server that is broken, hostile or in the way.
//!
//! A raw server on loopback sends the very bytes, so that no HTTP library tidies them up.

use std::collections::HashMap;
use std::future::Future;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant};

use revoke_session_core::{
    ConnectOptions, Credential, Endpoints, Environment, Event, Input, Outcome, RunOptions, Session, Status, start,
};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream};

const OK: &str = "HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nContent-Length: 14\r\n\r\n{\"value\":true}";

/// A server that treats each request by its number, counted from zero.
struct FaultServer {
    address: String,
    requests: Arc<Mutex<Vec<String>>>,
}

impl FaultServer {
    async fn start<F>(treat: impl Fn(usize, TcpStream) -> F + Send + Sync + 'static) -> Self
    where
        F: Future<Output = Option<TcpStream>> + Send,
    {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address = format!("http://{}", listener.local_addr().unwrap());
        let requests: Arc<Mutex<Vec<String>>> = Arc::default();
        let (seen, treat, number) = (Arc::clone(&requests), Arc::new(treat), Arc::new(AtomicUsize::new(0)));
        tokio::spawn(async move {
            while let Ok((mut stream, _)) = listener.accept().await {
                let (seen, treat, number) = (Arc::clone(&seen), Arc::clone(&treat), Arc::clone(&number));
                tokio::spawn(async move {
                    while let Some(request) = read_request(&mut stream).await {
                        seen.lock().unwrap().push(request);
                        match treat(number.fetch_add(1, Ordering::Relaxed), stream).await {
                            Some(kept) => stream = kept,
                            None => return,
                        }
                    }
                });
            }
        });
        Self { address, requests }
    }

    fn requests(&self) -> Vec<String> {
        self.requests.lock().unwrap().clone()
    }
}

/// Reads head and body of one request, and gives its first line.
async fn read_request(stream: &mut TcpStream) -> Option<String> {
    let mut bytes = Vec::new();
    let mut chunk = [0; 4096];
    loop {
        let text = String::from_utf8_lossy(&bytes).into_owned();
        if let Some((head, body)) = text.split_once("\r\n\r\n") {
            let length = head.lines().find_map(|line| {
                line.to_ascii_lowercase().strip_prefix("content-length:").map(|l| l.trim().parse::<usize>().unwrap())
            });
            if body.len() >= length.unwrap_or(0) {
                return head.lines().next().map(str::to_owned);
            }
        }
        match stream.read(&mut chunk).await {
            Ok(read) if read > 0 => bytes.extend_from_slice(&chunk[..read]),
            _ => return None,
        }
    }
}

async fn say(mut stream: TcpStream, bytes: impl AsRef<[u8]>) -> Option<TcpStream> {
    stream.write_all(bytes.as_ref()).await.ok().map(|()| stream)
}

fn options() -> RunOptions {
    let mut options =
        RunOptions::default().with_outage_limit(Duration::from_secs(2)).with_timeout(Some(Duration::from_secs(20)));
    options.request_timeout = Duration::from_millis(700);
    options
}

async fn revoke_at(address: &str, users: u64, options: RunOptions) -> Vec<Outcome> {
    let endpoints = Endpoints::new(Environment::Global, Some(address), Some(address)).unwrap();
    let session =
        Session::connect(ConnectOptions::new(endpoints, Credential::AccessToken("opaque-token".to_owned().into())))
            .await
            .unwrap();
    let inputs = (0..users).map(|n| Input::parse(n, Some(&format!("user{n}@contoso.com")), None)).collect();
    start(&session, options).collect(inputs).await.outcomes
}

/// What a fault does with the connection: the bytes it sends, how slowly, and whether it hangs up.
#[derive(Clone)]
enum Fault {
    Bytes(Vec<u8>),
    /// The bytes, and then the connection ends.
    Cut(Vec<u8>),
    /// The same bytes over and over, for as long as anybody reads.
    Flood {
        head: Vec<u8>,
        chunk: Vec<u8>,
    },
    /// One byte at a time, with a pause after each.
    Drip(Vec<u8>),
    /// The connection is reset without a word.
    Reset,
}

impl Fault {
    async fn strike(self, mut stream: TcpStream) -> Option<TcpStream> {
        match self {
            Self::Bytes(bytes) => say(stream, bytes).await,
            Self::Cut(bytes) => {
                say(stream, bytes).await;
                None
            }
            Self::Flood { head, chunk } => {
                stream.write_all(&head).await.ok()?;
                while stream.write_all(&chunk).await.is_ok() {}
                None
            }
            Self::Drip(bytes) => {
                for byte in bytes {
                    stream.write_all(&[byte]).await.ok()?;
                    tokio::time::sleep(Duration::from_millis(300)).await;
                }
                None
            }
            Self::Reset => {
                stream.set_zero_linger().ok()?;
                None
            }
        }
    }
}

fn with_body(status: &str, body: &[u8]) -> Vec<u8> {
    let mut bytes =
        format!("HTTP/1.1 {status}\r\nContent-Type: application/json\r\nContent-Length: {}\r\n\r\n", body.len())
            .into_bytes();
    bytes.extend_from_slice(body);
    bytes
}

/// A stored gzip member of zeros costs little to send and much to keep.
fn gzip_bomb() -> Fault {
    use std::io::Write;
    let mut encoder = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::best());
    for _ in 0..64 {
        encoder.write_all(&vec![b' '; 1024 * 1024]).unwrap();
    }
    let body = encoder.finish().unwrap();
    let mut bytes =
        format!("HTTP/1.1 200 OK\r\nContent-Encoding: gzip\r\nContent-Length: {}\r\n\r\n", body.len()).into_bytes();
    bytes.extend_from_slice(&body);
    Fault::Bytes(bytes)
}

fn faults() -> Vec<(&'static str, Fault)> {
    let chunked = b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n";
    vec![
        ("reset after the request", Fault::Reset),
        ("closed without a word", Fault::Cut(Vec::new())),
        ("closed within the head", Fault::Cut(b"HTTP/1.1 200 OK\r\nContent-Le".to_vec())),
        ("closed within the body", Fault::Cut(b"HTTP/1.1 200 OK\r\nContent-Length: 14\r\n\r\n{\"value\":".to_vec())),
        ("closed within a chunk", Fault::Cut([&chunked[..], b"e\r\n{\"value\":tr"].concat())),
        ("a body that ends with the connection and is empty", Fault::Cut(b"HTTP/1.1 200 OK\r\n\r\n".to_vec())),
        (
            "a page of a captive portal",
            Fault::Bytes(with_body("200 OK", b"<html><body>Sign in to the network</body></html>")),
        ),
        (
            "a byte order mark and trailing junk",
            Fault::Bytes(with_body("200 OK", b"\xef\xbb\xbf{\"value\":true}garbage")),
        ),
        ("a lone surrogate", Fault::Bytes(with_body("200 OK", br#"{"value":"\ud800"}"#))),
        ("nesting without end", Fault::Bytes(with_body("200 OK", "[".repeat(200_000).as_bytes()))),
        ("not HTTP at all", Fault::Cut(b"SSH-2.0-OpenSSH_9.2\r\n".to_vec())),
        ("a status out of range", Fault::Bytes(b"HTTP/1.1 999 Odd\r\nContent-Length: 0\r\n\r\n".to_vec())),
        (
            "headers that never end",
            Fault::Flood {
                head: b"HTTP/1.1 200 OK\r\n".to_vec(),
                chunk: b"X-Filler: abcdefghijklmnopqrstuvwxyz\r\n".to_vec(),
            },
        ),
        (
            "a body of gigabytes",
            Fault::Flood { head: chunked.to_vec(), chunk: [&b"10000\r\n"[..], &vec![b' '; 65536], b"\r\n"].concat() },
        ),
        ("a gzip bomb", gzip_bomb()),
        ("one byte now and then", Fault::Drip(OK.as_bytes().to_vec())),
        ("status 500", Fault::Bytes(with_body("500 Internal Server Error", b""))),
        ("status 503 that keeps the connection", Fault::Bytes(with_body("503 Service Unavailable", b"busy"))),
    ]
}

#[tokio::test]
async fn a_fault_once_is_survived() {
    for (name, fault) in faults() {
        let server = FaultServer::start(move |number, stream| {
            let fault = fault.clone();
            async move { if number == 0 { fault.strike(stream).await } else { say(stream, OK).await } }
        })
        .await;
        let outcomes = revoke_at(&server.address, 1, options()).await;
        assert_eq!((outcomes[0].status, outcomes[0].attempts), (Status::Revoked, 2), "{name}: {:?}", outcomes[0]);
    }
}

#[tokio::test]
async fn a_fault_for_ever_ends_as_unknown_and_never_as_a_lie() {
    let mut options = options();
    options.timeout = Some(Duration::from_secs(3));
    let runs = faults().into_iter().map(|(name, fault)| {
        let options = options.clone();
        async move {
            let server = FaultServer::start(move |_, stream| fault.clone().strike(stream)).await;
            let begin = Instant::now();
            let outcomes = revoke_at(&server.address, 1, options).await;
            assert_eq!(outcomes[0].status, Status::Unknown, "{name}: {:?}", outcomes[0]);
            assert!(begin.elapsed() < Duration::from_secs(4), "{name} took {:?}", begin.elapsed());
        }
    });
    futures_util::future::join_all(runs).await;
}

#[tokio::test]
async fn redirections_are_never_followed_and_nothing_is_sent_again() {
    for status in [301, 302, 303, 307, 308] {
        let elsewhere = FaultServer::start(|_, stream| say(stream, OK)).await;
        let location = format!("{}/v1.0/steal", elsewhere.address);
        let server = FaultServer::start(move |_, stream| {
            say(stream, format!("HTTP/1.1 {status} Moved\r\nLocation: {location}\r\nContent-Length: 0\r\n\r\n"))
        })
        .await;
        let outcomes = revoke_at(&server.address, 3, options()).await;
        assert!(outcomes.iter().all(|outcome| outcome.status == Status::Unknown), "{status}: {outcomes:?}");
        assert_eq!((server.requests().len(), elsewhere.requests().len()), (1, 0), "{status}");
    }
}

#[tokio::test]
async fn a_connection_that_went_stale_costs_nobody_anything() {
    let server = FaultServer::start(|number, stream| async move {
        let kept = say(stream, OK).await;
        // Closed behind the client's back while it lies in the pool.
        if number == 0 { None } else { kept }
    })
    .await;
    let endpoints = Endpoints::new(Environment::Global, Some(&server.address), Some(&server.address)).unwrap();
    let session =
        Session::connect(ConnectOptions::new(endpoints, Credential::AccessToken("t".to_owned().into()))).await.unwrap();
    for tag in 0..3 {
        let mut run = start(&session, options());
        run.input.submit(vec![Input::parse(tag, Some("adele@contoso.com"), None)]).await;
        run.input.complete();
        let events = run.events.next(9).await.unwrap();
        let Event::Outcome(outcome) = &events[0] else { panic!("{events:?}") };
        assert_eq!(outcome.status, Status::Revoked, "{outcome:?}");
    }
}

#[tokio::test]
async fn after_a_503_every_attempt_takes_a_new_connection() {
    let connections: Arc<Mutex<Vec<std::net::SocketAddr>>> = Arc::default();
    let seen = Arc::clone(&connections);
    let server = FaultServer::start(move |number, stream| {
        seen.lock().unwrap().push(stream.peer_addr().unwrap());
        let busy = with_body("503 Service Unavailable", b"busy");
        async move { if number < 3 { say(stream, busy).await } else { say(stream, OK).await } }
    })
    .await;
    let outcomes = revoke_at(&server.address, 1, options()).await;
    assert_eq!((outcomes[0].status, outcomes[0].attempts), (Status::Revoked, 4));
    let connections = connections.lock().unwrap();
    let different: std::collections::HashSet<_> = connections.iter().collect();
    assert_eq!(different.len(), 4, "{connections:?}");
}

#[tokio::test]
async fn nobody_listening_is_told_as_nothing_sent() {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = format!("http://{}", listener.local_addr().unwrap());
    drop(listener);
    let outcomes = revoke_at(&address, 45, options()).await;
    let counts = outcomes.iter().fold(HashMap::new(), |mut counts: HashMap<_, usize>, outcome| {
        *counts.entry((outcome.status, outcome.attempts)).or_default() += 1;
        counts
    });
    assert_eq!(counts, HashMap::from([((Status::Failed, 0), 45)]));
}
