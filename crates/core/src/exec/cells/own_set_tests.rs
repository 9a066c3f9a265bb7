//! Files of the instruction set: what is wrong in one is an error that tells its line; and which
//! blocks are chosen.

use super::{ProfiledCell, Wanted, choose, functions, set};
use alloc::{
    format,
    string::{String, ToString},
    vec::Vec,
};

fn read(text: &str) -> Result<String, String> {
    let ops = functions(include_str!("../meaning/num.rs"));
    let general = "handler 1 Bin<I32Add, P0, Const, P0>\n";
    let reading = set::Reading {
        general,
        version: "1.2.3",
        ops: &ops,
        most: usize::MAX,
        plain: false,
        all: false,
    };
    set::tables("my-set.txt", text, &reading)
}

#[test]
fn what_is_wrong_in_a_file_is_told_with_its_line() {
    let cases = [
        ("block 1 Un<I32Eqz, P0, Acc>{1}", "1: a line `windlass VERSION` comes before blocks"),
        ("# of before\nwindlass 1.2.2", "2: made for version 1.2.2 of the engine, which is 1.2.3"),
        ("include everything", "1: expected `handler WEIGHT NAME`"),
        ("handler much Un<I32Eqz, P0, Acc>", "1: `much` is no weight"),
        ("sequence 1 Fence", "1: a sequence has 2 to 8 parts"),
    ];
    for (text, error) in cases {
        let found = read(text).expect_err(text);
        assert!(found.starts_with(error), "{text}: {found}");
    }
    let blocks = [
        ("Un<I32Eqs, P0, Acc>{1}", "`I32Eqs` in `Un<I32Eqs, P0, Acc>` is not known"),
        ("Un<I32Eqz, P3, Acc>{1}", "`P3` in `Un<I32Eqz, P3, Acc>` is not known"),
        ("Un<I32Eqz, P0>{1}", "`Un<I32Eqz, P0>` has 3 parameters"),
        ("Unary<I32Eqz, P0, Acc>{1}", "a block can't execute `Unary<I32Eqz, P0, Acc>`"),
        ("Call{1 2}", "a block can't execute `Call`"),
        ("Un<I32Eqz, P0, Acc>{1 2}", "`Un<I32Eqz, P0, Acc>` has 1 operand words, not 2"),
        ("Un<I32Eqz, P0, Acc>{}", "`Un<I32Eqz, P0, Acc>` has 1 operand words, not 0"),
        ("Bin<I64Add, P0, Const, Acc>{1}", "`Bin<I64Add, P0, Const, Acc>` has 2 operand words"),
        ("Un<I32Eqz, P0, Acc>{xyz}", "`xyz` is no operand word in hexadecimal digits"),
        ("Un<I32Eqz, P0, Acc>{12345678123456781}", "`12345678123456781` is no operand word"),
        ("Un<I32Eqz, P0, Acc>", "expected `NAME{WORD ...}`, `NAME[WORD ...]` or `NAME*COUNT`"),
        ("Call*2 + Un<I32Eqz, P0, Acc>{1}", "a block executes its first cell"),
        ("Un<I32Eqz, P0, Acc>[1] + Br<Jump>{0}", "a block executes its first cell"),
        ("Br<Jump>{0} + Un<I32Eqz, P0, Acc>[]", "`Un<I32Eqz, P0, Acc>` has 1 operand words, not 0"),
        ("Br<Jump>{0} + Call[1 2]", "a block can't execute `Call`"),
        (
            "Br<Jump>{0} + Un<I32Eqz, P0, Acc>*1",
            "`Un<I32Eqz, P0, Acc>` is left with its words: `Un<I32Eqz, P0, Acc>[WORD ...]`",
        ),
        ("Un<I32Eqz, P0, Acc>{1} + Call*70000", "no cell has 70000 operand words"),
        ("Load<I32Load, Shared<Base<P0>>, Acc>{1}", "`Shared<Base<P0>>` in "),
        ("CmpSelect<I32Eq, P0, P1, Acc>{0 7fffffff}", "there is no such slot"),
    ];
    for (block, error) in blocks {
        let found = read(&alloc::format!("windlass 1.2.3\n\nblock 9 {block}")).expect_err(block);
        assert!(found.starts_with(&alloc::format!("3: {error}")), "{block}: {found}");
    }
    let deep = format!("handler 1 {}A", "A<".repeat(1_000_000));
    assert_eq!(read(&deep), Err("1: no name is in more than 8 others".to_string()));
    assert!(read("include general\n").is_ok());
}

#[test]
fn parts_of_sequences_and_blocks_are_in_the_set() {
    let admitted = |text: &str| {
        let tables = read(text).expect("there is nothing wrong");
        let names = tables.split("static ADMITTED").nth(1).and_then(|rest| rest.split("];").next());
        let names = names.expect("they are listed").split(['\n', ',']);
        names.filter_map(|name| name.parse::<u64>().ok()).count()
    };
    let parts = "Bin<I32Add, Acc, Slot, Acc> + Bin<I32Xor, Acc, Const, Slot>";
    assert_eq!(admitted(&format!("sequence 1 {parts}")), 2);
    assert_eq!(admitted(&format!("sequence 1 {parts}\nhandler 1 {}", &parts[..27])), 2);
    // On whatever CPU, and by which number: it is the same choice.
    let abs = |op: &str| format!("handler 1 Un<{op}, Acc, Slot>\n");
    assert_eq!(admitted(&(abs("I8x16Abs") + &abs("Fast<I8x16Abs>"))), 1);
    let load = |place: &str| format!("handler 1 Load<I32Load, {place}, Slot>\n");
    assert_eq!(admitted(&(load("Base<P0>") + &load("Shared<Base<P0>>"))), 2);
    assert_eq!(admitted(&(load("Indexed<P0, Slot, 2>") + &load("Indexed<P0, Slot, 02>"))), 1);
}

/// The translator chooses them without the general set, too: or else no code had such a block.
#[test]
fn handlers_of_a_blocks_cells_are_there() {
    let text = "windlass 1.2.3\nblock 9 Bin<I32Add, P0, Const, P0>{100000002} + Call*2 + \
                Bin<I32Add, P0, Const, P0>{200000002}";
    let tables = read(text).expect("it is right");
    let admitted = tables.split("static ADMITTED: ").nth(1).unwrap_or_default();
    assert!(admitted.starts_with("[u64; 2] = ["), "{admitted}");
}

/// The compiler is told of each line what is believed of it, and where it stands.
#[test]
fn what_the_crate_has_to_confirm_names_the_line() {
    let text =
        "windlass 1.2.3\nblock 9 Bin<I32Add, Slot, P0, Slot>{200030004} + Call*2 + Br<P1>[8]";
    assert!(read(text).is_err());
    let text = text.replace("Br<P1>[8]", "Br<Jump>[8]");
    let text = text.as_str();
    let tables = read(text).expect("it is right");
    assert!(
        tables.contains("Form::is(<Bin<op::I32Add, Slot, P0, Slot> as Step>::FORM, 1, 2, true")
    );
    assert!(tables.contains("FORM, 1, 2, true, false, true), // my-set.txt:2\n"));
    assert!(tables.contains("\"my-set.txt:2: no such cell\""));
    assert!(tables.contains("type Cell1OfBlock0 = Call; // my-set.txt:2"));
    assert!(tables.contains("type Cell2OfBlock0 = Br<Jump>; // my-set.txt:2"));
}

/// A branch into the middle of a loop, or out of the block, leaves it.
#[test]
fn branches_are_jumps_where_they_can_be() {
    // A loop of two cells whose second branch is back to the first, and one that leads on.
    let text = "windlass 1.2.3\nblock 1 BrTest<i32, P0, Jump, true>{0 38} + \
                Bin<I32Add, P0, Const, P0>{100000002} + \
                BrTest<i32, P0, Jump, false>{0 ffffffe8} + Un<I32Eqz, P0, Acc>{0} + \
                Br<Jump>{ffffffffffff0000}";
    let tables = read(text).expect("it is right");
    for jump in ["break 't3;", "continue 'l1;", "out.leave(m, -8181);"] {
        assert!(tables.contains(jump), "{jump}: {tables}");
    }
    // Into the middle of a cell: it leaves the block, and no loop is left.
    let tables = read(&text.replace("ffffffe8", "ffffffe0")).expect("it is right");
    assert!(tables.contains("out.leave(m, 2);") && !tables.contains("loop {"), "{tables}");
}

/// A cell that is a loop alone, as `while (--n) {}` is.
#[test]
fn a_cell_can_branch_to_itself() {
    let text = "windlass 1.2.3\nblock 1 LoopEnter<Unmetered>{0} + \
                LatchTest<i32, P0, Again<Unmetered>, false>{2 fffffff8 ffffffff}";
    let tables = read(text).expect("it is right");
    assert!(tables.contains("'l1: loop {") && tables.contains("continue 'l1;"), "{tables}");
}

fn cell(name: &str, words: &[u64], count: u64) -> ProfiledCell {
    ProfiledCell { name: name.to_string(), words: words.to_vec(), count }
}

#[test]
fn hot_code_between_calls_is_chosen() {
    let add = |count| cell("Bin<I32Add, P0, Const, P0>", &[0x1_0000_0002], count);
    let back = |distance: i32, count| {
        let target = u64::from(distance.cast_unsigned());
        cell("BrTest<i32, P0, Jump, false>", &[0, target], count)
    };
    let code: Vec<ProfiledCell> = [
        cell("Enter<Unmetered, true, false, false>", &[0, 0, 0], 1),
        add(1),
        // A loop, whose branch has its first operand 2 + 1 words behind the start.
        add(1_000_000),
        back(-24, 1_000_000),
        cell("Call", &[0, 0], 1),
        add(1),
        cell("ReturnNone", &[0], 1),
    ]
    .into();
    let text = choose(core::slice::from_ref(&code), Wanted::default());
    let blocks: Vec<&str> = text.lines().filter(|line| line.starts_with("block")).collect();
    let expected = "block 999997 Bin<I32Add, P0, Const, P0>{100000002} + \
                    BrTest<i32, P0, Jump, false>{0 ffffffe8}";
    assert_eq!(blocks, [expected], "{text}");
    assert!(text.contains("\ninclude general\n"));
    // Nothing is chosen of what was not executed.
    let cold = code.into_iter().map(|cell| ProfiledCell { count: 0, ..cell }).collect();
    assert!(!choose(&[cold], Wanted::default()).contains("block "));
}

/// However much that is cold lies between hot cells, the file can be read again.
#[test]
fn blocks_are_not_too_long_for_the_file() {
    for (cold, functions, chosen) in [(100, 1, 1), (4_093, 1, 1), (4_094, 1, 1), (4_000, 17, 14)] {
        let add = |value: u64, count| cell("Bin<I32Add, P0, Const, P0>", &[value << 32 | 2], count);
        let distance = |words: i32| u64::from((8 * words).cast_unsigned());
        let function = |number| {
            let mut code = Vec::from([
                cell("Enter<Unmetered, true, false, false>", &[0, 0, 0], 1),
                add(number, 1_000_000),
                cell("Br<Jump>", &[distance(2 * cold + 1)], 1_000_000),
            ]);
            code.extend((0..cold).map(|_| add(100, 0)));
            let back = distance(-5 - 2 * cold);
            code.push(cell("BrTest<i32, P0, Jump, false>", &[0, back], 1_000_000));
            code.push(cell("ReturnNone", &[0], 1));
            code
        };
        let functions: Vec<_> = (0..functions).map(function).collect();
        let text = choose(&functions, Wanted::default());
        assert_eq!(text.lines().filter(|line| line.starts_with("block")).count(), chosen);
        let version = format!("windlass {}", env!("CARGO_PKG_VERSION"));
        let read = read(&text.replace(&version, "windlass 1.2.3"));
        assert!(read.is_ok(), "{cold}: {:?}", read.err());
    }
}
