//! Emulators of terminals.

use super::{
    Error, LIBRARY, Package, Program, Registry, Run, Split, args, check, host, inputs, length,
};

pub(super) const GHOSTTY: Program = Program {
    name: "ghostty",
    kind: "terminal",
    language: "Zig",
    split: Split::Judge,
    package: Package {
        registry: Registry::Npm,
        name: "ghostty-web",
        version: "0.4.0",
        sha256: "90bf473b6c7f43ab5e52ee98d8295e04fb1c6b07b928e9795489df1e8cb8802e",
        path: "package/ghostty-vt.wasm",
        file_sha256: "d6f0326f1874ad2ce9f289e3a4a0c5f3507d4cb38d8747e4b287def470a0c60a",
    },
    checksum: 0x853e_2b85_dade_1168,
    // It logs.
    host: |_, _| Some(host::nothing),
    input: || inputs::documents::terminal(23, 150_000),
    drive: ghostty,
    ..LIBRARY
};

const COLUMNS: u32 = 100;
const ROWS: u32 = 30;
/// The bytes of a cell.
const CELL: u32 = 16;

fn ghostty(run: &mut Run, input: &[u8]) -> Result<(), Error> {
    let terminal = run.get("ghostty_terminal_new", args![COLUMNS, ROWS])?;
    check(terminal != 0, "no terminal")?;
    let cells = run.get("ghostty_wasm_alloc_u8_array", args![COLUMNS * ROWS * CELL])?;
    for chunk in input.chunks(10_000) {
        let text = run.put("ghostty_wasm_alloc_u8_array", chunk)?;
        let len = length(chunk);
        run.call("ghostty_terminal_write", args![terminal, text, len])?;
        run.call("ghostty_wasm_free_u8_array", args![text, len])?;
        run.get("ghostty_render_state_update", args![terminal])?;
        let count =
            run.get("ghostty_render_state_get_viewport", args![terminal, cells, COLUMNS * ROWS])?;
        check(count.cast_signed() >= 0, "no cells")?;
        run.result_at(cells, COLUMNS * ROWS * CELL)?;
        run.call("ghostty_render_state_mark_clean", args![terminal])?;
    }
    Ok(())
}
