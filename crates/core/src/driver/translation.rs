//! The first call of a function has it validated, if that was put off, and translated: in pieces,
//! so that an interrupt can stop it, and what was done is kept.

use super::thread::{Exit, Thread};
use crate::{
    Module,
    exec::{
        handlers::call::DIRECT,
        machine::{Cell, Ip, Machine},
    },
    runtime::Embedder,
    translate::Job,
};
use alloc::{boxed::Box, sync::Arc};
use core::sync::atomic::{AtomicPtr, Ordering};

/// A translation that an interrupt has stopped. If another thread finishes it first, it is of no
/// use any more.
pub(crate) struct Parked {
    module: Module,
    defined: usize,
    job: Job,
}

impl Parked {
    fn is_of(&self, module: &Module, defined: usize) -> bool {
        Arc::ptr_eq(&self.module.0, &module.0) && self.defined == defined
    }
}

impl Thread {
    /// Translates the function whose stub was called, and makes the call that called it direct.
    pub(crate) fn translate(&mut self, store: &mut dyn Embedder) -> Result<(), Exit> {
        let module = store.inner().instances[self.cx.instance as usize].module.clone();
        let interrupt = store.inner().interrupt.clone();
        let defined = self.word(0) as usize;
        let stub = module.0.code.stub(defined);
        let mut parked = match self.parked.take() {
            Some(parked) if parked.is_of(&module, defined) => parked,
            _ => Box::new(Parked { module: module.clone(), defined, job: Job::default() }),
        };
        let mut interrupted = || interrupt.is_raised();
        let mut is_allowed = |bytes| store.grow_code(bytes);
        let job = &mut parked.job;
        let code = module.0.translated(defined, job, &mut interrupted, &mut is_allowed);
        let Some(code) = code.map_err(Exit::Failed)? else {
            self.parked = Some(parked);
            // The stub is executed again.
            self.again();
            interrupt.clear();
            return Err(Exit::Interrupted);
        };
        // SAFETY: I3: two operand words of a call, or what stands for it, lie before a return
        // address. If the call is direct, the second is an address of code.
        unsafe {
            let ret = *self.cx.saved.sp.cast::<Ip>();
            let call = Machine { ip: ret.sub(2), ..self.cx.saved };
            if call.field(3) == DIRECT as isize {
                let target = ret.sub(1).cast::<*mut Cell>().cast_mut();
                let stub = stub.cast_mut();
                let _ = AtomicPtr::from_ptr(target).compare_exchange(
                    stub,
                    code.cast_mut(),
                    Ordering::Release,
                    Ordering::Relaxed,
                );
            }
        }
        self.cx.saved.ip = code;
        Ok(())
    }
}
