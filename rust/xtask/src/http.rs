//! One HTTP request, to the emulator on this machine, and no more than that.

use std::io::{Read as _, Write as _};
use std::net::TcpStream;
use std::time::Duration;

use crate::failure::{Context as _, Failure, Outcome};

/// The body at `http://<host>:<port>/<path>`.
pub fn get(url: &str) -> Outcome<String> {
    let (host, path) = split(url).ok_or_else(|| Failure::new(format!("{url} is not a plain http address")))?;
    let doing = || format!("cannot get {url}");
    let mut stream = TcpStream::connect(host).context(doing)?;
    stream.set_read_timeout(Some(Duration::from_secs(30))).context(doing)?;
    // HTTP 1.0 is answered whole and unchunked, and then the connection is closed.
    write!(stream, "GET {path} HTTP/1.0\r\nHost: {host}\r\nAccept: application/json\r\n\r\n").context(doing)?;
    let mut answer = String::new();
    stream.read_to_string(&mut answer).context(doing)?;
    body(&answer)
        .map(str::to_owned)
        .ok_or_else(|| Failure::new(format!("cannot get {url}: {}", answer.lines().next().unwrap_or("no answer"))))
}

fn split(url: &str) -> Option<(&str, &str)> {
    let rest = url.strip_prefix("http://")?;
    let slash = rest.find('/')?;
    Some(rest.split_at(slash))
}

/// The body of a successful answer.
fn body(answer: &str) -> Option<&str> {
    let (head, body) = answer.split_once("\r\n\r\n")?;
    let status = head.split_whitespace().nth(1)?;
    status.starts_with('2').then_some(body)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_successful_answers_have_a_body() {
        assert_eq!(body("HTTP/1.0 200 OK\r\na: b\r\n\r\n[1]"), Some("[1]"));
        assert_eq!(body("HTTP/1.0 404 Not Found\r\n\r\n{}"), None);
        assert_eq!(body(""), None);
    }

    #[test]
    fn addresses_are_taken_apart() {
        assert_eq!(split("http://127.0.0.1:80/cast?x=1"), Some(("127.0.0.1:80", "/cast?x=1")));
        assert_eq!(split("https://127.0.0.1/"), None);
    }
}
