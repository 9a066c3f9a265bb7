//! Prints the structured program of a seed.

fn main() {
    let seed = std::env::args().nth(1).and_then(|seed| seed.parse().ok());
    let seed = seed.expect("usage: program SEED");
    print!("{}", windlass_differential::program::text(seed));
}
