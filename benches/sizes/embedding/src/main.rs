//! The smallest embedding: it loads a module, links one host function and calls an export. On
//! machines without an operating system, what else a program needs is as small as can be: nothing
//! is freed, and a panic stops. With the feature `bare` it has the C library alone.
#![cfg_attr(any(target_os = "none", feature = "bare"), no_std, no_main)]

extern crate alloc;

use windlass::{Config, Engine, Linker, Module, Result, Store};

/// `(module (import "host" "double" (func (param i32) (result i32)))
///   (func (export "run") (param i32) (result i32) (call 0 (local.get 0))))`
static GUEST: [u8; 56] = *b"\0asm\x01\0\0\0\
    \x01\x06\x01\x60\x01\x7f\x01\x7f\
    \x02\x0f\x01\x04host\x06double\0\0\
    \x03\x02\x01\0\
    \x07\x07\x01\x03run\0\x01\
    \x0a\x08\x01\x06\0\x20\0\x10\0\x0b";

/// Calls the guest.
fn run(n: i32) -> Result<i32> {
    // Not looked at by the compiler: another guest could stand there.
    let guest: &[u8] = core::hint::black_box(&GUEST);
    let engine = Engine::new(&Config::new())?;
    let module = Module::new(&engine, guest)?;
    let mut linker = Linker::new(&engine);
    linker.func_wrap("host", "double", |n: i32| n.wrapping_mul(2))?;
    let mut store = Store::new(&engine, ());
    let instance = linker.instantiate(&mut store, &module)?;
    instance.get_typed_func::<i32, i32>(&store, "run")?.call(&mut store, n)
}

#[cfg(not(any(target_os = "none", feature = "bare")))]
fn main() {
    match run(21) {
        Ok(n) => println!("{n}"),
        Err(error) => println!("{error}"),
    }
}

#[cfg(target_os = "none")]
mod memory;

#[cfg(target_os = "none")]
mod machine {
    //! What stands for an operating system.

    use core::{
        alloc::{GlobalAlloc, Layout},
        sync::atomic::{AtomicUsize, Ordering},
    };

    const ARENA: usize = 64 << 10;

    /// Gives memory and takes none back.
    struct Arena {
        bytes: core::cell::UnsafeCell<[u64; ARENA / 8]>,
        used: AtomicUsize,
    }

    // SAFETY: pieces of the arena are given out once.
    unsafe impl Sync for Arena {}

    // SAFETY: each piece is aligned, within the arena, and no other's.
    unsafe impl GlobalAlloc for Arena {
        unsafe fn alloc(&self, layout: Layout) -> *mut u8 {
            let used = self.used.load(Ordering::Relaxed).next_multiple_of(layout.align());
            let end = used.saturating_add(layout.size());
            if end > ARENA {
                return core::ptr::null_mut();
            }
            self.used.store(end, Ordering::Relaxed);
            // SAFETY: it lies within.
            unsafe { self.bytes.get().cast::<u8>().add(used) }
        }

        unsafe fn dealloc(&self, _: *mut u8, _: Layout) {}
    }

    #[global_allocator]
    static HEAP: Arena =
        Arena { bytes: core::cell::UnsafeCell::new([0; ARENA / 8]), used: AtomicUsize::new(0) };

    #[panic_handler]
    fn panic(_: &core::panic::PanicInfo<'_>) -> ! {
        loop {}
    }

    /// Where the program begins.
    #[unsafe(no_mangle)]
    extern "C" fn start(n: i32) -> i32 {
        super::run(n).unwrap_or(-1)
    }
}

#[cfg(all(feature = "bare", not(target_os = "none")))]
mod system {
    //! What of an operating system a program needs that has no standard library.

    use core::alloc::{GlobalAlloc, Layout};

    #[link(name = "c")]
    unsafe extern "C" {
        safe fn abort() -> !;
        safe fn aligned_alloc(align: usize, size: usize) -> *mut u8;
        fn free(bytes: *mut u8);
    }

    struct Heap;

    // SAFETY: the C library's.
    unsafe impl GlobalAlloc for Heap {
        unsafe fn alloc(&self, layout: Layout) -> *mut u8 {
            let align = layout.align().max(size_of::<usize>());
            aligned_alloc(align, layout.size().next_multiple_of(align))
        }

        unsafe fn dealloc(&self, bytes: *mut u8, _: Layout) {
            // SAFETY: `alloc` gave it.
            unsafe { free(bytes) }
        }
    }

    #[global_allocator]
    static HEAP: Heap = Heap;

    #[panic_handler]
    fn panic(_: &core::panic::PanicInfo<'_>) -> ! {
        abort()
    }

    /// What `alloc`, which comes compiled, names for unwinding.
    #[unsafe(no_mangle)]
    extern "C" fn rust_eh_personality() {
        abort()
    }

    #[unsafe(export_name = "_Unwind_Resume")]
    extern "C" fn resume() {
        abort()
    }

    /// Ends with what the guest computes: 42.
    #[unsafe(no_mangle)]
    extern "C" fn main() -> i32 {
        super::run(21).unwrap_or(-1)
    }
}
