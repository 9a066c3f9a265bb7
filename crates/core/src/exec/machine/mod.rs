//! The machine: registers, cells of code, slots of the frame, and the places of operands. These are
//! the only files that read and write them raw; handlers are written in their terms. They know no
//! instruction.
//!
//! While a handler runs, [`Machine::ip`] points at the first operand word of its cell; when it has
//! run, at the next handler word.

mod cell;
pub(crate) mod context;
pub(crate) mod dispatch;
mod form;
mod name;
#[cfg(all(
    feature = "fast",
    feature = "std",
    any(not(tail_calls), debug_assertions),
    any(test, feature = "profile"),
))]
pub(crate) mod names;
#[cfg(common_bodies)]
mod operation;
pub(crate) mod place;
#[cfg(feature = "profile")]
pub(crate) mod profile;
mod registers;
pub(crate) mod shared;
mod value;
pub(crate) mod views;

pub(crate) use cell::{Cell, Ip, pack_const, pack_fields, pack_halves};
pub(crate) use form::Form;
pub(crate) use name::Name;
#[cfg(common_bodies)]
pub(crate) use operation::{Access, Operation};
pub(crate) use registers::{Machine, Sp};
pub(crate) use value::{Scalar, Value};
