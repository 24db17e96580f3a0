//! `cargo xtask docs`: the help files alone, into the staged module.

use crate::failure::Outcome;
use crate::project::Project;
use crate::{console, help, stage};

/// Renders docs/en-US into the staged module.
pub fn run(project: &Project) -> Outcome {
    console::heading("Help");
    let staged = project.staged_module();
    for file in help::render_all(&project.help_sources())? {
        stage::put(&staged.join(help::FOLDER).join(&file.name), file.text.as_bytes())?;
        console::line(&format!("{}/{}", help::FOLDER, file.name));
    }
    Ok(())
}
