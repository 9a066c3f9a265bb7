//! Sizes, durations and amounts as people write them on a command line: `64MiB`, `1.5s`, `10k`.

use std::time::Duration;
use windlass_decode::Count;

/// Parses a size in bytes: a number with an optional unit (`K`, `KB`, `KiB`: all 1024, and so on).
pub(crate) fn size(text: &str) -> Result<u64, String> {
    let (number, unit) = split(text)?;
    let shift = match unit.to_ascii_lowercase().as_str() {
        "" | "b" => 0,
        "k" | "kb" | "kib" => 10,
        "m" | "mb" | "mib" => 20,
        "g" | "gb" | "gib" => 30,
        "t" | "tb" | "tib" => 40,
        _ => return Err(format!("unknown unit {unit:?}: use KiB, MiB, GiB or TiB")),
    };
    times(number, 1 << shift)
}

/// Parses an amount: a whole number with an optional `k`, `M`, `G` or `T`, thousands each.
pub(crate) fn count(text: &str) -> Result<u64, String> {
    let (number, unit) = split(text)?;
    let scale = match unit.to_ascii_lowercase().as_str() {
        "" => 1,
        "k" => 1_000,
        "m" => 1_000_000,
        "g" => 1_000_000_000,
        "t" => 1_000_000_000_000,
        _ => return Err(format!("unknown unit {unit:?}: use k, M, G or T")),
    };
    times(number, scale)
}

/// Parses a whole number.
pub(crate) fn number(text: &str) -> Result<u64, String> {
    times(text, 1)
}

/// A whole number, so many times.
fn times(number: &str, scale: u64) -> Result<u64, String> {
    check_sign(number)?;
    if number.is_empty() || number.bytes().any(|byte| !byte.is_ascii_digit()) {
        return Err(format!("{number:?} is not a whole number"));
    }
    let product = number.parse().ok().and_then(|number: u64| number.checked_mul(scale));
    product.ok_or_else(|| format!("too large: at most {}", u64::MAX))
}

/// A size as [`size`] parses it, in the largest unit of which it is a whole number.
pub(crate) fn show_size(bytes: u64) -> String {
    let units = [(40, "TiB"), (30, "GiB"), (20, "MiB"), (10, "KiB")];
    let whole = units.iter().find(|(shift, _)| bytes > 0 && bytes.trailing_zeros() >= *shift);
    match whole {
        Some((shift, unit)) => format!("{}{unit}", bytes >> shift),
        None => format!("{}", Count(bytes, "byte")),
    }
}

/// A duration as [`duration`] parses it.
pub(crate) fn show_duration(time: Duration) -> String {
    if time.is_zero() { "0s".to_owned() } else { format!("{time:?}") }
}

/// Parses a duration: a number with a unit; seconds if there is none.
pub(crate) fn duration(text: &str) -> Result<Duration, String> {
    let (number, unit) = split(text)?;
    let seconds = match unit {
        "us" => 1e-6,
        "ms" => 1e-3,
        "" | "s" => 1.0,
        "m" | "min" => 60.0,
        "h" => 3600.0,
        _ => return Err(format!("unknown unit {unit:?}: use ms, s, m or h")),
    };
    let number: f64 = number.parse().map_err(|_| format!("{number:?} is not a number"))?;
    Duration::try_from_secs_f64(number * seconds).map_err(|_| "too long".to_owned())
}

/// A number and what follows it.
fn split(text: &str) -> Result<(&str, &str), String> {
    check_sign(text)?;
    let end = text.find(|c: char| !c.is_ascii_digit() && c != '.').unwrap_or(text.len());
    let (number, unit) = text.split_at(end);
    if number.is_empty() {
        Err(format!("{text:?} does not begin with a number"))
    } else {
        Ok((number, unit.trim()))
    }
}

/// What is below zero gets its own answer.
fn check_sign(text: &str) -> Result<(), String> {
    let digits = text.strip_prefix('-').unwrap_or_default();
    match digits.starts_with(|c: char| c.is_ascii_digit()) {
        true => Err(format!("{text:?} is negative")),
        false => Ok(()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn sizes() {
        assert_eq!(size("0"), Ok(0));
        assert_eq!(size("65536"), Ok(65536));
        assert_eq!(size("64KiB"), Ok(65536));
        assert_eq!(size("3 MB"), Ok(3 << 20));
        assert_eq!(size("2g"), Ok(2 << 30));
        for bad in ["", "x", "-1", "1.5K", "1 parsec", "99999999999999999999", "16777216T"] {
            assert!(size(bad).is_err(), "{bad}");
        }
    }

    #[test]
    fn counts() {
        assert_eq!(count("0"), Ok(0));
        assert_eq!(count("1k"), Ok(1000));
        assert_eq!(count("3 M"), Ok(3_000_000));
        assert_eq!(count("2g"), Ok(2_000_000_000));
        assert_eq!(count("18446744073709551615"), Ok(u64::MAX));
        for bad in ["", "k", "-1", "1.5k", "1Ki", "18446744073709551616", "18446745T"] {
            assert!(count(bad).is_err(), "{bad}");
        }
    }

    #[test]
    fn why_an_amount_is_refused() {
        let whole = Err("\"1.5\" is not a whole number".to_owned());
        assert_eq!((count("1.5M"), size("1.5K")), (whole.clone(), whole));
        let no_number = Err("\"abc\" does not begin with a number".to_owned());
        assert_eq!([count("abc"), size("abc")], [no_number.clone(), no_number]);
        assert_eq!(duration("abc"), Err("\"abc\" does not begin with a number".to_owned()));
        assert_eq!(number("x"), Err("\"x\" is not a whole number".to_owned()));
        let negative = Err("\"-1\" is negative".to_owned());
        assert_eq!([number("-1"), count("-1"), size("-1")], {
            [negative.clone(), negative.clone(), negative.clone()]
        });
        assert_eq!(duration("-1"), Err("\"-1\" is negative".to_owned()));
        assert_eq!(count("-x"), Err("\"-x\" does not begin with a number".to_owned()));
        let large = Err("too large: at most 18446744073709551615".to_owned());
        for text in ["99999999999999999999", "18446744073709551616"] {
            assert_eq!(
                [number(text), count(text), size(text)],
                [large.clone(), large.clone(), large.clone()]
            );
        }
        assert_eq!([count("18446745T"), size("16777216T")], [large.clone(), large]);
        assert_eq!(duration("1000000000000000000000h"), Err("too long".to_owned()));
    }

    #[test]
    fn shown_as_they_are_parsed() {
        for text in ["8MiB", "3KiB", "1GiB", "1025KiB", "2TiB"] {
            assert_eq!(show_size(size(text).unwrap()), text);
        }
        assert_eq!((show_size(0), show_size(1), show_size(1025)), {
            ("0 bytes".into(), "1 byte".into(), "1025 bytes".into())
        });
        for text in ["0s", "1.5s", "250ms", "20s"] {
            assert_eq!(show_duration(duration(text).unwrap()), text);
        }
    }

    #[test]
    fn durations() {
        assert_eq!(duration("2"), Ok(Duration::from_secs(2)));
        assert_eq!(duration("1.5s"), Ok(Duration::from_millis(1500)));
        assert_eq!(duration("250ms"), Ok(Duration::from_millis(250)));
        assert_eq!(duration("2m"), Ok(Duration::from_secs(120)));
        for bad in ["", "s", "-1s", "1 fortnight", "1e400s", "1..2s"] {
            assert!(duration(bad).is_err(), "{bad}");
        }
    }
}
