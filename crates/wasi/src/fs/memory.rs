//! [`MemoryFs`]: files, directories and links in memory, as a [`FileSystem`]. The host builds it
//! and reads it back by paths. Needs no operating system.

pub(crate) mod contents;
mod tree;

use super::{DirEntry, FileSystem, Handle, Metadata, OpenOptions, SetTime, path::Walk, tar};
use crate::{Errno, fuel::Meter};
use alloc::{sync::Arc, vec::Vec};
use contents::MemoryBudget;
use spin::{Mutex, MutexGuard};
use tree::{ROOT, Tree};

/// A file system in memory. Clones share it: keep one and give one to the guest.
///
/// Paths begin at its root, with or without a slash; the root itself is an empty path or a slash.
/// Errors are those of guests: `ENOENT` where nothing is, `ENOTDIR` where a path goes on behind
/// what is no directory, `EPERM` for one that leaves the root by `..`, `ELOOP` for links that lead
/// in circles, `EILSEQ` for a path that is not UTF-8, `EINVAL` for a zero in it and `ENAMETOOLONG`
/// for one that is too long. Each function tells what else there is.
///
/// ```
/// use windlass_wasi::{DirPerms, FilePerms, MemoryFs, WasiCtxBuilder};
/// let files = MemoryFs::new();
/// files.write("etc/motto", "hello")?;
/// files.symlink("etc/motto", "motto")?;
/// let wasi = WasiCtxBuilder::new()
///     .preopened_fs(files.clone(), "/", DirPerms::all(), FilePerms::all())?
///     .build();
/// // ... run the guest, then:
/// assert_eq!(files.read("motto")?, b"hello");
/// # drop(wasi);
/// # Ok::<(), windlass_wasi::Errno>(())
/// ```
#[derive(Clone)]
pub struct MemoryFs(Arc<Mutex<Tree>>);

impl Default for MemoryFs {
    fn default() -> MemoryFs {
        MemoryFs::new()
    }
}

impl MemoryFs {
    /// An empty one, that may grow to 1 GiB.
    pub fn new() -> MemoryFs {
        MemoryFs::with_limit(1 << 30)
    }

    /// An empty one, that may grow to `bytes`, files, names and all else that it takes counted,
    /// roughly and rather too much than too little; then guests get `ENOSPC`. No file can be longer
    /// than that, even if little of it is there.
    pub fn with_limit(bytes: u64) -> MemoryFs {
        MemoryFs(Arc::new(Mutex::new(Tree::new(bytes, None))))
    }

    /// As [`MemoryFs::with_limit`], where all that it takes is also taken from a budget that others
    /// share.
    pub fn with_budget(bytes: u64, budget: Arc<dyn MemoryBudget>) -> MemoryFs {
        MemoryFs(Arc::new(Mutex::new(Tree::new(bytes, Some(budget)))))
    }

    fn tree(&self) -> MutexGuard<'_, Tree> {
        self.0.lock()
    }

    /// Calls `function` with a directory and the last component of a path of the host.
    fn at<R>(
        &self,
        path: &[u8],
        follow: bool,
        function: impl FnOnce(&mut Tree, Handle, &[u8]) -> Result<R, Errno>,
    ) -> Result<R, Errno> {
        let mut fs = self.clone();
        let mut walk = Walk::new(&mut fs, Handle(ROOT), relative(path), Meter::default())?;
        if follow {
            // A file that is to be made is not there yet.
            while walk.follow().or_else(|error| match error {
                Errno::NoEnt => Ok(false),
                error => Err(error),
            })? {}
        }
        let result = walk.at(|_, dir, name| function(&mut self.tree(), dir, name), Errno::IsDir);
        while self.tree().reclaim() {}
        result
    }

    /// Makes a file with these contents, or replaces its contents; makes the directories that it is
    /// in.
    ///
    /// # Errors
    ///
    /// `ENOSPC` if there is no room for it: the beginning is there then. `EISDIR` for a directory,
    /// and what is said above.
    pub fn write(&self, path: impl AsRef<[u8]>, contents: impl AsRef<[u8]>) -> Result<(), Errno> {
        let path = path.as_ref();
        self.create_parents(path)?;
        let options =
            OpenOptions { write: true, create: true, truncate: true, ..Default::default() };
        self.at(path, true, |tree, dir, name| {
            let file = tree.open(dir, name, &options)?;
            let contents = contents.as_ref();
            let written = tree.write_at(file, &[contents], 0);
            tree.close(file);
            if written? < contents.len() { Err(Errno::NoSpc) } else { Ok(()) }
        })
    }

    /// The contents of a file.
    ///
    /// # Errors
    ///
    /// `EISDIR` for a directory, and what is said above.
    pub fn read(&self, path: impl AsRef<[u8]>) -> Result<Vec<u8>, Errno> {
        self.at(path.as_ref(), true, |tree, dir, name| {
            let file = tree.open(dir, name, &OpenOptions { read: true, ..Default::default() })?;
            let bytes = tree.contents(file).and_then(|contents| contents.to_vec());
            tree.close(file);
            bytes
        })
    }

    /// What is known of a file, a directory or a link; behind the link, if a slash follows it.
    ///
    /// # Errors
    ///
    /// What is said above.
    pub fn metadata(&self, path: impl AsRef<[u8]>) -> Result<Metadata, Errno> {
        let (mut fs, path) = (self.clone(), relative(path.as_ref()));
        Walk::new(&mut fs, Handle(ROOT), path, Meter::default())?.metadata(false)
    }

    /// Makes a directory and those that it is in, if they are not there.
    ///
    /// # Errors
    ///
    /// `ENOSPC` if there is no room for it, and what is said above. What has its name already is
    /// left as it is.
    pub fn create_dir_all(&self, path: impl AsRef<[u8]>) -> Result<(), Errno> {
        let path = path.as_ref();
        let mut end = 0;
        loop {
            let next = path[end..].iter().position(|&b| b == b'/').map(|n| end + n);
            let part = &path[..next.unwrap_or(path.len())];
            if !part.iter().all(|&b| b == b'/') {
                match self.at(part, false, |tree, dir, name| tree.create_dir(dir, name)) {
                    // `a/.` is the open directory itself.
                    Ok(()) | Err(Errno::Exist | Errno::IsDir) => {}
                    Err(error) => return Err(error),
                }
            }
            match next {
                Some(next) => end = next + 1,
                None => return Ok(()),
            }
        }
    }

    /// Makes a symbolic link to `target`, which is not looked at; makes the directories that it is
    /// in.
    ///
    /// # Errors
    ///
    /// `EEXIST` if something has that name, `ENOSPC` if there is no room for it, `ENAMETOOLONG` for
    /// a target of more than 4095 bytes, and what is said above.
    pub fn symlink(&self, target: impl AsRef<[u8]>, path: impl AsRef<[u8]>) -> Result<(), Errno> {
        let path = path.as_ref();
        self.create_parents(path)?;
        let target = target.as_ref();
        self.at(path, false, |tree, dir, name| tree.symlink(target, dir, name))
    }

    /// Gives the file (or link) `old` one more name; makes the directories that this is in.
    ///
    /// # Errors
    ///
    /// `EEXIST` if something has that name, `EPERM` if `old` is a directory, `ENOSPC` if there is
    /// no room for it, and what is said above.
    pub fn hard_link(&self, old: impl AsRef<[u8]>, new: impl AsRef<[u8]>) -> Result<(), Errno> {
        let new = new.as_ref();
        self.create_parents(new)?;
        let mut fs = self.clone();
        let old = relative(old.as_ref());
        let mut walk = Walk::new(&mut fs, Handle(ROOT), old, Meter::default())?;
        walk.at(
            |_, old_dir, old_name| {
                self.at(new, false, |tree, dir, name| tree.link(old_dir, old_name, dir, name))
            },
            Errno::Perm,
        )
    }

    /// The names in a directory.
    ///
    /// # Errors
    ///
    /// What is said above.
    pub fn read_dir(&self, path: impl AsRef<[u8]>) -> Result<Vec<DirEntry>, Errno> {
        let (mut fs, path) = (self.clone(), relative(path.as_ref()));
        let mut walk = Walk::new(&mut fs, Handle(ROOT), path, Meter::default())?;
        while walk.follow()? {}
        let mut tree = self.tree();
        let opened = match walk.name() {
            Some(name) => tree.open_dir(walk.dir(), name)?,
            None => tree.reopen(walk.dir())?,
        };
        let entries = tree.list(opened);
        tree.close(opened);
        entries
    }

    /// Adds what is in a tar archive: files, directories, links. Names in it may begin with a
    /// slash.
    ///
    /// # Errors
    ///
    /// For an archive that is damaged, and for the first member that can't be added, which may have
    /// any error of the functions above. What came before it is there.
    pub fn unpack_tar(&self, archive: &[u8]) -> Result<(), tar::TarError> {
        tar::unpack(self, archive)
    }

    /// Adds what is in a directory of the host: files, directories, symbolic links. What a guest
    /// could not name is left out: names, and links to names, that are not UTF-8.
    ///
    /// # Errors
    ///
    /// What the host has no way to read, and an [`Errno`] within the error for what can't be added.
    /// What came before it is there.
    #[cfg(feature = "std")]
    pub fn copy_host_dir(&self, dir: impl AsRef<std::path::Path>) -> std::io::Result<()> {
        copy(self, dir.as_ref())
    }

    fn create_parents(&self, path: &[u8]) -> Result<(), Errno> {
        match path.iter().rposition(|&b| b == b'/') {
            Some(end) => self.create_dir_all(&path[..end]),
            None => Ok(()),
        }
    }
}

/// A path as one from the root, which is `.`.
fn relative(path: &[u8]) -> &[u8] {
    path.iter().position(|&b| b != b'/').map_or(b".", |n| &path[n..])
}

/// Copies a directory of the host, and those in it.
#[cfg(feature = "std")]
fn copy(fs: &MemoryFs, from: &std::path::Path) -> std::io::Result<()> {
    let mut dirs = alloc::vec![(from.to_owned(), alloc::string::String::new())];
    while let Some((from, to)) = dirs.pop() {
        for entry in std::fs::read_dir(from)? {
            let entry = entry?;
            let name = entry.file_name();
            let Some(name) = name.to_str() else { continue };
            let path = alloc::format!("{to}{name}");
            let file_type = entry.file_type()?;
            if file_type.is_dir() {
                fs.create_dir_all(&path)?;
                dirs.push((entry.path(), path + "/"));
            } else if file_type.is_symlink() {
                let target = std::fs::read_link(entry.path())?;
                if let Some(target) = target.to_str() {
                    fs.symlink(target, path)?;
                }
            } else if file_type.is_file() {
                fs.write(path, std::fs::read(entry.path())?)?;
            }
        }
    }
    Ok(())
}

#[cfg(feature = "std")]
impl From<Errno> for std::io::Error {
    fn from(errno: Errno) -> std::io::Error {
        std::io::Error::other(errno)
    }
}

impl FileSystem for MemoryFs {
    fn root(&mut self) -> Result<Handle, Errno> {
        self.tree().reopen(Handle(ROOT))
    }

    fn set_now(&mut self, clock: &dyn Fn() -> u64) {
        self.tree().now = clock();
    }

    fn open_dir(&mut self, dir: Handle, name: &[u8]) -> Result<Handle, Errno> {
        self.tree().open_dir(dir, name)
    }

    fn open(&mut self, dir: Handle, name: &[u8], options: &OpenOptions) -> Result<Handle, Errno> {
        self.tree().open(dir, name, options)
    }

    fn reopen(&mut self, dir: Handle) -> Result<Handle, Errno> {
        self.tree().reopen(dir)
    }

    fn close(&mut self, handle: Handle) {
        self.tree().close(handle);
    }

    fn metadata(&mut self, handle: Handle) -> Result<Metadata, Errno> {
        self.tree().metadata(handle.0)
    }

    fn metadata_at(&mut self, dir: Handle, name: &[u8]) -> Result<Metadata, Errno> {
        self.tree().metadata_at(dir, name)
    }

    fn set_times(
        &mut self,
        handle: Handle,
        accessed: SetTime,
        modified: SetTime,
    ) -> Result<(), Errno> {
        self.tree().set_times(handle.0, accessed, modified)
    }

    fn set_times_at(
        &mut self,
        dir: Handle,
        name: &[u8],
        accessed: SetTime,
        modified: SetTime,
    ) -> Result<(), Errno> {
        self.tree().set_times_at(dir, name, accessed, modified)
    }

    fn set_size(&mut self, file: Handle, size: u64) -> Result<(), Errno> {
        self.tree().set_size(file, size)
    }

    fn allocate(&mut self, file: Handle, offset: u64, len: u64) -> Result<(), Errno> {
        self.tree().allocate(file, offset, len)
    }

    fn read_at(
        &mut self,
        file: Handle,
        buffers: &mut [&mut [u8]],
        offset: u64,
    ) -> Result<usize, Errno> {
        self.tree().read_at(file, buffers, offset)
    }

    fn write_at(&mut self, file: Handle, buffers: &[&[u8]], offset: u64) -> Result<usize, Errno> {
        self.tree().write_at(file, buffers, offset)
    }

    fn append(&mut self, file: Handle, buffers: &[&[u8]]) -> Result<(usize, u64), Errno> {
        let mut tree = self.tree();
        let end = tree.contents(file)?.len();
        let written = tree.write_at(file, buffers, end)?;
        Ok((written, end + written as u64))
    }

    fn reclaim(&mut self) -> bool {
        self.tree().reclaim()
    }

    fn read_dir(&mut self, dir: Handle, place: u64) -> Result<Vec<(DirEntry, u64)>, Errno> {
        self.tree().read_dir(dir, place)
    }

    fn read_link(&mut self, dir: Handle, name: &[u8]) -> Result<Vec<u8>, Errno> {
        self.tree().read_link(dir, name)
    }

    fn create_dir(&mut self, dir: Handle, name: &[u8]) -> Result<(), Errno> {
        self.tree().create_dir(dir, name)
    }

    fn symlink(&mut self, target: &[u8], dir: Handle, name: &[u8]) -> Result<(), Errno> {
        self.tree().symlink(target, dir, name)
    }

    fn link(
        &mut self,
        old_dir: Handle,
        old_name: &[u8],
        new_dir: Handle,
        new_name: &[u8],
    ) -> Result<(), Errno> {
        self.tree().link(old_dir, old_name, new_dir, new_name)
    }

    fn rename(
        &mut self,
        old_dir: Handle,
        old_name: &[u8],
        new_dir: Handle,
        new_name: &[u8],
    ) -> Result<(), Errno> {
        self.tree().rename(old_dir, old_name, new_dir, new_name)
    }

    fn remove_file(&mut self, dir: Handle, name: &[u8]) -> Result<(), Errno> {
        self.tree().remove_file(dir, name)
    }

    fn remove_dir(&mut self, dir: Handle, name: &[u8]) -> Result<(), Errno> {
        self.tree().remove_dir(dir, name)
    }
}
