//! What bytes are that do not begin as a module does, as far as their first ones tell: for the
//! message of the error. The decoder asks when it has refused them; nothing is accepted for what is
//! found here.

use crate::{ErrorKind, MESSAGES};

/// What zstd begins with. Its first byte is a parenthesis; the second continues no character.
const ZSTD: &[u8] = b"\x28\xb5\x2f\xfd";

/// The first bytes of what is taken for modules by mistake.
const BEGINNINGS: [(&[u8], &str); 18] = [
    (b"\x1f\x8b", "this is compressed by gzip, and has to be unpacked first"),
    (b"\xfd7zXZ\0", "this is compressed by xz, and has to be unpacked first"),
    (b"BZh", "this is compressed by bzip2, and has to be unpacked first"),
    (b"7z\xbc\xaf\x27\x1c", "this is an archive of 7-Zip, and has to be unpacked first"),
    (b"\x04\x22\x4d\x18", "this is compressed by LZ4, and has to be unpacked first"),
    (ZSTD, "this is compressed by zstd, and has to be unpacked first"),
    (b"PK\x03\x04", "this is a zip archive, and has to be unpacked first"),
    (b"\x7fELF", "this is a native program or library (ELF): build for a WebAssembly target"),
    (b"\xcf\xfa\xed\xfe", "this is a native program (Mach-O): build for a WebAssembly target"),
    (b"MZ", "this is a native program (PE): build for a WebAssembly target"),
    (b"BC\xc0\xde", "this is LLVM bitcode, which has to be linked first"),
    (b"!<arch>\n", "this is an archive of object files, which has to be linked first"),
    (b"#!", "this is a script, whose first line says what runs it"),
    (b"\xef\xbb\xbf\0asm", "this module has a byte order mark before it, which has to be removed"),
    (b"\xef\xbb\xbf", "this is text that begins with a byte order mark, which has to be removed"),
    (b"\xff\xfe", "this is text in UTF-16, and the text format is UTF-8"),
    (b"\xfe\xff", "this is text in UTF-16, and the text format is UTF-8"),
    (b"version https://git-lfs", "this is a pointer of Git LFS: fetch what it stands for"),
];

/// Why bytes that do not begin with a module's magic number are no module.
pub(crate) fn no_magic(bytes: &[u8]) -> ErrorKind {
    if !MESSAGES {
        return ErrorKind::MagicHeaderNotDetected;
    }
    let known = BEGINNINGS.iter().find(|(beginning, _)| bytes.starts_with(beginning));
    match known {
        Some((_, what)) => ErrorKind::OtherFormat(what),
        None if is_text(bytes) => ErrorKind::OtherFormat(
            "this is the text format, and the binary format is wanted: `Module::new` of the \
                 crate `windlass` reads text if that has its feature `wat`",
        ),
        None if is_page(bytes) => ErrorKind::OtherFormat("this is a page of HTML"),
        None if is_other_text(bytes) => ErrorKind::OtherFormat(
            "this is text, but not that of a module, which begins with ( or ;;",
        ),
        None => ErrorKind::MagicHeaderNotDetected,
    }
}

/// Why the second half of a header is no module's.
pub(crate) fn no_version(version: [u8; 4]) -> ErrorKind {
    // Behind the version of what is being made, a component has a 1 for what it is.
    match version {
        [_, _, 1, 0] => ErrorKind::Component,
        other => ErrorKind::UnknownBinaryVersion(u32::from_le_bytes(other)),
    }
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
    start.starts_with(b"(") && !bytes.starts_with(ZSTD) || start.starts_with(b";;")
}

/// Whether text is that of a component, of which nothing is a module: where it begins. Comments may
/// come before.
///
/// ```
/// use windlass_decode::component_text;
/// assert_eq!(component_text(b"(; of two (; parts ;) ;) (component)"), Some(25));
/// assert_eq!(component_text(b"(module)"), None);
/// ```
pub fn component_text(bytes: &[u8]) -> Option<usize> {
    let mut rest = skip_blank(bytes);
    let start = bytes.len() - rest.len();
    rest = skip_blank(rest.strip_prefix(b"(")?);
    let after = rest.strip_prefix(b"component")?;
    let ends =
        after.first().is_none_or(|byte| byte.is_ascii_whitespace() || b"();$".contains(byte));
    ends.then_some(start)
}

/// What is behind white space and comments.
fn skip_blank(mut bytes: &[u8]) -> &[u8] {
    loop {
        bytes = bytes.trim_ascii_start();
        bytes = if bytes.starts_with(b";;") {
            let line = bytes.iter().position(|&byte| byte == b'\n').unwrap_or(bytes.len());
            &bytes[line..]
        } else if bytes.starts_with(b"(;") {
            skip_block(bytes)
        } else {
            return bytes;
        }
    }
}

/// What is behind the block comment that this begins with. There may be others in it.
fn skip_block(mut bytes: &[u8]) -> &[u8] {
    let mut depth = 0usize;
    while let [first, rest @ ..] = bytes {
        let step = match (first, rest.first()) {
            (b'(', Some(b';')) => {
                depth += 1;
                2
            }
            (b';', Some(b')')) => {
                depth -= 1;
                2
            }
            _ => 1,
        };
        bytes = &bytes[step..];
        if depth == 0 {
            break;
        }
    }
    bytes
}

/// As much as is looked at to see whether something is text.
const TEXT: usize = 512;

/// Whether the beginning is UTF-8 without characters that no text has, and not very short.
fn is_other_text(bytes: &[u8]) -> bool {
    let start = &bytes[..bytes.len().min(TEXT)];
    let valid = match str::from_utf8(start) {
        Ok(text) => text,
        // Cut in the middle of a character.
        Err(error) if error.error_len().is_none() && start.len() < bytes.len() => {
            str::from_utf8(&start[..error.valid_up_to()]).unwrap_or_default()
        }
        Err(_) => return false,
    };
    let is_text = |c: char| !c.is_control() || c.is_ascii_whitespace();
    valid.len() > 4 && valid.chars().all(is_text)
}

fn is_page(bytes: &[u8]) -> bool {
    let start = bytes.trim_ascii_start();
    [&b"<!doctype html"[..], b"<html"]
        .iter()
        .any(|tag| start.get(..tag.len()).is_some_and(|found| found.eq_ignore_ascii_case(tag)))
}
