//! Codecs of pictures and sound.

use super::{
    Error, LIBRARY, Package, Program, Registry, Run, Split, args, check, host, inputs, length,
};

pub(super) const PNG: Program = Program {
    name: "png",
    kind: "picture codec",
    language: "C",
    split: Split::Choose,
    package: Package {
        registry: Registry::Npm,
        name: "@cwasm/lodepng",
        version: "0.1.9",
        sha256: "5e739f062988d8dc858d46c044e4225fc72fe78df16062f1894805433500dd91",
        path: "package/lodepng.wasm",
        file_sha256: "26f7e3780b2bb5203a89be59ddda7bda2145aa27cc8387fe37153ffbae5c4744",
    },
    checksum: 0xa818_b259_638d_d171,
    input: || inputs::signals::picture(12, WIDTH, HEIGHT),
    drive: png,
    ..LIBRARY
};

const WIDTH: u32 = 160;
const HEIGHT: u32 = 120;

fn png(run: &mut Run, input: &[u8]) -> Result<(), Error> {
    run.call("_initialize", &[])?;
    let pixels = run.put("malloc", input)?;
    // An address, a length or a width, a height.
    let at = run.get("malloc", args![12])?;
    run.expect("lodepng_encode32", args![at, at + 4, pixels, WIDTH, HEIGHT], 0)?;
    let (file, len) = (run.word(at)?, run.word(at + 4)?);
    check(len < length(input), "not compressed")?;
    run.result_at(file, len)?;
    run.expect("lodepng_decode32", args![at, at + 4, at + 8, file, len], 0)?;
    let pixels = run.word(at)?;
    check(run.read(pixels, length(input))? == input, "another picture came back")
}

pub(super) const MP3: Program = Program {
    name: "mp3",
    kind: "sound encoder",
    language: "C",
    split: Split::Choose,
    package: Package {
        registry: Registry::Npm,
        name: "wasm-media-encoders",
        version: "0.7.0",
        sha256: "1ffcadae8dd439253148dfc5e73dd1a0be89b61ba342886707d8b39123f26adc",
        path: "package/wasm/mp3.wasm",
        file_sha256: "85e81719250b9a667b1258143f689dda70e3e57a7e7c29ab0b4cef65c8f6eb9a",
    },
    checksum: 0x7399_8772_be0c_d6b6,
    host: |module, _| (module == "env").then_some(host::nothing),
    input: || [13, 14].map(|seed| inputs::signals::sound(seed, SAMPLES)).concat(),
    drive: mp3,
    ..LIBRARY
};

/// Samples a second, in a piece, and of each channel.
const RATE: u32 = 44_100;
const PIECE: u32 = 8_192;
const SAMPLES: u32 = 6 * PIECE;

fn mp3(run: &mut Run, input: &[u8]) -> Result<(), Error> {
    const SIZE: usize = 4;
    run.call("_initialize", &[])?;
    let settings = run.get("malloc", args![20])?;
    // Two channels, 128 kbit/s, no variable rate, the rate that comes in.
    run.write_words(settings, &[2, RATE, 128, (-1.0_f32).to_bits(), RATE])?;
    let encoder = run.get("enc_init", args![settings])?;
    check(encoder != 0, "no encoder")?;
    for piece in (0..SAMPLES).step_by(PIECE as usize) {
        let pcm = run.get("enc_get_pcm", args![encoder, PIECE])?;
        for (channel, samples) in (0..).zip(input.chunks(SAMPLES as usize * SIZE)) {
            let at = run.word(pcm + 4 * channel)?;
            run.write(at, &samples[piece as usize * SIZE..][..PIECE as usize * SIZE])?;
        }
        let len = run.get("enc_encode", args![encoder, PIECE])?;
        output(run, encoder, len)?;
    }
    let len = run.get("enc_flush", args![encoder])?;
    output(run, encoder, len)
}

fn output(run: &mut Run, encoder: u32, len: u32) -> Result<(), Error> {
    let bytes = run.get("enc_get_out_buf", args![encoder])?;
    run.result_at(bytes, len)
}
