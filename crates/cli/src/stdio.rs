//! The command's standard output and error as a program's. Whose reader went away gets no error,
//! which few programs look at: it ends as one that gets SIGPIPE does. `world` gives them.

use windlass_wasi::WasiCtxBuilder;

#[cfg(unix)]
pub(crate) fn give(wasi: &mut WasiCtxBuilder) {
    use std::io::{stderr, stdout};

    wasi.inherit_stdin();
    // Of a closed stream, as the library has it.
    match unix::Piped::new(stdout()) {
        Ok(stream) => wasi.stdout(stream),
        Err(_) => wasi.inherit_stdout(),
    };
    match unix::Piped::new(stderr()) {
        Ok(stream) => wasi.stderr(stream),
        Err(_) => wasi.inherit_stderr(),
    };
}

#[cfg(not(unix))]
pub(crate) fn give(wasi: &mut WasiCtxBuilder) {
    wasi.inherit_stdio();
}

#[cfg(unix)]
mod unix {
    use std::{
        fs::File,
        io,
        os::fd::{AsFd, BorrowedFd},
        process,
    };
    use windlass_wasi::{Errno, FileStream, OutputStream};

    /// 128 and the number of SIGPIPE.
    const READER_GONE: i32 = 141;

    /// A stream of the command.
    pub(super) struct Piped(FileStream);

    impl Piped {
        pub(super) fn new(stream: impl AsFd) -> io::Result<Piped> {
            Ok(Piped(FileStream(File::from(stream.as_fd().try_clone_to_owned()?))))
        }
    }

    impl OutputStream for Piped {
        fn write(&mut self, buffers: &[&[u8]]) -> Result<usize, Errno> {
            let written = self.0.write(buffers);
            if written == Err(Errno::Pipe) {
                process::exit(READER_GONE);
            }
            written
        }

        fn is_terminal(&self) -> bool {
            OutputStream::is_terminal(&self.0)
        }

        fn is_ready(&mut self) -> Result<bool, Errno> {
            OutputStream::is_ready(&mut self.0)
        }

        fn host_fd(&self) -> Option<BorrowedFd<'_>> {
            OutputStream::host_fd(&self.0)
        }
    }
}
