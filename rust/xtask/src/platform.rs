//! Names that differ between platforms: runtime identifiers, libraries, executables.

use std::env::consts;

use crate::failure::{Failure, Outcome};

/// The .NET runtime identifier of this machine, which names the native library's folder.
pub fn rid() -> Outcome<&'static str> {
    rid_of(consts::OS, consts::ARCH)
        .ok_or_else(|| Failure::new(format!("the module has no native library for {} on {}", consts::OS, consts::ARCH)))
}

fn rid_of(os: &str, arch: &str) -> Option<&'static str> {
    Some(match (os, arch) {
        ("linux", "x86_64") => "linux-x64",
        ("linux", "aarch64") => "linux-arm64",
        ("macos", "x86_64") => "osx-x64",
        ("macos", "aarch64") => "osx-arm64",
        ("windows", "x86_64") => "win-x64",
        ("windows", "aarch64") => "win-arm64",
        _ => return None,
    })
}

/// The file name of the native library on this machine.
pub fn native_library() -> String {
    format!("{}revoke_session{}", consts::DLL_PREFIX, consts::DLL_SUFFIX)
}

/// The file name of the executable `name` on this machine.
pub fn executable(name: &str) -> String {
    format!("{name}{}", consts::EXE_SUFFIX)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_supported_platform_has_its_identifier() {
        assert_eq!(rid_of("linux", "aarch64"), Some("linux-arm64"));
        assert_eq!(rid_of("macos", "aarch64"), Some("osx-arm64"));
        assert_eq!(rid_of("windows", "x86_64"), Some("win-x64"));
        assert_eq!(rid_of("linux", "riscv64"), None);
    }
}
