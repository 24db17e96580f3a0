//! The help: from the markdown in docs/en-US to the files `Get-Help` reads.
//!
//! A cmdlet's page follows the `PlatyPS` schema and becomes MAML; a topic's page becomes plain text.

mod cmdlet;
mod maml;
mod markdown;
mod topic;
mod xml;

use std::fs;
use std::path::{Path, PathBuf};

use crate::failure::{Context as _, Failure, Outcome};
use crate::project::MODULE;

/// The folder of the module that holds the help.
pub const FOLDER: &str = "en-US";

/// A help file of the module.
pub struct HelpFile {
    /// Its file name.
    pub name: String,
    /// Its content.
    pub text: String,
}

/// Renders every page in `sources`.
pub fn render_all(sources: &Path) -> Outcome<Vec<HelpFile>> {
    let mut cmdlets = Vec::new();
    let mut files = Vec::new();
    for path in pages(sources)? {
        let text = fs::read_to_string(&path).context(|| format!("cannot read {}", path.display()))?;
        let name = path.file_stem().unwrap_or_default().to_string_lossy().into_owned();
        let wrong = |reason: String| Failure::new(format!("{}: {reason}", path.display()));
        if name.starts_with("about_") {
            let text = topic::render(&name, &text).map_err(wrong)?;
            files.push(HelpFile { name: format!("{name}.help.txt"), text });
        } else {
            let cmdlet = cmdlet::parse(&text).map_err(wrong)?;
            if cmdlet.name != name {
                return Err(wrong(format!("describes {}", cmdlet.name)));
            }
            cmdlets.push(cmdlet);
        }
    }
    files.push(HelpFile { name: format!("{MODULE}.dll-Help.xml"), text: maml::render(&cmdlets) });
    Ok(files)
}

fn pages(sources: &Path) -> Outcome<Vec<PathBuf>> {
    let doing = || format!("cannot list {}", sources.display());
    let mut pages = Vec::new();
    for entry in fs::read_dir(sources).context(doing)? {
        let path = entry.context(doing)?.path();
        if path.extension().is_some_and(|extension| extension == "md") {
            pages.push(path);
        }
    }
    pages.sort();
    Ok(pages)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::project::Project;

    #[test]
    fn every_exported_cmdlet_has_its_page_and_every_page_is_understood() {
        let project = Project::find().unwrap();
        let files = render_all(&project.help_sources()).unwrap();
        let maml = &files.iter().find(|file| file.name == "RevokeSession.dll-Help.xml").unwrap().text;

        let manifest = fs::read_to_string(project.path("PsModule/RevokeSession.psd1")).unwrap();
        let exported = manifest.split_once("CmdletsToExport").unwrap().1.split_once(')').unwrap().0;
        let cmdlets: Vec<_> = exported.split('\'').skip(1).step_by(2).collect();
        assert!(!cmdlets.is_empty());
        for cmdlet in cmdlets {
            assert!(maml.contains(&format!("<command:name>{cmdlet}</command:name>")), "{cmdlet} has no help");
        }
    }
}
