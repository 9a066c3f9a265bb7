//! [`SlowOp`]: the instructions that a cell leaves to the driver, by a number in the cell. The
//! translator writes it, the driver reads it.

use windlass_decode::Op;

macro_rules! slow_ops {
    ($($op:ident)*) => {
        /// An instruction that the driver executes.
        #[derive(Clone, Copy, Debug, PartialEq, Eq)]
        #[repr(u16)]
        pub(crate) enum SlowOp {
            $($op,)*
        }

        impl SlowOp {
            const ALL: &[SlowOp] = &[$(SlowOp::$op),*];

            /// The slow instruction for an opcode, if it is one.
            pub(crate) fn of(op: Op) -> Option<SlowOp> {
                match op {
                    $(Op::$op => Some(SlowOp::$op),)*
                    _ => None,
                }
            }

            /// Its number in code.
            pub(crate) const fn number(self) -> i16 {
                (self as u16).cast_signed()
            }

            /// Where only some of them come, whoever meets another.
            pub(crate) fn misplaced(self) -> ! {
                unreachable!("it is executed elsewhere")
            }

            /// From its number in code.
            pub(crate) fn from_number(number: u16) -> Option<SlowOp> {
                SlowOp::ALL.get(usize::from(number)).copied()
            }
        }
    };
}
slow_ops! {
    MemorySize MemoryGrow MemoryCopy MemoryFill MemoryInit DataDrop
    TableGrow TableFill TableCopy TableInit ElemDrop
    MemoryAtomicNotify MemoryAtomicWait32 MemoryAtomicWait64
    I64Add128 I64Sub128 I64MulWideS I64MulWideU
    ArrayNew ArrayNewDefault ArrayNewData ArrayNewElem
    ArrayFill ArrayCopy ArrayInitData ArrayInitElem
}
