//! [`Table`]: times in Markdown, printed row by row while `compare` measures.

use std::{
    io::{Result, Write, stdout},
    time::Duration,
};

/// A table of times: a column for each engine, and the ratios to the first one.
pub struct Table {
    /// Of each engine but the first, the logarithms of its ratios.
    logarithms: Vec<Vec<f64>>,
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
        Ok(Table { logarithms: vec![Vec::new(); engines.len().saturating_sub(1)] })
    }

    /// Prints a row: the time of each engine, none of one that can't run it. It counts for the
    /// mean.
    pub fn row(&mut self, name: &str, times: &[Option<Duration>]) -> Result<()> {
        let first = times[0].map(milliseconds);
        let mut row = format!("| {name:16} | {} |", show(first, 11, 3));
        for (time, logarithms) in times[1..].iter().zip(&mut self.logarithms) {
            let time = time.map(milliseconds);
            let ratio = time.zip(first).map(|(time, first)| time / first);
            logarithms.extend(ratio.map(f64::ln));
            row += &format!(" {} | {} |", show(time, 11, 3), show(ratio, 6, 2));
        }
        writeln!(stdout(), "{row}")
    }

    /// Prints the geometric mean of the ratios of the rows so far.
    pub fn mean(&self) -> Result<()> {
        let mut row = format!("| {:16} | {:>11} |", "geometric mean", "");
        for logarithms in &self.logarithms {
            let mean = logarithms.iter().sum::<f64>() / logarithms.len() as f64;
            let mean = (!logarithms.is_empty()).then(|| mean.exp());
            row += &format!(" {:>11} | {} |", "", show(mean, 6, 2));
        }
        writeln!(stdout(), "{row}")
    }
}

fn show(number: Option<f64>, width: usize, decimals: usize) -> String {
    number.map_or(format!("{:>width$}", "-"), |n| format!("{n:>width$.decimals$}"))
}

/// A time in milliseconds.
pub fn milliseconds(time: Duration) -> f64 {
    time.as_secs_f64() * 1e3
}
