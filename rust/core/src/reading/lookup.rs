//! Users by id, in batches, in the order in which they were named.

use std::sync::Arc;

use bytes::Bytes;
use futures_util::StreamExt;
use futures_util::stream;

use super::events::{Notices, ReadEvent, Reading};
use super::exchange::{Answered, Reader, Request, Trouble, settle};
use super::page::Entry;
use super::query::Query;
use super::refusal::Subject;
use super::user::{SELECT, UserSession};
use crate::auth::claims::AuthType;
use crate::engine::Input;
use crate::error::{ErrorDetail, ErrorId};
use crate::graph::answer::Verdict;
use crate::graph::batch;
use crate::identity::Target;
use crate::session::Session;
use crate::transport::Method;

/// How many batches are on their way at once.
const IN_FLIGHT: usize = 8;

/// Reads each user. For every input there is one item or one failure, in order; a failure tells the place of
/// its input. With `verbose` it tells of its requests.
pub fn look_up_users(session: &Session, inputs: &[Input], verbose: bool) -> Reading<UserSession> {
    let (notices, receiver) = Notices::new(verbose);
    let is_app = session.context().auth_type == AuthType::AppOnly;
    let wanted: Vec<Wanted> =
        inputs.iter().enumerate().map(|(place, input)| Wanted::new(place, input, is_app)).collect();
    let reader = Arc::new(Reader::new(session, Subject::User, notices));
    let batches: Vec<Vec<Wanted>> = wanted.chunks(batch::MAX_STEPS).map(<[Wanted]>::to_vec).collect();
    let reads = batches.into_iter().map(move |batch| read(Arc::clone(&reader), batch));
    Reading::new(stream::iter(reads).buffered(IN_FLIGHT), receiver)
}

/// A user to read, or what became of it.
#[derive(Debug, Clone)]
struct Wanted {
    place: usize,
    name: String,
    subject: Subject,
    path: String,
    result: Option<Result<UserSession, ErrorDetail>>,
}

impl Wanted {
    fn new(place: usize, input: &Input, is_app: bool) -> Self {
        let (name, subject, address, refused) = match input.target() {
            Ok(Target::User(user)) => (user.to_string(), Subject::User, user.address(), None),
            Ok(target @ Target::Me(_)) => {
                let refused = is_app.then(|| {
                    ErrorId::DelegatedSignInRequired
                        .with_message("-Me means the signed-in user, but an application is signed in, not a user.")
                });
                (target.to_string(), Subject::Me, "me".to_owned(), refused)
            }
            Err(invalid) => (String::new(), Subject::User, String::new(), Some(invalid)),
        };
        let path = Query::new(&address).with("$select", SELECT).finish();
        Self { place, name, subject, path, result: refused.map(Err) }
    }

    fn refuse(&mut self, verdict: &Verdict) {
        self.result = Some(Err(self.subject.refused(verdict, Some(&self.name))));
    }

    fn into_event(self) -> ReadEvent<UserSession> {
        match self.result {
            Some(Ok(user)) => ReadEvent::Item(user),
            Some(Err(detail)) => ReadEvent::Failed { detail, about: Some(self.place) },
            None => ReadEvent::Failed {
                detail: ErrorId::InternalError.with_message(format!("RevokeSession lost sight of {}.", self.name)),
                about: Some(self.place),
            },
        }
    }
}

/// Reads the users of one batch, again and again until each has its result.
async fn read(reader: Arc<Reader>, mut batch: Vec<Wanted>) -> Vec<ReadEvent<UserSession>> {
    let mut trials = reader.trials();
    // One odd user can make Graph reject a batch; alone, each gets an answer of its own.
    let mut alone = false;
    loop {
        let mut open: Vec<&mut Wanted> = batch.iter_mut().filter(|wanted| wanted.result.is_none()).collect();
        if open.is_empty() {
            return batch.into_iter().map(Wanted::into_event).collect();
        }
        if alone {
            open.truncate(1);
        }
        let round = match reader.ask(&request(&open), &mut trials).await {
            Ok(Answered::Refused(Verdict::Rejected { .. })) if open.len() > 1 => {
                alone = true;
                continue;
            }
            Ok(answered) => take(&reader, &mut open, &answered),
            Err(detail) => Err(detail),
        };
        let given_up = match round {
            Ok(Some(trouble)) => reader.repeat_after(trouble, &mut trials).await.err(),
            Ok(None) => None,
            Err(detail) => Some(detail),
        };
        if let Some(detail) = given_up {
            for wanted in batch.iter_mut().filter(|wanted| wanted.result.is_none()) {
                wanted.result = Some(Err(detail.clone()));
            }
        }
    }
}

fn request(open: &[&mut Wanted]) -> Request {
    let batch = match open {
        [one] => return Request { path: one.path.clone(), batch: None, eventual: false },
        several => several.iter().map(|wanted| wanted.path.clone()).collect::<Vec<_>>(),
    };
    Request {
        path: batch::PATH.to_owned(),
        batch: Some(Bytes::from(batch::encode(Method::Get, &batch))),
        eventual: false,
    }
}

/// Gives each user its answer, and tells what keeps the others from having one.
fn take(reader: &Reader, open: &mut [&mut Wanted], answered: &Answered) -> Result<Option<Trouble>, ErrorDetail> {
    let body = match (answered, &mut *open) {
        (Answered::Refused(verdict), [one]) => {
            one.refuse(verdict);
            return Ok(None);
        }
        // What Graph says of a batch as a whole it says of none of its users.
        (Answered::Refused(Verdict::NotFound(_)), _) => return Ok(Some(Trouble::Unreadable("a batch was not found"))),
        (Answered::Refused(verdict), _) => return Err(reader.subject.refused(verdict, None)),
        (Answered::Body(body), [one]) => {
            return Ok(read_into(one, body).err());
        }
        (Answered::Body(body), _) => body,
    };
    let Ok(steps) = batch::decode(body, open.len()) else {
        return Ok(Some(Trouble::Unreadable("it is no batch response")));
    };
    let now = reader.session.parts().clock.utc();
    let mut troubles = Vec::new();
    for (wanted, step) in open.iter_mut().zip(&steps) {
        let Some(answer) = step.as_ref().map(batch::StepAnswer::answer) else {
            troubles.push(Trouble::Unreadable("a step of a batch has no usable answer"));
            continue;
        };
        let settled = match (answer.status, answer.body) {
            (200..=299, Some(body)) => read_into(wanted, body),
            (200..=299, None) => Err(Trouble::Unreadable("it has no body")),
            _ => settle(answer.verdict(now)).map(|verdict| wanted.refuse(&verdict)),
        };
        troubles.extend(settled.err());
    }
    Ok(gravest(reader, troubles))
}

fn read_into(wanted: &mut Wanted, body: &[u8]) -> Result<(), Trouble> {
    let user = UserSession::read(body).ok_or(Trouble::Unreadable("it is no user"))?;
    wanted.result = Some(Ok(user));
    Ok(())
}

/// The trouble to act on. A wait that one step was asked for holds for all of them.
fn gravest(reader: &Reader, troubles: Vec<Trouble>) -> Option<Trouble> {
    for trouble in &troubles {
        if let Trouble::Throttled { wait } = trouble {
            reader.close_gate(*wait);
        }
    }
    let weight = |trouble: &Trouble| match trouble {
        Trouble::Throttled { wait } => (0, *wait),
        Trouble::Unreadable(_) => (1, None),
        Trouble::Unanswered { wait, .. } => (2, *wait),
        _ => (3, None),
    };
    troubles.into_iter().max_by_key(weight)
}
