//! [`KERNELS`]: the programs that are run, and two more for calls between guest and host. Their
//! sources and their build script are in `kernels/`.

/// A program that exports `run`, from a size to a checksum.
pub struct Kernel {
    /// Its name: that of its file.
    pub name: &'static str,
    /// A size that takes an interpreter about half a second.
    pub size: i32,
    /// A size that takes about a fiftieth of that.
    pub small: i32,
    /// What `run(size)` returns.
    pub checksum: i64,
    /// The module, as text or binary.
    source: &'static [u8],
}

impl Kernel {
    /// The module in the binary format.
    pub fn wasm(&self) -> Vec<u8> {
        wat::parse_bytes(self.source).expect("a kernel is a module").into_owned()
    }

    /// The kernel of that name.
    pub fn named(name: &str) -> Option<&'static Kernel> {
        KERNELS
            .iter()
            .chain(PROPOSAL_KERNELS)
            .chain([&HOST_CALLS, &ENTRY])
            .find(|kernel| kernel.name == name)
    }
}

macro_rules! kernel {
    ($name:ident . $extension:ident $size:literal $small:literal $checksum:literal) => {
        Kernel {
            name: stringify!($name),
            size: $size,
            small: $small,
            checksum: $checksum,
            source: include_bytes!(concat!(
                "../kernels/",
                stringify!($name),
                ".",
                stringify!($extension)
            )),
        }
    };
}

macro_rules! kernels {
    ($(#[$doc:meta])* $list:ident:
     $($name:ident . $extension:ident $size:literal $small:literal $checksum:literal;)*) => {
        $(#[$doc])*
        pub const $list: &[Kernel] =
            &[$(kernel!($name . $extension $size $small $checksum)),*];
    };
}

/// Calls a function of the host.
pub const HOST_CALLS: Kernel = kernel!(host_calls.wat 20000000 400000 0x1312d00);

/// Is called by the host, `size` times; the checksum is the sum of the results.
pub const ENTRY: Kernel = kernel!(entry.wat 2000000 40000 0x1d1a9596240);

// File, size, small size, checksum of the former.
kernels! {
    /// Every kernel that computes with what each engine has.
    KERNELS:
    ackermann.wat 250 5 0x1f112;
    crc32.wasm 800 16 0x7495eb249545533f;
    fib.wat 36 28 0xe3d1b0;
    hash64.wasm 9000 180 0x2aa1c86a12106ff1;
    indirect.wasm 15000 300 0x54f5f1148a3150c6;
    json.wasm 500 10 -0x1d86d529e086ad6c;
    life.wasm 800 16 0x69f7237a311fd6de;
    lz.wasm 220 4 -0x18b7ff3c5aa5b392;
    mandelbrot.wasm 1400 200 0x7cfd37db8e1d0f3c;
    matmul_f64.wasm 130 2 0x7b9c555b9b310228;
    matmul_i32.wasm 130 2 0x3743b35bbbf12400;
    mix.wasm 2000 40 0x7e21234537ea4224;
    nbody.wasm 600000 12000 0x6fd1e48a24d1d195;
    queens.wasm 14 10 0x5941c;
    quicksort.wasm 55 1 -0x68c90ed576079f22;
    raytrace.wasm 1400 200 0x244e32d18f2755d;
    sha256.wasm 100 2 0xfdf6d18b32da1af;
    sieve.wasm 110 2 0x7080b460a6e825b7;
    spectral_norm.wasm 1000 140 0x3ff46338dc3fd55e;
    strings.wasm 400 8 -0x6e7352716759f0ac;
    tak.wat 650 13 0x11c6;
    trees.wasm 600 12 -0x7f67aab5f6dd6bc1;
    vm.wasm 17000 340 -0x4b397f9b84ed2abb;
}

kernels! {
    /// Kernels of proposals that not every engine has: exceptions, garbage collection, vectors.
    PROPOSAL_KERNELS:
    eh_far.wat 200000 4000 0x3071a;
    eh_near.wat 4000000 80000 -0x1f58d0fac54540f2;
    eh_never.wat 10000000 200000 -0x706d8f924b791c98;
    gc_arrays.wat 500 10 0x402467d060ad2322;
    gc_lists.wat 5000 100 -0x3dff6b5cfd53eb96;
    gc_objects.wat 10000 200 -0x67beb459a9a55f22;
    gc_trees.wat 1000 20 0x1fbc17;
    simd_blur.wasm 24000 8000 0x3959e3b0a019cfb7;
    simd_chacha.wasm 1500000 300000 0x2913966e3d30d798;
    simd_dot.wasm 60000 30000 -0x4a667705d8879aaf;
    simd_scan.wasm 35000 14000 0x7b1f3350bea95845;
}
