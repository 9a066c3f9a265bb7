//! Translated code, as a module has it: [`table`], the code of its functions, and [`catch`], who
//! catches what there. [`slow`] what it leaves to the driver, [`maps`] where frames have
//! references. `translate` makes it, `driver` asks it. It must never run code.

pub(crate) mod catch;
pub(crate) mod maps;
pub(crate) mod slow;
pub(crate) mod table;
