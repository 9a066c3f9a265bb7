//! What bytes are that do not begin as a module does, as far as their first ones tell: for the
//! message of the error. The decoder asks when it has refused them; nothing is accepted for what is
//! found here.

use crate::ErrorKind;

/// The first bytes of what is taken for modules by mistake.
const BEGINNINGS: [(&[u8], &str); 9] = [
    (b"\x1f\x8b", "this is compressed by gzip, and has to be unpacked first"),
    (b"\x28\xb5\x2f\xfd", "this is compressed by zstd, and has to be unpacked first"),
    (b"PK\x03\x04", "this is a zip archive, and has to be unpacked first"),
    (b"\x7fELF", "this is a native program or library (ELF): build for a WebAssembly target"),
    (b"\xcf\xfa\xed\xfe", "this is a native program (Mach-O): build for a WebAssembly target"),
    (b"MZ", "this is a native program (PE): build for a WebAssembly target"),
    (b"BC\xc0\xde", "this is LLVM bitcode, which has to be linked first"),
    (b"!<arch>\n", "this is an archive of object files, which has to be linked first"),
    (b"version https://git-lfs", "this is a pointer of Git LFS: fetch what it stands for"),
];

/// Why bytes that do not begin with a module's magic number are no module.
pub(crate) fn no_magic(bytes: &[u8]) -> ErrorKind {
    let known = BEGINNINGS.iter().find(|(beginning, _)| bytes.starts_with(beginning));
    match known {
        Some((_, what)) => ErrorKind::OtherFormat(what),
        None if is_text(bytes) => {
            ErrorKind::OtherFormat("this is the text format, and the binary format is wanted")
        }
        None if is_page(bytes) => ErrorKind::OtherFormat("this is a page of HTML"),
        None => ErrorKind::MagicHeaderNotDetected,
    }
}

/// Why the second half of a header is no module's.
pub(crate) fn no_version(version: [u8; 4]) -> ErrorKind {
    // Behind the version of what is being made, a component has a 1 for what it is.
    if version[2..] == [1, 0] { ErrorKind::Component } else { ErrorKind::UnknownBinaryVersion }
}

/// Whether bytes begin as a module in the text format does: by a parenthesis or a comment. Nothing
/// in the binary format does.
///
/// ```
/// use windlass_decode::is_text;
/// assert!(is_text(b" ;; a comment\n(module)"));
/// assert!(!is_text(b"\0asm\x01\0\0\0"));
/// ```
pub fn is_text(bytes: &[u8]) -> bool {
    let start = bytes.trim_ascii_start();
    start.starts_with(b"(") || start.starts_with(b";;")
}

fn is_page(bytes: &[u8]) -> bool {
    let start = bytes.trim_ascii_start();
    [&b"<!doctype html"[..], b"<html"]
        .iter()
        .any(|tag| start.get(..tag.len()).is_some_and(|found| found.eq_ignore_ascii_case(tag)))
}
