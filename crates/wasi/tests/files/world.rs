//! [`World`]: a context with one directory, and a memory, so that tests can call the functions
//! without an engine. Each test runs in two worlds: one of the host's files and one of files in
//! memory, and both must do the same.

use std::{
    fs,
    path::{Path, PathBuf},
    sync::atomic::{AtomicU32, Ordering},
};
use windlass_wasi::{
    Dialect, DirPerms, Errno, FilePerms, FileType, MemoryFs, WasiCtx, WasiCtxBuilder, oflags,
    rights,
};

/// The descriptor of the preopened directory.
pub(crate) const ROOT: u32 = 3;

pub(crate) const READ: u64 =
    rights::FD_READ | rights::FD_SEEK | rights::FD_TELL | rights::FD_READDIR;
pub(crate) const WRITE: u64 = rights::FD_WRITE | rights::FD_SEEK;
pub(crate) const BOTH: u64 = rights::FILE;

pub(crate) type Answer<T = ()> = Result<T, Errno>;

pub(crate) struct World {
    pub(crate) ctx: WasiCtx,
    pub(crate) memory: Vec<u8>,
    pub(crate) name: &'static str,
    /// The host's directory, if it is the host's.
    pub(crate) host: Option<Scratch>,
}

/// A directory of the host that is removed at the end.
pub(crate) struct Scratch(PathBuf);

impl Scratch {
    pub(crate) fn new() -> Scratch {
        static NUMBER: AtomicU32 = AtomicU32::new(0);
        let number = NUMBER.fetch_add(1, Ordering::Relaxed);
        let path =
            std::env::temp_dir().join(format!("windlass-wasi-{}-{number}", std::process::id()));
        fs::create_dir(&path).unwrap();
        Scratch(path)
    }

    pub(crate) fn path(&self) -> &Path {
        &self.0
    }
}

impl Drop for Scratch {
    fn drop(&mut self) {
        let _ = fs::remove_dir_all(&self.0);
    }
}

/// What `path_filestat_get` tells.
#[derive(Debug, PartialEq)]
pub(crate) struct Stat {
    pub(crate) inode: u64,
    pub(crate) file_type: u8,
    pub(crate) links: u64,
    pub(crate) size: u64,
    pub(crate) accessed: u64,
    pub(crate) modified: u64,
}

/// Runs a test in both worlds.
pub(crate) fn both(test: impl Fn(&mut World)) {
    with_perms(DirPerms::all(), FilePerms::all(), |_| (), test);
}

/// Runs a test that makes symbolic links in the worlds that have them.
pub(crate) fn both_with_links(test: impl Fn(&mut World)) {
    both(|w| {
        if w.has_links() {
            test(w);
        }
    });
}

/// Runs a test in both worlds, after `prepare` with everything allowed.
pub(crate) fn with_perms(
    dir: DirPerms,
    file: FilePerms,
    prepare: impl Fn(&mut World),
    test: impl Fn(&mut World),
) {
    let files = MemoryFs::with_limit(1 << 20);
    let open = |dir, file| {
        let mut builder = WasiCtxBuilder::new();
        builder.preopened_fs(files.clone(), "/", dir, file).unwrap();
        World { ctx: builder.build(), memory: vec![0; 1 << 16], name: "memory", host: None }
    };
    prepare(&mut open(DirPerms::all(), FilePerms::all()));
    test(&mut open(dir, file));

    let scratch = Scratch::new();
    let open = |dir, file, host| {
        let mut builder = WasiCtxBuilder::new();
        builder.preopened_dir(scratch.path(), "/", dir, file).unwrap();
        World { ctx: builder.build(), memory: vec![0; 1 << 16], name: "host", host }
    };
    prepare(&mut open(DirPerms::all(), FilePerms::all(), None));
    let path = Scratch(scratch.path().to_owned());
    test(&mut open(dir, file, Some(path)));
}

/// Calls a function of preview1 with the world's context and memory.
macro_rules! call {
    ($world:expr, $name:ident $(, $arg:expr)*) => {
        windlass_wasi::preview1::$name(
            &mut $world.ctx,
            &mut windlass_wasi::GuestMemory::new(&mut $world.memory),
            $($arg),*
        )
    };
}
pub(crate) use call;

/// Where things are in the memory.
pub(crate) const RESULT: u32 = 0;
const PATH: u32 = 0x1000;
const PATH2: u32 = 0x3000;
const IOVS: u32 = 0x5000;
pub(crate) const BUFFER: u32 = 0x8000;

impl World {
    pub(crate) fn put(&mut self, at: u32, bytes: &[u8]) {
        self.memory[at as usize..at as usize + bytes.len()].copy_from_slice(bytes);
    }

    pub(crate) fn get(&self, at: u32, len: u32) -> Vec<u8> {
        self.memory[at as usize..(at + len) as usize].to_vec()
    }

    pub(crate) fn u32(&self, at: u32) -> u32 {
        u32::from_le_bytes(self.get(at, 4).try_into().unwrap())
    }

    pub(crate) fn u64(&self, at: u32) -> u64 {
        u64::from_le_bytes(self.get(at, 8).try_into().unwrap())
    }

    fn path(&mut self, path: impl AsRef<[u8]>) -> (u32, u32) {
        self.put(PATH, path.as_ref());
        (PATH, path.as_ref().len() as u32)
    }

    fn path2(&mut self, path: impl AsRef<[u8]>) -> (u32, u32) {
        self.put(PATH2, path.as_ref());
        (PATH2, path.as_ref().len() as u32)
    }

    pub(crate) fn open_at(
        &mut self,
        dir: u32,
        path: impl AsRef<[u8]>,
        follow: bool,
        oflags: u16,
        rights: u64,
        fdflags: u16,
    ) -> Answer<u32> {
        let (path, len) = self.path(path);
        let (follow, oflags, fdflags) = (follow.into(), oflags.into(), fdflags.into());
        call!(
            self,
            path_open,
            dir,
            follow,
            path,
            len,
            oflags,
            rights,
            rights::ALL,
            fdflags,
            RESULT
        )?;
        Ok(self.u32(RESULT))
    }

    pub(crate) fn open(&mut self, path: impl AsRef<[u8]>, oflags: u16, rights: u64) -> Answer<u32> {
        self.open_at(ROOT, path, true, oflags, rights, 0)
    }

    /// Makes a file with these contents.
    pub(crate) fn make(&mut self, path: &str, contents: &[u8]) {
        let fd = self.open(path, oflags::CREAT | oflags::TRUNC, WRITE).unwrap();
        assert_eq!(self.write(fd, contents), Ok(contents.len() as u32));
        self.close(fd).unwrap();
    }

    /// The contents of a file.
    pub(crate) fn contents(&mut self, path: &str) -> Answer<Vec<u8>> {
        let fd = self.open(path, 0, READ)?;
        let bytes = self.read(fd, 4096);
        self.close(fd)?;
        bytes
    }

    pub(crate) fn close(&mut self, fd: u32) -> Answer {
        call!(self, fd_close, fd)
    }

    pub(crate) fn iovecs(&mut self, iovecs: &[(u32, u32)]) -> (u32, u32) {
        for (index, &(ptr, len)) in iovecs.iter().enumerate() {
            self.put(IOVS + 8 * index as u32, &ptr.to_le_bytes());
            self.put(IOVS + 8 * index as u32 + 4, &len.to_le_bytes());
        }
        (IOVS, iovecs.len() as u32)
    }

    pub(crate) fn write(&mut self, fd: u32, bytes: &[u8]) -> Answer<u32> {
        self.put(BUFFER, bytes);
        let (iovs, len) = self.iovecs(&[(BUFFER, bytes.len() as u32)]);
        call!(self, fd_write, fd, iovs, len, RESULT)?;
        Ok(self.u32(RESULT))
    }

    pub(crate) fn read(&mut self, fd: u32, len: u32) -> Answer<Vec<u8>> {
        let (iovs, count) = self.iovecs(&[(BUFFER, len)]);
        call!(self, fd_read, fd, iovs, count, RESULT)?;
        Ok(self.get(BUFFER, self.u32(RESULT)))
    }

    pub(crate) fn pwrite(&mut self, fd: u32, bytes: &[u8], offset: u64) -> Answer<u32> {
        self.put(BUFFER, bytes);
        let (iovs, len) = self.iovecs(&[(BUFFER, bytes.len() as u32)]);
        call!(self, fd_pwrite, fd, iovs, len, offset, RESULT)?;
        Ok(self.u32(RESULT))
    }

    pub(crate) fn pread(&mut self, fd: u32, len: u32, offset: u64) -> Answer<Vec<u8>> {
        let (iovs, count) = self.iovecs(&[(BUFFER, len)]);
        call!(self, fd_pread, fd, iovs, count, offset, RESULT)?;
        Ok(self.get(BUFFER, self.u32(RESULT)))
    }

    pub(crate) fn seek(&mut self, fd: u32, offset: i64, whence: u32) -> Answer<u64> {
        call!(self, fd_seek, Dialect::Preview1, fd, offset as u64, whence, RESULT)?;
        Ok(self.u64(RESULT))
    }

    pub(crate) fn tell(&mut self, fd: u32) -> Answer<u64> {
        call!(self, fd_tell, fd, RESULT)?;
        Ok(self.u64(RESULT))
    }

    fn stat_at(&self, at: u32) -> Stat {
        Stat {
            inode: self.u64(at + 8),
            file_type: self.memory[at as usize + 16],
            links: self.u64(at + 24),
            size: self.u64(at + 32),
            accessed: self.u64(at + 40),
            modified: self.u64(at + 48),
        }
    }

    pub(crate) fn stat_fd(&mut self, fd: u32) -> Answer<Stat> {
        call!(self, fd_filestat_get, Dialect::Preview1, fd, BUFFER)?;
        Ok(self.stat_at(BUFFER))
    }

    pub(crate) fn stat_with(&mut self, path: impl AsRef<[u8]>, follow: bool) -> Answer<Stat> {
        let (path, len) = self.path(path);
        call!(self, path_filestat_get, Dialect::Preview1, ROOT, follow.into(), path, len, BUFFER)?;
        Ok(self.stat_at(BUFFER))
    }

    pub(crate) fn stat(&mut self, path: impl AsRef<[u8]>) -> Answer<Stat> {
        self.stat_with(path, true)
    }

    pub(crate) fn mkdir(&mut self, path: impl AsRef<[u8]>) -> Answer {
        let (path, len) = self.path(path);
        call!(self, path_create_directory, ROOT, path, len)
    }

    pub(crate) fn rmdir(&mut self, path: impl AsRef<[u8]>) -> Answer {
        let (path, len) = self.path(path);
        call!(self, path_remove_directory, ROOT, path, len)
    }

    pub(crate) fn unlink(&mut self, path: impl AsRef<[u8]>) -> Answer {
        let (path, len) = self.path(path);
        call!(self, path_unlink_file, ROOT, path, len)
    }

    pub(crate) fn symlink(&mut self, target: impl AsRef<[u8]>, path: impl AsRef<[u8]>) -> Answer {
        let (old, old_len) = self.path(target);
        let (new, new_len) = self.path2(path);
        call!(self, path_symlink, old, old_len, ROOT, new, new_len)
    }

    pub(crate) fn link(&mut self, old: &str, follow: bool, new: &str) -> Answer {
        let (old, old_len) = self.path(old);
        let (new, new_len) = self.path2(new);
        call!(self, path_link, ROOT, follow.into(), old, old_len, ROOT, new, new_len)
    }

    pub(crate) fn rename(&mut self, old: &str, new: &str) -> Answer {
        let (old, old_len) = self.path(old);
        let (new, new_len) = self.path2(new);
        call!(self, path_rename, ROOT, old, old_len, ROOT, new, new_len)
    }

    /// Whether symbolic links can be made. On Windows most users may make none, and emulators have
    /// none.
    pub(crate) fn has_links(&mut self) -> bool {
        if self.name == "memory" || cfg!(unix) {
            return true;
        }
        self.symlink("target", "probe").is_ok() && self.unlink("probe").is_ok()
    }

    /// Whether a directory counts those in it as links to it.
    pub(crate) fn counts_links(&self) -> bool {
        self.name == "memory" || cfg!(unix)
    }

    pub(crate) fn readlink(&mut self, path: &str, len: u32) -> Answer<Vec<u8>> {
        let (path, path_len) = self.path(path);
        call!(self, path_readlink, ROOT, path, path_len, BUFFER, len, RESULT)?;
        Ok(self.get(BUFFER, self.u32(RESULT)))
    }

    /// Lists a directory through a buffer of `len` bytes: names, types and cookies.
    pub(crate) fn list(&mut self, fd: u32, len: u32) -> Answer<Vec<(String, u8, u64)>> {
        self.list_from(fd, len, 0)
    }

    /// The same from a cookie on.
    pub(crate) fn list_from(
        &mut self,
        fd: u32,
        len: u32,
        mut cookie: u64,
    ) -> Answer<Vec<(String, u8, u64)>> {
        let mut entries = Vec::new();
        loop {
            call!(self, fd_readdir, fd, BUFFER, len, cookie, RESULT)?;
            let used = self.u32(RESULT);
            let mut at = 0;
            while at + 24 <= used {
                let name_len = self.u32(BUFFER + at + 16);
                if at + 24 + name_len > used {
                    break;
                }
                let name = self.get(BUFFER + at + 24, name_len);
                cookie = self.u64(BUFFER + at);
                let file_type = self.memory[(BUFFER + at + 20) as usize];
                entries.push((String::from_utf8_lossy(&name).into_owned(), file_type, cookie));
                at += 24 + name_len;
            }
            if used < len {
                return Ok(entries);
            }
            assert!(at > 0, "an entry fits into the buffer");
        }
    }

    /// The names in a directory, sorted, without `.` and `..`.
    pub(crate) fn names(&mut self, path: &str) -> Vec<String> {
        let fd = self.open(path, oflags::DIRECTORY, READ).unwrap();
        let mut names: Vec<String> =
            self.list(fd, 4096).unwrap().into_iter().map(|(name, ..)| name).collect();
        self.close(fd).unwrap();
        names.retain(|name| name != "." && name != "..");
        names.sort();
        names
    }
}

pub(crate) const FILE: u8 = FileType::RegularFile as u8;
pub(crate) const DIRECTORY: u8 = FileType::Directory as u8;
pub(crate) const LINK: u8 = FileType::SymbolicLink as u8;
