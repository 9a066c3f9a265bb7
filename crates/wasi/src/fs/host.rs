//! [`HostFs`], on Unix: directories of the host as a [`FileSystem`]. Every call gives the operating
//! system an open directory and a single name, and never lets it follow a link: nothing outside of
//! the directories that it was made with can be reached.

mod listing;

use super::{Advice, DirEntry, FileSystem, Handle, Metadata, OpenOptions, SetTime, slots::Slots};
use crate::{Errno, FileType, iovecs::BATCH};
use alloc::vec::Vec;
use listing::Listing;
use rustix::{
    fs::{self, AtFlags, Mode, OFlags, Stat, Timespec, Timestamps},
    io::{self, retry_on_intr},
};
use std::{
    array,
    io::{IoSlice, IoSliceMut},
    os::fd::{AsFd, BorrowedFd, OwnedFd},
    path::Path,
};

/// Directories of the host, and what is open in them.
#[derive(Default)]
pub(crate) struct HostFs {
    open: Slots<Open>,
}

/// Something open.
struct Open {
    fd: OwnedFd,
    /// How far it was listed, if it is a directory that was listed.
    listing: Option<Listing>,
}

/// What all of our opening has in common: links are not followed, and nothing else is changed by
/// it.
const OPEN: OFlags = OFlags::NOFOLLOW.union(OFlags::CLOEXEC).union(OFlags::NOCTTY);

/// A directory to go through: it need not be readable.
#[cfg(any(target_os = "linux", target_os = "android"))]
const SEARCH: OFlags = OPEN.union(OFlags::DIRECTORY).union(OFlags::PATH);
#[cfg(not(any(target_os = "linux", target_os = "android")))]
const SEARCH: OFlags = OPEN.union(OFlags::DIRECTORY);

impl HostFs {
    /// Opens a directory of the host. Only here a path is followed: it is the embedder's.
    pub(crate) fn open_host_dir(&mut self, path: &Path) -> std::io::Result<Handle> {
        let flags = OFlags::DIRECTORY | OFlags::CLOEXEC;
        Ok(self.add(fs::open(path, flags, Mode::empty())?)?)
    }

    fn add(&mut self, fd: OwnedFd) -> Result<Handle, Errno> {
        self.open.add(Open { fd, listing: None })
    }

    fn fd(&self, handle: Handle) -> Result<BorrowedFd<'_>, Errno> {
        Ok(self.open.get(handle)?.fd.as_fd())
    }
}

impl FileSystem for HostFs {
    /// There are many: see [`HostFs::open_host_dir`].
    fn root(&mut self) -> Result<Handle, Errno> {
        Err(Errno::NotSup)
    }

    fn open_dir(&mut self, dir: Handle, name: &[u8]) -> Result<Handle, Errno> {
        let dir = self.fd(dir)?;
        match retry_on_intr(|| fs::openat(dir, name, SEARCH, Mode::empty())) {
            Ok(fd) => self.add(fd),
            // Systems differ in how they refuse a link.
            Err(io::Errno::LOOP | io::Errno::MLINK) => Err(Errno::NotDir),
            Err(error) => Err(error.into()),
        }
    }

    fn open(&mut self, dir: Handle, name: &[u8], options: &OpenOptions) -> Result<Handle, Errno> {
        let mut flags = OPEN;
        flags |= match (options.read, options.write) {
            (true, true) => OFlags::RDWR,
            (false, true) => OFlags::WRONLY,
            _ => OFlags::RDONLY,
        };
        flags.set(OFlags::CREATE, options.create);
        flags.set(OFlags::EXCL, options.create && options.exclusive);
        flags.set(OFlags::TRUNC, options.truncate);
        flags.set(OFlags::DIRECTORY, options.directory);
        // Nothing waits here: not in opening, nor later in reading and writing.
        flags |= OFlags::NONBLOCK;
        let dir = self.fd(dir)?;
        match retry_on_intr(|| fs::openat(dir, name, flags, Mode::from_raw_mode(0o666))) {
            Ok(fd) => self.add(fd),
            Err(io::Errno::NXIO) if !options.nonblocking && is_pipe(dir, name) => Err(Errno::Again),
            Err(io::Errno::LOOP | io::Errno::MLINK) => Err(Errno::Loop),
            Err(io::Errno::NOTDIR) if fs::readlinkat(dir, name, Vec::new()).is_ok() => {
                Err(Errno::Loop)
            }
            Err(error) => Err(error.into()),
        }
    }

    fn reopen(&mut self, dir: Handle) -> Result<Handle, Errno> {
        let (dir, flags) = (self.fd(dir)?, OPEN | OFlags::DIRECTORY);
        let fd = retry_on_intr(|| fs::openat(dir, ".", flags, Mode::empty()))?;
        self.add(fd)
    }

    fn close(&mut self, handle: Handle) {
        self.open.remove(handle);
    }

    fn metadata(&mut self, handle: Handle) -> Result<Metadata, Errno> {
        Ok(metadata(&fs::fstat(self.fd(handle)?)?))
    }

    fn metadata_at(&mut self, dir: Handle, name: &[u8]) -> Result<Metadata, Errno> {
        Ok(metadata(&fs::statat(self.fd(dir)?, name, AtFlags::SYMLINK_NOFOLLOW)?))
    }

    fn set_times(
        &mut self,
        handle: Handle,
        accessed: SetTime,
        modified: SetTime,
    ) -> Result<(), Errno> {
        Ok(fs::futimens(self.fd(handle)?, &timestamps(accessed, modified))?)
    }

    fn set_times_at(
        &mut self,
        dir: Handle,
        name: &[u8],
        accessed: SetTime,
        modified: SetTime,
    ) -> Result<(), Errno> {
        let times = timestamps(accessed, modified);
        Ok(fs::utimensat(self.fd(dir)?, name, &times, AtFlags::SYMLINK_NOFOLLOW)?)
    }

    fn set_size(&mut self, file: Handle, size: u64) -> Result<(), Errno> {
        let fd = self.fd(file)?;
        Ok(retry_on_intr(|| fs::ftruncate(fd, size))?)
    }

    #[cfg(any(target_os = "linux", target_os = "android", target_os = "freebsd"))]
    fn allocate(&mut self, file: Handle, offset: u64, len: u64) -> Result<(), Errno> {
        Ok(fs::fallocate(self.fd(file)?, fs::FallocateFlags::empty(), offset, len)?)
    }

    #[cfg(not(any(target_os = "linux", target_os = "android", target_os = "freebsd")))]
    fn allocate(&mut self, _: Handle, _: u64, _: u64) -> Result<(), Errno> {
        Err(Errno::NotSup)
    }

    #[cfg(any(target_os = "linux", target_os = "android", target_os = "freebsd"))]
    fn advise(&mut self, file: Handle, offset: u64, len: u64, advice: Advice) -> Result<(), Errno> {
        let advice = match advice {
            Advice::Normal => fs::Advice::Normal,
            Advice::Sequential => fs::Advice::Sequential,
            Advice::Random => fs::Advice::Random,
            Advice::WillNeed => fs::Advice::WillNeed,
            Advice::DontNeed => fs::Advice::DontNeed,
            Advice::NoReuse => fs::Advice::NoReuse,
        };
        let len = core::num::NonZeroU64::new(len);
        Ok(fs::fadvise(self.fd(file)?, offset, len, advice)?)
    }

    fn sync(&mut self, handle: Handle, data_only: bool) -> Result<(), Errno> {
        let fd = self.fd(handle)?;
        #[cfg(not(target_vendor = "apple"))]
        if data_only {
            return Ok(retry_on_intr(|| fs::fdatasync(fd))?);
        }
        let _ = data_only;
        Ok(retry_on_intr(|| fs::fsync(fd))?)
    }

    fn read_at(
        &mut self,
        file: Handle,
        buffers: &mut [&mut [u8]],
        offset: u64,
    ) -> Result<usize, Errno> {
        let fd = self.fd(file)?;
        if let [buffer] = buffers {
            return Ok(retry_on_intr(|| io::pread(fd, &mut **buffer, offset))?);
        }
        let count = buffers.len().min(BATCH);
        let slices = &mut slices_mut(buffers)[..count];
        Ok(retry_on_intr(|| io::preadv(fd, slices, offset))?)
    }

    fn write_at(&mut self, file: Handle, buffers: &[&[u8]], offset: u64) -> Result<usize, Errno> {
        let fd = self.fd(file)?;
        if let [buffer] = buffers {
            return Ok(retry_on_intr(|| io::pwrite(fd, buffer, offset))?);
        }
        let slices = &slices(buffers)[..buffers.len().min(BATCH)];
        Ok(retry_on_intr(|| io::pwritev(fd, slices, offset))?)
    }

    fn append(&mut self, file: Handle, buffers: &[&[u8]]) -> Result<(usize, u64), Errno> {
        #[cfg(any(target_os = "linux", target_os = "android"))]
        if let Some(appended) = append_at_once(self.fd(file)?, buffers)? {
            return Ok(appended);
        }
        let end = self.metadata(file)?.size;
        let written = self.write_at(file, buffers, end)?;
        Ok((written, end + written as u64))
    }

    fn read(&mut self, stream: Handle, buffers: &mut [&mut [u8]]) -> Result<usize, Errno> {
        let fd = self.fd(stream)?;
        if let [buffer] = buffers {
            return Ok(retry_on_intr(|| io::read(fd, &mut **buffer))?);
        }
        let count = buffers.len().min(BATCH);
        Ok(io::readv(fd, &mut slices_mut(buffers)[..count])?)
    }

    fn write(&mut self, stream: Handle, buffers: &[&[u8]]) -> Result<usize, Errno> {
        if let [buffer] = buffers {
            return Ok(io::write(self.fd(stream)?, buffer)?);
        }
        let count = buffers.len().min(BATCH);
        Ok(io::writev(self.fd(stream)?, &slices(buffers)[..count])?)
    }

    fn is_ready(&mut self, handle: Handle, writing: bool) -> Result<bool, Errno> {
        crate::wait::is_ready(self.fd(handle)?, writing)
    }

    fn host_fd(&self, handle: Handle) -> Option<BorrowedFd<'_>> {
        self.fd(handle).ok()
    }

    fn read_dir(&mut self, dir: Handle, place: u64) -> Result<Vec<(DirEntry, u64)>, Errno> {
        let open = self.open.get_mut(dir)?;
        if open.listing.is_none() {
            open.listing = Some(Listing::new(open.fd.as_fd())?);
        }
        match &mut open.listing {
            Some(listing) => listing.names(open.fd.as_fd(), place),
            None => Err(Errno::BadF),
        }
    }

    fn read_link(&mut self, dir: Handle, name: &[u8]) -> Result<Vec<u8>, Errno> {
        Ok(fs::readlinkat(self.fd(dir)?, name, Vec::new())?.into_bytes())
    }

    fn create_dir(&mut self, dir: Handle, name: &[u8]) -> Result<(), Errno> {
        Ok(fs::mkdirat(self.fd(dir)?, name, Mode::from_raw_mode(0o777))?)
    }

    fn symlink(&mut self, target: &[u8], dir: Handle, name: &[u8]) -> Result<(), Errno> {
        Ok(fs::symlinkat(target, self.fd(dir)?, name)?)
    }

    fn link(
        &mut self,
        old_dir: Handle,
        old_name: &[u8],
        new_dir: Handle,
        new_name: &[u8],
    ) -> Result<(), Errno> {
        let (old_dir, new_dir) = (self.fd(old_dir)?, self.fd(new_dir)?);
        Ok(fs::linkat(old_dir, old_name, new_dir, new_name, AtFlags::empty())?)
    }

    fn rename(
        &mut self,
        old_dir: Handle,
        old_name: &[u8],
        new_dir: Handle,
        new_name: &[u8],
    ) -> Result<(), Errno> {
        Ok(fs::renameat(self.fd(old_dir)?, old_name, self.fd(new_dir)?, new_name)?)
    }

    fn remove_file(&mut self, dir: Handle, name: &[u8]) -> Result<(), Errno> {
        match fs::unlinkat(self.fd(dir)?, name, AtFlags::empty()) {
            Ok(()) => Ok(()),
            // What POSIX wants for a directory; the guest should not see which system it is.
            Err(io::Errno::PERM) => match self.metadata_at(dir, name) {
                Ok(metadata) if metadata.file_type == FileType::Directory => Err(Errno::IsDir),
                _ => Err(Errno::Perm),
            },
            Err(error) => Err(error.into()),
        }
    }

    fn remove_dir(&mut self, dir: Handle, name: &[u8]) -> Result<(), Errno> {
        Ok(fs::unlinkat(self.fd(dir)?, name, AtFlags::REMOVEDIR)?)
    }
}

fn is_pipe(dir: BorrowedFd<'_>, name: &[u8]) -> bool {
    let stat = fs::statat(dir, name, AtFlags::SYMLINK_NOFOLLOW);
    stat.is_ok_and(|stat| fs::FileType::from_raw_mode(stat.st_mode) == fs::FileType::Fifo)
}

/// Writes at the end, wherever other processes move it meanwhile. None where the system can't:
/// Linux before 4.16, and what only passes for Linux.
#[cfg(any(target_os = "linux", target_os = "android"))]
fn append_at_once(fd: BorrowedFd<'_>, buffers: &[&[u8]]) -> Result<Option<(usize, u64)>, Errno> {
    let slices = &slices(buffers)[..buffers.len().min(BATCH)];
    // With this offset the position of the file becomes the new end. Nothing else uses it.
    let append = io::ReadWriteFlags::APPEND;
    match retry_on_intr(|| io::pwritev2(fd, slices, u64::MAX, append)) {
        Err(io::Errno::NOSYS | io::Errno::OPNOTSUPP) => Ok(None),
        written => Ok(Some((written?, fs::seek(fd, fs::SeekFrom::Current(0))?))),
    }
}

fn slices<'a>(buffers: &[&'a [u8]]) -> [IoSlice<'a>; BATCH] {
    array::from_fn(|i| IoSlice::new(buffers.get(i).copied().unwrap_or_default()))
}

fn slices_mut<'a>(buffers: &'a mut [&mut [u8]]) -> [IoSliceMut<'a>; BATCH] {
    let mut buffers = buffers.iter_mut();
    array::from_fn(|_| IoSliceMut::new(buffers.next().map_or(&mut [], |buffer| &mut **buffer)))
}

#[allow(clippy::unnecessary_cast)] // The fields' types are not the same on every system.
fn metadata(stat: &Stat) -> Metadata {
    Metadata {
        device: stat.st_dev as u64,
        inode: stat.st_ino as u64,
        file_type: file_type(fs::FileType::from_raw_mode(stat.st_mode)),
        links: stat.st_nlink as u64,
        size: stat.st_size as u64,
        accessed: nanoseconds(stat.st_atime as i64, stat.st_atime_nsec as u64),
        modified: nanoseconds(stat.st_mtime as i64, stat.st_mtime_nsec as u64),
        changed: nanoseconds(stat.st_ctime as i64, stat.st_ctime_nsec as u64),
    }
}

fn file_type(host: fs::FileType) -> FileType {
    match host {
        fs::FileType::RegularFile => FileType::RegularFile,
        fs::FileType::Directory => FileType::Directory,
        fs::FileType::Symlink => FileType::SymbolicLink,
        fs::FileType::CharacterDevice => FileType::CharacterDevice,
        fs::FileType::BlockDevice => FileType::BlockDevice,
        fs::FileType::Socket => FileType::SocketStream,
        _ => FileType::Unknown,
    }
}

/// Times before 1970 can't be told to the guest.
fn nanoseconds(seconds: i64, nanoseconds: u64) -> u64 {
    let seconds = u64::try_from(seconds).unwrap_or(0);
    seconds.saturating_mul(1_000_000_000).saturating_add(nanoseconds)
}

fn timestamps(accessed: SetTime, modified: SetTime) -> Timestamps {
    Timestamps { last_access: timespec(accessed), last_modification: timespec(modified) }
}

#[allow(clippy::unnecessary_cast)]
fn timespec(time: SetTime) -> Timespec {
    match time {
        SetTime::Keep => Timespec { tv_sec: 0, tv_nsec: fs::UTIME_OMIT },
        SetTime::Now => Timespec { tv_sec: 0, tv_nsec: fs::UTIME_NOW },
        SetTime::At(time) => {
            Timespec { tv_sec: (time / 1_000_000_000) as i64, tv_nsec: (time % 1_000_000_000) as _ }
        }
    }
}
