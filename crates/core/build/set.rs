//! Reads a file of the instruction set and writes its tables, as source that
//! `src/exec/tables/set.rs` includes. Each line of the file is empty, a comment (`#`), or one of
//!
//! ```text
//! handler WEIGHT NAME                    a handler for these places
//! sequence WEIGHT NAME + NAME + ...      cells that follow each other, as one
//! block WEIGHT CELL + CELL + ...         a stretch of code with its operands, as one
//! include general                        the lines of our own file, too
//! windlass VERSION                       which version of the engine the blocks are for
//! ```
//!
//! A name is the type of a handler's body, as `Bin<I32Add, P0, Const, Acc>`; weights tell people
//! what a line is worth. In handlers and sequences, what goes back to the start of a loop, or
//! charges for one, is written without metering and is there with each; of such sequences only the
//! first [`METERED`] are. Cells of blocks are told in [`block`].

#[path = "block.rs"]
pub(crate) mod block;
#[path = "body.rs"]
mod body;

use super::name;
use block::{Automaton, Block};
use body::{METERINGS, Tree};
use std::{
    cmp::Reverse,
    collections::{BTreeMap, BTreeSet},
    fmt::Write,
    format,
    // The engine's tests and profiles read such files, too.
    prelude::v1::*,
};

/// What a file is read with.
pub(crate) struct Reading<'a> {
    /// The text of our own file.
    pub(crate) general: &'a str,
    /// The version of the engine.
    pub(crate) version: &'a str,
    /// The functions of instructions.
    pub(crate) ops: &'a BTreeSet<String>,
    /// How many sequences there are to be at most.
    pub(crate) most: usize,
    /// Whether only handlers for places are read: each cell is to be executed by itself.
    pub(crate) plain: bool,
    /// Whether all of these are there, whatever the file says.
    pub(crate) all: bool,
}

/// The longest sequence: the pass that looks for them remembers as many cells.
const LONGEST: usize = 8;

/// How many lines with sequences are there for all meterings. What is rarer is worth its code only
/// where nothing is metered, which is when nobody waits for anything else.
const METERED: usize = 100;

/// What a file says.
#[derive(Default)]
struct Set {
    /// With the lines that they stand in.
    handlers: BTreeMap<Tree, Place>,
    sequences: BTreeMap<Vec<Tree>, Place>,
    blocks: Vec<(Block, Place)>,
    /// How many lines with sequences there can be more.
    most: usize,
    /// How many with metering there were.
    metered: usize,
    /// Whether the file says which version of the engine it is for.
    has_version: bool,
}

/// A line: of the file, or of our own, which it includes.
#[derive(Clone, Copy, PartialEq, Eq)]
struct Place {
    number: usize,
    is_general: bool,
}

impl Place {
    /// For people.
    fn text(self, file: &str) -> String {
        let Place { number, is_general } = self;
        format!("{}:{number}", if is_general { "instruction-set.txt" } else { file })
    }
}

impl Set {
    fn text(&mut self, text: &str, reading: &Reading<'_>, is_general: bool) -> Result<(), String> {
        for (number, line) in (1..).zip(text.lines()) {
            let place = Place { number, is_general };
            self.line(place, line, reading).map_err(|error| match is_general {
                true => format!("instruction-set.txt:{number}: {error}"),
                false => format!("{number}: {error}"),
            })?;
        }
        Ok(())
    }

    fn line(&mut self, place: Place, line: &str, reading: &Reading<'_>) -> Result<(), String> {
        let line = line.trim();
        if line.is_empty() || line.starts_with('#') {
            return Ok(());
        }
        if let Some(version) = line.strip_prefix("windlass ") {
            self.has_version = true;
            return match version.trim() == reading.version {
                true => Ok(()),
                false => Err(format!(
                    "made for version {version} of the engine, which is {} now: make it again",
                    reading.version
                )),
            };
        }
        if line == "include general" && !place.is_general {
            return self.text(reading.general, reading, true);
        }
        let expected = "expected `handler WEIGHT NAME`, `sequence WEIGHT NAME + NAME ...`, \
                        `block WEIGHT CELL + CELL ...`, `include general` or `windlass VERSION`";
        let mut words = line.splitn(3, ' ');
        let (Some(kind), Some(weight), Some(names)) = (words.next(), words.next(), words.next())
        else {
            return Err(expected.to_owned());
        };
        if weight.parse::<u64>().is_err() {
            return Err(format!("`{weight}` is no weight: {expected}"));
        }
        if reading.plain && matches!(kind, "sequence" | "block") {
            return Ok(());
        }
        if kind == "block" {
            if !self.has_version {
                return Err("a line `windlass VERSION` comes before blocks".to_owned());
            }
            self.blocks.push((Block::parse(names, reading.ops)?, place));
            return Ok(());
        }
        let parts = names.split('+').map(Tree::parse).collect::<Result<Vec<_>, _>>()?;
        let meterings = |parts: &[Tree]| {
            let count = if parts.iter().any(|part| part.has(METERINGS[0])) { 3 } else { 1 };
            &METERINGS[..count]
        };
        match (kind, parts.as_slice()) {
            ("handler", [part]) => {
                for metering in meterings(&parts) {
                    self.handlers.insert(part.metered(metering), place);
                }
            }
            ("sequence", [_, _, ..]) if parts.len() <= LONGEST => {
                let Some(most) = self.most.checked_sub(1) else { return Ok(()) };
                self.most = most;
                let mut meterings = meterings(&parts);
                if meterings.len() > 1 {
                    self.metered += 1;
                    meterings = if self.metered > METERED { &meterings[..1] } else { meterings };
                }
                for metering in meterings {
                    let parts = parts.iter().map(|part| part.metered(metering)).collect();
                    self.sequences.insert(parts, place);
                }
            }
            ("sequence", _) => return Err(format!("a sequence has 2 to {LONGEST} parts")),
            _ => return Err(expected.to_owned()),
        }
        Ok(())
    }
}

/// A tree of the sequences, by their parts.
#[derive(Default)]
struct Node {
    fused: Option<usize>,
    next: BTreeMap<usize, Node>,
}

/// The tables of a file, as source; or its first error, with the line.
pub(crate) fn tables(file: &str, text: &str, reading: &Reading<'_>) -> Result<String, String> {
    let mut set = Set { most: reading.most, ..Set::default() };
    set.text(text, reading, false)?;
    let file = file.replace(['\\', '"', '{', '}', '\n', '\r'], "/");
    let mut out = format!(
        "/// Whether all handlers are there, for all places.\n\
         const ALL: bool = {};\n\
         /// How many parts a sequence has at most.\n\
         pub(super) const LONGEST: usize = {LONGEST};\n",
        reading.all,
    );
    // Where the parts of sequences and blocks stand first: these are found in code that has the
    // handlers of their cells.
    let mut parts = BTreeMap::new();
    for (sequence, place) in &set.sequences {
        sequence.iter().for_each(|part| _ = parts.entry(part).or_insert(*place));
    }
    for (block, place) in &set.blocks {
        block.cells.iter().for_each(|cell| _ = parts.entry(&cell.name).or_insert(*place));
    }
    let all_named = set.handlers.keys().chain(parts.keys().copied());
    let mut admitted: Vec<u64> = all_named.map(|tree| tree.chosen_as().0).collect();
    admitted.sort_unstable();
    admitted.dedup();
    list(&mut out, "/// Names of handlers, in order.\nstatic ADMITTED", "u64", admitted);
    // Errors of the build.
    let mut checks = Checks::default();
    for (tree, line) in &set.handlers {
        let (body, name) = (tree.to_type(), tree.name().0);
        let is_chosen = format!("is_chosen::<{body}>({name})");
        checks.add(&is_chosen, &line.text(&file), "no handler that is to be chosen");
    }

    let number: BTreeMap<&Tree, usize> = parts.keys().copied().zip(0..).collect();
    for (part, place) in &parts {
        let (body, name, text) = (part.to_type(), part.name().0, part.to_text());
        let (place, not) = (place.text(&file), if part.is_chosen() { "!" } else { "" });
        let error = format!("no cell of a sequence or block is `{text}`");
        checks.add(&format!("is_named::<{body}>({name})"), &place, &error);
        let error = format!("build/body.rs does not know whether `{text}` is chosen");
        checks.add(&format!("{not}<{body} as Step>::IS_ALWAYS_THERE"), &place, &error);
    }
    let pinned: Vec<Tree> = parts.keys().flat_map(|part| part.pinned()).collect();
    let special: BTreeSet<&Tree> =
        set.handlers.keys().chain(&pinned).chain(parts.keys().copied()).collect();
    let special: BTreeMap<&Tree, usize> = special
        .into_iter()
        .filter_map(|tree| Some((tree, *number.get(&tree.general()?)?)))
        .collect();
    roles(&number, &special, &mut out);

    let mut root = Node::default();
    let mut fused = Vec::new();
    for (sequence, line) in &set.sequences {
        let mut node = &mut root;
        for part in sequence {
            node = node.next.entry(number[part]).or_default();
        }
        node.fused = Some(fused.len());
        let mut body = String::new();
        let (last, before) = sequence.split_last().expect("a sequence has parts");
        for part in before {
            let _ = write!(body, "Sequence<{}, ", part.to_type());
        }
        let _ = write!(body, "{}{}", last.to_type(), ">".repeat(before.len()));
        let any_fast = sequence.iter().any(|part| part.has("Fast"));
        let alias = format!("Sequence{}", fused.len());
        let place = line.text(&file);
        let _ = writeln!(out, "type {alias} = {body}; // {place}");
        for part in before {
            let falls_through = format!("<{} as Step>::FALLS_THROUGH", part.to_type());
            checks.add(&falls_through, &place, "a branch or call comes last");
        }
        fused.push(format!("{}::<{alias}>", if any_fast { "run_fast" } else { "run" }));
    }
    list(&mut out, "/// What they are together.\npub(super) static FUSED", "Handler", fused);

    // Nodes in the order in which they are reached, the first parts before all others.
    let mut queue: Vec<&Node> = root.next.values().collect();
    let mut children = Vec::new();
    while children.len() < queue.len() {
        let node = queue[children.len()];
        children.push(queue.len());
        queue.extend(node.next.values());
    }
    let (places, edges) = placed(&queue, &children);
    if queue.len().max(edges.len()) >= usize::from(u16::MAX) {
        return Err("0: there are too many sequences".to_owned());
    }
    let numbers: BTreeMap<usize, usize> = root.next.keys().copied().zip(0..).collect();
    let roots = (0..parts.len()).map(|part| or_none(numbers.get(&part).copied()));
    list(&mut out, "/// Nodes of parts that come first.\npub(super) static ROOTS", "u16", roots);
    let nodes = queue.iter().zip(places).map(|(node, place)| {
        format!("Node {{ fused: {}, edges: {} }}", or_none(node.fused), or_none(place))
    });
    list(&mut out, "/// The beginnings of sequences.\npub(super) static NODES", "Node", nodes);
    let edges = edges.into_iter().map(|edge| match edge {
        Some((from, to)) => format!("({from}, {to})"),
        None => "(NONE, NONE)".to_owned(),
    });
    list(
        &mut out,
        "/// From a node to one with a part more.\npub(super) static EDGES",
        "(u16, u16)",
        edges,
    );
    blocks(&file, &set, |part| number[part], &mut checks, &mut out)?;
    checks.write(&mut out);
    Ok(out)
}

/// What cells are to sequences, by their names: the number of the part that they are, and of that
/// which executes them from slots.
fn roles(own: &BTreeMap<&Tree, usize>, general: &BTreeMap<&Tree, usize>, out: &mut String) {
    let trees: BTreeSet<&Tree> = own.keys().chain(general.keys()).copied().collect();
    let mut trees: Vec<&Tree> = trees.into_iter().collect();
    trees.sort_unstable_by_key(|tree| tree.name());
    let names = trees.iter().map(|tree| tree.name().0);
    list(
        out,
        "/// Names of cells that are parts, in order.\n\
         #[cfg(feature = \"fast\")]\nconst ROLE_NAMES",
        "u64",
        names,
    );
    let roles = trees.iter().map(|&tree| {
        let [own, general] = [own, general].map(|parts| or_none(parts.get(tree).copied()));
        format!("[{own}, {general}]")
    });
    list(
        out,
        "/// Of each its own part, and what executes it from slots.\n\
         #[cfg(feature = \"fast\")]\npub(super) static ROLES",
        "[u16; 2]",
        roles,
    );
}

fn or_none(number: Option<usize>) -> String {
    number.map_or("NONE".to_owned(), |number| number.to_string())
}

/// From a node to another, by their numbers; none where there is room left.
type Edge = Option<(usize, usize)>;

/// The edges of all nodes in one list: that of a node with a part is as many behind where the
/// node's begin as the part's number is; others may lie between. Where they begin, and the edges.
/// `children` are the numbers of nodes' first children.
fn placed(nodes: &[&Node], children: &[usize]) -> (Vec<Option<usize>>, Vec<Edge>) {
    let (mut places, mut edges) = (vec![None; nodes.len()], Vec::<Edge>::new());
    let mut order: Vec<usize> = (0..nodes.len()).filter(|&n| !nodes[n].next.is_empty()).collect();
    // The largest first: they are hard to place.
    order.sort_by_key(|&number| Reverse(nodes[number].next.len()));
    for number in order {
        let parts = || nodes[number].next.keys();
        let is_free = |at: usize| edges.get(at).is_none_or(Option::is_none);
        let place = (0..).find(|place| parts().all(|part| is_free(place + part)));
        let place = place.expect("there is room behind all");
        for (part, child) in parts().zip(children[number]..) {
            edges.resize(edges.len().max(place + part + 1), None);
            edges[place + part] = Some((number, child));
        }
        places[number] = Some(place);
    }
    (places, edges)
}

/// The tables of blocks, and their code.
fn blocks(
    file: &str,
    set: &Set,
    part: impl Fn(&Tree) -> usize + Copy,
    checks: &mut Checks,
    out: &mut String,
) -> Result<(), String> {
    for (number, (block, place)) in set.blocks.iter().enumerate() {
        let place = place.text(file);
        // What is left to its own handler may be anything: if it is not there, that tells where.
        for (index, cell) in block.cells.iter().enumerate() {
            if !cell.is_executed {
                let body = cell.name.to_type();
                let alias = format!("type Cell{index}OfBlock{number} = {body};");
                let _ = writeln!(out, "#[allow(dead_code)]\n{alias} // {place}");
            }
        }
        block.check(&place, checks);
        block.write(&format!("Block{number}"), out);
    }
    let blocks: Vec<&Block> = set.blocks.iter().map(|(block, _)| block).collect();
    Automaton::new(&blocks, part).write(&blocks, part, out)
}

/// Conditions that the compiler looks at, each with the error that it prints if one does not hold.
#[derive(Default)]
struct Checks {
    lines: Vec<String>,
    known: BTreeSet<String>,
}

impl Checks {
    /// Of a line of a file; what other lines take for granted, too, is looked at once.
    fn add(&mut self, condition: &str, place: &str, error: &str) {
        if self.known.insert(condition.to_owned()) {
            let line = format!("    ({condition}, // {place}\n     \"{place}: {error}\"),\n");
            self.lines.push(line);
        }
    }

    /// Many are one item: thousands of items took a tenth of the time to compile the crate.
    fn write(&self, out: &mut String) {
        for lines in self.lines.chunks(100) {
            let _ = writeln!(out, "const _: () = check(&[\n{}]);", lines.concat());
        }
    }
}

fn list(
    out: &mut String,
    head: &str,
    ty: &str,
    items: impl IntoIterator<Item = impl std::fmt::Display>,
) {
    let items: Vec<String> = items.into_iter().map(|item| format!("{item},\n")).collect();
    let _ = writeln!(out, "{head}: [{ty}; {}] = [\n{}];", items.len(), items.concat());
}
