//! [`modules`]: the modules of a script in the binary format, each with what the suite says of it.
//! The tests of decoding and of validation ask; nothing is instantiated or executed here.

use crate::{File, unfold};
use wast::{
    QuoteWat, Wast, WastDirective, Wat,
    core::ModuleKind,
    lexer::Lexer,
    parser::{self, ParseBuffer},
};

/// A module of a script.
#[derive(Debug)]
pub struct Case {
    /// The script and the line.
    pub at: String,
    /// The module in the binary format.
    pub bytes: Vec<u8>,
    /// What it is.
    pub verdict: Verdict,
}

/// What the suite says of a module, in which words.
#[derive(Debug)]
pub enum Verdict {
    /// It is valid.
    Valid,
    /// It is well-formed, but not valid.
    Invalid(String),
    /// Its bytes are not a module.
    Malformed(String),
}

/// The modules of a script that have a binary form. Those of an old copy whose words are not those
/// of 3.0 are left out.
///
/// # Panics
/// If the script can't be parsed, or a module that is said to be valid has no binary form.
pub fn modules(file: &File) -> Vec<Case> {
    if file.name == "memory64/binary.wast" {
        return Vec::new();
    }
    let unfolded = file.name.contains("legacy").then(|| unfold::unfold(&file.text)).flatten();
    let text = unfolded.as_ref().unwrap_or(&file.text);
    let mut lexer = Lexer::new(text);
    lexer.allow_confusing_unicode(true);
    let buffer = ParseBuffer::new_with_lexer(lexer).expect(&file.name);
    let script = parser::parse::<Wast<'_>>(&buffer).expect(&file.name);
    let mut cases = Vec::new();
    for directive in script.directives {
        let (line, _) = directive.span().linecol_in(text);
        let at = format!("{}:{}", file.name, line + 1);
        let Some((mut module, verdict)) = judged(directive) else { continue };
        let bytes = match module.encode() {
            Ok(bytes) => bytes,
            // Text that is invalid in a way that has no binary form is no module.
            Err(_) if matches!(verdict, Verdict::Invalid(_)) => continue,
            Err(error) => panic!("{at}: {error}"),
        };
        cases.push(Case { at, bytes, verdict });
    }
    cases
}

/// The module of a directive, and what is said of it.
fn judged(directive: WastDirective<'_>) -> Option<(QuoteWat<'_>, Verdict)> {
    match directive {
        WastDirective::Module(module) | WastDirective::ModuleDefinition(module) => {
            Some((module, Verdict::Valid))
        }
        WastDirective::AssertUnlinkable { module, .. } => {
            Some((QuoteWat::Wat(module), Verdict::Valid))
        }
        WastDirective::AssertInvalid { module, message, .. } => {
            Some((module, Verdict::Invalid(message.to_string())))
        }
        WastDirective::AssertMalformed { module, message, .. } if is_binary(&module) => {
            Some((module, Verdict::Malformed(message.to_string())))
        }
        _ => None,
    }
}

fn is_binary(module: &QuoteWat<'_>) -> bool {
    match module {
        QuoteWat::Wat(Wat::Module(module)) => matches!(module.kind, ModuleKind::Binary(_)),
        _ => false,
    }
}
