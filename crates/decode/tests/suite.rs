//! The official suite, as far as decoding alone can tell: modules that are well-formed, valid or
//! not, decode; malformed ones are refused in the suite's words. `spec-tests` reads the scripts.

mod bodies;

use windlass_spec_tests::{Verdict, complete_suite, files, modules};

#[test]
fn the_suite_decodes_as_it_says() {
    let files = files(complete_suite().as_deref()).expect("the suite can be read");
    let (mut well_formed, mut malformed, mut failures) = (0, 0, Vec::new());
    for file in &files {
        for case in modules(file) {
            let at = &case.at;
            let result = bodies::decode(&case.bytes, file.features());
            match (case.verdict, result) {
                (Verdict::Valid | Verdict::Invalid(_), Ok(_)) => well_formed += 1,
                (Verdict::Valid | Verdict::Invalid(_), Err(error)) => {
                    failures.push(format!("{at}: should decode, but: {error}"));
                }
                (Verdict::Malformed(words), Err(error)) if error.starts_with(&words) => {
                    malformed += 1;
                }
                (Verdict::Malformed(words), result) => {
                    let error = result.err();
                    failures.push(format!("{at}: should not decode: {words:?}, but: {error:?}"));
                }
            }
        }
    }
    let count = files.len();
    println!("{count} files: {well_formed} well-formed and {malformed} malformed modules");
    assert!(failures.is_empty(), "{}", failures.join("\n"));
    assert!(well_formed > 4_000 && malformed > 600, "{well_formed} and {malformed} modules");
}
