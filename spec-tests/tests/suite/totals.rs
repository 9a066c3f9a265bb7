//! [`Totals`]: how many files and assertions ran, for the line at the end.

use std::{
    collections::{BTreeMap, BTreeSet},
    fmt,
};
use windlass_wast::{Kind, Report};

/// Sums over all files and meterings.
#[derive(Default)]
pub(crate) struct Totals {
    /// The files, and whether each passed whenever it ran.
    files: BTreeMap<String, bool>,
    report: Report,
    /// Files that need what the build leaves out.
    left_out: BTreeSet<String>,
}

impl Totals {
    /// Counts a file that needs what the build leaves out.
    pub(crate) fn leave_out(&mut self, file: &str) {
        self.left_out.insert(file.to_owned());
    }

    /// Adds what came of one run of a file.
    pub(crate) fn add(&mut self, file: &str, report: &Report) {
        *self.files.entry(file.to_owned()).or_insert(true) &= report.is_success();
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
            "suite on the {} backend: {} of {} files without failure; every file runs with \
                metering off \
             and with fuel: {passed} assertions passed, {failed} failed",
            windlass::BACKEND,
            self.files.values().filter(|&&passed| passed).count(),
            self.files.len(),
        )?;
        if !self.left_out.is_empty() {
            writeln!(f, "{} files need what this build leaves out", self.left_out.len())?;
        }
        write!(f, "{report}")
    }
}
