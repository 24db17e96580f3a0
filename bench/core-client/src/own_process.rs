//! What this process has used so far, where the system tells it under `/proc`.

use std::fs;

/// The unit of CPU times under `/proc`: the same on every Linux, whatever the kernel's own tick.
const TICKS_PER_SECOND: f64 = 100.0;

/// User and system CPU time of all threads, the ended ones included.
pub(crate) fn cpu_seconds() -> Option<f64> {
    ticks(&fs::read_to_string("/proc/self/stat").ok()?).map(|ticks| f64::from(ticks) / TICKS_PER_SECOND)
}

/// The most memory that was resident at once, in KiB.
pub(crate) fn peak_memory_kib() -> Option<u64> {
    high_water_mark(&fs::read_to_string("/proc/self/status").ok()?)
}

fn ticks(stat: &str) -> Option<u32> {
    // The name of the program may hold anything, spaces and brackets too.
    let (_, fields) = stat.rsplit_once(')')?;
    let mut fields = fields.split_whitespace().skip(11).map(str::parse::<u32>);
    Some(fields.next()?.ok()? + fields.next()?.ok()?)
}

fn high_water_mark(status: &str) -> Option<u64> {
    status.lines().find_map(|line| line.strip_prefix("VmHWM:"))?.trim().strip_suffix(" kB")?.parse().ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn cpu_time_is_user_and_system_time() {
        let stat = "7 (a) b) R 1 7 7 0 -1 4194304 90 0 0 0 120 34 5 6 20 0 3 0";
        assert_eq!(ticks(stat), Some(154));
        assert_eq!(ticks("7 (cut"), None);
    }

    #[test]
    fn the_peak_is_found() {
        assert_eq!(high_water_mark("Name:\tx\nVmHWM:\t   5120 kB\nVmRSS:\t 10 kB\n"), Some(5120));
        assert_eq!(high_water_mark("Name:\tx\n"), None);
    }
}
