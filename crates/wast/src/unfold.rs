//! Rewrites the folded instructions of a script's functions to flat ones: the parser of text knows
//! the legacy exceptions only so. Line numbers stay what they were. Used by the runner, and by the
//! validator's test of the suite, which includes this file.

/// A token or a list of them, each with the white space and comments before it.
enum Node<'a> {
    Atom(&'a str, &'a str),
    List(&'a str, Vec<Node<'a>>),
}

/// How deep lists may lie in each other: all that looks at them does so by recursion.
const MAX_DEPTH: usize = 1000;

/// The same script without folded instructions; nothing of text whose lists lie too deep.
pub(crate) fn unfold(text: &str) -> Option<String> {
    let mut rest = text;
    let nodes = parse(&mut rest, MAX_DEPTH)?;
    let mut flat = String::new();
    nodes.iter().for_each(|node| copy(node, &mut flat));
    Some(flat)
}

/// Reads nodes up to the end of the list, or of the text.
fn parse<'a>(rest: &mut &'a str, depth: usize) -> Option<Vec<Node<'a>>> {
    let mut nodes = Vec::new();
    loop {
        let space = split(rest, space_len(rest));
        match rest.chars().next() {
            Some('(') => {
                split(rest, 1);
                nodes.push(Node::List(space, parse(rest, depth.checked_sub(1)?)?));
            }
            Some(')') | None => {
                split(rest, rest.len().min(1));
                return Some(nodes);
            }
            Some(first) => {
                let len = atom_len(rest).max(first.len_utf8());
                nodes.push(Node::Atom(space, split(rest, len)));
            }
        }
    }
}

fn split<'a>(rest: &mut &'a str, at: usize) -> &'a str {
    let (start, end) = rest.split_at(at);
    *rest = end;
    start
}

/// White space, line comments and block comments.
fn space_len(text: &str) -> usize {
    let mut len = 0;
    loop {
        let rest = &text[len..];
        len += match rest {
            _ if rest.starts_with(";;") => rest.find('\n').unwrap_or(rest.len()),
            _ if rest.starts_with("(;") => comment_len(rest),
            _ if rest.starts_with([' ', '\n', '\t', '\r']) => 1,
            _ => return len,
        };
    }
}

/// A block comment with those in it; all of the text if it has no end.
fn comment_len(text: &str) -> usize {
    let mut depth = 0_usize;
    let mut len = 0;
    while let Some(at) = text[len..].find([';', '(']) {
        let rest = &text[len + at..];
        let (change, taken) = match rest {
            _ if rest.starts_with("(;") => (1, 2),
            _ if rest.starts_with(";)") => (-1, 2),
            _ => (0, 1),
        };
        len += at + taken;
        depth = depth.saturating_add_signed(change);
        if depth == 0 {
            return len;
        }
    }
    text.len()
}

fn atom_len(text: &str) -> usize {
    if !text.starts_with('"') {
        return text.find([' ', '\n', '\t', '\r', '(', ')', ';']).unwrap_or(text.len());
    }
    let mut escaped = false;
    let end = text.char_indices().skip(1).find(|&(_, c)| {
        let ends = c == '"' && !escaped;
        escaped = c == '\\' && !escaped;
        ends
    });
    end.map_or(text.len(), |(at, _)| at + 1)
}

impl Node<'_> {
    fn head(&self) -> &str {
        match self {
            Node::List(_, nodes) => match nodes.first() {
                Some(Node::Atom(_, head)) => head,
                _ => "",
            },
            Node::Atom(..) => "",
        }
    }

    /// A list that belongs to the instruction or function around it.
    fn is_part(&self) -> bool {
        let parts = ["type", "param", "result", "local", "ref", "export", "import"];
        matches!(self, Node::Atom(..)) || parts.contains(&self.head())
    }
}

/// Writes a node as it is, but for the instructions of functions.
fn copy(node: &Node<'_>, out: &mut String) {
    match node {
        Node::Atom(space, text) => out.extend([*space, text]),
        Node::List(space, nodes) => {
            out.extend([*space, "("]);
            let each = if node.head() == "func" { instr } else { copy };
            nodes.iter().for_each(|node| each(node, out));
            out.push(')');
        }
    }
}

/// Writes an instruction in flat form.
fn instr(node: &Node<'_>, out: &mut String) {
    let Node::List(space, nodes) = node else { return copy(node, out) };
    if node.is_part() {
        return copy(node, out);
    }
    out.push_str(space);
    out.push(' ');
    let (parts, inner): (Vec<_>, Vec<_>) = nodes.iter().partition(|node| node.is_part());
    match node.head() {
        "block" | "loop" => {
            let parts = nodes.iter().take_while(|node| node.is_part()).count();
            nodes[..parts].iter().for_each(|node| copy(node, out));
            nodes[parts..].iter().for_each(|node| instr(node, out));
            out.push_str(" end ");
        }
        "if" => {
            let is_arm = |node: &&&Node<'_>| ["then", "else"].contains(&node.head());
            inner.iter().filter(|node| !is_arm(node)).for_each(|node| instr(node, out));
            parts.iter().for_each(|node| copy(node, out));
            for arm in inner.iter().filter(is_arm) {
                out.push_str(if arm.head() == "else" { " else " } else { " " });
                tail(arm, 1, out);
            }
            out.push_str(" end ");
        }
        "try" => {
            parts.iter().for_each(|node| copy(node, out));
            let mut end = " end ";
            for clause in inner {
                let kept = match clause.head() {
                    "do" => 0,
                    "catch_all" => 1,
                    _ => 2,
                };
                if let Node::List(_, nodes) = clause {
                    out.push(' ');
                    nodes.iter().take(kept).for_each(|node| copy(node, out));
                }
                tail(clause, kept.max(1), out);
                if clause.head() == "delegate" {
                    end = " ";
                }
            }
            out.push_str(end);
        }
        _ => {
            inner.iter().for_each(|node| instr(node, out));
            out.push(' ');
            parts.iter().for_each(|node| copy(node, out));
            out.push(' ');
        }
    }
}

/// Writes the instructions of a clause, behind its first `from` nodes.
fn tail(clause: &Node<'_>, from: usize, out: &mut String) {
    if let Node::List(_, nodes) = clause {
        out.push(' ');
        nodes.iter().skip(from).for_each(|node| instr(node, out));
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn comments_lie_in_each_other() {
        for (text, len) in [
            ("(;;)x", 4),
            ("(; a (; b ;) c ;) x", 18),
            ("(;(;;);(;;);)x", 13),
            ("(; (;) ;) x ;)", 14),
            ("(; no end (; ;)", 15),
            (";; a line (;\n (;;)(", 18),
        ] {
            assert_eq!(space_len(text), len, "{text}");
        }
    }

    #[test]
    fn what_is_folded_becomes_flat() {
        let text = "(func (try (do (; (do ;) (; ;) ;) (drop (i32.const 1))) (catch_all)))";
        let flat = unfold(text).expect("it is not deep");
        let words: Vec<&str> = flat.split_whitespace().collect();
        assert_eq!(words[..2], ["(func", "try"]);
        assert!(flat.contains("i32.const 1") && flat.contains("catch_all"), "{flat}");
    }
}
