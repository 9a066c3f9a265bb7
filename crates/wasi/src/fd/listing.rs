//! `fd_readdir`: lists a directory. Names come from the file system as they are asked for, from a
//! place in the directory that the file system can find again; a descriptor keeps none of them.

use crate::{
    DirPerms, Errno, FileType, GuestMemory, WasiCtx, ctx::DirRef, fs::DirEntry, fuel, lists, rights,
};

/// Lists a directory, with `.` and `..`.
///
/// The buffer is filled to its end, if need be with a part of an entry. So a guest knows that there
/// is no more when less is used; if an entry was cut, it asks again with the cookie of the one
/// before.
///
/// What is made or removed meanwhile may be listed or not. All else is listed once, whatever
/// happens to the directory. (Directories of the host that have changed meanwhile, if it is not
/// Linux, only for who reads on: there a cookie of long ago is a count of names.)
///
/// Parameters: `fd`; `buffer` and `len`, where the entries go; `cookie`, where to begin: 0 at the
/// start, else the `next` of an entry; `used`, where the count of bytes goes.
///
/// Errors: `EBADF`; `ENOTDIR`; `EACCES` if the preopened directory can't be listed; `EILSEQ` if a
/// name that would be told is not UTF-8; `EINTR`; `ENOTCAPABLE`; `EFAULT`.
///
/// ```text
/// buffer ─▶ ┌───────────┬──────────┬──────────────────┬──────────┬─────────┬──────┬─
///           │ u64: next │ u64: ino │ u32: name length │ u8: type │ 3 bytes │ name │ ... written
///           └───────────┴──────────┴──────────────────┴──────────┴─────────┴──────┴─
/// used   ─▶ ┌─────┐
///           │ u32 │ written
///           └─────┘
/// ```
///
/// It follows, of WASI,
/// <https://github.com/WebAssembly/WASI/blob/main/legacy/preview1/docs.md#fd_readdir>
/// and, of POSIX,
/// <https://pubs.opengroup.org/onlinepubs/9799919799/functions/readdir.html>.
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
    let mut target = Target { memory, at: buffer, left: len };
    let inode = fs.metadata(dir.handle)?.inode;
    // Above a root there is nothing: `..` is the directory itself.
    for (index, name) in
        [".", ".."].into_iter().enumerate().skip(usize::try_from(cookie).unwrap_or(2))
    {
        let name = lists::copy(name.as_bytes())?;
        let entry = DirEntry { name, inode, file_type: FileType::Directory };
        target.put(&entry, index as u64 + 1)?;
    }
    let mut place = cookie.saturating_sub(SPECIAL);
    while target.left > 0 {
        target.memory.check_interrupt()?;
        let entries = fs.read_dir(dir.handle, place)?;
        let Some(&(_, last)) = entries.last() else { break };
        place = last;
        for (entry, next) in &entries {
            target.put(entry, next.saturating_add(SPECIAL))?;
        }
    }
    let filled = len - target.left;
    memory.write_u32(used, filled)
}

/// Cookies are places in the directory of the file system, and this: `.` and `..` come first.
const SPECIAL: u64 = 2;

/// The rest of the buffer that is filled.
struct Target<'a, 'b> {
    memory: &'a mut GuestMemory<'b>,
    at: u32,
    left: u32,
}

impl Target<'_, '_> {
    /// Adds an entry, or as much of it as there is room for.
    fn put(&mut self, entry: &DirEntry, next: u64) -> Result<(), Errno> {
        if self.left == 0 {
            return Ok(());
        }
        core::str::from_utf8(&entry.name).map_err(|_| Errno::IlSeq)?;
        self.memory.charge(fuel::entry(entry.name.len()));
        for part in [&record(entry, next)[..], &entry.name] {
            let count = part.len().min(self.left as usize);
            self.memory.write(self.at, &part[..count])?;
            self.at += count as u32;
            self.left -= count as u32;
        }
        Ok(())
    }
}

fn record(entry: &DirEntry, next: u64) -> [u8; 24] {
    let mut record = [0; 24];
    record[0..8].copy_from_slice(&next.to_le_bytes());
    record[8..16].copy_from_slice(&entry.inode.to_le_bytes());
    record[16..20].copy_from_slice(&(entry.name.len() as u32).to_le_bytes());
    record[20] = entry.file_type as u8;
    record
}
