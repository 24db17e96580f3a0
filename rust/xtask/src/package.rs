//! `cargo xtask package`: what is published.
//!
//! `out/package/RevokeSession` is the folder that `Publish-PSResource -Path` (or `Compress-PSResource`)
//! turns into a `.nupkg`; the zip beside it is for machines that install by copying.

use std::fs;
use std::path::Path;

use crate::failure::{Context as _, Outcome};
use crate::project::{MODULE, Profile, Project};
use crate::zip::Archive;
use crate::{build, console, manifest, platform, stage};

/// Builds for release and leaves the folder and the zip.
pub fn run(project: &Project) -> Outcome {
    let version = manifest::version(project)?;
    build::parts(project, Profile::Release)?;
    let folder = project.packaged_module();
    stage::module(project, Profile::Release, &folder)?;

    let mut files = Vec::new();
    collect(&folder, MODULE, &mut files)?;
    files.sort();
    let mut archive = Archive::default();
    for name in &files {
        let path = folder.with_file_name(name);
        let content = fs::read(&path).context(|| format!("cannot read {}", path.display()))?;
        archive.add(name, &content).context(|| name.clone())?;
    }
    let zip = format!("out/{MODULE}-{version}-{}.zip", platform::rid()?);
    stage::put(&project.path(&zip), &archive.finish().context(|| zip.clone())?)?;
    console::line(&zip);
    Ok(())
}

/// The names, from `prefix` on and with forward slashes, of all files under `folder`.
fn collect(folder: &Path, prefix: &str, names: &mut Vec<String>) -> Outcome {
    let doing = || format!("cannot list {}", folder.display());
    for entry in fs::read_dir(folder).context(doing)? {
        let entry = entry.context(doing)?;
        let name = format!("{prefix}/{}", entry.file_name().display());
        if entry.path().is_dir() {
            collect(&entry.path(), &name, names)?;
        } else {
            names.push(name);
        }
    }
    Ok(())
}
