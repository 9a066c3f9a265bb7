//! [`World`] and [`HostFn`]: what a program sees of the host. It is the same for every engine: a
//! host function gets the guest's memory as bytes, and nothing of the engine. Engines' adapters
//! call it; it never tells a guest anything that differs between runs.

use super::checksum::Checksum;
use std::{
    sync::{Arc, Mutex},
    time::Duration,
};
use windlass_wasi::{
    DeterministicClock, DirPerms, FilePerms, MemoryFs, MemoryInputPipe, MemoryOutputPipe,
    SeededRandom, WasiCtx, WasiCtxBuilder,
};

/// What goes wrong.
pub type Error = Box<dyn std::error::Error + Send + Sync>;

/// A number that guest and host exchange.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Value {
    /// An `i32`.
    I32(i32),
    /// An `i64`.
    I64(i64),
    /// An `f32`.
    F32(f32),
    /// An `f64`.
    F64(f64),
}

impl From<u32> for Value {
    fn from(value: u32) -> Value {
        Value::I32(value.cast_signed())
    }
}

impl From<i32> for Value {
    fn from(value: i32) -> Value {
        Value::I32(value)
    }
}

impl From<f32> for Value {
    fn from(value: f32) -> Value {
        Value::F32(value)
    }
}

impl From<f64> for Value {
    fn from(value: f64) -> Value {
        Value::F64(value)
    }
}

impl Value {
    /// An `i32` as the unsigned number that addresses and lengths are.
    ///
    /// # Errors
    /// If it is of another type.
    pub fn u32(self) -> Result<u32, Error> {
        match self {
            Value::I32(value) => Ok(value.cast_unsigned()),
            other => Err(format!("{other:?} is no i32").into()),
        }
    }

    /// An `i64` as unsigned number.
    ///
    /// # Errors
    /// If it is of another type.
    pub fn u64(self) -> Result<u64, Error> {
        match self {
            Value::I64(value) => Ok(value.cast_unsigned()),
            other => Err(format!("{other:?} is no i64").into()),
        }
    }
}

/// A function of the host: from the guest's memory and the arguments to its result, which is
/// dropped if the import has none.
pub type HostFn = fn(&mut World, &mut [u8], &[Value]) -> Result<Option<Value>, Error>;

/// Which function an import is, if the program needs it: from the names of module and import.
pub type Host = fn(&str, &str) -> Option<HostFn>;

/// The host as one run of a program sees it.
pub struct World {
    pub(super) wasi: WasiCtx,
    pub(super) stdout: MemoryOutputPipe,
    pub(super) stderr: MemoryOutputPipe,
    /// With what the program ended itself.
    pub(super) exit: Option<u32>,
    /// Of what the guest tells the host by calls.
    pub(super) events: Checksum,
    /// How often the time was asked for.
    pub(super) ticks: u32,
    /// What the program works on, if it asks the host for it.
    pub(super) input: Vec<u8>,
    /// Constants that the program has named.
    pub(super) constants: Vec<(Vec<u8>, f64)>,
}

/// A world that the functions of an instance share.
pub type SharedWorld = Arc<Mutex<World>>;

/// How much a program may write to a stream.
const OUTPUT: usize = 64 << 20;

impl World {
    /// For a library: no arguments, no files.
    pub fn library(_input: &[u8]) -> World {
        World::command(&[], &[], &[])
    }

    /// For a command: its arguments, its standard input, its files.
    pub fn command(args: &[&str], stdin: &[u8], files: &[(&str, &[u8])]) -> World {
        let (stdout, stderr) = (MemoryOutputPipe::new(OUTPUT), MemoryOutputPipe::new(OUTPUT));
        let clock =
            DeterministicClock::new(Duration::from_secs(1_700_000_000), Duration::from_micros(10));
        let fs = MemoryFs::new();
        for (path, contents) in files {
            fs.write(path, contents).expect("a new file system has room");
        }
        let mut builder = WasiCtxBuilder::new();
        builder
            .args(args)
            .env("HOME", "/")
            .env("TZ", "UTC")
            .stdin(MemoryInputPipe::new(stdin))
            .stdout(stdout.clone())
            .stderr(stderr.clone())
            .wall_clock(clock.clone())
            .monotonic_clock(clock)
            .secure_random(SeededRandom::new(42))
            .preopened_fs(fs, "/", DirPerms::all(), FilePerms::all())
            .expect("files in memory have a root");
        World {
            wasi: builder.build(),
            stdout,
            stderr,
            exit: None,
            events: Checksum::new(),
            ticks: 0,
            input: Vec::new(),
            constants: Vec::new(),
        }
    }

    /// Milliseconds since 1970, one more each time.
    pub(super) fn now(&mut self) -> f64 {
        self.ticks += 1;
        1.7e12 + f64::from(self.ticks)
    }
}

/// The function of an import that no program should call.
pub(super) fn missing(_: &mut World, _: &mut [u8], _: &[Value]) -> Result<Option<Value>, Error> {
    Err("the program is not expected to call this".into())
}

/// Does nothing.
pub(super) fn nothing(_: &mut World, _: &mut [u8], _: &[Value]) -> Result<Option<Value>, Error> {
    Ok(None)
}

/// Answers 0.
pub(super) fn zero(_: &mut World, _: &mut [u8], _: &[Value]) -> Result<Option<Value>, Error> {
    Ok(Some(Value::I32(0)))
}

/// Answers the time, in milliseconds.
pub(super) fn now(world: &mut World, _: &mut [u8], _: &[Value]) -> Result<Option<Value>, Error> {
    Ok(Some(Value::F64(world.now())))
}

/// Adds its arguments to the checksum.
pub(super) fn event(
    world: &mut World,
    _: &mut [u8],
    args: &[Value],
) -> Result<Option<Value>, Error> {
    for arg in args {
        world.events.value(*arg);
    }
    Ok(None)
}

/// Answers an object of JavaScript, where nothing depends on which.
pub(super) fn object(_: &mut World, _: &mut [u8], _: &[Value]) -> Result<Option<Value>, Error> {
    Ok(Some(Value::I32(40)))
}

/// Makes an array of JavaScript of an address and a length, its second and third argument: adds
/// the bytes to the checksum.
pub(super) fn array(
    world: &mut World,
    memory: &mut [u8],
    args: &[Value],
) -> Result<Option<Value>, Error> {
    let [_, at, len] = args else { return Err("three arguments".into()) };
    let (at, len) = (at.u32()? as usize, len.u32()? as usize);
    world.events.bytes(memory.get(at..at + len).ok_or("not in memory")?);
    Ok(Some(Value::I32(40)))
}

/// `memcpy`, which programs leave to their host for long ranges.
pub(super) fn copy(
    _: &mut World,
    memory: &mut [u8],
    args: &[Value],
) -> Result<Option<Value>, Error> {
    let [to, from, len] = args else { return Err("three arguments".into()) };
    let [at, from, len] = [to.u32()?, from.u32()?, len.u32()?].map(|number| number as usize);
    if at.max(from) + len > memory.len() {
        return Err("not in memory".into());
    }
    memory.copy_within(from..from + len, at);
    Ok(Some(*to))
}

/// Keeps a constant: the address of its name, its type, its value.
pub(super) fn constant(
    world: &mut World,
    memory: &mut [u8],
    args: &[Value],
) -> Result<Option<Value>, Error> {
    let [name, _, Value::F64(value)] = args else { return Err("no constant".into()) };
    let rest = memory.get(name.u32()? as usize..).ok_or("not in memory")?;
    let name = rest.split(|byte| *byte == 0).next().unwrap_or_default();
    world.constants.push((name.to_vec(), *value));
    Ok(None)
}

/// No imports but those of WASI.
pub(super) fn only_wasi(_: &str, _: &str) -> Option<HostFn> {
    None
}
