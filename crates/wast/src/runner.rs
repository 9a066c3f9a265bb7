//! [`Runner`]: from a script's text to a report. Parses, hands the directives to `script` one after
//! the other, and notes what came of each.

use crate::{
    report::{Failure, Kind, Report},
    script::Script,
    unfold,
};
use std::{
    collections::HashMap,
    thread::{self, Scope, ScopedJoinHandle},
};
use wast::{
    Wast, WastDirective,
    lexer::Lexer,
    parser::{self, ParseBuffer},
    token::Span,
};
use windlass::Engine;

/// Runs scripts. Each script has a store of its own.
pub struct Runner {
    engine: Engine,
    fuel: Option<u64>,
}

impl Runner {
    /// Scripts will run with the settings of this engine.
    pub fn new(engine: Engine) -> Runner {
        Runner { engine, fuel: None }
    }

    /// The fuel for a whole script, if the engine counts fuel.
    pub fn fuel(&mut self, fuel: u64) -> &mut Runner {
        self.fuel = Some(fuel);
        self
    }

    /// Runs a script. Text that is no script is a report with one failure.
    pub fn run(&self, text: &str) -> Report {
        let mut report = Report::default();
        let mut run = |text: &str| parse(text, |wast| self.run_directives(text, wast, &mut report));
        if let Err(first) = run(text) {
            // Perhaps it has legacy exceptions in folded form: `(try (do ...) ...)`.
            let flat = text.contains("(do").then(|| unfold::unfold(text)).flatten();
            if flat.is_none_or(|flat| run(&flat).is_err()) {
                report.fail(first);
            }
        }
        report
    }

    fn run_directives(&self, text: &str, wast: Wast<'_>, report: &mut Report) {
        let mut script = match Script::new(&self.engine, self.fuel) {
            Ok(script) => script,
            Err(error) => {
                let reason = error.to_string();
                return report.fail(failure(text, Kind::Script, Span::from_offset(0), reason));
            }
        };
        thread::scope(|scope| {
            report.merge(run_in(scope, text, &mut script, wast.directives));
        });
    }
}

/// Runs directives in a script. A thread of the script is one of the host, with a script of its
/// own; what came of its directives is in the report once it has ended.
fn run_in<'scope, 'text: 'scope>(
    scope: &'scope Scope<'scope, '_>,
    text: &'text str,
    script: &mut Script,
    directives: Vec<WastDirective<'text>>,
) -> Report {
    let mut report = Report::default();
    let mut threads = HashMap::new();
    for directive in directives {
        let (kind, span) = (kind(&directive), directive.span());
        let outcome = match directive {
            WastDirective::Thread(thread) => {
                script.of_thread(thread.shared_module).and_then(|start| {
                    let directives = thread.directives;
                    let run = move || match start.script() {
                        Ok(mut script) => run_in(scope, text, &mut script, directives),
                        Err(error) => failed(failure(text, Kind::Thread, span, error.to_string())),
                    };
                    let spawned = thread::Builder::new().spawn_scoped(scope, run);
                    let spawned = spawned.map_err(|error| format!("no thread: {error}"))?;
                    threads.insert(thread.name.name(), spawned);
                    Ok(())
                })
            }
            WastDirective::Wait { thread, .. } => match threads.remove(thread.name()) {
                Some(thread) => {
                    report.merge(ended(thread, text, span));
                    Ok(())
                }
                None => Err("there is no such thread".to_owned()),
            },
            directive => script.run(directive),
        };
        match outcome {
            Ok(()) => report.pass(kind),
            Err(reason) => report.fail(failure(text, kind, span, reason)),
        }
    }
    for thread in threads.into_values() {
        report.merge(ended(thread, text, Span::from_offset(0)));
    }
    report
}

/// What came of a thread, which is waited for.
fn ended(thread: ScopedJoinHandle<'_, Report>, text: &str, span: Span) -> Report {
    let panicked = |_| failed(failure(text, Kind::Thread, span, "the thread panicked".into()));
    thread.join().unwrap_or_else(panicked)
}

fn failed(failure: Failure) -> Report {
    let mut report = Report::default();
    report.fail(failure);
    report
}

/// Parses a script and hands it on; or what is wrong with it.
fn parse(text: &str, then: impl FnOnce(Wast<'_>)) -> Result<(), Failure> {
    let failed = |error: wast::Error| failure(text, Kind::Script, error.span(), error.message());
    let mut lexer = Lexer::new(text);
    // Scripts test that such characters are allowed in names.
    lexer.allow_confusing_unicode(true);
    let buffer = ParseBuffer::new_with_lexer(lexer).map_err(failed)?;
    let wast = parser::parse::<Wast<'_>>(&buffer).map_err(failed)?;
    then(wast);
    Ok(())
}

fn failure(text: &str, kind: Kind, span: Span, reason: String) -> Failure {
    let (line, column) = span.linecol_in(text);
    Failure { kind, line: line + 1, column: column + 1, reason }
}

fn kind(directive: &WastDirective<'_>) -> Kind {
    match directive {
        WastDirective::Module(_) => Kind::Module,
        WastDirective::ModuleDefinition(_) => Kind::Definition,
        WastDirective::ModuleInstance { .. } => Kind::Instance,
        WastDirective::Register { .. } => Kind::Register,
        WastDirective::Invoke(_) => Kind::Invoke,
        WastDirective::AssertReturn { .. } => Kind::AssertReturn,
        WastDirective::AssertTrap { .. } => Kind::AssertTrap,
        WastDirective::AssertException { .. } => Kind::AssertException,
        WastDirective::AssertExhaustion { .. } => Kind::AssertExhaustion,
        WastDirective::AssertInvalid { .. } => Kind::AssertInvalid,
        WastDirective::AssertMalformed { .. } => Kind::AssertMalformed,
        WastDirective::AssertUnlinkable { .. } => Kind::AssertUnlinkable,
        WastDirective::AssertInvalidCustom { .. } => Kind::AssertInvalidCustom,
        WastDirective::AssertMalformedCustom { .. } => Kind::AssertMalformedCustom,
        WastDirective::AssertSuspension { .. } => Kind::AssertSuspension,
        WastDirective::Thread(_) => Kind::Thread,
        WastDirective::Wait { .. } => Kind::Wait,
    }
}
