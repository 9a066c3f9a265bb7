//! Modules from the text format: what is wrong in one is told by line and column. `Module::new` and
//! `Module::from_file` come here, with the feature `wat`. What is no text is passed on unchanged,
//! so that the decoder says what it is.

use crate::{Engine, Error, Module, ModuleError};
use core::ops::Range;
use std::path::Path;
use wast::{
    Wat,
    core::{Func, FuncKind, ModuleField, ModuleKind},
    parser::{self, ParseBuffer},
};
use windlass_decode::{self as decode, ErrorKind, Features, Instrs, Reader};

/// A module in the text or in the binary format, from a file if there is a path.
pub(super) fn module(engine: &Engine, path: Option<&Path>, bytes: &[u8]) -> Result<Module, Error> {
    if !decode::is_text(bytes) {
        return Module::from_binary(engine, bytes);
    }
    if let Some(at) = decode::component_text(bytes) {
        let error = decode::Error::new(ErrorKind::ComponentText, at);
        return Err(ModuleError::new(error.into()).into());
    }
    let text = str::from_utf8(bytes).map_err(|error| {
        let error = decode::Error::new(ErrorKind::MalformedUtf8, error.valid_up_to());
        ModuleError::new(error.into())
    })?;
    let path = path.unwrap_or(Path::new("text"));
    let binary = wat::Parser::new().parse_str(Some(path), text)?;
    Module::from_binary(engine, &binary).map_err(|error| {
        let features = engine.config().features;
        let located = |error: ModuleError| match locate(text, &binary, &error, features) {
            Some((line, column)) => error.at_line(line + 1, column + 1).into(),
            None => error.into(),
        };
        error.downcast().map_or_else(|other| other, located)
    })
}

/// The line and column, from 0, of an error in a function.
fn locate(
    text: &str,
    binary: &[u8],
    error: &ModuleError,
    features: Features,
) -> Option<(usize, usize)> {
    let module = decode::Module::decode(binary, features).ok()?;
    let imported = module.imports.iter().filter(|import| is_func(import)).count();
    let defined = (error.func()? as usize).checked_sub(imported)?;
    let number = number_of(binary, &module.bodies.get(defined)?.code, error.offset(), features);
    let mut buffer = ParseBuffer::new(text).ok()?;
    buffer.track_instr_spans(true);
    let Wat::Module(parsed) = parser::parse::<Wat<'_>>(&buffer).ok()? else { return None };
    let ModuleKind::Text(fields) = &parsed.kind else { return None };
    let (func, spans) = fields.iter().filter_map(body).nth(defined)?;
    // The last `end` is not written: what is wrong there is what stands before it.
    let span = spans.and_then(|spans| spans.get(number?).or(spans.last())).unwrap_or(&func.span);
    Some(span.linecol_in(text))
}

fn is_func(import: &decode::Import) -> bool {
    matches!(import.ty, decode::ImportType::Func(_))
}

/// Which instruction of the code is at this offset.
fn number_of(
    binary: &[u8],
    code: &Range<usize>,
    offset: usize,
    features: Features,
) -> Option<usize> {
    let reader = Reader::new(binary.get(code.clone())?, code.start);
    let mut instrs = Instrs::new(reader, features);
    let mut number = 0;
    while instrs.next_instr().is_ok_and(|instr| instr.offset < offset) {
        number += 1;
    }
    Some(number)
}

/// A function with a body, and where its instructions are.
fn body<'a, 'b>(
    field: &'b ModuleField<'a>,
) -> Option<(&'b Func<'a>, Option<&'b [wast::token::Span]>)> {
    match field {
        ModuleField::Func(func) => match &func.kind {
            FuncKind::Inline { expression, .. } => Some((func, expression.instr_spans.as_deref())),
            FuncKind::Import(..) => None,
        },
        _ => None,
    }
}
