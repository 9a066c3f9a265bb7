//! Reads a file of the instruction set and writes its tables, as source that
//! `src/exec/tables/set.rs` includes. Each line of the file is empty, a comment (`#`), or one of
//!
//! ```text
//! handler WEIGHT NAME                    a handler for these places
//! sequence WEIGHT NAME + NAME + ...      cells that follow each other, as one
//! ```
//!
//! A name is the type of a handler's body, as `Bin<I32Add, P0, Const, Acc>`; weights tell people
//! what a line is worth. What goes back to the start of a loop, or charges for one, is written
//! without metering and is there with each.

use crate::name::Name;
use std::{
    collections::{BTreeMap, BTreeSet},
    fmt::Write,
};

/// A name, as it is written.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord)]
struct Tree {
    word: String,
    args: Vec<Tree>,
}

/// Bodies whose first parameter is an instruction.
const OF_INSTRUCTION: [&str; 14] = [
    "Un",
    "Bin",
    "CmpSelect",
    "BrCmp",
    "Latch",
    "Load",
    "Store",
    "Tern",
    "Shift",
    "Extract",
    "Replace",
    "Shuffle",
    "LoadLane",
    "StoreLane",
];

/// The longest sequence: the pass that looks for them remembers as many cells.
const LONGEST: usize = 8;

/// How many lines with sequences are there for all meterings. What is rarer is worth its code only
/// where nothing is metered, which is when nobody waits for anything else.
const METERED: usize = 100;

const METERINGS: [&str; 3] = ["Unmetered", "Interruptible", "Fueled"];

impl Tree {
    fn parse(text: &str) -> Result<Tree, String> {
        let mut rest = text.trim();
        let tree = Tree::parse_part(&mut rest)?;
        if rest.is_empty() { Ok(tree) } else { Err(format!("what is `{rest}` in `{text}`?")) }
    }

    fn parse_part(rest: &mut &str) -> Result<Tree, String> {
        let is_word = |c: char| c.is_ascii_alphanumeric() || c == '_';
        let end = rest.find(|c| !is_word(c)).unwrap_or(rest.len());
        let word = rest[..end].to_owned();
        if word.is_empty() {
            return Err(format!("expected a name at `{rest}`"));
        }
        *rest = rest[end..].trim_start();
        let mut args = Vec::new();
        if let Some(inner) = rest.strip_prefix('<') {
            *rest = inner.trim_start();
            loop {
                args.push(Tree::parse_part(rest)?);
                if let Some(next) = rest.strip_prefix(',') {
                    *rest = next.trim_start();
                } else if let Some(next) = rest.strip_prefix('>') {
                    *rest = next.trim_start();
                    break;
                } else {
                    return Err(format!("expected `,` or `>` at `{rest}`"));
                }
            }
        }
        Ok(Tree { word, args })
    }

    /// What [`Name`] says of the type.
    fn name(&self) -> Name {
        match self.word.as_str() {
            "false" => return Name::of_number(0),
            "true" => return Name::of_number(1),
            _ => {}
        }
        if let Ok(number) = self.word.parse() {
            return Name::of_number(number);
        }
        self.args.iter().fold(Name::of(&self.word), |name, arg| name.with(arg.name()))
    }

    /// As a type of the crate.
    fn write(&self, out: &mut String, is_instruction: bool) {
        let is_fast = self.word == "Fast";
        let module = if is_instruction && !is_fast { "op::" } else { "" };
        let _ = write!(out, "{module}{}", self.word);
        let first_is = is_fast || OF_INSTRUCTION.contains(&self.word.as_str());
        for (i, arg) in self.args.iter().enumerate() {
            out.push_str(if i == 0 { "<" } else { ", " });
            arg.write(out, i == 0 && first_is);
        }
        if !self.args.is_empty() {
            out.push('>');
        }
    }

    fn to_type(&self) -> String {
        let mut out = String::new();
        self.write(&mut out, false);
        out
    }

    fn has(&self, word: &str) -> bool {
        self.word == word || self.args.iter().any(|arg| arg.has(word))
    }

    /// With another metering.
    fn metered(&self, metering: &str) -> Tree {
        let word = if self.word == METERINGS[0] { metering } else { &self.word };
        let args = self.args.iter().map(|arg| arg.metered(metering)).collect();
        Tree { word: word.to_owned(), args }
    }
}

/// What a file says.
#[derive(Default)]
struct Set {
    /// With the lines that they stand in.
    handlers: BTreeMap<Tree, usize>,
    sequences: BTreeMap<Vec<Tree>, usize>,
    /// How many lines with sequences there can be more.
    most: usize,
    /// How many with metering there were.
    metered: usize,
}

impl Set {
    fn line(&mut self, number: usize, line: &str) -> Result<(), String> {
        let line = line.trim();
        if line.is_empty() || line.starts_with('#') {
            return Ok(());
        }
        let expected = "expected `handler WEIGHT NAME` or `sequence WEIGHT NAME + NAME ...`";
        let mut words = line.splitn(3, ' ');
        let (Some(kind), Some(weight), Some(names)) = (words.next(), words.next(), words.next())
        else {
            return Err(expected.to_owned());
        };
        if weight.parse::<u64>().is_err() {
            return Err(format!("`{weight}` is no weight: {expected}"));
        }
        let parts = names.split('+').map(Tree::parse).collect::<Result<Vec<_>, _>>()?;
        let meterings = |parts: &[Tree]| {
            let count = if parts.iter().any(|part| part.has(METERINGS[0])) { 3 } else { 1 };
            &METERINGS[..count]
        };
        match (kind, parts.as_slice()) {
            ("handler", [part]) => {
                for metering in meterings(&parts) {
                    self.handlers.insert(part.metered(metering), number);
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
                    self.sequences.insert(parts, number);
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

/// The tables of a file, as source, with the first `most` sequences; or its first error, with the
/// line.
pub(crate) fn tables(text: &str, most: usize) -> Result<String, String> {
    let mut set = Set { most, ..Set::default() };
    for (number, line) in (1..).zip(text.lines()) {
        set.line(number, line).map_err(|error| format!("{number}: {error}"))?;
    }
    let mut out = format!(
        "/// How many parts a sequence has at most.\n\
         pub(super) const LONGEST: usize = {LONGEST};\n",
    );
    let mut admitted: Vec<u64> = set.handlers.keys().map(|tree| tree.name().0).collect();
    admitted.sort_unstable();
    list(&mut out, "/// Names of handlers, in order.\nstatic ADMITTED", "u64", admitted);
    for (tree, line) in &set.handlers {
        // An error of the build if there is no such handler, or if it is always there.
        let (body, name) = (tree.to_type(), tree.name().0);
        let _ = writeln!(
            out,
            "const _: () = assert!(\n    \
             matches!(<{body} as Step>::CHOICE, Some(Name({name}))),\n    \
             \"instruction set, line {line}: no handler that is to be chosen\",\n);",
        );
    }

    let parts: BTreeSet<&Tree> = set.sequences.keys().flatten().collect();
    let number: BTreeMap<&Tree, usize> = parts.iter().copied().zip(0..).collect();
    let run = |tree: &Tree| if tree.has("Fast") { "run_fast" } else { "run" };
    let handlers = parts.iter().map(|part| format!("{}::<{}>", run(part), part.to_type()));
    list(&mut out, "/// What sequences are made of.\npub(super) static PARTS", "Handler", handlers);

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
        let alias = format!("Line{line}As{}", fused.len());
        let _ = writeln!(out, "type {alias} = {body};");
        for part in before {
            let part = part.to_type();
            let _ = writeln!(
                out,
                "const _: () = assert!(\n    <{part} as Step>::FALLS_THROUGH,\n    \
                 \"instruction set, line {line}: a branch or call comes last\",\n);",
            );
        }
        fused.push(format!("{}::<{alias}>", if any_fast { "run_fast" } else { "run" }));
    }
    list(&mut out, "/// What they are together.\npub(super) static FUSED", "Handler", fused);

    // Nodes in the order in which they are reached, the first parts before all others.
    let mut nodes = String::new();
    let mut edges = Vec::new();
    let mut roots = Vec::new();
    let mut queue: Vec<&Node> = Vec::new();
    for part in 0..parts.len() {
        match root.next.get(&part) {
            Some(node) => {
                roots.push(queue.len().to_string());
                queue.push(node);
            }
            None => roots.push("NONE".to_owned()),
        }
    }
    let mut at = 0;
    while at < queue.len() {
        let node = queue[at];
        let fused = node.fused.map_or("NONE".to_owned(), |fused| fused.to_string());
        let (first, count) = (edges.len(), node.next.len());
        let _ = writeln!(nodes, "Node {{ fused: {fused}, first: {first}, count: {count} }},");
        for (part, next) in &node.next {
            edges.push(format!("({part}, {})", queue.len()));
            queue.push(next);
        }
        at += 1;
    }
    if queue.len().max(edges.len()) >= usize::from(u16::MAX) {
        return Err("0: there are too many sequences".to_owned());
    }
    list(&mut out, "/// Nodes of parts that come first.\npub(super) static ROOTS", "u16", roots);
    let _ = writeln!(out, "pub(super) static NODES: [Node; {at}] = [\n{nodes}];");
    list(
        &mut out,
        "/// A part, and the node it leads to.\npub(super) static EDGES",
        "(u16, u16)",
        edges,
    );
    Ok(out)
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
