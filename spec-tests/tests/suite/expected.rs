//! [`ExpectedFailures`]: the one list of files that are known to fail, `expected-failures.txt`.

/// The list. A line: a file's name, then the words that must occur in the reason of every failure
/// of that file, several of them separated by `|`; or `*` and why any failure will do.
pub(crate) struct ExpectedFailures(Vec<Expected>);

/// A file that is known to fail.
pub(crate) struct Expected {
    pub(crate) file: &'static str,
    reasons: Vec<&'static str>,
}

impl ExpectedFailures {
    /// Reads the list. Panics if it is malformed or names a file twice: it is part of this program.
    pub(crate) fn load() -> ExpectedFailures {
        let mut list: Vec<Expected> = Vec::new();
        for line in include_str!("../../expected-failures.txt").lines() {
            let line = line.trim();
            if line.is_empty() || line.starts_with('#') {
                continue;
            }
            let (file, reasons) = line
                .split_once(char::is_whitespace)
                .unwrap_or_else(|| panic!("expected-failures.txt: no reason in {line:?}"));
            assert!(
                list.iter().all(|e| e.file != file),
                "expected-failures.txt names {file} twice"
            );
            let reasons = reasons.split('|').map(str::trim).collect();
            list.push(Expected { file, reasons });
        }
        ExpectedFailures(list)
    }

    /// What is expected of this file; nothing if it is to pass.
    pub(crate) fn get(&self, file: &str) -> Option<&Expected> {
        self.0.iter().find(|e| e.file == file)
    }

    /// Every entry.
    pub(crate) fn iter(&self) -> impl Iterator<Item = &Expected> {
        self.0.iter()
    }
}

impl Expected {
    /// Whether a failure with this reason is one that is expected.
    pub(crate) fn covers(&self, reason: &str) -> bool {
        self.reasons.iter().any(|words| words.starts_with('*') || reason.contains(words))
    }
}
