//! Emulators.

use super::{Error, LIBRARY, Package, Program, Registry, Run, Split, args, inputs};

pub(super) const GAME_BOY: Program = Program {
    name: "game-boy",
    kind: "emulator",
    language: "AssemblyScript",
    split: Split::Choose,
    package: Package {
        registry: Registry::Npm,
        name: "wasmboy",
        version: "0.7.1",
        sha256: "77fdf75c751801c956fd9ad3f7aea73cc151ab4ca18fb807f14028a4e81d3fe9",
        path: "package/dist/core/core.untouched.wasm",
        file_sha256: "f2d6a734ce5c3e752c98173b194128fd72f688d0cff226a3e5f61d9930de83a8",
    },
    checksum: 0x5e6b_9c28_01b5_f02e,
    input: inputs::cartridge::cartridge,
    drive: game_boy,
    ..LIBRARY
};

fn game_boy(run: &mut Run, input: &[u8]) -> Result<(), Error> {
    let cartridge = run.global("CARTRIDGE_ROM_LOCATION")?;
    run.write(cartridge, input)?;
    // No program of the maker before it, and nothing is done in batches.
    run.call("config", args![0, 0, 0, 0, 0, 0, 0, 0, 0, 0])?;
    let (frame, len) = (run.global("FRAME_LOCATION")?, run.global("FRAME_SIZE")?);
    for _ in 0..4 {
        run.expect("executeMultipleFrames", args![3], 0)?;
        run.result_at(frame, len)?;
        run.call("clearAudioBuffer", &[])?;
    }
    let (memory, len) = (run.global("WORK_RAM_LOCATION")?, run.global("WORK_RAM_SIZE")?);
    run.result_at(memory, len)
}
