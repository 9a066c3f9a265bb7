//! Installs the library for C: headers, shared and static library, pkg-config file, CMake package.
//! `capi` calls it. The static library shows the functions of the API alone, where the tools for
//! that are there: so two of them can be in one program.

use crate::{
    commands::{is_there, succeeds},
    root,
};
use std::{
    env::consts::{DLL_PREFIX, DLL_SUFFIX},
    fs, io,
    path::Path,
    process::Command,
};

/// The version of the library, and that of its interface, which the shared library's name has: see
/// `crates/capi/build.rs`.
pub(super) fn versions() -> io::Result<(String, String)> {
    let manifest = fs::read_to_string(root().join("crates/capi/Cargo.toml"))?;
    let version = manifest.lines().find_map(|line| line.strip_prefix("version = \""));
    let version = version.unwrap_or_default().trim_end_matches('"');
    let numbers = if version.starts_with("0.") { 2 } else { 1 };
    let interface: Vec<_> = version.split('.').take(numbers).collect();
    Ok((version.to_string(), interface.join(".")))
}

pub(super) fn install(built: &Path, prefix: &Path) -> bool {
    match put(built, prefix) {
        Ok(good) => good,
        Err(error) => {
            eprintln!("{}: {error}", prefix.display());
            false
        }
    }
}

fn put(built: &Path, prefix: &Path) -> io::Result<bool> {
    let (source, lib) = (root().join("crates/capi"), prefix.join("lib"));
    let (include, cmake) = (prefix.join("include"), lib.join("cmake/windlass"));
    let pkgconfig = lib.join("pkgconfig");
    for folder in [&include, &cmake, &pkgconfig] {
        fs::create_dir_all(folder)?;
    }
    for header in ["wasm.h", "windlass.h"] {
        fs::copy(source.join("include").join(header), include.join(header))?;
    }
    let (version, interface) = versions()?;
    let shared = shared(built, &lib, &version, &interface)?;
    let library = if cfg!(windows) { "windlass.lib" } else { "libwindlass.a" };
    let made = if cfg!(windows) { "windlass_capi.lib" } else { "libwindlass_capi.a" };
    let good = if cfg!(target_os = "linux") && is_there("objcopy", &["--version"]) {
        hide(&built.join(made), &lib.join(library), &lib.join(&shared))?
    } else {
        println!("note: the static library shows more than the API: there is no `objcopy`");
        fs::copy(built.join(made), lib.join(library))?;
        true
    };
    for (name, folder) in [
        ("windlass.pc", &pkgconfig),
        ("windlass-config.cmake", &cmake),
        ("windlass-config-version.cmake", &cmake),
    ] {
        let text = fs::read_to_string(source.join("install").join(format!("{name}.in")))?;
        let text = text.replace("@PREFIX@", &prefix.to_string_lossy());
        let text = text.replace("@VERSION@", &version).replace("@INTERFACE@", &interface);
        let text = text.replace("@SHARED@", &shared);
        fs::write(folder.join(name), text.replace("@STATIC@", library))?;
    }
    if good {
        println!("installed: {}", prefix.display());
    }
    Ok(good)
}

/// The shared library, under the names that the linker and the loader look for; that of the file.
fn shared(built: &Path, lib: &Path, version: &str, interface: &str) -> io::Result<String> {
    let made = built.join(format!("{DLL_PREFIX}windlass_capi{DLL_SUFFIX}"));
    let plain = format!("{DLL_PREFIX}windlass{DLL_SUFFIX}");
    if !cfg!(target_os = "linux") {
        fs::copy(made, lib.join(&plain))?;
        return Ok(plain);
    }
    let full = format!("{plain}.{version}");
    fs::copy(made, lib.join(&full))?;
    for name in [format!("{plain}.{interface}"), plain] {
        let link = lib.join(name);
        if link.symlink_metadata().is_ok() {
            fs::remove_file(&link)?;
        }
        #[cfg(unix)]
        std::os::unix::fs::symlink(&full, link)?;
    }
    Ok(full)
}

/// What a static library needs for the API, as one object that shows the API's functions alone:
/// those that the shared library shows.
fn hide(made: &Path, to: &Path, shared: &Path) -> io::Result<bool> {
    let object = to.with_extension("o");
    let listed = Command::new("nm").args(["-D", "--defined-only", "-P"]).arg(shared).output()?;
    let listed = String::from_utf8_lossy(&listed.stdout).into_owned();
    let names: Vec<_> = listed.lines().filter_map(|line| line.split(' ').next()).collect();
    let mut link = Command::new("ld");
    link.args(["-r", "--gc-sections", "-o"]).arg(&object);
    let mut keep = Command::new("objcopy");
    for name in names {
        link.arg("-u").arg(name);
        keep.arg(format!("--keep-global-symbol={name}"));
    }
    link.arg(made);
    keep.arg(&object);
    // The plugin of another compiler may not know objects with so many sections.
    let ar = if is_there("gcc-ar", &["--version"]) { "gcc-ar" } else { "ar" };
    let mut archive = Command::new(ar);
    archive.arg("rcs").arg(to).arg(&object);
    if to.exists() {
        fs::remove_file(to)?;
    }
    let good = succeeds(&mut link) && succeeds(&mut keep) && succeeds(&mut archive);
    fs::remove_file(object)?;
    Ok(good)
}
