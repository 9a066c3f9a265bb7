//! The official suite: valid modules are valid, and invalid and malformed ones are refused as what
//! they are, in the suite's words. `spec-tests` reads the scripts.

use windlass_decode::Features;
use windlass_spec_tests::{Case, Verdict, complete_suite, files, modules};
use windlass_validate::validate;

#[derive(Default)]
struct Tally {
    valid: usize,
    invalid: usize,
    malformed: usize,
    failures: Vec<String>,
}

impl Tally {
    fn case(&mut self, case: &Case, features: Features) {
        match &case.verdict {
            Verdict::Valid => self.valid(case, features),
            Verdict::Invalid(words) => {
                self.invalid += 1;
                self.refused(case, false, words, features);
            }
            Verdict::Malformed(words) => {
                self.malformed += 1;
                self.refused(case, true, words, features);
            }
        }
    }

    fn valid(&mut self, case: &Case, features: Features) {
        self.valid += 1;
        if let Err(error) = validate(&case.bytes, features) {
            self.failures.push(format!("{}: should be valid, but: {error}", case.at));
        }
    }

    fn refused(&mut self, case: &Case, malformed: bool, words: &str, features: Features) {
        let at = &case.at;
        let Err(error) = validate(&case.bytes, features) else {
            return self.failures.push(format!("{at}: should be refused: {words}"));
        };
        if error.is_malformed() != malformed || !error.to_string().starts_with(words) {
            let kind = if malformed { "malformed" } else { "invalid" };
            self.failures.push(format!("{at}: should be {kind}: {words:?}, but: {error}"));
        }
    }
}

#[test]
fn verdicts_and_words_are_the_suites() {
    let files = files(complete_suite().as_deref()).expect("the suite can be read");
    let mut tally = Tally::default();
    for file in &files {
        for case in modules(file) {
            tally.case(&case, file.features());
        }
    }
    let Tally { valid, invalid, malformed, failures } = tally;
    let count = files.len();
    println!("{count} files: {valid} valid, {invalid} invalid and {malformed} malformed modules");
    assert!(failures.is_empty(), "{}", failures.join("\n"));
    assert!(valid > 1_000 && invalid > 2_000 && malformed > 600);
}
