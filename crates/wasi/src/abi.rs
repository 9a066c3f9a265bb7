//! The types of `wasi_snapshot_preview1` as the guest sees them: error numbers, file types, rights, and
//! [`GuestMemory`], the only way to the guest's memory. Every function's file uses it. It knows
//! nothing of descriptors or of the host.

macro_rules! errnos {
    ($($(#[$doc:meta])* $name:ident = $number:literal $text:literal;)*) => {
        /// What a function answers when it fails. The numbers are the specification's; success is 0.
        #[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
        #[repr(u16)]
        #[allow(missing_docs)] // The messages say it.
        pub enum Errno {
            $($name = $number,)*
        }

        impl Errno {
            /// What it means, in words.
            pub const fn message(self) -> &'static str {
                match self {
                    $(Errno::$name => $text,)*
                }
            }
        }
    };
}

errnos! {
    TooBig = 1 "argument list too long";
    Acces = 2 "permission denied";
    AddrInUse = 3 "address in use";
    AddrNotAvail = 4 "address not available";
    AfNoSupport = 5 "address family not supported";
    Again = 6 "resource unavailable, try again";
    Already = 7 "connection already in progress";
    BadF = 8 "bad file descriptor";
    BadMsg = 9 "bad message";
    Busy = 10 "device or resource busy";
    Canceled = 11 "operation canceled";
    Child = 12 "no child processes";
    ConnAborted = 13 "connection aborted";
    ConnRefused = 14 "connection refused";
    ConnReset = 15 "connection reset";
    Deadlk = 16 "resource deadlock would occur";
    DestAddrReq = 17 "destination address required";
    Dom = 18 "argument out of domain";
    DQuot = 19 "disk quota exceeded";
    Exist = 20 "file exists";
    Fault = 21 "bad address";
    FBig = 22 "file too large";
    HostUnreach = 23 "host is unreachable";
    IdRm = 24 "identifier removed";
    IlSeq = 25 "illegal byte sequence";
    InProgress = 26 "operation in progress";
    Intr = 27 "interrupted function";
    Inval = 28 "invalid argument";
    Io = 29 "I/O error";
    IsConn = 30 "socket is connected";
    IsDir = 31 "is a directory";
    Loop = 32 "too many levels of symbolic links";
    MFile = 33 "file descriptor value too large";
    MLink = 34 "too many links";
    MsgSize = 35 "message too large";
    MultiHop = 36 "multihop attempted";
    NameTooLong = 37 "file name too long";
    NetDown = 38 "network is down";
    NetReset = 39 "connection aborted by network";
    NetUnreach = 40 "network unreachable";
    NFile = 41 "too many files open in system";
    NoBufs = 42 "no buffer space available";
    NoDev = 43 "no such device";
    NoEnt = 44 "no such file or directory";
    NoExec = 45 "executable file format error";
    NoLck = 46 "no locks available";
    NoLink = 47 "link has been severed";
    NoMem = 48 "not enough space";
    NoMsg = 49 "no message of the desired type";
    NoProtoOpt = 50 "protocol not available";
    NoSpc = 51 "no space left on device";
    NoSys = 52 "function not supported";
    NotConn = 53 "the socket is not connected";
    NotDir = 54 "not a directory";
    NotEmpty = 55 "directory not empty";
    NotRecoverable = 56 "state not recoverable";
    NotSock = 57 "not a socket";
    NotSup = 58 "not supported";
    NoTty = 59 "inappropriate I/O control operation";
    Nxio = 60 "no such device or address";
    Overflow = 61 "value too large to be stored in data type";
    OwnerDead = 62 "previous owner died";
    Perm = 63 "operation not permitted";
    Pipe = 64 "broken pipe";
    Proto = 65 "protocol error";
    ProtoNoSupport = 66 "protocol not supported";
    ProtoType = 67 "protocol wrong type for socket";
    Range = 68 "result too large";
    RoFs = 69 "read-only file system";
    SPipe = 70 "invalid seek";
    Srch = 71 "no such process";
    Stale = 72 "stale file handle";
    TimedOut = 73 "connection timed out";
    TxtBsy = 74 "text file busy";
    XDev = 75 "cross-device link";
    NotCapable = 76 "capabilities insufficient";
}

impl core::fmt::Display for Errno {
    fn fmt(&self, f: &mut core::fmt::Formatter<'_>) -> core::fmt::Result {
        f.write_str(self.message())
    }
}

impl core::error::Error for Errno {}

impl From<std::io::Error> for Errno {
    fn from(error: std::io::Error) -> Errno {
        use std::io::ErrorKind;
        match error.kind() {
            ErrorKind::BrokenPipe => Errno::Pipe,
            ErrorKind::Interrupted => Errno::Intr,
            ErrorKind::WouldBlock => Errno::Again,
            ErrorKind::PermissionDenied => Errno::Acces,
            ErrorKind::StorageFull => Errno::NoSpc,
            ErrorKind::InvalidInput => Errno::Inval,
            _ => Errno::Io,
        }
    }
}

/// What a file descriptor is open to.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[repr(u8)]
pub(crate) enum FileType {
    Unknown = 0,
    CharacterDevice = 2,
}

/// What may be done with a descriptor. Programs ask; nothing is decided by it.
pub(crate) mod rights {
    pub(crate) const FD_READ: u64 = 1 << 1;
    pub(crate) const FD_WRITE: u64 = 1 << 6;
    pub(crate) const POLL_FD_READWRITE: u64 = 1 << 27;
}

/// The guest's linear memory during one call. Every access is checked; one outside of the memory is
/// [`Errno::Fault`].
pub(crate) struct GuestMemory<'a>(&'a mut [u8]);

impl<'a> GuestMemory<'a> {
    pub(crate) fn new(bytes: &'a mut [u8]) -> GuestMemory<'a> {
        GuestMemory(bytes)
    }

    /// The `len` bytes at `ptr`.
    pub(crate) fn bytes(&self, ptr: u32, len: u32) -> Result<&[u8], Errno> {
        let start = ptr as usize;
        let end = start.checked_add(len as usize).ok_or(Errno::Fault)?;
        self.0.get(start..end).ok_or(Errno::Fault)
    }

    /// The `len` bytes at `ptr`, to be written.
    pub(crate) fn bytes_mut(&mut self, ptr: u32, len: u32) -> Result<&mut [u8], Errno> {
        let start = ptr as usize;
        let end = start.checked_add(len as usize).ok_or(Errno::Fault)?;
        self.0.get_mut(start..end).ok_or(Errno::Fault)
    }

    pub(crate) fn write(&mut self, ptr: u32, bytes: &[u8]) -> Result<(), Errno> {
        let len = u32::try_from(bytes.len()).map_err(|_| Errno::Overflow)?;
        self.bytes_mut(ptr, len)?.copy_from_slice(bytes);
        Ok(())
    }

    pub(crate) fn read_u32(&self, ptr: u32) -> Result<u32, Errno> {
        let mut bytes = [0; 4];
        bytes.copy_from_slice(self.bytes(ptr, 4)?);
        Ok(u32::from_le_bytes(bytes))
    }

    pub(crate) fn write_u32(&mut self, ptr: u32, value: u32) -> Result<(), Errno> {
        self.write(ptr, &value.to_le_bytes())
    }

    pub(crate) fn write_u64(&mut self, ptr: u32, value: u64) -> Result<(), Errno> {
        self.write(ptr, &value.to_le_bytes())
    }

    /// The `index`th of the (pointer, length) pairs at `iovs`.
    pub(crate) fn iovec(&self, iovs: u32, index: u32) -> Result<(u32, u32), Errno> {
        let at = index.checked_mul(8).and_then(|o| iovs.checked_add(o)).ok_or(Errno::Fault)?;
        let length_at = at.checked_add(4).ok_or(Errno::Fault)?;
        Ok((self.read_u32(at)?, self.read_u32(length_at)?))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn memory_is_checked() {
        let mut bytes = [0u8; 16];
        let mut memory = GuestMemory::new(&mut bytes);
        memory.write_u32(12, 0x0403_0201).unwrap();
        assert_eq!(memory.read_u32(12), Ok(0x0403_0201));
        assert_eq!(memory.bytes(12, 4), Ok(&[1, 2, 3, 4][..]));
        assert_eq!(memory.read_u32(13), Err(Errno::Fault));
        assert_eq!(memory.write_u64(9, 0), Err(Errno::Fault));
        assert_eq!(memory.bytes(u32::MAX, u32::MAX), Err(Errno::Fault));
        assert_eq!(memory.bytes(16, 0), Ok(&[][..]));
        assert_eq!(memory.bytes(17, 0), Err(Errno::Fault));
        assert_eq!(memory.iovec(8, 0), Ok((0, 0x0403_0201)));
        assert_eq!(memory.iovec(8, 1), Err(Errno::Fault));
        assert_eq!(memory.iovec(u32::MAX, u32::MAX), Err(Errno::Fault));
    }

    #[test]
    fn numbers_are_the_specifications() {
        assert_eq!(Errno::Fault as u16, 21);
        assert_eq!(Errno::NoSys as u16, 52);
        assert_eq!(Errno::NotCapable as u16, 76);
        assert_eq!(Errno::BadF.to_string(), "bad file descriptor");
    }
}
