//! The loop of a run: what is taken in, what is sent when, and when the run is over.

use std::collections::{BinaryHeap, VecDeque};
use std::sync::Arc;

use jiff::Timestamp;
use tokio::sync::mpsc;
use tokio::time::{Instant, sleep_until};
use tokio_util::sync::CancellationToken;

use super::flights::{Cargo, Flights};
use super::job::{Delayed, Job};
use super::journaling::{self, Acknowledged, Log};
use super::ledger::{Admission, Ledger};
use super::outage::Outage;
use super::progress::Meter;
use super::verify::Readback;
use super::{Command, Event, Input, RunOptions};
use crate::auth::claims::AuthType;
use crate::auth::{AuthError, BearerToken};
use crate::error::ErrorId;
use crate::graph::batch::MAX_STEPS;
use crate::identity::Target;
use crate::journal::record::UserRecord;
use crate::outcome::{Failure, Outcome, Status};
use crate::pacing::Hold;
use crate::session::Session;

/// Why a run takes nothing on any more.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum End {
    Deadline,
    Cancelled,
}

/// The state of a run. One task owns it.
#[derive(Debug)]
pub(super) struct Engine {
    pub(super) session: Session,
    pub(super) options: RunOptions,
    cancel: CancellationToken,
    pub(super) meter: Arc<Meter>,
    /// The journal, where there is one.
    pub(super) log: Option<Log>,
    /// Inputs taken that are not in the ledger yet.
    pub(super) arriving: VecDeque<Input>,
    /// The number of the input that is on its way from there into the ledger.
    pub(super) admitting: Option<u64>,
    pub(super) ledger: Ledger,
    /// Jobs that may be sent now.
    pub(super) ready: VecDeque<Job>,
    /// Jobs that wait for their own instant.
    pub(super) delayed: BinaryHeap<Delayed>,
    order: u64,
    pub(super) outbox: VecDeque<Event>,
    /// Inputs taken, less outcomes put into the outbox.
    unanswered: u64,
    pub(super) readback: Readback,
    pub(super) outage: Outage,
    /// Set once signing in has failed for good.
    pub(super) no_token: Option<AuthError>,
    /// The latest token that Graph refused, until a newer one is accepted.
    pub(super) refused_token: Option<BearerToken>,
    pub(super) deadline: Option<Instant>,
    pub(super) end: Option<End>,
    pub(super) latest_arrival: Instant,
    /// Whether a partial batch may leave without waiting for company.
    flushing: bool,
    /// Why pacing let nothing leave when it was last asked.
    pub(super) hold: Option<Hold>,
    input_complete: bool,
}

impl Engine {
    pub(super) fn new(session: Session, options: RunOptions, cancel: CancellationToken, meter: Arc<Meter>) -> Self {
        let now = session.parts().clock.now();
        Self {
            deadline: options.timeout.and_then(|timeout| now.checked_add(timeout)),
            session,
            options,
            cancel,
            meter,
            log: None,
            arriving: VecDeque::new(),
            admitting: None,
            ledger: Ledger::default(),
            ready: VecDeque::new(),
            delayed: BinaryHeap::new(),
            order: 0,
            outbox: VecDeque::new(),
            unanswered: 0,
            readback: Readback::default(),
            outage: Outage::default(),
            no_token: None,
            refused_token: None,
            end: None,
            latest_arrival: now,
            flushing: false,
            hold: None,
            input_complete: false,
        }
    }

    /// Works until every input has its outcome and no more can come.
    pub(super) async fn work(
        &mut self,
        inbox: &mut mpsc::Receiver<Command>,
        events: &mpsc::Sender<Event>,
        acknowledged: &mut Acknowledged,
    ) {
        let mut flights = Flights::default();
        let mut landings = self.session.pacer().landings();
        let cancel = self.cancel.clone();
        loop {
            let now = self.now();
            if self.end.is_none() && self.deadline.is_some_and(|deadline| now >= deadline) {
                self.finish_early(End::Deadline, &mut flights);
            }
            self.wake_delayed(now);
            self.give_up_what_cannot_go_in_time(now);
            landings.mark_unchanged();
            self.send_what_may_go(now, &mut flights);
            if self.outbox.is_empty() && self.unanswered == 0 && self.input_complete {
                self.close_log().await;
                return;
            }
            let wake = self.wake_at(flights.revocations);
            let full = self.outbox.len().min(64);
            tokio::select! {
                biased;
                () = cancel.cancelled(), if self.end.is_none() => {
                    self.finish_early(End::Cancelled, &mut flights);
                }
                permits = events.reserve_many(full), if full > 0 => match permits {
                    Ok(permits) => permits.zip(self.outbox.drain(..full)).for_each(|(permit, event)| permit.send(event)),
                    // Nobody listens any more, so nobody is to be told what would happen next.
                    Err(_) => return,
                },
                () = events.closed(), if full == 0 => return,
                Some(landed) = flights.tasks.join_next_with_id(), if !flights.tasks.is_empty() => {
                    self.landed(landed, &mut flights);
                }
                written = journaling::next(acknowledged) => self.acknowledge(written),
                command = inbox.recv(), if !self.input_complete && self.has_room() => self.take(command),
                _ = landings.changed(), if self.hold == Some(Hold::Landing) => {}
                () = sleep_until(wake.unwrap_or(now)), if wake.is_some() => {}
            }
        }
    }

    pub(super) fn now(&self) -> Instant {
        self.session.parts().clock.now()
    }

    pub(super) fn utc(&self) -> Timestamp {
        self.session.parts().clock.utc()
    }

    /// Inputs without an outcome and outcomes that nobody has read count alike: enough of both to
    /// keep every batch in flight full and the next ones ready, and no more.
    fn has_room(&self) -> bool {
        let enough = (self.options.throttle_limit * MAX_STEPS * 4).max(1000) as u64;
        self.unanswered + (self.outbox.len() as u64) < enough
    }

    fn take(&mut self, command: Option<Command>) {
        match command {
            Some(Command::Users(inputs)) => {
                self.latest_arrival = self.now();
                self.flushing = false;
                self.meter.accept(inputs.len());
                self.unanswered += inputs.len() as u64;
                self.arriving.extend(inputs);
                while let Some(input) = self.arriving.pop_front() {
                    self.admitting = Some(input.tag);
                    self.admit(input);
                    self.admitting = None;
                }
            }
            Some(Command::Flush) => self.flushing = true,
            None => {
                self.input_complete = true;
                self.meter.complete();
            }
        }
    }

    fn admit(&mut self, input: Input) {
        let Input { tag, target } = input;
        let target = match target {
            Ok(target) => target,
            Err(invalid) => {
                return self.refuse(tag, None, Status::Failed, Failure { detail: invalid.detail(), graph_code: None });
            }
        };
        let target = if matches!(target, Target::Me(_)) { Target::Me(self.session.context().user) } else { target };
        let alone = matches!(target, Target::Me(_));
        if alone && self.session.context().auth_type == AuthType::AppOnly {
            let detail = ErrorId::DelegatedSignInRequired
                .with_message("-Me means the signed-in user, but an application is signed in, not a user.");
            return self.refuse(tag, Some(target), Status::Failed, Failure { detail, graph_code: None });
        }
        if let Some(outcome) = self.answer_of_journal(tag, &target) {
            return self.answer(outcome);
        }
        let path = target.revoke_path();
        let user = self.log.as_ref().map(|_| UserRecord::from(&target));
        match self.ledger.admit(tag, target, self.utc()) {
            Admission::Waiting => {}
            Admission::Answered(outcome) => self.answer(*outcome),
            Admission::New(key) => self.intend(Job::new(key, path, alone), user),
        }
    }

    /// Lets a job take its turn, unless the run takes nothing on any more.
    pub(super) fn enter(&mut self, job: Job) {
        match self.end {
            None if self.is_to_be_read(&job) => self.read_before(job),
            None => self.ready.push_back(job),
            Some(end) => self.settle_unsent(&job, end),
        }
    }

    /// Answers an input that never became a job.
    fn refuse(&mut self, tag: u64, target: Option<Target>, status: Status, failure: Failure) {
        let at = self.utc();
        let outcome = Outcome {
            tag,
            target,
            status,
            note: None,
            warn: false,
            failure: Some(failure),
            request_id: None,
            attempts: 0,
            at,
            sessions_valid_from: None,
            verified: None,
        };
        self.answer(outcome);
    }

    pub(super) fn tell(&mut self, outcome: Outcome) {
        self.unanswered -= 1;
        self.meter.finish_one();
        self.outbox.push_back(Event::Outcome(outcome));
    }

    pub(super) fn notice(&mut self, text: impl FnOnce() -> String) {
        if self.options.verbose {
            self.outbox.push_back(Event::Notice(text()));
        }
    }

    pub(super) fn warn(&mut self, text: String) {
        self.outbox.push_back(Event::Warning(text));
    }

    pub(super) fn delay(&mut self, job: Job, until: Instant) {
        self.order += 1;
        self.delayed.push(Delayed { until, order: self.order, job });
    }

    fn wake_delayed(&mut self, now: Instant) {
        while self.delayed.peek().is_some_and(|next| next.until <= now) {
            if let Some(Delayed { job, .. }) = self.delayed.pop() {
                self.ready.push_back(job);
            }
        }
    }

    /// The next jobs to send together, if anything may be sent now.
    pub(super) fn next_cargo(&mut self, now: Instant, in_flight: usize) -> Option<Cargo> {
        self.hold = None;
        let may_send =
            self.end.is_none() && in_flight < self.options.throttle_limit && self.outage.allows(now, in_flight);
        if !may_send || self.ready.is_empty() || !self.is_worth_sending(now) {
            return None;
        }
        let most = MAX_STEPS.min(self.session.pacer().most_at_once());
        let together = self.ready.iter().take(most).take_while(|job| !job.alone).count().max(1);
        match self.session.pacer().take(now, together) {
            Ok(permit) => Some(Cargo { jobs: self.ready.drain(..together).collect(), permit }),
            Err(hold) => {
                self.hold = Some(hold);
                None
            }
        }
    }

    /// A partial batch waits a moment for company, but never for long.
    fn is_worth_sending(&self, now: Instant) -> bool {
        self.ready.len() >= MAX_STEPS || self.ready.front().is_some_and(|job| job.alone) || self.is_time_for_a_part(now)
    }

    /// Whether no company is to be expected, or has been waited for.
    pub(super) fn is_time_for_a_part(&self, now: Instant) -> bool {
        self.input_complete || self.flushing || now >= self.latest_arrival + self.options.linger
    }

    /// When there is something to do that no message announces.
    fn wake_at(&self, in_flight: usize) -> Option<Instant> {
        if self.end.is_some() {
            return None;
        }
        let mut wake = self.deadline;
        let mut consider = |at: Instant| wake = Some(wake.map_or(at, |wake| wake.min(at)));
        if let Some(next) = self.delayed.peek() {
            consider(next.until);
        }
        if let Some(reading) = self.wake_for_readings() {
            consider(reading);
        }
        if !self.ready.is_empty() && in_flight < self.options.throttle_limit {
            match (self.hold, self.outage.next_probe()) {
                (Some(Hold::Until(at)), _) => consider(at),
                (None, Some(probe)) if in_flight == 0 => consider(probe.max(self.latest_arrival + self.options.linger)),
                (Some(Hold::Landing), _) | (None, Some(_)) => {}
                (None, None) => consider(self.latest_arrival + self.options.linger),
            }
        }
        wake
    }
}
