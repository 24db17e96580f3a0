//! The emulator must not outlive the script that started it.

use std::io::Read as _;
use std::thread;

/// Ends the process when its parent is gone, and on request when standard input ends.
pub(crate) fn end_with_parent(exit_on_stdin_eof: bool) {
    #[cfg(unix)]
    {
        // Asked before the new thread runs, because a parent may be gone by then.
        let parent = std::os::unix::process::parent_id();
        thread::spawn(move || {
            while std::os::unix::process::parent_id() == parent {
                thread::sleep(std::time::Duration::from_millis(200));
            }
            std::process::exit(0);
        });
    }
    if exit_on_stdin_eof {
        thread::spawn(|| {
            let mut ignored = [0; 256];
            while std::io::stdin().read(&mut ignored).is_ok_and(|length| length > 0) {}
            std::process::exit(0);
        });
    }
}
