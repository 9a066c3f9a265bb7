//! `windlass profile`: runs a program and tells which cells it executed, for the choice of the
//! instruction set; with the feature `profile` only. A profile does not depend on the set that is
//! in force.

use crate::{run::Run, terminal::Failure};
use clap::Args;
use std::{collections::HashMap, fs, path::PathBuf, process::ExitCode};
use windlass::Stretch;

/// Runs a program and shows which cells it executes
#[derive(Args)]
pub(crate) struct Profile {
    /// Writes the complete profile to this file
    #[arg(long, value_name = "FILE")]
    profile: Option<PathBuf>,
    #[command(flatten)]
    run: Run,
}

/// How many lines of each kind are shown.
const SHOWN: usize = 20;

impl Profile {
    pub(crate) fn execute(self) -> Result<ExitCode, Failure> {
        let code = self.run.execute();
        let profile = windlass::take_profile();
        show(&profile.stretches);
        if let Some(path) = self.profile {
            fs::write(&path, profile.to_string())
                .map_err(|error| Failure::new(format!("{}: {error}", path.display())))?;
        }
        code
    }
}

/// The hottest cells, pairs and longer chains.
fn show(stretches: &[Stretch]) {
    let total: u64 = stretches.iter().flatten().map(|&(_, count)| count).sum();
    eprintln!("{total} cells executed");
    for (length, what) in [(1, "cells"), (2, "pairs"), (3, "chains of three"), (4, "of four")] {
        let mut counts: HashMap<Vec<&str>, u64> = HashMap::new();
        for window in stretches.iter().flat_map(|stretch| stretch.windows(length)) {
            let names = window.iter().map(|(name, _)| name.as_str()).collect();
            *counts.entry(names).or_default() += window.first().map_or(0, |&(_, count)| count);
        }
        let mut counts: Vec<_> = counts.into_iter().collect();
        counts.sort_by(|(a, x), (b, y)| y.cmp(x).then_with(|| a.cmp(b)));
        eprintln!("\n{} different {what}; the most frequent:", counts.len());
        for (names, count) in counts.iter().take(SHOWN) {
            let share = *count as f64 / total.max(1) as f64;
            eprintln!("{:6.2} %  {}", share * 100.0, names.join(" + "));
        }
    }
}
