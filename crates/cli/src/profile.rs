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
    use std::{collections::HashMap, fs::File, io::Write, path::PathBuf, process::ExitCode};
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
            // Before a run that may take long.
            let profile_file = self.profile.map(Output::open).transpose()?;
            let set_file = self.instruction_set.map(Output::open).transpose()?;
            let code = self.run.execute();
            let profile = windlass::take_profile();
            if profile.stretches.is_empty() {
                return code;
            }
            show(&profile.stretches);
            if let Some(file) = profile_file {
                file.write(&profile.to_string())?;
            }
            if let Some(file) = set_file {
                file.write(&profile.instruction_set())?;
            }
            code
        }
    }

    /// A file that is to be written, and keeps what is in it until then.
    struct Output {
        file: File,
        path: PathBuf,
    }

    impl Output {
        fn open(path: PathBuf) -> Result<Output, Failure> {
            let opened = File::options().write(true).create(true).truncate(false).open(&path);
            let file = opened.map_err(|error| Failure::of(&path, error))?;
            Ok(Output { file, path })
        }

        fn write(mut self, text: &str) -> Result<(), Failure> {
            let written = self.file.metadata().and_then(|metadata| {
                // Devices and pipes have no length.
                if metadata.is_file() {
                    self.file.set_len(0)?;
                }
                self.file.write_all(text.as_bytes())
            });
            written.map_err(|error| Failure::of(&self.path, error))
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
}
