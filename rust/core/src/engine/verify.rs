//! Proof: the stamp of a user's sessions is read before the revocation and after it, and the two are compared.
//!
//! Readings have a lane of their own, beside that of the revocations, so that they take neither its places nor its
//! quota. They can only ever say less than the revocation: a reading that fails leaves the proof open.

use std::collections::{BTreeMap, VecDeque};
use std::time::Duration;

use jiff::Timestamp;
use tokio::time::Instant;

use super::dispatch::{End, Engine};
use super::job::Job;
use super::ledger::Settled;
use super::read_exchange::{ReadLanding, ReadShipment, Readings};
use crate::auth::Rejection;
use crate::graph::batch::MAX_STEPS;
use crate::graph::stamp::{Reading, Stamp};
use crate::outcome::Status;

/// How often the stamp before is read, at most.
const READINGS_BEFORE: u32 = 2;

/// How often the stamp after is read, at most: changes take a while to reach every replica of the directory.
const READINGS_AFTER: u32 = 6;

/// The pause before the second reading; each one after it is twice as long.
const FIRST_PAUSE: Duration = Duration::from_millis(300);

/// Each user is read twice, so the lane is twice as wide as that of the revocations, and keeps up with it.
const READINGS_A_USER: usize = 2;

/// A wait that the server asks for is not sat out for longer, because nothing but the proof depends on it.
const LONGEST_WAIT: Duration = Duration::from_secs(30);

/// What is known of the stamp before the revocation.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Before {
    /// Nobody has asked.
    NotAsked,
    /// It cannot be read, for this reason.
    Unread(&'static str),
    /// The stamp.
    Stamp(Timestamp),
}

/// Why a stamp is read.
#[derive(Debug)]
enum Purpose {
    Before,
    /// Graph has confirmed the revocation.
    After,
}

/// A user whose stamp is to be read.
#[derive(Debug)]
pub(super) struct Pending {
    job: Job,
    purpose: Purpose,
    readings: u32,
}

/// The lane of the readings.
#[derive(Debug, Default)]
pub(super) struct Readback {
    waiting: VecDeque<Pending>,
    delayed: BTreeMap<(Instant, u64), Pending>,
    order: u64,
    in_flight: usize,
    /// No reading leaves before, because the server asked for it.
    gate: Option<Instant>,
    /// The permission to read is missing.
    denied: bool,
    /// The token that Graph refused for the latest reading.
    rejection: Option<Rejection>,
}

const NO_PERMISSION: &str = "Not verified: the permission to read users is missing.";

impl Engine {
    /// Whether a new job has to be read before it is sent.
    pub(super) fn is_to_be_read(&self, job: &Job) -> bool {
        self.options.verify && !self.readback.denied && job.before == Before::NotAsked
    }

    pub(super) fn read_before(&mut self, job: Job) {
        self.readback.waiting.push_back(Pending { job, purpose: Purpose::Before, readings: 0 });
    }

    /// Graph says that it has revoked the sessions: the proof is sought where it was asked for.
    pub(super) fn confirmed(&mut self, job: Job) {
        if !self.options.verify {
            return self.settle(&job, Status::Revoked, None);
        }
        if self.readback.denied {
            return self.prove(&job, None, None, Some(NO_PERMISSION.to_owned()));
        }
        self.readback.waiting.push_back(Pending { job, purpose: Purpose::After, readings: 0 });
    }

    /// The next readings to send together, if any may be sent now.
    pub(super) fn next_readings(&mut self, now: Instant) -> Option<(ReadShipment, Vec<Pending>)> {
        let lane = &mut self.readback;
        while let Some(first) = lane.delayed.first_entry().filter(|first| first.key().0 <= now) {
            lane.waiting.push_back(first.remove());
        }
        let is_open = self.end.is_none() && lane.gate.is_none_or(|gate| now >= gate);
        if !is_open || lane.waiting.is_empty() || lane.in_flight >= READINGS_A_USER * self.options.throttle_limit {
            return None;
        }
        if lane.waiting.len() < MAX_STEPS && !self.is_time_for_a_part(now) {
            return None;
        }
        let lane = &mut self.readback;
        let together = lane.waiting.len().min(MAX_STEPS);
        let pending: Vec<Pending> = lane.waiting.drain(..together).collect();
        lane.in_flight += 1;
        let shipment = ReadShipment {
            users: pending.iter().map(|pending| pending.job.user_path().to_owned()).collect(),
            rejection: lane.rejection.clone(),
            timeout: self.options.request_timeout,
        };
        Some((shipment, pending))
    }

    /// When a reading is due that no message announces.
    pub(super) fn wake_for_readings(&self) -> Option<Instant> {
        let lane = &self.readback;
        let delayed = lane.delayed.keys().next().map(|(until, _)| *until);
        let waiting = (!lane.waiting.is_empty() && lane.in_flight < READINGS_A_USER * self.options.throttle_limit)
            .then(|| {
                let part = self.latest_arrival + self.options.linger;
                lane.gate.map_or(part, |gate| gate.max(part))
            });
        delayed.into_iter().chain(waiting).min()
    }

    /// Deals with the users of one request; `None` is a request that failed in a way that nobody foresaw.
    pub(super) fn readings_landed(&mut self, pending: Vec<Pending>, landing: Option<ReadLanding>) {
        let now = self.now();
        self.readback.in_flight = self.readback.in_flight.saturating_sub(1);
        let readings = match landing {
            Some(ReadLanding { readings, rejection }) => {
                self.readback.rejection = rejection;
                readings
            }
            None => Readings::Whole(Reading::Nothing("RevokeSession itself failed while it read")),
        };
        match readings {
            Readings::Each(readings) => {
                for (pending, reading) in pending.into_iter().zip(readings) {
                    self.read(pending, reading, now);
                }
            }
            Readings::Whole(reading) => {
                for pending in pending {
                    self.read(pending, reading.clone(), now);
                }
            }
        }
    }

    fn read(&mut self, pending: Pending, reading: Reading, now: Instant) {
        let Pending { mut job, purpose, readings } = pending;
        let readings = readings + 1;
        match (purpose, reading) {
            (purpose, Reading::Denied) => {
                self.deny();
                match purpose {
                    Purpose::Before => self.go_on(job, "the permission to read users is missing"),
                    Purpose::After => self.prove(&job, None, None, Some(NO_PERMISSION.to_owned())),
                }
            }
            (Purpose::Before, Reading::Stamp(Stamp { valid_from, is_guest })) => {
                job.before = Before::Stamp(valid_from);
                job.guest = is_guest;
                self.enter(job);
            }
            (Purpose::Before, Reading::Nothing(why)) => self.go_on(job, why),
            (Purpose::Before, Reading::Later(wait)) => {
                if readings >= READINGS_BEFORE {
                    return self.go_on(job, "the stamp before could not be read");
                }
                self.later(Pending { job, purpose: Purpose::Before, readings }, wait, now);
            }
            (Purpose::After, Reading::Stamp(stamp)) => self.compare(job, stamp, readings, now),
            (Purpose::After, Reading::Nothing(why)) => {
                self.prove(&job, None, None, Some(format!("Not verified: {why}.")));
            }
            (Purpose::After, Reading::Later(wait)) => {
                if readings >= READINGS_AFTER {
                    let note = "Not verified: the stamp could not be read back.".to_owned();
                    return self.prove(&job, None, None, Some(note));
                }
                self.later(Pending { job, purpose: Purpose::After, readings }, wait, now);
            }
        }
    }

    fn compare(&mut self, mut job: Job, stamp: Stamp, readings: u32, now: Instant) {
        job.guest |= stamp.is_guest;
        let after = stamp.valid_from;
        match job.before {
            Before::Stamp(before) if after > before => self.prove(&job, Some(after), Some(true), None),
            Before::Stamp(_) if readings < READINGS_AFTER && !job.guest => {
                self.later(Pending { job, purpose: Purpose::After, readings }, None, now);
            }
            Before::Stamp(_) => {
                let note =
                    format!("Graph confirmed the revocation, but the stamp had not moved after {readings} readings.");
                self.prove(&job, Some(after), Some(false), Some(note));
            }
            Before::Unread(why) => self.prove(&job, Some(after), None, Some(format!("Not verified: {why}."))),
            Before::NotAsked => self.prove(&job, Some(after), None, Some(NO_PERMISSION.to_owned())),
        }
    }

    /// Goes on to the revocation without a stamp to compare with: it matters more than its proof.
    fn go_on(&mut self, mut job: Job, why: &'static str) {
        job.before = Before::Unread(why);
        self.enter(job);
    }

    fn later(&mut self, pending: Pending, wait: Option<Duration>, now: Instant) {
        if let Some(wait) = wait {
            let gate = now + wait.min(LONGEST_WAIT);
            self.readback.gate = Some(self.readback.gate.map_or(gate, |known| known.max(gate)));
        }
        let lane = &mut self.readback;
        lane.order += 1;
        let pause = FIRST_PAUSE * 2u32.pow(pending.readings.saturating_sub(1).min(5));
        lane.delayed.insert((now + pause, lane.order), pending);
    }

    /// Says once that nothing can be read, and lets those go on that waited to be read.
    fn deny(&mut self) {
        if self.readback.denied {
            return;
        }
        self.readback.denied = true;
        self.warn("-Verify needs a permission to read users, such as User.Read.All; the sessions are revoked, and not verified.".to_owned());
        for pending in self.readback.drain() {
            match pending.purpose {
                Purpose::Before => self.go_on(pending.job, "the permission to read users is missing"),
                Purpose::After => self.prove(&pending.job, None, None, Some(NO_PERMISSION.to_owned())),
            }
        }
    }

    /// The run ends before these could be read.
    pub(super) fn end_readings(&mut self, in_flight: Vec<Pending>, end: End) {
        self.readback.in_flight = 0;
        for pending in in_flight.into_iter().chain(self.readback.drain()) {
            match pending.purpose {
                Purpose::Before => self.settle_unsent(&pending.job, end),
                Purpose::After => {
                    let note = "Not verified: the run was over before the stamp could be read back.".to_owned();
                    self.prove(&pending.job, None, None, Some(note));
                }
            }
        }
    }

    fn prove(&mut self, job: &Job, valid_from: Option<Timestamp>, verified: Option<bool>, note: Option<String>) {
        let settled = Settled {
            status: Status::Revoked,
            failure: None,
            request_id: job.request_id,
            attempts: job.attempts,
            at: self.utc(),
            guest: job.guest,
            sessions_valid_from: valid_from,
            verified,
            note: note.map(Into::into),
        };
        self.settle_as(job, settled);
    }
}

impl Readback {
    fn drain(&mut self) -> Vec<Pending> {
        let delayed = std::mem::take(&mut self.delayed).into_values();
        self.waiting.drain(..).chain(delayed).collect()
    }
}
