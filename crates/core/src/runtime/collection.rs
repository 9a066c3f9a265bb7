//! [`Collection`]: a collection of a store's garbage as a value: what is done and what comes next.
//! The driver steps through it, and adds what running code refers to, which only it knows. A step
//! does a bounded amount of work, so a collection can stop between any two and go on later, as long
//! as nobody has used the store otherwise.
//!
//! It completes or leaves no trace: until the sweep begins only marks are set, which mean nothing
//! to anybody else and are taken back when the next one begins; a sweep that stops midway has freed
//! what was dead, and the rest stays for the next. Code of the embedder's, the drops of host
//! values, runs last.

use super::{Exceptions, Heap, HostValues, StoreInner, heap::STRESS};
use crate::object_type::Class;
use core::ops::Range;
use windlass_decode::{Features, ValType};

/// Whether this build collects: where guests can make neither objects nor exceptions, what the host
/// has made stays until its store is dropped, and the collector and all that finds references are
/// left out.
pub(crate) const COLLECTS: bool = STRESS
    || Features::BUILT.contains(Features::GC)
    || Features::BUILT.contains(Features::EXCEPTIONS);

/// How many words a step looks at before somebody asks whether to stop: some hundred microseconds.
const STEP: usize = 64 << 10;
/// So many host values are dropped between two looks.
const DROPS: usize = 1 << 10;
/// So much is allocated at least between two collections, in bytes.
pub(super) const MIN_BUDGET: usize = 2 << 20;
/// A collection that the next allocation can't do without must free this part of what it looks at.
const LEAST_FREED: usize = 8;

/// A collection under way.
#[derive(Default)]
pub(crate) struct Collection {
    pub(crate) phase: Phase,
    /// Where in the phase: which of a list, which part of that, and which word of it.
    pub(crate) list: usize,
    part: usize,
    at: usize,
    /// The words it has looked at.
    pub(crate) work: usize,
    /// It was not due, but there is no room, and none to be had.
    pub(crate) is_forced: bool,
    /// Bytes in use when it began.
    used: usize,
}

/// What a collection does next.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) enum Phase {
    /// Takes marks back that an earlier one has left.
    #[default]
    Clear,
    /// Where the frames of threads have stopped, and what threads refer to: the driver finds and
    /// marks it, and calls [`Collection::next`].
    Frames,
    Threads,
    Roots,
    Globals,
    Tables,
    Segments,
    Trace,
    Sweep,
    SweepOthers,
    Drop,
    Done,
}

/// What marks go to.
pub(crate) struct Marker<'a> {
    pub(crate) heap: &'a mut Heap,
    pub(crate) externs: &'a mut HostValues,
    pub(crate) exceptions: &'a mut Exceptions,
}

impl Marker<'_> {
    /// Marks what a reference of this class leads to.
    pub(crate) fn mark(&mut self, class: Class, word: u64) {
        match class {
            Class::Any => {
                self.heap.mark(word);
                self.externs.mark(word);
            }
            Class::Exn => self.exceptions.mark(word),
        }
    }

    fn mark_all(&mut self, class: Class, words: &[u64]) {
        words.iter().for_each(|&word| self.mark(class, word));
    }
}

impl Collection {
    /// One that has not begun.
    pub(crate) fn new(is_forced: bool) -> Collection {
        Collection { is_forced, ..Collection::default() }
    }

    /// Goes on with the next phase.
    pub(crate) fn next(&mut self, phase: Phase) {
        (self.phase, self.list, self.part, self.at) = (phase, 0, 0, 0);
    }

    /// A bounded part of the work of a phase that is not the driver's.
    #[inline(never)]
    pub(crate) fn step(&mut self, store: &mut StoreInner) {
        let mut left = STEP;
        match self.phase {
            Phase::Clear => self.clear(store, &mut left),
            Phase::Roots => self.roots(store, &mut left),
            Phase::Globals => self.globals(store, &mut left),
            Phase::Tables => self.tables(store, &mut left),
            Phase::Segments => self.segments(store, &mut left),
            Phase::Trace => {
                if trace(store, &mut left) {
                    self.next(Phase::Sweep);
                }
            }
            Phase::Sweep => {
                if store.heap.sweep(&mut left) {
                    self.next(Phase::SweepOthers);
                }
            }
            Phase::SweepOthers => self.sweep_others(store, &mut left),
            Phase::Drop => {
                if !(0..DROPS).all(|_| store.externs.drop_next()) {
                    self.next(Phase::Done);
                }
            }
            Phase::Frames | Phase::Threads | Phase::Done => {}
        }
        self.work += STEP - left;
    }

    fn clear(&mut self, store: &mut StoreInner, left: &mut usize) {
        if (self.list, self.at) == (0, 0) {
            self.used = store.used();
            store.heap.start_marking();
        }
        let is_clear = match self.list {
            0 => store.heap.unmark(&mut self.at, left),
            1 => store.externs.unmark(&mut self.at, left),
            _ => store.exceptions.unmark(&mut self.at, left),
        };
        if is_clear {
            (self.list, self.at) = (self.list + 1, 0);
        }
        if self.list > 2 {
            self.next(Phase::Frames);
        }
    }

    /// The host's references, which are few: host functions end those that a guest makes it hold.
    fn roots(&mut self, store: &mut StoreInner, left: &mut usize) {
        store.roots.trim();
        let StoreInner { roots, pinned, pending_exception, heap, externs, exceptions, .. } = store;
        let mut marker = Marker { heap, externs, exceptions };
        marker.mark(Class::Exn, *pending_exception);
        for (class, word) in roots.iter().chain(pinned.iter().copied()) {
            marker.mark(class, word);
            *left = left.saturating_sub(1);
        }
        self.next(Phase::Globals);
    }

    fn globals(&mut self, store: &mut StoreInner, left: &mut usize) {
        for index in part(&mut self.at, left, store.globals.len()) {
            if let Some(class) = store.class_of(store.global_types[index].val) {
                let word = store.globals[index][0];
                store.marker().mark(class, word);
            }
        }
        if self.at == store.globals.len() {
            self.next(Phase::Tables);
        }
    }

    fn tables(&mut self, store: &mut StoreInner, left: &mut usize) {
        while *left > 0 {
            let Some(table) = store.tables.get(self.list) else {
                return self.next(Phase::Segments);
            };
            *left -= 1;
            if let Some(class) = store.class_of(ValType::Ref(table.ty.element)) {
                let StoreInner { tables, heap, externs, exceptions, .. } = store;
                let elements = &tables[self.list].elements;
                let part = part(&mut self.at, left, elements.len());
                Marker { heap, externs, exceptions }.mark_all(class, &elements[part]);
                if self.at < elements.len() {
                    return;
                }
            }
            (self.list, self.at) = (self.list + 1, 0);
        }
    }

    /// Element segments of all instances.
    fn segments(&mut self, store: &mut StoreInner, left: &mut usize) {
        while *left > 0 {
            let Some(instance) = store.instances.get(self.list) else {
                return self.next(Phase::Trace);
            };
            *left -= 1;
            let Some(&ty) = instance.module.0.context.elements.get(self.part) else {
                (self.list, self.part) = (self.list + 1, 0);
                continue;
            };
            if let Some(class) = store.class_of(ValType::Ref(ty)) {
                let StoreInner { instances, heap, externs, exceptions, .. } = store;
                let elements = &instances[self.list].elements[self.part];
                let part = part(&mut self.at, left, elements.len());
                Marker { heap, externs, exceptions }.mark_all(class, &elements[part]);
                if self.at < elements.len() {
                    return;
                }
            }
            (self.part, self.at) = (self.part + 1, 0);
        }
    }

    fn sweep_others(&mut self, store: &mut StoreInner, left: &mut usize) {
        let is_swept = match self.list {
            0 => store.externs.sweep(&mut self.at, left),
            _ => store.exceptions.sweep(&mut self.at, left),
        };
        if is_swept {
            (self.list, self.at) = (self.list + 1, 0);
        }
        if self.list > 1 {
            store.pace(self);
            self.next(Phase::Drop);
        }
    }
}

/// Marks what can be reached from what is marked: whether that is all.
fn trace(store: &mut StoreInner, left: &mut usize) -> bool {
    let StoreInner { heap, externs, exceptions, tags, .. } = store;
    while *left > 0 {
        let is_traced = heap.trace(left, &mut |class, word| match class {
            Class::Any => externs.mark(word),
            Class::Exn => exceptions.mark(word),
        });
        if !is_traced {
            return false;
        }
        let Some(reference) = exceptions.next_marked() else { return true };
        let tag = exceptions.get(reference).tag;
        for &(slot, class) in &tags[tag as usize].references {
            let word = exceptions.get(reference).fields[usize::from(slot)];
            Marker { heap, externs, exceptions }.mark(class, word);
        }
        *left = left.saturating_sub(1 + tags[tag as usize].references.len());
    }
    false
}

/// The part of a list of `len` from `at` on for which there is work left: it is done.
pub(super) fn part(at: &mut usize, left: &mut usize, len: usize) -> Range<usize> {
    let start = (*at).min(len);
    let end = len.min(start.saturating_add(*left));
    *left -= end - start;
    *at = end;
    start..end
}

impl StoreInner {
    /// What marks go to.
    pub(crate) fn marker(&mut self) -> Marker<'_> {
        let StoreInner { heap, externs, exceptions, .. } = self;
        Marker { heap, externs, exceptions }
    }

    /// Notes that the store is used: a collection that has stopped can't go on. Whoever writes a
    /// reference, or lets code run, calls it.
    #[inline]
    pub(crate) fn touch(&mut self) {
        if self.parked.is_some() {
            self.give_up();
        }
    }

    #[cold]
    fn give_up(&mut self) {
        self.given_up = self.parked.take().map_or(self.given_up, |parked| parked.work);
    }

    /// Bytes of objects, exceptions and host values: those that were alive after the last
    /// collection, and what came since.
    fn used(&self) -> usize {
        self.heap.used() + self.exceptions.used() + self.externs.used()
    }

    /// Whether so much was allocated since the last collection that another is due.
    pub(crate) fn is_due(&self) -> bool {
        if !COLLECTS {
            return false;
        }
        if STRESS {
            return true;
        }
        self.heap.allocated() + self.exceptions.allocated() + self.externs.allocated()
            >= self.heap.budget
    }

    /// When the next collection is due. What one looks at is paid by what is allocated before it:
    /// as many bytes at least as this one looked at, and half as many as the one before, which may
    /// have met a deeper stack; and as many as are alive, so that garbage never takes more than
    /// that.
    fn pace(&mut self, collection: &Collection) {
        let work = collection.work.saturating_mul(8).max(self.pace.work / 2);
        self.heap.budget = MIN_BUDGET.max(work).max(self.used());
        self.pace.work = work;
        #[cfg(test)]
        {
            self.pace.collections += 1;
            self.pace.looked_at += collection.work;
        }
    }
}

impl Collection {
    /// Whether it frees so little that the program should have more memory, or less to do: a
    /// collection for each few objects would take all the time.
    pub(crate) fn frees_too_little(&self, store: &StoreInner) -> bool {
        let freed = self.used.saturating_sub(store.used());
        freed.saturating_mul(LEAST_FREED) < self.work.saturating_mul(8)
    }
}

/// What is known about a store's collections.
#[derive(Default)]
pub(crate) struct Pace {
    /// What the last ones looked at, in bytes.
    work: usize,
    /// How many there were, and how many words they have looked at.
    #[cfg(test)]
    pub(crate) collections: usize,
    #[cfg(test)]
    pub(crate) looked_at: usize,
}
