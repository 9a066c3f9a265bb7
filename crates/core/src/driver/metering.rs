//! What a thread pays and owes, and when it looks at the interrupt flag beside its code. A stretch
//! of code is paid for as a whole before it runs. Code has a part of the fuel at a time, so that it
//! need not look at the flag itself. What the fuel does not suffice for becomes the thread's
//! *debt*: all fuel there is is taken, and the thread goes on when the rest has been paid, so that
//! any slice of fuel makes progress.

use super::thread::{Exit, Thread};
use crate::{Metering, runtime::StoreInner};

/// So much fuel is used between two looks at the interrupt flag. A unit takes 20 ns at most (see
/// [`FUEL_VERSION`](crate::FUEL_VERSION)): a third of a millisecond.
const LENT: u64 = 1 << 14;

/// What a growth costs beside the amount: so many indices that instances have for the memory or
/// table are told where it is.
pub(crate) fn users_cost(users: usize) -> u64 {
    users.saturating_sub(1) as u64 / 4
}

/// What a search for who catches costs, beside the operator: so many times a frame's module had a
/// further index for the tag. The frames themselves are paid by their calls.
pub(crate) fn search_cost(further: u64) -> u64 {
    10 * further
}

/// What a thread has to do with fuel while it does not run.
#[derive(Clone, Copy, Default)]
pub(crate) struct Account {
    /// What is still to be paid before it goes on.
    debt: u64,
    /// What was paid for the cell that it goes on with, which asks for that itself. It is no fuel
    /// of the store's: a host that sets that anew, and interrupts again and again, gets the cell
    /// done all the same.
    credit: u64,
    /// As `credit`, for a cell that takes it from the fuel: code does.
    prepaid: u64,
    /// It was interrupted before the cell that it goes on with: this time the cell is executed.
    polled: bool,
}

impl Account {
    /// Whether there is nothing to be paid, and nothing that is paid already.
    #[inline]
    pub(super) fn is_clear(&self) -> bool {
        self.debt | self.credit | self.prepaid == 0
    }
}

impl Thread {
    /// Pays what is left to pay before code can run.
    pub(crate) fn pay(&mut self) -> Result<(), Exit> {
        let due = self.account.debt.saturating_add(self.cx.charge.into());
        self.cx.charge = 0;
        let Some(fuel) = self.cx.fuel.checked_sub(due) else {
            self.account.debt = due - self.cx.fuel;
            self.cx.fuel = 0;
            return Err(Exit::OutOfFuel);
        };
        self.cx.fuel = fuel.saturating_add(self.account.prepaid);
        (self.account.debt, self.account.prepaid) = (0, 0);
        Ok(())
    }

    /// Leaves code as much of the fuel as it may use before the interrupt flag is looked at again:
    /// none if it is raised, or if the cell that comes next is paid already: one that would pay for
    /// itself is left to the driver then, which knows. Returns the rest, which is to be added again
    /// when code has stopped.
    pub(super) fn lend_fuel(&mut self, store: &StoreInner) -> u64 {
        let is_paid = self.account.credit > 0;
        let most = if store.interrupt.is_raised() || is_paid { 0 } else { LENT };
        let kept = self.cx.fuel.saturating_sub(most);
        self.cx.fuel -= kept;
        kept
    }

    /// Pays now what code has asked for, if the fuel suffices; whether it does.
    pub(super) fn pay_charge(&mut self) -> bool {
        let fuel = self.cx.fuel.checked_sub(self.cx.charge.into());
        if let Some(fuel) = fuel {
            (self.cx.fuel, self.cx.charge) = (fuel, 0);
        }
        fuel.is_some()
    }

    /// The cell is done, or will never be: what it has not needed of what was paid for it is fuel
    /// again.
    pub(super) fn return_credit(&mut self) {
        let credit = core::mem::take(&mut self.account.credit);
        self.cx.fuel = self.cx.fuel.saturating_add(credit);
    }

    /// The fuel does not suffice for what code has asked for: takes what there is.
    pub(crate) fn owe(&mut self) -> Exit {
        let cost = core::mem::take(&mut self.cx.charge).into();
        let repeats = core::mem::take(&mut self.cx.repeats);
        self.account.prepaid = if repeats { cost } else { 0 };
        self.borrow(cost)
    }

    fn borrow(&mut self, cost: u64) -> Exit {
        self.account.debt = cost.saturating_sub(self.cx.fuel);
        self.cx.fuel = 0;
        Exit::OutOfFuel
    }

    /// Pays with this fuel what it owes; returns what is left of it.
    pub(crate) fn settle(&mut self, fuel: u64) -> u64 {
        let paid = self.account.debt.min(fuel);
        self.account.debt -= paid;
        fuel - paid
    }

    /// Whether it owes something.
    pub(crate) fn is_in_debt(&self) -> bool {
        self.account.debt > 0
    }

    /// Pays for what the cell that stopped is about to do. If the fuel does not suffice, the cell
    /// is executed again when it is paid.
    pub(crate) fn charge(&mut self, store: &StoreInner, cost: u64) -> Result<(), Exit> {
        if store.engine.config().metering != Metering::Fuel {
            return Ok(());
        }
        let due = cost.saturating_sub(self.account.credit);
        if let Some(fuel) = self.cx.fuel.checked_sub(due) {
            self.cx.fuel = fuel;
            self.account.credit = self.account.credit.saturating_sub(cost);
            return Ok(());
        }
        self.again();
        self.account.credit = self.account.credit.max(cost);
        Err(self.borrow(due))
    }

    /// Owes for what was done while no code ran.
    pub(crate) fn charge_later(&mut self, store: &StoreInner, cost: u64) {
        if store.engine.config().metering == Metering::Fuel {
            self.account.debt = self.account.debt.saturating_add(cost);
        }
    }

    /// Owes so much more.
    pub(crate) fn owe_more(&mut self, units: u64) {
        self.account.debt = self.account.debt.saturating_add(units);
    }

    /// Gives back what was paid for something that was not done: to the cell, which may try again.
    pub(crate) fn refund(&mut self, store: &StoreInner, cost: u64) {
        if store.engine.config().metering == Metering::Fuel {
            self.account.credit = self.account.credit.saturating_add(cost);
        }
    }

    /// Stops before the cell if an interrupt has come, but not before the same one twice in a row:
    /// whoever is interrupted again and again gets on all the same.
    pub(crate) fn poll(&mut self, store: &StoreInner) -> Result<(), Exit> {
        if core::mem::take(&mut self.account.polled) || !store.interrupt.is_raised() {
            return Ok(());
        }
        self.account.polled = true;
        self.again();
        store.interrupt.clear();
        Err(Exit::Interrupted)
    }

    /// As `poll`, for a cell that has done a part of its work.
    pub(crate) fn poll_midway(&mut self, store: &StoreInner) -> Result<(), Exit> {
        self.account.polled = false;
        self.poll(store)
    }
}
