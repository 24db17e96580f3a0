//! Where crates come from when crates.io cannot be reached.
//!
//! A cargo `local-registry` folder is used when `REVOKESESSION_CRATES` names one, or, where neither
//! cargo's own set-up nor the network gives the crates, when one lies beside the repository. Nothing
//! else in the project knows of it.

use std::env;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::sync::OnceLock;

use crate::process;
use crate::project::Project;

/// The environment variable that names the offline registry.
const VARIABLE: &str = "REVOKESESSION_CRATES";

/// Where an offline registry may lie, relative to the repository.
const BESIDE: &str = "../shared/crates";

/// The cargo arguments that make it find the crates; decided once per run.
pub fn arguments(project: &Project) -> &'static [String] {
    static ARGUMENTS: OnceLock<Vec<String>> = OnceLock::new();
    ARGUMENTS.get_or_init(|| {
        let found = Surroundings {
            named: env::var_os(VARIABLE).filter(|value| !value.is_empty()).map(PathBuf::from),
            beside: Some(project.path(BESIDE)).filter(|folder| folder.is_dir()),
        };
        decide(found, |attempt| fetch(project, attempt)).as_deref().map(replacement).unwrap_or_default()
    })
}

/// What there is to choose from.
struct Surroundings {
    named: Option<PathBuf>,
    beside: Option<PathBuf>,
}

/// A way for cargo to get the crates without help.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Attempt {
    /// From what it already has, or from a source in the user's own configuration.
    Offline,
    /// From the network.
    Network,
}

/// The folder to use, or `None` where cargo needs no help (or none can be given).
fn decide(found: Surroundings, works: impl Fn(Attempt) -> bool) -> Option<PathBuf> {
    if found.named.is_some() {
        return found.named;
    }
    let beside = found.beside?;
    if works(Attempt::Offline) || works(Attempt::Network) { None } else { Some(beside) }
}

fn fetch(project: &Project, attempt: Attempt) -> bool {
    let mut cargo: Command = process::command(crate::cargo::program());
    cargo.args(["fetch", "--quiet", "--locked"]).current_dir(project.root());
    match attempt {
        Attempt::Offline => cargo.arg("--offline"),
        // Fail fast: the folder is at hand.
        Attempt::Network => cargo.env("CARGO_NET_RETRY", "0").env("CARGO_HTTP_TIMEOUT", "10"),
    };
    process::quietly(&mut cargo)
}

/// The arguments that put `folder` in the place of crates.io, whatever the user's own configuration.
fn replacement(folder: &Path) -> Vec<String> {
    // The user's configuration may name the same folder, and cargo refuses two sources of one path. So
    // this path is spelled another way; every local registry has an `index`.
    let spelled = folder.join("index").join("..").display().to_string();
    let quoted = spelled.replace('\\', "\\\\").replace('"', "\\\"");
    vec![
        "--config".to_owned(),
        "source.crates-io.replace-with=\"offline\"".to_owned(),
        "--config".to_owned(),
        format!("source.offline.local-registry=\"{quoted}\""),
    ]
}

#[cfg(test)]
mod tests {
    use std::cell::RefCell;

    use super::*;

    fn surroundings(named: Option<&str>, beside: Option<&str>) -> Surroundings {
        Surroundings { named: named.map(PathBuf::from), beside: beside.map(PathBuf::from) }
    }

    #[test]
    fn a_named_folder_is_used_without_asking_cargo() {
        let chosen = decide(surroundings(Some("named"), Some("beside")), |_| panic!("cargo was asked"));
        assert_eq!(chosen, Some(PathBuf::from("named")));
    }

    #[test]
    fn the_network_is_tried_only_after_what_is_already_there() {
        let asked = RefCell::new(Vec::new());
        let chosen = decide(surroundings(None, Some("beside")), |attempt| {
            asked.borrow_mut().push(attempt);
            attempt == Attempt::Network
        });
        assert_eq!(chosen, None);
        assert_eq!(*asked.borrow(), [Attempt::Offline, Attempt::Network]);
    }

    #[test]
    fn the_folder_beside_is_the_last_resort() {
        assert_eq!(decide(surroundings(None, Some("beside")), |_| false), Some(PathBuf::from("beside")));
        assert_eq!(decide(surroundings(None, Some("beside")), |_| true), None);
        assert_eq!(decide(surroundings(None, None), |_| false), None);
    }

    #[test]
    fn a_path_is_quoted_for_toml_and_spelled_as_nobody_else_would() {
        let arguments = replacement(Path::new(r#"/a\b "c""#));
        let path = arguments[3].strip_prefix("source.offline.local-registry=").unwrap();
        assert!(path.starts_with(r#""/a\\b \"c\""#), "{path}");
        assert!(path.ends_with("..\""), "{path}");
    }
}
