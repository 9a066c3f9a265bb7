//! [`count`]: how many steps validation has taken, for tests; elsewhere it is nothing. Whatever
//! goes through more than one element calls it, so that tests can compare the steps with the bytes
//! of a module. It must never decide anything.

/// Notes that so many elements were looked at.
#[inline(always)]
pub(crate) fn count(_steps: usize) {
    #[cfg(test)]
    tests::STEPS.with(|steps| steps.set(steps.get() + _steps));
}

#[cfg(test)]
mod tests {
    extern crate std;

    use crate::validate;
    use alloc::{format, string::String, vec::Vec};
    use core::cell::Cell;
    use windlass_decode::Features;

    std::thread_local! {
        pub(super) static STEPS: Cell<usize> = const { Cell::new(0) };
    }

    /// How many steps the validation of a module takes for each of its bytes.
    fn steps_per_byte(text: &str) -> usize {
        let Ok(bytes) = wat::parse_str(text) else { panic!("the text is no module") };
        STEPS.with(|steps| steps.set(0));
        validate(&bytes, Features::ALL).unwrap();
        STEPS.with(|steps| steps.get()) / bytes.len()
    }

    #[test]
    fn what_a_function_does_not_use_costs_nothing() {
        for ty in ["i32", "externref", "(ref func)"] {
            let locals = format!("(func (local {}))", format!("{ty} ").repeat(30_000));
            assert!(steps_per_byte(&locals.repeat(50)) <= 3, "{ty}");
        }
        let ty = format!("(type $t (func (param {})))", "i32 ".repeat(1_000));
        let funcs = "(func (type $t) nop)".repeat(10_000);
        assert!(steps_per_byte(&format!("{ty}{funcs}")) <= 3);
    }

    #[test]
    fn what_was_set_is_cleared_one_by_one() {
        let locals = "(ref func) ".repeat(30_000);
        let set = "(block (local.set 29999 (ref.func 0)))".repeat(10);
        let func = format!("(func (local {locals}) {set})");
        assert!(steps_per_byte(&format!("{}(elem declare func 0)", func.repeat(20))) <= 2);
    }

    #[test]
    fn clauses_and_labels_are_looked_at_once() {
        let n = 1_000;
        let nested = |open: &str, inside: &str, close: &str| {
            let [open, inside, close] = [open, inside, close].map(|of| format!("{of} ").repeat(n));
            steps_per_byte(&format!("(tag) (func {open} {inside} {close})"))
        };
        let all: Vec<String> = (0..n).map(|label| format!("{label}")).collect();
        assert!(nested("try_table (catch 0 0)", "(block (throw 0))", "end") <= 3);
        assert!(nested("try", "try delegate 999", "catch_all end") <= 3);
        assert!(
            nested("block", &format!("(br_table {} (i32.const 0))", all.join(" ")), "end") <= 3
        );
    }

    #[test]
    fn a_thousand_operands_are_compared_in_one_go() {
        let types = [
            ("i32", "(i32.const 0)"),
            ("funcref", "(ref.null func)"),
            ("(ref $s)", "(struct.new $s)"),
        ];
        for (ty, value) in types {
            let many = format!("{ty} ").repeat(1_000);
            let types = format!(
                "(type $s (struct)) (type $t (func (param {many}) (result {many})))
                 (type $n (func (param {many})))"
            );
            let values = format!("{value} ").repeat(1_000);
            for inside in ["block (type $t) end", "call $f", "i32.const 0 br_if 0"] {
                let inside = format!("{inside} ").repeat(5_000);
                let text = format!(
                    "{types} (func $f (type $t) unreachable) (func (type $n) unreachable)
                     (func {values} block (type $t) {inside} end call 1)"
                );
                assert!(steps_per_byte(&text) <= 50, "{ty} {inside:.20}");
            }
        }
    }

    #[test]
    fn labels_of_one_type_are_looked_at_once() {
        let many = "anyref ".repeat(1_000);
        let types = format!(
            "(type $a (func (result {many}))) (type $b (func (result {})))",
            "structref ".repeat(1_000)
        );
        let drops = "drop ".repeat(1_000);
        let labels = "0 1 ".repeat(5_000);
        let text = format!(
            "{types} (func $f (type $b) unreachable)
             (func block (type $a) block (type $b)
                call $f i32.const 0 br_table {labels} 0
             end {drops} unreachable end {drops})"
        );
        assert!(steps_per_byte(&text) <= 3);
    }

    #[test]
    fn fields_that_have_no_default_value_are_known() {
        let fields = "(field i32) ".repeat(10_000);
        let news = "(drop (struct.new_default $s))".repeat(5_000);
        assert!(steps_per_byte(&format!("(type $s (struct {fields})) (func {news})")) <= 1);
    }
}
