//! Types of several modules of one engine are the same exactly if their recursion groups are, and
//! one is below another exactly if it was declared so. Here a type is the text of its group, in
//! which other types are texts again: a second definition, long and simple.

use arbitrary::{Result, Unstructured};
use std::fmt::Write;
use windlass::{Engine, ExternType, HeapType, Module};

/// A type of a field: a number, or a reference to a type by its index.
#[derive(Clone, Copy, Debug)]
enum Field {
    I32,
    F64,
    Ref(usize),
}

#[derive(Clone, Debug)]
struct Type {
    is_final: bool,
    /// An earlier type, of whose fields these are the first.
    above: Option<usize>,
    kind: Kind,
    fields: Vec<(bool, Field)>,
}

#[derive(Clone, Copy, Debug, PartialEq)]
enum Kind {
    Struct,
    Func,
}

/// The types of a module: each recursion group is so many of them.
#[derive(Clone, Debug, Default)]
struct Types {
    types: Vec<Type>,
    groups: Vec<usize>,
}

pub(crate) fn run(input: &mut Unstructured<'_>) -> Result<u64> {
    let first = Types::arbitrary(input)?;
    let mut changed = first.clone();
    let at = input.choose_index(changed.types.len())?;
    let flag = match changed.types[at].fields.first_mut() {
        Some((is_mutable, _)) => is_mutable,
        None => &mut changed.types[at].is_final,
    };
    // What is below others may not be final, so that only becomes less.
    *flag = false;
    let others = [first, changed, Types::arbitrary(input)?, Types::arbitrary(input)?];
    let engine = Engine::default();
    let mut known = Vec::new();
    let mut modules = Vec::new();
    for types in &others {
        let wasm = wat::parse_str(types.text()).expect("the text is a module");
        // Some generated subtypes are none: those modules are not made.
        let Ok(module) = Module::new(&engine, wasm) else { continue };
        let texts = types.canonical();
        for (index, text) in texts.iter().enumerate() {
            known.push((heap_type(&module, index), text.clone(), types.above(index, &texts)));
        }
        modules.push(module);
    }
    for (one, text, above) in &known {
        for (other, other_text, _) in &known {
            assert_eq!(one == other, text == other_text, "{text} and {other_text}");
            let is_below = text == other_text || above.contains(other_text);
            assert_eq!(one.matches(&engine, other), is_below, "{text} below {other_text}");
        }
    }
    drop(modules);
    Ok(known.len() as u64)
}

/// A type by the global that its module exports.
fn heap_type(module: &Module, index: usize) -> HeapType {
    match module.get_export(&index.to_string()) {
        Some(ExternType::Global(ty)) => {
            let content = ty.content();
            content.as_ref().expect("it is a reference").heap_type()
        }
        other => panic!("{other:?} is no global"),
    }
}

impl Types {
    fn arbitrary(input: &mut Unstructured<'_>) -> Result<Types> {
        let mut types = Types::default();
        for _ in 0..input.int_in_range(1..=4)? {
            let start = types.types.len();
            let count = input.int_in_range(1..=3)?;
            for _ in 0..count {
                let ty = types.one(start + count, input)?;
                types.types.push(ty);
            }
            types.groups.push(count);
        }
        Ok(types)
    }

    /// A type that may name those before `end`.
    fn one(&self, end: usize, input: &mut Unstructured<'_>) -> Result<Type> {
        let kind = if input.ratio(1, 4)? { Kind::Func } else { Kind::Struct };
        let fits = |ty: &Type| ty.kind == kind && !ty.is_final && kind == Kind::Struct;
        let earlier: Vec<usize> =
            (0..self.types.len()).filter(|index| fits(&self.types[*index])).collect();
        let above = match earlier.is_empty() || input.arbitrary()? {
            true => None,
            false => Some(*input.choose(&earlier)?),
        };
        let mut fields = above.map_or(Vec::new(), |above| self.types[above].fields.clone());
        for _ in 0..input.int_in_range(0..=2)? {
            let field = match input.int_in_range(0..=3)? {
                0 => Field::I32,
                1 => Field::F64,
                _ => Field::Ref(input.choose_index(end)?),
            };
            fields.push((kind == Kind::Struct && input.arbitrary()?, field));
        }
        Ok(Type { is_final: input.arbitrary()?, above, kind, fields })
    }

    fn text(&self) -> String {
        let mut text = String::from("(module ");
        let mut next = 0;
        for count in &self.groups {
            text += "(rec ";
            for index in next..next + count {
                let told = self.tell(index, &|index| format!("$t{index}"));
                let _ = write!(text, "(type $t{index} {told})");
            }
            text += ")";
            next += count;
        }
        for index in 0..self.types.len() {
            let null = format!("(ref null $t{index}) (ref.null $t{index})");
            let _ = write!(text, "(global (export \"{index}\") {null})");
        }
        text + ")"
    }

    /// A type's definition, with a name for each type in it.
    fn tell(&self, index: usize, name: &dyn Fn(usize) -> String) -> String {
        let ty = &self.types[index];
        let mut text = format!("(sub {}", if ty.is_final { "final " } else { "" });
        text += &ty.above.map(|above| name(above) + " ").unwrap_or_default();
        let (word, field) = match ty.kind {
            Kind::Struct => ("struct", "field"),
            Kind::Func => ("func", "param"),
        };
        let _ = write!(text, "({word}");
        for (is_mutable, ty) in &ty.fields {
            let ty = match ty {
                Field::I32 => "i32".to_string(),
                Field::F64 => "f64".to_string(),
                Field::Ref(index) => format!("(ref null {})", name(*index)),
            };
            let ty = if *is_mutable { format!("(mut {ty})") } else { ty };
            let _ = write!(text, " ({field} {ty})");
        }
        text + "))"
    }

    /// The text of each type: its group, and which of it.
    fn canonical(&self) -> Vec<String> {
        let mut texts: Vec<String> = Vec::new();
        for count in &self.groups {
            let start = texts.len();
            let name = |index: usize| match index.checked_sub(start) {
                Some(within) => format!("own.{within}"),
                None => texts[index].clone(),
            };
            let group: String =
                (start..start + count).map(|index| self.tell(index, &name)).collect();
            texts.extend((0..*count).map(|which| format!("[{group}].{which}")));
        }
        texts
    }

    /// The types that one was declared below, directly or not.
    fn above(&self, index: usize, texts: &[String]) -> Vec<String> {
        let next = |index: &usize| self.types[*index].above;
        let chain = std::iter::successors(next(&index), next);
        chain.map(|index| texts[index].clone()).collect()
    }
}
