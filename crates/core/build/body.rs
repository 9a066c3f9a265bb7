//! The types of handlers' bodies, as files of the instruction set and profiles write them, and what
//! has to be known of each to choose handlers and to make sequences and blocks of their cells. What
//! can be compared with the bodies themselves is: to be wrong is an error of the build.
//! `cargo xtask choose` includes this file.

use super::name::Name;
use std::{fmt::Write, format, prelude::v1::*};

/// What a parameter of a body can be.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(crate) enum Param {
    /// An instruction, by its meaning.
    Op,
    /// A type of values or elements, or what a cast is to.
    Type,
    Src,
    Dst,
    /// The operands of an address.
    Location,
    Target,
    Meter,
    Flag,
}

/// Which handlers of a body a file admits; all others are always there.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Chosen {
    None,
    /// Those with an operand in a register.
    ByPlace,
    /// Those whose first operand is a pinned local.
    ByPin,
    All,
}

/// What is known of a body.
pub(crate) struct Body {
    name: &'static str,
    pub(crate) params: &'static [Param],
    chosen: Chosen,
    /// Whether its cell may be executed from the slots of pinned locals.
    is_general: bool,
    /// Whether blocks execute it.
    pub(crate) is_in_blocks: bool,
}

const fn body(name: &'static str, params: &'static [Param]) -> Body {
    Body { name, params, chosen: Chosen::None, is_general: false, is_in_blocks: false }
}

impl Body {
    const fn chosen(self, chosen: Chosen) -> Body {
        Body { chosen, ..self }
    }

    const fn general(self) -> Body {
        Body { is_general: true, ..self }
    }

    const fn in_blocks(self) -> Body {
        Body { is_in_blocks: true, ..self }
    }

    fn is_of_instruction(&self) -> bool {
        self.params.first() == Some(&Param::Op)
    }

    pub(crate) fn has_result(&self) -> bool {
        self.params.last() == Some(&Param::Dst)
    }
}

/// The bodies of which something is to be known: all whose first parameter is an instruction, of
/// which handlers are chosen, or whose cells blocks execute.
const BODIES: &[Body] = {
    use Chosen::*;
    use Param::*;
    &[
        body("Un", &[Op, Src, Dst]).chosen(ByPlace).general().in_blocks(),
        body("Bin", &[Op, Src, Src, Dst]).chosen(ByPlace).general().in_blocks(),
        body("Copy", &[Type, Src, Dst]).general().in_blocks(),
        body("Select", &[Type, Src, Src, Src, Dst]).chosen(ByPlace).general().in_blocks(),
        body("CmpSelect", &[Op, Src, Src, Dst]).chosen(ByPlace).general().in_blocks(),
        body("Load", &[Op, Location, Dst]).chosen(ByPlace).general().in_blocks(),
        body("Store", &[Op, Location, Src]).chosen(ByPlace).general().in_blocks(),
        body("GlobalGet", &[Type, Dst]).in_blocks(),
        body("GlobalSet", &[Type, Src]).general().in_blocks(),
        body("Br", &[Target]).in_blocks(),
        body("BrCmp", &[Op, Src, Src, Target, Flag]).chosen(ByPlace).general().in_blocks(),
        body("BrTest", &[Type, Src, Target, Flag]).chosen(ByPlace).general().in_blocks(),
        body("BrAnd", &[Type, Src, Src, Target, Flag]).chosen(ByPlace).general().in_blocks(),
        body("BrTable", &[Src]).general(),
        body("Latch", &[Op, Src, Src, Target, Flag]).chosen(All).in_blocks(),
        body("LatchTest", &[Type, Src, Target, Flag]).chosen(All).in_blocks(),
        body("LoopEnter", &[Meter]).in_blocks(),
        body("LoopEnterPinned", &[Meter]).in_blocks(),
        body("LoadPins", &[]).in_blocks(),
        body("Charge", &[Meter]).in_blocks(),
        body("Return", &[Type, Src]).general(),
        body("CallIndirect", &[Src]).general(),
        body("ReturnCallIndirect", &[Src]).chosen(ByPin),
        body("ReturnCallRef", &[Src]).chosen(ByPin),
        body("TableGet", &[Src, Dst]).chosen(ByPin),
        body("StructGet", &[Type, Src, Dst]).chosen(ByPlace),
        body("StructSet", &[Type, Src, Src]).chosen(ByPlace),
        body("ArrayGet", &[Type, Src, Src, Dst]).chosen(ByPlace),
        body("ArraySet", &[Type, Src, Src, Src]).chosen(ByPlace),
        body("ArrayLen", &[Src, Dst]).chosen(ByPin),
        body("NewFirst", &[Type, Src]).chosen(ByPin),
        body("NewField", &[Type, Src]).chosen(ByPin),
        body("NewLast", &[Type, Src, Dst]).chosen(ByPin),
        body("NewDescribed", &[Src, Dst]).chosen(ByPin),
        body("GetDesc", &[Src, Dst]).chosen(ByPin),
        body("RefI31", &[Src, Dst]).chosen(ByPin),
        body("RefTest", &[Type, Src, Dst]).chosen(ByPin),
        body("RefCast", &[Type, Src]).chosen(ByPin),
        body("BrCast", &[Type, Src, Flag]).chosen(ByPin),
        body("DescTest", &[Src, Src, Dst]).chosen(ByPin),
        body("DescCast", &[Src, Src]).chosen(ByPin),
        body("Tern", &[Op, Src, Src, Src, Dst]).chosen(ByPlace),
        body("Shift", &[Op, Src, Src, Dst]).chosen(ByPlace),
        body("Extract", &[Op, Src, Dst]).chosen(ByPlace),
        body("Replace", &[Op, Src, Src, Dst]).chosen(ByPlace),
        body("Shuffle", &[Op, Src, Src, Dst]).chosen(ByPlace),
        body("LoadLane", &[Op, Location, Src, Dst]).chosen(ByPlace),
        body("StoreLane", &[Op, Location, Src]).chosen(ByPlace),
    ]
};

/// A name, as it is written.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct Tree {
    pub(crate) word: String,
    pub(crate) args: Vec<Tree>,
}

const PINS: [&str; 2] = ["P0", "P1"];

/// How many names a name is in at most.
const DEEPEST: usize = 8;

/// Of what is written without metering, the forms with each.
pub(crate) const METERINGS: [&str; 3] = ["Unmetered", "Interruptible", "Fueled"];

impl Tree {
    pub(crate) fn parse(text: &str) -> Result<Tree, String> {
        let mut rest = text.trim();
        let tree = Tree::parse_part(&mut rest, 0)?;
        if rest.is_empty() { Ok(tree) } else { Err(format!("what is `{rest}` in `{text}`?")) }
    }

    /// Reads a name that is in so many others.
    fn parse_part(rest: &mut &str, depth: usize) -> Result<Tree, String> {
        if depth > DEEPEST {
            return Err(format!("no name is in more than {DEEPEST} others"));
        }
        let is_word = |c: char| c.is_ascii_alphanumeric() || c == '_';
        let end = rest.find(|c| !is_word(c)).unwrap_or(rest.len());
        let word = &rest[..end];
        if word.is_empty() {
            return Err(format!("expected a name at `{rest}`"));
        }
        // A number has one form.
        let word = word.parse().map_or(word.to_owned(), |number: u32| number.to_string());
        *rest = rest[end..].trim_start();
        let mut args = Vec::new();
        if let Some(inner) = rest.strip_prefix('<') {
            *rest = inner.trim_start();
            loop {
                args.push(Tree::parse_part(rest, depth + 1)?);
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
    pub(crate) fn name(&self) -> Name {
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

    /// By which name the handler is chosen: an instruction has the same forms on every CPU.
    pub(crate) fn chosen_as(&self) -> Name {
        match (self.word.as_str(), self.args.as_slice()) {
            ("Fast", [inner]) => inner.chosen_as(),
            (_, []) => self.name(),
            (word, args) => {
                args.iter().fold(Name::of(word), |name, arg| name.with(arg.chosen_as()))
            }
        }
    }

    /// As a type of the crate.
    fn write(&self, out: &mut String, is_instruction: bool) {
        let is_fast = self.word == "Fast";
        let module = if is_instruction && !is_fast { "op::" } else { "" };
        let _ = write!(out, "{module}{}", self.word);
        let first_is = is_fast || self.body().is_some_and(Body::is_of_instruction);
        for (i, arg) in self.args.iter().enumerate() {
            out.push_str(if i == 0 { "<" } else { ", " });
            arg.write(out, i == 0 && first_is);
        }
        if !self.args.is_empty() {
            out.push('>');
        }
    }

    /// As it stands in the file.
    pub(crate) fn to_text(&self) -> String {
        match self.args.iter().map(Tree::to_text).collect::<Vec<_>>() {
            args if args.is_empty() => self.word.clone(),
            args => format!("{}<{}>", self.word, args.join(", ")),
        }
    }

    pub(crate) fn to_type(&self) -> String {
        let mut out = String::new();
        self.write(&mut out, false);
        out
    }

    pub(crate) fn has(&self, word: &str) -> bool {
        self.word == word || self.args.iter().any(|arg| arg.has(word))
    }

    /// What is known of the body.
    pub(crate) fn body(&self) -> Option<&'static Body> {
        BODIES.iter().find(|body| body.name == self.word)
    }

    /// Whether vectors are among what is computed with.
    pub(crate) fn is_vector(&self) -> bool {
        let of_lanes = |w: &[u8]| matches!(w, [b'0'..=b'9', b'x', b'0'..=b'9']);
        self.word == "Simd"
            || self.word.contains("V128")
            || self.word.as_bytes().windows(3).any(of_lanes)
            || self.args.iter().any(Tree::is_vector)
    }

    /// Whether the handler is one of those that a file admits.
    pub(crate) fn is_chosen(&self) -> bool {
        let Some(body) = self.body() else { return false };
        match body.chosen {
            Chosen::None => false,
            Chosen::All => true,
            Chosen::ByPin => {
                let first = body.params.iter().position(|param| *param == Param::Src);
                let first = first.and_then(|first| self.args.get(first));
                first.is_some_and(|first| PINS.contains(&first.word.as_str()))
            }
            Chosen::ByPlace => {
                let is_special = match self.word.as_str() {
                    "Bin" => self.has("Const") && self.is_vector(),
                    _ => self.is_again(),
                };
                is_special || self.has_register()
            }
        }
    }

    /// Whether an operand, or the result, is in a register.
    pub(crate) fn has_register(&self) -> bool {
        ["Acc", "P0", "P1"].iter().any(|place| self.has(place))
    }

    /// Whether it is a branch back to the start of an innermost loop.
    pub(crate) fn is_again(&self) -> bool {
        self.has("Again")
    }

    /// The name of what finds in slots what this finds in pinned locals, which lie there, too: the
    /// same cell is executed by both. None if there is nothing to find so; nor where a pinned local
    /// is read and written, which would have to wait for the slot.
    pub(crate) fn general(&self) -> Option<Tree> {
        let body = self.body().filter(|body| body.is_general)?;
        if self.is_vector() || self.has("Fast") {
            return None;
        }
        let results = usize::from(body.has_result());
        let (sources, dest) = self.args.split_at(self.args.len().saturating_sub(results));
        let is_source = |pin: &str| sources.iter().any(|source| source.has(pin));
        if dest.iter().any(|dest| PINS.contains(&dest.word.as_str()) && is_source(&dest.word))
            || !PINS.into_iter().any(is_source)
        {
            return None;
        }
        let args = sources.iter().map(Tree::unpinned).chain(dest.iter().cloned()).collect();
        Some(Tree { word: self.word.clone(), args })
    }

    /// With slots for pinned locals.
    fn unpinned(&self) -> Tree {
        let word = if PINS.contains(&self.word.as_str()) { "Slot" } else { &self.word };
        Tree { word: word.to_owned(), args: self.args.iter().map(Tree::unpinned).collect() }
    }

    /// Of a body that is there for all places, the names with pinned locals for its operand.
    pub(crate) fn pinned(&self) -> Vec<Tree> {
        let is_there = |body: &&Body| body.is_general && body.chosen == Chosen::None;
        let params = self.body().filter(is_there).map(|body| body.params).unwrap_or_default();
        let source = params.iter().position(|param| *param == Param::Src);
        let source = source.filter(|&at| self.args.get(at).is_some_and(|arg| arg.word == "Slot"));
        let with = |at: usize, pin: &str| {
            let mut tree = self.clone();
            tree.args[at].word = pin.to_owned();
            tree
        };
        source.into_iter().flat_map(|at| PINS.map(|pin| with(at, pin))).collect()
    }

    /// With another metering.
    pub(crate) fn metered(&self, metering: &str) -> Tree {
        let word = if self.word == METERINGS[0] { metering } else { &self.word };
        let args = self.args.iter().map(|arg| arg.metered(metering)).collect();
        Tree { word: word.to_owned(), args }
    }
}
