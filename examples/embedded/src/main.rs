//! Guests on a microcontroller: sorting, and a checksum of what a host function gives. It prints
//! what they compute, how many bytes each step takes of the heap, and how many instructions of the
//! machine an operator of the guest takes. `cargo xtask embedded` runs it; it ends with an error if
//! a result is wrong, or if a small guest takes more than it may.
#![no_std]
#![no_main]

extern crate alloc;

mod heap;
mod machine;

use alloc::sync::Arc;
use semihosting::{println, process::ExitCode};
use static_cell::ConstStaticCell;
use windlass::{
    CompilationMode, Config, Engine, Error, Linker, MemoryPool, Metering, Module, Store,
};

/// How large the heap is, in bytes.
const ARENA: usize = 64 << 10;

static SORT: &[u8] = include_bytes!(concat!(env!("OUT_DIR"), "/sort.wasm"));
static CRC: &[u8] = include_bytes!(concat!(env!("OUT_DIR"), "/crc.wasm"));

/// The linear memory of whichever guest there is, beside the heap.
#[repr(align(8))]
struct Page([u8; 64 << 10]);
static MEMORY: ConstStaticCell<Page> = ConstStaticCell::new(Page([0; 64 << 10]));

/// What the checksum is made of, again and again.
const TEXT: &[u8] = b"123456789";

/// The most that a small guest may take of the heap after a call, in bytes.
const MOST: usize = 16 << 10;

#[cfg_attr(target_arch = "arm", cortex_m_rt::entry)]
#[cfg_attr(target_arch = "riscv32", riscv_rt::entry)]
fn main() -> ! {
    heap::start();
    machine::start();
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
    let Page(memory) = MEMORY.take();
    let memory = Arc::new(MemoryPool::new([&mut memory[..]]));
    println!("windlass {}, by {}", env!("CARGO_PKG_VERSION"), windlass::BACKEND);
    println!("{:>6} bytes of the heap before anything is made", heap::used());
    for (name, wasm, [n, more], expected) in
        [("sort", SORT, [1000, 1000], 0), ("crc", CRC, [9, 9000], 0xcbf4_3926)]
    {
        let mut times = [0; 2];
        for (metering, time) in [Metering::None, Metering::Fuel].into_iter().zip(&mut times) {
            let mut guest = Guest { name, memory: &memory, metering };
            *time = guest.run(wasm, [n, more], expected)?;
        }
        let [instructions, operators] = times;
        // A machine with a clock of 1 GHz that runs an instruction each time.
        println!(
            "       {name}({more}): {operators} units of fuel in {instructions} instructions, \
            {}.{:02} each; {} million per emulated second",
            instructions / operators,
            instructions * 100 / operators % 100,
            operators * 1000 / instructions,
        );
    }
    Ok(())
}

struct Guest<'a> {
    name: &'a str,
    memory: &'a Arc<MemoryPool>,
    metering: Metering,
}

impl Guest<'_> {
    /// Runs a guest for a small number and for a larger one; returns the fuel that the second call
    /// took, or the instructions.
    fn run(
        &mut self,
        wasm: &'static [u8],
        [n, more]: [u32; 2],
        expected: u32,
    ) -> Result<u64, Error> {
        let before = heap::used();
        let step = |what: &str| {
            if self.metering == Metering::None {
                let (used, most) = (heap::used() - before, heap::most() - before);
                println!("{used:>6} bytes after {what} of {}, {most} at most", self.name);
            }
        };
        heap::most();
        let mut config = Config::new();
        config.metering(self.metering).compilation_mode(CompilationMode::Lazy);
        config.max_wasm_stack(1 << 10).memory_source(self.memory.clone());
        let engine = Engine::new(&config)?;
        step("the engine");
        let module = Module::from_static(&engine, wasm)?;
        step("the module");
        let mut store = Store::new(&engine, ());
        if self.metering == Metering::Fuel {
            store.set_fuel(u64::MAX)?;
        }
        let mut linker = Linker::new(&engine);
        linker.func_wrap("host", "byte", |i: u32| u32::from(TEXT[i as usize % TEXT.len()]))?;
        step("linker and store");
        let instance = linker.instantiate(&mut store, &module)?;
        drop(linker);
        step("the instance");
        let run = instance.get_typed_func::<u32, u32>(&store, "run")?;
        let result = run.call(&mut store, n)?;
        step("a call");
        if self.metering == Metering::None {
            println!("       {}({n}) = {result:#x}", self.name);
        }
        if result != expected {
            return Err(Error::msg("the result is wrong"));
        }
        if heap::used() - before > MOST {
            return Err(Error::msg("a small guest takes more than it may"));
        }
        // Now that it is translated.
        let instructions = machine::count();
        let fuel = if self.metering == Metering::Fuel { store.get_fuel()? } else { 0 };
        run.call(&mut store, more)?;
        match self.metering {
            Metering::Fuel => Ok(fuel - store.get_fuel()?),
            _ => Ok(machine::since(instructions)),
        }
    }
}
