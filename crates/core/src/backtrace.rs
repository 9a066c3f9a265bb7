//! [`WasmBacktrace`]: where a guest was when it stopped. Made by the calls in `func` and `execution` from what
//! the thread tells; shown by errors.

use crate::{Module, exec::BacktraceFrame};
use alloc::vec::Vec;
use core::fmt;

/// How many frames an error keeps: a guest that recursed a million times is not told in full.
const MAX_FRAMES: usize = 64;

/// Where a guest was when it stopped: its calls, the innermost first.
///
/// ```
/// use windlass::{Engine, Instance, Module, Store};
/// let engine = Engine::default();
/// let wasm = wat::parse_str(r#"(module $m (func $bad (export "run") unreachable))"#).unwrap();
/// let mut store = Store::new(&engine, ());
/// let instance = Instance::new(&mut store, &Module::new(&engine, wasm)?, &[])?;
/// let run = instance.get_typed_func::<(), ()>(&store, "run")?;
/// let error = run.call(&mut store, ()).unwrap_err();
/// let frame = &error.backtrace().unwrap().frames()[0];
/// assert_eq!(frame.module().name(), Some("m"));
/// assert_eq!((frame.func_index(), frame.func_name()), (0, Some("bad")));
/// assert!(error.to_string().ends_with(&format!("{:#8x} - m!bad", frame.module_offset())));
/// # Ok::<(), windlass::Error>(())
/// ```
#[derive(Clone)]
pub struct WasmBacktrace {
    frames: Vec<FrameInfo>,
    /// Whether there were more.
    cut: bool,
}

/// A call in a [`WasmBacktrace`].
#[derive(Clone)]
pub struct FrameInfo {
    module: Module,
    func: u32,
    offset: usize,
}

impl WasmBacktrace {
    pub(crate) fn new(frames: Vec<BacktraceFrame>) -> WasmBacktrace {
        let cut = frames.len() > MAX_FRAMES;
        let info = |frame: BacktraceFrame| FrameInfo {
            module: frame.module,
            func: frame.func,
            offset: frame.offset,
        };
        WasmBacktrace { frames: frames.into_iter().take(MAX_FRAMES).map(info).collect(), cut }
    }

    /// Adds the calls outside of these.
    pub(crate) fn append(&mut self, outer: WasmBacktrace) {
        self.frames.extend(outer.frames);
        self.cut |= outer.cut || self.frames.len() > MAX_FRAMES;
        self.frames.truncate(MAX_FRAMES);
    }

    /// The calls, the innermost first; at most 64.
    pub fn frames(&self) -> &[FrameInfo] {
        &self.frames
    }
}

impl FrameInfo {
    /// The module of the function.
    pub fn module(&self) -> &Module {
        &self.module
    }

    /// The index of the function in its module.
    pub fn func_index(&self) -> u32 {
        self.func
    }

    /// The name of the function, if the module's name section has it.
    pub fn func_name(&self) -> Option<&str> {
        self.module.func_name(self.func)
    }

    /// The byte offset in the module of the instruction.
    pub fn module_offset(&self) -> usize {
        self.offset
    }
}

impl fmt::Display for WasmBacktrace {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("wasm backtrace:")?;
        for (depth, frame) in self.frames.iter().enumerate() {
            let module = frame.module.name().unwrap_or("<unknown>");
            write!(f, "\n  {depth:>3}: {:#8x} - {module}!", frame.offset)?;
            match frame.func_name() {
                Some(name) => f.write_str(name)?,
                None => write!(f, "<wasm function {}>", frame.func)?,
            }
        }
        f.write_str(if self.cut { "\n       ... and more" } else { "" })
    }
}

impl fmt::Debug for WasmBacktrace {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}
