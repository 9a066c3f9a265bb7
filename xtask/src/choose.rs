//! `cargo xtask choose`: makes the file of the instruction set from profiles of programs, as
//! `windlass profile --profile FILE` and `programs --profiles FOLDER` write them. All programs
//! weigh the same, however long they run. A file `judge-NAME` has no say: what is saved there tells
//! what is saved in programs that nobody has seen. The same profiles give the same file.
//!
//! The plan:
//! 1. Handlers whose operands lie in registers are admitted if they are worth enough. Those whose
//!    operands lie in slots or in the code are always there, but for latches, vectors with
//!    constants and branches back to the start of a loop; so are those of objects, unless an
//!    operand is a pinned local. A file `code-NAME` has the whole code of a program, each cell
//!    once: there is what its other runs would execute, and other programs. It counts for handlers
//!    as a program does. Of vectors, which few of the programs have, all are admitted that occur
//!    [`SEVERAL`] times; of branches on slots back to the start of a loop, all that occur.
//! 2. Candidates for sequences are all chains of up to [`LONGEST`] cells that were executed, of
//!    handlers that are there.
//! 3. They are tried all together: each stretch of cells is divided as the translator divides it,
//!    and each dispatch that happens is counted for the sequence that it executes.
//! 4. Those that are worth least go, a part of them at a time, and the rest is tried again, until
//!    as many are left as wanted. So a sequence does not stay for what another one does as well.
//! 5. Where fuel is counted, cells that pay begin what only branches lead to. Of what programs
//!    execute then, in files `fuel-NAME`, the sequences that begin with such a cell are chosen in
//!    the same way, beside the others.

use body::{Body, Tree};
use std::{
    collections::{BTreeMap, HashMap},
    fmt::Write,
    fs, io, iter,
    num::ParseFloatError,
    path::{Path, PathBuf},
};

#[allow(dead_code)]
#[path = "../../crates/core/build/body.rs"]
mod body;
#[allow(dead_code)]
#[path = "../../crates/core/src/exec/machine/name.rs"]
mod name;

/// How many handlers, but for those of vectors, and how many sequences there are to be.
#[derive(Clone, Copy)]
pub(crate) struct Wanted {
    pub(crate) handlers: usize,
    pub(crate) sequences: usize,
}

/// The longest sequence that is tried.
const LONGEST: usize = 5;
/// So many times the wanted number of sequences are tried at first.
const FIRST: usize = 16;
/// The part of the sequences that stays, in percent, from one trial to the next.
const STAYS: usize = 75;
/// The dispatches of a program, whatever it has executed.
const TOTAL: f64 = 1e6;
/// What a program saves, or executes, is raised to this power, so that two programs are worth more
/// than one that saves twice as much. Measured by what is saved in programs that only judge, with
/// 2,000 sequences: 23 % with 0.5, 25 % with 0.3; below that kernels lose more than programs win.
const POWER: f64 = 0.35;
/// How files of programs begin that only judge.
const JUDGE: &str = "judge-";
/// How files begin that tell what is executed with fuel.
const FUEL: &str = "fuel-";
/// How files of all code of a program begin.
const CODE: &str = "code-";
/// How often what is chosen of vectors is in programs, if none executes it.
const SEVERAL: f64 = 4.0;
/// How many accesses to memories that other threads use have operands in registers: few of the
/// programs have such a memory.
const SHARED: usize = 48;
/// What pays, and how many sequences begin with it.
const PAYS: &str = "Charge<Fueled>";
const PAYING: usize = 128;

/// A handler, by its place in [`Profiles::handlers`].
type Handler = u32;

/// Cells that follow each other in memory.
#[derive(Default)]
struct Stretch {
    handlers: Vec<Handler>,
    /// Of each the one that reads of slots what it reads of pinned locals: see [`Tree::general`].
    general: Vec<Handler>,
    /// How often each was executed, in parts of [`TOTAL`].
    counts: Vec<f64>,
    program: usize,
}

/// A handler that occurs in profiles.
#[derive(Clone)]
struct Known {
    name: String,
    tree: Tree,
    /// What [`Tree::general`] says; itself, if that is nothing.
    general: Handler,
    /// What [`first`] says.
    first: Option<Handler>,
}

#[derive(Default)]
struct Profiles {
    handlers: Vec<Known>,
    numbers: BTreeMap<String, Handler>,
    /// How often each is there, or was executed, by whatever program.
    times: BTreeMap<Handler, f64>,
    stretches: Vec<Stretch>,
    programs: usize,
}

impl Profiles {
    fn read(&mut self, path: &Path) -> io::Result<()> {
        let text = fs::read_to_string(path)?;
        let from = self.stretches.len();
        let mut total = 0.0;
        for block in text.split("\n\n") {
            let program = self.programs;
            let mut stretch = Stretch { program, ..Stretch::default() };
            for line in block.lines().filter(|line| !line.is_empty()) {
                let (count, name) = line.split_once(' ').unwrap_or((line, ""));
                let invalid = |error: String| {
                    let what =
                        format!("{}: `{line}` is no count and name: {error}", path.display());
                    io::Error::new(io::ErrorKind::InvalidData, what)
                };
                let count: f64 =
                    count.parse().map_err(|error: ParseFloatError| invalid(error.to_string()))?;
                let handler = self.number(name).map_err(invalid)?;
                for handler in iter::once(handler).chain(self.handlers[handler as usize].first) {
                    *self.times.entry(handler).or_default() += count;
                }
                stretch.handlers.push(handler);
                stretch.general.push(self.handlers[handler as usize].general);
                stretch.counts.push(count);
                total += count;
            }
            self.stretches.push(stretch);
        }
        for count in self.stretches[from..].iter_mut().flat_map(|stretch| &mut stretch.counts) {
            *count *= TOTAL / total;
        }
        self.programs += 1;
        Ok(())
    }

    /// The same handlers have the same numbers.
    fn without_programs(&self) -> Profiles {
        let (handlers, numbers) = (self.handlers.clone(), self.numbers.clone());
        Profiles { handlers, numbers, ..Profiles::default() }
    }

    /// All handlers that the other one knows get numbers, too.
    fn know(&mut self, other: &Profiles) {
        other.handlers.iter().for_each(|known| _ = self.add(known.tree.clone()));
    }

    fn number(&mut self, name: &str) -> Result<Handler, String> {
        match self.numbers.get(name) {
            Some(&number) => Ok(number),
            None => Ok(self.add(Tree::parse(name)?)),
        }
    }

    /// Those that it refers to come before it.
    fn add(&mut self, tree: Tree) -> Handler {
        let name = tree.to_text();
        if let Some(&number) = self.numbers.get(&name) {
            return number;
        }
        let general = tree.general().map(|general| self.add(general));
        let first = first(&tree).map(|first| self.add(first));
        let next = self.handlers.len();
        let number = Handler::try_from(next).expect("there are not so many handlers");
        let general = general.unwrap_or(number);
        self.handlers.push(Known { name: name.clone(), tree, general, first });
        self.numbers.insert(name, number);
        number
    }

    fn name(&self, handler: Handler) -> &str {
        &self.handlers[handler as usize].name
    }

    fn tree(&self, handler: Handler) -> &Tree {
        &self.handlers[handler as usize].tree
    }

    /// What a program has in the mean, if all have so much together.
    fn mean(&self, sum: f64) -> u64 {
        (sum / self.programs.max(1) as f64).round() as u64
    }

    /// How often each program executed each handler, or one that is found by way of it.
    fn executed(&self) -> Vec<Vec<f64>> {
        let mut executed = vec![vec![0.0; self.programs]; self.handlers.len()];
        for stretch in &self.stretches {
            for (&handler, count) in stretch.handlers.iter().zip(&stretch.counts) {
                let first = self.handlers[handler as usize].first;
                for handler in iter::once(handler).chain(first) {
                    executed[handler as usize][stretch.program] += count;
                }
            }
        }
        executed
    }
}

/// The handler that an instruction has before the translator knows that its result is taken from a
/// register only: the same with a slot for the result. Where that is not there, the other one is
/// never found.
fn first(tree: &Tree) -> Option<Tree> {
    let has_result = tree.body().is_some_and(Body::has_result);
    let mut first = tree.clone();
    let result = first.args.last_mut().filter(|_| has_result)?;
    let is_register = ["Acc", "P0", "P1"].contains(&result.word.as_str());
    result.word = "Slot".to_owned();
    is_register.then_some(first)
}

/// Makes the file of profiles.
pub(crate) fn choose(profiles: &[PathBuf], wanted: Wanted) -> io::Result<String> {
    let mut all = Profiles::default();
    let begins = |path: &Path, with: &str| {
        path.file_name().is_some_and(|name| name.to_string_lossy().starts_with(with))
    };
    let others = [JUDGE, FUEL, CODE];
    for path in profiles.iter().filter(|path| !others.iter().any(|other| begins(path, other))) {
        all.read(path)?;
    }
    let mut code = all.without_programs();
    for path in profiles.iter().filter(|path| begins(path, CODE)) {
        code.read(path)?;
    }
    all.know(&code);
    let handlers = admitted(&all, &code, wanted.handlers);
    let sequences = chosen(&all, &handlers, wanted.sequences, &[], None);
    let mut of_judges = Vec::new();
    let chains: Vec<Chain> = sequences.iter().map(|sequence| sequence.chain.clone()).collect();
    for path in profiles.iter().filter(|path| begins(path, JUDGE)) {
        let mut judged = all.without_programs();
        judged.read(path)?;
        let saved = share(&judged, &trial(&judged, chains.clone()));
        eprintln!("{}: {saved:.1} % saved", path.display());
        of_judges.push(saved);
    }
    eprintln!(
        "mean of those that judge: {:.1} %",
        of_judges.iter().sum::<f64>() / of_judges.len().max(1) as f64
    );
    let mut fueled = all.without_programs();
    for path in profiles.iter().filter(|path| begins(path, FUEL)) {
        fueled.read(path)?;
    }
    let pays = fueled.number(PAYS).expect("it is a name");
    let paying = chosen(&fueled, &handlers, PAYING, &chains, Some(pays));
    let mut text = file(&all, &handlers, &sequences);
    list(&fueled, &paying, &mut text);
    Ok(text)
}

/// The handlers that are admitted, and how often each was executed, the most valuable first.
fn admitted(all: &Profiles, code: &Profiles, count: usize) -> Vec<(Handler, f64)> {
    let (executed, occurring) = (all.executed(), code.executed());
    let mut chosen: Vec<(Handler, f64)> = (0..)
        .zip(executed.iter().zip(&occurring))
        .filter(|&(handler, _): &(Handler, _)| all.tree(handler).is_chosen())
        .map(|(handler, (executed, occurring))| (handler, worth(executed) + worth(occurring)))
        .collect();
    chosen.sort_by(|(a, x), (b, y)| y.total_cmp(x).then_with(|| all.name(*a).cmp(all.name(*b))));
    // Of vectors and branches on slots, of shared memories, of all others.
    let mut left = [usize::MAX, SHARED, count];
    chosen.retain(|&(handler, worth)| {
        let tree = all.tree(handler);
        let sort = match () {
            () if tree.is_vector() || tree.is_again() && !tree.has_register() => 0,
            () if tree.has("Shared") => 1,
            () => 2,
        };
        let several = || code.times.get(&handler).is_some_and(|&times| times >= SEVERAL);
        let is_rare = tree.is_vector() && !all.times.contains_key(&handler) && !several();
        let stays = worth > 0.0 && left[sort] > 0 && !is_rare;
        left[sort] -= usize::from(stays);
        stays
    });
    chosen.iter().map(|&(handler, _)| (handler, executed[handler as usize].iter().sum())).collect()
}

/// What many programs use, others will use, too: a program's second half counts less than its
/// first.
fn worth(by_program: &[f64]) -> f64 {
    by_program.iter().map(|count| count.powf(POWER)).sum()
}

type Chain = Vec<Handler>;

/// A sequence, what it saves, and what that is worth.
struct Sequence {
    chain: Chain,
    /// In dispatches, of all programs together.
    saved: f64,
    worth: f64,
}

impl Sequence {
    fn new(chain: Chain, by_program: &[f64]) -> Sequence {
        // A part more is so much code more.
        let worth = worth(by_program) / chain.len() as f64;
        Sequence { saved: by_program.iter().sum(), worth, chain }
    }
}

/// The most valuable first; of equal ones, by name.
fn best_first(all: &Profiles, set: &mut [Sequence]) {
    set.sort_by(|a, b| {
        let names = || names(all, &a.chain).cmp(&names(all, &b.chain));
        b.worth.total_cmp(&a.worth).then_with(names)
    });
}

/// The sequences that are worth most together, of handlers that are always there or admitted, and
/// beside those that are `known`; those that begin with a handler, if it is given.
fn chosen(
    all: &Profiles,
    admitted: &[(Handler, f64)],
    wanted: usize,
    known: &[Chain],
    begin: Option<Handler>,
) -> Vec<Sequence> {
    let mut there: Vec<bool> = all.handlers.iter().map(|known| !known.tree.is_chosen()).collect();
    for &(handler, _) in admitted {
        there[handler as usize] = true;
    }
    let is_wanted = |chain: &[Handler]| begin.is_none_or(|begin| chain.first() == Some(&begin));
    let is_there = |chain: &[Handler]| chain.iter().all(|&handler| there[handler as usize]);
    let mut set = candidates(all, |chain| is_wanted(chain) && is_there(chain), wanted * FIRST);
    loop {
        let chains = set.into_iter().map(|sequence| sequence.chain);
        set = trial(all, known.iter().cloned().chain(chains).collect());
        set.retain(|sequence| is_wanted(&sequence.chain));
        best_first(all, &mut set);
        eprintln!("{} sequences tried; they save {:.1} %", set.len(), share(all, &set));
        if set.len() <= wanted {
            return set;
        }
        set.truncate((set.len() * STAYS / 100).max(wanted));
    }
}

fn names<'a>(all: &'a Profiles, chain: &Chain) -> Vec<&'a str> {
    chain.iter().map(|&handler| all.name(handler)).collect()
}

/// How much of all dispatches is saved, in percent.
fn share(all: &Profiles, set: &[Sequence]) -> f64 {
    let saved: f64 = set.iter().map(|sequence| sequence.saved).sum();
    saved / (all.programs as f64 * TOTAL) * 100.0
}

/// The chains that would be worth most, if each were alone.
fn candidates(
    all: &Profiles,
    is_candidate: impl Fn(&[Handler]) -> bool,
    count: usize,
) -> Vec<Sequence> {
    let mut saved: HashMap<&[Handler], BTreeMap<usize, f64>> = HashMap::new();
    for stretch in &all.stretches {
        for length in 2..=LONGEST {
            let exact = stretch.handlers.windows(length).zip(&stretch.counts);
            let general = stretch.general.windows(length).zip(&stretch.counts);
            let is_new = |((chain, _), (own, _)): &((&[Handler], _), (&[Handler], _))| chain != own;
            let general = general.zip(exact.clone()).filter(is_new).map(|(general, _)| general);
            for (chain, count) in exact.clone().chain(general) {
                if is_candidate(chain) {
                    let by_program = saved.entry(chain).or_default();
                    *by_program.entry(stretch.program).or_default() += count * (length - 1) as f64;
                }
            }
        }
    }
    let sequence = |(chain, by_program): (&[Handler], BTreeMap<usize, f64>)| {
        Sequence::new(chain.to_vec(), &by_program.into_values().collect::<Vec<_>>())
    };
    let mut set: Vec<Sequence> = saved.into_iter().map(sequence).collect();
    best_first(all, &mut set);
    set.truncate(count);
    set
}

/// Divides all stretches with the sequences of a set, and counts what each saves.
fn trial(all: &Profiles, set: Vec<Chain>) -> Vec<Sequence> {
    let numbers: HashMap<&[Handler], usize> = set.iter().map(Vec::as_slice).zip(0..).collect();
    let mut saved = vec![vec![0.0; all.programs]; set.len()];
    for stretch in &all.stretches {
        divide(stretch, &numbers, &mut saved);
    }
    drop(numbers);
    let sequences = set.into_iter().zip(saved).map(|(chain, saved)| Sequence::new(chain, &saved));
    sequences.filter(|sequence| sequence.saved > 0.0).collect()
}

fn divide(stretch: &Stretch, numbers: &HashMap<&[Handler], usize>, saved: &mut [Vec<f64>]) {
    let len = stretch.handlers.len();
    // As the translator does it: backwards, the fewest dispatches from each cell to the end.
    let mut best: Vec<(u32, usize, Option<usize>)> = vec![(0, 1, None); len + 1];
    for at in (0..len).rev() {
        best[at] = (best[at + 1].0 + 1, 1, None);
        for length in 2..=LONGEST.min(len - at) {
            let dispatches = best[at + length].0 + 1;
            let [exact, general] =
                [&stretch.handlers, &stretch.general].map(|cells| &cells[at..at + length]);
            if dispatches < best[at].0
                && let Some(&number) = numbers.get(exact).or_else(|| numbers.get(general))
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
            saved[number][stretch.program] += reached[at] * (length - 1) as f64;
        }
        let here = reached[at];
        reached[at + length] += here;
    }
}

fn file(all: &Profiles, handlers: &[(Handler, f64)], sequences: &[Sequence]) -> String {
    let mut out = String::from(
        "# The instruction set: which handlers there are for operands in registers, and which\n\
         # sequences of cells have one handler together. Made by `cargo xtask choose` from\n\
         # profiles; weights are parts of a million of what the programs execute, or save.\n\n",
    );
    for &(handler, executed) in handlers {
        let _ = writeln!(out, "handler {} {}", all.mean(executed), all.name(handler));
    }
    list(all, sequences, &mut out);
    out
}

/// Writes the lines of sequences.
fn list(all: &Profiles, sequences: &[Sequence], out: &mut String) {
    out.push('\n');
    for Sequence { chain, saved, .. } in sequences {
        let names = names(all, chain).join(" + ");
        let _ = writeln!(out, "sequence {} {names}", all.mean(*saved));
    }
}
