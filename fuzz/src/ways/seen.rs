//! What of values and of an instance's state can be seen, as text: references by what they refer
//! to. `ways` compares it.

use std::fmt::Write;
use windlass::{AnyRef, Extern, Instance, Ref, RootScope, Rooted, Store, StoreLimits, Val};

/// How deep it looks into objects, and at how many of an array's elements or a table's.
const DEPTH: usize = 3;
const ELEMENTS: usize = 8;

type Context = Store<StoreLimits>;

/// A value.
pub(crate) fn value(store: &mut Context, value: &Val) -> String {
    let mut scope = RootScope::new(store);
    tell(&mut scope, value, DEPTH)
}

/// Everything that the instance exports and that has contents, by name.
pub(crate) fn state(text: &mut String, instance: &Instance, store: &mut Context) {
    let mut exports: Vec<(String, Extern)> = instance
        .exports(&*store)
        .map(|export| (export.name().to_string(), export.into_extern()))
        .collect();
    exports.sort_by(|a, b| a.0.cmp(&b.0));
    for (name, item) in exports {
        let _ = match item {
            Extern::Global(global) => {
                let mut scope = RootScope::new(&mut *store);
                let value = global.get(&mut scope);
                writeln!(text, "{name:?} = {}", tell(&mut scope, &value, DEPTH))
            }
            Extern::Memory(memory) => {
                let data = memory.data(&*store);
                let digest = crate::bytes_digest(data);
                writeln!(text, "{name:?}: {} bytes, {digest:x}", data.len())
            }
            Extern::Table(table) => {
                let mut scope = RootScope::new(&mut *store);
                let size = table.size(&scope);
                let mut elements = String::new();
                for index in 0..size.min(2 * ELEMENTS as u64) {
                    let element = table.get(&mut scope, index).expect("it is in the table");
                    elements += &tell_ref(&mut scope, &element, 1);
                    elements.push(' ');
                }
                writeln!(text, "{name:?}: {size} elements, {elements}")
            }
            _ => Ok(()),
        };
    }
}
type Scope<'a> = RootScope<&'a mut Context>;

fn tell(scope: &mut Scope<'_>, value: &Val, depth: usize) -> String {
    match value.as_ref() {
        None => format!("{value:x?}"),
        Some(reference) => tell_ref(scope, &reference, depth),
    }
}

fn tell_ref(scope: &mut Scope<'_>, reference: &Ref, depth: usize) -> String {
    match reference {
        reference if reference.is_null() => "null".to_string(),
        Ref::Any(Some(object)) if depth > 0 => tell_object(scope, object, depth - 1),
        Ref::Any(_) => "any".to_string(),
        // Made by the host: its value is its own.
        Ref::Extern(Some(object)) => match object.data(&*scope) {
            Ok(Some(data)) => format!("extern {:?}", data.downcast_ref::<u64>()),
            _ => "extern".to_string(),
        },
        Ref::Func(_) => "func".to_string(),
        _ => "reference".to_string(),
    }
}

fn tell_object(scope: &mut Scope<'_>, object: &Rooted<AnyRef>, depth: usize) -> String {
    if let Ok(Some(number)) = object.as_i31(&*scope) {
        return format!("i31 {}", number.get_u32());
    }
    let (word, values): (String, Vec<Val>) = if let Ok(Some(object)) = object.as_struct(&mut *scope)
    {
        let fields = object.fields(&mut *scope).expect("it lives");
        ("struct".to_string(), fields.collect())
    } else if let Ok(Some(array)) = object.as_array(&mut *scope) {
        let len = array.len(&*scope).expect("it lives");
        let most = len.min(ELEMENTS as u32);
        let elements = (0..most).map(|index| array.get(&mut *scope, index).expect("it is there"));
        (format!("array of {len}"), elements.collect())
    } else {
        return "host value".to_string();
    };
    let values: Vec<String> = values.iter().map(|value| tell(scope, value, depth)).collect();
    format!("{word}({})", values.join(" "))
}
