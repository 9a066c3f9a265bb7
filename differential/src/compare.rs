//! [`compare`]: runs a program on both engines and says what they disagree on. The words that both
//! tell it in are here, too; nothing here knows an engine.

use crate::{Random, ours, theirs};
use windlass::Trap;

/// How a call ended.
#[derive(Clone, Debug, PartialEq)]
pub enum End {
    /// With results.
    Results(Vec<Scalar>),
    /// By a trap.
    Trap(Trap),
    /// Too deep: how deep calls may nest is each engine's own affair.
    Exhausted,
}

/// A value that both engines know. Floats are bits, of which a NaN has always the same.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Scalar {
    /// An `i32`.
    I32(i32),
    /// An `i64`.
    I64(i64),
    /// The bits of an `f32`.
    F32(u32),
    /// The bits of an `f64`.
    F64(u64),
    /// A reference, of which only this can be compared.
    IsNull(bool),
}

impl Scalar {
    pub(crate) fn f32(bits: u32) -> Scalar {
        Scalar::F32(if f32::from_bits(bits).is_nan() { f32::NAN.to_bits() } else { bits })
    }

    pub(crate) fn f64(bits: u64) -> Scalar {
        Scalar::F64(if f64::from_bits(bits).is_nan() { f64::NAN.to_bits() } else { bits })
    }
}

/// A type of a parameter.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) enum Kind {
    I32,
    I64,
    F32,
    F64,
    Reference,
}

/// Exported globals and memories by their names.
#[derive(Clone, Debug, Default, PartialEq)]
pub(crate) struct State {
    pub(crate) globals: Vec<(String, Scalar)>,
    pub(crate) memories: Vec<(String, Vec<u8>)>,
}

/// A call of an exported function.
#[derive(Clone, Debug)]
pub(crate) struct Call {
    pub(crate) name: String,
    pub(crate) args: Vec<u64>,
}

/// What a program did: how its calls ended, up to the first that was too deep, and what it left.
#[derive(Debug, PartialEq)]
pub(crate) struct Transcript {
    pub(crate) ends: Vec<End>,
    /// None after a call that was too deep.
    pub(crate) state: Option<State>,
}

/// An engine with the program instantiated.
pub(crate) trait Guest {
    fn call(&mut self, call: &Call) -> End;
    fn state(&mut self) -> State;

    fn run(&mut self, calls: &[Call]) -> Transcript {
        let mut ends = Vec::new();
        for call in calls {
            ends.push(self.call(call));
            if ends.last() == Some(&End::Exhausted) {
                return Transcript { ends, state: None };
            }
        }
        Transcript { ends, state: Some(self.state()) }
    }
}

/// Runs the exported functions of a module on both engines, each with a few sets of arguments. True
/// if there was something to compare: both instantiate the module.
///
/// # Errors
/// What the engines disagree on.
pub fn compare(wasm: &[u8], seed: u64) -> Result<bool, String> {
    let mut random = Random::new(seed);
    let calls = ours::calls(wasm, &mut random)?;
    let theirs = match theirs::Guest::new(wasm)? {
        theirs::Start::Ready(mut guest) => Some(guest.run(&calls)),
        theirs::Start::Trapped => None,
        theirs::Start::Broken => return Ok(false),
    };
    let mut fuel_used = None;
    let mut compared = false;
    let slice = 1 + random.below(200) as u64;
    for mode in
        [ours::Mode::Plain, ours::Mode::Interruptible, ours::Mode::Fuel, ours::Mode::Slices(slice)]
    {
        let ours = ours::Guest::new(wasm, mode)?;
        let (mut ours, theirs) = match (ours, &theirs) {
            (Some(ours), Some(theirs)) => (ours, theirs),
            (None, None) => continue,
            (Some(_), None) => return Err(format!("{mode:?}: only they trap at once")),
            (None, Some(_)) => return Err(format!("{mode:?}: only we trap at once")),
        };
        compared = true;
        let transcript = ours.run(&calls);
        agree(&transcript, theirs, &calls).map_err(|error| format!("{mode:?}: {error}"))?;
        if let Some(used) = ours.fuel_used()
            && *fuel_used.get_or_insert(used) != used
            && transcript.state.is_some()
        {
            return Err(format!("{mode:?}: used {used} fuel, at another time {fuel_used:?}"));
        }
    }
    Ok(compared)
}

fn agree(ours: &Transcript, theirs: &Transcript, calls: &[Call]) -> Result<(), String> {
    for ((ours, theirs), call) in ours.ends.iter().zip(&theirs.ends).zip(calls) {
        if *ours == End::Exhausted || *theirs == End::Exhausted {
            return Ok(());
        }
        if ours != theirs {
            return Err(format!("{call:x?}: ours {ours:x?}, theirs {theirs:x?}"));
        }
    }
    let (Some(ours), Some(theirs)) = (&ours.state, &theirs.state) else { return Ok(()) };
    if ours.globals != theirs.globals {
        return Err(format!("globals: ours {:x?}, theirs {:x?}", ours.globals, theirs.globals));
    }
    for ((name, ours), (_, theirs)) in ours.memories.iter().zip(&theirs.memories) {
        if ours.len() != theirs.len() {
            return Err(format!("memory {name}: {} bytes, theirs {}", ours.len(), theirs.len()));
        }
        if let Some(at) = (0..ours.len()).find(|&at| ours[at] != theirs[at]) {
            let [ours, theirs] = [ours, theirs].map(|bytes| &bytes[at..bytes.len().min(at + 8)]);
            return Err(format!("memory {name} at {at:#x}: ours {ours:x?}, theirs {theirs:x?}"));
        }
    }
    Ok(())
}
