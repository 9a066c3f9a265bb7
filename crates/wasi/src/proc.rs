//! `proc_exit`, `proc_raise` and `sched_yield`, and [`I32Exit`], the error by which a guest ends
//! itself.

use crate::{Errno, GuestMemory, WasiCtx};
use core::fmt;

/// The guest called `proc_exit` with this code, or `proc_raise`. It comes as an error out of the
/// call that ran the guest; get it with `Error::downcast_ref`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct I32Exit(pub i32);

impl I32Exit {
    /// The code as the host's process would report it.
    pub const fn process_exit_code(self) -> i32 {
        self.0
    }
}

impl fmt::Display for I32Exit {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "exited with code {}", self.0)
    }
}

impl core::error::Error for I32Exit {}

/// Ends the program. Does not return to the guest.
///
/// Parameters: `code`, which the host sees in [`I32Exit`].
///
/// It follows, of WASI,
/// <https://github.com/WebAssembly/WASI/blob/main/legacy/preview1/docs.md#proc_exit>
/// and, of POSIX,
/// <https://pubs.opengroup.org/onlinepubs/9799919799/functions/_exit.html>.
pub fn proc_exit(code: u32) -> I32Exit {
    I32Exit(code as i32)
}

/// Sends the guest a signal. It can have no handler, so this is what a signal does by default:
/// signals that stop a program end it, as if by `proc_exit` with 128 more than their number; others
/// do nothing.
///
/// Parameters: `signal`, 0 to 30.
///
/// Errors: `EINVAL` if there is no such signal; `ENOTSUP` for those that would pause it.
///
/// It follows, of WASI,
/// <https://github.com/WebAssembly/WASI/blob/main/legacy/preview1/docs.md#proc_raise>
/// and, of POSIX,
/// <https://pubs.opengroup.org/onlinepubs/9799919799/functions/raise.html>.
pub fn proc_raise(signal: u32) -> Result<Option<I32Exit>, Errno> {
    match signal {
        // none, chld, cont, urg, winch
        0 | 16 | 17 | 22 | 27 => Ok(None),
        // stop, tstp, ttin, ttou
        18..=21 => Err(Errno::NotSup),
        1..=30 => Ok(Some(I32Exit(128 + signal as i32))),
        _ => Err(Errno::Inval),
    }
}

/// Lets other threads of the host run.
///
/// It follows, of WASI,
/// <https://github.com/WebAssembly/WASI/blob/main/legacy/preview1/docs.md#sched_yield>
/// and, of POSIX,
/// <https://pubs.opengroup.org/onlinepubs/9799919799/functions/sched_yield.html>.
pub fn sched_yield(_: &mut WasiCtx, _: &mut GuestMemory<'_>) -> Result<(), Errno> {
    #[cfg(feature = "std")]
    std::thread::yield_now();
    Ok(())
}
