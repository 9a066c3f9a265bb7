//! [`Table`]: times in Markdown, printed row by row while `compare` measures.

use std::{
    io::{Result, Write, stdout},
    time::Duration,
};

/// A table of times: a column for each engine, and the ratios to the first one.
pub struct Table {
    rows: u32,
    /// Of each engine but the first, the sum of the logarithms of its ratios.
    logarithms: Vec<f64>,
}

impl Table {
    /// Prints the head of a table that compares `engines` by `what`.
    pub fn new(what: &str, engines: &[&str]) -> Result<Table> {
        let (mut header, mut line) = (format!("| {what:16} |"), format!("|{:-<18}|", ""));
        for (index, engine) in engines.iter().enumerate() {
            header += &format!(" {:>11} |", format!("{engine} ms"));
            line += &format!("{:->13}|", ":");
            if index > 0 {
                header += "  ratio |";
                line += "-------:|";
            }
        }
        writeln!(stdout(), "{header}\n{line}")?;
        Ok(Table { rows: 0, logarithms: vec![0.0; engines.len().saturating_sub(1)] })
    }

    /// Prints a row: the time of each engine. It counts for the mean.
    pub fn row(&mut self, name: &str, times: &[Duration]) -> Result<()> {
        let first = milliseconds(times[0]);
        let mut row = format!("| {name:16} | {first:>11.3} |");
        for (time, sum) in times[1..].iter().zip(&mut self.logarithms) {
            let time = milliseconds(*time);
            let ratio = time / first;
            *sum += ratio.ln();
            row += &format!(" {time:>11.3} | {ratio:>6.2} |");
        }
        self.rows += 1;
        writeln!(stdout(), "{row}")
    }

    /// Prints the geometric mean of the ratios of the rows so far.
    pub fn mean(&self) -> Result<()> {
        let mut row = format!("| {:16} | {:>11} |", "geometric mean", "");
        for sum in &self.logarithms {
            row += &format!(" {:>11} | {:>6.2} |", "", (sum / f64::from(self.rows)).exp());
        }
        writeln!(stdout(), "{row}")
    }
}

/// A time in milliseconds.
pub fn milliseconds(time: Duration) -> f64 {
    time.as_secs_f64() * 1e3
}
