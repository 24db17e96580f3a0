//! Faults on demand: which requests go wrong, and how.

use std::collections::BTreeMap;
use std::sync::atomic::{AtomicBool, Ordering::Relaxed};
use std::sync::{Mutex, MutexGuard, PoisonError};

use serde::{Deserialize, Serialize};
use serde_json::Value;

use crate::random::{Random, mix};

/// Where a fault can strike.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum FaultPoint {
    /// A request to the token endpoint.
    Token,
    /// A request for a device code.
    Device,
    /// A request to a token endpoint of managed identities.
    Identity,
    /// A `$batch` request as a whole.
    Batch,
    /// Any one step inside a batch.
    Step,
    /// A revocation, alone or as a step.
    Revoke,
    /// A read of users, alone or as a step.
    Users,
    /// A request or step on `/me`.
    Me,
    /// Every HTTP request to Graph, for a sign-in or to managed identities; steps inside a batch are not requests.
    Any,
}

/// When the connection is closed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum CloseWhen {
    /// Before anything was done.
    Before,
    /// After the work was done.
    After,
}

/// What goes wrong.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case", deny_unknown_fields)]
pub enum Effect {
    /// This answer comes instead of the true one.
    Answer(ScriptedAnswer),
    /// The step is done, and its answer is left out of the batch.
    DropStep(bool),
    /// The step's answer is there twice.
    DuplicateStep(bool),
    /// The connection is closed without an answer.
    Close(CloseWhen),
    /// Nothing is done; after so many milliseconds the connection is closed without an answer.
    HangMs(u64),
    /// The work is done; the connection is closed after so many bytes of the answer's body.
    Truncate(usize),
    /// The work is done; the answer is held back for so many milliseconds.
    DelayMs(u64),
    /// Nothing is done; 429 with this text as `Retry-After`.
    RetryAfter(String),
    /// Nothing is done; Entra refuses the sign-in with this code. It strikes nothing but sign-ins.
    Aadsts(AadstsRefusal),
}

/// A refusal of Entra, in the words it has for the code.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct AadstsRefusal {
    /// The number behind `AADSTS`.
    pub code: u32,
    /// The OAuth error, when it is not the usual one of that code.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub error: Option<String>,
}

/// An answer that was made up.
#[derive(Debug, Clone, PartialEq, Default, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ScriptedAnswer {
    /// The status.
    pub status: u16,
    /// Headers beside the usual ones.
    #[serde(default)]
    pub headers: BTreeMap<String, String>,
    /// The body: a string is sent as it is, anything else as JSON.
    #[serde(default)]
    pub body: Option<Value>,
    /// Whether the work is done all the same.
    #[serde(default)]
    pub processed: bool,
}

/// One fault and the requests it strikes.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct FaultRule {
    /// Where it strikes.
    pub on: FaultPoint,
    /// Strikes only requests for this user, by object id or principal name.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub user: Option<String>,
    /// How often it strikes; without it, always.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub times: Option<u64>,
    /// The chance with which it strikes, from 0 to 1, drawn from the emulator's seed.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub rate: Option<f64>,
    /// How many matching requests pass first.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub after: Option<u64>,
    /// What goes wrong.
    pub effect: Effect,
}

impl FaultRule {
    /// A fault that strikes every time.
    pub fn new(on: FaultPoint, effect: Effect) -> Self {
        Self { on, user: None, times: None, rate: None, after: None, effect }
    }

    /// Strikes only requests for this user.
    #[must_use]
    pub fn for_user(self, user: impl Into<String>) -> Self {
        Self { user: Some(user.into()), ..self }
    }

    /// Strikes so many times and no more.
    #[must_use]
    pub fn times(self, times: u64) -> Self {
        Self { times: Some(times), ..self }
    }

    /// Strikes with this chance.
    #[must_use]
    pub fn rate(self, rate: f64) -> Self {
        Self { rate: Some(rate), ..self }
    }

    /// Lets so many matching requests pass first.
    #[must_use]
    pub fn after(self, after: u64) -> Self {
        Self { after: Some(after), ..self }
    }
}

/// The rules in force. The first rule that strikes wins.
#[derive(Debug)]
pub struct Faults {
    seed: u64,
    any: AtomicBool,
    rules: Mutex<Vec<Armed>>,
}

#[derive(Debug)]
struct Armed {
    rule: FaultRule,
    seen: u64,
    struck: u64,
    random: Random,
}

impl Faults {
    pub(crate) fn new(seed: u64) -> Self {
        Self { seed, any: AtomicBool::new(false), rules: Mutex::default() }
    }

    /// Adds a rule behind those there are.
    pub fn add(&self, rule: FaultRule) {
        let mut rules = self.lock();
        let number = u64::try_from(rules.len()).unwrap_or_default();
        rules.push(Armed { rule, seen: 0, struck: 0, random: Random::new(mix(self.seed) ^ number) });
        self.any.store(true, Relaxed);
    }

    /// Removes every rule.
    pub fn clear(&self) {
        self.lock().clear();
        self.any.store(false, Relaxed);
    }

    /// Every rule with how often it has struck.
    pub fn struck(&self) -> Vec<(FaultRule, u64)> {
        self.lock().iter().map(|armed| (armed.rule.clone(), armed.struck)).collect()
    }

    /// The effect that strikes something that is at all of `points`; `concerns` tells whether it names a user.
    pub(crate) fn strike(&self, points: &[FaultPoint], concerns: impl Fn(&str) -> bool) -> Option<Effect> {
        if !self.any.load(Relaxed) {
            return None;
        }
        self.lock().iter_mut().find_map(|armed| armed.strike(points, &concerns))
    }

    fn lock(&self) -> MutexGuard<'_, Vec<Armed>> {
        self.rules.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Armed {
    fn strike(&mut self, points: &[FaultPoint], concerns: &impl Fn(&str) -> bool) -> Option<Effect> {
        let rule = &self.rule;
        if !points.contains(&rule.on) || rule.user.as_deref().is_some_and(|user| !concerns(user)) {
            return None;
        }
        self.seen += 1;
        let spent = rule.times.is_some_and(|times| self.struck >= times);
        if self.seen <= rule.after.unwrap_or_default() || spent {
            return None;
        }
        if rule.rate.is_some_and(|rate| self.random.fraction() >= rate) {
            return None;
        }
        self.struck += 1;
        Some(rule.effect.clone())
    }
}

#[cfg(test)]
mod tests {
    use super::{CloseWhen, Effect, FaultPoint, FaultRule, Faults};

    fn struck(faults: &Faults, point: FaultPoint) -> bool {
        faults.strike(&[point], |user| user == "adele").is_some()
    }

    #[test]
    fn a_rule_lets_some_pass_and_ends() {
        let faults = Faults::new(1);
        faults.add(FaultRule::new(FaultPoint::Step, Effect::DropStep(true)).after(2).times(1));
        assert!(!struck(&faults, FaultPoint::Batch));
        let pattern: Vec<_> = (0..5).map(|_| struck(&faults, FaultPoint::Step)).collect();
        assert_eq!(pattern, [false, false, true, false, false]);
        assert_eq!(faults.struck()[0].1, 1);
    }

    #[test]
    fn a_rate_is_kept_and_repeatable() {
        let count = || {
            let faults = Faults::new(9);
            faults.add(FaultRule::new(FaultPoint::Any, Effect::HangMs(1)).rate(0.25));
            (0..10_000).map(|_| struck(&faults, FaultPoint::Any)).collect::<Vec<_>>()
        };
        let (one, two) = (count(), count());
        assert_eq!(one, two);
        let hits = one.iter().filter(|hit| **hit).count();
        assert!((2300..2700).contains(&hits), "seed 9 struck {hits} times");
    }

    #[test]
    fn a_user_narrows_a_rule_and_clearing_ends_it() {
        let faults = Faults::new(1);
        faults.add(FaultRule::new(FaultPoint::Revoke, Effect::Close(CloseWhen::After)).for_user("lee"));
        assert!(!struck(&faults, FaultPoint::Revoke));
        faults.add(FaultRule::new(FaultPoint::Revoke, Effect::Close(CloseWhen::After)).for_user("adele"));
        assert!(struck(&faults, FaultPoint::Revoke));
        faults.clear();
        assert!(!struck(&faults, FaultPoint::Revoke));
    }

    #[test]
    fn rules_are_read_from_json() {
        let rule: FaultRule = serde_json::from_str(
            r#"{"on":"step","times":2,"effect":{"answer":{"status":503,"headers":{"Retry-After":"1"},"body":"busy"}}}"#,
        )
        .expect("a rule");
        assert!(matches!(rule.effect, Effect::Answer(ref answer) if answer.status == 503 && !answer.processed));
        for effect in [
            r#"{"drop_step":true}"#,
            r#"{"duplicate_step":true}"#,
            r#"{"close":"before"}"#,
            r#"{"hang_ms":5}"#,
            r#"{"truncate":7}"#,
            r#"{"delay_ms":5}"#,
            r#"{"retry_after":"Wed, 21 Oct 2026 07:28:00 GMT"}"#,
            r#"{"aadsts":{"code":53003}}"#,
            r#"{"aadsts":{"code":53003,"error":"access_denied"}}"#,
        ] {
            serde_json::from_str::<Effect>(effect).expect(effect);
        }
        assert!(serde_json::from_str::<FaultRule>(r#"{"on":"step","effect":{"explode":true}}"#).is_err());
    }
}
