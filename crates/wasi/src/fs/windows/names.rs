//! Names and links as the guest and as Windows write them. [`super::HostFs`] gives the host no name
//! that has not been through [`check`]: what Windows would take for more than one name, for a
//! stream of a file or for a device never reaches it.

use crate::Errno;
use alloc::{string::String, vec::Vec};
use std::path::{Component, Path};

/// The longest name, in UTF-16 units.
const MAX_NAME: usize = 255;

/// A name of the guest as one of the host.
pub(super) fn check(name: &[u8]) -> Result<&str, Errno> {
    let name = core::str::from_utf8(name).map_err(|_| Errno::IlSeq)?;
    let odd =
        |c: char| c < ' ' || matches!(c, '/' | '\\' | ':' | '*' | '?' | '"' | '<' | '>' | '|');
    if name.encode_utf16().count() > MAX_NAME {
        return Err(Errno::NameTooLong);
    }
    if name.is_empty() || name.contains(odd) || name.ends_with(['.', ' ']) || is_device(name) {
        return Err(Errno::Inval);
    }
    Ok(name)
}

/// Whether Windows takes a name for that of a device, in whatever directory.
fn is_device(name: &str) -> bool {
    let stem = name.split('.').next().unwrap_or(name).trim_end_matches(' ').to_uppercase();
    let port = stem.strip_prefix("COM").or_else(|| stem.strip_prefix("LPT"));
    let numbers = ["0", "1", "2", "3", "4", "5", "6", "7", "8", "9", "\u{b9}", "\u{b2}", "\u{b3}"];
    matches!(stem.as_str(), "CON" | "PRN" | "AUX" | "NUL" | "CONIN$" | "CONOUT$")
        || port.is_some_and(|number| numbers.contains(&number))
}

/// Where a link of the guest leads, as the host writes it.
pub(super) fn to_host(target: &[u8]) -> Result<String, Errno> {
    let target = core::str::from_utf8(target).map_err(|_| Errno::IlSeq)?;
    for part in target.split('/').filter(|part| !matches!(*part, "" | "." | "..")) {
        check(part.as_bytes())?;
    }
    Ok(target.replace('/', "\\"))
}

/// Where a link of the host leads, as the guest writes it. What leads to a place of the host begins
/// with a slash: no guest goes there.
pub(super) fn to_guest(target: &Path) -> Vec<u8> {
    let absolute = matches!(target.components().next(), Some(Component::Prefix(_)));
    let text = target.as_os_str().as_encoded_bytes();
    let slashes = text.iter().map(|&b| if b == b'\\' { b'/' } else { b });
    absolute.then_some(b'/').into_iter().chain(slashes).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names() {
        for name in ["a", "...a", ".a", "caf\u{e9}", "com", "com10", "nulls", "a.con", "lpt", "~"] {
            assert_eq!(check(name.as_bytes()), Ok(name));
        }
        for name in [
            "",
            ".",
            "..",
            "a.",
            "a ",
            "a/b",
            "a\\b",
            "..\\b",
            "c:",
            "f:s",
            "*",
            "?",
            "a\n",
            "\"",
            "<",
            ">",
            "|",
            "nul",
            "NUL.txt",
            "con",
            "Con .x",
            "aux",
            "prn.a.b",
            "com1",
            "LPT\u{b2}.x",
            "conin$",
        ] {
            assert_eq!(check(name.as_bytes()), Err(Errno::Inval), "{name:?}");
        }
        assert_eq!(check(b"\xff"), Err(Errno::IlSeq));
        let long = "\u{e9}".repeat(255);
        assert_eq!(check(long.as_bytes()), Ok(long.as_str()));
        assert_eq!(check("n".repeat(256).as_bytes()), Err(Errno::NameTooLong));
    }

    #[test]
    fn links() {
        assert_eq!(to_host(b"../a/./b").as_deref(), Ok("..\\a\\.\\b"));
        for target in ["a/c:", "..\\x", "a/nul", "C:/x"] {
            assert_eq!(to_host(target.as_bytes()), Err(Errno::Inval), "{target}");
        }
        assert_eq!(to_guest(Path::new("..\\a\\b")), b"../a/b");
        assert_eq!(to_guest(Path::new("C:\\a")), b"/C:/a");
        assert_eq!(to_guest(Path::new("C:a")), b"/C:a");
        assert_eq!(to_guest(Path::new("\\a")), b"/a");
        assert_eq!(to_guest(Path::new(r"\\?\C:\a")), b"///?/C:/a");
    }
}
