//! Formatters, parsers and bundlers of sources: compilers' front ends.

use super::{
    Error, LIBRARY, Package, Program, Registry, Run, Split, World, args, check, inputs, length,
};
use crate::programs::host::Value;

pub(super) const ESBUILD: Program = Program {
    name: "esbuild",
    kind: "bundler",
    language: "Go",
    split: Split::Choose,
    package: Package {
        registry: Registry::Npm,
        name: "@esbuild/wasi-preview1",
        version: "0.27.2",
        sha256: "1233c0473ab65f3c28943b8456a675d22bc060f0459345d27a82af0226f5dd55",
        path: "package/esbuild.wasm",
        file_sha256: "ed4ef442d8db48e201bf5f55b8cd6a8fb65d21bcfa2705cc5a7381ceed33f008",
    },
    checksum: 0xe3a3_f1f2_e741_4f67,
    input: || inputs::sources::typescript(7, 12_000),
    world: |input| {
        let args = ["esbuild", "--loader=ts", "--minify", "--target=es2020", "--log-level=error"];
        World::command(&args, input, &[])
    },
    drive: |run, input| {
        let code = run.command()?;
        check(code.len() > input.len() / 4 && code.len() < input.len(), "not minified")
    },
    ..LIBRARY
};

pub(super) const GOFMT: Program = Program {
    name: "gofmt",
    kind: "formatter",
    language: "Go",
    split: Split::Judge,
    package: Package {
        registry: Registry::Npm,
        name: "@wasm-fmt/gofmt",
        version: "0.7.3",
        sha256: "0b7b8ae7050722695a4c4eb56a28c2bbf04f4d9ce8f542378e59008cb1162dc3",
        path: "package/gofmt.wasm",
        file_sha256: "24da2e1b76c0ed5e4e3652aab25525ddce2fad95853a519b1e7750df45911c86",
    },
    checksum: 0x8674_38ae_8adf_2eba,
    input: || inputs::sources::go(8, 30_000),
    drive: gofmt,
    ..LIBRARY
};

fn gofmt(run: &mut Run, input: &[u8]) -> Result<(), Error> {
    run.call("_initialize", &[])?;
    run.put("alloc", input)?;
    let answer = run.get("format", &[])?;
    let (text, len) = (run.get("output_ptr", &[])?, run.get("output_len", &[])?);
    let text = run.read(text, len)?;
    check(answer == 1, &String::from_utf8_lossy(&text))?;
    run.result(&text);
    run.call("dispose", &[])
}

pub(super) const ZIG_FMT: Program = Program {
    name: "zig-fmt",
    kind: "formatter",
    language: "Zig",
    split: Split::Judge,
    package: Package {
        registry: Registry::Npm,
        name: "@wasm-fmt/zig_fmt",
        version: "0.15.2",
        sha256: "1ec2e1c2af96b2e5f120468662877f8579a2cd1c4dee4754cb53f1aecdd992c0",
        path: "package/zig_fmt.wasm",
        file_sha256: "a2abf9533d0bc97dbd302feb40b3787fd4690ddc425bbca99e86a0efd82ed7ac",
    },
    checksum: 0x1e1f_59cf_8575_9e19,
    input: || inputs::sources::zig(9, 60_000),
    drive: zig_fmt,
    ..LIBRARY
};

fn zig_fmt(run: &mut Run, input: &[u8]) -> Result<(), Error> {
    let len = length(input);
    let source = run.put("alloc", input)?;
    let results = run.values("format", args![source, len])?;
    let [text @ Value::I32(_), len @ Value::I32(_)] = results[..] else {
        return Err("no text".into());
    };
    let text = run.read(text.u32()?, len.u32()?)?;
    check(text.len() > input.len() / 2, &String::from_utf8_lossy(&text))?;
    run.result(&text);
    run.call("free_all", &[])
}

pub(super) const PRISM: Program = Program {
    name: "prism",
    kind: "parser",
    language: "C",
    split: Split::Choose,
    package: Package {
        registry: Registry::Npm,
        name: "@ruby/prism",
        version: "1.9.0",
        sha256: "51ad555accd661bb56e40e23ffc59c5fb069af8a1f9ef6425b35f414a93736f4",
        path: "package/src/prism.wasm",
        file_sha256: "4e522c461d5086e43e86e0d3a8914f3c3bcb604d621a53a15e6c9d90c6ffd128",
    },
    checksum: 0xa955_effd_b78d_936e,
    input: || inputs::sources::ruby(19, 150_000),
    drive: prism,
    ..LIBRARY
};

fn prism(run: &mut Run, input: &[u8]) -> Result<(), Error> {
    run.call("_initialize", &[])?;
    let source = run.put("malloc", input)?;
    let size = run.get("pm_buffer_sizeof", &[])?;
    let buffer = run.get("calloc", args![size, 1])?;
    run.get("pm_buffer_init", args![buffer])?;
    run.call("pm_serialize_parse", args![buffer, source, length(input), 0])?;
    let tree = run.get("pm_buffer_value", args![buffer])?;
    let len = run.get("pm_buffer_length", args![buffer])?;
    check(len > length(input) / 2, "no tree")?;
    run.result_at(tree, len)
}

pub(super) const RUFF: Program = Program {
    name: "ruff",
    kind: "formatter",
    language: "Rust",
    split: Split::Judge,
    package: Package {
        registry: Registry::Npm,
        name: "@wasm-fmt/ruff_fmt",
        version: "0.15.20",
        sha256: "2fdda541cb18dea2d685435a8003f7567a592fd8bd4aed94fec74f2555bdb2ef",
        path: "package/ruff_fmt_bg.wasm",
        file_sha256: "675eaff953765b2b3a82b8c37f2de256ab718cd2e92e17674b5f2d570ad3f98e",
    },
    checksum: 0xb275_3380_7c46_acd4,
    input: || inputs::sources::python(20, 25_000),
    drive: ruff,
    ..LIBRARY
};

fn ruff(run: &mut Run, input: &[u8]) -> Result<(), Error> {
    let at = run.get("__wbindgen_add_to_stack_pointer", args![-16])?;
    let source = run.get("__wbindgen_export", args![length(input), 1])?;
    run.write(source, input)?;
    run.call("format", args![at, source, length(input), 0, 0, 0])?;
    check(run.word(at + 12)? == 0, "an error")?;
    let (text, len) = (run.word(at)?, run.word(at + 4)?);
    run.result_at(text, len)
}
