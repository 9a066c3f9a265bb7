//! The machine: registers, cells of code, slots of the frame, and the places of operands. This is
//! the only file that reads and writes them raw; handlers are written in its terms. It knows no
//! instruction.
//!
//! A cell is a handler word followed by operand words. While a handler runs, [`Machine::ip`] points
//! at the first operand word; when it has run, at the next handler word.
//!
//! Fields of the first operand word: four slot numbers (`u16`-sized, signed), or two and a 32-bit
//! constant; constants of 64 bits take a word of their own.

pub(crate) mod context;
pub(crate) mod dispatch;
pub(crate) mod shared;
pub(crate) mod views;

use super::meaning::v128::{Register, V128};
use context::Context;
use dispatch::Handler;

/// One word of translated code.
#[derive(Clone, Copy)]
#[repr(C)]
pub(crate) union Cell {
    /// The first word of each cell.
    pub(crate) handler: Handler,
    /// Operands.
    pub(crate) word: u64,
    /// The address of code.
    pub(crate) code: Ip,
}

impl Cell {
    /// A word of operands.
    pub(crate) const fn word(word: u64) -> Cell {
        Cell { word }
    }

    /// A handler word.
    pub(crate) const fn of_handler(handler: Handler) -> Cell {
        // On a 32-bit host the rest of the word is to be initialised too.
        let mut cell = Cell { word: 0 };
        cell.handler = handler;
        cell
    }

    /// The address of code.
    pub(crate) const fn of_code(code: Ip) -> Cell {
        let mut cell = Cell { word: 0 };
        cell.code = code;
        cell
    }

    /// The bits of a word of operands.
    pub(crate) fn bits(self) -> u64 {
        // SAFETY: all constructors initialise the whole word.
        unsafe { self.word }
    }
}

/// A place in translated code.
pub(crate) type Ip = *const Cell;
/// The frame: slot 0 is the return address, slot 1 the caller's frame, parameters lie below.
pub(crate) type Sp = *mut u64;

/// The machine's registers.
#[derive(Clone, Copy)]
pub(crate) struct Machine {
    pub(crate) ip: Ip,
    pub(crate) sp: Sp,
    pub(crate) cx: *mut Context,
    /// Accumulator and pinned locals for integers and references.
    pub(crate) acc: u64,
    pub(crate) p0: u64,
    pub(crate) p1: u64,
    /// The same for `f64`.
    pub(crate) f64_acc: f64,
    pub(crate) f64_p0: f64,
    pub(crate) f64_p1: f64,
    /// The same for `f32`.
    pub(crate) f32_acc: f32,
    pub(crate) f32_p0: f32,
    pub(crate) f32_p1: f32,
    /// The accumulator for vectors.
    pub(crate) v_acc: Register,
}

impl Machine {
    /// Registers before anything ran.
    pub(crate) const fn new(ip: Ip, sp: Sp, cx: *mut Context) -> Machine {
        Machine {
            ip,
            sp,
            cx,
            acc: 0,
            p0: 0,
            p1: 0,
            f64_acc: 0.0,
            f64_p0: 0.0,
            f64_p1: 0.0,
            f32_acc: 0.0,
            f32_p0: 0.0,
            f32_p1: 0.0,
            v_acc: V128::ZERO.register(),
        }
    }

    /// Field `index` (0 to 3) of the first operand word: a slot number.
    ///
    /// # Safety
    /// I1: `ip` is in a cell of the kind that this handler was emitted for.
    #[inline(always)]
    pub(crate) unsafe fn field(&self, index: usize) -> isize {
        // SAFETY: I1 (the cell has an operand word; all bit patterns are valid).
        unsafe { (*self.ip.cast::<[i16; 4]>())[field_order(index)] as isize }
    }

    /// The 32-bit constant in the upper half of operand word `word`.
    ///
    /// # Safety
    /// I1.
    #[inline(always)]
    pub(crate) unsafe fn high(&self, word: usize) -> i32 {
        // SAFETY: I1.
        unsafe { (*self.ip.add(word).cast::<[i32; 2]>())[half_order(1)] }
    }

    /// The 32-bit constant in the lower half of operand word `word`.
    ///
    /// # Safety
    /// I1.
    #[inline(always)]
    pub(crate) unsafe fn low(&self, word: usize) -> i32 {
        // SAFETY: I1.
        unsafe { (*self.ip.add(word).cast::<[i32; 2]>())[half_order(0)] }
    }

    /// Operand word `index`.
    ///
    /// # Safety
    /// I1.
    #[inline(always)]
    pub(crate) unsafe fn word(&self, index: usize) -> u64 {
        // SAFETY: I1.
        unsafe { (*self.ip.add(index)).word }
    }

    /// The slot with this number.
    ///
    /// # Safety
    /// I2: `slot` lies in the frame.
    #[inline(always)]
    pub(crate) unsafe fn slot(&self, slot: isize) -> u64 {
        // SAFETY: I2.
        unsafe { *self.sp.offset(slot) }
    }

    /// The address of the slot with this number.
    ///
    /// # Safety
    /// I2.
    #[inline(always)]
    pub(crate) unsafe fn at(&self, slot: isize) -> *mut u64 {
        // SAFETY: I2.
        unsafe { self.sp.offset(slot) }
    }

    /// The value in operand word `index` (a vector: there and in the next).
    ///
    /// # Safety
    /// I1.
    #[inline(always)]
    pub(crate) unsafe fn constant<T: Value>(&self, index: usize) -> T {
        // SAFETY: I1.
        unsafe { T::read(self.ip.add(index).cast()) }
    }

    /// Jumps by `bytes` from the first operand word.
    ///
    /// # Safety
    /// I3: there is a cell.
    #[inline(always)]
    pub(crate) unsafe fn jump(&mut self, bytes: i32) {
        // SAFETY: I3.
        self.ip = unsafe { self.ip.byte_offset(bytes as isize) };
    }

    /// Goes on behind `words` operand words.
    ///
    /// # Safety
    /// I1: the cell has so many.
    #[inline(always)]
    pub(crate) unsafe fn advance(&mut self, words: usize) {
        // SAFETY: I1.
        self.ip = unsafe { self.ip.add(words) };
    }

    /// The context.
    ///
    /// # Safety
    /// I4: the context outlives the run, and only the running handler uses it.
    #[inline(always)]
    pub(crate) unsafe fn cx(&mut self) -> &mut Context {
        // SAFETY: I4.
        unsafe { &mut *self.cx }
    }
}

/// Words are built as `u64` values: in memory, fields come in the host's byte order.
const fn field_order(index: usize) -> usize {
    if cfg!(target_endian = "big") { 3 - index } else { index }
}

const fn half_order(index: usize) -> usize {
    if cfg!(target_endian = "big") { 1 - index } else { index }
}

/// Packs four slot numbers into an operand word.
pub(crate) fn pack_fields(fields: [i16; 4]) -> u64 {
    fields.iter().enumerate().fold(0, |w, (i, &f)| w | u64::from(f as u16) << (16 * i))
}

/// Packs two slot numbers and a constant into an operand word.
pub(crate) fn pack_const(d: i16, a: i16, k: u32) -> u64 {
    u64::from(d as u16) | u64::from(a as u16) << 16 | u64::from(k) << 32
}

/// Packs two 32-bit constants into an operand word.
pub(crate) fn pack_halves(low: i32, high: i32) -> u64 {
    u64::from(low as u32) | u64::from(high as u32) << 32
}

/// A value as it lies in registers, slots and code.
pub(crate) trait Value: Copy {
    /// How many operand words of its own a constant takes where it can do without.
    const WORDS: usize;
    /// Reads it from a slot, a global or code.
    ///
    /// # Safety
    /// `at` is one, or the first of the two of a vector.
    unsafe fn read(at: *const u64) -> Self;
    /// Writes it to a slot or a global.
    ///
    /// # Safety
    /// As for `read`.
    unsafe fn write(self, at: *mut u64);
    /// From the 32-bit constant of a cell.
    fn from_k(k: i32) -> Self;
    fn acc(m: &Machine) -> Self;
    fn p0(m: &Machine) -> Self;
    fn p1(m: &Machine) -> Self;
    fn set_acc(self, m: &mut Machine);
    fn set_p0(self, m: &mut Machine);
    fn set_p1(self, m: &mut Machine);
}

/// A value that takes one slot.
pub(crate) trait Scalar: Value {
    fn from_bits(bits: u64) -> Self;
    fn to_bits(self) -> u64;
}

macro_rules! value {
    ($ty:ty, $words:literal, $acc:ident, $p0:ident, $p1:ident, $reg:ty,
     |$b:ident| $from:expr, |$v:ident| $to:expr, |$k:ident| $const:expr,
     |$r:ident| $from_reg:expr, |$w:ident| $to_reg:expr) => {
        impl Scalar for $ty {
            #[inline(always)]
            fn from_bits($b: u64) -> $ty {
                $from
            }
            #[inline(always)]
            fn to_bits(self) -> u64 {
                let $v = self;
                $to
            }
        }
        impl Value for $ty {
            const WORDS: usize = $words;
            #[inline(always)]
            unsafe fn read(at: *const u64) -> $ty {
                // SAFETY: the caller's promise.
                Scalar::from_bits(unsafe { *at })
            }
            #[inline(always)]
            unsafe fn write(self, at: *mut u64) {
                // SAFETY: the caller's promise.
                unsafe { *at = Scalar::to_bits(self) }
            }
            #[inline(always)]
            fn from_k($k: i32) -> $ty {
                $const
            }
            #[inline(always)]
            fn acc(m: &Machine) -> $ty {
                let $r = m.$acc;
                $from_reg
            }
            #[inline(always)]
            fn p0(m: &Machine) -> $ty {
                let $r = m.$p0;
                $from_reg
            }
            #[inline(always)]
            fn p1(m: &Machine) -> $ty {
                let $r = m.$p1;
                $from_reg
            }
            #[inline(always)]
            fn set_acc(self, m: &mut Machine) {
                let $w = self;
                m.$acc = $to_reg;
            }
            #[inline(always)]
            fn set_p0(self, m: &mut Machine) {
                let $w = self;
                m.$p0 = $to_reg;
            }
            #[inline(always)]
            fn set_p1(self, m: &mut Machine) {
                let $w = self;
                m.$p1 = $to_reg;
            }
        }
    };
}
value!(i32, 0, acc, p0, p1, u64, |b| b as i32, |v| v as u32 as u64, |k| k, |r| r as i32, |w| w
    as u32
    as u64);
value!(i64, 1, acc, p0, p1, u64, |b| b as i64, |v| v as u64, |k| k.into(), |r| r as i64, |w| w
    as u64);
value!(
    f32,
    0,
    f32_acc,
    f32_p0,
    f32_p1,
    f32,
    |b| f32::from_bits(b as u32),
    |v| u64::from(f32::to_bits(v)),
    |k| f32::from_bits(k as u32),
    |r| r,
    |w| w
);
value!(
    f64,
    1,
    f64_acc,
    f64_p0,
    f64_p1,
    f64,
    |b| f64::from_bits(b),
    |v| f64::to_bits(v),
    |k| f64::from(k),
    |r| r,
    |w| w
);

/// A vector: two slots. The translator pins none, and has its constants in words.
impl Value for V128 {
    const WORDS: usize = 2;
    #[inline(always)]
    unsafe fn read(at: *const u64) -> V128 {
        // SAFETY: the caller's promise.
        V128::from_words(unsafe { at.cast::<[u64; 2]>().read() })
    }
    #[inline(always)]
    unsafe fn write(self, at: *mut u64) {
        // SAFETY: the caller's promise.
        unsafe { at.cast::<[u64; 2]>().write(self.words()) }
    }
    fn from_k(_: i32) -> V128 {
        unreachable!("a vector is no 32-bit constant")
    }
    #[inline(always)]
    fn acc(m: &Machine) -> V128 {
        V128::of(m.v_acc)
    }
    fn p0(_: &Machine) -> V128 {
        unreachable!("no vector is pinned")
    }
    fn p1(_: &Machine) -> V128 {
        unreachable!("no vector is pinned")
    }
    #[inline(always)]
    fn set_acc(self, m: &mut Machine) {
        m.v_acc = self.register();
    }
    fn set_p0(self, _: &mut Machine) {
        unreachable!("no vector is pinned")
    }
    fn set_p1(self, _: &mut Machine) {
        unreachable!("no vector is pinned")
    }
}

/// Where an operand is read from.
pub(crate) trait Src: 'static {
    /// Whether it is a constant in the code.
    const IS_CONST: bool = false;

    /// Reads it. A slot's number stands in `field`; a wide constant in operand word `wide`.
    ///
    /// # Safety
    /// I1, I2.
    unsafe fn get<T: Value>(m: &Machine, field: usize, wide: usize) -> T;
}

/// Where a result goes.
pub(crate) trait Dst: 'static {
    /// Writes it. A slot's number stands in `field`.
    ///
    /// # Safety
    /// I1, I2.
    unsafe fn set<T: Value>(m: &mut Machine, field: usize, value: T);
}

/// A slot of the frame. As a destination, the accumulator gets the value too.
pub(crate) struct Slot;
/// A constant in the code.
pub(crate) struct Const;
/// The accumulator of the value's type.
pub(crate) struct Acc;
/// The first pinned local of the value's type. Written, its slot is written too.
pub(crate) struct P0;
/// The second pinned local.
pub(crate) struct P1;
/// A slot of the frame, as a destination that leaves the accumulator alone.
pub(crate) struct SlotOnly;

impl Src for Slot {
    #[inline(always)]
    unsafe fn get<T: Value>(m: &Machine, field: usize, _: usize) -> T {
        // SAFETY: the caller's promise.
        unsafe { T::read(m.at(m.field(field))) }
    }
}
impl Src for Const {
    const IS_CONST: bool = true;
    #[inline(always)]
    unsafe fn get<T: Value>(m: &Machine, _: usize, wide: usize) -> T {
        // SAFETY: the caller's promise.
        unsafe { if T::WORDS > 0 { m.constant(wide) } else { T::from_k(m.high(0)) } }
    }
}
impl Src for Acc {
    #[inline(always)]
    unsafe fn get<T: Value>(m: &Machine, _: usize, _: usize) -> T {
        T::acc(m)
    }
}
impl Src for P0 {
    #[inline(always)]
    unsafe fn get<T: Value>(m: &Machine, _: usize, _: usize) -> T {
        T::p0(m)
    }
}
impl Src for P1 {
    #[inline(always)]
    unsafe fn get<T: Value>(m: &Machine, _: usize, _: usize) -> T {
        T::p1(m)
    }
}

impl Dst for Slot {
    #[inline(always)]
    unsafe fn set<T: Value>(m: &mut Machine, field: usize, value: T) {
        // SAFETY: the caller's promise.
        unsafe { value.write(m.at(m.field(field))) }
        value.set_acc(m);
    }
}
impl Dst for SlotOnly {
    #[inline(always)]
    unsafe fn set<T: Value>(m: &mut Machine, field: usize, value: T) {
        // SAFETY: the caller's promise.
        unsafe { value.write(m.at(m.field(field))) }
    }
}
impl Dst for Acc {
    #[inline(always)]
    unsafe fn set<T: Value>(m: &mut Machine, _: usize, value: T) {
        value.set_acc(m);
    }
}
impl Dst for P0 {
    #[inline(always)]
    unsafe fn set<T: Value>(m: &mut Machine, field: usize, value: T) {
        // SAFETY: the caller's promise.
        unsafe { value.write(m.at(m.field(field))) }
        value.set_p0(m);
    }
}
impl Dst for P1 {
    #[inline(always)]
    unsafe fn set<T: Value>(m: &mut Machine, field: usize, value: T) {
        // SAFETY: the caller's promise.
        unsafe { value.write(m.at(m.field(field))) }
        value.set_p1(m);
    }
}
