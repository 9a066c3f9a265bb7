//! What is different on the two machines: how many instructions have run. QEMU, told
//! `-icount shift=0`, counts each as a nanosecond, so that its clocks are counts.

#[cfg(target_arch = "arm")]
mod imp {
    use cortex_m::{Peripherals, peripheral::SYST, peripheral::syst::SystClkSource};

    /// The timer of the core ticks at 25 MHz on this board.
    const INSTRUCTIONS_PER_TICK: u32 = 40;

    /// The largest count of 24 bits.
    const MOST: u32 = (1 << 24) - 1;

    /// Once, at the beginning.
    pub fn start() {
        if let Some(Peripherals { SYST: mut timer, .. }) = Peripherals::take() {
            timer.set_clock_source(SystClkSource::Core);
            timer.set_reload(MOST);
            timer.clear_current();
            timer.enable_counter();
        }
    }

    pub fn count() -> u32 {
        SYST::get_current()
    }

    /// Of fewer than 671 million, in which the timer comes round.
    pub fn since(before: u32) -> u64 {
        let ticks = before.wrapping_sub(count()) & MOST;
        u64::from(ticks) * u64::from(INSTRUCTIONS_PER_TICK)
    }
}

#[cfg(target_arch = "riscv32")]
mod imp {
    // For its critical sections, which nothing else names.
    use riscv::register::minstret;

    pub fn start() {}

    pub fn count() -> u64 {
        minstret::read64()
    }

    pub fn since(before: u64) -> u64 {
        count() - before
    }
}

pub use imp::{count, since, start};
