//! From a reply to bytes on the wire, cut short where a fault says so.

use std::io;
use std::time::Duration;

use axum::body::Body;
use axum::http::header::{CONTENT_LENGTH, CONTENT_TYPE, HeaderName};
use axum::http::{HeaderValue, Response, StatusCode};
use bytes::Bytes;
use futures_util::stream;

use crate::answer::{Answer, Content, Ending, Reply};

/// Marks a response that must never be sent: the connection is closed instead.
#[derive(Debug, Clone, Copy)]
pub(crate) struct CloseConnection;

/// How long the first bytes of a truncated body have to leave before the connection is closed.
const FLUSH: Duration = Duration::from_millis(20);

/// Turns a reply into a response with the given headers, those of the answer winning.
pub(crate) fn respond(reply: Reply, usual: &[(HeaderName, HeaderValue)]) -> Response<Body> {
    let mut response = Response::new(Body::empty());
    if reply.ending == Ending::Close {
        response.extensions_mut().insert(CloseConnection);
        return response;
    }
    let Answer { status, headers, body } = reply.answer;
    *response.status_mut() = StatusCode::from_u16(status).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR);
    let all = response.headers_mut();
    for (name, value) in usual {
        all.insert(name, value.clone());
    }
    let bytes = match body {
        Content::Empty => {
            all.remove(CONTENT_TYPE);
            Bytes::new()
        }
        Content::Json(bytes) => bytes,
        Content::Text(bytes) => {
            all.insert(CONTENT_TYPE, HeaderValue::from_static("text/plain; charset=utf-8"));
            bytes
        }
    };
    for (name, value) in &headers {
        if let (Ok(name), Ok(value)) = (HeaderName::try_from(name.as_ref()), HeaderValue::try_from(value.as_str())) {
            all.insert(name, value);
        } else {
            tracing::warn!(%name, "Left out a header that HTTP does not allow");
        }
    }
    match reply.ending {
        Ending::Truncate(length) if length < bytes.len() => {
            all.insert(CONTENT_LENGTH, HeaderValue::from(bytes.len()));
            *response.body_mut() = cut_short(bytes.slice(..length));
        }
        _ => *response.body_mut() = Body::from(bytes),
    }
    response
}

/// A body that fails after its first bytes, upon which the server drops the connection.
fn cut_short(first: Bytes) -> Body {
    let parts = stream::unfold(Some(first), |first| async {
        if let Some(first) = first.filter(|first| !first.is_empty()) {
            return Some((Ok(first), None));
        }
        tokio::time::sleep(FLUSH).await;
        Some((Err(io::Error::from(io::ErrorKind::ConnectionReset)), None))
    });
    Body::from_stream(parts)
}
