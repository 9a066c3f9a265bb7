//! [`WasiCtx`], what a guest sees of the world, and its builder. An embedder makes one per store.

use crate::{
    clock::{HostClock, MonotonicClock, WallClock},
    fd::Descriptors,
    random::{HostRandom, RandomSource},
    stdio::{HostStderr, HostStdin, HostStdout, InputStream, Null, OutputStream},
};

/// What a guest sees of the world: arguments, environment, standard streams, clocks, randomness.
pub struct WasiCtx {
    pub(crate) args: Vec<String>,
    /// `NAME=value`
    pub(crate) env: Vec<String>,
    pub(crate) descriptors: Descriptors,
    pub(crate) wall_clock: Box<dyn WallClock>,
    pub(crate) monotonic_clock: Box<dyn MonotonicClock>,
    pub(crate) random: Box<dyn RandomSource>,
}

impl WasiCtx {
    /// A builder: no arguments, no environment, standard streams that are empty.
    pub fn builder() -> WasiCtxBuilder {
        WasiCtxBuilder::new()
    }
}

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
    args: Vec<String>,
    env: Vec<String>,
    stdin: Box<dyn InputStream>,
    stdout: Box<dyn OutputStream>,
    stderr: Box<dyn OutputStream>,
    wall_clock: Box<dyn WallClock>,
    monotonic_clock: Box<dyn MonotonicClock>,
    random: Box<dyn RandomSource>,
}

impl Default for WasiCtxBuilder {
    fn default() -> WasiCtxBuilder {
        WasiCtxBuilder::new()
    }
}

impl WasiCtxBuilder {
    /// No arguments, no environment, standard streams that are empty; the host's clocks and generator.
    pub fn new() -> WasiCtxBuilder {
        WasiCtxBuilder {
            args: Vec::new(),
            env: Vec::new(),
            stdin: Box::new(Null),
            stdout: Box::new(Null),
            stderr: Box::new(Null),
            wall_clock: Box::new(HostClock::new()),
            monotonic_clock: Box::new(HostClock::new()),
            random: Box::new(HostRandom),
        }
    }

    /// Adds an argument. The first is the program's name.
    pub fn arg(&mut self, arg: impl AsRef<str>) -> &mut Self {
        self.args.push(arg.as_ref().to_owned());
        self
    }

    /// Adds arguments.
    pub fn args(&mut self, args: &[impl AsRef<str>]) -> &mut Self {
        self.args.extend(args.iter().map(|arg| arg.as_ref().to_owned()));
        self
    }

    /// Adds a variable to the environment.
    pub fn env(&mut self, name: impl AsRef<str>, value: impl AsRef<str>) -> &mut Self {
        self.env.push(format!("{}={}", name.as_ref(), value.as_ref()));
        self
    }

    /// Adds variables to the environment.
    pub fn envs(&mut self, env: &[(impl AsRef<str>, impl AsRef<str>)]) -> &mut Self {
        for (name, value) in env {
            self.env(name, value);
        }
        self
    }

    /// Adds the host process's environment. Variables that are not Unicode are left out.
    pub fn inherit_env(&mut self) -> &mut Self {
        for (name, value) in std::env::vars_os() {
            if let (Some(name), Some(value)) = (name.to_str(), value.to_str()) {
                self.env(name, value);
            }
        }
        self
    }

    /// The guest uses the host process's standard streams.
    pub fn inherit_stdio(&mut self) -> &mut Self {
        self.inherit_stdin().inherit_stdout().inherit_stderr()
    }

    /// The guest reads the host process's standard input.
    pub fn inherit_stdin(&mut self) -> &mut Self {
        self.stdin(HostStdin)
    }

    /// The guest writes to the host process's standard output.
    pub fn inherit_stdout(&mut self) -> &mut Self {
        self.stdout(HostStdout)
    }

    /// The guest writes to the host process's standard error.
    pub fn inherit_stderr(&mut self) -> &mut Self {
        self.stderr(HostStderr)
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

    /// The context. What the builder had is used up: it starts anew.
    pub fn build(&mut self) -> WasiCtx {
        let made = std::mem::take(self);
        WasiCtx {
            args: made.args,
            env: made.env,
            descriptors: Descriptors::new(made.stdin, made.stdout, made.stderr),
            wall_clock: made.wall_clock,
            monotonic_clock: made.monotonic_clock,
            random: made.random,
        }
    }
}
