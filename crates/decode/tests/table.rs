//! THE TABLE against two independent witnesses: `wat` knows mnemonics and opcodes, `wasmparser`
//! knows opcodes, immediates, proposals and types.

use std::collections::{BTreeMap, BTreeSet};
use windlass_decode::{Features, Imm, ImmKind, Instrs, Module, Nans, Op, Raw, Shape, ValType};

/// Every operator of wasmparser with its proposal.
macro_rules! proposals {
    ($(@$proposal:ident $op:ident $({ $($arg:ident: $ty:ty),* })? => $visit:ident $ann:tt)*) => {
        [$((stringify!($op), stringify!($proposal), stringify!($visit))),*]
    };
}

/// By the operator's name in wasmparser: its proposal and the name of its visitor's method.
fn theirs() -> BTreeMap<&'static str, (&'static str, &'static str)> {
    let all = wasmparser::for_each_operator!(proposals);
    all.into_iter().map(|(op, proposal, visit)| (op, (proposal, visit))).collect()
}

/// The proposals of wasmparser's that Windlass does not have.
const FOREIGN: [&str; 4] =
    ["acquire_release_atomics", "memory_control", "shared_everything_threads", "stack_switching"];

/// Some code in which `op` occurs, in the text format.
fn snippet(op: Op) -> String {
    let info = op.info();
    let mnemonic = info.mnemonic;
    let imm = match info.imm {
        _ if op == Op::Else => return "if else end".into(),
        _ if op == Op::End => return "block end".into(),
        _ if op == Op::Catch => return "try catch 0 end".into(),
        _ if op == Op::CatchAll => return "try catch_all end".into(),
        _ if op == Op::Delegate => return "try delegate 0".into(),
        ImmKind::block => return format!("{mnemonic} (type 0) end {mnemonic} end"),
        ImmKind::try_table => {
            return "try_table (result i32) (catch 1 0) (catch_ref 2 1) (catch_all 3)
                (catch_all_ref 300) end"
                .into();
        }
        ImmKind::none | ImmKind::fence => "",
        ImmKind::label => "3",
        ImmKind::labels => "0 200 7",
        ImmKind::func => "300",
        ImmKind::r#type | ImmKind::local | ImmKind::global | ImmKind::table => "1",
        ImmKind::elem | ImmKind::data | ImmKind::mem | ImmKind::tag => "1",
        ImmKind::call_indirect => "1 (type 0)",
        ImmKind::table_table | ImmKind::mem_mem => "1 2",
        ImmKind::elem_table | ImmKind::data_mem => "1 2",
        ImmKind::memarg if info.shape == Shape::special => unreachable!("{mnemonic}"),
        ImmKind::memarg => "offset=70000",
        ImmKind::memarg_lane => "offset=5 1",
        ImmKind::lane => "1",
        ImmKind::lanes => "0 1 2 3 4 5 6 7 8 9 10 11 12 13 14 31",
        ImmKind::i32 => "-2147483648",
        ImmKind::i64 => "-9223372036854775808",
        ImmKind::f32 | ImmKind::f64 => "-1.5",
        ImmKind::v128 => "i32x4 1 2 3 -4",
        ImmKind::heap => match op {
            Op::RefTest | Op::RefCast => "(ref i31)",
            Op::RefTestNull | Op::RefCastNull => "(ref null 0)",
            Op::RefCastDescEq => "(ref (exact 70))",
            Op::RefCastDescEqNull => "(ref null 0)",
            _ => "nofunc",
        },
        ImmKind::types => "(result (ref null 1))",
        ImmKind::field => "1 2",
        ImmKind::type_type | ImmKind::type_count => "1 2",
        ImmKind::type_data | ImmKind::type_elem => "1 2",
        ImmKind::br_cast => "3 anyref (ref 1)",
    };
    format!("{mnemonic} {imm}")
}

/// Assembles `code` as the body of a function of type 1, in a module with enough around it.
fn module(code: &str) -> Vec<u8> {
    let text = format!("(module (type (func (param i32))) (type (func)) (func (type 1) {code}))");
    wat::parse_str(&text).unwrap_or_else(|e| panic!("{code}: {e}"))
}

/// wasmparser's name of an operator.
fn their_name(op: &wasmparser::Operator<'_>) -> String {
    format!("{op:?}").split([' ', '{']).next().unwrap().to_string()
}

/// Where wasmparser's name of a visitor's method is not our name.
fn our_name(visit: &str) -> &str {
    let name = visit.strip_prefix("visit_").unwrap();
    match name {
        "typed_select" => "select_t",
        "ref_test_non_null" => "ref_test",
        "ref_test_nullable" => "ref_test_null",
        "ref_cast_non_null" => "ref_cast",
        "ref_cast_nullable" => "ref_cast_null",
        "ref_cast_desc_eq_non_null" => "ref_cast_desc_eq",
        "ref_cast_desc_eq_nullable" => "ref_cast_desc_eq_null",
        _ => name,
    }
}

/// The third column of the table.
macro_rules! names {
    ($($code:literal $op:ident $name:ident $mnemonic:literal $feature:ident $imm:ident $shape:ident
       [$($param:ident)*] [$($result:ident)*] $($fact:ident $(= $of:ident)?)*;)*) => {
        [$((Op::$op, stringify!($name).trim_start_matches("r#"), stringify!($feature))),*]
    };
}

#[test]
fn every_row_is_as_others_have_it() {
    let theirs = theirs();
    let mut seen = BTreeSet::new();
    for (op, name, feature) in windlass_decode::for_each_op!(names) {
        let bytes = module(&snippet(op));
        let decoded = Module::decode(&bytes, Features::ALL).unwrap();
        let code = decoded.bodies[0].code.clone();
        let mut ours = Instrs::at(&bytes, code.start, Features::ALL);
        let reader = wasmparser::BinaryReader::new(&bytes[code.clone()], code.start as u64);
        let mut operators = wasmparser::OperatorsReader::new(reader);
        let mut found = false;
        while ours.reader.offset() < code.end {
            let instr = ours.next_instr().unwrap_or_else(|e| panic!("{name}: {e}"));
            let (their, offset) = operators.read_with_offset().unwrap();
            assert_eq!(instr.offset as u64, offset, "{name}: immediates of another length");
            let (proposal, visit) = theirs[&*their_name(&their)];
            if instr.op == op {
                found = true;
                assert_eq!(our_name(visit), name);
                assert_eq!(proposal, feature, "{name}");
                seen.insert(their_name(&their));
            }
        }
        operators.finish().unwrap_or_else(|e| panic!("{name}: {e}"));
        assert!(found, "{name}: the mnemonic stands for another opcode");
        assert_eq!(op.mnemonic().replace('.', "_"), name.trim_end_matches(mnemonic_less(op)));
    }
    // `TypedSelectMulti` is an invalid form of the same instruction.
    let missing: Vec<_> = theirs
        .iter()
        .filter(|(op, (proposal, _))| {
            !seen.contains(**op) && !FOREIGN.contains(proposal) && **op != "TypedSelectMulti"
        })
        .collect();
    assert!(missing.is_empty(), "{missing:?}");
    assert_eq!(seen.len(), Op::ALL.len());
}

/// What a name has at its end where several opcodes share a mnemonic.
fn mnemonic_less(op: Op) -> &'static str {
    match op {
        Op::SelectT => "_t",
        Op::RefTestNull | Op::RefCastNull | Op::RefCastDescEqNull => "_null",
        _ => "$",
    }
}

/// A function that does nothing but `op`, in the text format.
fn function(op: Op) -> String {
    let info = op.info();
    let address = matches!(info.imm, ImmKind::memarg | ImmKind::memarg_lane);
    let params = address.then_some(ValType::I32).into_iter().chain(info.params.iter().copied());
    let mut text = String::from("(module (memory 1 1 shared) (func");
    let mut gets = String::new();
    for (i, param) in params.enumerate() {
        text += &format!(" (param {param})");
        gets += &format!(" local.get {i}");
    }
    for result in info.results {
        text += &format!(" (result {result})");
    }
    text + &gets + " " + &snippet(op) + "))"
}

#[test]
fn operands_and_results_are_valid() {
    let mut checked = 0;
    for op in Op::ALL {
        let info = op.info();
        if info.shape == Shape::special {
            assert!(info.params.is_empty() && info.results.is_empty(), "{op:?}");
            continue;
        }
        let text = function(op);
        let bytes = wat::parse_str(&text).unwrap_or_else(|e| panic!("{text}: {e}"));
        wasmparser::Validator::new_with_features(wasmparser::WasmFeatures::all())
            .validate_all(&bytes)
            .unwrap_or_else(|e| panic!("{text}: {e}"));
        checked += 1;
    }
    assert!(checked > 450, "{checked}");
}

#[test]
fn shapes_agree_with_types() {
    for op in Op::ALL {
        let info = op.info();
        let arity = (info.params.len(), info.results.len());
        let expected = match info.shape {
            Shape::special => (0, 0),
            Shape::constant | Shape::v_const => (0, 1),
            Shape::load | Shape::v_load | Shape::atomic_load => (0, 1),
            Shape::store | Shape::v_store | Shape::atomic_store => (1, 0),
            Shape::un | Shape::test | Shape::try_un => (1, 1),
            Shape::v_un | Shape::v_test | Shape::v_splat | Shape::v_extract => (1, 1),
            Shape::v_load_lane | Shape::atomic_rmw | Shape::atomic_notify => (1, 1),
            Shape::v_store_lane => (1, 0),
            Shape::bin | Shape::cmp | Shape::try_bin => (2, 1),
            Shape::v_bin | Shape::v_shift | Shape::v_shuffle | Shape::v_replace => (2, 1),
            Shape::atomic_cmpxchg | Shape::atomic_wait => (2, 1),
            Shape::v_tern => (3, 1),
            Shape::wide => (if info.mnemonic.contains("mul") { 2 } else { 4 }, 2),
        };
        assert_eq!(arity, expected, "{op:?}");
        if matches!(info.shape, Shape::cmp | Shape::test) {
            assert_eq!(info.results, [ValType::I32], "{op:?}");
        }
        assert_eq!(Op::from_code(info.code), Some(op));
    }
}

#[test]
fn twins_are_twins_of_each_other() {
    let mut twins = 0;
    for op in Op::ALL {
        let info = op.info();
        assert!(!op.commutes() || info.params[0] == info.params[1], "{op:?}");
        for (twin, back) in [
            (op.swapped(), Op::swapped as fn(Op) -> Option<Op>),
            (op.negated(), Op::negated as fn(Op) -> Option<Op>),
        ] {
            let Some(twin) = twin else { continue };
            assert_eq!(back(twin), Some(op));
            assert_ne!(twin, op);
            assert_eq!((info.shape, twin.shape()), (Shape::cmp, Shape::cmp), "{op:?}");
            assert_eq!(info.params, twin.info().params, "{op:?}");
            twins += 1;
        }
        // What commutes would be its own twin.
        assert!(!op.commutes() || op.swapped().is_none(), "{op:?}");
    }
    assert_eq!(twins, 24 + 24);
}

#[test]
fn what_is_asked_often_is_what_the_row_says() {
    for op in Op::ALL {
        let names_type = matches!(op.imm_kind(), ImmKind::block | ImmKind::try_table);
        assert_eq!(op.begins_block(), names_type, "{op:?}");
        let first = [op.info().params, op.info().results].map(|types| types.first().copied());
        assert_eq!([op.first_param(), op.first_result()], first, "{op:?}");
    }
}

#[test]
fn nans_are_of_the_type_of_the_result() {
    for op in Op::ALL {
        let Some(nans) = op.nans() else { continue };
        let (ty, prefix) = match nans {
            Nans::F32 => (ValType::F32, "f32."),
            Nans::F64 => (ValType::F64, "f64."),
            Nans::F32x4 => (ValType::V128, "f32x4."),
            Nans::F64x2 => (ValType::V128, "f64x2."),
        };
        assert_eq!(op.info().results, [ty], "{op:?}");
        assert!(op.mnemonic().starts_with(prefix), "{op:?}");
    }
}

/// The alignment that the text format means if it says none is what `wat` knows of widths.
#[test]
fn widths_are_as_others_have_them() {
    let mut checked = 0;
    for op in Op::ALL {
        let size = op.raw().map(Raw::size_log2);
        let bytes = module(&snippet(op));
        let code = Module::decode(&bytes, Features::ALL).unwrap().bodies[0].code.clone();
        let mut instrs = Instrs::at(&bytes, code.start, Features::ALL);
        let imm = loop {
            let instr = instrs.next_instr().unwrap();
            if instr.op == op {
                break instr.imm;
            }
        };
        match imm {
            Imm::Mem(arg) | Imm::MemLane(arg, _) => assert_eq!(size, Some(arg.align), "{op:?}"),
            Imm::Lane(_) => {
                let lane = (1 << (4 - size.unwrap())) - 1;
                let valid = |lane: i32| {
                    let text = function(op).replace(
                        &format!("{} 1", op.mnemonic()),
                        &format!("{} {lane}", op.mnemonic()),
                    );
                    let bytes = wat::parse_str(&text).unwrap();
                    wasmparser::Validator::new().validate_all(&bytes).is_ok()
                };
                assert!(valid(lane) && !valid(lane + 1), "{op:?}");
            }
            _ => assert_eq!(size, None, "{op:?}"),
        }
        checked += usize::from(size.is_some());
    }
    assert!(checked > 120, "{checked}");
}

#[test]
fn what_is_moved_is_extended_as_the_mnemonic_says() {
    for op in Op::ALL {
        if !matches!(op.shape(), Shape::load | Shape::v_extract | Shape::atomic_load) {
            continue;
        }
        let raw = op.raw().unwrap();
        let unsigned = matches!(raw, Raw::U8 | Raw::U16 | Raw::U32);
        let signed = matches!(raw, Raw::I8 | Raw::I16 | Raw::I32);
        let narrow = op.mnemonic().ends_with("_s") || op.mnemonic().ends_with("_u");
        if narrow {
            assert_eq!(
                (signed, unsigned),
                match op.mnemonic().ends_with("_s") {
                    true => (true, false),
                    false => (false, true),
                },
                "{op:?}"
            );
        }
    }
}
