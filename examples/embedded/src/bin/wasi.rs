//! A WASI program on a microcontroller, with a file system in memory. It prints how many bytes each
//! step takes of the heap, and ends with an error if the file is not copied. `cargo xtask embedded`
//! runs it.
#![no_std]
#![no_main]

extern crate alloc;

#[path = "../heap.rs"]
mod heap;

use alloc::sync::Arc;
use semihosting::{println, process::ExitCode};
use static_cell::ConstStaticCell;
use windlass::{CompilationMode, Config, Engine, Error, Linker, MemoryPool, Module, Store};
use windlass_wasi::{DirPerms, FilePerms, I32Exit, MemoryFs, WasiCtx, WasiCtxBuilder};

// For the start of the machine and its critical sections.
#[cfg(target_arch = "arm")]
use cortex_m as _;
#[cfg(target_arch = "riscv32")]
use riscv as _;

/// How large the heap is: 60 KB more than without WASI.
const ARENA: usize = 124 << 10;

static FILES: &[u8] = include_bytes!(concat!(env!("OUT_DIR"), "/files.wasm"));

/// The guest's linear memory.
#[repr(align(8))]
struct Page([u8; 64 << 10]);
static MEMORY: ConstStaticCell<Page> = ConstStaticCell::new(Page([0; 64 << 10]));

#[cfg_attr(target_arch = "arm", cortex_m_rt::entry)]
#[cfg_attr(target_arch = "riscv32", riscv_rt::entry)]
fn main() -> ! {
    heap::start();
    let code = match run() {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            println!("{} bytes of the heap are taken, {} at most", heap::used(), heap::most());
            println!("{error:?}");
            ExitCode::FAILURE
        }
    };
    code.exit_process()
}

fn run() -> Result<(), Error> {
    let step = |what: &str| {
        println!("{:>6} bytes after {what}, {} at most", heap::used(), heap::most());
    };
    let Page(memory) = MEMORY.take();
    let memory = Arc::new(MemoryPool::new([&mut memory[..]]));
    let mut config = Config::new();
    config.compilation_mode(CompilationMode::Lazy).max_wasm_stack(1 << 10).memory_source(memory);
    let engine = Engine::new(&config)?;
    let module = Module::from_static(&engine, FILES)?;
    step("engine and module");
    let mut linker = Linker::new(&engine);
    windlass_wasi::add_to_linker(&mut linker, |wasi: &mut WasiCtx| wasi)?;
    let prepared = linker.instantiate_pre(&module)?;
    step("linking WASI");
    drop(linker);
    step("dropping what is not imported");
    let files = MemoryFs::with_limit(16 << 10);
    files.write("input", [b'!'; 2500])?;
    let wasi = WasiCtxBuilder::new()
        .preopened_fs(files.clone(), "/", DirPerms::all(), FilePerms::all())?
        .build();
    let mut store = Store::new(&engine, wasi);
    step("the files");
    let instance = prepared.instantiate(&mut store)?;
    step("the instance");
    let start = instance.get_typed_func::<(), ()>(&store, "_start")?;
    if let Err(error) = start.call(&mut store, ())
        && error.downcast_ref::<I32Exit>().is_none_or(|exit| exit.0 != 0)
    {
        return Err(error);
    }
    step("the program");
    match files.read("output")? == [b'!'; 2500] {
        true => Ok(()),
        false => Err(Error::msg("the file is another one")),
    }
}
