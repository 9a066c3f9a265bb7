//! A plugin as hosts load them, with Rust's standard library: it counts the words of a text, and
//! logs by a function of the host's. `rust_plugin.c` and the tests of the package for Python are
//! its hosts. Everything that passes between both lies in its memory.

use std::{collections::BTreeMap, fmt::Write, slice};

#[link(wasm_import_module = "host")]
unsafe extern "C" {
    fn log(text: *const u8, size: usize);
}

/// Room for a text of the host's, to be given back by `count`.
#[unsafe(no_mangle)]
pub extern "C" fn room(size: usize) -> *mut u8 {
    Box::leak(vec![0; size].into_boxed_slice()).as_mut_ptr()
}

/// Counts the words of a text: returns the size of the report, and where it is in the upper half.
///
/// # Safety
/// `room` gave `text` for this size.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn count(text: *mut u8, size: usize) -> u64 {
    // SAFETY: the caller's.
    let text = unsafe { Box::from_raw(slice::from_raw_parts_mut(text, size)) };
    let text = String::from_utf8_lossy(&text).to_lowercase();
    let mut words = BTreeMap::<&str, u32>::new();
    for word in text.split(|c: char| !c.is_alphabetic()).filter(|word| !word.is_empty()) {
        *words.entry(word).or_default() += 1;
    }
    let message = format!("{} words, {} different", words.values().sum::<u32>(), words.len());
    // SAFETY: the host reads the bytes while they are there.
    unsafe { log(message.as_ptr(), message.len()) }
    let mut report = String::new();
    for (word, count) in words {
        let _ = write!(report, "{word}={count};");
    }
    let report = report.leak();
    (report.as_ptr() as u64) << 32 | report.len() as u64
}
