//! What the library asks the other side for: a signature, a token, or to show something to the user.
//!
//! The other side asks for questions instead of being called, so that it answers on whichever of its threads may:
//! a certificate's key anywhere, another module's session only on the pipeline thread.

use std::collections::HashMap;
use std::fmt::{self, Debug};
use std::sync::Mutex;
use std::sync::atomic::{AtomicU64, Ordering};

use revoke_session_core::auth::{AssertionSigner, DeviceCodePrompt, DeviceCodeShown, TokenLender};
use secrecy::{ExposeSecret, SecretSlice, SecretString};
use tokio::sync::mpsc::{UnboundedReceiver, UnboundedSender, unbounded_channel};
use tokio::sync::{Mutex as AsyncMutex, oneshot};

use crate::boundary::lock;
use crate::wire::{HostQuestion, HostQuestionKind};

/// An answer: bytes, or why there are none.
type Answer = Result<SecretSlice<u8>, String>;

/// The questions of one session.
pub(crate) struct Host {
    asked: UnboundedSender<HostQuestion>,
    questions: AsyncMutex<UnboundedReceiver<HostQuestion>>,
    waiting: Mutex<HashMap<u64, oneshot::Sender<Answer>>>,
    latest: AtomicU64,
}

impl Host {
    pub(crate) fn new() -> Self {
        let (asked, questions) = unbounded_channel();
        Self { asked, questions: AsyncMutex::new(questions), waiting: Mutex::default(), latest: AtomicU64::new(0) }
    }

    /// Waits for the next question.
    pub(crate) async fn next(&self) -> Option<HostQuestion> {
        self.questions.lock().await.recv().await
    }

    /// Passes an answer on to whoever waits for it, if anybody still does.
    pub(crate) fn answer(&self, id: u64, answer: Answer) {
        if let Some(waiting) = lock(&self.waiting).remove(&id) {
            let _ = waiting.send(answer);
        }
    }

    async fn ask(&self, kind: HostQuestionKind, data: Vec<u8>) -> Answer {
        let id = self.latest.fetch_add(1, Ordering::Relaxed) + 1;
        let (sender, answer) = oneshot::channel();
        lock(&self.waiting).insert(id, sender);
        let _forgotten = Forgotten { host: self, id };
        let nobody = || "nobody answers".to_owned();
        self.asked.send(HostQuestion { id, kind, data, text: String::new() }).map_err(|_| nobody())?;
        answer.await.unwrap_or_else(|_| Err(nobody()))
    }
}

/// Forgets a question that is no longer waited for.
struct Forgotten<'a> {
    host: &'a Host,
    id: u64,
}

impl Drop for Forgotten<'_> {
    fn drop(&mut self) {
        lock(&self.host.waiting).remove(&self.id);
    }
}

impl Debug for Host {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Host").finish_non_exhaustive()
    }
}

/// A share in the [`Host`] of a session, to sign, lend and show with.
#[derive(Debug, Clone)]
pub(crate) struct HostHandle(pub(crate) std::sync::Arc<Host>);

#[async_trait::async_trait]
impl AssertionSigner for HostHandle {
    async fn sign(&self, data: &[u8]) -> Result<Vec<u8>, String> {
        let signature = self.0.ask(HostQuestionKind::Sign, data.to_vec()).await?;
        Ok(signature.expose_secret().to_vec())
    }
}

#[async_trait::async_trait]
impl TokenLender for HostHandle {
    async fn lend(&self) -> Result<SecretString, String> {
        let token = self.0.ask(HostQuestionKind::LendToken, Vec::new()).await?;
        let text = std::str::from_utf8(token.expose_secret()).map_err(|_| "the token is no text".to_owned())?;
        Ok(SecretString::from(text))
    }
}

impl DeviceCodePrompt for HostHandle {
    fn show(&self, shown: DeviceCodeShown) {
        let question =
            HostQuestion { id: 0, kind: HostQuestionKind::ShowMessage, data: Vec::new(), text: shown.message };
        // Nobody to show it to means that nobody waits for the sign-in either.
        let _ = self.0.asked.send(question);
    }
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use super::*;

    fn runtime() -> tokio::runtime::Runtime {
        tokio::runtime::Builder::new_current_thread().build().unwrap()
    }

    #[test]
    fn an_answer_reaches_the_one_who_asked() {
        runtime().block_on(async {
            let host = HostHandle(Arc::new(Host::new()));
            let asking = tokio::spawn({
                let host = host.clone();
                async move { (host.sign(b"data").await, host.lend().await) }
            });
            let question = host.0.next().await.unwrap();
            assert_eq!((question.kind, question.data.as_slice()), (HostQuestionKind::Sign, &b"data"[..]));
            // An answer to a question that nobody asked changes nothing.
            host.0.answer(99, Err("other".to_owned()));
            host.0.answer(question.id, Ok(vec![1, 2].into()));
            let question = host.0.next().await.unwrap();
            assert_eq!(question.kind, HostQuestionKind::LendToken);
            host.0.answer(question.id, Err("no session".to_owned()));
            let (signed, lent) = asking.await.unwrap();
            assert_eq!((signed, lent.err()), (Ok(vec![1, 2]), Some("no session".to_owned())));
        });
    }

    #[test]
    fn a_question_given_up_is_forgotten() {
        runtime().block_on(async {
            let host = HostHandle(Arc::new(Host::new()));
            let asking = tokio::spawn({
                let host = host.clone();
                async move { host.lend().await }
            });
            host.0.next().await.unwrap();
            asking.abort();
            assert!(asking.await.is_err());
            assert!(lock(&host.0.waiting).is_empty());
        });
    }
}
