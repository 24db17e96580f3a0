//! The requests in flight: who waits for each, and what is made of its end.

use std::collections::HashMap;
use std::sync::Arc;

use tokio::task::{Id, JoinError, JoinSet};
use tokio::time::Instant;

use super::dispatch::{End, Engine};
use super::exchange::{self, Landing, Shipment};
use super::job::Job;
use super::read_exchange::{self, ReadLanding};
use super::verify::Pending;
use crate::pacing::Permit;

/// Jobs that travel together, and their leave to do so.
#[derive(Debug)]
pub(super) struct Cargo {
    pub jobs: Vec<Job>,
    pub permit: Permit,
}

/// Who waits for a request in flight.
#[derive(Debug)]
enum Aboard {
    Revocations(Cargo),
    Readings(Vec<Pending>),
}

/// What came of a request.
#[derive(Debug)]
pub(super) enum Flight {
    Revocations(Landing),
    Readings(ReadLanding),
}

/// The requests in flight, and who waits for each.
#[derive(Debug, Default)]
pub(super) struct Flights {
    pub tasks: JoinSet<Flight>,
    aboard: HashMap<Id, Aboard>,
    /// How many of them revoke.
    pub revocations: usize,
}

impl Engine {
    pub(super) fn send_what_may_go(&mut self, now: Instant, flights: &mut Flights) {
        while let Some(cargo) = self.next_cargo(now, flights.revocations) {
            let shipment = self.load(&cargo.jobs);
            let work = exchange::carry(Arc::clone(self.session.parts()), shipment);
            let flight = flights.tasks.spawn(async { Flight::Revocations(work.await) });
            flights.aboard.insert(flight.id(), Aboard::Revocations(cargo));
            flights.revocations += 1;
        }
        while let Some((shipment, pending)) = self.next_readings(now) {
            let work = read_exchange::carry(Arc::clone(self.session.parts()), shipment);
            let flight = flights.tasks.spawn(async { Flight::Readings(work.await) });
            flights.aboard.insert(flight.id(), Aboard::Readings(pending));
        }
    }

    fn load(&mut self, cargo: &[Job]) -> Shipment {
        // A challenge asks for more than a refusal without one.
        let rejections = || cargo.iter().filter_map(|job| job.rejection.as_ref());
        let rejection =
            rejections().find(|rejection| rejection.claims.is_some()).or_else(|| rejections().next()).cloned();
        Shipment {
            paths: cargo.iter().map(|job| job.path.clone()).collect(),
            rejection,
            fresh_connection: cargo.iter().any(|job| job.fresh_connection),
            timeout: self.options.request_timeout,
        }
    }

    pub(super) fn landed(&mut self, landed: Result<(Id, Flight), JoinError>, flights: &mut Flights) {
        let id = landed.as_ref().map_or_else(JoinError::id, |(id, _)| *id);
        match (flights.aboard.remove(&id), landed) {
            (Some(Aboard::Revocations(Cargo { jobs, permit })), landed) => {
                flights.revocations -= 1;
                drop(permit);
                match landed {
                    Ok((_, Flight::Revocations(landing))) => self.unload(jobs, landing),
                    _ => jobs.into_iter().for_each(|job| self.settle_after_panic(job)),
                }
            }
            (Some(Aboard::Readings(pending)), Ok((_, Flight::Readings(landing)))) => {
                self.readings_landed(pending, Some(landing));
            }
            (Some(Aboard::Readings(pending)), _) => self.readings_landed(pending, None),
            (None, _) => {}
        }
    }

    /// Ends the run before its work is done. What is on its way is dropped, and what was sent
    /// without an answer is never told as not sent.
    pub(super) fn finish_early(&mut self, end: End, flights: &mut Flights) {
        self.end = Some(end);
        // What has landed already still counts; only what has not is dropped.
        while let Some(landed) = flights.tasks.try_join_next_with_id() {
            self.landed(landed, flights);
        }
        // Dropping the set aborts its tasks, and with them their connections.
        let dropped = std::mem::take(flights);
        let mut unread = Vec::new();
        for waiting in dropped.aboard.into_values() {
            match waiting {
                Aboard::Revocations(cargo) => cargo.jobs.into_iter().for_each(|job| self.settle_in_flight(job, end)),
                Aboard::Readings(pending) => unread.extend(pending),
            }
        }
        self.end_readings(unread, end);
        let waiting: Vec<Job> = self.ready.drain(..).chain(self.delayed.drain().map(|delayed| delayed.job)).collect();
        for job in &waiting {
            self.settle_unsent(job, end);
        }
    }
}
