//! docs/performance.md: what the benchmark writes, between what people write.

use std::fs;
use std::path::Path;

use super::figures::Figure;
use super::job::Client;
use super::machine::Machine;
use super::measured::{Measured, Of, by};
use super::numbers::{grouped, short, short_if_known};
use super::plan::Plan;
use super::sample::Sample;

/// Everything between these lines is the benchmark's.
const BEGIN: &str = "<!-- begin: written by `cargo xtask bench` -->";
const END: &str = "<!-- end: written by `cargo xtask bench` -->";

/// A page for the place that has none.
const EMPTY: &str = "# Performance\n\n";

/// The page at `place` with `generated` in the place of what was generated before.
pub fn write(place: &Path, generated: &str) -> String {
    let present = fs::read_to_string(place).unwrap_or_default();
    replaced(&present, generated)
}

fn replaced(present: &str, generated: &str) -> String {
    let parts = present.split_once(BEGIN).and_then(|(before, rest)| Some((before, rest.split_once(END)?.1)));
    let (before, after) = parts.unwrap_or((EMPTY, "\n"));
    format!("{before}{BEGIN}\n\n{generated}\n{END}{after}")
}

/// Everything that follows from the measurements.
pub fn generated(plan: &Plan, machine: &Machine, measured: &Measured, figures: &[Figure]) -> String {
    let mut text = String::from("![Users a second of every client](performance.svg)\n\n## Figures\n\n");
    text.push_str(&table(
        &["Figure", "Target", "Measured", ""],
        figures.iter().map(|figure| {
            vec![figure.what.clone(), figure.target.clone(), figure.measured.clone(), figure.verdict().to_owned()]
        }),
    ));
    text.push_str(&how(machine, measured));
    text.push_str(&runs(plan, measured));
    text.push_str(&proof(plan, measured));
    text.push_str(&costs(plan, measured));
    text.push_str(&limit(plan, measured));
    text
}

/// Where and how it was measured.
fn how(machine: &Machine, measured: &Measured) -> String {
    let client = by(&measured.short, Client::DotNet).and_then(|sample| sample.runtime.clone());
    let software = client.map(|runtime| format!("; the .NET client on {runtime}")).unwrap_or_default();
    format!(
        "\nMeasured on {} by `cargo xtask bench`, which repeats it all: {}{software}. Every client talks to the same \
         kind of server, `graph-emulator` built for release, in a process of its own on the same machine; a new one \
         for each section, so without latency the two share the cores. A client's time begins when it has its token \
         and ends with the last outcome; its CPU time is user and system time of its own process alone. Where a run \
         is repeated, the median counts. A client that leaves one user unrevoked fails the benchmark.\n",
        machine.date,
        machine.lines.join("; "),
    )
}

fn runs(plan: &Plan, measured: &Measured) -> String {
    let slowest = by(&measured.short, Client::OneByOne).map(Sample::rate);
    let mut text = format!(
        "\n## {} users, {} ms latency, default settings\n\nThe loop was measured over {} users and scaled; its time \
         does not depend on how many follow. The first round is the one of a fresh process.\n\n",
        grouped(plan.short),
        plan.latency_ms,
        grouped(plan.one_by_one),
    );
    text.push_str(&table(
        &["Client", "Users", "Rounds", "First round, s", "Median, s", "Users/s", "Times the loop"],
        measured.short.iter().map(|(client, sample)| {
            let times = slowest.map(|slowest| sample.rate() / slowest);
            let mut row = timed(*client, sample);
            row.push(short_if_known(times));
            row
        }),
    ));
    text.push_str(&format!(
        "\n## {} users, {} ms latency, {} batches in flight\n\nLatency allows {} users/s. Each client has revoked {} \
         users before.\n\n",
        grouped(plan.long),
        plan.latency_ms,
        plan.in_flight,
        short(plan.latency_bound(plan.in_flight)),
        grouped(plan.short),
    ));
    text.push_str(&table(
        &["Client", "Users", "Rounds", "First round, s", "Median, s", "Users/s", "Of the bound"],
        measured.long.iter().map(|(client, sample)| {
            let mut row = timed(*client, sample);
            row.push(format!("{:.1} %", sample.rate() / plan.latency_bound(plan.in_flight) * 100.0));
            row
        }),
    ));
    text
}

fn timed(client: Client, sample: &Sample) -> Vec<String> {
    vec![
        client.name().to_owned(),
        whole(sample.users()),
        sample.rounds.len().to_string(),
        short(sample.rounds[0].seconds),
        short(sample.seconds()),
        short(sample.rate()),
    ]
}

/// A count that was told as a number.
fn whole(count: f64) -> String {
    let digits = format!("{count:.0}");
    digits.parse().map_or(digits, grouped)
}

fn proof(plan: &Plan, measured: &Measured) -> String {
    let proof = &measured.proof;
    let mut text = format!(
        "\n## Proof: -Verify and -JournalPath\n\nThe core at {} ms latency, default settings, one run each.\n\n",
        plan.latency_ms
    );
    let rows = [
        ("plain", &proof.plain, &proof.plain),
        ("-Verify", &proof.verified, &proof.plain),
        ("plain", &proof.unrecorded, &proof.unrecorded),
        ("-JournalPath", &proof.journaled, &proof.unrecorded),
    ];
    text.push_str(&table(
        &["Run", "Users", "Seconds", "Users/s", "CPU, µs a user", "Times the plain run"],
        rows.into_iter().map(|(name, sample, plain)| {
            vec![
                name.to_owned(),
                whole(sample.users()),
                short(sample.seconds()),
                short(sample.rate()),
                short_if_known(sample.cpu_micros()),
                format!("{:.2}", sample.seconds() / plain.seconds()),
            ]
        }),
    ));
    text
}

fn costs(plan: &Plan, measured: &Measured) -> String {
    let mut text = format!(
        "\n## What a user costs\n\n{} rounds of {} users without latency, after as many unmeasured, {} batches in \
         flight.\n\n",
        plan.cost_rounds,
        grouped(plan.cost),
        plan.in_flight,
    );
    let cost = |(client, sample): &Of| {
        vec![
            client.name().to_owned(),
            short_if_known(sample.cpu_micros()),
            short(sample.rate()),
            short_if_known(sample.peak_mib()),
        ]
    };
    text.push_str(&table(&["Client", "CPU, µs a user", "Users/s", "Peak memory, MiB"], measured.cost.iter().map(cost)));
    text.push_str("\nThe core by the size of the run, each size in a process of its own, default settings:\n\n");
    text.push_str(&table(
        &["Users", "Rounds", "CPU, µs a user", "Users/s", "Peak memory, MiB"],
        measured.sizes.iter().map(|(users, sample)| {
            vec![
                grouped(*users),
                sample.rounds.len().to_string(),
                short_if_known(sample.cpu_micros()),
                short(sample.rate()),
                short_if_known(sample.peak_mib()),
            ]
        }),
    ));
    text.push_str(&format!(
        "\nOne user at a warm prompt, {} times in turn: {} ms by `Revoke-RsUserSession`, {} ms by `HttpClient` in the \
         same process.\n",
        grouped(plan.alone),
        short(measured.alone.cmdlet),
        short(measured.alone.bare),
    ));
    text
}

/// What the measurements say of the limits.
fn limit(plan: &Plan, measured: &Measured) -> String {
    let quota = &measured.at_quota;
    let mut text = format!(
        "\n## What the limit is and what stands between it and the code\n\nThe first limit is Graph's write quota. At \
         {} writes in {} s, {} users need {} s at the least: the last window begins no sooner. The run took {} s, {} \
         s more.\n",
        plan.quota.writes,
        plan.quota.seconds,
        grouped(plan.quota_users),
        short(plan.quota_bound()),
        short(quota.sample.seconds()),
        short(quota.sample.seconds() - plan.quota_bound()),
    );
    if let Some(core) = by(&measured.long, Client::Core) {
        text.push_str(&format!(
            "\nBelow it lies the network's latency: {} batches in flight and {} ms allow {} s for {} users. The core \
             took {} s.\n",
            plan.in_flight,
            plan.latency_ms,
            short(plan.long_bound()),
            grouped(plan.long),
            short(core.seconds()),
        ));
    }
    if let Some(micros) = by(&measured.cost, Client::Core).and_then(Sample::cpu_micros) {
        text.push_str(&format!(
            "\nThe client's own work is the last: at {} µs a user, one core carries {} users/s, {} times what that \
             latency lets through.\n",
            short(micros),
            short(1e6 / micros),
            short(1e6 / micros / plan.latency_bound(plan.in_flight)),
        ));
    }
    text
}

/// A table in markdown.
fn table(heads: &[&str], rows: impl Iterator<Item = Vec<String>>) -> String {
    let line = |cells: &[String]| format!("| {} |\n", cells.join(" | "));
    let heads: Vec<String> = heads.iter().map(|&head| head.to_owned()).collect();
    let mut text = line(&heads);
    text.push_str(&line(&vec!["---".to_owned(); heads.len()]));
    rows.for_each(|row| text.push_str(&line(&row)));
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_people_wrote_stays() {
        let first = replaced("", "one\n");
        assert!(first.starts_with("# Performance") && first.contains("one"), "{first}");
        let edited = format!("Mine.\n{}Mine too.\n", first.trim_start_matches(EMPTY));
        let second = replaced(&edited, "two\n");
        assert!(second.starts_with("Mine.\n") && second.ends_with("Mine too.\n"), "{second}");
        assert!(second.contains("two") && !second.contains("one"), "{second}");
    }

    #[test]
    fn a_table_has_a_head_and_rows() {
        let text = table(&["a", "b"], [vec!["1".to_owned(), "2".to_owned()]].into_iter());
        assert_eq!(text, "| a | b |\n| --- | --- |\n| 1 | 2 |\n");
    }
}
