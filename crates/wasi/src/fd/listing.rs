//! `fd_readdir`: lists a directory. The names are taken once, when the guest begins, so that its places in the
//! list stay valid whatever happens to the directory meanwhile.

use crate::{
    DirPerms, Errno, FileType, GuestMemory, WasiCtx,
    ctx::DirRef,
    fs::{DirEntry, FileSystem, Handle},
    rights,
};
use alloc::{vec, vec::Vec};

/// Lists a directory, with `.` and `..`.
///
/// The buffer is filled to its end, if need be with a part of an entry. So a guest knows that there is no more when less
/// is used; if an entry was cut, it asks again with the cookie of the one before.
///
/// Parameters: `fd`; `buffer` and `len`, where the entries go; `cookie`, where to begin: 0 at the start (the list is
/// made anew), else the `next` of an entry; `used`, where the count of bytes goes.
///
/// Errors: `EBADF`; `ENOTDIR`; `EACCES` if the preopened directory can't be listed; `ENOTCAPABLE`; `EFAULT`.
///
/// ```text
/// buffer ─▶ ┌───────────┬──────────┬──────────────────┬──────────┬─────────┬──────┬─
///           │ u64: next │ u64: ino │ u32: name length │ u8: type │ 3 bytes │ name │ ... written
///           └───────────┴──────────┴──────────────────┴──────────┴─────────┴──────┴─
/// used   ─▶ ┌─────┐
///           │ u32 │ written
///           └─────┘
/// ```
#[allow(clippy::too_many_arguments)]
pub fn fd_readdir(
    ctx: &mut WasiCtx,
    memory: &mut GuestMemory<'_>,
    fd: u32,
    buffer: u32,
    len: u32,
    cookie: u64,
    used: u32,
) -> Result<(), Errno> {
    memory.check(used, 4)?;
    memory.check(buffer, len)?;
    let DirRef { dir, fs } = ctx.directory(fd, rights::FD_READDIR)?;
    if !dir.perms.contains(DirPerms::READ) {
        return Err(Errno::Acces);
    }
    if cookie == 0 || dir.listing.is_none() {
        dir.listing = Some(list(fs, dir.handle)?);
    }
    let entries = dir.listing.as_deref().unwrap_or_default();
    let start = usize::try_from(cookie).map_or(entries.len(), |start| start.min(entries.len()));
    let filled = memory.fill(buffer, len, |target| {
        let mut filled = 0;
        for (index, entry) in entries.iter().enumerate().skip(start) {
            filled += fill(&mut target[filled..], &record(entry, index as u64 + 1));
            filled += fill(&mut target[filled..], &entry.name);
            if filled == target.len() {
                break;
            }
        }
        Ok(filled)
    })?;
    memory.write_u32(used, filled as u32)
}

/// All names, the two that every directory has first. Above a root there is nothing: `..` is the directory itself.
fn list(fs: &mut dyn FileSystem, dir: Handle) -> Result<Vec<DirEntry>, Errno> {
    let inode = fs.metadata(dir)?.inode;
    let special =
        |name: &[u8]| DirEntry { name: name.to_vec(), inode, file_type: FileType::Directory };
    let mut entries = vec![special(b"."), special(b"..")];
    entries.append(&mut fs.read_dir(dir)?);
    Ok(entries)
}

fn record(entry: &DirEntry, next: u64) -> [u8; 24] {
    let mut record = [0; 24];
    record[0..8].copy_from_slice(&next.to_le_bytes());
    record[8..16].copy_from_slice(&entry.inode.to_le_bytes());
    record[16..20].copy_from_slice(&(entry.name.len() as u32).to_le_bytes());
    record[20] = entry.file_type as u8;
    record
}

/// Copies as much as there is room for.
fn fill(target: &mut [u8], bytes: &[u8]) -> usize {
    let count = target.len().min(bytes.len());
    target[..count].copy_from_slice(&bytes[..count]);
    count
}
