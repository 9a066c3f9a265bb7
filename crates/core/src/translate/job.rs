//! [`Job`]: making a function ready to run: validation, if that was put off, a first look at the
//! body, translation. It can stop between any two instructions and go on there later.
//! `module` asks for it. What comes out must never depend on how often it stopped.

use super::{Failure, Source, TranslateError, Translator, state::State};
use crate::{
    error::error,
    exec::{Catches, Cell, tables::FAST},
    verify::{Subject, VERIFIES, Verification, Verify},
};
use alloc::boxed::Box;
#[cfg(test)]
use alloc::vec::Vec;
use core::mem;
use windlass_decode::{Instrs, Reader};
use windlass_validate::{FuncValidator, Scratch};

/// Whether work is to stop: asked every [`POLL`] instructions.
pub(crate) type Interrupted<'a> = &'a mut dyn FnMut() -> bool;

/// How many instructions there are between two looks at the interrupt flag.
pub(super) const POLL: usize = 256;

/// The code of a function, and what it catches.
pub(crate) struct Translated {
    pub(crate) code: Box<[Cell]>,
    pub(crate) catches: Catches,
}

impl Translated {
    /// What it takes when it is published, about.
    pub(crate) fn bytes(&self) -> usize {
        size_of_val(&*self.code) + 2 * self.catches.bytes()
    }
}

/// Translates the body of the `defined`th function that the module defines. It must be valid.
#[cfg(test)]
pub(crate) fn translate(source: Source<'_>, defined: usize) -> Result<Translated, Failure> {
    Job::default().run(source, defined, false, &mut || false)
}

/// What the verifier looks at.
#[cfg(test)]
pub(crate) struct Parts {
    pub(crate) code: Vec<Cell>,
    pub(crate) catches: Catches,
    pub(crate) loops: Vec<crate::verify::LoopStart>,
    pub(crate) landed: Vec<usize>,
}

/// Translates a function, and keeps what the translator tells the verifier.
#[cfg(test)]
pub(crate) fn translated(source: Source<'_>, defined: usize) -> Parts {
    let mut job = Job::default();
    let Translated { code, catches } = match job.run(source, defined, false, &mut || false) {
        Ok(translated) => translated,
        Err(Failure::Refused(fault)) => panic!("function {defined}: {fault}"),
        Err(_) => panic!("the function can be translated"),
    };
    Parts { code: code.into_vec(), catches, loops: job.loops, landed: job.landed }
}

/// The words of a function's code where cells begin, with the text of each.
#[cfg(test)]
pub(crate) fn listed(source: Source<'_>, defined: usize) -> Vec<(usize, alloc::string::String)> {
    let Ok((lines, _)) = super::record(source, defined, super::Recording::Text) else {
        panic!("the function can be translated")
    };
    lines.into_iter().map(|line| (line.at, line.text)).collect()
}

/// Work on a function, in so far as it is done; or memory to use again for the next one.
pub(crate) struct Job {
    stage: Stage,
    /// Offset in the module of the next instruction.
    at: usize,
    scratch: Scratch,
    /// It is validated here.
    is_late: bool,
    state: State,
    verification: Verification,
    /// What the verifier was told of loops.
    #[cfg(test)]
    loops: Vec<crate::verify::LoopStart>,
    #[cfg(test)]
    landed: Vec<usize>,
}

/// What is being done.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Stage {
    /// Nothing.
    Idle,
    Validate,
    Prescan,
    Translate,
    /// The code is finished: sequences are looked for in it.
    Fuse,
    /// The code is verified, if that is wanted.
    Verify,
    /// What was large for a while is freed, in pieces.
    Shed,
}

impl Default for Job {
    fn default() -> Job {
        Job {
            stage: Stage::Idle,
            at: 0,
            scratch: Scratch::default(),
            is_late: false,
            state: State::new(),
            verification: Verification::default(),
            #[cfg(test)]
            loops: Vec::new(),
            #[cfg(test)]
            landed: Vec::new(),
        }
    }
}

impl Job {
    /// What an earlier run has left is of no use any more, but for its memory.
    pub(crate) fn forget(&mut self) {
        self.stage = Stage::Idle;
    }

    /// Does what is left to do for the `defined`th function that the module defines. `late` says
    /// whether it must be validated.
    pub(crate) fn run(
        &mut self,
        source: Source<'_>,
        defined: usize,
        late: bool,
        interrupted: Interrupted<'_>,
    ) -> Result<Translated, Failure> {
        let done = self.go_on(source, defined, late, interrupted);
        if !matches!(done, Err(Failure::Interrupted)) {
            self.stage = Stage::Idle;
        }
        done
    }

    fn go_on(
        &mut self,
        source: Source<'_>,
        defined: usize,
        late: bool,
        interrupted: Interrupted<'_>,
    ) -> Result<Translated, Failure> {
        let body = &source.decoded.bodies[defined];
        if self.stage == Stage::Idle {
            self.is_late = late;
        }
        if self.stage == Stage::Idle && late {
            let scratch = mem::take(&mut self.scratch);
            let validator = FuncValidator::new(source.context, source.decoded, defined, scratch)?;
            self.scratch = validator.into_scratch();
            (self.stage, self.at) = (Stage::Validate, body.code.start);
        }
        if self.stage == Stage::Validate {
            self.validate(source, defined, interrupted)?;
        }
        if matches!(self.stage, Stage::Idle | Stage::Validate) {
            self.state.begin(source, defined)?;
            (self.stage, self.at) = (Stage::Prescan, body.code.start);
        }
        if matches!(self.stage, Stage::Prescan | Stage::Translate) {
            let mut translator = self.state.go_on(source, defined, self.at);
            let done = translate_some(&mut self.stage, &mut translator, interrupted);
            self.at = translator.instrs.reader.offset();
            done?;
            self.stage = Stage::Fuse;
        }
        if self.stage == Stage::Fuse {
            if FAST && source.fuses {
                let blocks = source.has_blocks();
                shed(interrupted, || self.state.builder.fuse_some(blocks))?;
            }
            self.verification = Verification::default();
            let verifies = VERIFIES && source.verify.is_some();
            self.stage = if verifies { Stage::Verify } else { Stage::Shed };
        }
        while self.state.copy_some()? {
            if interrupted() {
                return Err(Failure::Interrupted);
            }
        }
        if VERIFIES && self.stage == Stage::Verify {
            self.verify(source, defined, interrupted)?;
            self.stage = Stage::Shed;
        }
        #[cfg(test)]
        if self.stage == Stage::Shed && self.state.has_told() {
            self.loops.clone_from(&self.state.loops);
            self.landed.clone_from(&self.state.landed);
        }
        shed(interrupted, || self.state.shed())?;
        let code = self.state.take_code();
        let catches = self.state.take_catches();
        Ok(Translated { code, catches })
    }

    fn validate(
        &mut self,
        source: Source<'_>,
        defined: usize,
        interrupted: Interrupted<'_>,
    ) -> Result<(), Failure> {
        let scratch = mem::take(&mut self.scratch);
        let mut validator = FuncValidator::resume(source.context, defined, scratch);
        let mut instrs = instrs(source, defined, self.at);
        let done = pieces(interrupted, &mut || Ok(validator.run(&mut instrs, POLL)?));
        self.at = instrs.reader.offset();
        let done = done.and_then(|()| {
            validator.finish(self.at)?;
            shed(interrupted, || validator.shed())
        });
        self.scratch = validator.into_scratch();
        done
    }

    /// Verifies the code, which is complete.
    fn verify(
        &mut self,
        source: Source<'_>,
        defined: usize,
        interrupted: Interrupted<'_>,
    ) -> Result<(), Failure> {
        let State { builder, tries, loops, landed, .. } = &self.state;
        let (code, catches) = (builder.copied(), &tries.catches);
        // Validation was the last to use the memory.
        let late = || self.is_late.then(|| self.scratch.frame_slots());
        let slots = source.slots_of(defined).or_else(late);
        let subject = source.subject(defined, slots, code, catches, loops, landed);
        match source.verify {
            Some(verifier) => {
                verify(verifier, &mut self.verification, subject, source.must_verify, interrupted)
            }
            None => Ok(()),
        }
    }
}

/// What is left of the first look and of the translation.
fn translate_some(
    stage: &mut Stage,
    translator: &mut Translator<'_>,
    interrupted: Interrupted<'_>,
) -> Result<(), Failure> {
    if *stage == Stage::Prescan {
        pieces(interrupted, &mut || Ok(translator.prescan(POLL)?))?;
        translator.begin()?;
        *stage = Stage::Translate;
    }
    pieces(interrupted, &mut || Ok(translator.steps(POLL)?))?;
    translator.finish_enter();
    translator.builder.check().map_err(Failure::TooLarge)
}

/// Verifies what is left of a function's code; if it is not interrupted, the next is another one.
pub(super) fn verify(
    verifier: &Verify,
    verification: &mut Verification,
    subject: Subject<'_>,
    must_verify: bool,
    interrupted: Interrupted<'_>,
) -> Result<(), Failure> {
    let verified = loop {
        match verification.step(verifier, subject) {
            Ok(true) if interrupted() => return Err(Failure::Interrupted),
            Ok(true) => {}
            Ok(false) => break Ok(()),
            Err(fault) if fault.is_want_of_memory() => break Err(Failure::NoMemory),
            // In tests and builds like theirs nobody has asked.
            Err(fault) if fault.is_excess() && !must_verify => break Ok(()),
            Err(fault) if fault.is_excess() => break Err(Failure::Unverified),
            Err(fault) => break Err(Failure::Refused(fault)),
        }
    };
    *verification = Verification::default();
    verified
}

/// The instructions of a body from offset `at` in the module on.
pub(super) fn instrs(source: Source<'_>, defined: usize, at: usize) -> Instrs<'_> {
    let end = source.decoded.bodies[defined].code.end;
    Instrs::new(Reader::new(&source.bytes[at..end], at), source.context.features)
}

/// Does piece after piece, until there are no more or it is interrupted between two.
pub(super) fn pieces(
    interrupted: Interrupted<'_>,
    piece: &mut dyn FnMut() -> Result<bool, Failure>,
) -> Result<(), Failure> {
    while piece()? {
        if interrupted() {
            return Err(Failure::Interrupted);
        }
    }
    Ok(())
}

/// Frees piece after piece, until there are no more or it is interrupted between two.
pub(super) fn shed(
    interrupted: Interrupted<'_>,
    mut piece: impl FnMut() -> bool,
) -> Result<(), Failure> {
    pieces(interrupted, &mut || Ok(piece()))
}

impl From<TranslateError> for Failure {
    fn from(error: TranslateError) -> Failure {
        match error {
            TranslateError::TooLarge(error) => Failure::TooLarge(error),
            TranslateError::NoMemory => Failure::NoMemory,
            TranslateError::Unsupported(offset) => {
                Failure::Other(error!("not supported, at offset {offset:#x}"))
            }
        }
    }
}

impl From<windlass_validate::Error> for Failure {
    fn from(error: windlass_validate::Error) -> Failure {
        Failure::Invalid(error)
    }
}

#[cfg(test)]
#[path = "job_tests.rs"]
mod tests;
