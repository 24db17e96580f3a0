//! Taking the measurements, one after the other.

use crate::console;
use crate::failure::{Failure, Outcome};
use crate::json::Value;

use super::job::{Client, Job};
use super::numbers::grouped;
use super::plan::Plan;
use super::sample::{Sample, median, number};
use super::server::{Server, Setup};
use super::tools::Tools;

/// Users revoked at least, over all rounds of a size: the system counts CPU time in hundredths of a second.
const ENOUGH_TO_COUNT: u32 = 100_000;

/// What one client did.
pub type Of = (Client, Sample);

/// A run at the quota's edge.
pub struct AtQuota {
    /// How it went.
    pub sample: Sample,
    /// Writes the server refused.
    pub throttled: u64,
    /// Writes that came before the time the server had named.
    pub early: u64,
}

/// One user alone.
pub struct Alone {
    /// The cmdlet, in milliseconds, the median of all times.
    pub cmdlet: f64,
    /// The same request without it.
    pub bare: f64,
}

/// What proof costs, in the core by default settings.
pub struct Proof {
    /// Without any.
    pub plain: Sample,
    /// Every stamp read before and after.
    pub verified: Sample,
    /// The run of the journal, without it.
    pub unrecorded: Sample,
    /// The same with a journal.
    pub journaled: Sample,
}

/// Everything that was measured.
pub struct Measured {
    /// The short run, by every client with its default settings.
    pub short: Vec<Of>,
    /// The long run, by those that send batches.
    pub long: Vec<Of>,
    /// At the quota's edge.
    pub at_quota: AtQuota,
    /// With proof, and without.
    pub proof: Proof,
    /// Without latency: what a user costs in CPU.
    pub cost: Vec<Of>,
    /// The core, by the number of users.
    pub sizes: Vec<(u32, Sample)>,
    /// The core in a fresh process, with the smallest number of users.
    pub smallest: Sample,
    /// One user at a warm prompt.
    pub alone: Alone,
}

impl Measured {
    /// Measures everything.
    pub fn take(tools: &Tools<'_>, plan: &Plan) -> Outcome<Self> {
        let far = Server::start(tools, &Setup { users: plan.long, latency_ms: plan.latency_ms, quota: None })?;
        let short = short(tools, plan, &far)?;
        let long = long(tools, plan, &far)?;
        drop(far);

        let at_quota = at_quota(tools, plan)?;
        let proof = proof(tools, plan)?;

        let near = Server::start(tools, &Setup { users: plan.largest(), latency_ms: 0, quota: None })?;
        Ok(Self {
            short,
            long,
            at_quota,
            proof,
            cost: cost(tools, plan, &near)?,
            alone: alone(tools, plan, &near)?,
            smallest: tools.measure(Client::Core, &near, &Job { take: plan.sizes[0], ..Job::default() })?,
            sizes: sizes(tools, plan, &near)?,
        })
    }
}

/// What `client` did, among others.
pub fn by(all: &[Of], client: Client) -> Option<&Sample> {
    all.iter().find(|(who, _)| *who == client).map(|(_, sample)| sample)
}

fn short(tools: &Tools<'_>, plan: &Plan, server: &Server) -> Outcome<Vec<Of>> {
    console::heading(&format!("{} users, {} ms latency, default settings", grouped(plan.short), plan.latency_ms));
    let repeated = Job { take: plan.short, rounds: plan.short_rounds, ..Job::default() };
    [
        (Client::OneByOne, Job { take: plan.one_by_one, ..Job::default() }),
        (Client::Parallel, Job { take: plan.short, ..Job::default() }),
        (Client::DotNet, repeated),
        (Client::Core, repeated),
        (Client::Module, repeated),
    ]
    .into_iter()
    .map(|(client, job)| Ok((client, tools.measure(client, server, &job)?)))
    .collect()
}

fn long(tools: &Tools<'_>, plan: &Plan, server: &Server) -> Outcome<Vec<Of>> {
    console::heading(&format!("{} users, {} batches in flight", grouped(plan.long), plan.in_flight));
    let job = Job {
        take: plan.long,
        rounds: plan.long_rounds,
        // Its own, smaller: the slow start of a process is the short run's matter.
        warm_up: plan.short,
        in_flight: Some(plan.in_flight),
        ..Job::default()
    };
    [Client::DotNet, Client::Core, Client::Module]
        .into_iter()
        .map(|client| Ok((client, tools.measure(client, server, &job)?)))
        .collect()
}

fn at_quota(tools: &Tools<'_>, plan: &Plan) -> Outcome<AtQuota> {
    let quota = plan.quota;
    console::heading(&format!("{} users, {} writes in {} s", grouped(plan.quota_users), quota.writes, quota.seconds));
    let setup = Setup { users: plan.quota_users, latency_ms: plan.latency_ms, quota: Some(quota) };
    let server = Server::start(tools, &setup)?;
    let job = Job { take: plan.quota_users, quota: Some(quota), ..Job::default() };
    let sample = tools.measure(Client::Core, &server, &job)?;
    Ok(AtQuota { sample, throttled: server.recorded("throttled")?, early: server.recorded("early")? })
}

fn proof(tools: &Tools<'_>, plan: &Plan) -> Outcome<Proof> {
    console::heading(&format!("{} users with a journal, {} verified", grouped(plan.journaled), grouped(plan.long)));
    let setup = Setup { users: plan.journaled, latency_ms: plan.latency_ms, quota: None };
    let server = Server::start(tools, &setup)?;
    let measure = |job| tools.measure(Client::Core, &server, &job);
    // A stamp is of whole seconds, so no user may be revoked twice within one: each of these takes far longer.
    Ok(Proof {
        plain: measure(Job { take: plan.long, ..Job::default() })?,
        verified: measure(Job { take: plan.long, verify: true, ..Job::default() })?,
        unrecorded: measure(Job { take: plan.journaled, ..Job::default() })?,
        journaled: measure(Job { take: plan.journaled, journal: true, ..Job::default() })?,
    })
}

fn cost(tools: &Tools<'_>, plan: &Plan, server: &Server) -> Outcome<Vec<Of>> {
    console::heading(&format!("{} users without latency, for their cost", grouped(plan.cost)));
    let job = Job {
        take: plan.cost,
        rounds: plan.cost_rounds,
        warm_up: plan.cost,
        in_flight: Some(plan.in_flight),
        ..Job::default()
    };
    [Client::DotNet, Client::Core, Client::Module]
        .into_iter()
        .map(|client| Ok((client, tools.measure(client, server, &job)?)))
        .collect()
}

fn sizes(tools: &Tools<'_>, plan: &Plan, server: &Server) -> Outcome<Vec<(u32, Sample)>> {
    let size = |take: u32| {
        console::heading(&format!("{} users without latency", grouped(take)));
        let rounds = (ENOUGH_TO_COUNT.min(plan.largest()) / take).max(1);
        let job = Job { take, rounds, warm_up: plan.sizes[0], ..Job::default() };
        Ok((take, tools.measure(Client::Core, server, &job)?))
    };
    plan.sizes.into_iter().map(size).collect()
}

fn alone(tools: &Tools<'_>, plan: &Plan, server: &Server) -> Outcome<Alone> {
    console::heading(&format!("One user, {} times", plan.alone));
    let said = tools.run_script("one-user", |command| {
        command.arg("-Users").arg(server.users()).arg("-Take").arg(plan.alone.to_string());
        server.introduce(command).map(|_| ())
    })?;
    let unreadable = || Failure::new(format!("one-user.ps1 did not say what it measured: {said}"));
    let value = Value::parse(&said).map_err(|_| unreadable())?;
    let middle = |name| value.get(name).map(|times| median(times.elements().iter().filter_map(number)));
    if value.get("refused").and_then(Value::as_count) != Some(0) {
        return Err(Failure::new("one-user.ps1: some users were not revoked"));
    }
    let (cmdlet, bare) = middle("cmdlet").zip(middle("bare")).ok_or_else(unreadable)?;
    console::line(&format!("{cmdlet:.2} ms, and {bare:.2} ms by HttpClient"));
    Ok(Alone { cmdlet, bare })
}
