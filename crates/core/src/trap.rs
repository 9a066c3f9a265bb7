//! [`Trap`]: why a guest stopped for good.

use core::fmt;
use windlass_decode::MESSAGES;

macro_rules! traps {
    ($($(#[$doc:meta])* $variant:ident = $message:literal;)*) => {
        /// Why execution ended abnormally. The messages are the official test suite's.
        ///
        /// ```
        /// use windlass::Trap;
        /// assert_eq!(Trap::IntegerDivideByZero.to_string(), "integer divide by zero");
        /// ```
        #[non_exhaustive]
        #[derive(Clone, Copy, PartialEq, Eq, Hash)]
        #[repr(u8)]
        pub enum Trap {
            $($(#[$doc])* $variant,)*
        }

        impl Trap {
            /// The message.
            pub const fn message(self) -> &'static str {
                match self {
                    $(Trap::$variant => $message,)*
                }
            }
        }

        /// The name of the variant; the message in builds without the feature `messages`.
        impl fmt::Debug for Trap {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str(match self {
                    _ if !MESSAGES => self.message(),
                    $(Trap::$variant => stringify!($variant),)*
                })
            }
        }
    };
}

traps! {
    /// `unreachable` was executed.
    Unreachable = "unreachable";
    /// A memory access reached beyond the memory.
    MemoryOutOfBounds = "out of bounds memory access";
    /// A table access reached beyond the table.
    TableOutOfBounds = "out of bounds table access";
    /// `call_indirect` with an index beyond the table.
    UndefinedElement = "undefined element";
    /// `call_indirect` of a null element.
    UninitializedElement = "uninitialized element";
    /// `call_indirect` of a function of another type.
    IndirectCallTypeMismatch = "indirect call type mismatch";
    /// A quotient or a float that no integer of the type can represent.
    IntegerOverflow = "integer overflow";
    /// Division by zero.
    IntegerDivideByZero = "integer divide by zero";
    /// NaN converted to an integer.
    InvalidConversionToInteger = "invalid conversion to integer";
    /// The value stack or the depth of calls reached its limit.
    StackOverflow = "call stack exhausted";
    /// A null reference was used.
    NullReference = "null reference";
    /// A function reference was null.
    NullFunctionReference = "null function reference";
    /// A structure reference was null.
    NullStructureReference = "null structure reference";
    /// An array reference was null.
    NullArrayReference = "null array reference";
    /// An i31 reference was null.
    NullI31Reference = "null i31 reference";
    /// An exception reference was null.
    NullExceptionReference = "null exception reference";
    /// A reference to a descriptor was null.
    NullDescriptorReference = "null descriptor reference";
    /// An array access reached beyond the array.
    ArrayOutOfBounds = "out of bounds array access";
    /// A reference was not of the type it was cast to.
    CastFailure = "cast failure";
    /// A structure did not have the descriptor that a cast asked for.
    DescriptorCastFailure = "descriptor cast failure";
    /// The heap of structures and arrays has no room, even after a collection, and may not grow.
    AllocationTooLarge = "allocation failed: the heap is full";
    /// An atomic access at an address that is not a multiple of its size.
    UnalignedAtomic = "unaligned atomic";
    /// `memory.atomic.wait` on a memory that is not shared.
    ExpectedSharedMemory = "expected shared memory";
    /// `memory.atomic.wait` would have to wait, which takes an operating system: the feature `std`.
    CannotSuspend = "cannot suspend on this host";
    /// The fuel ran out in a call that cannot be paused. All of it is used.
    OutOfFuel = "all fuel consumed";
    /// The guest was interrupted, or its store's deadline came, in a call that cannot be paused.
    Interrupted = "interrupted";
}

/// The message, and where that is not enough, what to do.
impl fmt::Display for Trap {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.message())?;
        f.write_str(match self {
            Trap::OutOfFuel => ": `Store::set_fuel` gives more",
            _ => "",
        })
    }
}

impl core::error::Error for Trap {}
