//! [`Guest`]: a module that exports a wrapper of every function of preview1, so that tests can call
//! them as a guest would. The table of signatures is the specification's, on purpose not that of
//! the crate.

use windlass::{Config, Engine, Error, Event, Instance, Linker, Memory, Module, Store, Val};
use windlass_wasi::{MemoryOutputPipe, WasiCtx, WasiCtxBuilder};

/// Names and parameters: `i` is an i32, `l` an i64. All but `proc_exit` return an i32.
pub(crate) const FUNCTIONS: [(&str, &str); 46] = [
    ("args_get", "ii"),
    ("args_sizes_get", "ii"),
    ("clock_res_get", "ii"),
    ("clock_time_get", "ili"),
    ("environ_get", "ii"),
    ("environ_sizes_get", "ii"),
    ("fd_advise", "illi"),
    ("fd_allocate", "ill"),
    ("fd_close", "i"),
    ("fd_datasync", "i"),
    ("fd_fdstat_get", "ii"),
    ("fd_fdstat_set_flags", "ii"),
    ("fd_fdstat_set_rights", "ill"),
    ("fd_filestat_get", "ii"),
    ("fd_filestat_set_size", "il"),
    ("fd_filestat_set_times", "illi"),
    ("fd_pread", "iiili"),
    ("fd_prestat_dir_name", "iii"),
    ("fd_prestat_get", "ii"),
    ("fd_pwrite", "iiili"),
    ("fd_read", "iiii"),
    ("fd_readdir", "iiili"),
    ("fd_renumber", "ii"),
    ("fd_seek", "ilii"),
    ("fd_sync", "i"),
    ("fd_tell", "ii"),
    ("fd_write", "iiii"),
    ("path_create_directory", "iii"),
    ("path_filestat_get", "iiiii"),
    ("path_filestat_set_times", "iiiilli"),
    ("path_link", "iiiiiii"),
    ("path_open", "iiiiillii"),
    ("path_readlink", "iiiiii"),
    ("path_remove_directory", "iii"),
    ("path_rename", "iiiiii"),
    ("path_symlink", "iiiii"),
    ("path_unlink_file", "iii"),
    ("poll_oneoff", "iiii"),
    ("proc_exit", "i"),
    ("proc_raise", "i"),
    ("random_get", "ii"),
    ("sched_yield", ""),
    ("sock_accept", "iii"),
    ("sock_recv", "iiiiii"),
    ("sock_send", "iiiii"),
    ("sock_shutdown", "ii"),
];

/// As much fuel as no guest uses.
const PLENTY: u64 = 1 << 60;

/// The size of the guest's memory.
pub(crate) const MEMORY_SIZE: u32 = 65536;

pub(crate) struct Guest {
    store: Store<WasiCtx>,
    instance: Instance,
    memory: Memory,
    pub(crate) stdout: MemoryOutputPipe,
    pub(crate) stderr: MemoryOutputPipe,
}

impl Guest {
    /// A guest in the context that `set` makes; its output goes to pipes of 1000 bytes.
    pub(crate) fn new(set: impl FnOnce(&mut WasiCtxBuilder)) -> Guest {
        let (stdout, stderr) = (MemoryOutputPipe::new(1000), MemoryOutputPipe::new(1000));
        let mut builder = WasiCtxBuilder::new();
        builder.stdout(stdout.clone()).stderr(stderr.clone());
        set(&mut builder);
        let engine = Engine::new(Config::new().consume_fuel(true)).unwrap();
        let mut store = Store::new(&engine, builder.build());
        store.set_fuel(PLENTY).unwrap();
        let mut linker = Linker::new(&engine);
        windlass_wasi::add_to_linker(&mut linker, |wasi| wasi).unwrap();
        let module = Module::new(&engine, module()).unwrap();
        let instance = linker.instantiate(&mut store, &module).unwrap();
        let memory = instance.get_memory(&mut store, "memory").unwrap();
        Guest { store, instance, memory, stdout, stderr }
    }

    /// Calls a function; returns its error number.
    pub(crate) fn call(&mut self, name: &str, args: &[u64]) -> i32 {
        self.try_call(name, args).unwrap_or_else(|error| panic!("{name}: {error}"))
    }

    /// The fuel that a call uses, beside what the wrapper does; with slices, if so much at once.
    pub(crate) fn fuel(&mut self, name: &str, args: &[u64], slice: Option<u64>) -> u64 {
        let (answer, used) = self.answer_and_fuel(name, args, slice);
        assert_eq!(answer, 0, "{name}");
        used
    }

    /// As `fuel`, with what the function answered.
    pub(crate) fn answer_and_fuel(
        &mut self,
        name: &str,
        args: &[u64],
        slice: Option<u64>,
    ) -> (i32, u64) {
        let (_, params) = FUNCTIONS.iter().find(|(n, _)| *n == name).expect("a WASI function");
        let value = |(param, arg): (char, &u64)| match param {
            'i' => Val::I32(*arg as i32),
            _ => Val::I64(*arg as i64),
        };
        let values: Vec<Val> = params.chars().zip(args).map(value).collect();
        let func = self.instance.get_func(&mut self.store, name).expect("the wrapper");
        let mut given = slice.unwrap_or(PLENTY);
        self.store.set_fuel(given).unwrap();
        let mut execution = func.start(&mut self.store, &values).unwrap();
        loop {
            let answer = match execution.run(&mut self.store).unwrap() {
                Event::Finished(results) => results[0].i32().expect("an errno"),
                event => {
                    assert!(matches!(event, Event::OutOfFuel) && slice.is_some(), "{event:?}");
                    let slice = slice.unwrap_or_default();
                    self.store.set_fuel(slice).unwrap();
                    given += slice;
                    continue;
                }
            };
            let used = given - self.store.get_fuel().unwrap();
            self.store.set_fuel(PLENTY).unwrap();
            // Gets, the call of an imported function, parameters and a result.
            return (answer, used - (2 * params.len() as u64 + 5 + 7 + 1));
        }
    }

    pub(crate) fn try_call(&mut self, name: &str, args: &[u64]) -> Result<i32, Error> {
        let (_, params) = FUNCTIONS.iter().find(|(n, _)| *n == name).expect("a WASI function");
        assert_eq!(params.len(), args.len(), "arguments of {name}");
        let value = |(param, arg): (char, &u64)| match param {
            'i' => Val::I32(*arg as i32),
            _ => Val::I64(*arg as i64),
        };
        let args: Vec<Val> = params.chars().zip(args).map(value).collect();
        let func = self.instance.get_func(&mut self.store, name).expect("the wrapper");
        let mut results = vec![Val::I32(0); usize::from(name != "proc_exit")];
        func.call(&mut self.store, &args, &mut results)?;
        Ok(results.first().map_or(0, |result| result.unwrap_i32()))
    }

    pub(crate) fn fuel_left(&self) -> u64 {
        self.store.get_fuel().unwrap()
    }

    pub(crate) fn put(&mut self, at: u32, bytes: &[u8]) {
        self.memory.write(&mut self.store, at as usize, bytes).unwrap();
    }

    /// Puts (pointer, length) pairs at `at`.
    pub(crate) fn put_iovecs(&mut self, at: u32, iovecs: &[(u32, u32)]) {
        let words = iovecs.iter().flat_map(|&(ptr, len)| [ptr, len]);
        let bytes: Vec<u8> = words.flat_map(u32::to_le_bytes).collect();
        self.put(at, &bytes);
    }

    pub(crate) fn get(&self, at: u32, len: usize) -> Vec<u8> {
        let mut bytes = vec![0; len];
        self.memory.read(&self.store, at as usize, &mut bytes).unwrap();
        bytes
    }

    pub(crate) fn get_u32(&self, at: u32) -> u32 {
        u32::from_le_bytes(self.get(at, 4).try_into().unwrap())
    }

    pub(crate) fn get_u64(&self, at: u32) -> u64 {
        u64::from_le_bytes(self.get(at, 8).try_into().unwrap())
    }
}

/// The module as text.
pub(crate) fn module() -> String {
    let mut imports = String::new();
    let mut wrappers = String::new();
    for (name, params) in FUNCTIONS {
        let types: Vec<&str> =
            params.chars().map(|param| if param == 'i' { "i32" } else { "i64" }).collect();
        let gets: String = (0..types.len()).map(|i| format!("local.get {i} ")).collect();
        let types = types.join(" ");
        let result = if name == "proc_exit" { "" } else { "(result i32)" };
        imports += &format!(
            "(import \"wasi_snapshot_preview1\" \"{name}\" (func ${name} \
                (param {types}) {result}))\n"
        );
        wrappers +=
            &format!("(func (export \"{name}\") (param {types}) {result} {gets} call ${name})\n");
    }
    format!("(module {imports} (memory (export \"memory\") 1) {wrappers})")
}
