//! `cargo xtask choose`: makes the file of the instruction set from profiles of programs, as
//! `windlass profile --profile FILE` writes them. All programs weigh the same, however long they
//! run. The same profiles give the same file.
//!
//! The plan:
//! 1. Handlers whose operands lie in registers are admitted by weight. Those whose operands lie in
//!    slots or in the code are always there.
//! 2. Candidates for sequences are all chains of up to [`LONGEST`] cells that were executed, of
//!    handlers that are there.
//! 3. They are tried all together: each stretch of cells is divided as the translator divides it,
//!    and each dispatch that happens is counted for the sequence that it executes.
//! 4. Those that saved least go, a part of them at a time, and the rest is tried again, until as
//!    many are left as wanted. So a sequence does not stay for what another one does as well.

use std::{
    collections::{BTreeMap, HashMap},
    fmt::Write,
    fs, io,
    path::{Path, PathBuf},
};

/// How many handlers and sequences there are to be.
#[derive(Clone, Copy)]
pub(crate) struct Wanted {
    pub(crate) handlers: usize,
    pub(crate) sequences: usize,
}

/// The longest sequence that is tried.
const LONGEST: usize = 4;
/// So many times the wanted number of sequences are tried at first.
const FIRST: usize = 16;
/// The part of the sequences that stays, in percent, from one trial to the next.
const STAYS: usize = 75;
/// The dispatches of a program, whatever it has executed.
const TOTAL: f64 = 1e6;

/// Bodies that the file admits by their places; all others are always there.
const CHOSEN: [&str; 15] = [
    "Un",
    "Bin",
    "CmpSelect",
    "Select",
    "BrCmp",
    "BrTest",
    "BrAnd",
    "Latch",
    "LatchTest",
    "Load",
    "Store",
    "StructGet",
    "StructSet",
    "ArrayGet",
    "ArraySet",
];

/// A handler, by its place in [`Profiles::names`].
type Handler = u32;

/// Cells that follow each other in memory.
struct Stretch {
    handlers: Vec<Handler>,
    /// How often each was executed, in parts of [`TOTAL`].
    counts: Vec<f64>,
}

#[derive(Default)]
struct Profiles {
    names: Vec<String>,
    numbers: BTreeMap<String, Handler>,
    stretches: Vec<Stretch>,
    programs: usize,
}

impl Profiles {
    fn read(&mut self, path: &Path) -> io::Result<()> {
        let text = fs::read_to_string(path)?;
        let first = self.stretches.len();
        let mut total = 0.0;
        for block in text.split("\n\n") {
            let mut stretch = Stretch { handlers: Vec::new(), counts: Vec::new() };
            for line in block.lines().filter(|line| !line.is_empty()) {
                let (count, name) = line.split_once(' ').unwrap_or((line, ""));
                let count: f64 = count.parse().map_err(|_| {
                    let what = format!("{}: `{line}` is no count and name", path.display());
                    io::Error::new(io::ErrorKind::InvalidData, what)
                })?;
                stretch.handlers.push(self.number(name));
                stretch.counts.push(count);
                total += count;
            }
            self.stretches.push(stretch);
        }
        for count in self.stretches[first..].iter_mut().flat_map(|stretch| &mut stretch.counts) {
            *count *= TOTAL / total;
        }
        self.programs += 1;
        Ok(())
    }

    fn number(&mut self, name: &str) -> Handler {
        if let Some(&number) = self.numbers.get(name) {
            return number;
        }
        let number = Handler::try_from(self.names.len()).expect("there are not so many handlers");
        self.numbers.insert(name.to_owned(), number);
        self.names.push(name.to_owned());
        number
    }

    /// How often each handler was executed.
    fn weights(&self) -> Vec<f64> {
        let mut weights = vec![0.0; self.names.len()];
        for stretch in &self.stretches {
            for (&handler, count) in stretch.handlers.iter().zip(&stretch.counts) {
                weights[handler as usize] += count;
            }
        }
        weights
    }
}

/// Whether a handler is one of those that the file admits.
fn is_chosen(name: &str) -> bool {
    let (body, places) = name.split_once('<').unwrap_or((name, ""));
    let mut words = places.split(|c: char| !c.is_alphanumeric());
    let is_latch = matches!(body, "Latch" | "LatchTest");
    CHOSEN.contains(&body)
        && !is_vector(places)
        && (is_latch || words.any(|word| matches!(word, "Acc" | "P0" | "P1")))
}

/// Whether vectors are among what is computed with: all places of those have their handlers.
fn is_vector(places: &str) -> bool {
    let of_lanes = |w: &[u8]| w[0].is_ascii_digit() && w[1] == b'x' && w[2].is_ascii_digit();
    places.contains("V128") || places.contains("Simd") || places.as_bytes().windows(3).any(of_lanes)
}

/// Whether the instruction set can name it.
fn is_known(name: &str) -> bool {
    !name.contains("canonical")
}

/// Makes the file of profiles.
pub(crate) fn choose(profiles: &[PathBuf], wanted: Wanted) -> io::Result<String> {
    let mut all = Profiles::default();
    for path in profiles {
        all.read(path)?;
    }
    let handlers = admitted(&all, wanted.handlers);
    let mut there: Vec<bool> =
        all.names.iter().map(|name| is_known(name) && !is_chosen(name)).collect();
    for &(handler, _) in &handlers {
        there[handler as usize] = true;
    }
    let sequences = sequences(&all, &there, wanted.sequences);
    Ok(file(&all, &handlers, &sequences))
}

/// The handlers that are admitted, with their weights, the heaviest first.
fn admitted(all: &Profiles, count: usize) -> Vec<(Handler, f64)> {
    let weights = all.weights();
    let mut chosen: Vec<(Handler, f64)> = (0..)
        .zip(weights)
        .filter(|&(handler, _): &(Handler, f64)| is_chosen(&all.names[handler as usize]))
        .collect();
    heaviest_first(&mut chosen, |&handler| all.names[handler as usize].clone());
    chosen.truncate(count);
    chosen
}

/// Sorts by weight; equal ones by name.
fn heaviest_first<T, N: Ord>(items: &mut [(T, f64)], name: impl Fn(&T) -> N) {
    items.sort_by(|(a, x), (b, y)| y.total_cmp(x).then_with(|| name(a).cmp(&name(b))));
}

type Chain = Vec<Handler>;

/// The sequences that save most, with the dispatches that each saves.
fn sequences(all: &Profiles, there: &[bool], wanted: usize) -> Vec<(Chain, f64)> {
    let mut set = candidates(all, there, wanted * FIRST);
    loop {
        let saved = trial(all, &set);
        set = saved;
        // A part more is so much code more.
        set.iter_mut().for_each(|(chain, saved)| *saved /= chain.len() as f64);
        heaviest_first(&mut set, |chain| names(all, chain));
        set.iter_mut().for_each(|(chain, saved)| *saved *= chain.len() as f64);
        let next = (set.len() * STAYS / 100).max(wanted);
        eprintln!("{} sequences tried; they save {:.1} %", set.len(), share(all, &set));
        if set.len() <= wanted {
            return set;
        }
        set.truncate(next);
    }
}

fn names(all: &Profiles, chain: &Chain) -> Vec<String> {
    chain.iter().map(|&handler| all.names[handler as usize].clone()).collect()
}

/// How much of all dispatches is saved, in percent.
fn share(all: &Profiles, set: &[(Chain, f64)]) -> f64 {
    let saved: f64 = set.iter().map(|(_, saved)| saved).sum();
    saved / (all.programs as f64 * TOTAL) * 100.0
}

/// The chains that were executed most, each counted wherever it occurs.
fn candidates(all: &Profiles, there: &[bool], count: usize) -> Vec<(Chain, f64)> {
    let mut counts: HashMap<&[Handler], f64> = HashMap::new();
    for stretch in &all.stretches {
        for length in 2..=LONGEST {
            for (chain, count) in stretch.handlers.windows(length).zip(&stretch.counts) {
                if chain.iter().all(|&handler| there[handler as usize]) {
                    *counts.entry(chain).or_default() += count * (length - 1) as f64;
                }
            }
        }
    }
    let mut counts: Vec<(Chain, f64)> =
        counts.into_iter().map(|(chain, count)| (chain.to_vec(), count)).collect();
    heaviest_first(&mut counts, |chain| names(all, chain));
    counts.truncate(count);
    counts
}

/// Divides all stretches with the sequences of a set, and counts what each saves.
fn trial(all: &Profiles, set: &[(Chain, f64)]) -> Vec<(Chain, f64)> {
    let numbers: HashMap<&[Handler], usize> =
        set.iter().zip(0..).map(|((chain, _), number)| (chain.as_slice(), number)).collect();
    let mut saved = vec![0.0; set.len()];
    for stretch in &all.stretches {
        divide(stretch, &numbers, &mut saved);
    }
    let chains = set.iter().map(|(chain, _)| chain.clone());
    chains.zip(saved).filter(|&(_, saved)| saved > 0.0).collect()
}

fn divide(stretch: &Stretch, numbers: &HashMap<&[Handler], usize>, saved: &mut [f64]) {
    let len = stretch.handlers.len();
    // As the translator does it: backwards, the fewest dispatches from each cell to the end.
    let mut best: Vec<(u32, usize, Option<usize>)> = vec![(0, 1, None); len + 1];
    for at in (0..len).rev() {
        best[at] = (best[at + 1].0 + 1, 1, None);
        for length in 2..=LONGEST.min(len - at) {
            let dispatches = best[at + length].0 + 1;
            if dispatches < best[at].0
                && let Some(&number) = numbers.get(&stretch.handlers[at..at + length])
            {
                best[at] = (dispatches, length, Some(number));
            }
        }
    }
    // How often each cell is come to: from before, or from elsewhere.
    let mut reached: Vec<f64> = vec![0.0; len + 1];
    let mut before = 0.0;
    for (at, &count) in stretch.counts.iter().enumerate() {
        reached[at] += f64::max(count - before, 0.0);
        before = count;
        let (_, length, sequence) = best[at];
        if let Some(number) = sequence {
            saved[number] += reached[at] * (length - 1) as f64;
        }
        let here = reached[at];
        reached[at + length] += here;
    }
}

fn file(all: &Profiles, handlers: &[(Handler, f64)], sequences: &[(Chain, f64)]) -> String {
    let mut out = String::from(
        "# The instruction set: which handlers there are for operands in registers, and which\n\
         # sequences of cells have one handler together. Made by `cargo xtask choose` from\n\
         # profiles; weights are parts of a million of what the programs execute, or save.\n\n",
    );
    let weight = |weight: f64| (weight / all.programs as f64).round() as u64;
    for &(handler, of) in handlers {
        let _ = writeln!(out, "handler {} {}", weight(of), all.names[handler as usize]);
    }
    out.push('\n');
    for (chain, of) in sequences {
        let _ = writeln!(out, "sequence {} {}", weight(*of), names(all, chain).join(" + "));
    }
    out
}
