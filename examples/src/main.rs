//! Small programs that show how Windlass is embedded, each in a file that can be read alone and
//! copied: `cargo run -p windlass-examples NAME` runs one, without a name it lists them. They check
//! what they say, and the tests run them all.
#![forbid(unsafe_code)]

mod anyref;
mod epochs;
mod externref;
mod files;
mod fuel;
mod gcd;
mod hello;
mod interrupt;
mod linking;
mod memory;
mod multi;
mod multimemory;
mod no_std;
mod objects;
mod plugins;
mod pool;
mod resumable;
mod shared;
mod streams;
mod strings;
mod threads;
mod wasip1;

use std::process::ExitCode;
use windlass::Result;

/// Lists the examples, each with what it shows, and makes a test of each.
macro_rules! examples {
    ($($name:ident $shows:literal;)*) => {
        type Example = (&'static str, &'static str, fn() -> Result<()>);

        const EXAMPLES: &[Example] = &[$((stringify!($name), $shows, $name::main)),*];

        #[cfg(test)]
        mod tests {
            $(
                #[test]
                fn $name() {
                    super::$name::main().unwrap();
                }
            )*
        }
    };
}

examples! {
    hello "a guest that calls the host";
    gcd "a function of a guest, with its types";
    multi "functions with several results, and types known only at run time";
    memory "a guest's memory: reading, writing, growing";
    multimemory "a guest with two memories";
    linking "modules that import each other, and WASI";
    strings "strings between host and guest";
    fuel "how far a guest gets is counted";
    interrupt "stopping a guest from another thread";
    epochs "deadlines for many guests with one clock";
    resumable "calls that are paused and go on: fuel in slices, host functions that answer later";
    plugins "guests that are not trusted: limits, deadlines, and new versions while running";
    pool "many instances of a module, on several threads";
    threads "one module on several threads";
    shared "a memory that guests on several threads share";
    externref "values of the host in the hands of a guest";
    anyref "numbers and objects as references";
    objects "structures and arrays of the guest's types, made and read by the host";
    wasip1 "a WASI program";
    files "a WASI program with files of its own";
    streams "a WASI program with streams of the host's making, and state beside its world";
    no_std "embedding without the standard library";
}

fn main() -> ExitCode {
    let wanted = std::env::args().nth(1);
    let Some(name) = wanted else {
        for (name, shows, _) in EXAMPLES {
            println!("{name:12} {shows}");
        }
        return ExitCode::SUCCESS;
    };
    let Some((.., run)) = EXAMPLES.iter().find(|(known, ..)| *known == name) else {
        eprintln!("there is no example {name:?}");
        return ExitCode::from(2);
    };
    match run() {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("error: {error}");
            ExitCode::FAILURE
        }
    }
}
