//! [`Verify`]: the verifier, as translation has it. It is named where somebody asks for it, and
//! nowhere else, so that only such programs have it in them: `translate` must not.

use super::{Fault, NO_MEMORY, Progress, Subject};
use crate::{Config, config::Verifier};
use alloc::boxed::Box;
use windlass_decode::boxed;

/// Whether the build has the verifier: it is no small part of the engine.
pub(crate) const VERIFIES: bool = cfg!(any(debug_assertions, feature = "verify"));

/// How verification begins; none if there is no memory for it.
pub(crate) struct Verify(fn() -> Option<Box<dyn Steps>>);

/// The verification of a function, as far as it has come, in builds that have it.
#[derive(Default)]
pub(crate) struct Verification([Option<Box<dyn Steps>>; VERIFIES as usize]);

impl Verification {
    /// Goes on, or begins: see [`Progress::step`].
    pub(crate) fn step(
        &mut self,
        Verify(begin): &Verify,
        subject: Subject<'_>,
    ) -> Result<bool, Fault> {
        let Some(steps) = self.0.first_mut() else { return Ok(false) };
        if steps.is_none() {
            *steps = begin();
        }
        let no_memory = || Fault { at: 0, what: NO_MEMORY };
        steps.as_mut().ok_or_else(no_memory)?.step(subject)
    }
}

/// [`Progress`], which only the verifier's own files name.
pub(crate) trait Steps {
    /// [`Progress::step`].
    fn step(&mut self, subject: Subject<'_>) -> Result<bool, Fault>;
}

impl Steps for [Progress; 1] {
    fn step(&mut self, subject: Subject<'_>) -> Result<bool, Fault> {
        let [progress] = self;
        progress.step(subject)
    }
}

fn begin() -> Option<Box<dyn Steps>> {
    Some(boxed(Progress::default())?)
}

/// Verification.
impl Config {
    /// Whether the code that a function is translated to is verified before it is executed
    /// (default: `false`; builds with debug assertions do it in any case). The verifier is
    /// independent of the translator: it follows the types of all values through the code, and
    /// refuses what could break an invariant that the engine's safety relies on. So a fault of the
    /// translator is an error ([`CodeRefused`](crate::CodeRefused)), and nothing worse. Where fuel
    /// or interrupts are looked for, what code pays must be what its instructions cost. A
    /// collection asks it, too, about the slots of frames that it is told have references. Results
    /// and fuel are the same.
    ///
    /// It takes about as long as translation does, whenever a function is translated: 0.72 to 0.89
    /// times as long in three programs of 2.5, 3.5 and 19.9 MB, with the default features on
    /// x86-64; 0.87 times as many instructions in one of 0.7 MB, and 0.99 times with fuel. Other
    /// code can take longer: each call, throw and clause looks at all values of its
    /// type, of which there may be a thousand. What the verifier keeps has a budget for each
    /// function, of 65,536 parts of 16 slots and 2 more for each 8 bytes of its code, and so has
    /// how much it joins or compares: beyond that it is an error that verification would take too
    /// much time or memory. It stops between two clauses, too, if the guest is interrupted.
    ///
    /// ```
    /// use windlass::{Config, Engine, Module};
    /// # let wasm = wat::parse_str(r#"(module (func (result i32) (i32.const 1)))"#)?;
    /// let engine = Engine::new(Config::new().verify_code(true))?;
    /// let module = Module::from_binary(&engine, &wasm)?;
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    pub fn verify_code(&mut self, enable: bool) -> &mut Config {
        self.verify_code = enable;
        self.verifier = (VERIFIES && enable).then_some(Verifier(&Verify(begin)));
        self
    }

    /// What verifies translated code, if that is to be.
    pub(crate) fn verifier(&self) -> Option<&'static Verify> {
        if cfg!(debug_assertions) {
            return Some(&Verify(begin));
        }
        let Verifier(verifier) = self.verifier?;
        Some(verifier.downcast_ref().unwrap_or_else(|| unreachable!("nothing else is put there")))
    }
}
