//! The figures that were promised, and whether they are met. Every verdict is computed here.

use std::fmt;

use super::job::Client;
use super::measured::{Measured, by};
use super::numbers::{grouped, short, short_if_known};
use super::plan::Plan;
use super::sample::Sample;

/// How many times faster than the loop of single calls.
const OVER_LOOP: f64 = 150.0;
/// How many times faster than ten single calls at once.
const OVER_PARALLEL: f64 = 15.0;
/// How much longer than a bound a run may take.
const OVER_BOUND: f64 = 1.05;
/// The part of all writes that the server may refuse.
const THROTTLED: f64 = 0.005;
/// Microseconds of CPU time a user, in the core.
const CORE_MICROS: f64 = 8.0;
/// Microseconds of CPU time a user, from string to result object.
const MODULE_MICROS: f64 = 30.0;
/// MiB between the peaks of the largest and of the smallest run.
const MEMORY_MIB: f64 = 64.0;
/// Milliseconds over the bare round trip.
const ALONE_MILLIS: f64 = 3.0;
/// How many times as long a run may take that proves every revocation.
const VERIFIED: f64 = 2.2;
/// How many times as long a run may take that keeps a journal.
const JOURNALED: f64 = 1.1;
/// How much the cost of a user may differ between the smallest run and the largest, for noise's sake.
const GROWTH: f64 = 1.1;

/// One promise.
pub struct Figure {
    /// What is measured.
    pub what: String,
    /// What was promised.
    pub target: String,
    /// What was measured.
    pub measured: String,
    /// Whether the promise is kept; unknown where it could not be measured.
    pub met: Option<bool>,
}

impl Figure {
    /// The verdict in a word.
    pub fn verdict(&self) -> &'static str {
        match self.met {
            Some(true) => "met",
            Some(false) => "**not met**",
            None => "not measured here",
        }
    }

    /// A figure that must be `least` or more, and `unit` said after it.
    fn at_least(what: String, least: f64, unit: &str, measured: Option<f64>) -> Self {
        Self {
            what,
            target: format!("≥ {}{unit}", short(least)),
            measured: format!("{}{unit}", short_if_known(measured)),
            met: measured.map(|measured| measured >= least),
        }
    }

    /// A figure that must be `most` or less.
    fn at_most(what: String, most: f64, unit: &str, measured: Option<f64>) -> Self {
        Self {
            what,
            target: format!("≤ {}{unit}", short(most)),
            measured: format!("{}{unit}", short_if_known(measured)),
            met: measured.map(|measured| measured <= most),
        }
    }
}

impl fmt::Display for Figure {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { what, target, measured, .. } = self;
        write!(f, "{what}: {measured} (target {target}): {}", self.verdict().trim_matches('*'))
    }
}

/// All figures, in the order of the issue.
pub fn of(plan: &Plan, measured: &Measured) -> Vec<Figure> {
    let mut figures = speed(plan, measured);
    figures.extend(quota(plan, measured));
    figures.extend(proof(plan, measured));
    figures.extend(cost(plan, measured));
    figures
}

fn proof(plan: &Plan, measured: &Measured) -> Vec<Figure> {
    let proof = &measured.proof;
    vec![
        Figure::at_most(
            format!("{} users, {} ms latency: with -Verify over the plain run", grouped(plan.long), plan.latency_ms),
            VERIFIED,
            " times",
            Some(proof.verified.seconds() / proof.plain.seconds()),
        ),
        Figure::at_most(
            format!(
                "{} users, {} ms latency: with a journal over the run without",
                grouped(plan.journaled),
                plan.latency_ms
            ),
            JOURNALED,
            " times",
            Some(proof.journaled.seconds() / proof.unrecorded.seconds()),
        ),
    ]
}

fn speed(plan: &Plan, measured: &Measured) -> Vec<Figure> {
    let mut figures = Vec::new();
    let short_run = format!("{} users, {} ms latency", grouped(plan.short), plan.latency_ms);
    for (ours, where_from) in [(Client::Module, "from PowerShell"), (Client::Core, "core")] {
        for (rival, name, least) in
            [(Client::OneByOne, "loop", OVER_LOOP), (Client::Parallel, "10-way parallel", OVER_PARALLEL)]
        {
            let times = ratio(by(&measured.short, ours), by(&measured.short, rival), Sample::rate);
            figures.push(Figure::at_least(
                format!("{short_run}: {where_from} against the {name}"),
                least,
                " times faster",
                times,
            ));
        }
    }
    let long_run = format!("{} users, {} batches in flight", grouped(plan.long), plan.in_flight);
    for (ours, where_from) in [(Client::Core, "core"), (Client::Module, "from PowerShell")] {
        let seconds = by(&measured.long, ours).map(Sample::seconds);
        figures.push(Figure::at_most(
            format!("{long_run}: {where_from}, where latency allows {} s", short(plan.long_bound())),
            plan.long_bound() * OVER_BOUND,
            " s",
            seconds,
        ));
    }
    let ahead = ratio(by(&measured.long, Client::Core), by(&measured.long, Client::DotNet), Sample::rate);
    figures.push(Figure {
        what: format!("{long_run}: core against the .NET client"),
        target: "ahead".to_owned(),
        measured: format!("{} times as fast", ahead.map_or_else(|| "–".to_owned(), |ahead| format!("{ahead:.3}"))),
        met: ahead.map(|ahead| ahead > 1.0),
    });
    figures
}

fn quota(plan: &Plan, measured: &Measured) -> Vec<Figure> {
    let at_quota = &measured.at_quota;
    let run = format!("{} users, {} writes in {} s", grouped(plan.quota_users), plan.quota.writes, plan.quota.seconds);
    // Counts far below what a float holds exactly.
    let refused =
        at_quota.throttled.to_string().parse::<f64>().ok().map(|throttled| throttled / at_quota.sample.users());
    vec![
        Figure::at_most(
            format!("{run}: where the quota allows {} s", short(plan.quota_bound())),
            plan.quota_bound() * OVER_BOUND,
            " s",
            Some(at_quota.sample.seconds()),
        ),
        Figure {
            what: format!("{run}: early retries"),
            target: "none".to_owned(),
            measured: at_quota.early.to_string(),
            met: Some(at_quota.early == 0),
        },
        Figure {
            what: format!("{run}: throttled answers"),
            target: format!("≤ {:.1} %", THROTTLED * 100.0),
            measured: format!("{} ({:.1} %)", at_quota.throttled, refused.unwrap_or(f64::NAN) * 100.0),
            met: refused.map(|refused| refused <= THROTTLED),
        },
    ]
}

fn cost(plan: &Plan, measured: &Measured) -> Vec<Figure> {
    let micros = |client| by(&measured.cost, client).and_then(Sample::cpu_micros);
    let smallest = measured.sizes.first();
    let largest = measured.sizes.last();
    let memory = largest.and_then(|(_, sample)| sample.peak_mib()).zip(measured.smallest.peak_mib());
    let growth =
        largest.and_then(|(_, last)| last.cpu_micros()).zip(smallest.and_then(|(_, first)| first.cpu_micros()));
    let (few, many) = (grouped(plan.sizes[0]), grouped(plan.largest()));
    vec![
        Figure::at_most("CPU time a user: core".to_owned(), CORE_MICROS, " µs", micros(Client::Core)),
        Figure::at_most(
            "CPU time a user: from string to result object, in PowerShell".to_owned(),
            MODULE_MICROS,
            " µs",
            micros(Client::Module),
        ),
        Figure::at_most(
            format!("Peak memory of {many} users over that of {few}: core"),
            MEMORY_MIB,
            " MiB",
            memory.map(|(many, few)| many - few),
        ),
        Figure::at_most(
            format!("CPU time a user of {many} users over that of {few}: core"),
            GROWTH,
            " times",
            growth.map(|(many, few)| many / few),
        ),
        Figure::at_most(
            "One user from a warm prompt, over the bare round trip".to_owned(),
            ALONE_MILLIS,
            " ms",
            Some(measured.alone.cmdlet - measured.alone.bare),
        ),
    ]
}

fn ratio(ours: Option<&Sample>, theirs: Option<&Sample>, of: impl Fn(&Sample) -> f64) -> Option<f64> {
    ours.zip(theirs).map(|(ours, theirs)| of(ours) / of(theirs))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_verdict_follows_from_the_numbers() {
        let figure = |measured| Figure::at_most("x".to_owned(), 8.0, " µs", measured);
        assert_eq!([figure(Some(8.0)).met, figure(Some(8.1)).met, figure(None).met], [Some(true), Some(false), None]);
        assert_eq!(Figure::at_least("x".to_owned(), 15.0, "", Some(14.0)).verdict(), "**not met**");
        assert_eq!(figure(Some(3.0)).to_string(), "x: 3.00 µs (target ≤ 8.00 µs): met");
    }
}
