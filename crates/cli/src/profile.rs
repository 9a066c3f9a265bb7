//! `windlass profile`: runs a program and tells which cells it executed, for the choice of the
//! instruction set; in a build with the feature `profile`. Others tell that they are not. A profile
//! does not depend on the set that is in force.

#[cfg(feature = "profile")]
pub(crate) use counting::Profile;

/// What other builds say, which offer it nowhere.
#[cfg(not(feature = "profile"))]
pub(crate) fn not_built_in() -> crate::terminal::Failure {
    crate::terminal::Failure::usage(
        "this windlass counts nothing; one that does is built by: cargo build --release -p \
         windlass-cli --features profile",
    )
}

#[cfg(feature = "profile")]
mod counting {
    use crate::{run::Run, terminal::Failure};
    use clap::Args;
    use std::{
        collections::HashMap,
        fs,
        path::{Path, PathBuf},
        process::ExitCode,
    };
    use windlass::Stretch;

    /// Run a program and show which cells it executes
    #[derive(Args)]
    #[command(override_usage = "windlass profile [OPTIONS] <FILE> [ARGS]...")]
    pub(crate) struct Profile {
        /// Write the complete profile to this file
        #[arg(long, value_name = "FILE")]
        profile: Option<PathBuf>,
        /// Write to this file an instruction set for this program: to build the engine with, by
        /// the environment variable WINDLASS_INSTRUCTION_SET
        #[arg(long, value_name = "FILE")]
        instruction_set: Option<PathBuf>,
        #[command(flatten)]
        run: Box<Run>,
    }

    /// How many lines of each kind are shown.
    const SHOWN: usize = 20;

    impl Profile {
        pub(crate) fn execute(self) -> Result<ExitCode, Failure> {
            let code = self.run.execute();
            let profile = windlass::take_profile();
            show(&profile.stretches);
            if let Some(path) = self.profile {
                write(&path, &profile.to_string())?;
            }
            if let Some(path) = self.instruction_set {
                write(&path, &profile.instruction_set())?;
            }
            code
        }
    }

    fn write(path: &Path, text: &str) -> Result<(), Failure> {
        fs::write(path, text).map_err(|error| Failure::new(format!("{}: {error}", path.display())))
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
}
