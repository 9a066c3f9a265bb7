//! Rows and tables of handlers, made from a body and the places that stand for its last parameters.
//! Used by the files of [`tables`](super), which have `h`, `cut` and the places in scope.
//! Each is cut to what there is.

/// A row over the places of a result: the last parameter of the body.
macro_rules! dests {
    ($body:ident $(< $($arg:ty),+ >)?) => {
        cut([h::<$body<$($($arg,)+)? Slot>>(), h::<$body<$($($arg,)+)? Acc>>(),
             h::<$body<$($($arg,)+)? P0>>(), h::<$body<$($($arg,)+)? P1>>()])
    };
}

/// A row over the places of an operand that is not a constant.
macro_rules! variable_places {
    ($body:ident) => {
        const {
            cut::<_, 5, PLACES>([
                h::<$body<Slot>>(),
                None,
                h::<$body<Acc>>(),
                h::<$body<P0>>(),
                h::<$body<P1>>(),
            ])
        }
    };
}

/// As `dests`, without pinned ones.
macro_rules! few_dests {
    ($body:ident < $($arg:ty),+ >) => {
        cut([h::<$body<$($arg),+, Slot>>(), h::<$body<$($arg),+, Acc>>(), None, None])
    };
}

/// A table over two operands; `$entry!` makes the entry, `$none` stands where there is none: for
/// two constants, the accumulator twice, and for the second order of a commutative operation.
macro_rules! pairs {
    ($none:expr, $commutes:expr, $entry:ident) => {
        cut([
            cut([
                $entry!(Slot, Slot),
                $entry!(Slot, Const),
                if $commutes { $none } else { $entry!(Slot, Acc) },
                if $commutes { $none } else { $entry!(Slot, P0) },
                if $commutes { $none } else { $entry!(Slot, P1) },
            ]),
            cut([
                if $commutes { $none } else { $entry!(Const, Slot) },
                $none,
                if $commutes { $none } else { $entry!(Const, Acc) },
                if $commutes { $none } else { $entry!(Const, P0) },
                if $commutes { $none } else { $entry!(Const, P1) },
            ]),
            cut([
                $entry!(Acc, Slot),
                $entry!(Acc, Const),
                $none,
                $entry!(Acc, P0),
                $entry!(Acc, P1),
            ]),
            cut([
                $entry!(P0, Slot),
                $entry!(P0, Const),
                if $commutes { $none } else { $entry!(P0, Acc) },
                $entry!(P0, P0),
                $entry!(P0, P1),
            ]),
            cut([
                $entry!(P1, Slot),
                $entry!(P1, Const),
                if $commutes { $none } else { $entry!(P1, Acc) },
                if $commutes { $none } else { $entry!(P1, P0) },
                $entry!(P1, P1),
            ]),
        ])
    };
}

/// As `pairs`, without constants.
macro_rules! variable_pairs {
    ($none:expr, $commutes:expr, $entry:ident) => {
        cut([
            cut([
                $entry!(Slot, Slot),
                $none,
                if $commutes { $none } else { $entry!(Slot, Acc) },
                if $commutes { $none } else { $entry!(Slot, P0) },
                if $commutes { $none } else { $entry!(Slot, P1) },
            ]),
            cut([$none, $none, $none, $none, $none]),
            cut([$entry!(Acc, Slot), $none, $none, $entry!(Acc, P0), $entry!(Acc, P1)]),
            cut([
                $entry!(P0, Slot),
                $none,
                if $commutes { $none } else { $entry!(P0, Acc) },
                $entry!(P0, P0),
                $entry!(P0, P1),
            ]),
            cut([
                $entry!(P1, Slot),
                $none,
                if $commutes { $none } else { $entry!(P1, Acc) },
                if $commutes { $none } else { $entry!(P1, P0) },
                $entry!(P1, P1),
            ]),
        ])
    };
}

/// A table over the address and the value of a store; `$const` is the row of constant addresses.
macro_rules! by_value {
    ($entry:ident, $const:expr) => {
        cut([
            by_value_row!(Slot, $entry),
            $const,
            by_value_row!(Acc, $entry),
            by_value_row!(P0, $entry),
            by_value_row!(P1, $entry),
        ])
    };
}

macro_rules! by_value_row {
    ($a:ident, $entry:ident) => {
        cut([
            $entry!($a, Slot),
            $entry!($a, Const),
            $entry!($a, Acc),
            $entry!($a, P0),
            $entry!($a, P1),
        ])
    };
}

/// Expands to an expression that is generic in the type of a kind; a vector has its own.
macro_rules! by_kind {
    ($kind:expr, |$t:ident| $body:expr, $vector:expr) => {
        match $kind {
            Kind::F32 if FAST => {
                type $t = f32;
                $body
            }
            Kind::F64 if FAST => {
                type $t = f64;
                $body
            }
            // Where no register is that of a type, values of one width are moved alike.
            Kind::I32 | Kind::F32 => {
                type $t = i32;
                $body
            }
            Kind::I64 | Kind::F64 | Kind::Ref => {
                type $t = i64;
                $body
            }
            Kind::V128 => $vector,
        }
    };
}

/// A row over the places of an operand: the last parameter of the body.
macro_rules! over_places {
    ($body:ident < $t:ty >) => {
        cut([
            h::<$body<$t, Slot>>(),
            h::<$body<$t, Const>>(),
            h::<$body<$t, Acc>>(),
            h::<$body<$t, P0>>(),
            h::<$body<$t, P1>>(),
        ])
    };
}

/// The table of a body over whether other threads use the memory, if the build has such.
macro_rules! any_table {
    ($body:ident < $op:ty, $($place:ty),+ >) => {
        [
            if ANY_MEMORY { h::<$body<$op, Any<false>, $($place),+>>() } else { None },
            if THREADS { h::<$body<$op, Any<true>, $($place),+>>() } else { None },
        ]
    };
}
