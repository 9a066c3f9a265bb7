//! `wast --junit`: what came of scripts in the XML that services for continuous integration show.

use crate::wast::Outcome;
use quick_xml::{
    Writer,
    events::{BytesDecl, BytesText, Event},
};
use std::io;
use windlass::Escaped;

/// The report: one test suite, in which each script is a test case.
pub(crate) fn report(name: &str, outcomes: &[Outcome]) -> io::Result<Vec<u8>> {
    let failed = outcomes.iter().filter(|outcome| !outcome.is_success()).count();
    let time: f64 = outcomes.iter().map(|outcome| outcome.time.as_secs_f64()).sum();
    let (tests, failed) = (outcomes.len().to_string(), failed.to_string());
    let time = format!("{time:.3}");
    let counts = [("name", name), ("tests", &tests), ("failures", &failed), ("time", &time)];
    let mut writer = Writer::new_with_indent(Vec::new(), b' ', 2);
    writer.write_event(Event::Decl(BytesDecl::new("1.0", Some("UTF-8"), None)))?;
    writer.create_element("testsuites").with_attributes(counts).write_inner_content(|writer| {
        let suite = writer.create_element("testsuite").with_attributes(counts);
        suite.write_inner_content(|writer| {
            outcomes.iter().try_for_each(|outcome| case(name, outcome, writer))
        })?;
        Ok(())
    })?;
    let mut report = writer.into_inner();
    report.push(b'\n');
    Ok(report)
}

/// A script. Names and reasons have no characters that XML does not: they are escaped.
fn case(suite: &str, outcome: &Outcome, writer: &mut Writer<Vec<u8>>) -> io::Result<()> {
    let time = format!("{:.3}", outcome.time.as_secs_f64());
    let attributes = [("name", outcome.name.as_str()), ("classname", suite), ("time", &time)];
    let case = writer.create_element("testcase").with_attributes(attributes);
    if outcome.is_success() {
        return case.write_empty().map(drop);
    }
    let (message, text) = match &outcome.report {
        Ok(report) => {
            let failures = report.failures();
            let lines: Vec<String> = failures
                .iter()
                .map(|failure| format!("{}:{}", outcome.name, Escaped(&failure.to_string())))
                .collect();
            let all = report.total_passed() + failures.len();
            (format!("{} of {all} directives failed", failures.len()), lines.join("\n"))
        }
        Err(reason) => ("it could not be read".to_owned(), Escaped(reason).to_string()),
    };
    case.write_inner_content(|writer| {
        let failure = writer.create_element("failure").with_attribute(("message", &*message));
        failure.write_text_content(BytesText::new(&text)).map(drop)
    })
    .map(drop)
}
