//! What a fault does to a piece of work and to its reply.

use std::borrow::Cow;
use std::time::{Duration, Instant};

use crate::answer::{Answer, Ending, Reply};
use crate::error_body::{Ids, graph_error};
use crate::faults::{CloseWhen, Effect, ScriptedAnswer};

/// Does the work, or does not, and replies as the effect says.
pub(crate) fn apply(effect: Option<Effect>, ids: Ids<'_>, work: impl FnOnce() -> Reply) -> Reply {
    match effect {
        None | Some(Effect::DropStep(_) | Effect::DuplicateStep(_) | Effect::Aadsts(_)) => work(),
        Some(Effect::Answer(scripted)) => {
            if scripted.processed {
                work();
            }
            answer(scripted)
        }
        Some(Effect::Close(CloseWhen::Before)) => Reply::closed(),
        Some(Effect::Close(CloseWhen::After)) => {
            let done = work();
            Reply { ending: Ending::Close, ..done }
        }
        Some(Effect::HangMs(millis)) => Reply { delay: Duration::from_millis(millis), ..Reply::closed() },
        Some(Effect::Truncate(length)) => {
            let mut reply = work();
            reply.absorb(Ending::Truncate(length), Duration::ZERO, None);
            reply
        }
        Some(Effect::DelayMs(millis)) => {
            let mut reply = work();
            reply.absorb(Ending::Whole, Duration::from_millis(millis), None);
            reply
        }
        Some(Effect::RetryAfter(text)) => throttled(text, ids),
    }
}

fn answer(scripted: ScriptedAnswer) -> Reply {
    let told = (scripted.status == 429)
        .then(|| scripted.headers.iter().find(|(name, _)| name.eq_ignore_ascii_case("retry-after")))
        .flatten();
    let wait_until = told.and_then(|(_, text)| moment(text));
    let headers = scripted.headers.into_iter().map(|(name, value)| (Cow::Owned(name), value)).collect();
    let answer = Answer { status: scripted.status, headers, body: Answer::content(scripted.body) };
    Reply { wait_until, ..answer.into() }
}

fn throttled(text: String, ids: Ids<'_>) -> Reply {
    let wait_until = moment(&text);
    let answer = graph_error(429, "TooManyRequests", "Too many requests.", ids).with_header("Retry-After", text);
    Reply { wait_until, ..answer.into() }
}

/// When a `Retry-After` ends: whole seconds, decimal seconds or a date; none when it is none of these.
fn moment(text: &str) -> Option<Instant> {
    let wait = match text.trim().parse::<f64>() {
        Ok(seconds) => Duration::try_from_secs_f64(seconds).ok()?,
        Err(_) => httpdate::parse_http_date(text).ok()?.duration_since(std::time::SystemTime::now()).ok()?,
    };
    Instant::now().checked_add(wait)
}

#[cfg(test)]
mod tests {
    use std::time::{Duration, Instant, SystemTime};

    use super::moment;

    #[test]
    fn a_retry_after_is_read_in_every_form() {
        let now = Instant::now();
        assert!(moment("2").is_some_and(|until| until >= now + Duration::from_secs(2)));
        assert!(moment("0.5").is_some_and(|until| until < now + Duration::from_secs(2)));
        let date = httpdate::fmt_http_date(SystemTime::now() + Duration::from_mins(1));
        assert!(moment(&date).is_some_and(|until| until > now + Duration::from_secs(50)));
        for nonsense in ["", "soon", "-1", "1e300", "NaN"] {
            assert_eq!(moment(nonsense), None, "{nonsense}");
        }
    }
}
