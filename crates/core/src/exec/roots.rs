//! What the threads of a store refer to. Nobody notes where frames have references: translating a function again
//! tells, for each place where its code can stop ([`translate::Maps`]). What was found is kept in [`FrameMaps`].

use super::{Ip, Thread, ThreadHandle};
use crate::{
    Module,
    object::Class,
    runtime::StoreInner,
    translate::{self, Maps, Stopped},
};
use alloc::{collections::BTreeMap, sync::Arc, vec::Vec};

/// Slots with references, counted from the frame.
pub(crate) type Slots = Arc<[(i16, Class)]>;

/// The maps of frames that collections have met. Code that it names lives as long as the store.
#[derive(Default)]
pub(crate) struct FrameMaps {
    /// By place in code, and whether the frame waits for a call there.
    places: BTreeMap<(usize, Stopped), Slots>,
    /// By the address of a function's code.
    funcs: BTreeMap<usize, Arc<Maps>>,
}

impl FrameMaps {
    /// The slots with references of a frame of `module`'s that stopped at `ip`. None if nothing is known.
    pub(super) fn get(&mut self, module: &Module, ip: Ip, stopped: Stopped) -> Option<Slots> {
        let key = (ip as usize, stopped);
        if let Some(slots) = self.places.get(&key) {
            return Some(slots.clone());
        }
        let table = &module.0.code;
        // A return address may lie behind the last cell of a function: what is before it is not.
        let inside = if stopped == Stopped::Called { ip.wrapping_sub(1) } else { ip };
        let defined = table.find(inside)?;
        let code = table.current(defined);
        let maps = match self.funcs.get(&(code as usize)) {
            Some(maps) => maps.clone(),
            None => {
                let maps = Arc::new(translate::maps(module.0.source(), defined).ok()?);
                self.funcs.insert(code as usize, maps.clone());
                maps
            }
        };
        let slots: Slots = if ip == code || ip == table.stub(defined) {
            maps.params().into()
        } else {
            let operands = maps.operands(table.distance(defined, ip), stopped)?;
            maps.locals().iter().chain(operands).copied().collect::<Vec<_>>().into()
        };
        // A stub's place is also that of a function that is translated later.
        self.places.insert(key, slots.clone());
        Some(slots)
    }
}

/// Shows every reference of every thread of the store. None if one of them is at a place without a map: then
/// what it refers to is not known.
pub(super) fn threads(
    store: &mut StoreInner,
    running: Option<&Thread>,
    visit: &mut dyn FnMut(&mut StoreInner, Class, u64),
) -> Option<()> {
    store.forget_threads();
    for index in 0..store.threads.len() {
        let handle: ThreadHandle = store.threads[index].clone();
        if handle.is_at(running) {
            continue;
        }
        // SAFETY: I9: only the running thread is in use, and this is another.
        unsafe { handle.look() }.roots(store, visit)?;
    }
    running.map_or(Some(()), |thread| thread.roots(store, visit))
}
