//! The build: every part in its order, ending in an importable module.

use crate::failure::Outcome;
use crate::project::{Profile, Project};
use crate::{bindings, cargo, console, dotnet, stage};

/// Builds everything and stages the module where build, test and demo import it from.
pub fn run(project: &Project, profile: Profile) -> Outcome {
    parts(project, profile)?;
    stage::module(project, profile, &project.staged_module())
}

/// Builds the native library and the assembly.
pub fn parts(project: &Project, profile: Profile) -> Outcome {
    console::heading("Native library");
    cargo::build(project, profile)?;
    bindings::check(project)?;
    console::heading("Module assembly");
    dotnet::build_module(project, profile)
}
