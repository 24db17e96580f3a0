//! The emulator as a program.

use std::process::Stdio;
use std::time::Duration;

use serde_json::Value;
use tokio::io::{AsyncBufReadExt as _, AsyncReadExt as _, AsyncWriteExt as _, BufReader};
use tokio::net::TcpStream;
use tokio::process::{Child, Command};

fn start(arguments: &[&str]) -> Child {
    Command::new(env!("CARGO_BIN_EXE_graph-emulator"))
        .args(arguments)
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .kill_on_drop(true)
        .spawn()
        .expect("the program starts")
}

async fn announcement(child: &mut Child) -> Value {
    let mut line = String::new();
    let out = child.stdout.as_mut().expect("a pipe");
    BufReader::new(out).read_line(&mut line).await.expect("a line");
    serde_json::from_str(&line).expect("JSON")
}

async fn ended(child: &mut Child) -> bool {
    tokio::time::timeout(Duration::from_secs(10), child.wait()).await.is_ok()
}

async fn post(place: &Value, path: &str, body: &str) -> String {
    let authority = place["control"].as_str().expect("an address").trim_start_matches("http://");
    let authority = authority.trim_end_matches("/_emulator");
    let mut stream = TcpStream::connect(authority).await.expect("the emulator listens");
    let request = format!(
        "POST {path} HTTP/1.1\r\nHost: {authority}\r\nConnection: close\r\nContent-Length: {}\r\n\r\n{body}",
        body.len()
    );
    stream.write_all(request.as_bytes()).await.expect("it reads");
    let mut answer = String::new();
    // A connection that is reset has no answer, which is one of the cases.
    let _ = stream.read_to_string(&mut answer).await;
    answer
}

#[tokio::test]
async fn it_says_where_it_is_and_ends_when_told() {
    let mut child = start(&["--users", "20", "--quota", "5/60", "--seed", "3"]);
    let place = announcement(&mut child).await;
    for name in [
        "graph",
        "authority",
        "control",
        "tenantId",
        "clientId",
        "clientSecret",
        "imds",
        "identityEndpoint",
        "identityHeader",
        "managedIdentityClientId",
    ] {
        assert!(place[name].as_str().is_some_and(|text| !text.is_empty()), "{name}");
    }
    assert!(place.get("proxy").is_none(), "there is a proxy to HTTPS only");
    assert_eq!(place["pid"].as_u64(), child.id().map(u64::from));
    assert!(post(&place, "/_emulator/token", "{}").await.contains("access_token"));
    assert!(post(&place, "/_emulator/shutdown", "{}").await.starts_with("HTTP/1.1 202"));
    assert!(ended(&mut child).await);
}

#[tokio::test]
async fn it_says_whom_to_trust_before_it_says_where_it_is() {
    let file = std::path::Path::new(env!("CARGO_TARGET_TMPDIR")).join(format!("ca-{}.pem", std::process::id()));
    let mut child = start(&["--tls-ca", file.to_str().expect("text"), "--proxy-credential", "ada:secret"]);
    let place = announcement(&mut child).await;
    let pem = std::fs::read_to_string(&file).expect("the certificate authority was written");
    std::fs::remove_file(&file).expect("a file");
    assert!(pem.starts_with("-----BEGIN CERTIFICATE-----"), "{pem}");
    assert!(place["graph"].as_str().is_some_and(|graph| graph.starts_with("https://127.0.0.1:")));
    assert!(place["proxy"].as_str().is_some_and(|proxy| proxy.starts_with("http://127.0.0.1:")));
    assert!(post(&place, "/_emulator/reset", "").await.starts_with("HTTP/1.1 204"));
}

#[tokio::test]
async fn it_ends_at_once_when_told_hard() {
    let mut child = start(&[]);
    let place = announcement(&mut child).await;
    post(&place, "/_emulator/shutdown", r#"{"hard":true}"#).await;
    assert!(ended(&mut child).await);
}

#[tokio::test]
async fn it_ends_with_its_input_only_when_asked_to() {
    let mut child = start(&["--exit-on-stdin-eof"]);
    announcement(&mut child).await;
    drop(child.stdin.take());
    assert!(ended(&mut child).await);

    let mut other = start(&[]);
    let place = announcement(&mut other).await;
    drop(other.stdin.take());
    tokio::time::sleep(Duration::from_millis(300)).await;
    assert!(post(&place, "/_emulator/reset", "").await.starts_with("HTTP/1.1 204"));
}

#[cfg(unix)]
#[tokio::test]
async fn it_ends_with_its_parent() {
    let program = env!("CARGO_BIN_EXE_graph-emulator");
    // The shell ends as soon as its input does, and leaves the emulator behind.
    let script = format!("'{program}' --users 1 & read -r line");
    let mut shell =
        Command::new("sh").args(["-c", &script]).stdin(Stdio::piped()).stdout(Stdio::piped()).spawn().expect("a shell");
    let place = announcement(&mut shell).await;
    shell.wait().await.expect("the shell ends");
    let authority = place["graph"].as_str().expect("an origin").trim_start_matches("http://").to_owned();
    let gone = async {
        while TcpStream::connect(&authority).await.is_ok() {
            tokio::time::sleep(Duration::from_millis(50)).await;
        }
    };
    tokio::time::timeout(Duration::from_secs(10), gone).await.expect("the emulator follows its parent");
}
