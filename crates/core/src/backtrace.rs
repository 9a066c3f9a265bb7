//! [`WasmBacktrace`]: where a guest was when it stopped. Made by the calls in `func` and
//! `execution` from what the thread tells; shown by errors. Which functions and instructions those
//! places are is found out when somebody looks: it must never cost more than translating each
//! function named once.

use crate::{
    Error, Escaped, Module,
    demangle::Demangled,
    error::Trace,
    exec::{Ip, code::table::Found},
    lock::Once,
    translate,
    unique::StoreId,
};
use alloc::{boxed::Box, sync::Arc, vec::Vec};
use core::fmt;
use windlass_decode::{Count, MESSAGES};
use windlass_validate::sort;

/// Where a guest was when it stopped: its calls, the innermost first.
///
/// It keeps the modules of these calls alive. Functions and offsets are found out when it is looked
/// at for the first time (by [`WasmBacktrace::frames`], or when it is shown), in time in proportion
/// to the bodies of the functions that it names; until then it costs no more than a list of as many
/// places as [`Config::wasm_backtrace_max_frames`](crate::Config::wasm_backtrace_max_frames) says.
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
    places: Vec<CodePlace>,
    /// How many are told at most.
    most: usize,
    /// Whether there were more.
    cut: bool,
    /// What the places are, once somebody has looked: at this one, or at what it is a copy of.
    frames: Once<Vec<FrameInfo>>,
    /// What is to be shown before it, where it stands for its error among others'.
    message: Option<Box<str>>,
}

/// A call in a [`WasmBacktrace`].
#[derive(Clone)]
pub struct FrameInfo {
    module: Module,
    instance: (StoreId, u32),
    func: u32,
    /// Where the function's body begins in the module.
    start: usize,
    offset: usize,
}

/// A place in code, of which [`CodeTable::find`](crate::exec::CodeTable::find) tells more. The code
/// lives as long as its module.
#[derive(Clone)]
pub(crate) struct CodePlace {
    pub(crate) module: Module,
    instance: (StoreId, u32),
    /// Its address: a number, so that nobody follows it.
    ip: usize,
}

impl CodePlace {
    /// The place at this address, in code of the module of an instance.
    pub(crate) fn new(module: Module, instance: (StoreId, u32), ip: Ip) -> CodePlace {
        CodePlace { module, instance, ip: ip as usize }
    }

    /// The function that it is in, and which word of its code.
    pub(crate) fn find(&self) -> Option<Found> {
        self.module.0.code.find(self.ip as Ip)
    }
}

impl WasmBacktrace {
    pub(crate) fn new(places: Vec<CodePlace>, most: usize) -> WasmBacktrace {
        let frames = Once::new();
        let mut backtrace = WasmBacktrace { places, most, cut: false, frames, message: None };
        backtrace.cut();
        backtrace
    }

    pub(crate) fn is_empty(&self) -> bool {
        self.places.is_empty()
    }

    /// Adds the calls outside of these.
    pub(crate) fn append(&mut self, outer: WasmBacktrace) {
        self.cut |= outer.cut;
        match self.places.try_reserve(outer.places.len()) {
            Ok(()) => self.places.extend(outer.places),
            // The host has no memory for more.
            Err(_) => self.cut = true,
        }
        self.cut();
        self.frames = Once::new();
    }

    fn cut(&mut self) {
        self.cut |= self.places.len() > self.most;
        self.places.truncate(self.most);
    }

    /// The calls, the innermost first.
    pub fn frames(&self) -> &[FrameInfo] {
        self.frames.get_or_init(|| resolve(&self.places))
    }
}

impl Trace for WasmBacktrace {
    #[cfg(feature = "anyhow")]
    fn attach(mut self, error: anyhow::Error) -> anyhow::Error {
        self.message = Some(alloc::format!("{error}\n").into());
        error.context(self)
    }
}

/// An error only so that [`Error::downcast_ref`] finds it.
impl core::error::Error for WasmBacktrace {}

impl Error {
    /// Where the guest was, if one was running.
    ///
    /// ```
    /// assert!(windlass::Error::msg("of the host").backtrace().is_none());
    /// ```
    pub fn backtrace(&self) -> Option<&WasmBacktrace> {
        self.downcast_ref()
    }

    /// Adds where the guest was: outermost calls are added last.
    pub(crate) fn with_backtrace(mut self, outer: WasmBacktrace) -> Error {
        if outer.is_empty() {
            return self;
        }
        match self.trace_mut::<WasmBacktrace>() {
            Some(backtrace) => backtrace.append(outer),
            None => self.set_trace(outer),
        }
        self
    }
}

/// What the places are: each function is translated again once, for all of its places.
fn resolve(places: &[CodePlace]) -> Vec<FrameInfo> {
    let mut frames = Vec::with_capacity(places.len());
    // By module and function: the words of the code, and for whom.
    let mut asked: Vec<((usize, usize), usize, usize)> = Vec::new();
    for place in places {
        let Some(found) = place.find() else { continue };
        let module = &place.module.0;
        let func = module.context.imported.funcs + found.defined as u32;
        let body = &module.decoded.bodies[found.defined];
        let (start, offset) = (body.start, body.code.start);
        if let Some(word) = found.word {
            let key = (Arc::as_ptr(module) as usize, found.defined);
            asked.push((key, word, frames.len()));
        }
        let (module, instance) = (place.module.clone(), place.instance);
        frames.push(FrameInfo { module, instance, func, start, offset });
    }
    sort(&mut asked, Ord::cmp);
    for asked in asked.chunk_by(|(a, ..), (b, ..)| a == b) {
        let &[((_, defined), _, first), ..] = asked else { continue };
        let source = frames[first].module.0.source();
        let offsets =
            translate::offsets_of(source, defined, asked.iter().map(|&(_, word, _)| word));
        for (offset, &(.., index)) in offsets.into_iter().zip(asked) {
            frames[index].offset = offset;
        }
    }
    frames
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

    /// The name of the function, if the module's name section has it: as it stands there, so that
    /// who shows it to people does so by [`Escaped`].
    pub fn func_name(&self) -> Option<&str> {
        self.module.func_name(self.func)
    }

    /// The byte offset in the module of the instruction.
    pub fn module_offset(&self) -> usize {
        self.offset
    }

    /// The byte offset of the instruction in the function's body, which begins with the
    /// declarations of its locals.
    pub fn func_offset(&self) -> usize {
        self.offset - self.start
    }

    /// The store of the instance that the function belongs to, and its index there.
    pub(crate) fn place(&self) -> (StoreId, u32) {
        self.instance
    }
}

impl fmt::Display for WasmBacktrace {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.message.as_deref().unwrap_or_default())?;
        f.write_str("wasm backtrace:")?;
        if !MESSAGES {
            return f.write_str(" see its frames");
        }
        let frames = self.frames();
        let mut depth = 0;
        while depth < frames.len() {
            let (period, times) = repeats(&frames[depth..]);
            for (index, frame) in frames[depth..].iter().take(period).enumerate() {
                show(f, depth + index, frame)?;
            }
            if times > 1 {
                f.write_str("\n       ... the last ")?;
                match period {
                    1 => f.write_str("frame is")?,
                    _ => write!(f, "{} are", Count(period, "frame"))?,
                }
                write!(f, " there {}", Count(times - 1, "more time"))?;
            }
            depth += period * times;
        }
        f.write_str(if self.cut { "\n       ... and more" } else { "" })
    }
}

fn show(f: &mut fmt::Formatter<'_>, depth: usize, frame: &FrameInfo) -> fmt::Result {
    let module = frame.module.name().unwrap_or("<unknown>");
    write!(f, "\n  {depth:>3}: {:#8x} - {}!", frame.offset, Escaped(module))?;
    match frame.func_name() {
        Some(name) => write!(f, "{}", Demangled(name)),
        None => write!(f, "<wasm function {}>", frame.func),
    }
}

/// The longest row of calls that is looked for again behind itself.
const MAX_PERIOD: usize = 8;

/// How many of the first calls come again at once, and how often they are there, themselves
/// included: `(1, 1)` if that would not shorten anything.
fn repeats(frames: &[FrameInfo]) -> (usize, usize) {
    let same = |a: &FrameInfo, b: &FrameInfo| {
        a.offset == b.offset && Arc::ptr_eq(&a.module.0, &b.module.0)
    };
    let times = |period: usize| {
        let row = frames.iter().zip(frames.iter().skip(period));
        row.take_while(|(a, b)| same(a, b)).count() / period + 1
    };
    let found = (1..=MAX_PERIOD).map(|period| (period, times(period)));
    let shorter = |&(period, times): &(usize, usize)| period * (times - 1) > 2;
    found
        .filter(shorter)
        .max_by_key(|&(period, times)| (period * times, MAX_PERIOD - period))
        .unwrap_or((1, 1))
}

impl fmt::Debug for WasmBacktrace {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}

#[cfg(test)]
mod tests {
    use crate::{Engine, Error, Instance, Module, Store, translate::RECORDED};
    use alloc::{
        format,
        string::{String, ToString},
        vec::Vec,
    };

    /// The error of a call of `run`, and how often looking at it twice has translated a function
    /// again.
    fn looked_at(text: &str) -> (Error, usize) {
        let wasm = wat::parse_str(text).unwrap();
        let mut store = Store::new(&Engine::default(), ());
        let module = Module::new(store.engine(), wasm).unwrap();
        let instance = Instance::new(&mut store, &module, &[]).unwrap();
        let run = instance.get_typed_func::<(), ()>(&store, "run").unwrap();
        let before = RECORDED.get();
        let error = run.call(&mut store, ()).unwrap_err();
        drop((store, module));
        assert_eq!(RECORDED.get(), before, "nobody has looked");
        assert!(!error.backtrace().unwrap().frames().is_empty());
        let copy = error.backtrace().unwrap().clone();
        assert_eq!(copy.to_string(), error.backtrace().unwrap().to_string());
        (error, RECORDED.get() - before)
    }

    #[test]
    fn each_function_is_translated_once_and_only_if_somebody_looks() {
        let text = r#"
            (func $even (param i32) (result i32)
              (if (i32.eqz (local.get 0)) (then (unreachable)))
              (i32.add (call $odd (i32.sub (local.get 0) (i32.const 1))) (i32.const 1)))
            (func $odd (param i32) (result i32)
              (if (i32.and (local.get 0) (i32.const 2))
                (then (return (i32.add (call $even (i32.sub (local.get 0) (i32.const 1)))
                  (i32.const 1)))))
              (i32.add (call $even (i32.sub (local.get 0) (i32.const 1))) (i32.const 1)))
            (func (export "run") (drop (call $even (i32.const 40))))"#;
        let (error, translations) = looked_at(text);
        assert_eq!(translations, 3);
        let wasm = wat::parse_str(text).unwrap();
        let frames = error.backtrace().unwrap().frames();
        assert_eq!(frames.len(), 42);
        let funcs = |index| if index == 41 { 2 } else { index as u32 % 2 };
        for (index, frame) in frames.iter().enumerate() {
            assert_eq!(frame.func_index(), funcs(index));
            let op = wasm[frame.module_offset()];
            assert_eq!(op, if index == 0 { 0x00 } else { 0x10 }, "frame {index}");
        }
        // Both calls in $odd are named.
        assert_ne!(frames[1].module_offset(), frames[3].module_offset());
    }

    #[test]
    fn a_place_is_found_among_many_functions() {
        let chain: String = (0..300).map(|i| format!("(func (call {}))", i + 1)).collect();
        let text = format!(r#"{chain} (func unreachable) (func (export "run") (call 250))"#);
        let (error, translations) = looked_at(&text);
        assert_eq!(translations, 52);
        let frames = error.backtrace().unwrap().frames();
        let funcs: Vec<_> = frames.iter().map(|frame| frame.func_index()).collect();
        assert_eq!(funcs, (250..=300).rev().chain([301]).collect::<Vec<_>>());
    }
}
