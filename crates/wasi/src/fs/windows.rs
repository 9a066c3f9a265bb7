//! [`HostFs`], on Windows: directories of the host as a [`FileSystem`]. As on Unix, every call is
//! about an open directory and a single name, and no link is followed. Windows has that, but the
//! standard library does not: `cap-std` does it, and what is open as a directory can't be moved or
//! replaced meanwhile. Names are checked before: see [`names`].
//!
//! There are no pipes and devices here that a guest could wait for.

mod names;

use super::{
    DirEntry, FileSystem, Handle, Metadata, OpenOptions, SetTime,
    listing::{Counted, Names},
    slots::Slots,
};
use crate::{Errno, FileType};
use alloc::{boxed::Box, vec::Vec};
use cap_fs_ext::{
    DirExt, FollowSymlinks, MetadataExt, OpenOptionsFollowExt, Reopen, SystemTimeSpec,
};
use cap_std::{
    ambient_authority,
    fs::{Dir, File, FileExt, OpenOptions as HostOptions, OpenOptionsExt, ReadDir},
    time::SystemTime,
};
use core::time::Duration;
use names::check;
use std::{io, path::Path, time::UNIX_EPOCH};

/// Rights and flags of Windows, by its names.
const GENERIC_READ: u32 = 0x8000_0000;
const FILE_WRITE_ATTRIBUTES: u32 = 0x100;
const FILE_FLAG_BACKUP_SEMANTICS: u32 = 0x200_0000;

/// Directories of the host, and what is open in them.
#[derive(Default)]
pub(crate) struct HostFs {
    open: Slots<Open>,
}

enum Open {
    /// With how far it was listed, if it was.
    Directory(Dir, Option<Box<Counted<Listed>>>),
    File(File),
}

/// A directory that is read from its start to its end.
struct Listed {
    dir: Dir,
    names: ReadDir,
}

impl HostFs {
    /// Opens a directory of the host. Only here a path is followed: it is the embedder's.
    pub(crate) fn open_host_dir(&mut self, path: &Path) -> io::Result<Handle> {
        let dir = Dir::open_ambient_dir(path, ambient_authority())?;
        Ok(self.open.add(Open::Directory(dir, None))?)
    }

    fn dir(&self, handle: Handle) -> Result<&Dir, Errno> {
        match self.open.get(handle)? {
            Open::Directory(dir, _) => Ok(dir),
            Open::File(_) => Err(Errno::NotDir),
        }
    }

    fn file(&self, handle: Handle) -> Result<&File, Errno> {
        match self.open.get(handle)? {
            Open::Directory(..) => Err(Errno::IsDir),
            Open::File(file) => Ok(file),
        }
    }

    fn at<'a>(&self, dir: Handle, name: &'a [u8]) -> Result<(&Dir, &'a str), Errno> {
        Ok((self.dir(dir)?, check(name)?))
    }

    fn file_type(&mut self, dir: Handle, name: &[u8]) -> Option<FileType> {
        self.metadata_at(dir, name).ok().map(|metadata| metadata.file_type)
    }
}

/// How a file is opened. To make or to empty one, Windows wants the right to write.
fn host_options(options: &OpenOptions) -> HostOptions {
    let mut host = HostOptions::new();
    host.follow(FollowSymlinks::No).custom_flags(FILE_FLAG_BACKUP_SEMANTICS);
    host.read(options.read || !options.write).write(options.write || options.truncate);
    host.create(options.create && !options.exclusive);
    host.create_new(options.create && options.exclusive);
    host.truncate(options.truncate);
    if options.create && !options.write && !options.truncate {
        host.write(true).access_mode(GENERIC_READ);
    }
    host
}

impl FileSystem for HostFs {
    /// There are many: see [`HostFs::open_host_dir`].
    fn root(&mut self) -> Result<Handle, Errno> {
        Err(Errno::NotSup)
    }

    fn open_dir(&mut self, dir: Handle, name: &[u8]) -> Result<Handle, Errno> {
        let (dir, name) = self.at(dir, name)?;
        match dir.open_dir_nofollow(name).map_err(Errno::from) {
            Ok(opened) => self.open.add(Open::Directory(opened, None)),
            Err(Errno::Loop) => Err(Errno::NotDir),
            Err(error) => Err(error),
        }
    }

    fn open(&mut self, dir: Handle, name: &[u8], options: &OpenOptions) -> Result<Handle, Errno> {
        let (host, host_name) = self.at(dir, name)?;
        let changes = options.write || options.truncate || options.create;
        let opened = host.open_with(host_name, &host_options(options));
        match opened.and_then(|file| Ok((file.metadata()?.is_dir(), file))).map_err(Errno::from) {
            Ok((true, _)) if changes => Err(Errno::IsDir),
            // A directory that others could move is none to go on from.
            Ok((true, file)) => {
                drop(file);
                self.open_dir(dir, name)
            }
            Ok((false, _)) if options.directory => Err(Errno::NotDir),
            Ok((false, file)) => self.open.add(Open::File(file)),
            Err(error @ (Errno::Exist | Errno::Loop | Errno::NoEnt)) => Err(error),
            Err(error) => match self.file_type(dir, name) {
                Some(FileType::Directory) if changes => Err(Errno::IsDir),
                _ => Err(error),
            },
        }
    }

    fn reopen(&mut self, dir: Handle) -> Result<Handle, Errno> {
        let dir = self.dir(dir)?.try_clone()?;
        self.open.add(Open::Directory(dir, None))
    }

    fn close(&mut self, handle: Handle) {
        self.open.remove(handle);
    }

    fn metadata(&mut self, handle: Handle) -> Result<Metadata, Errno> {
        Ok(metadata(&match self.open.get(handle)? {
            Open::Directory(dir, _) => dir.dir_metadata()?,
            Open::File(file) => file.metadata()?,
        }))
    }

    fn metadata_at(&mut self, dir: Handle, name: &[u8]) -> Result<Metadata, Errno> {
        let (dir, name) = self.at(dir, name)?;
        Ok(metadata(&dir.symlink_metadata(name)?))
    }

    fn set_times(
        &mut self,
        handle: Handle,
        accessed: SetTime,
        modified: SetTime,
    ) -> Result<(), Errno> {
        match self.open.get(handle)? {
            Open::Directory(dir, _) => Ok(dir.set_times(".", time(accessed), time(modified))?),
            Open::File(file) => {
                let mut times = std::fs::FileTimes::new();
                if let Some(time) = time(accessed) {
                    times = times.set_accessed(absolute(time));
                }
                if let Some(time) = time(modified) {
                    times = times.set_modified(absolute(time));
                }
                // One that was opened to be read has no right to it by itself.
                let mut options = HostOptions::new();
                let file = file.reopen(options.access_mode(FILE_WRITE_ATTRIBUTES))?;
                Ok(file.into_std().set_times(times)?)
            }
        }
    }

    fn set_times_at(
        &mut self,
        dir: Handle,
        name: &[u8],
        accessed: SetTime,
        modified: SetTime,
    ) -> Result<(), Errno> {
        let (dir, name) = self.at(dir, name)?;
        Ok(dir.set_symlink_times(name, time(accessed), time(modified))?)
    }

    fn set_size(&mut self, file: Handle, size: u64) -> Result<(), Errno> {
        Ok(self.file(file)?.set_len(size)?)
    }

    /// A file is given all the room that its length takes.
    fn allocate(&mut self, file: Handle, offset: u64, len: u64) -> Result<(), Errno> {
        let file = self.file(file)?;
        let end = offset.checked_add(len).ok_or(Errno::FBig)?;
        if end > file.metadata()?.len() { Ok(file.set_len(end)?) } else { Ok(()) }
    }

    fn sync(&mut self, handle: Handle, data_only: bool) -> Result<(), Errno> {
        // The host stores directories by itself.
        let Open::File(file) = self.open.get(handle)? else { return Ok(()) };
        match if data_only { file.sync_data() } else { file.sync_all() } {
            // By one that is only read, nothing was written.
            Err(error) if error.kind() == io::ErrorKind::PermissionDenied => Ok(()),
            result => Ok(result?),
        }
    }

    fn read_at(
        &mut self,
        file: Handle,
        buffers: &mut [&mut [u8]],
        offset: u64,
    ) -> Result<usize, Errno> {
        let file = self.file(file)?;
        each(buffers.iter_mut(), offset, |buffer, at| {
            Ok((file.seek_read(buffer, at)?, buffer.len()))
        })
    }

    fn write_at(&mut self, file: Handle, buffers: &[&[u8]], offset: u64) -> Result<usize, Errno> {
        let file = self.file(file)?;
        each(buffers.iter(), offset, |buffer, at| Ok((file.seek_write(buffer, at)?, buffer.len())))
    }

    fn append(&mut self, file: Handle, buffers: &[&[u8]]) -> Result<(usize, u64), Errno> {
        let end = self.metadata(file)?.size;
        let written = self.write_at(file, buffers, end)?;
        Ok((written, end.saturating_add(written as u64)))
    }

    fn read_dir(&mut self, dir: Handle, place: u64) -> Result<Vec<(DirEntry, u64)>, Errno> {
        let Open::Directory(dir, listing) = self.open.get_mut(dir)? else {
            return Err(Errno::NotDir);
        };
        let listing = match listing {
            Some(listing) => listing,
            None => {
                let dir = dir.try_clone()?;
                let names = dir.entries()?;
                listing.insert(Box::new(Counted::new(Listed { dir, names })))
            }
        };
        listing.names(place)
    }

    fn read_link(&mut self, dir: Handle, name: &[u8]) -> Result<Vec<u8>, Errno> {
        let (dir, name) = self.at(dir, name)?;
        Ok(names::to_guest(&dir.read_link_contents(name)?))
    }

    fn create_dir(&mut self, dir: Handle, name: &[u8]) -> Result<(), Errno> {
        let (dir, name) = self.at(dir, name)?;
        Ok(dir.create_dir(name)?)
    }

    /// Windows wants to know what the link will lead to.
    fn symlink(&mut self, target: &[u8], dir: Handle, name: &[u8]) -> Result<(), Errno> {
        let (dir, name) = self.at(dir, name)?;
        let target = names::to_host(target)?;
        match dir.metadata(&target) {
            Ok(metadata) if metadata.is_dir() => Ok(dir.symlink_dir(&target, name)?),
            _ => Ok(dir.symlink_file(&target, name)?),
        }
    }

    fn link(
        &mut self,
        old_dir: Handle,
        old_name: &[u8],
        new_dir: Handle,
        new_name: &[u8],
    ) -> Result<(), Errno> {
        if self.metadata_at(old_dir, old_name)?.file_type == FileType::Directory {
            return Err(Errno::Perm);
        }
        let (old_dir, old_name) = self.at(old_dir, old_name)?;
        let (new_dir, new_name) = self.at(new_dir, new_name)?;
        Ok(old_dir.hard_link(old_name, new_dir, new_name)?)
    }

    fn rename(
        &mut self,
        old_dir: Handle,
        old_name: &[u8],
        new_dir: Handle,
        new_name: &[u8],
    ) -> Result<(), Errno> {
        let old = self.metadata_at(old_dir, old_name)?;
        let directory = FileType::Directory;
        match self.metadata_at(new_dir, new_name) {
            Ok(new) => match (old.file_type == directory, new.file_type == directory) {
                (false, true) => return Err(Errno::IsDir),
                (true, false) => return Err(Errno::NotDir),
                _ if (old.device, old.inode) == (new.device, new.inode) && old.links > 1 => {
                    return Ok(());
                }
                (true, true) if (old.device, old.inode) != (new.device, new.inode) => {
                    self.remove_dir(new_dir, new_name)?;
                }
                _ => {}
            },
            Err(Errno::NoEnt) => {}
            Err(error) => return Err(error),
        }
        let into = self.metadata(new_dir)?;
        if (old.device, old.inode) == (into.device, into.inode) {
            return Err(Errno::Inval);
        }
        let (old_dir, old_name) = self.at(old_dir, old_name)?;
        let (new_dir, new_name) = self.at(new_dir, new_name)?;
        Ok(old_dir.rename(old_name, new_dir, new_name)?)
    }

    fn remove_file(&mut self, dir: Handle, name: &[u8]) -> Result<(), Errno> {
        if self.metadata_at(dir, name)?.file_type == FileType::Directory {
            return Err(Errno::IsDir);
        }
        let (dir, name) = self.at(dir, name)?;
        Ok(dir.remove_file_or_symlink(name)?)
    }

    fn remove_dir(&mut self, dir: Handle, name: &[u8]) -> Result<(), Errno> {
        if self.metadata_at(dir, name)?.file_type != FileType::Directory {
            return Err(Errno::NotDir);
        }
        let (dir, name) = self.at(dir, name)?;
        Ok(dir.remove_dir(name)?)
    }
}

impl Names for Listed {
    fn rewind(&mut self) -> Result<(), Errno> {
        self.names = self.dir.entries()?;
        Ok(())
    }

    fn next(&mut self) -> Result<Option<DirEntry>, Errno> {
        let Some(entry) = self.names.next() else { return Ok(None) };
        let entry = entry?;
        let name = entry.file_name();
        // What is gone meanwhile, or may not be looked at, is in the directory nevertheless.
        let inode = self.dir.symlink_metadata(&name).map_or(0, |metadata| metadata.ino());
        let file_type = file_type(&entry.file_type()?);
        Ok(Some(DirEntry { name: name.as_encoded_bytes().to_vec(), inode, file_type }))
    }
}

/// Calls `transfer` with each buffer and its offset, until one is not transferred completely; what
/// came before an error counts.
fn each<B>(
    buffers: impl Iterator<Item = B>,
    offset: u64,
    mut transfer: impl FnMut(B, u64) -> io::Result<(usize, usize)>,
) -> Result<usize, Errno> {
    let mut done = 0;
    for buffer in buffers {
        match transfer(buffer, offset.saturating_add(done as u64)) {
            Ok((count, len)) => {
                done += count;
                if count < len {
                    break;
                }
            }
            Err(error) if done == 0 => return Err(error.into()),
            Err(_) => break,
        }
    }
    Ok(done)
}

fn metadata(host: &cap_std::fs::Metadata) -> Metadata {
    let modified = nanoseconds(host.modified());
    Metadata {
        device: host.dev(),
        inode: host.ino(),
        file_type: file_type(&host.file_type()),
        links: host.nlink(),
        size: host.len(),
        accessed: nanoseconds(host.accessed()),
        modified,
        changed: modified,
    }
}

fn file_type(host: &cap_std::fs::FileType) -> FileType {
    if host.is_symlink() {
        FileType::SymbolicLink
    } else if host.is_dir() {
        FileType::Directory
    } else if host.is_file() {
        FileType::RegularFile
    } else {
        FileType::Unknown
    }
}

/// Times before 1970 can't be told to the guest.
fn nanoseconds(time: io::Result<SystemTime>) -> u64 {
    let since = time.ok().and_then(|time| time.into_std().duration_since(UNIX_EPOCH).ok());
    since.map_or(0, |since| u64::try_from(since.as_nanos()).unwrap_or(u64::MAX))
}

fn time(time: SetTime) -> Option<SystemTimeSpec> {
    match time {
        SetTime::Keep => None,
        SetTime::Now => Some(SystemTimeSpec::SymbolicNow),
        SetTime::At(time) => {
            let time = UNIX_EPOCH + Duration::from_nanos(time);
            Some(SystemTimeSpec::Absolute(SystemTime::from_std(time)))
        }
    }
}

fn absolute(time: SystemTimeSpec) -> std::time::SystemTime {
    match time {
        SystemTimeSpec::SymbolicNow => std::time::SystemTime::now(),
        SystemTimeSpec::Absolute(time) => time.into_std(),
    }
}
