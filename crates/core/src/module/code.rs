//! The code of a module's functions: validated and translated by `translate`, at once or when a
//! function is called for the first time, and published in the module's table. `Module::new` and
//! the driver come here. It keeps nothing of a function but its code.

use super::ModuleInner;
use crate::{
    CompilationMode, Error,
    error::{CodeRefused, CodeTooLarge, ModuleError, named},
    exec::{Ip, code::maps::Stopped},
    translate::{
        CodeLimits, Failure, Interrupted, Job, MapJob, Source, TooLarge, Translated, code_size,
        offsets_of,
    },
    verify::{Fault, VERIFIES},
};
use core::iter;
use windlass_validate::{Scratch, validate_body};

impl ModuleInner {
    /// Translates all functions, with the same memory.
    pub(super) fn translate_bodies(&self) -> Result<(), Error> {
        let mut job = Job::default();
        for defined in 0..self.decoded.bodies.len() {
            // Nothing interrupts it.
            self.translated(defined, &mut job, &mut || false, &mut |_| Ok(true))?;
        }
        Ok(())
    }

    /// The code of a function, made now if it is not there yet. `job` has what an earlier call for
    /// this function has left when it was interrupted, and takes what this one leaves. None if it
    /// was interrupted; the next call goes on.
    ///
    /// # Errors
    /// If the function is too large, or was not validated before and is not valid; if `is_allowed`
    /// does not allow the bytes that its code takes.
    pub(crate) fn translated(
        &self,
        defined: usize,
        job: &mut Job,
        interrupted: Interrupted<'_>,
        is_allowed: &mut dyn FnMut(usize) -> Result<bool, Error>,
    ) -> Result<Option<Ip>, Error> {
        if let Some(code) = self.code.translated(defined) {
            job.forget();
            return Ok(Some(code));
        }
        match job.run(self.source(), defined, self.validates_late(), interrupted) {
            Ok(translated) => {
                if !is_allowed(translated.bytes())? {
                    return Err(Error::msg("resource limit exceeded: translated code"));
                }
                let Translated { code, catches } = translated;
                self.code.publish(defined, code, catches).map(Some).map_err(|_| no_memory())
            }
            Err(Failure::Interrupted) => Ok(None),
            Err(Failure::Invalid(error)) => Err(self.invalid(defined, error)),
            Err(Failure::Other(error)) => Err(error),
            Err(Failure::NoMemory) => Err(no_memory()),
            Err(Failure::TooLarge(error)) => Err(self.too_large(defined, error).into()),
            Err(Failure::Unverified) => Err(self.unverified()),
            Err(Failure::Refused(fault)) => Err(self.refusal(defined, fault)),
        }
    }

    /// What translation needs.
    pub(crate) fn source(&self) -> Source<'_> {
        let config = self.engine.config();
        Source {
            bytes: &self.bytes,
            decoded: &self.decoded,
            context: &self.context,
            objects: &self.objects,
            code: &self.code,
            limits: CodeLimits {
                per_byte: config.max_code_per_byte,
                per_module: config.max_code_per_module,
                bytes: self.code_bytes,
            },
            most_values: self.most_values,
            metering: config.metering,
            fuses: config.fuse,
            canonicalize_nans: config.canonicalize_nans,
            frame_slots: &self.frame_slots,
            is_valid: !self.validates_late(),
            verify: config.verifier(),
            must_verify: config.verify_code,
        }
    }

    /// Whether functions are validated when they are called for the first time.
    pub(crate) fn validates_late(&self) -> bool {
        self.engine.config().compilation_mode == CompilationMode::Lazy
    }

    /// Validates a function, if that was put off.
    pub(super) fn validate_late(&self, defined: usize) -> Result<(), Error> {
        if !self.validates_late() {
            return Ok(());
        }
        let mut scratch = Scratch::default();
        validate_body(&self.context, &self.decoded, &self.bytes, defined, &mut scratch)
            .map_err(|error| self.invalid(defined, error))
    }

    /// Makes the maps of every place in a function's code; they are verified there. How many have
    /// one.
    pub(super) fn verify_maps(&self, defined: usize) -> Result<usize, Error> {
        let words = code_size(self.source(), defined).map_err(|_| no_memory())?.1;
        let both = |word| [(word, Stopped::Called), (word, Stopped::Before)];
        let wanted = (0..=words).flat_map(both).collect();
        let mut job = MapJob::new(wanted).ok_or_else(no_memory)?;
        match job[0].run(self.source(), defined, &mut || false) {
            Ok(maps) => Ok(maps.places.iter().flatten().count()),
            Err(Failure::Refused(fault)) => Err(self.refusal(defined, fault)),
            Err(Failure::Unverified) => Err(self.unverified()),
            Err(_) => Err(no_memory()),
        }
    }

    /// The error of a function that is not valid, with which one that is.
    #[cold]
    fn invalid(&self, defined: usize, error: windlass_validate::Error) -> Error {
        let func = self.index_of(defined);
        ModuleError::new(error).in_func(func, self.func_name(func)).into()
    }

    /// The index of a function that the module defines.
    fn index_of(&self, defined: usize) -> u32 {
        let imported = self.context.imported.funcs;
        u32::try_from(defined).map_or(u32::MAX, |defined| imported.saturating_add(defined))
    }

    /// The error of the function whose code is refused.
    #[cold]
    pub(crate) fn refused(&self, defined: usize, fault: Fault) -> CodeRefused {
        let func = self.index_of(defined);
        let name = named(self.func_name(func));
        let offset = match VERIFIES {
            true => offsets_of(self.source(), defined, iter::once(fault.at)).pop(),
            false => None,
        };
        let offset = offset.unwrap_or(self.decoded.bodies[defined].code.start);
        CodeRefused { func, name, offset, what: fault.what }
    }

    /// The same, where the verifier was asked.
    #[cold]
    pub(crate) fn refusal(&self, defined: usize, fault: Fault) -> Error {
        let refused = self.refused(defined, fault);
        // In tests and builds like theirs nobody has to ask for it to be found.
        debug_assert!(self.engine.config().verify_code, "{refused}: {fault}");
        refused.into()
    }

    /// The error of a function that would take the verifier too much time or memory.
    #[cold]
    pub(crate) fn unverified(&self) -> Error {
        Error::msg(
            "resource limit exceeded: verification of a function would take too much time or \
            memory",
        )
    }

    /// The error of the function that is too large to be translated.
    fn too_large(&self, defined: usize, error: TooLarge) -> CodeTooLarge {
        let func = self.index_of(defined);
        let name = named(self.func_name(func));
        let TooLarge { what, count, limit } = error;
        CodeTooLarge { func, name, what, count, limit }
    }
}

#[cold]
fn no_memory() -> Error {
    Error::msg("the host has no memory for translated code")
}
