//! [`Totals`]: how many files and assertions ran, for the line at the end.

use std::fmt;
use windlass_wast::{Kind, Report};

/// Sums over all files and meterings.
#[derive(Default)]
pub(crate) struct Totals {
    files: usize,
    failing: usize,
    report: Report,
}

impl Totals {
    /// Adds what came of one file.
    pub(crate) fn add(&mut self, report: &Report) {
        self.files += 1;
        self.failing += usize::from(!report.is_success());
        self.report.merge(report.clone());
    }
}

impl fmt::Display for Totals {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let report = &self.report;
        let assertions = || Kind::ALL.iter().copied().filter(|kind| kind.is_assertion());
        let passed: usize = assertions().map(|kind| report.passed(kind)).sum();
        let failed: usize = assertions().map(|kind| report.failed(kind)).sum();
        writeln!(
            f,
            "suite on the {} backend: {} of {} runs of files without failure, {passed} assertions \
             passed, {failed} failed (every file runs with metering off and with fuel)",
            windlass::BACKEND,
            self.files - self.failing,
            self.files,
        )?;
        write!(f, "{report}")
    }
}
