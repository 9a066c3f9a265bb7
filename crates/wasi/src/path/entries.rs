//! Making, linking, moving and removing: `path_create_directory`, `path_symlink`, `path_link`,
//! `path_rename`, `path_unlink_file`, `path_remove_directory`.

use super::{Located, locate};
use crate::{
    DirPerms, Errno, FilePerms, FileType, GuestMemory, WasiCtx,
    fs::{FileSystem, Handle, path::Walk},
    fuel, lists, rights,
    types::follows,
};

/// Makes a directory.
///
/// Parameters: `fd`, the directory that the path begins in; `path` and `path_len`.
///
/// Errors: `EEXIST`; `ENOENT` or `ENOTDIR` if a component on the way is missing or no directory;
/// `EROFS` if the preopened directory can't be changed; `EPERM` if the path is absolute or leads
/// out of `fd`; `EILSEQ` if it, or a link on the way, is not UTF-8; `EBADF`; `EACCES`; `ELOOP`;
/// `EINVAL`; `ENAMETOOLONG`; `ENOSPC`; `ENOTCAPABLE`; `EFAULT`.
///
/// It follows, of WASI,
/// <https://github.com/WebAssembly/WASI/blob/main/legacy/preview1/docs.md#path_create_directory>
/// and, of POSIX,
/// <https://pubs.opengroup.org/onlinepubs/9799919799/functions/mkdirat.html>.
pub fn path_create_directory(
    ctx: &mut WasiCtx,
    memory: &mut GuestMemory<'_>,
    fd: u32,
    path: u32,
    path_len: u32,
) -> Result<(), Errno> {
    let mut located = locate(ctx, memory, fd, rights::PATH_CREATE_DIRECTORY, path, path_len)?;
    located.check_mutable()?;
    located.walk.at(|fs, dir, name| fs.create_dir(dir, name), Errno::Exist)
}

/// Removes an empty directory.
///
/// Parameters: `fd`, the directory that the path begins in; `path` and `path_len`.
///
/// Errors: `ENOTEMPTY`; `ENOTDIR`; `EINVAL` if the path ends in `.` or `..`; else as
/// [`path_create_directory`].
///
/// It follows, of WASI,
/// <https://github.com/WebAssembly/WASI/blob/main/legacy/preview1/docs.md#path_remove_directory>
/// and, of POSIX,
/// <https://pubs.opengroup.org/onlinepubs/9799919799/functions/unlinkat.html>.
pub fn path_remove_directory(
    ctx: &mut WasiCtx,
    memory: &mut GuestMemory<'_>,
    fd: u32,
    path: u32,
    path_len: u32,
) -> Result<(), Errno> {
    let mut located = locate(ctx, memory, fd, rights::PATH_REMOVE_DIRECTORY, path, path_len)?;
    located.check_mutable()?;
    located.walk.at(|fs, dir, name| fs.remove_dir(dir, name), Errno::Inval)
}

/// Removes a name of a file, or a link. The file goes when it has no other name and is open
/// nowhere.
///
/// Parameters: `fd`, the directory that the path begins in; `path` and `path_len`.
///
/// Errors: `EISDIR` for a directory; `ENOTDIR` if the path ends in a slash; else as
/// [`path_create_directory`].
///
/// It follows, of WASI,
/// <https://github.com/WebAssembly/WASI/blob/main/legacy/preview1/docs.md#path_unlink_file>
/// and, of POSIX,
/// <https://pubs.opengroup.org/onlinepubs/9799919799/functions/unlinkat.html>.
pub fn path_unlink_file(
    ctx: &mut WasiCtx,
    memory: &mut GuestMemory<'_>,
    fd: u32,
    path: u32,
    path_len: u32,
) -> Result<(), Errno> {
    let mut located = locate(ctx, memory, fd, rights::PATH_UNLINK_FILE, path, path_len)?;
    located.check_mutable()?;
    if located.walk.slash() {
        let metadata = located.walk.at(|fs, dir, name| fs.metadata_at(dir, name), Errno::IsDir)?;
        return Err(match metadata.file_type {
            FileType::Directory => Errno::IsDir,
            _ => Errno::NotDir,
        });
    }
    located.walk.at(|fs, dir, name| fs.remove_file(dir, name), Errno::IsDir)
}

/// Makes a symbolic link.
///
/// Parameters: `old_path` and `old_len`, where it leads; `fd`, the directory that the new path
/// begins in; `new_path` and `new_len`, the link.
///
/// Errors: `EPERM` if it would lead to an absolute path; `ENOENT` if it would lead nowhere;
/// `EEXIST`; `ENOTDIR` or `ENOENT` if the new path ends in a slash; else as
/// [`path_create_directory`].
///
/// ```text
/// old_path ─▶ ┌───────────────┐          new_path ─▶ ┌───────────────┐
///             │ old_len bytes │ read                 │ new_len bytes │ read
///             └───────────────┘                      └───────────────┘
/// ```
///
/// It follows, of WASI,
/// <https://github.com/WebAssembly/WASI/blob/main/legacy/preview1/docs.md#path_symlink>
/// and, of POSIX,
/// <https://pubs.opengroup.org/onlinepubs/9799919799/functions/symlinkat.html>.
pub fn path_symlink(
    ctx: &mut WasiCtx,
    memory: &mut GuestMemory<'_>,
    old_path: u32,
    old_len: u32,
    fd: u32,
    new_path: u32,
    new_len: u32,
) -> Result<(), Errno> {
    let target = memory.path(old_path, old_len)?;
    match &target[..] {
        [] => return Err(Errno::NoEnt),
        [b'/', ..] => return Err(Errno::Perm),
        target if target.contains(&0) => return Err(Errno::Inval),
        target if core::str::from_utf8(target).is_err() => return Err(Errno::IlSeq),
        _ => {}
    }
    memory.charge(fuel::bytes(old_len));
    let mut located = locate(ctx, memory, fd, rights::PATH_SYMLINK, new_path, new_len)?;
    located.check_mutable()?;
    check_new(&mut located.walk)?;
    located.walk.at(|fs, dir, name| fs.symlink(&target, dir, name), Errno::Exist)
}

/// A file can't be made under a path that ends in a slash.
fn check_new(walk: &mut Walk<'_>) -> Result<(), Errno> {
    if !walk.slash() {
        return Ok(());
    }
    let metadata = walk.at(|fs, dir, name| fs.metadata_at(dir, name), Errno::Exist)?;
    Err(match metadata.file_type {
        FileType::Directory => Errno::Exist,
        _ => Errno::NotDir,
    })
}

/// Gives a file one more name.
///
/// Parameters: `old_fd`, the directory that the old path begins in; `old_flags`: 1 follow its last
/// component if it is a link, else the link itself gets the name; `old_path` and `old_len`;
/// `new_fd`, `new_path` and `new_len`, the new name.
///
/// Errors: `EEXIST`; `ENOENT`; `EPERM` for a directory; `EXDEV` if the two are in different file
/// systems, or in preopened directories that don't allow the same; `EMLINK`; else as
/// [`path_create_directory`].
///
/// It follows, of WASI,
/// <https://github.com/WebAssembly/WASI/blob/main/legacy/preview1/docs.md#path_link>
/// and, of POSIX,
/// <https://pubs.opengroup.org/onlinepubs/9799919799/functions/linkat.html>.
#[allow(clippy::too_many_arguments)]
pub fn path_link(
    ctx: &mut WasiCtx,
    memory: &mut GuestMemory<'_>,
    old_fd: u32,
    old_flags: u32,
    old_path: u32,
    old_len: u32,
    new_fd: u32,
    new_path: u32,
    new_len: u32,
) -> Result<(), Errno> {
    let follow = follows(old_flags)?;
    let mut old = locate(ctx, memory, old_fd, rights::PATH_LINK_SOURCE, old_path, old_len)?;
    old.check_mutable()?;
    old.walk.metadata(follow)?;
    let old = Source::of(old)?;
    between(ctx, memory, old, (new_fd, rights::PATH_LINK_TARGET, new_path, new_len), |old, new| {
        let name = old.name.as_deref().ok_or(Errno::Perm)?;
        check_new(new)?;
        new.at(|fs, dir, new_name| fs.link(old.dir, name, dir, new_name), Errno::Exist)
    })
}

/// Moves a file, a directory or a link. What had the new name is replaced: a file, or an empty
/// directory if a directory is moved.
///
/// Parameters: `fd`, `old_path` and `old_len`, the old name; `new_fd`, `new_path` and `new_len`,
/// the new one.
///
/// Errors: `ENOENT`; `ENOTEMPTY` or `EEXIST`; `EISDIR` if a directory would be replaced by
/// something else; `ENOTDIR` if something else would be replaced by a directory, or has a path that
/// ends in a slash; `EINVAL` if a directory would be in itself; `EBUSY` if a path ends in `.` or
/// `..`; `EXDEV` if the two are in different file systems, or in preopened directories that don't
/// allow the same; else as [`path_create_directory`].
///
/// It follows, of WASI,
/// <https://github.com/WebAssembly/WASI/blob/main/legacy/preview1/docs.md#path_rename>
/// and, of POSIX,
/// <https://pubs.opengroup.org/onlinepubs/9799919799/functions/renameat.html>.
#[allow(clippy::too_many_arguments)]
pub fn path_rename(
    ctx: &mut WasiCtx,
    memory: &mut GuestMemory<'_>,
    fd: u32,
    old_path: u32,
    old_len: u32,
    new_fd: u32,
    new_path: u32,
    new_len: u32,
) -> Result<(), Errno> {
    let old = locate(ctx, memory, fd, rights::PATH_RENAME_SOURCE, old_path, old_len)?;
    old.check_mutable()?;
    let old = Source::of(old)?;
    between(
        ctx,
        memory,
        old,
        (new_fd, rights::PATH_RENAME_TARGET, new_path, new_len),
        |old, new| {
            let name = old.name.as_deref().ok_or(Errno::Busy)?;
            if old.slash || new.slash() {
                let metadata = new.fs.metadata_at(old.dir, name)?;
                if metadata.file_type != FileType::Directory {
                    return Err(Errno::NotDir);
                }
            }
            new.at(|fs, dir, new_name| fs.rename(old.dir, name, dir, new_name), Errno::Busy)
        },
    )
}

/// The end of a walk: its directories stay open while there is another walk.
struct Source {
    fs: usize,
    allowed: (DirPerms, FilePerms),
    dir: Handle,
    name: Option<alloc::vec::Vec<u8>>,
    slash: bool,
    opened: alloc::vec::Vec<Handle>,
}

impl Source {
    fn of(located: Located<'_>) -> Result<Source, Errno> {
        let Located { dir, walk } = located;
        let (last, slash) = (walk.dir(), walk.slash());
        let name = walk.name().map(lists::copy).transpose()?;
        let allowed = (dir.perms, dir.file_perms);
        Ok(Source { fs: dir.fs, allowed, dir: last, name, slash, opened: walk.into_opened() })
    }

    fn close(self, fs: &mut dyn FileSystem) {
        for dir in self.opened {
            fs.close(dir);
        }
    }
}

/// Goes along the second path, and calls `function` with both ends.
///
/// Preopened directories that don't allow the same are as far from each other as two file systems,
/// on the same host too: else what is in the one could be had under a name in the other, with what
/// that allows. A program that gets `EXDEV` copies, and for that both are asked.
fn between(
    ctx: &mut WasiCtx,
    memory: &GuestMemory<'_>,
    old: Source,
    (fd, right, path, path_len): (u32, u64, u32, u32),
    function: impl FnOnce(&Source, &mut Walk<'_>) -> Result<(), Errno>,
) -> Result<(), Errno> {
    let fs = old.fs;
    let result = locate(ctx, memory, fd, right, path, path_len).and_then(|mut new| {
        if !new.dir.perms.contains(DirPerms::MUTATE) {
            Err(Errno::RoFs)
        } else if new.dir.fs != fs || (new.dir.perms, new.dir.file_perms) != old.allowed {
            Err(Errno::XDev)
        } else {
            function(&old, &mut new.walk)
        }
    });
    old.close(ctx.filesystems[fs].as_mut());
    result
}
