//! Comparing the message that a script expects with the one that the engine gives. Scripts quote the
//! reference interpreter's words, and expect them as the beginning of what is said.

/// Whether `actual` says what `expected` says: one begins with the other. Engines add where and which;
/// the suite sometimes adds an index ("uninitialized element 7").
pub(crate) fn agrees(actual: &str, expected: &str) -> bool {
    !actual.is_empty() && (actual.starts_with(expected) || expected.starts_with(actual))
}

#[cfg(test)]
mod tests {
    use super::agrees;

    #[test]
    fn beginnings_agree() {
        assert!(agrees("type mismatch (at offset 0x20)", "type mismatch"));
        assert!(agrees("uninitialized element", "uninitialized element 7"));
        assert!(!agrees("unknown type", "type mismatch"));
        assert!(!agrees("", "type mismatch"));
    }
}
