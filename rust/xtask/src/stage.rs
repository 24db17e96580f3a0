//! Lays out an importable module folder.
//!
//! Files whose content has not changed are left alone. A changed one is written beside its place and
//! renamed into it: the native library may be loaded by a running PowerShell, and overwriting it in
//! place would crash that process.

use std::ffi::OsString;
use std::fs;
use std::path::{Path, PathBuf};

use crate::failure::{Context as _, Outcome};
use crate::project::{MODULE, Profile, Project};
use crate::{console, help, platform};

/// Stages the module that was built with `profile` at `folder`, and removes what does not belong there.
pub fn module(project: &Project, profile: Profile, folder: &Path) -> Outcome {
    console::heading("Module");
    let native = platform::native_library();
    let copies = [
        (project.path(&format!("PsModule/{MODULE}.psd1")), format!("{MODULE}.psd1")),
        (project.path(&format!("PsModule/{MODULE}.Format.ps1xml")), format!("{MODULE}.Format.ps1xml")),
        (project.assembly(profile), format!("{MODULE}.dll")),
        (project.path("LICENSE"), "LICENSE".to_owned()),
        (project.native_library(profile), format!("{}/{native}", platform::rid()?)),
    ];
    let mut wanted: Vec<PathBuf> = Vec::new();
    for (source, place) in copies {
        let content = fs::read(&source).context(|| format!("cannot read {}", source.display()))?;
        let place = folder.join(place);
        put(&place, &content)?;
        wanted.push(place);
    }
    for file in help::render_all(&project.help_sources())? {
        let place = folder.join(help::FOLDER).join(&file.name);
        put(&place, file.text.as_bytes())?;
        wanted.push(place);
    }
    prune(folder, &wanted)?;
    console::line(&folder.strip_prefix(project.root()).unwrap_or(folder).display().to_string());
    Ok(())
}

/// Makes `content` the content of the file at `place`.
pub fn put(place: &Path, content: &[u8]) -> Outcome {
    if fs::read(place).is_ok_and(|present| present == content) {
        return Ok(());
    }
    if let Some(folder) = place.parent() {
        fs::create_dir_all(folder).context(|| format!("cannot create {}", folder.display()))?;
    }
    let fresh = with_suffix(place, ".new");
    fs::write(&fresh, content).context(|| format!("cannot write {}", fresh.display()))?;
    if fs::rename(&fresh, place).is_ok() {
        return Ok(());
    }
    // Windows does not rename over a loaded library, but lets the loaded one be moved aside.
    let aside = with_suffix(place, ".old");
    let _ = fs::remove_file(&aside);
    fs::rename(place, &aside)
        .and_then(|()| fs::rename(&fresh, place))
        .context(|| format!("cannot replace {} (is it in use?)", place.display()))
}

fn with_suffix(path: &Path, suffix: &str) -> PathBuf {
    let mut name = OsString::from(path);
    name.push(suffix);
    PathBuf::from(name)
}

/// Removes every file under `folder` that is not wanted, and the folders that become empty.
fn prune(folder: &Path, wanted: &[PathBuf]) -> Outcome {
    let entries = fs::read_dir(folder).context(|| format!("cannot list {}", folder.display()))?;
    for entry in entries {
        let path = entry.context(|| format!("cannot list {}", folder.display()))?.path();
        if path.is_dir() {
            prune(&path, wanted)?;
            // Fails, as it should, while something is left in it.
            let _ = fs::remove_dir(&path);
        } else if !wanted.contains(&path) {
            // A library moved aside stays for as long as someone has it loaded.
            let _ = fs::remove_file(&path);
        }
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn folder(name: &str) -> PathBuf {
        let folder = std::env::temp_dir().join(format!("xtask-stage-{}-{name}", std::process::id()));
        let _ = fs::remove_dir_all(&folder);
        folder
    }

    #[test]
    fn unchanged_content_is_not_touched() {
        let folder = folder("unchanged");
        let place = folder.join("linux-x64/library.so");
        put(&place, b"one").unwrap();
        let before = fs::metadata(&place).unwrap().modified().unwrap();
        put(&place, b"one").unwrap();
        assert_eq!(fs::metadata(&place).unwrap().modified().unwrap(), before);
        fs::remove_dir_all(&folder).unwrap();
    }

    #[cfg(unix)]
    #[test]
    fn a_file_in_use_keeps_its_old_content_for_its_user() {
        use std::io::Read as _;

        let folder = folder("in-use");
        let place = folder.join("library.so");
        put(&place, b"old").unwrap();
        let mut held = fs::File::open(&place).unwrap();
        put(&place, b"new").unwrap();
        let mut seen = String::new();
        held.read_to_string(&mut seen).unwrap();
        assert_eq!((seen.as_str(), fs::read(&place).unwrap().as_slice()), ("old", b"new".as_slice()));
        fs::remove_dir_all(&folder).unwrap();
    }

    #[test]
    fn what_does_not_belong_is_removed() {
        let folder = folder("prune");
        let keep = folder.join("en-US/about_This.help.txt");
        put(&keep, b"text").unwrap();
        put(&folder.join("en-US/about_That.help.txt"), b"text").unwrap();
        put(&folder.join("win-x64/revoke_session.dll"), b"text").unwrap();
        prune(&folder, std::slice::from_ref(&keep)).unwrap();
        assert!(keep.exists() && !folder.join("win-x64").exists());
        assert_eq!(fs::read_dir(folder.join("en-US")).unwrap().count(), 1);
        fs::remove_dir_all(&folder).unwrap();
    }
}
