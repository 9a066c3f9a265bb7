//! The numbers of `wasi_snapshot_preview1`: file types, rights, flags, and the records that the
//! guest reads from its memory. Only numbers and layouts; what they do is said where they are used.

use crate::{Errno, fs::Metadata};

/// Which of the two modules of functions the guest imports. They differ in three records and
/// numbers.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Dialect {
    /// `wasi_snapshot_preview1`
    Preview1,
    /// `wasi_unstable`, which older toolchains import.
    Unstable,
}

/// What a file descriptor is open to, or what a name of a directory stands for.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[repr(u8)]
pub enum FileType {
    /// None of the others.
    Unknown = 0,
    /// A block device of the host.
    BlockDevice = 1,
    /// A character device, such as a terminal.
    CharacterDevice = 2,
    /// A directory.
    Directory = 3,
    /// A file.
    RegularFile = 4,
    /// A datagram socket.
    SocketDgram = 5,
    /// A stream socket.
    SocketStream = 6,
    /// A symbolic link.
    SymbolicLink = 7,
}

/// What may be done with a descriptor. Rights are stored, reported, and only ever given up.
#[allow(missing_docs)] // The names are the specification's.
pub mod rights {
    pub const FD_DATASYNC: u64 = 1 << 0;
    pub const FD_READ: u64 = 1 << 1;
    pub const FD_SEEK: u64 = 1 << 2;
    pub const FD_FDSTAT_SET_FLAGS: u64 = 1 << 3;
    pub const FD_SYNC: u64 = 1 << 4;
    pub const FD_TELL: u64 = 1 << 5;
    pub const FD_WRITE: u64 = 1 << 6;
    pub const FD_ADVISE: u64 = 1 << 7;
    pub const FD_ALLOCATE: u64 = 1 << 8;
    pub const PATH_CREATE_DIRECTORY: u64 = 1 << 9;
    pub const PATH_CREATE_FILE: u64 = 1 << 10;
    pub const PATH_LINK_SOURCE: u64 = 1 << 11;
    pub const PATH_LINK_TARGET: u64 = 1 << 12;
    pub const PATH_OPEN: u64 = 1 << 13;
    pub const FD_READDIR: u64 = 1 << 14;
    pub const PATH_READLINK: u64 = 1 << 15;
    pub const PATH_RENAME_SOURCE: u64 = 1 << 16;
    pub const PATH_RENAME_TARGET: u64 = 1 << 17;
    pub const PATH_FILESTAT_GET: u64 = 1 << 18;
    pub const PATH_FILESTAT_SET_SIZE: u64 = 1 << 19;
    pub const PATH_FILESTAT_SET_TIMES: u64 = 1 << 20;
    pub const FD_FILESTAT_GET: u64 = 1 << 21;
    pub const FD_FILESTAT_SET_SIZE: u64 = 1 << 22;
    pub const FD_FILESTAT_SET_TIMES: u64 = 1 << 23;
    pub const PATH_SYMLINK: u64 = 1 << 24;
    pub const PATH_REMOVE_DIRECTORY: u64 = 1 << 25;
    pub const PATH_UNLINK_FILE: u64 = 1 << 26;
    pub const POLL_FD_READWRITE: u64 = 1 << 27;
    pub const SOCK_SHUTDOWN: u64 = 1 << 28;
    pub const SOCK_ACCEPT: u64 = 1 << 29;

    /// Those that there are.
    pub const ALL: u64 = (1 << 30) - 1;
    /// Those that mean something for a file.
    pub const FILE: u64 = FD_DATASYNC
        | FD_READ
        | FD_SEEK
        | FD_FDSTAT_SET_FLAGS
        | FD_SYNC
        | FD_TELL
        | FD_WRITE
        | FD_ADVISE
        | FD_ALLOCATE
        | FD_FILESTAT_GET
        | FD_FILESTAT_SET_SIZE
        | FD_FILESTAT_SET_TIMES
        | POLL_FD_READWRITE;
    /// Those that mean something for a directory.
    pub const DIRECTORY: u64 = FD_FDSTAT_SET_FLAGS
        | FD_SYNC
        | FD_DATASYNC
        | FD_READDIR
        | FD_FILESTAT_GET
        | FD_FILESTAT_SET_TIMES
        | PATH_CREATE_DIRECTORY
        | PATH_CREATE_FILE
        | PATH_LINK_SOURCE
        | PATH_LINK_TARGET
        | PATH_OPEN
        | PATH_READLINK
        | PATH_RENAME_SOURCE
        | PATH_RENAME_TARGET
        | PATH_FILESTAT_GET
        | PATH_FILESTAT_SET_SIZE
        | PATH_FILESTAT_SET_TIMES
        | PATH_SYMLINK
        | PATH_REMOVE_DIRECTORY
        | PATH_UNLINK_FILE;
    /// Those that mean something for a stream or a connection.
    pub const STREAM: u64 = FD_READ
        | FD_WRITE
        | FD_FDSTAT_SET_FLAGS
        | FD_FILESTAT_GET
        | POLL_FD_READWRITE
        | SOCK_SHUTDOWN;
    /// Those that mean something for a listening socket.
    pub const LISTENER: u64 =
        SOCK_ACCEPT | POLL_FD_READWRITE | FD_FDSTAT_SET_FLAGS | FD_FILESTAT_GET;
}

/// How a descriptor reads and writes.
pub mod fdflags {
    /// Writing goes to the end of the file.
    pub const APPEND: u16 = 1 << 0;
    /// Each write waits until the data is stored.
    pub const DSYNC: u16 = 1 << 1;
    /// Nothing waits: what would is `EAGAIN`.
    pub const NONBLOCK: u16 = 1 << 2;
    /// Reading, too, waits until what was written is stored.
    pub const RSYNC: u16 = 1 << 3;
    /// Each write waits until data and metadata are stored.
    pub const SYNC: u16 = 1 << 4;

    pub(crate) const ALL: u32 = 0x1f;
}

/// How `path_open` opens.
pub mod oflags {
    /// If there is no file, make one.
    pub const CREAT: u16 = 1 << 0;
    /// It must be a directory.
    pub const DIRECTORY: u16 = 1 << 1;
    /// There must be no file.
    pub const EXCL: u16 = 1 << 2;
    /// The file becomes empty.
    pub const TRUNC: u16 = 1 << 3;

    pub(crate) const ALL: u32 = 0xf;
}

/// Which times are set, and to what.
pub mod fstflags {
    /// The time of the last access, to the given time.
    pub const ATIM: u16 = 1 << 0;
    /// The time of the last access, to now.
    pub const ATIM_NOW: u16 = 1 << 1;
    /// The time of the last change, to the given time.
    pub const MTIM: u16 = 1 << 2;
    /// The time of the last change, to now.
    pub const MTIM_NOW: u16 = 1 << 3;

    pub(crate) const ALL: u32 = 0xf;
}

/// Flags as a guest gives them: only those that there are.
pub(crate) fn flags(value: u32, all: u32) -> Result<u16, Errno> {
    if value & !all != 0 { Err(Errno::Inval) } else { Ok(value as u16) }
}

/// Whether the last component of a path is followed if it is a link.
pub(crate) fn follows(lookupflags: u32) -> Result<bool, Errno> {
    Ok(flags(lookupflags, 1)? != 0)
}

/// The record of `fd_filestat_get` and `path_filestat_get`, and how many bytes of it are used.
///
/// ```text
/// preview1  0 dev u64 | 8 ino u64 | 16 filetype u8 | 24 nlink u64 | 32 size u64 | 40 atim u64 | 48 mtim u64 | 56 ctim u64
/// unstable  0 dev u64 | 8 ino u64 | 16 filetype u8 | 20 nlink u32 | 24 size u64 | 32 atim u64 | 40 mtim u64 | 48 ctim u64
/// ```
pub(crate) fn filestat(dialect: Dialect, metadata: &Metadata) -> ([u8; 64], usize) {
    let mut record = [0; 64];
    record[0..8].copy_from_slice(&metadata.device.to_le_bytes());
    record[8..16].copy_from_slice(&metadata.inode.to_le_bytes());
    record[16] = metadata.file_type as u8;
    let rest = match dialect {
        Dialect::Preview1 => {
            record[24..32].copy_from_slice(&metadata.links.to_le_bytes());
            32
        }
        Dialect::Unstable => {
            let links = u32::try_from(metadata.links).unwrap_or(u32::MAX);
            record[20..24].copy_from_slice(&links.to_le_bytes());
            24
        }
    };
    let fields = [metadata.size, metadata.accessed, metadata.modified, metadata.changed];
    for (index, field) in fields.into_iter().enumerate() {
        record[rest + 8 * index..rest + 8 * index + 8].copy_from_slice(&field.to_le_bytes());
    }
    (record, rest + 32)
}
