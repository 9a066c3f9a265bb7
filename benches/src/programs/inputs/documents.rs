//! Documents: prose, Markdown, JSON, HTML, SVG, source maps; what is shown on terminals.

use super::{Random, Words};

/// Paragraphs of sentences, `len` bytes or a little more.
pub(in crate::programs) fn prose(seed: u64, len: usize) -> Vec<u8> {
    let random = &mut Random::new(seed);
    let words = Words::new(random, 900);
    let mut text = String::new();
    while text.len() < len {
        for _ in 0..3 + random.below(6) {
            text += &words.sentence(random);
            text += " ";
        }
        text += "\n\n";
    }
    text.into_bytes()
}

/// Markdown: headings, lists, tables, code, emphasis, links.
pub(in crate::programs) fn markdown(seed: u64, len: usize) -> Vec<u8> {
    let random = &mut Random::new(seed);
    let words = Words::new(random, 500);
    let mut text = String::new();
    while text.len() < len {
        match random.below(8) {
            0 => {
                let level = "#".repeat(1 + random.below(4) as usize);
                text += &format!("{level} {}\n\n", words.sentence(random));
            }
            1 => {
                for i in 0..3 + random.below(5) {
                    let mark = if random.chance(50) { "-".into() } else { format!("{}.", i + 1) };
                    text += &format!("{mark} {}\n", words.sentence(random));
                    if random.chance(30) {
                        text += &format!("    - nested *{}*\n", words.word(random));
                    }
                }
                text += "\n";
            }
            2 => {
                text +=
                    &format!("| {} | {} |\n|---|:-:|\n", words.word(random), words.word(random));
                for _ in 0..3 + random.below(4) {
                    text += &format!("| {} | `{}` |\n", words.word(random), random.below(1000));
                }
                text += "\n";
            }
            3 => {
                text += "```c\n";
                for _ in 0..2 + random.below(6) {
                    text += &format!("int {} = {};\n", words.name(random), random.below(99));
                }
                text += "```\n\n";
            }
            4 => text += &format!("> {}\n> {}\n\n", words.sentence(random), words.sentence(random)),
            _ => {
                for _ in 0..2 + random.below(5) {
                    let word = words.word(random);
                    text += &match random.below(6) {
                        0 => format!("**{word}** "),
                        1 => format!("[{word}](https://example.com/{word} \"{word}\") "),
                        2 => format!("`{word}` "),
                        3 => format!("~~{word}~~ &amp; <b>{word}</b> "),
                        _ => words.sentence(random) + " ",
                    };
                }
                text += "\n\n";
            }
        }
    }
    text.into_bytes()
}

/// JSON: records in a list, badly formatted.
pub(in crate::programs) fn json(seed: u64, len: usize) -> Vec<u8> {
    let random = &mut Random::new(seed);
    let words = Words::new(random, 300);
    let mut text = String::from("[");
    while text.len() < len {
        if text.len() > 1 {
            text += random.pick(&[",", " , ", ",\n   "]);
        }
        json_value(&mut text, random, &words, 4);
    }
    (text + "]").into_bytes()
}

fn json_value(text: &mut String, random: &mut Random, words: &Words, depth: u32) {
    match if depth == 0 { random.below(4) } else { random.below(9) } {
        0 => *text += &format!("{}", random.below(100_000)),
        1 => *text += &format!("-{}.{}e{}", random.below(100), random.below(1000), random.below(9)),
        2 => *text += random.pick(&["true", "false", "null"]),
        3 | 4 => *text += &format!("\"{}\\n\\u00e9\"", words.sentence(random)),
        5 => {
            *text += "[ ";
            for i in 0..random.below(6) {
                if i > 0 {
                    *text += ",";
                }
                json_value(text, random, words, depth - 1);
            }
            *text += "]";
        }
        _ => {
            *text += "{";
            for i in 0..1 + random.below(7) {
                if i > 0 {
                    *text += ",  ";
                }
                *text += &format!("\"{}\":", words.name(random));
                json_value(text, random, words, depth - 1);
            }
            *text += " }";
        }
    }
}

/// HTML: elements with attributes, text, comments, entities.
pub(in crate::programs) fn html(seed: u64, len: usize) -> Vec<u8> {
    let random = &mut Random::new(seed);
    let words = Words::new(random, 500);
    let mut text = String::from("<!DOCTYPE html>\n<html><head><title>x</title></head><body>\n");
    while text.len() < len {
        element(&mut text, random, &words, 5);
        text += "\n";
    }
    (text + "</body></html>\n").into_bytes()
}

fn element(text: &mut String, random: &mut Random, words: &Words, depth: u32) {
    let tag = random.pick(&["div", "p", "span", "a", "li", "em", "section", "td"]);
    *text += &format!("<{tag}");
    for _ in 0..random.below(4) {
        let name = random.pick(&["class", "id", "href", "title", "data-x"]);
        *text += &format!(" {name}=\"{} {}\"", words.word(random), random.below(100));
    }
    *text += ">";
    for _ in 0..random.below(5) {
        match random.below(if depth == 0 { 3 } else { 6 }) {
            0 => *text += &format!("<!-- {} -->", words.word(random)),
            1 => *text += "<br>&amp;&#233;",
            2 => *text += &words.sentence(random),
            _ => element(text, random, words, depth - 1),
        }
    }
    *text += &format!("</{tag}>");
}

/// SVG: curves, gradients, strokes, shadows, groups.
pub(in crate::programs) fn svg(seed: u64, shapes: u32) -> Vec<u8> {
    let random = &mut Random::new(seed);
    let mut text = String::from(
        "<svg xmlns=\"http://www.w3.org/2000/svg\" width=\"220\" height=\"160\"><defs>\
         <linearGradient id=\"g\"><stop offset=\"0\" stop-color=\"#f80\"/>\
         <stop offset=\"1\" stop-color=\"#08f\" stop-opacity=\".4\"/></linearGradient>\
         <filter id=\"b\"><feGaussianBlur stdDeviation=\"2\"/></filter></defs>",
    );
    for i in 0..shapes {
        let mut point = || format!("{} {}", random.below(220), random.below(160));
        let (a, b, c, d) = (point(), point(), point(), point());
        let turn = random.below(360);
        text += &match i % 5 {
            0 => format!("<path d=\"M{a} C{b} {c} {d} Z\" fill=\"url(#g)\"/>"),
            1 => format!("<path d=\"M{a} Q{b} {c}\" fill=\"none\" stroke=\"#{turn:03}\"/>"),
            2 => format!(
                "<g transform=\"rotate({turn} 110 80)\" opacity=\".6\">\
                 <rect x=\"20\" y=\"{}\" width=\"60\" height=\"30\" rx=\"6\"/></g>",
                turn / 3
            ),
            3 => format!("<polygon points=\"{a} {b} {c} {d}\" fill-rule=\"evenodd\"/>"),
            _ => format!(
                "<circle cx=\"{turn}\" cy=\"60\" r=\"12\" stroke-dasharray=\"4 2\" \
                 stroke=\"red\" filter=\"url(#b)\"/>"
            ),
        };
    }
    (text + "</svg>").into_bytes()
}

/// What a program writes to a terminal: text, colours, movements.
pub(in crate::programs) fn terminal(seed: u64, len: usize) -> Vec<u8> {
    const EDITS: [&str; 6] = ["\x1b[K", "\x1b[2L", "\x1b[M", "\x1b[4@", "\t", "\x1b[0m"];
    let random = &mut Random::new(seed);
    let words = Words::new(random, 200);
    let mut text = String::new();
    while text.len() < len {
        text += &match random.below(9) {
            0 => format!("\x1b[{};{}H", 1 + random.below(24), 1 + random.below(80)),
            1 => format!("\x1b[{};{}m", random.below(8), 30 + random.below(8)),
            2 => format!("\x1b[38;5;{}m\x1b[48;2;9;{};3m", random.byte(), random.byte()),
            3 => random.pick(&EDITS).to_owned(),
            4 => "\r\n".into(),
            5 => "\u{e9}\u{4e16}\u{754c}\u{1f600} ".into(),
            _ => words.sentence(random) + " ",
        };
    }
    text.into_bytes()
}

/// The mappings of a source map: numbers in base 64.
pub(in crate::programs) fn mappings(seed: u64, lines: u32) -> Vec<u8> {
    let random = &mut Random::new(seed);
    let (mut text, mut column) = (Vec::new(), 0);
    for _ in 0..lines {
        for i in 0..random.below(12) {
            if i > 0 {
                text.push(b',');
            }
            number(&mut text, i64::from(1 + random.below(20)));
            if random.chance(90) {
                number(&mut text, 0);
                number(&mut text, i64::from(random.below(3)));
                let next = random.below(80);
                number(&mut text, i64::from(next) - i64::from(column));
                column = next;
            }
        }
        text.push(b';');
    }
    text
}

/// A number as source maps write it: five bits a digit, least first, the sign in the lowest bit.
fn number(text: &mut Vec<u8>, number: i64) {
    const DIGITS: &[u8; 64] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
    let mut rest = number.unsigned_abs() << 1 | u64::from(number < 0);
    loop {
        let more = u64::from(rest >= 32) << 5;
        text.push(DIGITS[(rest & 31 | more) as usize]);
        rest >>= 5;
        if rest == 0 {
            return;
        }
    }
}
