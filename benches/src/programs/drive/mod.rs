//! [`PROGRAMS`]: one row a program, in the files of their kinds, beside its driver. A driver calls
//! the exports as the package's own glue code does, and checks that the result makes sense.

mod compress;
mod database;
mod document;
mod emulate;
mod format;
mod hash;
mod language;
mod layout;
mod media;
mod optimize;
mod search;
mod terminal;

use super::{
    Program, Split,
    host::{self, Error, HostFn, World},
    inputs,
    package::{Package, Registry},
    run::{Run, args, length},
};

/// Every program, those for choosing first.
pub(super) const PROGRAMS: &[Program] = &[
    compress::ZSTD,
    compress::BROTLI,
    database::SQLITE,
    document::MARKDOWN,
    document::JSON,
    document::SOURCE_MAP,
    emulate::GAME_BOY,
    document::HTML,
    format::ESBUILD,
    format::PRISM,
    hash::SECP256K1,
    language::MICROPYTHON,
    layout::HARFBUZZ,
    layout::RESVG,
    media::PNG,
    media::MP3,
    search::REGEX,
    compress::LZ4,
    format::GOFMT,
    format::ZIG_FMT,
    format::RUFF,
    hash::RABIN,
    hash::ARGON2,
    language::QUICKJS,
    language::LUA,
    language::CPYTHON,
    optimize::HIGHS,
    search::ONIGURUMA,
    terminal::GHOSTTY,
];

/// What most programs need: a library without imports but WASI's.
const LIBRARY: Program = Program {
    name: "",
    kind: "",
    language: "",
    split: Split::Judge,
    package: Package {
        registry: Registry::Npm,
        name: "",
        version: "",
        sha256: "",
        path: "",
        file_sha256: "",
    },
    checksum: 0,
    pages: 0,
    host: host::only_wasi,
    input: Vec::new,
    file: None,
    world: World::library,
    drive: |_, _| Ok(()),
};

/// What Emscripten's programs import of their memory and errors, under whatever names: to enlarge
/// the memory fails, for it is large enough.
fn no() -> Option<HostFn> {
    Some(host::zero)
}

/// Fails unless it is so.
fn check(holds: bool, what: &str) -> Result<(), Error> {
    if holds { Ok(()) } else { Err(what.into()) }
}

/// wasm-bindgen's way to answer with bytes: calls an export that writes their address and their
/// number at its first argument, and gives them free.
fn answer(run: &mut Run, export: &str, at: u32, rest: &[host::Value]) -> Result<Vec<u8>, Error> {
    let args: Vec<_> = args![at].iter().chain(rest).copied().collect();
    run.call(export, &args)?;
    let (address, len) = (run.word(at)?, run.word(at + 4)?);
    run.read(address, len)
}

#[cfg(test)]
mod tests {
    use super::{PROGRAMS, Split};

    #[test]
    fn no_module_is_in_both_parts_and_both_have_several_languages() {
        for (at, program) in PROGRAMS.iter().enumerate() {
            for other in &PROGRAMS[..at] {
                assert_ne!(program.name, other.name);
                assert_ne!(program.package.sha256, other.package.sha256);
                assert_ne!(program.package.name, other.package.name);
            }
            assert_eq!(program.package.sha256.len(), 64, "{}", program.name);
            assert_eq!(program.package.file_sha256.len(), 64, "{}", program.name);
        }
        for split in [Split::Choose, Split::Judge] {
            let part = || PROGRAMS.iter().filter(|program| program.split == split);
            let mut languages: Vec<_> = part().map(|program| program.language).collect();
            languages.sort_unstable();
            languages.dedup();
            assert!(languages.len() >= 4, "{split:?}: {languages:?}");
            assert!(part().count() >= PROGRAMS.len() / 4, "{split:?}");
        }
        assert!(PROGRAMS.is_sorted_by_key(|program| program.split == Split::Judge));
    }
}
