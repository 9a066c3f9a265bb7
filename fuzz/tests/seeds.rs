//! Each target finds nothing with the inputs of a few fixed seeds, most of which make an input, nor
//! with those that are kept in `fuzz/inputs`, which fuzzing led by coverage has chosen.

use std::{fs, path::Path};
use windlass_fuzz::target;

fn quick(name: &str) {
    let target = target(name);
    let made = (0..target.quick).filter(|seed| target.attempt_seed(*seed).is_some()).count() as u64;
    assert!(made * 2 > target.quick, "{made} of {} seeds make an input", target.quick);
    let kept = Path::new(env!("CARGO_MANIFEST_DIR")).join("inputs").join(name);
    let kept = fs::read_dir(&kept).unwrap_or_else(|error| panic!("{}: {error}", kept.display()));
    let files: Vec<_> = kept.map(|file| file.expect("it can be read").path()).collect();
    assert!(!files.is_empty(), "no input is kept");
    for file in files {
        println!("{}", file.display());
        target.attempt(&fs::read(&file).expect("it can be read"));
    }
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
