//! The first call of a function has it validated, if that was put off, and translated: in pieces,
//! so that an interrupt can stop it, and what was done is kept. Of a store only one translation
//! waits so: what is begun is finished by whoever translates next, since each may take memory that
//! nobody counts. So it gets on, whichever of several executions is interrupted.

use super::{
    thread::{Exit, Thread},
    threads::Threaded,
};
use crate::{
    Error, Module, Trap,
    exec::{handlers::call::make_direct, machine::Ip},
    room::push,
    runtime::grow_code,
    translate::Job,
};
use alloc::sync::Arc;

/// A translation that an interrupt has stopped. If another store finishes it first, it is of no use
/// any more.
pub(crate) struct Parked {
    module: Module,
    defined: usize,
    job: Job,
}

// SAFETY: its pointers lead to code of the module that it keeps, which is `Sync`; they are used
// only while it is translated, by who has it to be changed.
unsafe impl Send for Parked {}
// SAFETY: a shared reference only reads whose it is.
unsafe impl Sync for Parked {}

impl Parked {
    /// Goes on until it is finished, where the code is, or interrupted.
    fn go_on(&mut self, store: &mut dyn Threaded) -> Result<Option<Ip>, Error> {
        let interrupt = store.inner().interrupt.clone();
        let mut interrupted = || interrupt.is_raised();
        let mut is_allowed = |bytes| grow_code(store.limited(), bytes);
        let code = &self.module.0;
        code.translated(self.defined, &mut self.job, &mut interrupted, &mut is_allowed)
    }

    fn is_of(&self, module: &Module, defined: usize) -> bool {
        Arc::ptr_eq(&self.module.0, &module.0) && self.defined == defined
    }
}

impl Thread {
    /// Translates the function whose stub was called, and makes the call that called it direct.
    #[inline(never)]
    pub(crate) fn translate(&mut self, store: &mut dyn Threaded) -> Result<(), Exit> {
        let module = store.inner().instances[self.cx.instance as usize].module.clone();
        let defined = self.word(0) as usize;
        let stub = module.0.code.stub(defined);
        let new = || Parked { module: module.clone(), defined, job: Job::default() };
        // It is large, and moved nowhere else.
        let mut parked = store.parts().1.parked.pop();
        let code = loop {
            let next = parked.get_or_insert_with(new);
            let is_own = next.is_of(&module, defined);
            match next.go_on(store) {
                Ok(None) => {
                    let all = &mut store.parts().1.parked;
                    if parked.is_some_and(|next| push(all, next).is_err()) {
                        return Err(Exit::Trap(Trap::AllocationTooLarge));
                    }
                    // The stub is executed again.
                    self.again();
                    store.inner().interrupt.clear();
                    return Err(Exit::Interrupted);
                }
                Ok(Some(code)) if is_own => break code,
                Err(error) if is_own => return Err(Exit::Failed(error)),
                // Whoever began it will be told how it ended.
                _ => parked = None,
            }
        };
        // SAFETY: I2, I3: the stub was called with its frame set up.
        unsafe { make_direct(&self.cx.saved, stub, code) };
        self.cx.saved.ip = code;
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use crate::{Engine, Instance, Module, Store, exec::Cell};
    use alloc::vec::Vec;

    /// `f` calls `g`, but not when it is called for the first time.
    const TEXT: &str = r#"
        (memory 1) (global $n (mut i32) (i32.const 0))
        (func $g (param i32) (result i32)
          (block (result i32) (i32.add (local.get 0) (i32.const 1))))
        (func (export "f") (param i32) (result i32)
          (if (local.get 0)
            (then
              (loop $next
                (global.set $n (call $g (global.get $n)))
                (i32.store (i32.const 8) (i32.add (i32.load (i32.const 8)) (global.get $n)))
                (br_if $next (i32.lt_s (global.get $n) (local.get 0))))))
          (i32.load (i32.const 8)))"#;

    /// I7.
    #[test]
    fn published_code_changes_in_addresses_of_code_alone() {
        let engine = Engine::default();
        let module = Module::new(&engine, wat::parse_str(TEXT).unwrap()).unwrap();
        let mut store = Store::new(&engine, ());
        let instance = Instance::new(&mut store, &module, &[]).unwrap();
        let f = instance.get_typed_func::<i32, i32>(&store, "f").unwrap();
        let code = &module.0.code;
        assert_eq!(f.call(&mut store, 0).unwrap(), 0);
        let before = code.words(1);
        assert_eq!(f.call(&mut store, 10).unwrap(), 55);
        assert_eq!(f.call(&mut store, 20).unwrap(), 210);
        let after = code.words(1);
        assert_eq!(before.len(), after.len());
        let changes = before.into_iter().zip(after).filter(|(before, after)| before != after);
        let [stub, known] = [code.stub(0), code.current(0)].map(|ip| Cell::of_code(ip).bits());
        assert_eq!(changes.collect::<Vec<_>>(), [(stub, known)]);
    }

    /// The callee is translated when the caller calls it for the first time, but the caller was
    /// translated before.
    #[test]
    fn a_call_becomes_direct_whoever_had_its_callee_translated() {
        let engine = Engine::default();
        let text = TEXT.replace("(func $g", "(func $g (export \"g\")");
        let module = Module::new(&engine, wat::parse_str(text).unwrap()).unwrap();
        let mut store = Store::new(&engine, ());
        let instance = Instance::new(&mut store, &module, &[]).unwrap();
        let [f, g] =
            ["f", "g"].map(|name| instance.get_typed_func::<i32, i32>(&store, name).unwrap());
        assert_eq!(f.call(&mut store, 0).unwrap(), 0);
        assert_eq!(g.call(&mut store, 6).unwrap(), 7);
        let code = &module.0.code;
        let [stub, known] = [code.stub(0), code.current(0)].map(|ip| Cell::of_code(ip).bits());
        assert!(code.words(1).contains(&stub));
        assert_eq!(f.call(&mut store, 10).unwrap(), 55);
        let words = code.words(1);
        assert!(words.contains(&known) && !words.contains(&stub));
    }
}
