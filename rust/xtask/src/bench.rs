//! `cargo xtask bench`: the module, its core and their rivals on one emulator, and a page that tells how they did.

mod chart;
mod figures;
mod job;
mod machine;
mod measured;
mod numbers;
mod page;
mod plan;
mod sample;
mod server;
mod tools;

use crate::console;
use crate::failure::Outcome;
use crate::project::Project;
use crate::stage;

use machine::Machine;
use measured::Measured;
use plan::Plan;
use tools::Tools;

/// Measures everything and writes the page and its chart: to docs, or to the target folder when `quick`.
pub fn run(project: &Project, quick: bool) -> Outcome {
    let plan = if quick { Plan::QUICK } else { Plan::FULL };
    let tools = Tools::build(project)?;
    let machine = Machine::describe(&tools)?;
    let measured = Measured::take(&tools, &plan)?;
    let figures = figures::of(&plan, &measured);

    let folder = if quick { tools.folder().to_owned() } else { project.path("docs") };
    let place = folder.join("performance.md");
    let page = page::write(&place, &page::generated(&plan, &machine, &measured, &figures));
    stage::put(&place, page.as_bytes())?;
    stage::put(&folder.join("performance.svg"), chart::of(&plan, &measured).as_bytes())?;

    console::heading("Figures");
    for figure in &figures {
        console::line(&figure.to_string());
    }
    console::line(&format!("\nwritten to {}", place.strip_prefix(project.root()).unwrap_or(&place).display()));
    Ok(())
}
