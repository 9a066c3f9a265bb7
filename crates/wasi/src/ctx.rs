//! [`WasiCtx`], what a guest sees of the world, and how its parts are found by descriptor. Made by
//! [`WasiCtxBuilder`]; an embedder makes one per store.

use crate::{
    Errno, WasiCtxBuilder,
    clock::{MonotonicClock, WallClock, nanoseconds},
    descriptor::{Descriptor, Kind, OpenDir, OpenFile, Table},
    fs::FileSystem,
    random::RandomSource,
    stdio::{InputStream, OutputStream},
};
use alloc::{boxed::Box, string::String, sync::Arc, vec::Vec};

/// What a guest sees of the world: arguments, environment, streams, directories, sockets, clocks,
/// randomness.
pub struct WasiCtx {
    pub(crate) args: Vec<Vec<u8>>,
    /// `NAME=value`
    pub(crate) env: Vec<Vec<u8>>,
    /// All that a guest can change is here, and in what the numbers in it stand for.
    pub(crate) table: Table,
    pub(crate) inputs: Vec<Option<Box<dyn InputStream>>>,
    pub(crate) outputs: Vec<Option<Box<dyn OutputStream>>>,
    pub(crate) filesystems: Vec<Box<dyn FileSystem>>,
    #[cfg(feature = "std")]
    pub(crate) sockets: Vec<Option<crate::socket::Socket>>,
    #[cfg(feature = "std")]
    pub(crate) free_sockets: Vec<usize>,
    pub(crate) wall_clock: Box<dyn WallClock>,
    pub(crate) monotonic_clock: Box<dyn MonotonicClock>,
    pub(crate) random: Box<dyn RandomSource>,
    pub(crate) outside: Option<Outside>,
    pub(crate) on_interrupt: Option<Arc<OnInterrupt>>,
    /// What a function that was put off waits for: see `wait`.
    #[cfg(feature = "std")]
    pub(crate) pause: Option<crate::wait::Pause>,
}

/// Whether a function ends that finds the guest interrupted.
pub(crate) type OnInterrupt = dyn Fn() -> bool + Send + Sync;

/// The descriptor of the first preopened directory: those of the standard streams come before it.
const FIRST_PREOPEN: u32 = 3;

/// What a guest looked for that no preopened directory has.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Outside {
    /// It asked for the first preopened directory, or for a path in it, and there is none.
    Directory,
    /// It tried this path, which leads out of the directory that it was tried in.
    Path(String),
}

/// An open file with its file system.
pub(crate) struct FileRef<'a> {
    pub(crate) file: &'a mut OpenFile,
    pub(crate) fs: &'a mut dyn FileSystem,
    pub(crate) flags: u16,
}

/// An open directory with its file system.
pub(crate) struct DirRef<'a> {
    pub(crate) dir: &'a mut OpenDir,
    pub(crate) fs: &'a mut dyn FileSystem,
}

impl WasiCtx {
    /// A builder: no arguments, no environment, standard streams that are empty.
    pub fn builder() -> WasiCtxBuilder {
        WasiCtxBuilder::new()
    }

    /// The last thing that the guest looked for outside of its directories, to explain why it
    /// failed.
    pub fn outside(&self) -> Option<&Outside> {
        self.outside.as_ref()
    }

    /// Keeps that there is no directory where the first preopened one is, to explain the error that
    /// the guest will get.
    pub(crate) fn note_no_directory(&mut self, fd: u32) {
        if fd == FIRST_PREOPEN && self.outside.is_none() {
            self.outside = Some(Outside::Directory);
        }
    }

    /// An open file, for a function that needs `right`. `other` is the error for streams and
    /// sockets.
    pub(crate) fn file(&mut self, fd: u32, right: u64, other: Errno) -> Result<FileRef<'_>, Errno> {
        let descriptor = self.table.get_mut(fd)?;
        descriptor.check(right)?;
        match &mut descriptor.kind {
            Kind::File(file) => {
                let fs = self.filesystems[file.fs].as_mut();
                Ok(FileRef { file, fs, flags: descriptor.flags })
            }
            Kind::Directory(_) => Err(Errno::IsDir),
            _ => Err(other),
        }
    }

    /// As [`WasiCtx::file`], to change the file.
    pub(crate) fn changed_file(
        &mut self,
        fd: u32,
        right: u64,
        other: Errno,
    ) -> Result<FileRef<'_>, Errno> {
        let descriptor = self.table.get_mut(fd)?;
        descriptor.check(right)?;
        match &mut descriptor.kind {
            Kind::File(file) => {
                let fs = self.filesystems[file.fs].as_mut();
                fs.set_now(&|| now(self.wall_clock.as_ref()));
                Ok(FileRef { file, fs, flags: descriptor.flags })
            }
            Kind::Directory(_) => Err(Errno::IsDir),
            _ => Err(other),
        }
    }

    /// An open directory, for a function that needs `right`.
    pub(crate) fn directory(&mut self, fd: u32, right: u64) -> Result<DirRef<'_>, Errno> {
        let descriptor = self.table.get_mut(fd)?;
        descriptor.check(right)?;
        match &mut descriptor.kind {
            Kind::Directory(dir) => {
                let fs = self.filesystems[dir.fs].as_mut();
                fs.set_now(&|| now(self.wall_clock.as_ref()));
                Ok(DirRef { dir, fs })
            }
            _ => Err(Errno::NotDir),
        }
    }

    pub(crate) fn input(&mut self, index: usize) -> Result<&mut dyn InputStream, Errno> {
        let stream = self.inputs.get_mut(index).and_then(Option::as_mut);
        Ok(stream.ok_or(Errno::BadF)?.as_mut())
    }

    pub(crate) fn output(&mut self, index: usize) -> Result<&mut dyn OutputStream, Errno> {
        let stream = self.outputs.get_mut(index).and_then(Option::as_mut);
        Ok(stream.ok_or(Errno::BadF)?.as_mut())
    }

    #[cfg(feature = "std")]
    pub(crate) fn socket(&self, index: usize) -> Result<&crate::socket::Socket, Errno> {
        self.sockets.get(index).and_then(Option::as_ref).ok_or(Errno::BadF)
    }

    /// Frees some of what file systems hold of what was removed; whether there is more.
    pub(crate) fn reclaim(&mut self) -> bool {
        self.filesystems.iter_mut().any(|fs| fs.reclaim())
    }

    /// Closes what a descriptor was open to.
    pub(crate) fn release(&mut self, descriptor: Descriptor) {
        match descriptor.kind {
            Kind::Input(index) => self.inputs[index] = None,
            Kind::Output(index) => self.outputs[index] = None,
            Kind::File(file) => self.filesystems[file.fs].close(file.handle),
            Kind::Directory(dir) => self.filesystems[dir.fs].close(dir.handle),
            #[cfg(feature = "std")]
            Kind::Listener(index) | Kind::Connection(index) => {
                self.sockets[index] = None;
                self.free_sockets.push(index);
            }
            #[cfg(not(feature = "std"))]
            Kind::Listener(_) | Kind::Connection(_) => {}
        }
    }
}

/// The time of day in nanoseconds, as far as it can be told.
fn now(clock: &dyn WallClock) -> u64 {
    nanoseconds(clock.now()).unwrap_or(u64::MAX)
}
