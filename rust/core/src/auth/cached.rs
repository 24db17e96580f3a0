//! One token for everybody: kept while it is good, fetched once for all who wait.

use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use async_trait::async_trait;
use jiff::Timestamp;
use tokio::sync::Mutex as AsyncMutex;

use super::{AuthError, BearerToken, Rejection, TokenFetcher, TokenSource};
use crate::clock::Clock;

/// A token is renewed this long before it ends, so that none runs out on its way.
const RENEW_BEFORE: Duration = Duration::from_mins(5);

/// A renewal that did not bring a longer life is not asked for again for so long, while the token is good.
const RENEW_AGAIN: Duration = Duration::from_secs(30);

/// Keeps the token of a [`TokenFetcher`] and lets one fetch serve all who wait for it.
#[derive(Debug)]
pub struct CachedSource<F> {
    fetcher: F,
    clock: Arc<dyn Clock>,
    /// Held while a fetch is under way; the number counts the fetches that have ended.
    fetching: AsyncMutex<u64>,
    state: Mutex<State>,
}

#[derive(Debug, Default)]
struct State {
    fetches: u64,
    last: Option<Result<BearerToken, AuthError>>,
    current: Option<BearerToken>,
    /// Before this no renewal is tried of a token that is still good.
    not_before: Option<Timestamp>,
}

impl<F: TokenFetcher> CachedSource<F> {
    /// Keeps what `fetcher` gets.
    pub fn new(fetcher: F, clock: Arc<dyn Clock>) -> Self {
        Self { fetcher, clock, fetching: AsyncMutex::new(0), state: Mutex::default() }
    }

    fn state(&self) -> std::sync::MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// The token in hand if it is good for at least `margin` and is not the rejected one.
    fn usable(&self, rejection: Option<&Rejection>, margin: Duration) -> Option<BearerToken> {
        let token = self.state().current.clone()?;
        let is_rejected = rejection.is_some_and(|rejection| rejection.token.is_same(&token));
        (is_good(&token, self.clock.utc(), margin) && !is_rejected).then_some(token)
    }

    /// How long before its end the token in hand is to be renewed.
    fn margin(&self) -> Duration {
        let waits = self.state().not_before.is_some_and(|then| self.clock.utc() < then);
        if waits { Duration::ZERO } else { RENEW_BEFORE }
    }
}

fn is_good(token: &BearerToken, now: Timestamp, margin: Duration) -> bool {
    token.expires_on().is_none_or(|end| now.saturating_add(margin).is_ok_and(|then| then < end))
}

#[async_trait]
impl<F: TokenFetcher> TokenSource for CachedSource<F> {
    async fn token(&self, rejection: Option<&Rejection>) -> Result<BearerToken, AuthError> {
        if let Some(token) = self.usable(rejection, self.margin()) {
            return Ok(token);
        }
        let seen = self.state().fetches;
        let mut fetching = self.fetching.lock().await;
        if *fetching > seen {
            // Somebody else's fetch ended while this call waited: its result is shared, good or bad.
            if let Some(token) = self.usable(rejection, Duration::ZERO) {
                return Ok(token);
            }
            if let Some(Err(error)) = &self.state().last {
                return Err(error.clone());
            }
        }
        let result = self.fetcher.fetch(rejection).await;
        *fetching += 1;
        let now = self.clock.utc();
        let mut state = self.state();
        state.fetches = *fetching;
        state.last = Some(result.clone());
        let is_longer = result.as_ref().is_ok_and(|token| is_good(token, now, RENEW_BEFORE));
        state.not_before = if is_longer { None } else { now.saturating_add(RENEW_AGAIN).ok() };
        match result {
            Ok(token) => {
                state.current = Some(token.clone());
                Ok(token)
            }
            Err(error) => {
                drop(state);
                // A token that is still good is not thrown away because its renewal failed.
                self.usable(rejection, Duration::ZERO).ok_or(error)
            }
        }
    }

    fn current(&self) -> Option<BearerToken> {
        self.state().current.clone()
    }
}

#[cfg(test)]
mod tests {
    use std::sync::atomic::{AtomicU32, Ordering};

    use jiff::Timestamp;

    use super::*;

    #[derive(Debug)]
    struct PausedClock(Timestamp, tokio::time::Instant);

    impl PausedClock {
        fn new() -> Arc<Self> {
            Arc::new(Self(Timestamp::UNIX_EPOCH, tokio::time::Instant::now()))
        }
    }

    impl Clock for PausedClock {
        fn utc(&self) -> Timestamp {
            self.0 + self.1.elapsed()
        }
    }

    /// Gives tokens that live for an hour, after a second, and fails from `fail_from` on.
    #[derive(Debug)]
    struct Authority {
        fetches: AtomicU32,
        fail_from: u32,
        clock: Arc<PausedClock>,
    }

    #[async_trait]
    impl TokenFetcher for Authority {
        async fn fetch(&self, _: Option<&Rejection>) -> Result<BearerToken, AuthError> {
            let number = self.fetches.fetch_add(1, Ordering::Relaxed) + 1;
            tokio::time::sleep(Duration::from_secs(1)).await;
            if number >= self.fail_from {
                return Err(AuthError::Unreachable("down".to_owned()));
            }
            let end = self.clock.utc() + Duration::from_secs(3600);
            Ok(BearerToken::new(format!("token {number}").into(), Some(end)))
        }
    }

    fn source(fail_from: u32) -> Arc<CachedSource<Authority>> {
        let clock = PausedClock::new();
        let authority = Authority { fetches: AtomicU32::new(0), fail_from, clock: Arc::clone(&clock) };
        Arc::new(CachedSource::new(authority, clock))
    }

    async fn ask_together(
        source: &Arc<CachedSource<Authority>>,
        rejection: Option<&Rejection>,
    ) -> Vec<Result<BearerToken, AuthError>> {
        futures_util::future::join_all((0..8).map(|_| source.token(rejection))).await
    }

    #[tokio::test(start_paused = true)]
    async fn one_fetch_serves_all_who_wait() {
        let source = source(u32::MAX);
        let tokens = ask_together(&source, None).await;
        assert!(tokens.iter().all(|t| t.as_ref().unwrap().is_same(tokens[0].as_ref().unwrap())));
        assert_eq!(source.fetcher.fetches.load(Ordering::Relaxed), 1);
        // A rejected token is replaced once for all of them.
        let rejection = Rejection { token: tokens[0].clone().unwrap(), claims: None };
        let renewed = ask_together(&source, Some(&rejection)).await;
        assert!(renewed.iter().all(|t| !t.as_ref().unwrap().is_same(&rejection.token)));
        assert_eq!(source.fetcher.fetches.load(Ordering::Relaxed), 2);
    }

    #[tokio::test(start_paused = true)]
    async fn a_failure_is_shared_too() {
        let source = source(1);
        assert!(ask_together(&source, None).await.iter().all(Result::is_err));
        assert_eq!(source.fetcher.fetches.load(Ordering::Relaxed), 1);
    }

    #[tokio::test(start_paused = true)]
    async fn a_good_token_outlives_a_failed_renewal() {
        let source = source(2);
        let first = source.token(None).await.unwrap();
        tokio::time::advance(Duration::from_secs(3600 - 120)).await;
        assert!(source.token(None).await.unwrap().is_same(&first));
        assert_eq!(source.fetcher.fetches.load(Ordering::Relaxed), 2);
        // Nor is the authority asked again for every batch.
        assert!(source.token(None).await.unwrap().is_same(&first));
        assert_eq!(source.fetcher.fetches.load(Ordering::Relaxed), 2);
        tokio::time::advance(RENEW_AGAIN).await;
        assert!(source.token(None).await.unwrap().is_same(&first));
        assert_eq!(source.fetcher.fetches.load(Ordering::Relaxed), 3);
        tokio::time::advance(Duration::from_secs(120)).await;
        assert!(source.token(None).await.is_err());
    }
}
