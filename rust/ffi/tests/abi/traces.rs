//! What a session may not leave behind: threads and connections.

use std::time::{Duration, Instant};
#[cfg(target_os = "linux")]
use std::{fs, path::Path};

/// Waits until no thread of the library and no connection is left.
pub fn are_gone() {
    let end = Instant::now() + Duration::from_secs(20);
    loop {
        let left = left();
        if left.is_empty() {
            return;
        }
        assert!(Instant::now() < end, "left behind: {left:?}");
        std::thread::sleep(Duration::from_millis(20));
    }
}

/// The names of the library's threads, and of TCP connections.
#[cfg(target_os = "linux")]
fn left() -> Vec<String> {
    let names = |folder: &str, name_of: fn(&Path) -> Option<String>| -> Vec<String> {
        let entries = fs::read_dir(folder).expect("the process can look at itself");
        entries.flatten().filter_map(|entry| name_of(&entry.path())).collect()
    };
    let threads = names("/proc/self/task", |task| fs::read_to_string(task.join("comm")).ok());
    let files = names("/proc/self/fd", |file| Some(fs::read_link(file).ok()?.to_string_lossy().into_owned()));
    // Sockets of other kinds are tokio's own, which it keeps for signals.
    let tcp = fs::read_to_string("/proc/self/net/tcp").expect("the process can look at its network");
    let inodes: Vec<_> = tcp.lines().filter_map(|line| line.split_whitespace().nth(9)).collect();
    let is_connection = |file: &String| {
        let inode = file.strip_prefix("socket:[").and_then(|file| file.strip_suffix(']'));
        inode.is_some_and(|inode| inodes.contains(&inode))
    };
    let threads = threads.into_iter().filter(|name| name.starts_with("revoke-session"));
    threads.chain(files.into_iter().filter(is_connection)).collect()
}

/// Other systems do not show this without a library.
#[cfg(not(target_os = "linux"))]
fn left() -> Vec<String> {
    Vec::new()
}
