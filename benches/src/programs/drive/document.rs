//! What reads documents: Markdown, JSON, HTML, source maps.

use super::{
    Error, HostFn, LIBRARY, Package, Program, Registry, Run, Split, args, check, host, inputs,
    length,
};

pub(super) const MARKDOWN: Program = Program {
    name: "markdown",
    kind: "parser",
    language: "C",
    split: Split::Choose,
    package: Package {
        registry: Registry::Npm,
        name: "markdown-wasm",
        version: "1.2.0",
        sha256: "aef5c1baa9ed9fc9f7ff0c30736e4fc7e9c190942ca7a8456d78fd6b93e9516f",
        path: "package/dist/markdown.wasm",
        file_sha256: "2e8d10e83d9e247e506feb9c9a34e01d6f792c6fc8a5002dd4921ffa162a54e6",
    },
    checksum: 0x0f50_7ae0_b6ef_c6ee,
    host: |_, _| Some(host::zero),
    input: || inputs::documents::markdown(4, 400_000),
    drive: markdown,
    ..LIBRARY
};

fn markdown(run: &mut Run, input: &[u8]) -> Result<(), Error> {
    const EXTENSIONS: u32 = 2823;
    const HTML: u32 = 1;
    run.call("c", &[])?;
    let at = run.get("d", args![0, 4])?;
    let source = run.get("d", args![0, length(input)])?;
    run.write(source, input)?;
    for flags in [0, EXTENSIONS] {
        let len = run.get("j", args![source, length(input), flags, HTML, at, 0])?;
        check(len > length(input) / 2, "no text")?;
        let html = run.word(at)?;
        run.result_at(html, len)?;
        run.call("e", args![html])?;
    }
    Ok(())
}

pub(super) const JSON: Program = Program {
    name: "json",
    kind: "formatter",
    language: "Rust",
    split: Split::Choose,
    package: Package {
        registry: Registry::Npm,
        name: "@dprint/json",
        version: "0.24.0",
        sha256: "b7a39358a22bd9f3dd4c1e613fd606358d4e2f2df56cc71947d83550e5c7540a",
        path: "package/plugin.wasm",
        file_sha256: "07316f98ceda3761d31569795d82b8a104cb078e54e46fb542c2a81728bc48f1",
    },
    checksum: 0xf8a0_71d3_09a5_e949,
    input: || inputs::documents::json(5, 60_000),
    drive: json,
    ..LIBRARY
};

fn json(run: &mut Run, input: &[u8]) -> Result<(), Error> {
    // Everything goes through one buffer of the guest.
    let share = |run: &mut Run, bytes: &[u8]| run.put("clear_shared_bytes", bytes);
    share(run, br#"{"plugin":{},"global":{"lineWidth":80,"indentWidth":4}}"#)?;
    run.call("register_config", args![1])?;
    share(run, b"/data.json")?;
    run.call("set_file_path", &[])?;
    share(run, input)?;
    run.expect("format", args![1], 1)?;
    let len = run.get("get_formatted_text", &[])?;
    let text = run.get("get_shared_bytes_ptr", &[])?;
    run.result_at(text, len)
}

pub(super) const SOURCE_MAP: Program = Program {
    name: "source-map",
    kind: "parser",
    language: "Rust",
    split: Split::Choose,
    package: Package {
        registry: Registry::Npm,
        name: "source-map",
        version: "0.8.0",
        sha256: "a4c6ad3393004545f55638f13e1c33a202310002dbd4b806c04743f924e3d882",
        path: "package/lib/mappings.wasm",
        file_sha256: "37cefcf2a41eb27127de929980441657b7443c3fecfe7adeb69b1eb2e45e2abe",
    },
    checksum: 0xcb83_bab8_3cfc_8708,
    // Is told of each mapping.
    host: |_, _| Some(host::event),
    input: || inputs::documents::mappings(6, 8_000),
    drive: source_map,
    ..LIBRARY
};

fn source_map(run: &mut Run, input: &[u8]) -> Result<(), Error> {
    let text = run.put("allocate_mappings", input)?;
    let mappings = run.get("parse_mappings", args![text])?;
    check(mappings != 0, "no mappings")?;
    run.call("compute_column_spans", args![mappings])?;
    for line in (1..8_000).step_by(5) {
        run.call("original_location_for", args![mappings, line, line % 90, 1 + line % 2])?;
    }
    for line in (1..4_000).step_by(9) {
        run.call("generated_location_for", args![mappings, 0, line, line % 40, 1])?;
    }
    run.call("by_original_location", args![mappings])?;
    run.call("free_mappings", args![mappings])
}

pub(super) const HTML: Program = Program {
    name: "html",
    kind: "rewriter",
    language: "Rust",
    split: Split::Choose,
    package: Package {
        registry: Registry::Npm,
        name: "html-rewriter-wasm",
        version: "0.4.1",
        sha256: "0ecf0feda1e70f9c343080db3f3d97748612b0c4cf76107c190992e375b17dc8",
        path: "package/dist/html_rewriter_bg.wasm",
        file_sha256: "124e0a5f146773f603e1efdec663cb3350610439d89936cf73ca4ad68f988101",
    },
    checksum: 0xf909_58c2_f071_bf25,
    host: html_host,
    input: || inputs::documents::html(18, 120_000),
    drive: html,
    ..LIBRARY
};

/// Every handler is there, and does nothing; what is written is an array.
fn html_host(_: &str, name: &str) -> Option<HostFn> {
    let is = |part: &str| name.starts_with(part);
    if is("__wbg_newwithbyteoffsetandlength") {
        Some(host::array)
    } else if is("__wbindgen_object_drop_ref") || is("__wbg_awaitPromise") {
        Some(host::nothing)
    } else if is("__wbg_instanceof_Promise") {
        Some(host::zero)
    } else if is("__wbg_") && !is("__wbg_String") || is("__wbindgen_object_clone_ref") {
        Some(host::object)
    } else {
        (name == "__wbindgen_memory").then_some(host::object)
    }
}

fn html(run: &mut Run, input: &[u8]) -> Result<(), Error> {
    const OBJECT: u32 = 40;
    let selectors = ["a[href]", "div > p.list", "span:nth-child(2)", "*[data-x^=\"s\"] li"];
    let rewriter = run.get("htmlrewriter_new", args![OBJECT, 0])?;
    for selector in selectors.map(str::as_bytes) {
        let text = run.put("__wbindgen_malloc", selector)?;
        run.call("htmlrewriter_on", args![rewriter, text, length(selector), OBJECT])?;
    }
    for chunk in input.chunks(4096) {
        let text = run.put("__wbindgen_malloc", chunk)?;
        run.call("htmlrewriter_write", args![rewriter, text, length(chunk)])?;
    }
    run.call("htmlrewriter_end", args![rewriter])
}
