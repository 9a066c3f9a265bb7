//! Numbers of all widths, as the compiler of Rust computes with them: a program of `compiled.rs`.

fn primes(below: usize) -> Vec<usize> {
    let mut sieve = vec![true; below];
    let mut found = Vec::new();
    for number in 2..below {
        if sieve[number] {
            found.push(number);
            (number * number..below).step_by(number).for_each(|multiple| sieve[multiple] = false);
        }
    }
    found
}

fn power(mut base: u64, mut exponent: u64, modulus: u64) -> u64 {
    let mut result = 1;
    while exponent > 0 {
        if exponent & 1 == 1 {
            result = (u128::from(result) * u128::from(base) % u128::from(modulus)) as u64;
        }
        base = (u128::from(base) * u128::from(base) % u128::from(modulus)) as u64;
        exponent >>= 1;
    }
    result
}

fn narrow(bytes: &[u8]) -> i64 {
    bytes.chunks(4).fold(0_i64, |sum, chunk| {
        let half = i16::from_le_bytes([chunk[0], chunk[1]]);
        let byte = chunk[2] as i8;
        let wide = u64::from(chunk[3]) << 33 | u64::from(half as u16);
        (sum ^ i64::from(half))
            .wrapping_add(i64::from(byte) << (wide as u32 & 15))
            .wrapping_add(wide as u32 as i64)
            .rotate_left(7)
    })
}

fn floats(count: i32) -> f64 {
    let mut points: Vec<[f64; 3]> =
        (0..count).map(|i| [f64::from(i), f64::from(i * i % 17), 0.5]).collect();
    for _ in 0..8 {
        let center = points
            .iter()
            .fold([0.0; 3], |sum, point| [sum[0] + point[0], sum[1] + point[1], sum[2] + point[2]]);
        for point in &mut points {
            for (own, sum) in point.iter_mut().zip(center) {
                *own = (*own * 0.75 + sum / f64::from(count) * 0.25).max(-1e9);
            }
            point[2] += (point[0] * point[0] + point[1] * point[1]).sqrt() as f32 as f64;
        }
    }
    points.iter().flatten().sum()
}

#[unsafe(no_mangle)]
pub extern "C" fn run(rounds: i32) -> i64 {
    let rounds = rounds.clamp(1, 1_000);
    let primes = primes(rounds as usize * 200);
    let powers = primes.iter().fold(1_u64, |sum, &prime| {
        sum.wrapping_mul(31).wrapping_add(power(3, prime as u64, 0xffff_ffff_ffff_ffc5))
    });
    let bytes: Vec<u8> = (0..rounds * 64).map(|i| (i * i % 251) as u8).collect();
    let shifted = (0..128).fold(rounds as u128, |sum, by| sum.rotate_left(by) ^ u128::from(powers));
    (powers as i64)
        .wrapping_add(narrow(&bytes))
        .wrapping_add(floats(rounds * 8).to_bits() as i64)
        .wrapping_add((shifted >> 64) as i64 ^ shifted as i64)
}
