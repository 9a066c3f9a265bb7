//! [`WasiCtxBuilder`]: says what a guest sees. Nothing of the host is visible to it unless a method
//! here gives it.

use crate::{
    DirPerms, Errno, FilePerms, WasiCtx,
    clock::{MonotonicClock, WallClock},
    ctx::OnInterrupt,
    descriptor::{Descriptor, Kind, OpenDir, Rights, Table},
    fs::{FileSystem, Handle},
    random::{HostRandom, RandomSource},
    rights,
    stdio::{InputStream, Null, OutputStream},
};
use alloc::{boxed::Box, sync::Arc, vec, vec::Vec};

/// Builds a [`WasiCtx`].
///
/// ```
/// use windlass_wasi::{MemoryOutputPipe, WasiCtxBuilder};
/// let stdout = MemoryOutputPipe::new(4096);
/// let wasi = WasiCtxBuilder::new()
///     .args(&["program", "--verbose"])
///     .env("LANG", "C")
///     .stdout(stdout.clone())
///     .build();
/// # drop(wasi);
/// ```
pub struct WasiCtxBuilder {
    args: Vec<Vec<u8>>,
    env: Vec<Vec<u8>>,
    stdin: Box<dyn InputStream>,
    stdout: Box<dyn OutputStream>,
    stderr: Box<dyn OutputStream>,
    filesystems: Vec<Box<dyn FileSystem>>,
    preopens: Vec<OpenDir>,
    max_descriptors: usize,
    #[cfg(all(feature = "std", any(unix, windows)))]
    host: crate::fs::HostFs,
    #[cfg(feature = "std")]
    listeners: Vec<std::net::TcpListener>,
    wall_clock: Box<dyn WallClock>,
    monotonic_clock: Box<dyn MonotonicClock>,
    random: Box<dyn RandomSource>,
    on_interrupt: Option<Arc<OnInterrupt>>,
}

/// The place of the host's files among the file systems.
const HOST: usize = usize::MAX;

/// Half of what Linux gives a process if nothing else is said: paths and waiting take more, for a
/// moment, and the embedder has its own.
const MAX_DESCRIPTORS: usize = 512;

impl Default for WasiCtxBuilder {
    fn default() -> WasiCtxBuilder {
        WasiCtxBuilder::new()
    }
}

impl WasiCtxBuilder {
    /// No arguments, no environment, streams that are empty, no files; the host's clocks and
    /// generator. Without the feature `std`, time stands still, by both clocks alike, but for what
    /// is slept, which takes no time, and there is no randomness (`random_get` is `ENOTSUP`) until
    /// [`WasiCtxBuilder::wall_clock`], [`WasiCtxBuilder::monotonic_clock`] and
    /// [`WasiCtxBuilder::secure_random`] are given some.
    pub fn new() -> WasiCtxBuilder {
        #[cfg(feature = "std")]
        let clock = crate::clock::HostClock::new();
        #[cfg(not(feature = "std"))]
        let clock = crate::clock::still();
        WasiCtxBuilder {
            args: Vec::new(),
            env: Vec::new(),
            stdin: Box::new(Null),
            stdout: Box::new(Null),
            stderr: Box::new(Null),
            filesystems: Vec::new(),
            preopens: Vec::new(),
            max_descriptors: MAX_DESCRIPTORS,
            #[cfg(all(feature = "std", any(unix, windows)))]
            host: Default::default(),
            #[cfg(feature = "std")]
            listeners: Vec::new(),
            wall_clock: Box::new(clock.clone()),
            monotonic_clock: Box::new(clock),
            random: Box::new(HostRandom),
            on_interrupt: None,
        }
    }

    /// Adds an argument. The first is the program's name.
    ///
    /// Any bytes go to the guest as they are, UTF-8 or not; it takes them to end where there is a
    /// NUL. Those of an `OsStr` are `arg.as_encoded_bytes()`.
    pub fn arg(&mut self, arg: impl AsRef<[u8]>) -> &mut Self {
        self.args.push(arg.as_ref().to_vec());
        self
    }

    /// Adds arguments, as [`WasiCtxBuilder::arg`] does.
    pub fn args(&mut self, args: &[impl AsRef<[u8]>]) -> &mut Self {
        self.args.extend(args.iter().map(|arg| arg.as_ref().to_vec()));
        self
    }

    /// Adds a variable to the environment. Its bytes are not changed: see [`WasiCtxBuilder::arg`].
    pub fn env(&mut self, name: impl AsRef<[u8]>, value: impl AsRef<[u8]>) -> &mut Self {
        self.env.push([name.as_ref(), b"=", value.as_ref()].concat());
        self
    }

    /// Adds variables to the environment, as [`WasiCtxBuilder::env`] does.
    pub fn envs(&mut self, env: &[(impl AsRef<[u8]>, impl AsRef<[u8]>)]) -> &mut Self {
        for (name, value) in env {
            self.env(name, value);
        }
        self
    }

    /// How many descriptors the guest may have open at once, its streams and directories included:
    /// 512 if nothing else is said. Then it gets `EMFILE`. Each file, directory and connection of
    /// the host takes a descriptor of the host; a path takes more, one for each of its directories,
    /// for as long as a call lasts; waiting takes up to 16 more for a moment, for each thread that
    /// waits.
    pub fn max_descriptors(&mut self, count: usize) -> &mut Self {
        self.max_descriptors = count;
        self
    }

    /// Where standard input comes from.
    pub fn stdin(&mut self, stream: impl InputStream + 'static) -> &mut Self {
        self.stdin = Box::new(stream);
        self
    }

    /// Where standard output goes.
    pub fn stdout(&mut self, stream: impl OutputStream + 'static) -> &mut Self {
        self.stdout = Box::new(stream);
        self
    }

    /// Where standard error goes.
    pub fn stderr(&mut self, stream: impl OutputStream + 'static) -> &mut Self {
        self.stderr = Box::new(stream);
        self
    }

    /// Gives the guest a file system under the name `guest_path`.
    ///
    /// # Errors
    /// If its root can't be opened.
    pub fn preopened_fs(
        &mut self,
        mut fs: impl FileSystem + 'static,
        guest_path: impl AsRef<str>,
        dir_perms: DirPerms,
        file_perms: FilePerms,
    ) -> Result<&mut Self, Errno> {
        let root = fs.root()?;
        self.filesystems.push(Box::new(fs));
        let fs = self.filesystems.len() - 1;
        self.preopen(fs, root, guest_path.as_ref(), dir_perms, file_perms);
        Ok(self)
    }

    fn preopen(
        &mut self,
        fs: usize,
        handle: Handle,
        name: &str,
        perms: DirPerms,
        file_perms: FilePerms,
    ) {
        let preopen = Some(name.into());
        self.preopens.push(OpenDir { fs, handle, perms, file_perms, preopen });
    }

    /// The guest's time of day.
    pub fn wall_clock(&mut self, clock: impl WallClock + 'static) -> &mut Self {
        self.wall_clock = Box::new(clock);
        self
    }

    /// The guest's monotonic clock.
    pub fn monotonic_clock(&mut self, clock: impl MonotonicClock + 'static) -> &mut Self {
        self.monotonic_clock = Box::new(clock);
        self
    }

    /// Where the guest's random bytes come from.
    pub fn secure_random(&mut self, source: impl RandomSource + 'static) -> &mut Self {
        self.random = Box::new(source);
        self
    }

    /// Asked by a function that waits, or works for long, when it finds the guest interrupted:
    /// whether it is to end, as it does if nothing is set. If not, it goes on, and asks again while
    /// the interrupt is there.
    ///
    /// This is for embedders that interrupt guests to look after something else, and let them go
    /// on: the guest would see calls that end with `EINTR`. Whoever says no takes the interrupt
    /// back first, by [`InterruptHandle::clear_interrupt`](windlass::InterruptHandle), or it stops
    /// the guest when the function has returned.
    ///
    /// ```
    /// use windlass_wasi::WasiCtxBuilder;
    /// let wasi = WasiCtxBuilder::new().on_interrupt(|| true).build();
    /// # drop(wasi);
    /// ```
    pub fn on_interrupt(&mut self, ends: impl Fn() -> bool + Send + Sync + 'static) -> &mut Self {
        self.on_interrupt = Some(Arc::new(ends));
        self
    }

    /// The context. What the builder had is used up: it starts anew.
    ///
    /// Descriptors 0, 1 and 2 are the streams; then come the listeners, then the directories, in
    /// the order they were given.
    pub fn build(&mut self) -> WasiCtx {
        let made = core::mem::take(self);
        let mut ctx = WasiCtx {
            args: made.args,
            env: made.env,
            table: Table::new(made.max_descriptors),
            inputs: vec![Some(made.stdin)],
            outputs: vec![Some(made.stdout), Some(made.stderr)],
            filesystems: Vec::new(),
            #[cfg(feature = "std")]
            sockets: Vec::new(),
            #[cfg(feature = "std")]
            free_sockets: Vec::new(),
            wall_clock: made.wall_clock,
            monotonic_clock: made.monotonic_clock,
            random: made.random,
            on_interrupt: made.on_interrupt,
            outside: None,
            #[cfg(feature = "std")]
            pause: None,
        };
        let stream =
            rights::FD_FILESTAT_GET | rights::FD_FDSTAT_SET_FLAGS | rights::POLL_FD_READWRITE;
        ctx.open(Kind::Input(0), rights::FD_READ | stream, 0);
        ctx.open(Kind::Output(0), rights::FD_WRITE | stream, 0);
        ctx.open(Kind::Output(1), rights::FD_WRITE | stream, 0);
        #[cfg(feature = "std")]
        for listener in made.listeners {
            ctx.sockets.push(Some(crate::socket::Socket::Listener(listener)));
            ctx.open(Kind::Listener(ctx.sockets.len() - 1), rights::LISTENER, rights::STREAM);
        }
        ctx.filesystems = made.filesystems;
        #[cfg(all(feature = "std", any(unix, windows)))]
        ctx.filesystems.push(Box::new(made.host));
        for mut dir in made.preopens {
            if dir.fs == HOST {
                dir.fs = ctx.filesystems.len() - 1;
            }
            ctx.open(Kind::Directory(dir), rights::DIRECTORY, rights::ALL);
        }
        ctx
    }
}

impl WasiCtx {
    fn open(&mut self, kind: Kind, base: u64, inheriting: u64) {
        self.table.insert(Descriptor { kind, flags: 0, rights: Rights::new(base, inheriting) });
    }
}

/// What only a host can give.
#[cfg(feature = "std")]
impl WasiCtxBuilder {
    /// Adds the host process's environment, byte by byte. On Windows, what is not Unicode becomes
    /// the bytes of `OsStr::as_encoded_bytes`.
    pub fn inherit_env(&mut self) -> &mut Self {
        for (name, value) in std::env::vars_os() {
            self.env(name.as_encoded_bytes(), value.as_encoded_bytes());
        }
        self
    }

    /// The guest uses the host process's standard streams.
    pub fn inherit_stdio(&mut self) -> &mut Self {
        self.inherit_stdin().inherit_stdout().inherit_stderr()
    }

    /// The guest reads the host process's standard input.
    pub fn inherit_stdin(&mut self) -> &mut Self {
        self.stdin(crate::host_stdio::HostStdin)
    }

    /// The guest writes to the host process's standard output.
    pub fn inherit_stdout(&mut self) -> &mut Self {
        self.stdout(crate::host_stdio::HostStdout)
    }

    /// The guest writes to the host process's standard error.
    pub fn inherit_stderr(&mut self) -> &mut Self {
        self.stderr(crate::host_stdio::HostStderr)
    }

    /// Gives the guest a directory of the host under the name `guest_path`. The guest can reach
    /// what is in it, and nothing else, whatever links there are in it and however it changes
    /// meanwhile.
    ///
    /// On Windows a directory that is open, as this one is from now on, can't be moved or removed,
    /// not by others either: a guest that tries gets `EBUSY`. What can't be a name there is
    /// `EINVAL`: one with a backslash, a colon or the like, with a dot or a space at its end, or
    /// that of a device. Who may not make symbolic links gets `EPERM`.
    ///
    /// # Errors
    /// If it can't be opened, or is no directory.
    #[cfg(any(unix, windows))]
    pub fn preopened_dir(
        &mut self,
        host_path: impl AsRef<std::path::Path>,
        guest_path: impl AsRef<str>,
        dir_perms: DirPerms,
        file_perms: FilePerms,
    ) -> std::io::Result<&mut Self> {
        let handle = self.host.open_host_dir(host_path.as_ref())?;
        self.preopen(HOST, handle, guest_path.as_ref(), dir_perms, file_perms);
        Ok(self)
    }

    /// Gives the guest a socket that listens; the guest accepts its connections. It becomes one
    /// that doesn't block.
    pub fn preopened_socket(&mut self, listener: std::net::TcpListener) -> &mut Self {
        // If it can't be told, it blocks.
        let _ = listener.set_nonblocking(true);
        self.listeners.push(listener);
        self
    }
}
