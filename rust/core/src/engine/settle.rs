//! What an answer, or the lack of one, means for a user: an outcome, or another attempt.

use std::time::Duration;

use tokio::time::Instant;

use super::dispatch::{End, Engine};
use super::exchange::{Delivery, Landing, StepReport};
use super::job::Job;
use super::ledger::Settled;
use super::wording::{brief, describe, summary};
use crate::auth::{AuthError, BearerToken, Rejection};
use crate::error::{ErrorDetail, ErrorId};
use crate::graph::answer::Verdict;
use crate::graph::error_body::GraphError;
use crate::outcome::{Failure, Status};
use crate::pacing::backoff;

/// After so many requests without an answer to trust a user is given up as unknown.
const MAX_DOUBTFUL: u32 = 6;

/// After so many a user travels alone, so that it cannot spoil the batch of others for ever.
const ALONE_AFTER: u32 = 1;

/// What the users of one request have in common.
struct Context {
    now: Instant,
    /// The token that was sent.
    token: Option<BearerToken>,
    /// A number from zero to one, for back-off.
    chance: f64,
}

impl Engine {
    /// Deals with the users of one request.
    pub(super) fn unload(&mut self, cargo: Vec<Job>, landing: Landing) {
        let Landing { client_request_id, token, result } = landing;
        let now = self.now();
        let users = cargo.len();
        let mut cargo = cargo;
        // One throw for all users of the request, so that they return in one batch again.
        let context = Context { now, token, chance: self.session.parts().entropy.fraction() };
        if !matches!(result, Delivery::NoToken(_) | Delivery::NotSent(_)) {
            for job in &mut cargo {
                job.attempts += 1;
                job.first_sent.get_or_insert(now);
                job.fresh_connection = false;
            }
        }
        if let Delivery::Answers(reports) = &result {
            reports.iter().filter_map(|report| report.usage).for_each(|usage| self.session.pacer().learn(now, usage));
        }
        match result {
            Delivery::NoToken(AuthError::Unreachable(why)) | Delivery::NotSent(why) => {
                self.notice(|| {
                    format!("Nothing could be sent for {users} users (client-request-id {client_request_id}): {why}")
                });
                self.unreachable(cargo, &why, &context);
            }
            Delivery::NoToken(error) => self.sign_in_failed(cargo, error),
            Delivery::Lost(why) => {
                self.notice(|| format!("No answer for {users} users (client-request-id {client_request_id}): {why}"));
                self.out_of_reach(&why, &context);
                for mut job in cargo {
                    job.alone |= job.doubtful >= ALONE_AFTER;
                    self.doubt(job, format!("the connection was lost: {why}"), None, &context);
                }
                self.give_up_if_unreachable(&why, now);
            }
            Delivery::Answers(reports) => {
                self.outage.answered();
                self.notice(|| {
                    format!(
                        "Graph answered for {users} users (client-request-id {client_request_id}): {}",
                        summary(&reports)
                    )
                });
                self.refused_token = None;
                if !reports.iter().any(|report| matches!(report.verdict, Verdict::Throttled { .. })) {
                    self.session.pacer().passed(now);
                }
                for (job, report) in cargo.into_iter().zip(reports) {
                    self.judge(job, report, &context);
                }
            }
            Delivery::Whole(report) => {
                self.outage.answered();
                self.notice(|| {
                    format!(
                        "Graph answered for a batch of {users} as a whole (client-request-id {client_request_id}): {}",
                        brief(&report.verdict)
                    )
                });
                self.judge_whole(cargo, &report, &context);
            }
        }
    }

    fn judge_whole(&mut self, cargo: Vec<Job>, report: &StepReport, context: &Context) {
        if let Verdict::Unauthorized { error, .. } = &report.verdict {
            let token = context.token.as_ref();
            let is_another = |refused: &BearerToken| token.is_some_and(|token| !token.is_same(refused));
            if self.refused_token.as_ref().is_some_and(is_another) {
                // A new token was refused as well, so asking for each user again would change nothing.
                let description = describe(error.as_ref(), "Microsoft Graph does not accept the access token");
                let code = error.as_ref().map(|error| error.code.clone());
                return self.sign_in_failed(cargo, AuthError::Refused { code, description });
            }
            self.refused_token = token.cloned();
        }
        for mut job in cargo {
            if matches!(report.verdict, Verdict::Rejected { .. }) && !job.alone {
                // One odd user can make Graph reject a batch; alone, each gets an answer of its own.
                job.alone = true;
                self.ready.push_back(job);
            } else {
                self.judge(job, report.clone(), context);
            }
        }
    }

    fn judge(&mut self, mut job: Job, report: StepReport, context: &Context) {
        let StepReport { verdict, request_id, .. } = report;
        job.request_id = request_id.or(job.request_id);
        job.throttled = false;
        let name = || self.ledger.name(job.key);
        match verdict {
            Verdict::Revoked => self.confirmed(job),
            Verdict::Refused => {
                let detail = ErrorId::RevocationRefused
                    .with_message(format!("Graph answered that it did not revoke the sessions of {}.", name()));
                self.fail(&job, Status::Failed, detail, None);
            }
            Verdict::NotFound(error) => {
                let detail =
                    ErrorId::UserNotFound.with_message(format!("There is no user '{}' in this tenant.", name()));
                self.fail(&job, Status::NotFound, detail, error);
            }
            Verdict::Denied(error) => {
                let why = describe(error.as_ref(), "no reason given");
                let detail = ErrorId::AccessDenied
                    .with_message(format!("Graph refused to revoke the sessions of {}: {why}", name()));
                self.fail(&job, Status::Denied, detail, error);
            }
            Verdict::Rejected { status, error } => {
                let why = describe(error.as_ref(), "no reason given");
                let detail = ErrorId::RequestRejected
                    .with_message(format!("Graph rejected the request for {} with status {status}: {why}", name()));
                self.fail(&job, Status::Failed, detail, error);
            }
            Verdict::Unauthorized { error, .. } if job.renewed => {
                let why = describe(error.as_ref(), "Microsoft Graph does not accept the access token");
                let detail = ErrorId::AuthenticationFailed.with_message(format!("Signing in failed: {why}"));
                self.fail(&job, Status::Failed, detail, error);
            }
            Verdict::Unauthorized { claims, .. } => {
                job.renewed = true;
                job.rejection = context.token.clone().map(|token| Rejection { token, claims });
                self.ready.push_front(job);
            }
            Verdict::Throttled { wait } => self.throttled(job, wait, context),
            Verdict::Unavailable { status, wait } => {
                if let Some(wait) = wait {
                    self.session.pacer().wait(context.now, wait);
                }
                job.fresh_connection = status == 503;
                self.doubt(job, format!("Graph answered with status {status}"), wait, context);
            }
            Verdict::Untrusted(why) => {
                job.alone |= job.doubtful >= ALONE_AFTER;
                self.doubt(job, why.to_owned(), None, context);
            }
            Verdict::Redirected { status } => {
                job.doubtful += 1;
                job.trouble = Some(format!("the answer was a redirection (status {status}), which is never followed"));
                self.settle_unknown(&job);
            }
        }
    }

    fn throttled(&mut self, mut job: Job, wait: Option<Duration>, context: &Context) {
        self.session
            .pacer()
            .throttled(context.now, |in_a_row| wait.unwrap_or_else(|| backoff::wait(in_a_row + 1, context.chance)));
        job.throttled = true;
        job.trouble = Some(match wait {
            Some(wait) => format!("Graph asked to wait for {} s", wait.as_secs_f64()),
            None => "Graph asked to wait".to_owned(),
        });
        self.notice(|| format!("Throttled: {}", job.trouble.as_deref().unwrap_or_default()));
        // The gate holds it back as long as asked; whether that is in time is looked at there.
        self.ready.push_back(job);
    }

    /// Nothing can be concluded from the request: it is repeated, because a repetition is harmless.
    fn doubt(&mut self, mut job: Job, trouble: String, wait: Option<Duration>, context: &Context) {
        job.doubtful += 1;
        job.trouble = Some(trouble);
        let pause = backoff::wait(job.doubtful, context.chance).max(wait.unwrap_or_default());
        let next = context.now.checked_add(pause);
        match next {
            Some(next) if job.doubtful < MAX_DOUBTFUL && next < self.last_moment(&job, context.now) => {
                self.notice(|| {
                    format!(
                        "A request is repeated in {:.1} s: {}",
                        pause.as_secs_f64(),
                        job.trouble.as_deref().unwrap_or_default()
                    )
                });
                self.delay(job, next);
            }
            _ => self.settle_unknown(&job),
        }
    }

    fn unreachable(&mut self, cargo: Vec<Job>, why: &str, context: &Context) {
        self.out_of_reach(why, context);
        for mut job in cargo.into_iter().rev() {
            job.trouble = Some(why.to_owned());
            self.ready.push_front(job);
        }
        self.give_up_if_unreachable(why, context.now);
    }

    fn out_of_reach(&mut self, why: &str, context: &Context) {
        if self.outage.failed(context.now, context.chance) {
            let patience = self.options.outage_limit.as_secs();
            self.warn(format!("Microsoft Graph cannot be reached: {why}. Trying on for {patience} s."));
        }
    }

    fn give_up_if_unreachable(&mut self, why: &str, now: Instant) {
        if !self.outage.exceeds(now, self.options.outage_limit) {
            return;
        }
        for job in self.drain_waiting() {
            let detail = ErrorId::GraphUnreachable.with_message(format!(
                "Nothing was sent for {}, because Microsoft Graph cannot be reached: {why}.",
                self.ledger.name(job.key)
            ));
            self.fail(&job, Status::Failed, detail, None);
        }
    }

    /// Signing in has failed for good: every user that waits gets to know, and nothing more is sent.
    fn sign_in_failed(&mut self, cargo: Vec<Job>, error: AuthError) {
        let mut affected = cargo;
        affected.append(&mut self.drain_waiting());
        for job in &affected {
            self.fail(job, Status::Failed, error.detail(), None);
        }
        self.no_token = Some(error);
    }

    /// Ends the wait of users whose time is over before they could be sent.
    pub(super) fn give_up_what_cannot_go_in_time(&mut self, now: Instant) {
        if let Some(error) = self.no_token.clone() {
            for job in self.drain_waiting() {
                self.fail(&job, Status::Failed, error.detail(), None);
            }
        }
        let Some(opens) = self.session.pacer().closed_until(now) else { return };
        if self.ready.iter().all(|job| opens < self.last_moment(job, now)) {
            return;
        }
        let waiting = std::mem::take(&mut self.ready);
        let (in_time, late): (Vec<Job>, Vec<Job>) =
            waiting.into_iter().partition(|job| opens < self.last_moment(job, now));
        self.ready = in_time.into();
        for job in late {
            let seconds = opens.duration_since(now).as_secs();
            let detail = ErrorId::Throttled.with_message(format!(
                "Graph asked to wait for {seconds} s, which is past the end of this run's time, so {} was not revoked.",
                self.ledger.name(job.key)
            ));
            self.fail(&job, Status::Throttled, detail, None);
        }
    }

    /// A run that was not given a time still does not try for ever.
    fn last_moment(&self, job: &Job, now: Instant) -> Instant {
        let budget = job.first_sent.unwrap_or(now) + self.options.retry_budget;
        self.deadline.map_or(budget, |deadline| deadline.min(budget))
    }

    fn drain_waiting(&mut self) -> Vec<Job> {
        self.ready.drain(..).chain(self.delayed.drain().map(|delayed| delayed.job)).collect()
    }

    /// The run ended while the request was on its way.
    pub(super) fn settle_in_flight(&mut self, mut job: Job, end: End) {
        job.attempts += 1;
        job.doubtful += 1;
        job.trouble = Some(match end {
            End::Deadline => "no answer had come when the time of the run was over".to_owned(),
            End::Cancelled => "no answer had come when the run was stopped".to_owned(),
        });
        self.settle_unknown(&job);
    }

    /// The run ended before this user could be sent, or sent again.
    pub(super) fn settle_unsent(&mut self, job: &Job, end: End) {
        let name = self.ledger.name(job.key);
        let held_back = job.throttled || self.hold.is_some() || self.session.pacer().closed_until(self.now()).is_some();
        let (status, detail) = match end {
            End::Cancelled => (
                Status::Failed,
                ErrorId::Cancelled.with_message(format!("The run was stopped before {name} was revoked.")),
            ),
            End::Deadline if held_back => (
                Status::Throttled,
                ErrorId::Throttled.with_message(format!(
                    "Graph asked to wait until after the end of this run's time, so {name} was not revoked."
                )),
            ),
            End::Deadline => (
                Status::Failed,
                ErrorId::TimedOut.with_message(format!("The time of the run was over before {name} was revoked.")),
            ),
        };
        self.fail(job, status, detail, None);
    }

    /// The task that carried the request failed in a way that nobody foresaw.
    pub(super) fn settle_after_panic(&mut self, mut job: Job) {
        job.attempts += 1;
        job.doubtful += 1;
        let name = self.ledger.name(job.key);
        let detail = ErrorId::InternalError.with_message(format!("RevokeSession itself failed while it revoked the sessions of {name}; whether they were revoked is not known."));
        self.settle(&job, Status::Unknown, Some(Failure { detail, graph_code: None }));
    }

    fn settle_unknown(&mut self, job: &Job) {
        let name = self.ledger.name(job.key);
        let trouble = job.trouble.as_deref().unwrap_or("no answer came");
        let detail = ErrorId::OutcomeUnknown
            .with_message(format!("Whether the sessions of {name} were revoked is not known: {trouble}."));
        self.settle(job, Status::Unknown, Some(Failure { detail, graph_code: None }));
    }

    /// Settles a user as not revoked, unless an earlier request may have revoked it after all.
    pub(super) fn fail(&mut self, job: &Job, status: Status, detail: ErrorDetail, error: Option<GraphError>) {
        let graph_code = error.map(|error| error.code);
        if job.doubtful == 0 {
            return self.settle(job, status, Some(Failure { detail, graph_code }));
        }
        let message = format!(
            "An earlier request may have revoked the sessions although no answer to it came. The latest attempt: {}",
            detail.message
        );
        let detail = ErrorId::OutcomeUnknown.with_message(message);
        self.settle(job, Status::Unknown, Some(Failure { detail, graph_code }));
    }

    pub(super) fn settle(&mut self, job: &Job, status: Status, failure: Option<Failure>) {
        let settled = Settled {
            request_id: job.request_id,
            attempts: job.attempts,
            guest: job.guest,
            ..Settled::new(status, failure, self.utc())
        };
        self.settle_as(job, settled);
    }

    pub(super) fn settle_as(&mut self, job: &Job, settled: Settled) {
        let outcomes: Vec<_> = self.ledger.settle(job.key, settled).collect();
        for outcome in outcomes {
            self.answer(outcome);
        }
    }
}
