//! [`FileSystem`]: what this crate needs of a file system, in handles and single names. Two
//! implement it: the host's files (`host` on Unix, `windows` there) and files in memory
//! ([`memory`]). The meaning of paths is not theirs: it is said once, in [`path`].

#[cfg(all(feature = "std", unix))]
mod host;
#[cfg(all(feature = "std", any(unix, windows)))]
mod listing;
pub(crate) mod memory;
pub(crate) mod path;
#[cfg(all(feature = "std", any(unix, windows)))]
mod slots;
pub(crate) mod tar;
#[cfg(all(feature = "std", windows))]
mod windows;

#[cfg(all(feature = "std", unix))]
pub(crate) use host::HostFs;
#[cfg(all(feature = "std", windows))]
pub(crate) use windows::HostFs;

use crate::{Errno, FileType};
use alloc::vec::Vec;

/// Something open in a [`FileSystem`]. Only the file system that gave it knows what it means.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct Handle(pub u64);

/// What is known of a file. Times are nanoseconds since 1970.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Metadata {
    /// Files of equal `device` and `inode` are the same.
    pub device: u64,
    /// The file's number on its device.
    pub inode: u64,
    /// What it is.
    pub file_type: FileType,
    /// How many names it has.
    pub links: u64,
    /// Its length in bytes.
    pub size: u64,
    /// When it was last read.
    pub accessed: u64,
    /// When its content last changed.
    pub modified: u64,
    /// When it last changed in any way.
    pub changed: u64,
}

/// A name in a directory.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct DirEntry {
    /// The name.
    pub name: Vec<u8>,
    /// The number of what it stands for.
    pub inode: u64,
    /// What it stands for.
    pub file_type: FileType,
}

/// How to open.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct OpenOptions {
    /// To read.
    pub read: bool,
    /// To write.
    pub write: bool,
    /// If there is nothing of that name, make a file.
    pub create: bool,
    /// With `create`: there must be nothing of that name.
    pub exclusive: bool,
    /// The file becomes empty.
    pub truncate: bool,
    /// It must be a directory.
    pub directory: bool,
    /// What has no partner can't be opened: `ENXIO` and not `EAGAIN`.
    pub nonblocking: bool,
}

/// A time to be set.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum SetTime {
    /// Leave it.
    Keep,
    /// The current time.
    Now,
    /// Nanoseconds since 1970.
    At(u64),
}

/// How a program will use a part of a file.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[repr(u8)]
#[allow(missing_docs)] // The names are the specification's.
pub enum Advice {
    Normal,
    Sequential,
    Random,
    WillNeed,
    DontNeed,
    NoReuse,
}

/// A file system: directories and files that can be opened, and what can be done with them.
///
/// Every `name` is a single component: not empty, no `/`, neither `.` nor `..`. **No function
/// follows a symbolic link**, and none takes a path: so an implementation cannot leave its root,
/// however the tree changes meanwhile. All state that belongs to a descriptor (offset, flags) is
/// the caller's.
pub trait FileSystem: Send {
    /// Opens the root.
    fn root(&mut self) -> Result<Handle, Errno>;

    /// Called before something may change, with a clock for file systems that have none of their
    /// own. It tells nanoseconds since 1970, as [`SetTime::At`] and [`Metadata`] have them.
    fn set_now(&mut self, clock: &dyn Fn() -> u64) {
        let _ = clock;
    }

    /// Opens a directory to go through it. `ENOTDIR` for everything else, links too.
    fn open_dir(&mut self, dir: Handle, name: &[u8]) -> Result<Handle, Errno>;

    /// Opens what `name` stands for. `ELOOP` for a link. Never waits: `EAGAIN` if it would have to
    /// wait for a partner.
    fn open(&mut self, dir: Handle, name: &[u8], options: &OpenOptions) -> Result<Handle, Errno>;

    /// Opens a directory once more, to list it and to go through it.
    fn reopen(&mut self, dir: Handle) -> Result<Handle, Errno>;

    /// Closes a handle.
    fn close(&mut self, handle: Handle);

    /// What is known of what is open.
    fn metadata(&mut self, handle: Handle) -> Result<Metadata, Errno>;

    /// What is known of what `name` stands for, which may be a link.
    fn metadata_at(&mut self, dir: Handle, name: &[u8]) -> Result<Metadata, Errno>;

    /// Sets the times of last access and of last change.
    fn set_times(
        &mut self,
        handle: Handle,
        accessed: SetTime,
        modified: SetTime,
    ) -> Result<(), Errno>;

    /// Sets the times of what `name` stands for, which may be a link.
    fn set_times_at(
        &mut self,
        dir: Handle,
        name: &[u8],
        accessed: SetTime,
        modified: SetTime,
    ) -> Result<(), Errno>;

    /// Cuts a file, or extends it by zeros.
    fn set_size(&mut self, file: Handle, size: u64) -> Result<(), Errno>;

    /// Makes sure that there is room for a part of a file; extends it if the part ends beyond its
    /// end.
    fn allocate(&mut self, file: Handle, offset: u64, len: u64) -> Result<(), Errno>;

    /// Tells how a part of a file will be used.
    fn advise(&mut self, file: Handle, offset: u64, len: u64, advice: Advice) -> Result<(), Errno> {
        let _ = (file, offset, len, advice);
        Ok(())
    }

    /// Waits until what was written is stored; the metadata, too, unless `data_only`.
    fn sync(&mut self, handle: Handle, data_only: bool) -> Result<(), Errno> {
        let _ = (handle, data_only);
        Ok(())
    }

    /// Reads from `offset` on; 0 is the end.
    fn read_at(
        &mut self,
        file: Handle,
        buffers: &mut [&mut [u8]],
        offset: u64,
    ) -> Result<usize, Errno>;

    /// Writes from `offset` on.
    fn write_at(&mut self, file: Handle, buffers: &[&[u8]], offset: u64) -> Result<usize, Errno>;

    /// Writes at the end, wherever that is now. Also returns the new end.
    fn append(&mut self, file: Handle, buffers: &[&[u8]]) -> Result<(usize, u64), Errno>;

    /// Reads from what has no offsets: a pipe, a device. Never waits: `EAGAIN`.
    fn read(&mut self, stream: Handle, buffers: &mut [&mut [u8]]) -> Result<usize, Errno> {
        let _ = (stream, buffers);
        Err(Errno::BadF)
    }

    /// Writes to what has no offsets. Never waits: `EAGAIN`.
    fn write(&mut self, stream: Handle, buffers: &[&[u8]]) -> Result<usize, Errno> {
        let _ = (stream, buffers);
        Err(Errno::BadF)
    }

    /// Whether reading (or writing) would not wait. Never waits itself.
    fn is_ready(&mut self, handle: Handle, writing: bool) -> Result<bool, Errno> {
        let _ = (handle, writing);
        Ok(true)
    }

    /// What the host can wait for to know when a handle is ready. Without it, `is_ready` is asked
    /// again and again.
    #[cfg(all(feature = "std", unix))]
    fn host_fd(&self, handle: Handle) -> Option<std::os::fd::BorrowedFd<'_>> {
        let _ = handle;
        None
    }

    /// The next names of an open directory, without `.` and `..`: some of them, and none at the
    /// end. `place` is 0 at the start, else what came with a name, and leads behind it, also when
    /// the directory has changed meanwhile. Places are not 0, and less than 2^63 + 2^62.
    fn read_dir(&mut self, dir: Handle, place: u64) -> Result<Vec<(DirEntry, u64)>, Errno>;

    /// Frees some of what was removed and is still held; whether there is more. Is called when a
    /// function has answered, again and again, so that none takes long: until all is free, or the
    /// guest is to stop.
    fn reclaim(&mut self) -> bool {
        false
    }

    /// Where a link leads. `EINVAL` for everything else.
    fn read_link(&mut self, dir: Handle, name: &[u8]) -> Result<Vec<u8>, Errno>;

    /// Makes a directory.
    fn create_dir(&mut self, dir: Handle, name: &[u8]) -> Result<(), Errno>;

    /// Makes a symbolic link.
    fn symlink(&mut self, target: &[u8], dir: Handle, name: &[u8]) -> Result<(), Errno>;

    /// Gives a file one more name.
    fn link(
        &mut self,
        old_dir: Handle,
        old_name: &[u8],
        new_dir: Handle,
        new_name: &[u8],
    ) -> Result<(), Errno>;

    /// Moves a file or a directory; replaces a file, or an empty directory by a directory.
    fn rename(
        &mut self,
        old_dir: Handle,
        old_name: &[u8],
        new_dir: Handle,
        new_name: &[u8],
    ) -> Result<(), Errno>;

    /// Removes the name of a file or link. `EISDIR` for a directory.
    fn remove_file(&mut self, dir: Handle, name: &[u8]) -> Result<(), Errno>;

    /// Removes an empty directory.
    fn remove_dir(&mut self, dir: Handle, name: &[u8]) -> Result<(), Errno>;
}
