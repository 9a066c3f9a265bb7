//! `args_*` and `environ_*`: lists of NUL-terminated strings, copied into the guest byte by byte.

use crate::{Errno, GuestMemory, WasiCtx, fuel};
use alloc::vec::Vec;

/// Tells how many arguments there are, and how many bytes they take.
///
/// Parameters: `count` and `size`, where the two numbers go.
///
/// Errors: `EFAULT`; `EOVERFLOW` if they are too many for the guest.
///
/// ```text
/// count ─▶ ┌─────┐          size ─▶ ┌─────┐
///          │ u32 │ written          │ u32 │ written
///          └─────┘                  └─────┘
/// ```
///
/// It follows, of WASI,
/// <https://github.com/WebAssembly/WASI/blob/main/legacy/preview1/docs.md#args_sizes_get>
/// and, of POSIX,
/// <https://pubs.opengroup.org/onlinepubs/9799919799/functions/exec.html>.
pub fn args_sizes_get(
    ctx: &mut WasiCtx,
    memory: &mut GuestMemory<'_>,
    count: u32,
    size: u32,
) -> Result<(), Errno> {
    sizes(&ctx.args, memory, count, size)
}

/// Copies the arguments to the guest.
///
/// Parameters: `pointers`, where the addresses of the arguments go; `buffer`, where they go
/// themselves. Both are as long as `args_sizes_get` says.
///
/// Errors: `EFAULT`; what came before is written.
///
/// ```text
/// pointers ─▶ ┌───────────────┬───────────────┬─
///             │ u32: buffer   │ u32: buffer+5 │ ... count times, written
///             └───────────────┴───────────────┴─
/// buffer   ─▶ ┌───┬───┬───┬───┬───┬───┬───┬─
///             │ p │ r │ o │ g │ 0 │ - │ v │ ... size bytes, written
///             └───┴───┴───┴───┴───┴───┴───┴─
/// ```
///
/// It follows, of WASI,
/// <https://github.com/WebAssembly/WASI/blob/main/legacy/preview1/docs.md#args_get>
/// and, of POSIX,
/// <https://pubs.opengroup.org/onlinepubs/9799919799/functions/exec.html>.
pub fn args_get(
    ctx: &mut WasiCtx,
    memory: &mut GuestMemory<'_>,
    pointers: u32,
    buffer: u32,
) -> Result<(), Errno> {
    copy(&ctx.args, memory, pointers, buffer)
}

/// Tells how many variables the environment has, and how many bytes they take: see
/// [`args_sizes_get`].
///
/// It follows, of WASI,
/// <https://github.com/WebAssembly/WASI/blob/main/legacy/preview1/docs.md#environ_sizes_get>
/// and, of POSIX,
/// <https://pubs.opengroup.org/onlinepubs/9799919799/functions/environ.html>.
pub fn environ_sizes_get(
    ctx: &mut WasiCtx,
    memory: &mut GuestMemory<'_>,
    count: u32,
    size: u32,
) -> Result<(), Errno> {
    sizes(&ctx.env, memory, count, size)
}

/// Copies the environment to the guest: strings `NAME=value`, in the layout of [`args_get`].
///
/// It follows, of WASI,
/// <https://github.com/WebAssembly/WASI/blob/main/legacy/preview1/docs.md#environ_get>
/// and, of POSIX,
/// <https://pubs.opengroup.org/onlinepubs/9799919799/functions/environ.html>.
pub fn environ_get(
    ctx: &mut WasiCtx,
    memory: &mut GuestMemory<'_>,
    pointers: u32,
    buffer: u32,
) -> Result<(), Errno> {
    copy(&ctx.env, memory, pointers, buffer)
}

/// Tells how many strings there are and how many bytes they take.
fn sizes(
    list: &[Vec<u8>],
    memory: &mut GuestMemory<'_>,
    count: u32,
    size: u32,
) -> Result<(), Errno> {
    memory.charge(fuel::STRING * list.len() as u64);
    let bytes: usize = list.iter().map(|s| s.len() + 1).sum();
    memory.write_u32(count, u32::try_from(list.len()).map_err(|_| Errno::Overflow)?)?;
    memory.write_u32(size, u32::try_from(bytes).map_err(|_| Errno::Overflow)?)
}

/// Writes the strings one after the other to `buffer`, and their addresses to `pointers`.
fn copy(
    list: &[Vec<u8>],
    memory: &mut GuestMemory<'_>,
    mut pointers: u32,
    mut buffer: u32,
) -> Result<(), Errno> {
    for string in list {
        let len = u32::try_from(string.len()).map_err(|_| Errno::Overflow)?;
        memory.charge(fuel::STRING + fuel::bytes(len));
        memory.write_u32(pointers, buffer)?;
        memory.write(buffer, string)?;
        let end = buffer.checked_add(len).ok_or(Errno::Fault)?;
        memory.write(end, &[0])?;
        pointers = pointers.checked_add(4).ok_or(Errno::Fault)?;
        buffer = end.checked_add(1).ok_or(Errno::Fault)?;
    }
    Ok(())
}
