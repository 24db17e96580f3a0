//! Reads the two lines the driver needs out of the module's manifest.

use std::fs;

use crate::failure::{Context as _, Failure, Outcome};
use crate::project::{MODULE, Project};

/// The module's version, which must be the workspace's as well.
pub fn version(project: &Project) -> Outcome<String> {
    let read =
        |relative: &str| fs::read_to_string(project.path(relative)).context(|| format!("cannot read {relative}"));
    let module = format!("PsModule/{MODULE}.psd1");
    let declared = setting(&read(&module)?, "ModuleVersion")
        .ok_or_else(|| Failure::new(format!("{module} has no ModuleVersion")))?;
    let cargo = setting(&read("Cargo.toml")?, "version");
    if cargo.as_ref() != Some(&declared) {
        return Err(Failure::new(format!(
            "{module} says version {declared}, Cargo.toml says {}",
            cargo.as_deref().unwrap_or("nothing")
        )));
    }
    Ok(declared)
}

/// The quoted value on the first line `name = value`.
fn setting(text: &str, name: &str) -> Option<String> {
    text.lines().find_map(|line| {
        let (key, value) = line.split_once('=')?;
        (key.trim() == name).then(|| value.trim().trim_matches(['\'', '"']).to_owned())
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_setting_is_found_in_either_language() {
        assert_eq!(setting("@{\n    ModuleVersion = '1.2.3'\n}", "ModuleVersion").as_deref(), Some("1.2.3"));
        assert_eq!(setting("[workspace.package]\nversion = \"0.1.0\"", "version").as_deref(), Some("0.1.0"));
        assert_eq!(setting("rust-version = \"1.95\"", "version"), None);
    }

    #[test]
    fn the_module_and_the_crates_agree_on_the_version() {
        let project = Project::find().unwrap();
        assert!(!version(&project).unwrap().is_empty());
    }
}
