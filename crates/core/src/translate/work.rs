//! [`count`]: how many steps translation has taken, for tests; elsewhere it is nothing. Whatever
//! goes through more than one element calls it, so that tests can compare the steps with the bytes
//! of a body. It must never decide anything.

/// Notes that so many elements were looked at.
#[inline(always)]
pub(super) fn count(_steps: usize) {
    #[cfg(test)]
    tests::STEPS.with(|steps| steps.set(steps.get() + _steps));
}

#[cfg(test)]
mod tests {
    use crate::{CompilationMode, Config, Engine, Features, Metering, Module, translate::Job};
    use alloc::{format, string::String, vec::Vec};
    use core::cell::Cell;

    std::thread_local! {
        pub(super) static STEPS: Cell<usize> = const { Cell::new(0) };
    }

    /// How many steps the translation of a module takes for each of its bytes.
    fn steps_per_byte(text: &str) -> usize {
        let Ok(bytes) = wat::parse_str(text) else { panic!("the text is no module") };
        let mut config = Config::new();
        config.features(Features::ALL).metering(Metering::Fuel);
        config.compilation_mode(CompilationMode::Eager);
        let engine = Engine::new(&config).expect("the settings are fine");
        STEPS.with(|steps| steps.set(0));
        let module = Module::new(&engine, &bytes);
        let steps = STEPS.with(Cell::get);
        assert!(steps > 0, "{:?}", module.err());
        steps / bytes.len()
    }

    /// Steps for each byte of a function of `n` times `open`, then `n` times each other part.
    fn steps_of(locals: &str, n: usize, parts: &[&str]) -> usize {
        let parts: String = parts.iter().map(|part| format!("{part} ").repeat(n)).collect();
        steps_per_byte(&format!("(tag) (tag) (func $f {locals} {parts})"))
    }

    /// What every byte may cost; what is quadratic costs hundreds.
    const LINEAR: usize = 8;
    const N: usize = 3_000;

    #[test]
    fn locals_that_a_function_does_not_use_cost_nothing() {
        for ty in ["i32", "v128", "externref"] {
            let locals = format!("(func (local {}) nop)", format!("{ty} ").repeat(15_000));
            assert!(steps_per_byte(&locals.repeat(50)) <= LINEAR, "{ty}");
        }
        let locals = "i32 ".repeat(30_000);
        let used = format!("(func (local {locals}) (local.set 29999 (local.get 15000)))");
        assert!(steps_per_byte(&used.repeat(50)) <= LINEAR);
    }

    #[test]
    fn throws_find_who_catches_them_at_once() {
        let throws = "(block (throw 1))";
        for (open, close) in [
            ("try_table (catch 0 0)", "end"),
            ("block try_table (catch 1 0) (catch 0 0)", "end end"),
            ("block try_table (catch 0 0) (catch_all 0)", "end end"),
            ("try", "catch 0 end"),
        ] {
            assert!(steps_of("", N, &[open, throws, close]) <= LINEAR, "{open}");
        }
    }

    #[test]
    fn delegates_find_their_block_at_once() {
        let delegate = format!("try delegate {}", N - 1);
        assert!(steps_of("", N, &["block", &delegate, "end"]) <= LINEAR);
        assert!(steps_of("", N, &["try", &delegate, "catch_all end"]) <= LINEAR);
    }

    #[test]
    fn pending_values_of_locals_are_found_at_once() {
        let locals = format!("(local {})", "i32 ".repeat(N));
        let each = |what: &str| -> String { (0..N).map(|i| format!("{what} {i} ")).collect() };
        let (get, set) = (each("local.get"), each("i32.const 1 local.set"));
        for between in ["i32.const 0 ", "memory.size "] {
            let text = format!(
                "(memory 1) (func {locals} {get} {} {set} {})",
                between.repeat(N),
                "drop ".repeat(2 * N)
            );
            assert!(steps_per_byte(&text) <= LINEAR, "{between}");
        }
        let one = format!("{} {}", "local.get 0 ".repeat(N), "i32.const 1 local.set 0 ".repeat(N));
        let text = format!("(func {locals} {one} {})", "drop ".repeat(N));
        assert!(steps_per_byte(&text) <= LINEAR);
    }

    #[test]
    fn operands_below_a_block_or_a_branch_are_not_looked_at() {
        for operand in ["i32.const 0", "local.get 0", "memory.size"] {
            for inside in [
                "block end",
                "loop end",
                "local.get 1 if end",
                "local.get 1 if else end",
                "try_table end",
                "call 0",
                "local.get 1 br_if 0",
                "block local.get 1 br_table 0 0 0 end",
                "block br 1 end",
                "i32.const 1 local.set 0",
                "local.get 1 local.tee 0 drop",
                "local.get 1 local.get 0 local.get 1 select drop",
            ] {
                let parts = [operand, inside, "drop"];
                let text: Vec<_> = parts.iter().map(|part| format!("{part} ").repeat(N)).collect();
                let [operands, insides, drops] = &text[..] else { return };
                let text = format!(
                    "(memory 1) (func) \
                        (func (local i32 i32) {operands} block {insides} end {drops})"
                );
                assert!(steps_per_byte(&text) <= LINEAR, "{operand}, {inside}");
            }
        }
    }

    #[test]
    fn nested_blocks_are_looked_at_once() {
        for (open, close) in [
            ("block", "end"),
            ("loop", "end"),
            ("local.get 0 if", "end"),
            ("local.get 0 if", "else end"),
            ("try", "end"),
            ("try", "catch_all end"),
            ("try", "catch 0 rethrow 0 end"),
            ("try_table (catch_all 0)", "end"),
            ("block block br 1 end", "end"),
        ] {
            for inside in ["nop", "block br 1000 end", "local.get 0 br_if 1000"] {
                let steps = steps_of("(local i32)", N, &[open, inside, close]);
                assert!(steps <= LINEAR, "{open}, {inside}, {close}");
            }
        }
    }

    /// The most steps between two looks at the interrupt flag while function 0 is made ready to
    /// run.
    fn steps_between_looks(text: &str) -> usize {
        let mut config = Config::new();
        config.features(Features::ALL).metering(Metering::Fuel);
        config.compilation_mode(CompilationMode::Lazy);
        let engine = Engine::new(&config).expect("the settings are fine");
        let module = Module::new(&engine, wat::parse_str(text).expect("the text is a module"));
        let module = module.expect("the module is valid");
        let (mut last, mut most) = (STEPS.with(Cell::get), 0);
        let mut interrupted = || {
            let now = STEPS.with(Cell::get);
            most = most.max(now - last);
            last = now;
            false
        };
        let mut job = Job::default();
        assert!(job.run(module.0.source(), 0, true, &mut interrupted).is_ok());
        interrupted();
        most
    }

    #[test]
    fn what_one_instruction_leaves_to_do_is_done_in_pieces() {
        let many = 100_000;
        for inside in [
            // All of these land at one label.
            "(br_if 0 (local.get 0))",
            // The costs of all of these are written at the end.
            "(loop (br_if 0 (local.get 0)))",
            "(if (local.get 0) (then))",
        ] {
            let text = format!("(func (local i32) (block {}))", inside.repeat(many));
            let steps = steps_between_looks(&text);
            assert!(steps < many / 5, "{inside}: {steps}");
        }
    }

    #[test]
    fn a_blocks_many_operands_are_not_looked_at_when_it_begins_or_ends() {
        let many = "i64 ".repeat(1_000);
        let types = format!("(type $t (func (param {many}) (result {many}))) (memory 1)");
        let push = "i64.const 1 ".repeat(1_000);
        let push_temps = "memory.size i64.extend_i32_u ".repeat(1_000);
        let drops = "drop ".repeat(1_000);
        for push in [push, push_temps] {
            for inside in ["block (type $t) end", "loop (type $t) end", "local.get 0 br_if 0"] {
                let inside = format!("{inside} ").repeat(10_000);
                let func =
                    format!("(func (local i32) {push} block (type $t) {inside} end {drops})");
                assert!(steps_per_byte(&format!("{types} {func}")) <= LINEAR, "{inside:.20}");
            }
        }
    }
}
