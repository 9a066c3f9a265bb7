//! `windlass completions`: a script that lets a shell complete what is typed.

use crate::terminal::{Failure, print};
use clap::{Args, Command};
use clap_complete::Shell;
use std::process::ExitCode;

/// Print a script by which a shell completes what is typed
///
/// For bash: windlass completions bash > ~/.local/share/bash-completion/completions/windlass
#[derive(Args)]
pub(crate) struct Completions {
    /// The shell
    shell: Shell,
}

impl Completions {
    pub(crate) fn execute(self, windlass: &mut Command) -> Result<ExitCode, Failure> {
        let mut script = Vec::new();
        clap_complete::generate(self.shell, windlass, "windlass", &mut script);
        print(String::from_utf8_lossy(&script))?;
        Ok(ExitCode::SUCCESS)
    }
}
