//! Writes the report of a journal: `cargo run --example report -- journal.jsonl report.html`

use std::env;
use std::error::Error;

use revoke_session_core::report::{self, ReportOptions};
use revoke_session_core::{Clock, SystemClock, SystemEntropy};

fn main() -> Result<(), Box<dyn Error>> {
    let mut arguments = env::args_os().skip(1);
    let (Some(journal), Some(output)) = (arguments.next(), arguments.next()) else {
        return Err("give the path of a journal and that of the page to write".into());
    };
    let options = ReportOptions {
        journal: journal.into(),
        output: output.into(),
        title: None,
        replace: true,
        made: SystemClock.utc(),
    };
    let summary = report::write(options, &SystemEntropy)?;
    println!("{summary:#?}");
    Ok(())
}
