//! [`World`]: a guest that has all functions of WASI, and one directory: of the host, or in memory.

use super::calls;
use std::{
    collections::BTreeMap,
    fmt::Write,
    fs,
    path::{Path, PathBuf},
    process,
    sync::{
        Mutex, OnceLock,
        atomic::{AtomicU32, Ordering},
    },
    time::Duration,
};
use windlass::{
    Config, Engine, ExternType, Func, Instance, Linker, Memory, Metering, Module, Store, Val,
};
use windlass_wasi::{
    DeterministicClock, DirPerms, FilePerms, FileType, MemoryFs, MemoryInputPipe, MemoryOutputPipe,
    MonotonicClock, SeededRandom, WasiCtx, WasiCtxBuilder, add_to_linker,
};

/// More than a guest writes, as far as addresses are concerned.
const FILES: u64 = 1 << 20;
/// How large the guest's memory is.
const PAGES: u32 = calls::MEMORY >> 16;

pub(super) struct World {
    store: Store<WasiCtx>,
    memory: Memory,
    funcs: BTreeMap<String, Func>,
    files: Files,
}

enum Files {
    Host(Scratch),
    Memory(MemoryFs),
}

/// A folder of the host that is removed at the end.
struct Scratch(PathBuf);

impl Drop for Scratch {
    fn drop(&mut self) {
        let _ = fs::remove_dir_all(&self.0);
    }
}

/// A clock on which nobody waits for long.
struct Hurried(Mutex<Duration>);

impl MonotonicClock for Hurried {
    fn resolution(&self) -> Duration {
        Duration::from_nanos(1)
    }
    fn now(&self) -> Duration {
        *self.0.lock().expect("nothing panics with it")
    }
    fn is_virtual(&self) -> bool {
        true
    }
    fn sleep(&self, duration: Duration) {
        let mut time = self.0.lock().expect("nothing panics with it");
        *time = time.saturating_add(duration.saturating_mul(1 << 30));
    }
}

impl World {
    /// With files of the host.
    pub(super) fn on_host() -> World {
        static NUMBER: AtomicU32 = AtomicU32::new(0);
        let number = NUMBER.fetch_add(1, Ordering::Relaxed);
        let name = format!("windlass-fuzz-{}-{number}", process::id());
        let folder = Scratch(std::env::temp_dir().join(name));
        fs::create_dir_all(folder.0.join("root/dir/sub")).expect("the folder can be written");
        fs::write(folder.0.join("root/a"), "contents of a").expect("the folder can be written");
        let mut builder = builder();
        let root = folder.0.join("root");
        builder
            .preopened_dir(root, "/", DirPerms::all(), FilePerms::all())
            .expect("it was just made");
        World::new(builder.build(), Files::Host(folder))
    }

    /// With files in memory.
    pub(super) fn in_memory() -> World {
        let files = MemoryFs::with_limit(FILES);
        files.create_dir_all("dir/sub").expect("there is room");
        files.write("a", "contents of a").expect("there is room");
        let mut builder = builder();
        builder
            .preopened_fs(files.clone(), "/", DirPerms::all(), FilePerms::all())
            .expect("it has a root");
        World::new(builder.build(), Files::Memory(files))
    }

    fn new(ctx: WasiCtx, files: Files) -> World {
        let (linker, module) = guest();
        let mut store = Store::new(linker.engine(), ctx);
        let instance: Instance = linker.instantiate(&mut store, module).expect("all is linked");
        let memory = instance.get_memory(&store, "memory").expect("it is exported");
        let funcs = instance
            .exports(&store)
            .filter_map(|export| Some((export.name().to_string(), export.into_func()?)))
            .collect();
        World { store, memory, funcs, files }
    }

    /// Calls a function; returns its error number.
    pub(super) fn call(&mut self, name: &str, args: &[Val]) -> Option<i32> {
        for (at, bytes) in calls::contents() {
            self.memory.write(&mut self.store, at, &bytes).expect("it fits");
        }
        let mut results = [Val::I32(0)];
        let called = self.funcs[name].call(&mut self.store, args, &mut results);
        called.expect("it answers by a number");
        results[0].i32()
    }

    /// All files: their paths, and what is in them.
    pub(super) fn tree(&mut self) -> String {
        let mut text = String::new();
        match &self.files {
            Files::Host(folder) => host_tree(&folder.0.join("root"), "", &mut text),
            Files::Memory(files) => memory_tree(files, "", &mut text),
        }
        text
    }
}

fn builder() -> WasiCtxBuilder {
    let mut builder = WasiCtxBuilder::new();
    let start = Duration::from_secs(1_600_000_000);
    builder.arg("program").arg("argument").env("NAME", "value");
    builder.stdin(MemoryInputPipe::new("some input\n".repeat(50)));
    builder.stdout(MemoryOutputPipe::new(1000)).stderr(MemoryOutputPipe::new(1000));
    builder.wall_clock(DeterministicClock::new(start, Duration::from_micros(1)));
    builder.monotonic_clock(Hurried(Mutex::new(Duration::from_secs(1))));
    builder.secure_random(SeededRandom::new(1));
    builder
}

/// A guest that imports every function and exports it, and what it is linked with.
fn guest() -> &'static (Linker<WasiCtx>, Module) {
    static GUEST: OnceLock<(Linker<WasiCtx>, Module)> = OnceLock::new();
    GUEST.get_or_init(|| {
        let mut config = Config::new();
        let engine = Engine::new(config.metering(Metering::Interrupt)).expect("it is valid");
        let mut linker = Linker::new(&engine);
        add_to_linker(&mut linker, |ctx: &mut WasiCtx| ctx).expect("the names are free");
        let mut store = Store::new(&engine, WasiCtxBuilder::new().build());
        let items: Vec<_> = linker.iter(&mut store).collect();
        let (mut imports, mut exports) = (String::new(), String::new());
        // The older module differs in little.
        for (module, name, item) in items.iter().filter(|item| item.0 != "wasi_unstable") {
            let ExternType::Func(ty) = item.ty(&store) else { continue };
            let count = ty.params().len();
            let params: String = ty.params().map(|ty| format!(" {ty}")).collect();
            let results: String = ty.results().map(|ty| format!(" {ty}")).collect();
            let ty = format!("(param{params}) (result{results})");
            let args: String = (0..count).map(|at| format!(" (local.get {at})")).collect();
            let _ = write!(imports, "(import {module:?} {name:?} (func ${name} {ty}))");
            // By the guest: what calls has the memory.
            let _ = write!(exports, "(func (export {name:?}) {ty} (call ${name}{args}))");
        }
        let text = format!("(module {imports} (memory (export \"memory\") {PAGES}) {exports})");
        let wasm = wat::parse_str(text).expect("the text is a module");
        let module = Module::new(&engine, wasm).expect("it is valid");
        (linker, module)
    })
}

/// A line for what has this path.
fn line(text: &mut String, path: &str, what: &str, contents: &[u8]) {
    let _ = writeln!(text, "{path}: {what}, {}", contents.escape_ascii());
}

fn host_tree(folder: &Path, path: &str, text: &mut String) {
    let entries = fs::read_dir(folder.join(path)).expect("it is a directory");
    let mut names: Vec<String> = entries
        .map(|entry| entry.expect("it can be read").file_name())
        .map(|name| name.into_string().expect("names are of ours"))
        .collect();
    names.sort();
    for name in names {
        let below = if path.is_empty() { name } else { format!("{path}/{name}") };
        let place = folder.join(&below);
        let found = fs::symlink_metadata(&place).expect("it is there");
        if found.is_dir() {
            line(text, &below, "directory", b"");
            host_tree(folder, &below, text);
        } else if found.is_symlink() {
            line(text, &below, "link", b"");
        } else {
            line(text, &below, "file", &fs::read(&place).expect("it can be read"));
        }
    }
}

fn memory_tree(files: &MemoryFs, path: &str, text: &mut String) {
    let mut entries = files.read_dir(path).expect("it is a directory");
    entries.sort_by(|a, b| a.name.cmp(&b.name));
    for entry in entries {
        let name = String::from_utf8(entry.name).expect("names are of ours");
        let below = if path.is_empty() { name } else { format!("{path}/{name}") };
        match entry.file_type {
            FileType::Directory => {
                line(text, &below, "directory", b"");
                memory_tree(files, &below, text);
            }
            FileType::SymbolicLink => line(text, &below, "link", b""),
            _ => line(text, &below, "file", &files.read(&below).expect("it is there")),
        }
    }
}
