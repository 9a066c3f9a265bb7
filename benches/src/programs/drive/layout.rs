//! Text and vector graphics: shaping, drawing.

use super::{
    Error, HostFn, LIBRARY, Package, Program, Registry, Run, Split, args, check, host, inputs,
    length, no,
};
use crate::programs::inputs::Random;

pub(super) const HARFBUZZ: Program = Program {
    name: "harfbuzz",
    kind: "text shaping",
    language: "C++",
    split: Split::Choose,
    package: Package {
        registry: Registry::Npm,
        name: "harfbuzzjs",
        version: "1.6.4",
        sha256: "79451cab97566a87d0d9ed21127bea01e87361f8d8dbf76256cb018b05fdcfd0",
        path: "package/dist/harfbuzz.wasm",
        file_sha256: "6eeed8e1bc9ad7773038e48ff8f9e07e0ad228572c594b45e5357e9c2f7a0b2e",
    },
    file: Some(Package {
        registry: Registry::Npm,
        name: "dejavu-fonts-ttf",
        version: "2.37.3",
        sha256: "b7013ac58f9225250619db82cfb72e99c37ca8195f2b5a06a9e6a95bc5e1c84a",
        path: "package/ttf/DejaVuSans.ttf",
        file_sha256: "7da195a74c55bef988d0d48f9508bd5d849425c1770dba5d7bfc6ce9ed848954",
    }),
    checksum: 0x160b_2c71_019a_0060,
    pages: 128,
    host: |module, name| match name {
        "_emscripten_runtime_keepalive_clear" => Some(host::nothing),
        "_abort_js" => None,
        _ => (module == "env").then(no).flatten(),
    },
    drive: harfbuzz,
    ..LIBRARY
};

fn harfbuzz(run: &mut Run, font: &[u8]) -> Result<(), Error> {
    run.call("__wasm_call_ctors", &[])?;
    let bytes = run.put("malloc", font)?;
    let read_only = 1;
    let blob = run.get("hb_blob_create", args![bytes, length(font), read_only, 0, 0])?;
    let face = run.get("hb_face_create", args![blob, 0])?;
    let font = run.get("hb_font_create", args![face])?;
    let random = &mut Random::new(21);
    let at = run.get("malloc", args![16])?;
    for _ in 0..80 {
        let text = text(random);
        let text_at = run.put("malloc", text.as_bytes())?;
        let buffer = run.get("hb_buffer_create", &[])?;
        let len = length(text.as_bytes());
        run.call("hb_buffer_add_utf8", args![buffer, text_at, len, 0, len])?;
        run.call("hb_buffer_guess_segment_properties", args![buffer])?;
        run.call("hb_shape", args![font, buffer, 0, 0])?;
        for export in ["hb_buffer_get_glyph_infos", "hb_buffer_get_glyph_positions"] {
            let glyphs = run.get(export, args![buffer, at])?;
            let count = run.word(at)?;
            check(count > 20, "no glyphs")?;
            run.result_at(glyphs, count * 20)?;
        }
        run.call("hb_buffer_destroy", args![buffer])?;
        run.call("free", args![text_at])?;
    }
    Ok(())
}

/// Words of one script: Latin with accents, Greek, Cyrillic, Arabic.
fn text(random: &mut Random) -> String {
    let scripts = [(0x61, 26), (0xe0, 30), (0x3b1, 25), (0x430, 32), (0x627, 36)];
    let (first, count) = scripts[random.below(5) as usize];
    let mut text = String::new();
    for _ in 0..30 {
        for _ in 0..2 + random.below(8) {
            text.extend(char::from_u32(first + random.below(count)));
            if random.chance(5) {
                text += "\u{301}";
            }
        }
        text += random.pick(&[" ", " ", ", ", "fi ", "AV "]);
    }
    text
}

pub(super) const RESVG: Program = Program {
    name: "resvg",
    kind: "vector graphics",
    language: "Rust",
    split: Split::Choose,
    package: Package {
        registry: Registry::Npm,
        name: "@resvg/resvg-wasm",
        version: "2.6.2",
        sha256: "ff51acbb5ee0074601b75c3bea9226a18d346752af787f6d2d3adcdd98493d71",
        path: "package/index_bg.wasm",
        file_sha256: "22bf6e9f9a100d972da0411a69c5ba504367fc1fa87b3b64e3f35e53926d2d70",
    },
    checksum: 0x3f4c_57f5_196a_18c2,
    host: resvg_host,
    input: || inputs::documents::svg(22, 60),
    drive: resvg,
    ..LIBRARY
};

/// The picture is an array of JavaScript of which there is one.
fn resvg_host(_: &str, name: &str) -> Option<HostFn> {
    let is = |part: &str| name.starts_with(part);
    if is("__wbg_newwithbyteoffsetandlength") {
        Some(host::array)
    } else if is("__wbindgen_object_drop_ref") {
        Some(host::nothing)
    } else if is("__wbg_instanceof_Uint8Array") {
        Some(|_, _, _| Ok(Some(host::Value::I32(1))))
    } else if is("__wbindgen_string_get") {
        Some(no_string)
    } else if is("__wbg_length") {
        Some(|world, _, _| Ok(Some(length(&world.input).into())))
    } else if is("__wbg_set") {
        Some(give_input)
    } else {
        (is("__wbindgen_memory") || is("__wbg_buffer") || is("__wbg_new_63b92bc8671ed464"))
            .then_some(host::object)
    }
}

/// Writes that an object is no string.
fn no_string(
    _: &mut host::World,
    memory: &mut [u8],
    args: &[host::Value],
) -> Result<Option<host::Value>, Error> {
    let at = args.first().ok_or("no argument")?.u32()? as usize;
    memory.get_mut(at..at + 8).ok_or("not in memory")?.fill(0);
    Ok(None)
}

/// Copies the input to an address, the third argument.
fn give_input(
    world: &mut host::World,
    memory: &mut [u8],
    args: &[host::Value],
) -> Result<Option<host::Value>, Error> {
    let [_, _, at] = args else { return Err("three arguments".into()) };
    let at = at.u32()? as usize;
    let target = memory.get_mut(at..at + world.input.len()).ok_or("not in memory")?;
    target.copy_from_slice(&world.input);
    Ok(None)
}

fn resvg(run: &mut Run, _: &[u8]) -> Result<(), Error> {
    let at = run.get("__wbindgen_add_to_stack_pointer", args![-16])?;
    run.call("resvg_new", args![at, 40, 0, 0, 0])?;
    check(run.word(at + 8)? == 0, "an error")?;
    let picture = run.word(at)?;
    run.call("resvg_render", args![at, picture])?;
    check(run.word(at + 8)? == 0, "an error")?;
    let picture = run.word(at)?;
    run.expect("renderedimage_width", args![picture], 220)?;
    run.call("renderedimage_asPng", args![at, picture])?;
    check(run.word(at + 8)? == 0, "an error")
}
