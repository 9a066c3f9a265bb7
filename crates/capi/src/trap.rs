//! `wasm_trap_t`: whatever goes wrong, as C has it: traps, exceptions, errors of modules and links,
//! the end of a program, and what a host function says instead of results. Also frames of
//! backtraces.

use crate::{
    entry::{Const, Mut, Out, Own, entries, put},
    info::Info,
    reference::{Object, wasm_instance_t, wasm_ref_t, wasm_trap_t},
    store::{Cx, Shared, wasm_store_t},
    vector::{Vector, wasm_frame_vec_t, wasm_message_t, wasm_name_t},
};
use std::{ffi::c_void, fmt, ptr, sync::Arc};
use windlass::{
    Error, ExnRef, FrameInfo, OwnedRooted, Pending, Result, ThrownException, Trap, WasmBacktrace,
};

/// An error.
pub(crate) struct TrapData {
    message: String,
    code: u8,
    /// The code with which the program has ended itself.
    exit: Option<i32>,
    pub(crate) exception: Option<OwnedRooted<ExnRef>>,
    request: Option<Request>,
    /// Where guests were; the innermost first.
    backtraces: Vec<WasmBacktrace>,
    pub(crate) info: Info,
}

/// What a host function asks for while its call is paused.
#[derive(Clone, Copy)]
pub(crate) struct Request(pub(crate) *mut c_void);

// SAFETY: nothing here follows the pointer.
unsafe impl Send for Request {}
// SAFETY: the same.
unsafe impl Sync for Request {}

/// An error of a host function of C's, on its way through the guest.
struct HostTrap(Arc<TrapData>);

impl fmt::Debug for HostTrap {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0.message)
    }
}

impl fmt::Display for HostTrap {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0.message)
    }
}

impl std::error::Error for HostTrap {}

impl TrapData {
    fn new(message: String) -> TrapData {
        TrapData {
            message,
            code: 0,
            exit: None,
            exception: None,
            request: None,
            backtraces: Vec::new(),
            info: Info::default(),
        }
    }
}

/// An error as C has it.
pub(crate) fn from_error(error: &Error, store: Option<&Arc<Shared>>) -> Box<wasm_trap_t> {
    let mut data = TrapData::new(match error.trap() {
        Some(trap) => trap_message(trap),
        None => error.root_cause().to_string(),
    });
    if let Some(trap) = error.trap() {
        data.code = code(trap);
    }
    #[cfg(feature = "wasi")]
    if let Some(windlass_wasi::I32Exit(code)) = error.downcast_ref() {
        data.exit = Some(*code);
    }
    if let Some(HostTrap(inner)) = error.downcast_ref() {
        (data.code, data.exit) = (inner.code, inner.exit);
        data.backtraces.clone_from(&inner.backtraces);
    }
    if error.is::<ThrownException>() {
        let exception = store.and_then(|store| store.enter(take_exception).ok());
        data.exception = exception.flatten();
    }
    data.backtraces.extend(error.backtrace().cloned());
    Box::new(wasm_ref_t { object: Object::Trap(Arc::new(data)), store: store.cloned() })
}

/// What a trap says, and where that is not enough, what C can do.
fn trap_message(trap: Trap) -> String {
    match trap {
        Trap::OutOfFuel => format!("{}: windlass_store_set_fuel gives more", trap.message()),
        _ => trap.message().to_string(),
    }
}

fn take_exception(cx: &mut Cx<'_>) -> Result<Option<OwnedRooted<ExnRef>>> {
    let exception = cx.take_pending_exception();
    exception.map(|exception| exception.to_owned_rooted(cx)).transpose()
}

/// What a host function of C's returned, as the error that the guest gets.
pub(crate) fn to_error(
    trap: &wasm_trap_t,
    caller: &mut windlass::Caller<'_, crate::store::Data>,
    store: &Arc<Shared>,
) -> Error {
    let Object::Trap(data) = &trap.object else {
        return Error::msg("a host function has returned a handle that is no error");
    };
    if let Some(request) = data.request {
        return Pending::new(request).into();
    }
    let is_own = trap.store.as_ref().is_some_and(|own| Arc::ptr_eq(own, store));
    match &data.exception {
        Some(exception) if is_own => {
            let exception = exception.to_rooted(&mut *caller);
            match caller.throw::<()>(exception) {
                Ok(()) => Error::msg("an exception was not thrown"),
                Err(thrown) => thrown.into(),
            }
        }
        _ => Error::new(HostTrap(data.clone())),
    }
}

/// Does something that can fail; null if it succeeds.
pub(crate) fn of(
    store: Option<&Arc<Shared>>,
    f: impl FnOnce(&Arc<Shared>) -> Result<()>,
) -> Own<wasm_trap_t> {
    let outcome = match store {
        Some(store) => f(store),
        None => Err(null()),
    };
    outcome.err().map(|error| from_error(&error, store))
}

/// The error that something has to be there.
#[cold]
pub(crate) fn null() -> Error {
    Error::msg("a pointer is null, or a handle is of another kind")
}

macro_rules! codes {
    ($($name:ident $code:literal;)*) => {
        /// `windlass_trap_code_t`: 0 is an error that is no trap, 255 a trap of a later version.
        fn code(trap: Trap) -> u8 {
            match trap {
                $(Trap::$name => $code,)*
                _ => 255,
            }
        }
    };
}

codes! {
    Unreachable 1;
    MemoryOutOfBounds 2;
    TableOutOfBounds 3;
    UndefinedElement 4;
    UninitializedElement 5;
    IndirectCallTypeMismatch 6;
    IntegerOverflow 7;
    IntegerDivideByZero 8;
    InvalidConversionToInteger 9;
    StackOverflow 10;
    NullReference 11;
    NullFunctionReference 12;
    NullStructureReference 13;
    NullArrayReference 14;
    NullI31Reference 15;
    NullExceptionReference 16;
    ArrayOutOfBounds 17;
    CastFailure 18;
    AllocationTooLarge 19;
    UnalignedAtomic 20;
    ExpectedSharedMemory 21;
    CannotSuspend 22;
    OutOfFuel 23;
    Interrupted 24;
}

/// A call in a backtrace.
#[derive(Clone)]
pub struct wasm_frame_t {
    info: FrameInfo,
    instance: Option<Box<wasm_instance_t>>,
    func_name: Option<wasm_name_t>,
    module_name: Option<wasm_name_t>,
}

/// The frames of an error, the innermost first.
fn frames(trap: &wasm_trap_t) -> impl Iterator<Item = Own<wasm_frame_t>> {
    let data = trap.trap().map(|data| &**data);
    let backtraces = data.map_or(&[][..], |data| &data.backtraces);
    backtraces.iter().flat_map(WasmBacktrace::frames).map(|info| {
        let name = |name: &str| Vector::from(name.as_bytes().to_vec());
        let instance = trap
            .store
            .as_ref()
            .map(|store| Box::new(wasm_ref_t::of_instance(info.instance(), store)));
        let func_name = info.func_name().map(name);
        let module_name = info.module().name().map(name);
        Some(Box::new(wasm_frame_t { info: info.clone(), instance, func_name, module_name }))
    })
}

fn new(store: Option<&Arc<Shared>>, data: TrapData) -> Own<wasm_trap_t> {
    Some(Box::new(wasm_ref_t { object: Object::Trap(Arc::new(data)), store: store.cloned() }))
}

entries! {
    /// An error of the embedder's, with a message that may end with a zero.
    fn wasm_trap_new(
        store: Mut<'_, wasm_store_t>,
        message: Const<'_, wasm_message_t>,
    ) -> Own<wasm_trap_t> {
        let message = message.map_or(&[][..], Vector::as_slice);
        let text = message.strip_suffix(b"\0").unwrap_or(message);
        let data = TrapData::new(String::from_utf8_lossy(text).into_owned());
        new(store.map(|store| &store.0), data)
    }

    /// The message, with a zero at the end.
    fn wasm_trap_message(trap: Const<'_, wasm_trap_t>, out: Out<'_, wasm_message_t>) {
        let data = trap.and_then(|trap| trap.trap());
        let mut message = data.map_or_else(String::new, |data| data.message.clone());
        message.push('\0');
        put(out, message.into_bytes().into());
    }

    /// The innermost frame; null if no guest was running.
    fn wasm_trap_origin(trap: Const<'_, wasm_trap_t>) -> Own<wasm_frame_t> {
        frames(trap?).next().flatten()
    }

    /// The frames, the innermost first.
    fn wasm_trap_trace(trap: Const<'_, wasm_trap_t>, out: Out<'_, wasm_frame_vec_t>) {
        let all = trap.map_or_else(Vec::new, |trap| frames(trap).collect());
        put(out, all.into());
    }

    /// Which trap it is: a `windlass_trap_code_t`.
    fn windlass_trap_code(trap: Const<'_, wasm_trap_t>) -> u8 {
        trap.and_then(|trap| trap.trap()).map_or(0, |data| data.code)
    }

    /// Whether the program has ended itself, and with which code.
    fn windlass_trap_exit_status(
        trap: Const<'_, wasm_trap_t>,
        status: crate::entry::InOut<'_, i32>,
    ) -> bool {
        let exit = trap.and_then(|trap| trap.trap()?.exit);
        if let (Some(exit), Some(status)) = (exit, status) {
            *status = exit;
        }
        exit.is_some()
    }

    /// The exception that it is, if it is one that nobody caught.
    fn windlass_trap_exception(trap: Const<'_, wasm_trap_t>) -> Own<wasm_ref_t> {
        let trap = trap?;
        let exception = trap.trap()?.exception.clone()?;
        Some(Box::new(wasm_ref_t { object: Object::Exn(exception), store: trap.store.clone() }))
    }

    /// What a host function returns to throw an exception; null if it is none.
    fn windlass_trap_new_exception(exception: Const<'_, wasm_ref_t>) -> Own<wasm_trap_t> {
        // Null would mean that nothing has failed.
        let root = exception.and_then(|exception| match &exception.object {
            Object::Exn(root) => Some((root, exception.store.as_ref())),
            _ => None,
        });
        let Some((root, store)) = root else {
            return new(None, TrapData::new("it is no exception that is thrown".to_string()));
        };
        let mut data = TrapData::new("an exception of the host's".to_string());
        data.exception = Some(root.clone());
        new(store, data)
    }

    /// What a host function returns to pause its call.
    fn windlass_trap_new_pending(request: *mut c_void) -> Own<wasm_trap_t> {
        let mut data = TrapData::new("a host function is pending".to_string());
        data.request = Some(Request(request));
        new(None, data)
    }

    /// Deletes it.
    fn wasm_frame_delete(frame: Own<wasm_frame_t>) {
        drop(frame);
    }

    /// A copy.
    fn wasm_frame_copy(frame: Const<'_, wasm_frame_t>) -> Own<wasm_frame_t> {
        frame.cloned().map(Box::new)
    }

    /// The instance that the function belongs to, which the frame owns.
    fn wasm_frame_instance(frame: Const<'_, wasm_frame_t>) -> Mut<'_, wasm_instance_t> {
        frame?.instance.as_deref()
    }

    /// The index of the function in its module.
    fn wasm_frame_func_index(frame: Const<'_, wasm_frame_t>) -> u32 {
        frame.map_or(0, |frame| frame.info.func_index())
    }

    /// The offset of the instruction in the function's body, in bytes.
    fn wasm_frame_func_offset(frame: Const<'_, wasm_frame_t>) -> usize {
        frame.map_or(0, |frame| frame.info.func_offset())
    }

    /// The offset of the instruction in the module, in bytes.
    fn wasm_frame_module_offset(frame: Const<'_, wasm_frame_t>) -> usize {
        frame.map_or(0, |frame| frame.info.module_offset())
    }

    /// The function's name, which the frame owns; null if the module names none.
    fn windlass_frame_func_name(frame: Const<'_, wasm_frame_t>) -> Const<'_, wasm_name_t> {
        frame?.func_name.as_ref()
    }

    /// The module's name, which the frame owns; null if it has none.
    fn windlass_frame_module_name(frame: Const<'_, wasm_frame_t>) -> Const<'_, wasm_name_t> {
        frame?.module_name.as_ref()
    }
}

/// What is asked for, by the request that a paused call carries; null if it is none of C's.
pub(crate) fn request(pending: &Pending) -> *mut c_void {
    pending.request().downcast_ref::<Request>().map_or(ptr::null_mut(), |request| request.0)
}
