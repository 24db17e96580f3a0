//! Where everything in the repository lies.

use std::env;
use std::path::{Path, PathBuf};

use crate::failure::{Context as _, Failure, Outcome};
use crate::platform;

/// The module's name, which is also its folder's and its assembly's.
pub const MODULE: &str = "RevokeSession";

/// How things are compiled.
#[derive(Clone, Copy, PartialEq, Eq)]
pub enum Profile {
    /// For build, test and demo: one compilation serves them all.
    Dev,
    /// For the package.
    Release,
}

impl Profile {
    /// The profile that `--release`, given or not, asks for.
    pub fn of(release: bool) -> Self {
        if release { Self::Release } else { Self::Dev }
    }

    /// Cargo's name of the folder it puts this profile's products in.
    fn cargo_folder(self) -> &'static str {
        match self {
            Self::Dev => "debug",
            Self::Release => "release",
        }
    }

    /// The configuration .NET calls by this name.
    pub fn configuration(self) -> &'static str {
        match self {
            Self::Dev => "Debug",
            Self::Release => "Release",
        }
    }
}

/// The repository.
pub struct Project {
    root: PathBuf,
    target: PathBuf,
}

impl Project {
    /// Finds the repository this driver was built from.
    pub fn find() -> Outcome<Self> {
        let crate_folder =
            env::var_os("CARGO_MANIFEST_DIR").map_or_else(|| PathBuf::from(env!("CARGO_MANIFEST_DIR")), PathBuf::from);
        let root = crate_folder
            .ancestors()
            .nth(2)
            .ok_or_else(|| Failure::new("the driver does not lie at rust/xtask"))?
            .to_owned();
        env::set_current_dir(&root).context(|| format!("cannot enter {}", root.display()))?;
        let target = env::var_os("CARGO_TARGET_DIR").map_or_else(|| root.join("target"), |folder| root.join(folder));
        Ok(Self { root, target })
    }

    /// The repository's root.
    pub fn root(&self) -> &Path {
        &self.root
    }

    /// A path given relative to the root.
    pub fn path(&self, relative: &str) -> PathBuf {
        self.root.join(relative)
    }

    /// Cargo's target folder; also the place for other things that are not worth keeping.
    pub fn target(&self) -> &Path {
        &self.target
    }

    /// The driver's own manifest.
    pub fn xtask_manifest(&self) -> PathBuf {
        self.path("rust/xtask/Cargo.toml")
    }

    /// The staged module that build, test and demo import.
    pub fn staged_module(&self) -> PathBuf {
        self.path("out").join(MODULE)
    }

    /// The publishable module that package leaves.
    pub fn packaged_module(&self) -> PathBuf {
        self.path("out/package").join(MODULE)
    }

    /// The native library, as cargo builds it.
    pub fn native_library(&self, profile: Profile) -> PathBuf {
        self.target.join(profile.cargo_folder()).join(platform::native_library())
    }

    /// The emulator, as cargo builds it.
    pub fn emulator(&self) -> PathBuf {
        self.target.join(Profile::Dev.cargo_folder()).join(platform::executable("graph-emulator"))
    }

    /// The module's C# project.
    pub fn module_project(&self) -> PathBuf {
        self.path("PsModule/RevokeSession/RevokeSession.csproj")
    }

    /// The C# unit tests' project.
    pub fn unit_tests_project(&self) -> PathBuf {
        self.path("tests/units/RevokeSession.Tests.csproj")
    }

    /// The module's assembly, as .NET builds it.
    pub fn assembly(&self, profile: Profile) -> PathBuf {
        self.path("PsModule/RevokeSession/bin")
            .join(profile.configuration())
            .join("net8.0")
            .join(format!("{MODULE}.dll"))
    }

    /// The sources of the cmdlets' help.
    pub fn help_sources(&self) -> PathBuf {
        self.path("docs/en-US")
    }
}
