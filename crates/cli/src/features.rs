//! `--features`: which proposals are switched on, as a list of sets and names.

use clap::Args;
use windlass::Features;

/// The option, of each subcommand that has it.
#[derive(Args)]
pub(crate) struct Allowed {
    #[arg(
        long,
        value_name = "LIST",
        help = help(),
        value_parser = parse,
        allow_hyphen_values = true
    )]
    features: Option<Features>,
}

impl Allowed {
    pub(crate) fn features(&self) -> Features {
        self.features.unwrap_or(DEFAULT)
    }
}

/// What is on if nothing else is said.
const DEFAULT: Features = Features::ALL;

/// The sets that have a name.
const SETS: [(&str, Features); 5] = [
    ("none", Features::NONE),
    ("wasm1", Features::WASM1),
    ("wasm2", Features::WASM2),
    ("wasm3", Features::WASM3),
    ("all", Features::ALL),
];

/// Parses a list, from left to right: sets and features add up, and `-` before one takes it away. A
/// list that begins so takes it from what is on by default.
fn parse(text: &str) -> Result<Features, String> {
    let start = if text.starts_with('-') { DEFAULT } else { Features::NONE };
    text.split(',').map(str::trim).try_fold(start, |set, word| match word.strip_prefix('-') {
        Some(name) => Ok(set.difference(named(name)?)),
        None => Ok(set.union(named(word)?)),
    })
}

fn named(name: &str) -> Result<Features, String> {
    let of_sets = SETS.iter().find(|(known, _)| *known == name).map(|(_, set)| *set);
    let of_features = || {
        let mut named = Features::NAMED.iter();
        named.find(|(_, known)| *known == name).map(|(feature, _)| *feature)
    };
    of_sets.or_else(of_features).ok_or_else(|| {
        let what = if name.is_empty() { "a name is missing" } else { "unknown feature" };
        let name = if name.is_empty() { String::new() } else { format!(" {name:?}") };
        format!("{what}{name}; known are {}", known().collect::<Vec<_>>().join(", "))
    })
}

/// All names: first those of sets.
fn known() -> impl Iterator<Item = &'static str> {
    let sets = SETS.iter().map(|(name, _)| *name);
    sets.chain(Features::NAMED.iter().map(|(_, name)| *name))
}

/// What `--help` says of the option.
fn help() -> String {
    let names = known().collect::<Vec<_>>().join(", ");
    format!("Allow these features, and not all; -NAME is without one. Names are {names}")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lists() {
        assert_eq!(parse("none"), Ok(Features::NONE));
        assert_eq!(parse("wasm2"), Ok(Features::WASM2));
        assert_eq!(parse("wasm1, simd"), Ok(Features::WASM1.union(Features::SIMD)));
        assert_eq!(parse("gc"), Ok(Features::GC));
        assert_eq!(parse("-gc,-simd"), {
            Ok(DEFAULT.difference(Features::GC).difference(Features::SIMD))
        });
        assert_eq!(parse("wasm3,-wasm2,simd"), {
            Ok(Features::WASM3.difference(Features::WASM2).union(Features::SIMD))
        });
        for bad in ["", "wasm4", "simd,", "+simd", "- gc"] {
            assert!(parse(bad).unwrap_err().contains("known are none, wasm1"), "{bad}");
        }
    }
}
