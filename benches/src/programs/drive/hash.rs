//! Hashes and signatures.

use super::{
    Error, LIBRARY, Package, Program, Registry, Run, Split, args, check, host, length, no,
};
use crate::programs::inputs::Random;

pub(super) const SECP256K1: Program = Program {
    name: "secp256k1",
    kind: "signatures",
    language: "C",
    split: Split::Choose,
    package: Package {
        registry: Registry::Npm,
        name: "tiny-secp256k1",
        version: "2.2.4",
        sha256: "8d5f2233e3411a9a42abfef5a72e11929a685516134e7939fd1d268557b0e3f6",
        path: "package/lib/secp256k1.wasm",
        file_sha256: "5cbbcb8adc7acc3b78a3fd31c76d573302705ff5fd714d03f5a2602591197cb5",
    },
    checksum: 0xaef4_cd2c_aec9_251a,
    // It asks for random numbers to blind its computations with.
    host: |_, name| (name == "generateInt32").then(no).flatten(),
    drive: secp256k1,
    ..LIBRARY
};

fn secp256k1(run: &mut Run, _: &[u8]) -> Result<(), Error> {
    let random = &mut Random::new(10);
    run.call("initializeContext", &[])?;
    let [key, hash, signature, public] =
        ["PRIVATE_INPUT", "HASH_INPUT", "SIGNATURE_INPUT", "PUBLIC_KEY_INPUT"]
            .map(|name| run.global(name));
    let (key, hash, signature, public) = (key?, hash?, signature?, public?);
    for _ in 0..12 {
        let (key_bytes, hash_bytes) = (random.bytes(32), random.bytes(32));
        run.write(key, &key_bytes)?;
        run.write(hash, &hash_bytes)?;
        run.call("sign", args![0])?;
        run.result_at(signature, 64)?;
        run.write(key, &key_bytes)?;
        run.expect("pointFromScalar", args![33], 1)?;
        run.result_at(public, 33)?;
        run.write(hash, &hash_bytes)?;
        run.expect("verify", args![33, 0], 1)?;
    }
    Ok(())
}

pub(super) const RABIN: Program = Program {
    name: "rabin",
    kind: "fingerprints",
    language: "AssemblyScript",
    split: Split::Judge,
    package: Package {
        registry: Registry::Npm,
        name: "rabin-wasm",
        version: "0.1.5",
        sha256: "3f5f74078be357eda868873bc1edb8695e801bb013b9cc81637c59958480ca63",
        path: "package/dist/rabin.wasm",
        file_sha256: "ec0c77d686a320fc30e5777d74e6b726f8cf9b3695f3158121269f6fe6fc4b7d",
    },
    checksum: 0x541c_574f_5025_9ad5,
    input: || Random::new(11).bytes(1_000_000),
    drive: rabin,
    ..LIBRARY
};

fn rabin(run: &mut Run, input: &[u8]) -> Result<(), Error> {
    const MIN: u32 = 8 << 10;
    let chunks = length(input) / MIN + 1;
    let rabin = run.get("Rabin#constructor", args![0, 12, MIN, 32 << 10, 64])?;
    let lengths = array(run, "Int32Array_ID", &vec![0; chunks as usize * 4])?;
    let bytes = array(run, "Uint8Array_ID", input)?;
    let found = run.get("Rabin#fingerprint", args![rabin, bytes, lengths])?;
    let (data, len) = (run.word(found + 4)?, run.word(found + 8)?);
    check(run.word(data)? >= MIN, "no chunks")?;
    run.result_at(data, len)
}

/// A typed array as AssemblyScript's runtime of that time has it: buffer, start, length.
fn array(run: &mut Run, id: &str, bytes: &[u8]) -> Result<u32, Error> {
    let id = run.global(id)?;
    let buffer = run.get("__alloc", args![length(bytes), 0])?;
    let buffer = run.get("__retain", args![buffer])?;
    run.write(buffer, bytes)?;
    let array = run.get("__alloc", args![12, id])?;
    run.write_words(array, &[buffer, buffer, length(bytes)])?;
    run.get("__retain", args![array])
}

pub(super) const ARGON2: Program = Program {
    name: "argon2",
    kind: "password hash",
    language: "C",
    split: Split::Judge,
    package: Package {
        registry: Registry::Npm,
        name: "argon2-browser",
        version: "1.18.0",
        sha256: "cdb11795a4971bde095fe6b836aa424de50c4558ed4b9505bc74111eee7f6d35",
        path: "package/dist/argon2.wasm",
        file_sha256: "0c2149886c13e4eae4a6ca25ee71d47423c5c8740a874cf04ff816d1b2c901d7",
    },
    checksum: 0x4286_8eb6_faed_8a5b,
    host: |_, name| match name {
        "a" => Some(host::copy),
        _ => no(),
    },
    drive: argon2,
    ..LIBRARY
};

fn argon2(run: &mut Run, _: &[u8]) -> Result<(), Error> {
    const ID: u32 = 2;
    const VERSION: u32 = 0x13;
    run.call("d", &[])?;
    let password = run.put("f", b"correct horse battery staple")?;
    let salt = run.put("f", b"0123456789abcdef")?;
    let hash = run.get("f", args![32])?;
    for (passes, kib) in [(1, 1024), (3, 512)] {
        let args = args![passes, kib, 1, password, 28, salt, 16, hash, 32, 0, 0, ID, VERSION];
        run.expect("e", args, 0)?;
        run.result_at(hash, 32)?;
    }
    Ok(())
}
