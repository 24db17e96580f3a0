//! The committed C# bindings must be the ones that the inventory generates.

use std::error::Error;
use std::path::PathBuf;

use interoptopus_csharp::RustLibrary;
use interoptopus_csharp::config::HeaderConfig;
use interoptopus_csharp::dispatch::Dispatch;

/// Set to rewrite the committed file instead of comparing with it.
const UPDATE: &str = "REVOKESESSION_UPDATE_BINDINGS";

#[test]
fn committed_bindings_are_up_to_date() -> Result<(), Box<dyn Error>> {
    let committed = PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("../../PsModule/RevokeSession/Generated");
    let fresh = tempdir()?;
    RustLibrary::builder(revoke_session::ffi_inventory())
        .dll_name("revoke_session")
        .dispatch(Dispatch::single_file("RevokeSession.Native"))
        .headers(HeaderConfig { emit_version: true })
        .build()
        .process()?
        .write_buffers_to(&fresh)?;
    let generated = std::fs::read_to_string(fresh.join("Interop.cs"))?.replace("\r\n", "\n");
    let file = committed.join("Interop.cs");
    if std::env::var_os(UPDATE).is_some() {
        std::fs::create_dir_all(&committed)?;
        if std::fs::read_to_string(&file).ok().as_deref() != Some(generated.as_str()) {
            std::fs::write(&file, &generated)?;
        }
        return Ok(());
    }
    let current = std::fs::read_to_string(&file).unwrap_or_default().replace("\r\n", "\n");
    assert!(current == generated, "PsModule/RevokeSession/Generated/Interop.cs is stale: run `cargo xtask bindings`");
    Ok(())
}

fn tempdir() -> std::io::Result<PathBuf> {
    let dir = PathBuf::from(env!("CARGO_TARGET_TMPDIR")).join("bindings");
    std::fs::create_dir_all(&dir)?;
    Ok(dir)
}
