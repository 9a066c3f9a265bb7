//! Comparing the message that a script expects with the one that the engine gives. Scripts quote
//! the reference interpreter's words, and expect them as the beginning of what is said.

/// Whether `actual` says what `expected` says: one begins with the other. Engines add where and
/// which; the suite sometimes adds an index ("uninitialized element 7").
pub(crate) fn agrees(actual: &str, expected: &str) -> bool {
    !actual.is_empty() && (actual.starts_with(expected) || expected.starts_with(actual))
}

/// Whether `actual` says that a construct belongs to a feature that is switched off, where a script
/// from before that feature expects its encoding to be unknown.
pub(crate) fn is_unknown(actual: &str, expected: &str) -> bool {
    expected.starts_with("malformed ") && actual.contains("which is switched off")
}

#[cfg(test)]
mod tests {
    use super::{agrees, is_unknown};

    #[test]
    fn beginnings_agree() {
        assert!(agrees("type mismatch (at offset 0x20)", "type mismatch"));
        assert!(agrees("uninitialized element", "uninitialized element 7"));
        assert!(!agrees("unknown type", "type mismatch"));
        assert!(!agrees("", "type mismatch"));
    }

    #[test]
    fn what_is_switched_off_is_malformed() {
        let actual = "a tag needs the feature exceptions, which is switched off";
        assert!(is_unknown(actual, "malformed import kind"));
        assert!(!is_unknown(actual, "type mismatch"));
        assert!(!is_unknown("malformed section id", "malformed import kind"));
    }
}
