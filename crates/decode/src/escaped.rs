//! [`Escaped`]: text of a module as people may see it. Whoever shows a name that a module chose (in
//! backtraces, errors, listings) writes it through this, and nothing else decides what is harmless.
//! It must never change what programs read: names stay as they are in the module.

use core::fmt::{self, Write};

/// Shows text that nobody vouches for, such as the names in a module, in one line and without
/// harm.
///
/// Characters that a terminal acts on or that are not seen (controls, line and paragraph
/// separators, what changes the direction of text, what has no width) are written as string
/// literals of Rust and of the text format write them. All others, quotes and backslashes among
/// them, stay as they are, so that what was escaped before is not escaped again.
///
/// ```
/// use windlass_decode::Escaped;
///
/// let name = "größe\u{1b}]0;gone\u{7}\n\u{202e}<\"T\">";
/// assert_eq!(Escaped(name).to_string(), r#"größe\u{1b}]0;gone\u{7}\n\u{202e}<"T">"#);
/// ```
#[derive(Clone, Copy, Debug)]
pub struct Escaped<'a>(pub &'a str);

/// What `escape_debug` escapes although it does no harm.
const HARMLESS: [char; 3] = ['"', '\'', '\\'];

impl fmt::Display for Escaped<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for piece in self.0.split_inclusive(HARMLESS) {
            let text = piece.trim_end_matches(HARMLESS);
            write!(f, "{}", text.escape_debug())?;
            piece[text.len()..].chars().try_for_each(|c| f.write_char(c))?;
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::Escaped;
    use alloc::{format, string::ToString};

    #[test]
    fn nothing_that_a_terminal_acts_on_is_left() {
        let controls = ('\0'..' ').chain('\u{7f}'..='\u{9f}');
        let separators = '\u{2028}'..='\u{2029}';
        let directions = ('\u{202a}'..='\u{202e}').chain('\u{2066}'..='\u{2069}');
        let unseen = ['\u{61c}', '\u{200b}', '\u{200e}', '\u{200f}', '\u{feff}', '\u{e0041}'];
        for c in controls.chain(separators).chain(directions).chain(unseen) {
            let shown = Escaped(&format!("a{c}b")).to_string();
            assert!(shown.is_ascii() && shown.contains('\\'), "{shown:?}");
            assert!(shown.chars().all(|c| !c.is_control()), "{shown:?}");
        }
    }

    #[test]
    fn what_people_read_stays_and_is_not_escaped_twice() {
        for text in
            ["", "größe", "变量", "नमस्ते", "e\u{301}", "a\"b'c\\d\\", "operator\"\" _s", "🦀"]
        {
            assert_eq!(Escaped(text).to_string(), text);
        }
        let once = Escaped("\r\n\u{9b}31m").to_string();
        assert_eq!(once, r"\r\n\u{9b}31m");
        assert_eq!(Escaped(&once).to_string(), once);
    }
}
