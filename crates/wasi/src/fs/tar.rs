//! Reads tar archives into a [`MemoryFs`]: the ustar format with GNU's and pax' long names. Only
//! [`MemoryFs::unpack_tar`] uses it.

use super::memory::MemoryFs;
use crate::Errno;
use alloc::{string::String, vec::Vec};
use core::fmt;

/// An archive could not be unpacked. What came before this member is there.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct TarError {
    /// Where the member begins in the archive.
    pub offset: usize,
    /// What it is called, unless the archive is damaged; what is not UTF-8 in it is replaced.
    pub name: Option<String>,
    /// What is wrong: `EBADMSG` if the archive is damaged.
    pub errno: Errno,
}

impl fmt::Display for TarError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let TarError { offset, name, errno } = self;
        match name {
            None => write!(f, "no tar archive, or a damaged one, at byte {offset}"),
            Some(name) => write!(f, "{errno}, for the member {name:?} at byte {offset}"),
        }
    }
}

impl core::error::Error for TarError {}

const BLOCK: usize = 512;

/// Names that are too long for the header of the member that follows.
#[derive(Default)]
struct Long {
    path: Option<Vec<u8>>,
    link: Option<Vec<u8>>,
}

pub(super) fn unpack(fs: &MemoryFs, archive: &[u8]) -> Result<(), TarError> {
    let mut long = Long::default();
    let mut offset = 0;
    while let Some(header) = archive.get(offset..offset + BLOCK) {
        if header.iter().all(|&b| b == 0) {
            break;
        }
        let size = member(fs, archive, offset, &mut long)?;
        offset += BLOCK + size.div_ceil(BLOCK) * BLOCK;
    }
    // Less than a block: padding, or a file that is no archive.
    let rest = archive.get(offset..).unwrap_or_default();
    let is_cut = rest.len() < BLOCK && rest.iter().any(|&b| b != 0);
    if is_cut { Err(damaged(offset)) } else { Ok(()) }
}

fn damaged(offset: usize) -> TarError {
    TarError { offset, name: None, errno: Errno::BadMsg }
}

/// Adds one member; returns the size of its contents.
fn member(
    fs: &MemoryFs,
    archive: &[u8],
    offset: usize,
    long: &mut Long,
) -> Result<usize, TarError> {
    let (header, contents) = parts(archive, offset).ok_or_else(|| damaged(offset))?;
    match header[156] {
        b'L' => long.path = Some(until_nul(contents).to_vec()),
        b'K' => long.link = Some(until_nul(contents).to_vec()),
        b'x' => pax(contents, long),
        b'g' => {}
        kind => {
            let Long { path, link } = core::mem::take(long);
            let path = path.unwrap_or_else(|| name(header));
            let link = link.unwrap_or_else(|| until_nul(&header[157..257]).to_vec());
            add(fs, kind, &path, &link, contents).map_err(|errno| {
                let name = Some(String::from_utf8_lossy(&path).into_owned());
                TarError { offset, name, errno }
            })?;
        }
    }
    Ok(contents.len())
}

/// The header of a member and its contents, unless they are damaged.
fn parts(archive: &[u8], offset: usize) -> Option<(&[u8], &[u8])> {
    let header = &archive[offset..offset + BLOCK];
    let sum: u64 = header
        .iter()
        .enumerate()
        .map(|(i, &b)| {
            // The checksum itself counts as spaces.
            u64::from(if (148..156).contains(&i) { b' ' } else { b })
        })
        .sum();
    if octal(&header[148..156])? != sum {
        return None;
    }
    let size = usize::try_from(octal(&header[124..136])?).ok()?;
    Some((header, archive[offset + BLOCK..].get(..size)?))
}

/// Adds what is no long name for another.
fn add(fs: &MemoryFs, kind: u8, path: &[u8], link: &[u8], contents: &[u8]) -> Result<(), Errno> {
    let path = path.strip_prefix(b"./").unwrap_or(path);
    match kind {
        _ if path.iter().all(|&b| b == b'/' || b == b'.') => Ok(()),
        b'0' | 0 | b'7' if path.ends_with(b"/") => fs.create_dir_all(path),
        b'0' | 0 | b'7' => fs.write(path, contents),
        b'1' => fs.hard_link(link.strip_prefix(b"./").unwrap_or(link), path),
        b'2' => fs.symlink(link, path),
        b'5' => fs.create_dir_all(path),
        // Devices and pipes have no place here.
        _ => Ok(()),
    }
}

/// The name in a header: with ustar, it has a prefix.
fn name(header: &[u8]) -> Vec<u8> {
    let mut path = Vec::new();
    if &header[257..262] == b"ustar" && header[263] == b'0' && header[345] != 0 {
        path.extend_from_slice(until_nul(&header[345..500]));
        path.push(b'/');
    }
    path.extend_from_slice(until_nul(&header[..100]));
    path
}

/// The records `LENGTH KEY=VALUE\n` of a pax header; others than names don't matter.
fn pax(mut records: &[u8], long: &mut Long) {
    while let Some(space) = records.iter().position(|&b| b == b' ') {
        let text = core::str::from_utf8(&records[..space]).unwrap_or_default();
        let Ok(len) = text.parse::<usize>() else { return };
        let Some(record) = records.get(space + 1..len.saturating_sub(1)) else { return };
        if let Some(path) = record.strip_prefix(b"path=") {
            long.path = Some(path.to_vec());
        } else if let Some(link) = record.strip_prefix(b"linkpath=") {
            long.link = Some(link.to_vec());
        }
        records = records.get(len..).unwrap_or_default();
    }
}

fn until_nul(bytes: &[u8]) -> &[u8] {
    let end = bytes.iter().position(|&b| b == 0).unwrap_or(bytes.len());
    &bytes[..end]
}

/// A number in octal digits, or big-endian behind a byte 0x80.
fn octal(field: &[u8]) -> Option<u64> {
    if field[0] == 0x80 {
        return field[1..]
            .iter()
            .try_fold(0u64, |value, &b| Some(value.checked_mul(256)? + u64::from(b)));
    }
    let mut digits = field.iter().skip_while(|&&b| b == b' ').take_while(|b| b.is_ascii_digit());
    digits.try_fold(0u64, |value, &b| value.checked_mul(8)?.checked_add(u64::from(b - b'0')))
}
