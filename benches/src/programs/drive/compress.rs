//! Compressors: what they compress, they also restore.

use super::{
    Error, LIBRARY, Package, Program, Registry, Run, Split, answer, args, check, inputs, length, no,
};

pub(super) const ZSTD: Program = Program {
    name: "zstd",
    kind: "compressor",
    language: "C",
    split: Split::Choose,
    package: Package {
        registry: Registry::Npm,
        name: "@bokuweb/zstd-wasm",
        version: "0.0.27",
        sha256: "680a6ae81375a786c30671cf3824ff8c1d04657b5e540b4f92178897f2210344",
        path: "package/dist/esm/zstd.wasm",
        file_sha256: "80260eee5795ee8072bb5821e203730c74dca3909938f5ac1128da67f96223df",
    },
    checksum: 0xe9f2_303d_3bdf_2b0f,
    host: |_, name| (name == "e").then(no).flatten(),
    input: || inputs::documents::prose(1, 300_000),
    drive: zstd,
    ..LIBRARY
};

fn zstd(run: &mut Run, input: &[u8]) -> Result<(), Error> {
    let len = length(input);
    run.call("g", &[])?;
    let source = run.put("s", input)?;
    let room = len + (len >> 7) + 1024;
    let (packed, target) = (run.get("s", args![room])?, run.get("s", args![len])?);
    for level in [1, 4, 8] {
        let size = run.get("m", args![packed, room, source, len, level])?;
        check(size < len, "not compressed")?;
        run.result_at(packed, size)?;
        run.expect("r", args![target, len, packed, size], len)?;
        check(run.read(target, len)? == input, "another text came back")?;
    }
    Ok(())
}

pub(super) const BROTLI: Program = Program {
    name: "brotli",
    kind: "compressor",
    language: "Rust",
    split: Split::Choose,
    package: Package {
        registry: Registry::Npm,
        name: "brotli-wasm",
        version: "3.0.1",
        sha256: "413c3589dae9b5a9971c24c8649cdf1e5c8cedb110067a381786930ed614f174",
        path: "package/pkg.node/brotli_wasm_bg.wasm",
        file_sha256: "6d5e77ad86911b665421dc98e6cedecb0977637afe5cf73d574758d9a2cade90",
    },
    checksum: 0xbbb6_bf66_dc0c_4b5b,
    input: || inputs::documents::html(2, 150_000),
    drive: brotli,
    ..LIBRARY
};

fn brotli(run: &mut Run, input: &[u8]) -> Result<(), Error> {
    let at = run.get("__wbindgen_add_to_stack_pointer", args![-16])?;
    let compress = run.get("compressstream_new", args![1, 5])?;
    let source = run.put("__wbindgen_malloc", input)?;
    let room = length(input);
    let mut packed = Vec::new();
    // Once with the text, once to end.
    for (source, len) in [(source, length(input)), (0, 0)] {
        run.call("compressstream_compress", args![at, compress, source, len, room])?;
        packed.extend(stream_result(run, at)?);
    }
    check(packed.len() < input.len(), "not compressed")?;
    run.result(&packed);
    let source = run.put("__wbindgen_malloc", &packed)?;
    let text = answer(run, "decompress", at, args![source, length(&packed)])?;
    check(text == input, "another text came back")
}

/// The bytes of the object whose address is at `at`.
fn stream_result(run: &mut Run, at: u32) -> Result<Vec<u8>, Error> {
    check(run.word(at + 8)? == 0, "an error")?;
    let object = run.word(at)?;
    answer(run, "__wbg_get_brotlistreamresult_buf", at, args![object])
}

pub(super) const LZ4: Program = Program {
    name: "lz4",
    kind: "compressor",
    language: "Rust",
    split: Split::Judge,
    package: Package {
        registry: Registry::Npm,
        name: "lz4-wasm",
        version: "0.9.2",
        sha256: "173c68ab95bb78563ab25b0ac9ffd5ee92999f4bb061d7436e9e1d8452ed48a2",
        path: "package/lz4_wasm_bg.wasm",
        file_sha256: "c858f9884d964ec49294b0c09d3330d6b0a640da850dbeb5f9c491e1a3dd58cb",
    },
    checksum: 0x864e_de6d_ac73_02af,
    input: || inputs::documents::prose(3, 700_000),
    drive: lz4,
    ..LIBRARY
};

fn lz4(run: &mut Run, input: &[u8]) -> Result<(), Error> {
    let at = run.get("__wbindgen_add_to_stack_pointer", args![-16])?;
    for part in [input, &input[..input.len() / 2], &input[input.len() / 3..]] {
        let source = run.put("__wbindgen_malloc", part)?;
        let packed = answer(run, "compress", at, args![source, length(part)])?;
        check(packed.len() < part.len(), "not compressed")?;
        run.result(&packed);
        let source = run.put("__wbindgen_malloc", &packed)?;
        let text = answer(run, "decompress", at, args![source, length(&packed)])?;
        check(text == part, "another text came back")?;
    }
    Ok(())
}
