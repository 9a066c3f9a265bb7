//! [`Errno`]: what a function answers when it fails. Every function uses it. How the host's errors
//! become these numbers is said here, once.

macro_rules! errnos {
    ($($(#[$doc:meta])* $name:ident = $number:literal $text:literal;)*) => {
        /// What a function answers when it fails. The numbers are the specification's; success
        /// is 0.
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

impl From<Errno> for u16 {
    fn from(errno: Errno) -> u16 {
        errno as u16
    }
}

#[cfg(feature = "std")]
impl From<std::io::Error> for Errno {
    fn from(error: std::io::Error) -> Errno {
        use std::io::ErrorKind;
        #[cfg(unix)]
        if let Some(errno) = error.raw_os_error().map(rustix::io::Errno::from_raw_os_error) {
            return errno.into();
        }
        #[cfg(windows)]
        if let Some(errno) = error.raw_os_error().and_then(windows) {
            return errno;
        }
        match error.kind() {
            ErrorKind::NotFound => Errno::NoEnt,
            ErrorKind::AlreadyExists => Errno::Exist,
            ErrorKind::BrokenPipe => Errno::Pipe,
            ErrorKind::ConnectionAborted => Errno::ConnAborted,
            ErrorKind::ConnectionReset => Errno::ConnReset,
            ErrorKind::Interrupted => Errno::Intr,
            ErrorKind::InvalidInput => Errno::Inval,
            ErrorKind::NotConnected => Errno::NotConn,
            ErrorKind::OutOfMemory => Errno::NoMem,
            ErrorKind::PermissionDenied => Errno::Acces,
            ErrorKind::StorageFull => Errno::NoSpc,
            ErrorKind::TimedOut => Errno::TimedOut,
            ErrorKind::Unsupported => Errno::NotSup,
            ErrorKind::WouldBlock => Errno::Again,
            _ => Errno::Io,
        }
    }
}

/// What an error of Windows means, where its kind does not say it, or not as well.
#[cfg(all(feature = "std", windows))]
fn windows(code: i32) -> Option<Errno> {
    // The numbers are those of winerror.h, whose names stand above them, without `ERROR_`.
    Some(match code {
        // INVALID_FUNCTION, NOT_SUPPORTED
        1 | 50 => Errno::NotSup,
        // FILE_NOT_FOUND, PATH_NOT_FOUND, DELETE_PENDING
        2 | 3 | 303 => Errno::NoEnt,
        // TOO_MANY_OPEN_FILES
        4 => Errno::MFile,
        // INVALID_HANDLE
        6 => Errno::BadF,
        // NOT_SAME_DEVICE
        17 => Errno::XDev,
        // WRITE_PROTECT
        19 => Errno::RoFs,
        // SHARING_VIOLATION, LOCK_VIOLATION
        32 | 33 => Errno::Busy,
        // INVALID_PARAMETER, INVALID_NAME, NEGATIVE_SEEK, NOT_A_REPARSE_POINT
        87 | 123 | 131 | 4390 => Errno::Inval,
        // BUFFER_OVERFLOW, FILENAME_EXCED_RANGE, MORE_DATA: of paths, too
        111 | 206 | 234 => Errno::NameTooLong,
        // DIR_NOT_EMPTY
        145 => Errno::NotEmpty,
        // FILE_TOO_LARGE
        223 => Errno::FBig,
        // DIRECTORY
        267 => Errno::NotDir,
        // STOPPED_ON_SYMLINK
        681 => Errno::Loop,
        // TOO_MANY_LINKS
        1142 => Errno::MLink,
        // PRIVILEGE_NOT_HELD
        1314 => Errno::Perm,
        _ => return None,
    })
}

macro_rules! host_errnos {
    ($($host:ident => $name:ident,)*) => {
        #[cfg(all(feature = "std", unix))]
        impl From<rustix::io::Errno> for Errno {
            fn from(errno: rustix::io::Errno) -> Errno {
                use rustix::io::Errno as Host;
                match errno {
                    $(Host::$host => Errno::$name,)*
                    errno if errno == Host::WOULDBLOCK => Errno::Again,
                    errno if errno == Host::OPNOTSUPP => Errno::NotSup,
                    _ => Errno::Io,
                }
            }
        }
    };
}

host_errnos! {
    TOOBIG => TooBig, ACCESS => Acces, ADDRINUSE => AddrInUse, ADDRNOTAVAIL => AddrNotAvail,
    AFNOSUPPORT => AfNoSupport, AGAIN => Again, ALREADY => Already, BADF => BadF, BADMSG => BadMsg,
    BUSY => Busy, CANCELED => Canceled, CHILD => Child, CONNABORTED => ConnAborted,
    CONNREFUSED => ConnRefused, CONNRESET => ConnReset, DEADLK => Deadlk,
    DESTADDRREQ => DestAddrReq, DOM => Dom, DQUOT => DQuot, EXIST => Exist, FAULT => Fault,
    FBIG => FBig, HOSTUNREACH => HostUnreach, IDRM => IdRm, ILSEQ => IlSeq,
    INPROGRESS => InProgress, INTR => Intr, INVAL => Inval, IO => Io, ISCONN => IsConn,
    ISDIR => IsDir, LOOP => Loop, MFILE => MFile, MLINK => MLink, MSGSIZE => MsgSize,
    MULTIHOP => MultiHop, NAMETOOLONG => NameTooLong, NETDOWN => NetDown, NETRESET => NetReset,
    NETUNREACH => NetUnreach, NFILE => NFile, NOBUFS => NoBufs, NODEV => NoDev, NOENT => NoEnt,
    NOEXEC => NoExec, NOLCK => NoLck, NOLINK => NoLink, NOMEM => NoMem, NOMSG => NoMsg,
    NOPROTOOPT => NoProtoOpt, NOSPC => NoSpc, NOSYS => NoSys, NOTCONN => NotConn,
    NOTDIR => NotDir, NOTEMPTY => NotEmpty, NOTRECOVERABLE => NotRecoverable, NOTSOCK => NotSock,
    NOTSUP => NotSup, NOTTY => NoTty, NXIO => Nxio, OVERFLOW => Overflow, OWNERDEAD => OwnerDead,
    PERM => Perm, PIPE => Pipe, PROTO => Proto, PROTONOSUPPORT => ProtoNoSupport,
    PROTOTYPE => ProtoType, RANGE => Range, ROFS => RoFs, SPIPE => SPipe, SRCH => Srch,
    STALE => Stale, TIMEDOUT => TimedOut, TXTBSY => TxtBsy, XDEV => XDev,
}

#[cfg(test)]
mod tests {
    use super::*;
    use alloc::string::ToString;

    #[test]
    fn numbers_are_the_specifications() {
        assert_eq!(Errno::Fault as u16, 21);
        assert_eq!(Errno::NoSys as u16, 52);
        assert_eq!(Errno::NotCapable as u16, 76);
        assert_eq!(Errno::BadF.to_string(), "bad file descriptor");
    }

    #[cfg(all(feature = "std", unix))]
    #[test]
    fn errors_of_the_host() {
        let error = std::fs::File::open("/no/such/file").unwrap_err();
        assert_eq!(Errno::from(error), Errno::NoEnt);
        assert_eq!(Errno::from(std::io::Error::from(std::io::ErrorKind::WouldBlock)), Errno::Again);
        assert_eq!(Errno::from(rustix::io::Errno::LOOP), Errno::Loop);
    }
}
