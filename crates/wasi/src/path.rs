//! `path_*`: functions on names in open directories. A file for each kind: opening; what is known
//! and set; making, linking, moving and removing. Here is what they share: the path itself. What a
//! path means is said in `fs/path`.

pub(crate) mod attributes;
pub(crate) mod entries;
pub(crate) mod open;

use crate::{
    DirPerms, Errno, GuestMemory, WasiCtx,
    ctx::{DirRef, Outside},
    descriptor::OpenDir,
    fs::path::Walk,
    lists,
};

/// A directory that a path begins in, and the walk to the path's last component.
pub(crate) struct Located<'a> {
    pub(crate) dir: &'a OpenDir,
    pub(crate) walk: Walk<'a>,
}

/// Goes along a path of the guest, for a function that needs `right`.
pub(crate) fn locate<'a>(
    ctx: &'a mut WasiCtx,
    memory: &GuestMemory<'a>,
    fd: u32,
    right: u64,
    path: u32,
    path_len: u32,
) -> Result<Located<'a>, Errno> {
    let path = memory.path(path, path_len)?;
    note_outside(ctx, fd, &path);
    let DirRef { dir, fs } = ctx.directory(fd, right)?;
    let walk = Walk::new(fs, dir.handle, &path, memory.meter)?;
    Ok(Located { dir, walk })
}

impl Located<'_> {
    /// Fails if nothing can be made, moved or removed in this directory.
    pub(crate) fn check_mutable(&self) -> Result<(), Errno> {
        if self.dir.perms.contains(DirPerms::MUTATE) { Ok(()) } else { Err(Errno::RoFs) }
    }
}

/// Keeps a path that leads out of the directories of the guest, to explain the error that it will
/// get.
fn note_outside(ctx: &mut WasiCtx, fd: u32, path: &[u8]) {
    let mut depth = 0i32;
    let leaves = |part: &[u8]| {
        match part {
            b"" | b"." => {}
            b".." => depth -= 1,
            _ => depth += 1,
        }
        depth < 0
    };
    let outside = path.starts_with(b"/") || path.split(|&b| b == b'/').any(leaves);
    if ctx.table.get(fd).is_err() {
        ctx.note_no_directory(fd);
    } else if outside {
        // Without memory for it, the one before is kept.
        ctx.outside = lists::text(path).ok().map(Outside::Path).or(ctx.outside.take());
    }
}
