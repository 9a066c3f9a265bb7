//! WASI: `wasi_config_t`, which says what a guest sees. Nothing of the host is visible to a guest
//! unless a function here gives it.

use crate::{
    entry::{InOut, Mut, Name, Own, entries, lock, text},
    info::{Finalizer, HostInfo},
    linker::{self, windlass_linker_t},
    reference::wasm_trap_t,
    store::{Data, wasm_store_t},
    trap,
    vector::wasm_byte_vec_t,
};
use std::{
    ffi::{c_char, c_void},
    fs::File,
    sync::Mutex,
};
use windlass_wasi::{
    DirPerms, Errno, FilePerms, FileStream, MemoryFs, MemoryInputPipe, OutputStream, WasiCtxBuilder,
};

/// What a guest will see.
pub struct wasi_config_t(Mutex<WasiCtxBuilder>);

/// A function of C's that is written to: it returns how many bytes it took, or less than 0.
pub type wasi_write_callback_t =
    Option<unsafe extern "C" fn(*mut c_void, *const u8, usize) -> isize>;

/// A stream to a function of C's.
struct Custom {
    write: wasi_write_callback_t,
    env: HostInfo,
}

impl OutputStream for Custom {
    fn write(&mut self, buffers: &[&[u8]]) -> Result<usize, Errno> {
        let write = self.write.ok_or(Errno::BadF)?;
        let Some(buffer) = buffers.iter().find(|buffer| !buffer.is_empty()) else { return Ok(0) };
        // SAFETY: C gave the function, for this call.
        let written = unsafe { write(self.env.data, buffer.as_ptr(), buffer.len()) };
        let written = usize::try_from(written).map_err(|_| Errno::Io)?;
        Ok(written.min(buffer.len()))
    }
}

fn set(config: Mut<'_, wasi_config_t>, f: impl FnOnce(&mut WasiCtxBuilder)) {
    if let Some(Ok(mut config)) = config.map(|config| lock(&config.0)) {
        f(&mut config);
    }
}

/// `count` texts of C's; none if one is null or not UTF-8.
///
/// # Safety
/// As many pointers are there, each as of [`Name`].
unsafe fn texts<'a>(texts: *const *const c_char, count: usize) -> Option<Vec<&'a str>> {
    if texts.is_null() {
        return (count == 0).then(Vec::new);
    }
    // SAFETY: the caller's.
    let texts = unsafe { std::slice::from_raw_parts(texts, count) };
    // SAFETY: the caller's.
    texts.iter().map(|&name| unsafe { text(name) }).collect()
}

/// A file that a guest can write to.
///
/// # Safety
/// As of [`Name`].
unsafe fn output(path: Name) -> Option<FileStream> {
    // SAFETY: the caller's.
    Some(FileStream(File::create(unsafe { text(path) }?).ok()?))
}

entries! {
    /// No arguments, no environment, empty input, output that goes nowhere, no directories.
    fn wasi_config_new() -> Own<wasi_config_t> {
        Some(Box::new(wasi_config_t(Mutex::new(WasiCtxBuilder::new()))))
    }

    /// Deletes it.
    fn wasi_config_delete(config: Own<wasi_config_t>) {
        drop(config);
    }

    /// Adds arguments, the first of which is the program's name; false if one is not UTF-8.
    fn wasi_config_set_argv(
        config: Mut<'_, wasi_config_t>,
        argc: usize,
        argv: *const *const c_char,
    ) -> bool {
        // SAFETY: the caller's.
        let args = unsafe { texts(argv, argc) };
        if let Some(args) = &args {
            set(config, |builder| {
                builder.args(args);
            });
        }
        args.is_some()
    }

    /// Adds the arguments of the process.
    fn wasi_config_inherit_argv(config: Mut<'_, wasi_config_t>) {
        let args: Vec<_> = std::env::args_os().filter_map(|arg| arg.into_string().ok()).collect();
        set(config, |builder| {
            builder.args(&args);
        });
    }

    /// Adds variables of the environment; false if one is not UTF-8.
    fn wasi_config_set_env(
        config: Mut<'_, wasi_config_t>,
        envc: usize,
        names: *const *const c_char,
        values: *const *const c_char,
    ) -> bool {
        // SAFETY: the caller's.
        let (names, values) = unsafe { (texts(names, envc), texts(values, envc)) };
        let (Some(names), Some(values)) = (names, values) else { return false };
        set(config, |builder| {
            for (name, value) in names.iter().zip(&values) {
                builder.env(name, value);
            }
        });
        true
    }

    /// Adds the environment of the process.
    fn wasi_config_inherit_env(config: Mut<'_, wasi_config_t>) {
        set(config, |builder| {
            builder.inherit_env();
        });
    }

    /// Input from a file; false if it can't be opened.
    fn wasi_config_set_stdin_file(config: Mut<'_, wasi_config_t>, path: Name) -> bool {
        // SAFETY: the caller's.
        let Some(path) = (unsafe { text(path) }) else { return false };
        let Ok(file) = File::open(path) else { return false };
        set(config, |builder| {
            builder.stdin(FileStream(file));
        });
        true
    }

    /// Input of these bytes, which it takes.
    fn wasi_config_set_stdin_bytes(
        config: Mut<'_, wasi_config_t>,
        bytes: InOut<'_, wasm_byte_vec_t>,
    ) {
        let bytes = bytes.map_or_else(Vec::new, |bytes| bytes.take());
        set(config, |builder| {
            builder.stdin(MemoryInputPipe::new(bytes));
        });
    }

    /// The process's input.
    fn wasi_config_inherit_stdin(config: Mut<'_, wasi_config_t>) {
        set(config, |builder| {
            builder.inherit_stdin();
        });
    }

    /// Output to a file, which is emptied; false if it can't be opened.
    fn wasi_config_set_stdout_file(config: Mut<'_, wasi_config_t>, path: Name) -> bool {
        // SAFETY: the caller's.
        let Some(stream) = (unsafe { output(path) }) else { return false };
        set(config, |builder| {
            builder.stdout(stream);
        });
        true
    }

    /// Output to a function, whose environment ends with the store, or before.
    fn wasi_config_set_stdout_custom(
        config: Mut<'_, wasi_config_t>,
        write: wasi_write_callback_t,
        env: *mut c_void,
        finalizer: Finalizer,
    ) {
        let stream = Custom { write, env: HostInfo::new(env, finalizer) };
        set(config, |builder| {
            builder.stdout(stream);
        });
    }

    /// The process's output.
    fn wasi_config_inherit_stdout(config: Mut<'_, wasi_config_t>) {
        set(config, |builder| {
            builder.inherit_stdout();
        });
    }

    /// Errors to a file, which is emptied; false if it can't be opened.
    fn wasi_config_set_stderr_file(config: Mut<'_, wasi_config_t>, path: Name) -> bool {
        // SAFETY: the caller's.
        let Some(stream) = (unsafe { output(path) }) else { return false };
        set(config, |builder| {
            builder.stderr(stream);
        });
        true
    }

    /// Errors to a function, whose environment ends with the store, or before.
    fn wasi_config_set_stderr_custom(
        config: Mut<'_, wasi_config_t>,
        write: wasi_write_callback_t,
        env: *mut c_void,
        finalizer: Finalizer,
    ) {
        let stream = Custom { write, env: HostInfo::new(env, finalizer) };
        set(config, |builder| {
            builder.stderr(stream);
        });
    }

    /// The process's output for errors.
    fn wasi_config_inherit_stderr(config: Mut<'_, wasi_config_t>) {
        set(config, |builder| {
            builder.inherit_stderr();
        });
    }

    /// A directory of the host and what is in it; false if it can't be opened.
    fn wasi_config_preopen_dir(
        config: Mut<'_, wasi_config_t>,
        host_path: Name,
        guest_path: Name,
        fs_mutable: bool,
    ) -> bool {
        // SAFETY: the caller's.
        let (Some(host), Some(guest)) = (unsafe { (text(host_path), text(guest_path)) }) else {
            return false;
        };
        preopen(config, host, guest, fs_mutable)
    }

    /// An empty directory in memory, with room for so many bytes.
    fn windlass_wasi_config_preopen_memory(
        config: Mut<'_, wasi_config_t>,
        guest_path: Name,
        bytes: u64,
    ) -> bool {
        // SAFETY: the caller's.
        let Some(guest) = (unsafe { text(guest_path) }) else { return false };
        let mut good = false;
        set(config, |builder| {
            let files = MemoryFs::with_limit(bytes);
            good = builder.preopened_fs(files, guest, DirPerms::all(), FilePerms::all()).is_ok();
        });
        good
    }

    /// Lets the store's guests see that; the configuration is taken.
    fn windlass_store_set_wasi(
        store: Mut<'_, wasm_store_t>,
        config: Own<wasi_config_t>,
    ) -> Own<wasm_trap_t> {
        trap::of(store.map(|store| &store.0), |store| {
            let config = config.ok_or_else(trap::null)?;
            let wasi = lock(&config.0)?.build();
            // What was there ends when the store is free.
            drop(store.enter(|cx| Ok(std::mem::replace(&mut cx.data_mut().wasi, wasi)))?);
            Ok(())
        })
    }

    /// Defines the functions of WASI preview 1.
    fn windlass_linker_define_wasi(linker: Mut<'_, windlass_linker_t>) -> Own<wasm_trap_t> {
        linker::with(linker, |linker| {
            windlass_wasi::add_to_linker(linker, |data: &mut Data| &mut data.wasi)
        })
    }
}

#[cfg(unix)]
fn preopen(config: Mut<'_, wasi_config_t>, host: &str, guest: &str, fs_mutable: bool) -> bool {
    let (dirs, files) = match fs_mutable {
        true => (DirPerms::all(), FilePerms::all()),
        false => (DirPerms::READ, FilePerms::READ),
    };
    let mut good = false;
    set(config, |builder| good = builder.preopened_dir(host, guest, dirs, files).is_ok());
    good
}

#[cfg(not(unix))]
fn preopen(_: Mut<'_, wasi_config_t>, _: &str, _: &str, _: bool) -> bool {
    false
}
