//! Each target finds nothing with the inputs of a few fixed seeds, most of which make an input.

use windlass_fuzz::target;

fn quick(name: &str) {
    let target = target(name);
    let made = (0..target.quick).filter(|seed| target.attempt_seed(*seed).is_some()).count() as u64;
    assert!(made * 2 > target.quick, "{made} of {} seeds make an input", target.quick);
}

#[test]
fn decode() {
    quick("decode");
}

#[test]
fn validate() {
    quick("validate");
}

#[test]
fn verify() {
    quick("verify");
}

#[test]
fn execute() {
    quick("execute");
}

#[test]
fn programs() {
    quick("programs");
}

#[test]
fn api() {
    quick("api");
}

#[test]
fn wasi() {
    quick("wasi");
}

#[test]
fn numeric() {
    quick("numeric");
}

#[test]
fn memory() {
    quick("memory");
}

#[test]
fn types() {
    quick("types");
}
