//! Pictures and sounds.

use super::Random;

/// A picture, four bytes a pixel: a gradient, boxes of one colour, a little noise.
pub(in crate::programs) fn picture(seed: u64, width: u32, height: u32) -> Vec<u8> {
    let random = &mut Random::new(seed);
    let mut pixels = Vec::new();
    for y in 0..height {
        for x in 0..width {
            let noise = u32::from(random.byte() & 3);
            let box_ = (x / 24 * 7 + y / 16 * 13) % 5;
            let [r, g, b] = match box_ {
                0 => [200, 30 + noise, 90],
                1 => [x * 255 / width, y * 255 / height, 128 + noise],
                _ => [(x + y) / 2 + noise, 255 - x / 2, (x ^ y) & 0xff],
            };
            pixels.extend([r, g, b, 255].map(|value| value.to_le_bytes()[0]));
        }
    }
    pixels
}

/// A channel of sound, floats from -1 to 1 as bytes: a few tones that come and go, and noise.
/// Integers make it, so that it is the same on every host.
pub(in crate::programs) fn sound(seed: u64, samples: u32) -> Vec<u8> {
    let random = &mut Random::new(seed);
    let wave = |t: u32, period: u32| {
        let phase = i64::from(t % period) * 4096 / i64::from(period);
        let x = if phase < 2048 { phase } else { 4096 - phase };
        (x - 1024) * 12
    };
    (0..samples)
        .flat_map(|t| {
            let (beat, tone) = (t / 8000 % 4, t / 3000 % 7);
            let sum = wave(t, 200 + beat * 37)
                + wave(t, 61 + tone * 5) / 2
                + wave(t, 331) / 3
                + i64::from(random.below(900))
                - 450;
            (sum as f32 / 32768.0).to_le_bytes()
        })
        .collect()
}
