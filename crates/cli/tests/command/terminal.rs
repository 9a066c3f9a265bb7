//! The command in a terminal: a program that people talk to, Ctrl-C, Ctrl-Z, another size. What is
//! typed goes into one end of a pseudo-terminal; the command has the other.

use crate::program;
use rustix::{process::Signal, pty, termios};
use std::{
    fs::{File, OpenOptions},
    io::{Read, Write},
    os::unix::{ffi::OsStrExt, process::ExitStatusExt},
    process::{Child, Command, ExitStatus, Stdio},
    sync::{
        Arc, Condvar, Mutex,
        atomic::{AtomicBool, Ordering},
    },
    thread,
    time::{Duration, Instant},
};

const CTRL_C: &str = "\x03";
const CTRL_D: &str = "\x04";
const CTRL_Z: &str = "\x1a";

/// So long nothing takes but what hangs.
const LONG: Duration = Duration::from_secs(120);

/// A terminal with a process in it.
struct Terminal {
    keyboard: File,
    screen: Arc<(Mutex<String>, Condvar)>,
    child: Child,
}

impl Terminal {
    /// A process that has a terminal of its own.
    fn run(command: &[&str]) -> Terminal {
        let keyboard = pty::openpt(pty::OpenptFlags::RDWR | pty::OpenptFlags::NOCTTY).unwrap();
        pty::grantpt(&keyboard).unwrap();
        pty::unlockpt(&keyboard).unwrap();
        let name = pty::ptsname(&keyboard, Vec::new()).unwrap();
        let name = std::ffi::OsStr::from_bytes(name.as_bytes());
        let open = || Stdio::from(OpenOptions::new().read(true).write(true).open(name).unwrap());
        let (stdin, stdout, stderr) = (open(), open(), open());
        // A session of its own, whose terminal is the one that it has as standard input. Signals
        // may be ignored where the tests run in the background: not there.
        let child = Command::new("env")
            .args(["--default-signal", "setsid", "--ctty"])
            .args(command)
            .env("PS1", "$ ")
            .stdin(stdin)
            .stdout(stdout)
            .stderr(stderr)
            .spawn()
            .expect("the command starts");
        let keyboard = File::from(keyboard);
        let mut reader = keyboard.try_clone().unwrap();
        let screen = Arc::<(Mutex<String>, Condvar)>::default();
        let shown = screen.clone();
        thread::spawn(move || {
            let mut buffer = [0; 1024];
            // It fails when nobody has the terminal open any more.
            while let Ok(count @ 1..) = reader.read(&mut buffer) {
                shown.0.lock().unwrap().push_str(&String::from_utf8_lossy(&buffer[..count]));
                shown.1.notify_all();
            }
        });
        Terminal { keyboard, screen, child }
    }

    fn windlass(args: &[&str]) -> Terminal {
        Terminal::run(&[&[env!("CARGO_BIN_EXE_windlass")], args].concat())
    }

    fn types(&mut self, text: &str) {
        self.keyboard.write_all(text.as_bytes()).unwrap();
    }

    /// Waits until the text appears behind what was waited for before.
    fn shows(&mut self, text: &str) {
        let start = Instant::now();
        let mut screen = self.screen.0.lock().unwrap();
        loop {
            if let Some(at) = screen.find(text) {
                screen.drain(..at + text.len());
                return;
            }
            assert!(start.elapsed() < LONG, "no {text:?} in {screen:?}");
            screen = self.screen.1.wait_timeout(screen, Duration::from_millis(100)).unwrap().0;
        }
    }

    fn ends(&mut self) -> ExitStatus {
        let start = Instant::now();
        loop {
            if let Some(status) = self.child.try_wait().unwrap() {
                return status;
            }
            assert!(start.elapsed() < LONG, "it does not end");
            thread::sleep(Duration::from_millis(10));
        }
    }
}

impl Drop for Terminal {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

/// What is typed is shown by the terminal, and once more by the program, line by line.
#[test]
fn a_program_that_people_talk_to() {
    let mut terminal = Terminal::windlass(&["run", &program("echo.wat")]);
    for line in ["first", "second"] {
        terminal.types(&format!("{line}\n"));
        terminal.shows(&format!("{line}\r\n{line}\r\n"));
    }
    terminal.types(CTRL_D);
    assert_eq!(terminal.ends().code(), Some(0));
}

#[test]
fn ctrl_c_ends_it() {
    let reactor = program("reactor.wat");
    for args in [
        &["run", &program("echo.wat")][..],
        &["run", &program("sleeper.wat")],
        &["run", "--timeout", "1h", "--invoke", "forever", &reactor],
        &["run", "--invoke", "forever", &reactor],
    ] {
        let mut terminal = Terminal::windlass(args);
        // The first may come before the terminal is its own.
        let start = Instant::now();
        while terminal.child.try_wait().unwrap().is_none() {
            assert!(start.elapsed() < LONG, "it does not end");
            terminal.types(CTRL_C);
            thread::sleep(Duration::from_millis(50));
        }
        let signal = terminal.ends().signal();
        assert_eq!(signal, Some(Signal::INT.as_raw()), "{args:?}");
    }
}

/// A shell gets the terminal back, and gives it again.
#[test]
fn ctrl_z_stops_it() {
    let mut shell = Terminal::run(&["sh", "-i"]);
    shell.shows("$ ");
    shell.types(&format!("'{}' run '{}'\n", env!("CARGO_BIN_EXE_windlass"), program("echo.wat")));
    shell.types("before\n");
    shell.shows("before\r\nbefore\r\n");
    shell.types(CTRL_Z);
    shell.shows("Stopped");
    shell.types("fg\n");
    shell.shows("fg\r\n");
    // The shell tells what goes on.
    shell.shows("echo.wat");
    shell.types("after\n");
    shell.shows("after\r\nafter\r\n");
    shell.types(CTRL_D);
    shell.types("exit 7\n");
    assert_eq!(shell.ends().code(), Some(7));
}

/// The signal that tells of it interrupts reading; the program does not notice.
#[test]
fn another_size_while_it_reads() {
    let mut terminal = Terminal::windlass(&["run", &program("echo.wat")]);
    terminal.types("small\n");
    terminal.shows("small\r\nsmall\r\n");
    let resizes = Arc::new(AtomicBool::new(true));
    let (more, of) = (resizes.clone(), terminal.keyboard.try_clone().unwrap());
    let resizer = thread::spawn(move || {
        for columns in (20..200).cycle().take_while(|_| more.load(Ordering::Relaxed)) {
            let size = termios::Winsize { ws_row: 20, ws_col: columns, ws_xpixel: 0, ws_ypixel: 0 };
            termios::tcsetwinsize(&of, size).unwrap();
            thread::yield_now();
        }
    });
    for line in 0..50 {
        terminal.types(&format!("line {line}\n"));
        terminal.shows(&format!("line {line}\r\nline {line}\r\n"));
    }
    resizes.store(false, Ordering::Relaxed);
    resizer.join().unwrap();
    terminal.types(CTRL_D);
    assert_eq!(terminal.ends().code(), Some(0));
}
