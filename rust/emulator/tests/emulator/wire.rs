//! A client that sends exactly the bytes it is told to, which no HTTP library does.

use std::io;

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use graph_emulator::{Emulator, EmulatorConfig, TokenGrant, TokenKind};
use serde_json::{Value, json};
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::TcpStream;

pub struct Answer {
    pub status: u16,
    pub headers: Vec<(String, String)>,
    pub body: Value,
}

impl Answer {
    pub fn header(&self, name: &str) -> Option<&str> {
        self.headers.iter().find(|(known, _)| known.eq_ignore_ascii_case(name)).map(|(_, value)| value.as_str())
    }

    pub fn code(&self) -> &str {
        self.body["error"]["code"].as_str().unwrap_or_default()
    }

    pub fn message(&self) -> &str {
        self.body["error"]["message"].as_str().unwrap_or_default()
    }
}

/// An emulator and a token for it.
pub struct Wire {
    pub emulator: Emulator,
    pub token: String,
}

impl Wire {
    pub async fn start() -> Self {
        Self::with(EmulatorConfig::default()).await
    }

    pub async fn with(config: EmulatorConfig) -> Self {
        let emulator = Emulator::start(config).await.expect("the emulator starts");
        let token = emulator.mint_token(&TokenGrant::default());
        Self { emulator, token }
    }

    /// The same with a signed-in user.
    pub async fn delegated() -> Self {
        let mut wire = Self::start().await;
        wire.token = wire.emulator.mint_token(&TokenGrant { kind: TokenKind::Delegated, ..TokenGrant::default() });
        wire
    }

    pub async fn try_send(&self, method: &str, path: &str, headers: &str, body: &str) -> io::Result<Answer> {
        let authority = self.plain().to_owned();
        self.try_send_as(&authority, method, path, headers, body).await
    }

    /// Where the emulator speaks plain HTTP.
    pub fn plain(&self) -> &str {
        let control = self.emulator.endpoints().control.trim_start_matches("http://");
        control.trim_end_matches("/_emulator")
    }

    /// A request that names a host of its own choice.
    pub async fn try_send_as(
        &self,
        host: &str,
        method: &str,
        path: &str,
        headers: &str,
        body: &str,
    ) -> io::Result<Answer> {
        let head = format!(
            "{method} {path} HTTP/1.1\r\nHost: {host}\r\nConnection: close\r\nContent-Length: {}\r\n{headers}\r\n",
            body.len()
        );
        exchange(self.plain(), &(head + body)).await
    }

    pub async fn send(&self, method: &str, path: &str, headers: &str, body: &str) -> Answer {
        let bearer = format!("Authorization: Bearer {}\r\n{headers}", self.token);
        self.try_send(method, path, &bearer, body).await.expect("an answer")
    }

    pub async fn get(&self, path: &str) -> Answer {
        self.send("GET", path, "", "").await
    }

    pub async fn revoke(&self, address: &str) -> Answer {
        self.send("POST", &format!("/v1.0/{address}/revokeSignInSessions"), "", "").await
    }

    pub async fn batch(&self, steps: &Value) -> Answer {
        let body = json!({ "requests": steps }).to_string();
        self.send("POST", "/v1.0/$batch", "Content-Type: application/json\r\n", &body).await
    }

    /// A control request, with or without a body.
    pub async fn control(&self, method: &str, path: &str, body: &Value) -> Answer {
        let body = if body.is_null() { String::new() } else { body.to_string() };
        self.try_send(method, &format!("/_emulator/{path}"), "", &body).await.expect("the control API answers")
    }

    pub async fn fault(&self, rule: Value) {
        assert_eq!(self.control("POST", "faults", &rule).await.status, 200);
    }

    /// Posts a form to an endpoint of the tenant, under the authority's host name if one is given.
    pub async fn sign_in(&self, host: Option<&str>, endpoint: &str, fields: &[(&str, &str)]) -> Answer {
        let body = url::form_urlencoded::Serializer::new(String::new()).extend_pairs(fields).finish();
        let headers = "Content-Type: application/x-www-form-urlencoded\r\n";
        let path = format!("/{}/oauth2/v2.0/{endpoint}", self.emulator.endpoints().tenant_id);
        let host = host.unwrap_or(self.plain());
        self.try_send_as(host, "POST", &path, headers, &body).await.expect("an answer")
    }

    pub fn revocations_of(&self, user: &str) -> u32 {
        self.emulator.directory().find(user).expect("a user of the directory").revocations()
    }
}

/// A step that revokes one user.
pub fn step(id: &str, address: &str) -> Value {
    json!({
        "id": id,
        "method": "POST",
        "url": format!("/{address}/revokeSignInSessions"),
        "headers": { "Content-Type": "application/json" },
        "body": {},
    })
}

/// The step answer with that id.
pub fn answer_of<'a>(batch: &'a Answer, id: &str) -> &'a Value {
    let responses = batch.body["responses"].as_array().expect("a batch answer");
    responses.iter().find(|answer| answer["id"] == id).unwrap_or(&Value::Null)
}

/// The claims of an access token in a sign-in's answer.
pub fn claims_of(answer: &Answer) -> Value {
    let token = answer.body["access_token"].as_str().unwrap_or_else(|| panic!("no token: {}", answer.body));
    let claims = URL_SAFE_NO_PAD.decode(token.split('.').nth(1).expect("three parts")).expect("base64url");
    serde_json::from_slice(&claims).expect("JSON")
}

/// Checks that Entra refused, in its own form.
pub fn assert_refused(answer: &Answer, status: u16, error: &str, code: u64) {
    assert_eq!((answer.status, &answer.body["error"]), (status, &error.into()), "{}", answer.body);
    assert_eq!(answer.body["error_codes"], json!([code]));
    let description = answer.body["error_description"].as_str().expect("a description");
    assert!(description.starts_with(&format!("AADSTS{code}: ")), "{description}");
    for part in [" Trace ID: ", " Correlation ID: ", " Timestamp: "] {
        assert!(description.contains(part), "{description}");
    }
    for name in ["timestamp", "trace_id", "correlation_id", "error_uri"] {
        assert!(answer.body[name].is_string(), "{name}");
    }
}

async fn exchange(authority: &str, request: &str) -> io::Result<Answer> {
    let mut stream = TcpStream::connect(authority).await?;
    stream.write_all(request.as_bytes()).await?;
    let mut received = Vec::new();
    stream.read_to_end(&mut received).await?;
    let text = String::from_utf8_lossy(&received).into_owned();
    let (head, body) = text.split_once("\r\n\r\n").ok_or(io::ErrorKind::UnexpectedEof)?;
    let mut lines = head.lines();
    let status = lines.next().and_then(|line| line.split(' ').nth(1)?.parse().ok());
    let headers: Vec<(String, String)> = lines
        .filter_map(|line| line.split_once(": "))
        .map(|(name, value)| (name.to_owned(), value.to_owned()))
        .collect();
    let length = headers.iter().find(|(name, _)| name.eq_ignore_ascii_case("content-length"));
    if length.is_some_and(|(_, length)| length.parse() != Ok(body.len())) {
        return Err(io::ErrorKind::UnexpectedEof.into());
    }
    let body = serde_json::from_str(body).unwrap_or_else(|_| Value::String(body.to_owned()));
    Ok(Answer { status: status.ok_or(io::ErrorKind::InvalidData)?, headers, body })
}
