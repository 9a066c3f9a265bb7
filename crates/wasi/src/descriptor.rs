//! The table of descriptors: what each number is open to, as plain data. What it stands for (files,
//! streams, sockets) is in the context, by number. Every `fd_*` and `path_*` function uses it.

use crate::{Errno, FileType, fs::Handle, rights};
use alloc::{boxed::Box, collections::BinaryHeap, vec::Vec};
use core::{cmp::Reverse, ops::BitOr};

/// What a guest may do with a preopened directory and those below it.
///
/// Nothing is linked or moved between preopened directories that allow different things, though
/// they be of one file system: the guest gets `EXDEV`. Directories that overlap are the embedder's
/// responsibility: what is in both can be had by either.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct DirPerms(u8);

impl DirPerms {
    /// List. Going through to what has a known name is always possible.
    pub const READ: DirPerms = DirPerms(1);
    /// Make, remove, link and rename what is in it; set the times of directories and links.
    pub const MUTATE: DirPerms = DirPerms(2);

    /// Everything.
    pub const fn all() -> DirPerms {
        DirPerms(3)
    }

    /// Whether everything in `other` is in this.
    pub const fn contains(self, other: DirPerms) -> bool {
        self.0 & other.0 == other.0
    }
}

impl BitOr for DirPerms {
    type Output = DirPerms;
    fn bitor(self, other: DirPerms) -> DirPerms {
        DirPerms(self.0 | other.0)
    }
}

/// What a guest may do with the files of a preopened directory.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct FilePerms(u8);

impl FilePerms {
    /// Read.
    pub const READ: FilePerms = FilePerms(1);
    /// Write, cut, set the times of files.
    pub const WRITE: FilePerms = FilePerms(2);

    /// Everything.
    pub const fn all() -> FilePerms {
        FilePerms(3)
    }

    /// Whether everything in `other` is in this.
    pub const fn contains(self, other: FilePerms) -> bool {
        self.0 & other.0 == other.0
    }
}

/// Whether the times can be set of what has this type.
pub(crate) fn may_set_times(dir: DirPerms, file: FilePerms, file_type: FileType) -> bool {
    match file_type {
        FileType::Directory | FileType::SymbolicLink => dir.contains(DirPerms::MUTATE),
        _ => file.contains(FilePerms::WRITE),
    }
}

impl BitOr for FilePerms {
    type Output = FilePerms;
    fn bitor(self, other: FilePerms) -> FilePerms {
        FilePerms(self.0 | other.0)
    }
}

/// What a number is open to.
#[derive(Clone, Debug)]
pub(crate) struct Descriptor {
    pub(crate) kind: Kind,
    /// `fdflags`
    pub(crate) flags: u16,
    pub(crate) rights: Rights,
}

/// Rights as reported, and those that the guest gave up by `fd_fdstat_set_rights`. Only the latter
/// decide: programs ask for too few, and go on.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Rights {
    pub(crate) base: u64,
    pub(crate) inheriting: u64,
    pub(crate) lost: u64,
    pub(crate) lost_inheriting: u64,
}

impl Rights {
    pub(crate) fn new(base: u64, inheriting: u64) -> Rights {
        Rights { base, inheriting, lost: 0, lost_inheriting: 0 }
    }

    /// Gives up rights; none can be added.
    pub(crate) fn shrink(&mut self, base: u64, inheriting: u64) -> Result<(), Errno> {
        if base & !self.base != 0 || inheriting & !self.inheriting != 0 {
            return Err(Errno::NotCapable);
        }
        self.lost |= self.base & !base;
        self.lost_inheriting |= self.inheriting & !inheriting;
        (self.base, self.inheriting) = (base, inheriting);
        Ok(())
    }

    /// The rights of what is opened in a directory that has these: those asked for, as far as there
    /// are such.
    pub(crate) fn opened(&self, base: u64, inheriting: u64, file_type: FileType) -> Rights {
        let meaningful = match file_type {
            FileType::Directory => rights::DIRECTORY,
            FileType::RegularFile | FileType::BlockDevice => rights::FILE,
            _ => rights::STREAM,
        };
        Rights {
            base: base & self.inheriting & meaningful,
            inheriting: inheriting & self.inheriting,
            lost: self.lost_inheriting,
            lost_inheriting: self.lost_inheriting,
        }
    }
}

#[derive(Clone, Debug)]
#[cfg_attr(not(feature = "std"), allow(dead_code))] // There are no sockets then.
pub(crate) enum Kind {
    /// An input stream of the context.
    Input(usize),
    /// An output stream of the context.
    Output(usize),
    File(OpenFile),
    Directory(OpenDir),
    /// A listener of the context's sockets.
    Listener(usize),
    /// A connection of the context's sockets.
    Connection(usize),
}

/// An open file, pipe or device of a file system.
#[derive(Clone, Debug)]
pub(crate) struct OpenFile {
    /// Which of the context's file systems.
    pub(crate) fs: usize,
    pub(crate) handle: Handle,
    pub(crate) file_type: FileType,
    /// Where the next `fd_read` or `fd_write` is.
    pub(crate) offset: u64,
    pub(crate) read: bool,
    pub(crate) write: bool,
    pub(crate) perms: FilePerms,
}

impl OpenFile {
    /// Whether it has offsets.
    pub(crate) fn seekable(&self) -> bool {
        matches!(self.file_type, FileType::RegularFile | FileType::BlockDevice)
    }
}

/// An open directory.
#[derive(Clone, Debug)]
pub(crate) struct OpenDir {
    /// Which of the context's file systems.
    pub(crate) fs: usize,
    pub(crate) handle: Handle,
    pub(crate) perms: DirPerms,
    pub(crate) file_perms: FilePerms,
    /// What the guest calls it, if it was opened for the guest.
    pub(crate) preopen: Option<Box<str>>,
}

impl Descriptor {
    /// Fails if the guest has given up a right.
    pub(crate) fn check(&self, right: u64) -> Result<(), Errno> {
        if self.rights.lost & right != 0 { Err(Errno::NotCapable) } else { Ok(()) }
    }
}

/// The open descriptors by number.
#[derive(Clone, Debug, Default)]
pub(crate) struct Table {
    slots: Vec<Option<Descriptor>>,
    /// The numbers below that are free, lowest first.
    free: BinaryHeap<Reverse<u32>>,
    /// How many the guest may have.
    limit: usize,
}

impl Table {
    /// An empty one, for at most `limit` descriptors.
    pub(crate) fn new(limit: usize) -> Table {
        Table { slots: Vec::new(), free: BinaryHeap::new(), limit: limit.min(i32::MAX as usize) }
    }

    pub(crate) fn get(&self, fd: u32) -> Result<&Descriptor, Errno> {
        self.slots.get(fd as usize).and_then(Option::as_ref).ok_or(Errno::BadF)
    }

    pub(crate) fn get_mut(&mut self, fd: u32) -> Result<&mut Descriptor, Errno> {
        self.slots.get_mut(fd as usize).and_then(Option::as_mut).ok_or(Errno::BadF)
    }

    /// Makes sure that there is room for one more, which the next [`Table::insert`] takes.
    pub(crate) fn make_room(&mut self) -> Result<(), Errno> {
        let open = self.slots.len() - self.free.len();
        if open >= self.limit {
            return Err(Errno::MFile);
        }
        self.slots.try_reserve(1)?;
        // All may become free: what is closed needs no memory.
        self.free.try_reserve(open + 1)?;
        Ok(())
    }

    /// Adds one under the lowest number that is free.
    pub(crate) fn insert(&mut self, descriptor: Descriptor) -> u32 {
        match self.free.pop() {
            Some(Reverse(number)) => {
                self.slots[number as usize] = Some(descriptor);
                number
            }
            None => {
                self.slots.push(Some(descriptor));
                self.free.reserve(self.slots.len());
                self.slots.len() as u32 - 1
            }
        }
    }

    pub(crate) fn remove(&mut self, fd: u32) -> Result<Descriptor, Errno> {
        let removed = self.slots.get_mut(fd as usize).and_then(Option::take).ok_or(Errno::BadF)?;
        self.free.push(Reverse(fd));
        Ok(removed)
    }

    /// Moves `from` to `to`; returns what was there.
    pub(crate) fn renumber(&mut self, from: u32, to: u32) -> Result<Option<Descriptor>, Errno> {
        self.get(to)?;
        self.get(from)?;
        if from == to {
            return Ok(None);
        }
        let moved = self.remove(from)?;
        Ok(self.slots[to as usize].replace(moved))
    }
}
