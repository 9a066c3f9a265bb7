//! The text format, for the command: what its parser finds wrong, by file, line and column, for
//! people and for programs. `terminal` and `inspect` come here with a text that the engine refused;
//! nothing is run of what is made here.

use std::{
    error::Error,
    fmt::{self, Display},
    path::Path,
};
use wast::{
    Wat,
    parser::{self, ParseBuffer},
};

/// The longest line, in bytes, that is shown to people: text that a program made may have one line.
const LONGEST: usize = 400;

/// Why a text is that of no module. It is shown with the line that is wrong, unless that is long.
#[derive(Debug)]
pub(crate) struct Malformed {
    error: wast::Error,
    /// Where it is, instead of a line that is too long.
    place: Option<String>,
    /// Whether the file's name is that of a test script.
    is_script: bool,
    /// Both from 1.
    pub(crate) line: usize,
    pub(crate) column: usize,
}

impl Malformed {
    /// What is wrong, on one line, and not where.
    pub(crate) fn reason(&self) -> String {
        self.error.message()
    }
}

impl Display for Malformed {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match &self.place {
            Some(place) => write!(f, "{}\n     --> {place}", self.reason()),
            None => self.error.fmt(f),
        }?;
        f.write_str(if self.is_script { "\na test script is run by windlass wast" } else { "" })
    }
}

impl Error for Malformed {}

/// A module in the binary format, from the text in a file.
pub(crate) fn encode(path: &Path, text: &str) -> Result<Vec<u8>, Malformed> {
    binary(text).map_err(|mut error| {
        error.set_path(path);
        error.set_text(text);
        let (line, column) = error.span().linecol_in(text);
        let is_long = text.lines().nth(line).is_some_and(|line| line.len() > LONGEST);
        let (line, column) = (line + 1, column + 1);
        let place = is_long.then(|| format!("{}:{line}:{column}", path.display()));
        let is_script = path.extension().is_some_and(|extension| extension == "wast");
        Malformed { error, place, is_script, line, column }
    })
}

fn binary(text: &str) -> Result<Vec<u8>, wast::Error> {
    let buffer = ParseBuffer::new(text)?;
    let mut wat = parser::parse::<Wat<'_>>(&buffer)?;
    wat.encode()
}
