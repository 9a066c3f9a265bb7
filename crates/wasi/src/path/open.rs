//! `path_open`: opens what a path leads to.

use super::{Located, locate};
use crate::{
    DirPerms, Errno, FilePerms, FileType, GuestMemory, WasiCtx,
    descriptor::{Descriptor, Kind, OpenDir, OpenFile},
    fs::{Handle, Metadata, OpenOptions},
    fuel, rights,
    types::{fdflags, flags, follows, oflags},
    wait::Pause,
};

/// Opens a file or a directory.
///
/// How it is opened follows from the rights asked for: to be written, with `FD_WRITE`; to be read,
/// with `FD_READ` or if it is not to be written. A pipe that is only to be written is opened when
/// there is a reader; one that is only to be read is opened at once, and reading waits for a
/// writer.
///
/// Parameters: `fd`, the directory that the path begins in; `dirflags`: 1 follow the last component
/// if it is a link; `path` and `path_len`; `oflags`: 1 create, 2 it must be a directory, 4 with 1:
/// there must be nothing, 8 truncate; `base` and `inheriting`, the rights; `fdflags`: 1 append, 2
/// dsync, 4 nonblock, 8 rsync, 16 sync; `opened`, where the new descriptor goes.
///
/// Errors: `EBADF`; `ENOTDIR` if `fd` or a component on the way is none, or the flags want one;
/// `ENOENT`; `EEXIST`; `EISDIR` if a directory is to be written; `ELOOP` if the last component is a
/// link and not followed, or there are too many; `EPERM` if the path is absolute or leads out of
/// `fd`; `EROFS` if the preopened directory can't be changed; `EACCES`; `EINVAL` if flags are
/// wrong, or the path has a NUL; `EILSEQ` if the path, or a link on the way, is not UTF-8;
/// `ENAMETOOLONG`; `EMFILE`; `ENXIO` for a pipe without a reader and
/// with the flag `NONBLOCK`; `EINTR` if it waits and is interrupted; `ENOTCAPABLE`; `EFAULT`.
///
/// ```text
/// path   ─▶ ┌───┬───┬───┬───┬───┐
///           │ d │ i │ r │ / │ f │ path_len bytes, read
///           └───┴───┴───┴───┴───┘
/// opened ─▶ ┌─────┐
///           │ u32 │ written
///           └─────┘
/// ```
///
/// It follows, of WASI,
/// <https://github.com/WebAssembly/WASI/blob/main/legacy/preview1/docs.md#path_open>
/// and, of POSIX,
/// <https://pubs.opengroup.org/onlinepubs/9799919799/functions/openat.html>.
#[allow(clippy::too_many_arguments)]
pub fn path_open(
    ctx: &mut WasiCtx,
    memory: &mut GuestMemory<'_>,
    fd: u32,
    dirflags: u32,
    path: u32,
    path_len: u32,
    oflags: u32,
    base: u64,
    inheriting: u64,
    fdflags: u32,
    opened: u32,
) -> Result<(), Errno> {
    memory.check(opened, 4)?;
    let request = Request {
        follow: follows(dirflags)?,
        flags: flags(fdflags, fdflags::ALL)?,
        options: options(flags(oflags, oflags::ALL)?, flags(fdflags, fdflags::ALL)?, base)?,
    };
    if request.options.create {
        memory.charge(fuel::CREATE);
    }
    let before = memory.meter.get();
    loop {
        memory.meter.reset(before);
        match request.attempt(ctx, memory, fd, (path, path_len), (base, inheriting)) {
            Ok(number) => return memory.write_u32(opened, number),
            // A pipe has no reader yet.
            Err(Errno::Again) if request.flags & fdflags::NONBLOCK == 0 => {
                ctx.wait(memory, Pause::short())?;
            }
            Err(error) => return Err(error),
        }
    }
}

struct Request {
    follow: bool,
    /// `fdflags`
    flags: u16,
    options: OpenOptions,
}

fn options(oflags: u16, fdflags: u16, base: u64) -> Result<OpenOptions, Errno> {
    let directory = oflags & oflags::DIRECTORY != 0;
    let write = base & rights::FD_WRITE != 0;
    let options = OpenOptions {
        read: base & rights::FD_READ != 0 || !write,
        write,
        create: oflags & oflags::CREAT != 0,
        exclusive: oflags & oflags::EXCL != 0,
        truncate: oflags & oflags::TRUNC != 0,
        directory,
        nonblocking: fdflags & fdflags::NONBLOCK != 0,
    };
    if directory && (options.create || options.truncate) {
        return Err(Errno::Inval);
    }
    Ok(options)
}

impl Request {
    /// Opens, if that needs no wait.
    fn attempt(
        &self,
        ctx: &mut WasiCtx,
        memory: &GuestMemory<'_>,
        fd: u32,
        (path, path_len): (u32, u32),
        (base, inheriting): (u64, u64),
    ) -> Result<u32, Errno> {
        ctx.table.make_room()?;
        let mut located = locate(ctx, memory, fd, self.right(), path, path_len)?;
        let (handle, metadata) = self.open(&mut located)?;
        let kind = self.kind(located.dir, handle, &metadata);
        drop(located);
        let rights = ctx.table.get(fd)?.rights.opened(base, inheriting, metadata.file_type);
        Ok(ctx.table.insert(Descriptor { kind, flags: self.flags, rights }))
    }

    /// The rights of the directory that are needed.
    fn right(&self) -> u64 {
        let mut right = rights::PATH_OPEN;
        if self.options.create {
            right |= rights::PATH_CREATE_FILE;
        }
        if self.options.truncate {
            right |= rights::PATH_FILESTAT_SET_SIZE;
        }
        right
    }

    fn open(&self, located: &mut Located<'_>) -> Result<(Handle, Metadata), Errno> {
        let changes = self.options.write || self.options.truncate;
        if changes && !located.dir.file_perms.contains(FilePerms::WRITE) {
            return Err(Errno::RoFs);
        }
        self.check_readable(located)?;
        let handle = loop {
            match self.open_last(located) {
                // It is a link, or became one.
                Err(Errno::Loop) if self.follow || located.walk.slash() => {
                    if !located.walk.follow()? {
                        return Err(Errno::Loop);
                    }
                }
                result => break result?,
            }
        };
        let fs = &mut *located.walk.fs;
        match fs.metadata(handle) {
            Ok(metadata) => match self.check(located.dir, &metadata) {
                Ok(()) => Ok((handle, metadata)),
                Err(error) => {
                    fs.close(handle);
                    Err(error)
                }
            },
            Err(error) => {
                fs.close(handle);
                Err(error)
            }
        }
    }

    /// If files can't be read, one that is to be read is neither made nor emptied before that is
    /// found.
    fn check_readable(&self, located: &mut Located<'_>) -> Result<(), Errno> {
        let changes = self.options.create || self.options.truncate;
        if !changes || !self.options.read || located.dir.file_perms.contains(FilePerms::READ) {
            return Ok(());
        }
        match located.walk.metadata(self.follow) {
            Ok(metadata) if metadata.file_type == FileType::Directory => Ok(()),
            Ok(_) | Err(Errno::NoEnt) => Err(Errno::Acces),
            Err(error) => Err(error),
        }
    }

    fn open_last(&self, located: &mut Located<'_>) -> Result<Handle, Errno> {
        let mut options = self.options;
        let walk = &mut located.walk;
        if walk.name().is_none() {
            return match options {
                OpenOptions { create: true, exclusive: true, .. } => Err(Errno::Exist),
                OpenOptions { write: true, .. } | OpenOptions { truncate: true, .. } => {
                    Err(Errno::IsDir)
                }
                _ => {
                    let dir = walk.dir();
                    walk.fs.reopen(dir)
                }
            };
        }
        if walk.slash() {
            if options.create {
                return Err(Errno::IsDir);
            }
            options.directory = true;
        }
        let mutable = located.dir.perms.contains(DirPerms::MUTATE);
        if options.create && !mutable {
            options.create = false;
            let result = walk.at(|fs, dir, name| fs.open(dir, name, &options), Errno::IsDir);
            return match result {
                Ok(handle) if options.exclusive => {
                    walk.fs.close(handle);
                    Err(Errno::Exist)
                }
                Err(Errno::Loop) if options.exclusive => Err(Errno::Exist),
                Err(Errno::NoEnt) => Err(Errno::RoFs),
                result => result,
            };
        }
        walk.at(|fs, dir, name| fs.open(dir, name, &options), Errno::IsDir)
    }

    /// Whether the preopened directory allows it, now that it is known what it is.
    fn check(&self, dir: &OpenDir, metadata: &Metadata) -> Result<(), Errno> {
        let readable = match metadata.file_type {
            FileType::Directory => true,
            _ => dir.file_perms.contains(FilePerms::READ) || !self.options.read,
        };
        if readable { Ok(()) } else { Err(Errno::Acces) }
    }

    fn kind(&self, parent: &OpenDir, handle: Handle, metadata: &Metadata) -> Kind {
        let OpenDir { fs, perms, file_perms, .. } = *parent;
        match metadata.file_type {
            FileType::Directory => {
                Kind::Directory(OpenDir { fs, handle, perms, file_perms, preopen: None })
            }
            file_type => Kind::File(OpenFile {
                fs,
                handle,
                file_type,
                offset: 0,
                read: self.options.read,
                write: self.options.write,
                perms: file_perms,
            }),
        }
    }
}
