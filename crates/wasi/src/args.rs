//! `args_*` and `environ_*`: lists of NUL-terminated strings, copied into the guest.

use crate::{
    WasiCtx,
    abi::{Errno, GuestMemory},
};

pub(crate) fn args_sizes_get(
    ctx: &mut WasiCtx,
    memory: &mut GuestMemory<'_>,
    count: u32,
    size: u32,
) -> Result<(), Errno> {
    sizes(&ctx.args, memory, count, size)
}

pub(crate) fn args_get(
    ctx: &mut WasiCtx,
    memory: &mut GuestMemory<'_>,
    pointers: u32,
    buffer: u32,
) -> Result<(), Errno> {
    copy(&ctx.args, memory, pointers, buffer)
}

pub(crate) fn environ_sizes_get(
    ctx: &mut WasiCtx,
    memory: &mut GuestMemory<'_>,
    count: u32,
    size: u32,
) -> Result<(), Errno> {
    sizes(&ctx.env, memory, count, size)
}

pub(crate) fn environ_get(
    ctx: &mut WasiCtx,
    memory: &mut GuestMemory<'_>,
    pointers: u32,
    buffer: u32,
) -> Result<(), Errno> {
    copy(&ctx.env, memory, pointers, buffer)
}

/// Tells how many strings there are and how many bytes they take.
fn sizes(
    list: &[String],
    memory: &mut GuestMemory<'_>,
    count: u32,
    size: u32,
) -> Result<(), Errno> {
    let bytes: usize = list.iter().map(|s| s.len() + 1).sum();
    memory.write_u32(count, u32::try_from(list.len()).map_err(|_| Errno::Overflow)?)?;
    memory.write_u32(size, u32::try_from(bytes).map_err(|_| Errno::Overflow)?)
}

/// Writes the strings one after the other to `buffer`, and their addresses to `pointers`.
fn copy(
    list: &[String],
    memory: &mut GuestMemory<'_>,
    mut pointers: u32,
    mut buffer: u32,
) -> Result<(), Errno> {
    for string in list {
        let len = u32::try_from(string.len()).map_err(|_| Errno::Overflow)?;
        memory.write_u32(pointers, buffer)?;
        memory.write(buffer, string.as_bytes())?;
        let end = buffer.checked_add(len).ok_or(Errno::Fault)?;
        memory.write(end, &[0])?;
        pointers = pointers.checked_add(4).ok_or(Errno::Fault)?;
        buffer = end.checked_add(1).ok_or(Errno::Fault)?;
    }
    Ok(())
}
