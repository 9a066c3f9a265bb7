//! What moves and fills memory where compiled code asks for it, byte by byte: what comes with the
//! compiler is quicker, and 3 KB. Used by machines without an operating system. Accesses are
//! volatile, or the compiler would find that this is what it has these functions for.

macro_rules! moves {
    ($($name:ident)*) => {$(
        #[unsafe(no_mangle)]
        unsafe extern "C" fn $name(to: *mut u8, from: *const u8, count: usize) -> *mut u8 {
            let forwards = to.cast_const() <= from;
            for n in 0..count {
                let at = if forwards { n } else { count - 1 - n };
                // SAFETY: the caller has so many bytes there.
                unsafe { to.add(at).write_volatile(from.add(at).read_volatile()) };
            }
            to
        }
    )*};
}

macro_rules! fills {
    ($($name:ident($($before:ident)?; $($after:ident)?) $byte:expr;)*) => {$(
        #[unsafe(no_mangle)]
        unsafe extern "C" fn $name(
            to: *mut u8,
            $($before: i32,)?
            count: usize
            $(, $after: i32)?
        ) -> *mut u8 {
            for n in 0..count {
                // SAFETY: the caller has so many bytes there.
                unsafe { to.add(n).write_volatile($byte as u8) };
            }
            to
        }
    )*};
}

moves! { memcpy memmove }
fills! { memset(byte;) byte; }

#[cfg(target_arch = "arm")]
moves! {
    __aeabi_memcpy __aeabi_memcpy4 __aeabi_memcpy8
    __aeabi_memmove __aeabi_memmove4 __aeabi_memmove8
}
#[cfg(target_arch = "arm")]
fills! {
    __aeabi_memset(;byte) byte;
    __aeabi_memset4(;byte) byte;
    __aeabi_memset8(;byte) byte;
    __aeabi_memclr(;) 0;
    __aeabi_memclr4(;) 0;
    __aeabi_memclr8(;) 0;
}
