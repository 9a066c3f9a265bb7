//! [`Run`]: an instance of a program while it is driven. Drivers call exports, read and write the
//! guest's memory, and say what the result is; they never see which engine runs.

use super::{
    checksum::Checksum,
    host::{Error, SharedWorld, Value},
};

/// An instance in some engine.
pub trait Guest {
    /// Calls an exported function.
    ///
    /// # Errors
    /// If there is none, if the arguments do not fit, if it traps.
    fn call(&mut self, export: &str, args: &[Value]) -> Result<Vec<Value>, Error>;

    /// The value of an exported global.
    ///
    /// # Errors
    /// If there is none, or it is no number.
    fn global(&mut self, export: &str) -> Result<Value, Error>;

    /// Copies bytes out of memory.
    ///
    /// # Errors
    /// If they are not in memory.
    fn read(&mut self, address: u32, bytes: &mut [u8]) -> Result<(), Error>;

    /// Copies bytes into memory.
    ///
    /// # Errors
    /// If there is no memory for them.
    fn write(&mut self, address: u32, bytes: &[u8]) -> Result<(), Error>;
}

/// The arguments of a call.
macro_rules! args {
    ($($arg:expr),* $(,)?) => { &[$($crate::programs::host::Value::from($arg)),*] };
}
pub(super) use args;

/// A program that is driven.
pub struct Run {
    guest: Box<dyn Guest>,
    world: SharedWorld,
    result: Checksum,
}

impl Run {
    pub(super) fn new(guest: Box<dyn Guest>, world: SharedWorld) -> Run {
        Run { guest, world, result: Checksum::new() }
    }

    /// Calls an export without result.
    pub(super) fn call(&mut self, export: &str, args: &[Value]) -> Result<(), Error> {
        self.values(export, args).map(|_| ())
    }

    /// Calls an export, for all its results.
    pub(super) fn values(&mut self, export: &str, args: &[Value]) -> Result<Vec<Value>, Error> {
        self.guest.call(export, args).map_err(|error| format!("{export}: {error}").into())
    }

    /// Calls an export whose first result is an `i32`: an address, a length, an answer.
    pub(super) fn get(&mut self, export: &str, args: &[Value]) -> Result<u32, Error> {
        let results = self.values(export, args)?;
        results.first().ok_or_else(|| format!("{export}: no result"))?.u32()
    }

    /// Calls an export that has to answer `expected`.
    pub(super) fn expect(
        &mut self,
        export: &str,
        args: &[Value],
        expected: u32,
    ) -> Result<(), Error> {
        match self.get(export, args)? {
            answer if answer == expected => Ok(()),
            answer => Err(format!("{export}: {answer} instead of {expected}").into()),
        }
    }

    /// An exported global: an address.
    pub(super) fn global(&mut self, export: &str) -> Result<u32, Error> {
        self.guest.global(export)?.u32()
    }

    /// Bytes of memory.
    pub(super) fn read(&mut self, address: u32, len: u32) -> Result<Vec<u8>, Error> {
        let mut bytes = vec![0; usize::try_from(len)?];
        self.guest.read(address, &mut bytes)?;
        Ok(bytes)
    }

    /// A string that ends with a zero.
    pub(super) fn read_c(&mut self, address: u32) -> Result<Vec<u8>, Error> {
        let (mut bytes, mut byte) = (Vec::new(), [0]);
        for at in address.. {
            self.guest.read(at, &mut byte)?;
            if byte == [0] {
                break;
            }
            bytes.extend(byte);
        }
        Ok(bytes)
    }

    /// Changes memory.
    pub(super) fn write(&mut self, address: u32, bytes: &[u8]) -> Result<(), Error> {
        self.guest.write(address, bytes)
    }

    /// A word of memory.
    pub(super) fn word(&mut self, address: u32) -> Result<u32, Error> {
        let mut bytes = [0; 4];
        self.guest.read(address, &mut bytes)?;
        Ok(u32::from_le_bytes(bytes))
    }

    /// Changes words of memory.
    pub(super) fn write_words(&mut self, address: u32, words: &[u32]) -> Result<(), Error> {
        let bytes: Vec<u8> = words.iter().flat_map(|word| word.to_le_bytes()).collect();
        self.write(address, &bytes)
    }

    /// Puts bytes where an export, from their number to an address, says.
    pub(super) fn put(&mut self, export: &str, bytes: &[u8]) -> Result<u32, Error> {
        let address = self.get(export, args![length(bytes)])?;
        self.write(address, bytes)?;
        Ok(address)
    }

    /// A constant that the program has named, as an `i32`.
    pub(super) fn constant(&self, name: &str) -> Result<u32, Error> {
        let world = self.world.lock().map_err(|_| "a host function panicked")?;
        let found = world.constants.iter().find(|(other, _)| other == name.as_bytes());
        Ok(found.ok_or_else(|| format!("no constant {name}"))?.1 as u32)
    }

    /// Says that bytes belong to the result.
    pub(super) fn result(&mut self, bytes: &[u8]) {
        self.result.bytes(bytes);
    }

    /// Says that bytes of memory belong to the result.
    pub(super) fn result_at(&mut self, address: u32, len: u32) -> Result<(), Error> {
        let bytes = self.read(address, len)?;
        self.result(&bytes);
        Ok(())
    }

    /// Runs a command to its end; its output is the result.
    pub(super) fn command(&mut self) -> Result<Vec<u8>, Error> {
        let end = self.values("_start", &[]);
        let world = self.world.lock().map_err(|_| "a host function panicked")?;
        let (stdout, stderr) = (world.stdout.contents(), world.stderr.contents());
        match (end, world.exit) {
            (Ok(_), _) | (Err(_), Some(0)) => {}
            (Err(error), _) => {
                let stderr = String::from_utf8_lossy(&stderr);
                return Err(format!("{error}: {stderr}").into());
            }
        }
        drop(world);
        self.result(&stdout);
        Ok(stdout)
    }

    /// Of the result, and of what the program told the host.
    pub(super) fn checksum(self) -> Result<u64, Error> {
        let events = self.world.lock().map_err(|_| "a host function panicked")?.events;
        Ok(self.result.get() ^ events.get().rotate_left(32))
    }
}

/// The length of bytes as guests count.
pub(super) fn length(bytes: &[u8]) -> u32 {
    u32::try_from(bytes.len()).expect("inputs are short")
}
