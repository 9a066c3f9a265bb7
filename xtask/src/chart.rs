//! `cargo xtask chart`: draws `docs/speed.svg` of the tables in the README, so that it never shows
//! other figures than they have. Called by `main`; `tidy` holds the file against [`draw`]. It must
//! never measure: what `benches` prints is written into the tables, and the machine with them.

use crate::root;
use std::{fmt::Write, fs, iter};

/// Where it is.
pub(crate) const CHART: &str = "docs/speed.svg";

/// The rows of the tables that are shown: how they begin, and what they are called.
const ROWS: [(&str, &str); 5] = [
    ("geometric mean", "23 kernels"),
    ("17 programs", "17 programs"),
    ("12 programs", "12 other programs"),
    ("start of a module", "start of 1.6 MB"),
    ("most memory", "memory for that"),
];

/// The engines in the columns of these tables.
const ENGINES: [&str; 2] = ["wasmi 2.0", "Silverfir-nano 0.6"];

/// In pixels: where bars begin, and how long the longest is.
const LEFT: f64 = 302.0;
const LONGEST: f64 = 360.0;

/// Writes the file.
pub(crate) fn chart() -> bool {
    let readme = fs::read_to_string(root().join("README.md")).unwrap_or_default();
    let written = draw(&readme)
        .and_then(|text| fs::write(root().join(CHART), text).map_err(|error| error.to_string()));
    if let Err(error) = &written {
        eprintln!("{CHART}: {error}");
    }
    written.is_ok()
}

/// The chart of the tables in `readme`; or which row is not there.
pub(crate) fn draw(readme: &str) -> Result<String, String> {
    let mut groups = Vec::new();
    for (begins, name) in ROWS {
        let ratios = ratios(readme, begins).ok_or_else(|| {
            format!("README.md has no row `{begins}` with {} numbers", ENGINES.len())
        })?;
        groups.push((name, ratios));
    }
    let largest = groups.iter().flat_map(|(_, ratios)| ratios).map(|&(ratio, _)| ratio);
    let unit = LONGEST / largest.fold(1.0, f64::max);
    Ok(picture(&groups, unit))
}

/// The numbers of the row that begins so, with their text: one for each engine.
fn ratios<'a>(readme: &'a str, begins: &str) -> Option<Vec<(f64, &'a str)>> {
    let rows = readme.lines().filter_map(|line| line.strip_prefix("| "));
    rows.filter(|row| row.starts_with(begins)).find_map(|row| {
        let cells = row.split('|').skip(1).map(str::trim).take(ENGINES.len());
        let ratios: Vec<_> = cells.filter_map(|cell| Some((cell.parse().ok()?, cell))).collect();
        (ratios.len() == ENGINES.len()).then_some(ratios)
    })
}

fn picture(groups: &[(&str, Vec<(f64, &str)>)], unit: f64) -> String {
    let mut bars = String::new();
    let mut y = 64;
    for (name, ratios) in groups {
        line(&mut bars, format_args!("<text x=\"10\" y=\"{y}\" class=\"group\">{name}</text>"));
        for (engine, &(ratio, shown)) in iter::zip(ENGINES, ratios) {
            let (top, width) = (y - 12, (ratio * unit).round());
            let right = LEFT + width + 8.0;
            line(&mut bars, format_args!("<text x=\"172\" y=\"{y}\">{engine}</text>"));
            let bar = format!("<rect x=\"{LEFT}\" y=\"{top}\" width=\"{width}\" height=\"16\"");
            line(&mut bars, format_args!("{bar} class=\"bar\" />"));
            line(&mut bars, format_args!("<text x=\"{right}\" y=\"{y}\">{shown}</text>"));
            y += 26;
        }
        y += 6;
    }
    let (one, end, below, height) = ((LEFT + unit).round(), y - 16, y + 2, y + 12);
    format!(
        "<svg xmlns=\"http://www.w3.org/2000/svg\" viewBox=\"0 0 720 {height}\" width=\"720\" \
         height=\"{height}\" role=\"img\"
  aria-label=\"Time and memory that other interpreters take, with Windlass as 1\">
  <style>
    text {{ font: 14px sans-serif; fill: #57606a; }}
    .group {{ font-weight: bold; }}
    .bar {{ fill: #8c959f; }}
    .one {{ stroke: #bf3989; stroke-width: 2; }}
    .ours {{ fill: #bf3989; }}
  </style>
  <text x=\"10\" y=\"22\" class=\"group\">Time and memory of others: Windlass takes 1</text>
{bars}  <line x1=\"{one}\" y1=\"36\" x2=\"{one}\" y2=\"{end}\" class=\"one\" />
  <text x=\"{one}\" y=\"{below}\" class=\"ours\" text-anchor=\"middle\">Windlass</text>
</svg>
"
    )
}

fn line(out: &mut String, element: std::fmt::Arguments<'_>) {
    writeln!(out, "  {element}").expect("text can be written");
}

#[cfg(test)]
mod tests {
    use super::*;

    const README: &str = "\
        | | wasmi | Silverfir |\n\
        | geometric mean | of what | follows |\n\
        | geometric mean | 1.50 | 3.00 |\n\
        | 17 programs that choose | 1.20 | 1.30 |\n\
        | 12 programs | 1.00 | 0.75 |\n\
        | start of a module of 1.6 MB | 2.0 | 1.10 |\n\
        | most memory for that | 1.20 | 2.10 |\n";

    #[test]
    fn bars_are_as_long_as_the_tables_say() {
        let chart = draw(README).unwrap();
        // The longest is as long as may be, and others in proportion.
        for (width, shown) in [("360", "3.00"), ("180", "1.50"), ("90", "0.75"), ("240", "2.0")] {
            let bar = format!("width=\"{width}\" height=\"16\" class=\"bar\" />\n  <text ");
            let found = chart.split(&bar).skip(1).filter_map(|rest| rest.split(['>', '<']).nth(1));
            assert!(found.into_iter().any(|text| text == shown), "{shown}: {chart}");
        }
        assert!(chart.contains("<line x1=\"422\""), "{chart}");
    }

    #[test]
    fn a_row_that_is_not_there_is_named() {
        let less = README.replace("0.75", "-");
        assert!(draw(&less).unwrap_err().contains("`12 programs`"));
    }
}
