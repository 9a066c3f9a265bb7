//! THE TABLE: every WebAssembly instruction, once.
//!
//! One row is one instruction. Its columns:
//!
//! | column | meaning |
//! |---|---|
//! | opcode | one byte, or `0xPP_SSSS`: prefix byte and sub-opcode |
//! | variant | the name in [`Op`] |
//! | name | the mnemonic as a Rust identifier: the name of its meaning in the engine |
//! | mnemonic | the text format's name |
//! | feature | the proposal it belongs to (a constant of [`Features`], lower case) |
//! | immediate | the form of its immediate ([`ImmKind`]) |
//! | shape | how it is executed ([`Shape`]); `special` means by code of its own |
//! | operands, results | its type; memory instructions have an implicit address operand below these |
//! | facts | what else is true of it, if anything is |
//!
//! The facts, in this order:
//!
//! | fact | meaning |
//! |---|---|
//! | `commutes` | its two operands can be swapped |
//! | `swapped=Op` | the comparison that does the same with operands swapped |
//! | `negated=Op` | the comparison that is true when this one is false |
//! | `nans=type` | it makes NaNs, of this type, whose bits are not its operands' |
//! | `raw=type` | the type of what it moves, in memory or in a lane: width, and how it is extended |
//! | `rmw=Name` | what an atomic access does to what is in memory |
//!
//! Decoder, names, feature gates, validation, lowering and listings are derived from the rows by
//! the macros of their consumers. Nothing else in the project lists the simple instructions again,
//! but for the one function each that says what it computes.

use crate::{
    Features, MESSAGES,
    facts::{Facts, Nans, Raw, facts},
    row::Row,
    types::ValType,
};

/// Calls `$mac!` with every row of the table.
#[macro_export]
macro_rules! for_each_op {
    ($mac:ident) => {
        $mac! {
            // Control instructions.
            0x00 Unreachable unreachable "unreachable" mvp none special [] [];
            0x01 Nop nop "nop" mvp none special [] [];
            0x02 Block block "block" mvp block special [] [];
            0x03 Loop loop "loop" mvp block special [] [];
            0x04 If if "if" mvp block special [] [];
            0x05 Else else "else" mvp none special [] [];
            0x06 Try try "try" legacy_exceptions block special [] [];
            0x07 Catch catch "catch" legacy_exceptions tag special [] [];
            0x08 Throw throw "throw" exceptions tag special [] [];
            0x09 Rethrow rethrow "rethrow" legacy_exceptions label special [] [];
            0x0a ThrowRef throw_ref "throw_ref" exceptions none special [] [];
            0x0b End end "end" mvp none special [] [];
            0x0c Br br "br" mvp label special [] [];
            0x0d BrIf br_if "br_if" mvp label special [] [];
            0x0e BrTable br_table "br_table" mvp labels special [] [];
            0x0f Return return "return" mvp none special [] [];
            0x10 Call call "call" mvp func special [] [];
            0x11 CallIndirect call_indirect "call_indirect" mvp call_indirect special [] [];
            0x12 ReturnCall return_call "return_call" tail_call func special [] [];
            0x13 ReturnCallIndirect return_call_indirect "return_call_indirect" tail_call call_indirect special [] [];
            0x14 CallRef call_ref "call_ref" function_references type special [] [];
            0x15 ReturnCallRef return_call_ref "return_call_ref" function_references type special [] [];
            0x18 Delegate delegate "delegate" legacy_exceptions label special [] [];
            0x19 CatchAll catch_all "catch_all" legacy_exceptions none special [] [];
            0x1f TryTable try_table "try_table" exceptions try_table special [] [];
            // Parametric instructions.
            0x1a Drop drop "drop" mvp none special [] [];
            0x1b Select select "select" mvp none special [] [];
            0x1c SelectT select_t "select" reference_types types special [] [];
            // Variable and table instructions.
            0x20 LocalGet local_get "local.get" mvp local special [] [];
            0x21 LocalSet local_set "local.set" mvp local special [] [];
            0x22 LocalTee local_tee "local.tee" mvp local special [] [];
            0x23 GlobalGet global_get "global.get" mvp global special [] [];
            0x24 GlobalSet global_set "global.set" mvp global special [] [];
            0x25 TableGet table_get "table.get" reference_types table special [] [];
            0x26 TableSet table_set "table.set" reference_types table special [] [];
            // Memory instructions: the address operand is implicit, its type is the memory's.
            0x28 I32Load i32_load "i32.load" mvp memarg load [] [i32] raw=i32;
            0x29 I64Load i64_load "i64.load" mvp memarg load [] [i64] raw=i64;
            0x2a F32Load f32_load "f32.load" mvp memarg load [] [f32] raw=f32;
            0x2b F64Load f64_load "f64.load" mvp memarg load [] [f64] raw=f64;
            0x2c I32Load8S i32_load8_s "i32.load8_s" mvp memarg load [] [i32] raw=i8;
            0x2d I32Load8U i32_load8_u "i32.load8_u" mvp memarg load [] [i32] raw=u8;
            0x2e I32Load16S i32_load16_s "i32.load16_s" mvp memarg load [] [i32] raw=i16;
            0x2f I32Load16U i32_load16_u "i32.load16_u" mvp memarg load [] [i32] raw=u16;
            0x30 I64Load8S i64_load8_s "i64.load8_s" mvp memarg load [] [i64] raw=i8;
            0x31 I64Load8U i64_load8_u "i64.load8_u" mvp memarg load [] [i64] raw=u8;
            0x32 I64Load16S i64_load16_s "i64.load16_s" mvp memarg load [] [i64] raw=i16;
            0x33 I64Load16U i64_load16_u "i64.load16_u" mvp memarg load [] [i64] raw=u16;
            0x34 I64Load32S i64_load32_s "i64.load32_s" mvp memarg load [] [i64] raw=i32;
            0x35 I64Load32U i64_load32_u "i64.load32_u" mvp memarg load [] [i64] raw=u32;
            0x36 I32Store i32_store "i32.store" mvp memarg store [i32] [] raw=i32;
            0x37 I64Store i64_store "i64.store" mvp memarg store [i64] [] raw=i64;
            0x38 F32Store f32_store "f32.store" mvp memarg store [f32] [] raw=f32;
            0x39 F64Store f64_store "f64.store" mvp memarg store [f64] [] raw=f64;
            0x3a I32Store8 i32_store8 "i32.store8" mvp memarg store [i32] [] raw=u8;
            0x3b I32Store16 i32_store16 "i32.store16" mvp memarg store [i32] [] raw=u16;
            0x3c I64Store8 i64_store8 "i64.store8" mvp memarg store [i64] [] raw=u8;
            0x3d I64Store16 i64_store16 "i64.store16" mvp memarg store [i64] [] raw=u16;
            0x3e I64Store32 i64_store32 "i64.store32" mvp memarg store [i64] [] raw=u32;
            0x3f MemorySize memory_size "memory.size" mvp mem special [] [];
            0x40 MemoryGrow memory_grow "memory.grow" mvp mem special [] [];
            // Constants.
            0x41 I32Const i32_const "i32.const" mvp i32 constant [] [i32];
            0x42 I64Const i64_const "i64.const" mvp i64 constant [] [i64];
            0x43 F32Const f32_const "f32.const" mvp f32 constant [] [f32];
            0x44 F64Const f64_const "f64.const" mvp f64 constant [] [f64];
            // Numeric instructions.
            0x45 I32Eqz i32_eqz "i32.eqz" mvp none test [i32] [i32];
            0x46 I32Eq i32_eq "i32.eq" mvp none cmp [i32 i32] [i32] commutes negated=I32Ne;
            0x47 I32Ne i32_ne "i32.ne" mvp none cmp [i32 i32] [i32] commutes negated=I32Eq;
            0x48 I32LtS i32_lt_s "i32.lt_s" mvp none cmp [i32 i32] [i32] swapped=I32GtS negated=I32GeS;
            0x49 I32LtU i32_lt_u "i32.lt_u" mvp none cmp [i32 i32] [i32] swapped=I32GtU negated=I32GeU;
            0x4a I32GtS i32_gt_s "i32.gt_s" mvp none cmp [i32 i32] [i32] swapped=I32LtS negated=I32LeS;
            0x4b I32GtU i32_gt_u "i32.gt_u" mvp none cmp [i32 i32] [i32] swapped=I32LtU negated=I32LeU;
            0x4c I32LeS i32_le_s "i32.le_s" mvp none cmp [i32 i32] [i32] swapped=I32GeS negated=I32GtS;
            0x4d I32LeU i32_le_u "i32.le_u" mvp none cmp [i32 i32] [i32] swapped=I32GeU negated=I32GtU;
            0x4e I32GeS i32_ge_s "i32.ge_s" mvp none cmp [i32 i32] [i32] swapped=I32LeS negated=I32LtS;
            0x4f I32GeU i32_ge_u "i32.ge_u" mvp none cmp [i32 i32] [i32] swapped=I32LeU negated=I32LtU;
            0x50 I64Eqz i64_eqz "i64.eqz" mvp none test [i64] [i32];
            0x51 I64Eq i64_eq "i64.eq" mvp none cmp [i64 i64] [i32] commutes negated=I64Ne;
            0x52 I64Ne i64_ne "i64.ne" mvp none cmp [i64 i64] [i32] commutes negated=I64Eq;
            0x53 I64LtS i64_lt_s "i64.lt_s" mvp none cmp [i64 i64] [i32] swapped=I64GtS negated=I64GeS;
            0x54 I64LtU i64_lt_u "i64.lt_u" mvp none cmp [i64 i64] [i32] swapped=I64GtU negated=I64GeU;
            0x55 I64GtS i64_gt_s "i64.gt_s" mvp none cmp [i64 i64] [i32] swapped=I64LtS negated=I64LeS;
            0x56 I64GtU i64_gt_u "i64.gt_u" mvp none cmp [i64 i64] [i32] swapped=I64LtU negated=I64LeU;
            0x57 I64LeS i64_le_s "i64.le_s" mvp none cmp [i64 i64] [i32] swapped=I64GeS negated=I64GtS;
            0x58 I64LeU i64_le_u "i64.le_u" mvp none cmp [i64 i64] [i32] swapped=I64GeU negated=I64GtU;
            0x59 I64GeS i64_ge_s "i64.ge_s" mvp none cmp [i64 i64] [i32] swapped=I64LeS negated=I64LtS;
            0x5a I64GeU i64_ge_u "i64.ge_u" mvp none cmp [i64 i64] [i32] swapped=I64LeU negated=I64LtU;
            0x5b F32Eq f32_eq "f32.eq" mvp none cmp [f32 f32] [i32] commutes negated=F32Ne;
            0x5c F32Ne f32_ne "f32.ne" mvp none cmp [f32 f32] [i32] commutes negated=F32Eq;
            0x5d F32Lt f32_lt "f32.lt" mvp none cmp [f32 f32] [i32] swapped=F32Gt;
            0x5e F32Gt f32_gt "f32.gt" mvp none cmp [f32 f32] [i32] swapped=F32Lt;
            0x5f F32Le f32_le "f32.le" mvp none cmp [f32 f32] [i32] swapped=F32Ge;
            0x60 F32Ge f32_ge "f32.ge" mvp none cmp [f32 f32] [i32] swapped=F32Le;
            0x61 F64Eq f64_eq "f64.eq" mvp none cmp [f64 f64] [i32] commutes negated=F64Ne;
            0x62 F64Ne f64_ne "f64.ne" mvp none cmp [f64 f64] [i32] commutes negated=F64Eq;
            0x63 F64Lt f64_lt "f64.lt" mvp none cmp [f64 f64] [i32] swapped=F64Gt;
            0x64 F64Gt f64_gt "f64.gt" mvp none cmp [f64 f64] [i32] swapped=F64Lt;
            0x65 F64Le f64_le "f64.le" mvp none cmp [f64 f64] [i32] swapped=F64Ge;
            0x66 F64Ge f64_ge "f64.ge" mvp none cmp [f64 f64] [i32] swapped=F64Le;
            0x67 I32Clz i32_clz "i32.clz" mvp none un [i32] [i32];
            0x68 I32Ctz i32_ctz "i32.ctz" mvp none un [i32] [i32];
            0x69 I32Popcnt i32_popcnt "i32.popcnt" mvp none un [i32] [i32];
            0x6a I32Add i32_add "i32.add" mvp none bin [i32 i32] [i32] commutes;
            0x6b I32Sub i32_sub "i32.sub" mvp none bin [i32 i32] [i32];
            0x6c I32Mul i32_mul "i32.mul" mvp none bin [i32 i32] [i32] commutes;
            0x6d I32DivS i32_div_s "i32.div_s" mvp none try_bin [i32 i32] [i32];
            0x6e I32DivU i32_div_u "i32.div_u" mvp none try_bin [i32 i32] [i32];
            0x6f I32RemS i32_rem_s "i32.rem_s" mvp none try_bin [i32 i32] [i32];
            0x70 I32RemU i32_rem_u "i32.rem_u" mvp none try_bin [i32 i32] [i32];
            0x71 I32And i32_and "i32.and" mvp none bin [i32 i32] [i32] commutes;
            0x72 I32Or i32_or "i32.or" mvp none bin [i32 i32] [i32] commutes;
            0x73 I32Xor i32_xor "i32.xor" mvp none bin [i32 i32] [i32] commutes;
            0x74 I32Shl i32_shl "i32.shl" mvp none bin [i32 i32] [i32];
            0x75 I32ShrS i32_shr_s "i32.shr_s" mvp none bin [i32 i32] [i32];
            0x76 I32ShrU i32_shr_u "i32.shr_u" mvp none bin [i32 i32] [i32];
            0x77 I32Rotl i32_rotl "i32.rotl" mvp none bin [i32 i32] [i32];
            0x78 I32Rotr i32_rotr "i32.rotr" mvp none bin [i32 i32] [i32];
            0x79 I64Clz i64_clz "i64.clz" mvp none un [i64] [i64];
            0x7a I64Ctz i64_ctz "i64.ctz" mvp none un [i64] [i64];
            0x7b I64Popcnt i64_popcnt "i64.popcnt" mvp none un [i64] [i64];
            0x7c I64Add i64_add "i64.add" mvp none bin [i64 i64] [i64] commutes;
            0x7d I64Sub i64_sub "i64.sub" mvp none bin [i64 i64] [i64];
            0x7e I64Mul i64_mul "i64.mul" mvp none bin [i64 i64] [i64] commutes;
            0x7f I64DivS i64_div_s "i64.div_s" mvp none try_bin [i64 i64] [i64];
            0x80 I64DivU i64_div_u "i64.div_u" mvp none try_bin [i64 i64] [i64];
            0x81 I64RemS i64_rem_s "i64.rem_s" mvp none try_bin [i64 i64] [i64];
            0x82 I64RemU i64_rem_u "i64.rem_u" mvp none try_bin [i64 i64] [i64];
            0x83 I64And i64_and "i64.and" mvp none bin [i64 i64] [i64] commutes;
            0x84 I64Or i64_or "i64.or" mvp none bin [i64 i64] [i64] commutes;
            0x85 I64Xor i64_xor "i64.xor" mvp none bin [i64 i64] [i64] commutes;
            0x86 I64Shl i64_shl "i64.shl" mvp none bin [i64 i64] [i64];
            0x87 I64ShrS i64_shr_s "i64.shr_s" mvp none bin [i64 i64] [i64];
            0x88 I64ShrU i64_shr_u "i64.shr_u" mvp none bin [i64 i64] [i64];
            0x89 I64Rotl i64_rotl "i64.rotl" mvp none bin [i64 i64] [i64];
            0x8a I64Rotr i64_rotr "i64.rotr" mvp none bin [i64 i64] [i64];
            0x8b F32Abs f32_abs "f32.abs" mvp none un [f32] [f32];
            0x8c F32Neg f32_neg "f32.neg" mvp none un [f32] [f32];
            0x8d F32Ceil f32_ceil "f32.ceil" mvp none un [f32] [f32] nans=f32;
            0x8e F32Floor f32_floor "f32.floor" mvp none un [f32] [f32] nans=f32;
            0x8f F32Trunc f32_trunc "f32.trunc" mvp none un [f32] [f32] nans=f32;
            0x90 F32Nearest f32_nearest "f32.nearest" mvp none un [f32] [f32] nans=f32;
            0x91 F32Sqrt f32_sqrt "f32.sqrt" mvp none un [f32] [f32] nans=f32;
            0x92 F32Add f32_add "f32.add" mvp none bin [f32 f32] [f32] commutes nans=f32;
            0x93 F32Sub f32_sub "f32.sub" mvp none bin [f32 f32] [f32] nans=f32;
            0x94 F32Mul f32_mul "f32.mul" mvp none bin [f32 f32] [f32] commutes nans=f32;
            0x95 F32Div f32_div "f32.div" mvp none bin [f32 f32] [f32] nans=f32;
            0x96 F32Min f32_min "f32.min" mvp none bin [f32 f32] [f32] commutes nans=f32;
            0x97 F32Max f32_max "f32.max" mvp none bin [f32 f32] [f32] commutes nans=f32;
            0x98 F32Copysign f32_copysign "f32.copysign" mvp none bin [f32 f32] [f32];
            0x99 F64Abs f64_abs "f64.abs" mvp none un [f64] [f64];
            0x9a F64Neg f64_neg "f64.neg" mvp none un [f64] [f64];
            0x9b F64Ceil f64_ceil "f64.ceil" mvp none un [f64] [f64] nans=f64;
            0x9c F64Floor f64_floor "f64.floor" mvp none un [f64] [f64] nans=f64;
            0x9d F64Trunc f64_trunc "f64.trunc" mvp none un [f64] [f64] nans=f64;
            0x9e F64Nearest f64_nearest "f64.nearest" mvp none un [f64] [f64] nans=f64;
            0x9f F64Sqrt f64_sqrt "f64.sqrt" mvp none un [f64] [f64] nans=f64;
            0xa0 F64Add f64_add "f64.add" mvp none bin [f64 f64] [f64] commutes nans=f64;
            0xa1 F64Sub f64_sub "f64.sub" mvp none bin [f64 f64] [f64] nans=f64;
            0xa2 F64Mul f64_mul "f64.mul" mvp none bin [f64 f64] [f64] commutes nans=f64;
            0xa3 F64Div f64_div "f64.div" mvp none bin [f64 f64] [f64] nans=f64;
            0xa4 F64Min f64_min "f64.min" mvp none bin [f64 f64] [f64] commutes nans=f64;
            0xa5 F64Max f64_max "f64.max" mvp none bin [f64 f64] [f64] commutes nans=f64;
            0xa6 F64Copysign f64_copysign "f64.copysign" mvp none bin [f64 f64] [f64];
            0xa7 I32WrapI64 i32_wrap_i64 "i32.wrap_i64" mvp none un [i64] [i32];
            0xa8 I32TruncF32S i32_trunc_f32_s "i32.trunc_f32_s" mvp none try_un [f32] [i32];
            0xa9 I32TruncF32U i32_trunc_f32_u "i32.trunc_f32_u" mvp none try_un [f32] [i32];
            0xaa I32TruncF64S i32_trunc_f64_s "i32.trunc_f64_s" mvp none try_un [f64] [i32];
            0xab I32TruncF64U i32_trunc_f64_u "i32.trunc_f64_u" mvp none try_un [f64] [i32];
            0xac I64ExtendI32S i64_extend_i32_s "i64.extend_i32_s" mvp none un [i32] [i64];
            0xad I64ExtendI32U i64_extend_i32_u "i64.extend_i32_u" mvp none un [i32] [i64];
            0xae I64TruncF32S i64_trunc_f32_s "i64.trunc_f32_s" mvp none try_un [f32] [i64];
            0xaf I64TruncF32U i64_trunc_f32_u "i64.trunc_f32_u" mvp none try_un [f32] [i64];
            0xb0 I64TruncF64S i64_trunc_f64_s "i64.trunc_f64_s" mvp none try_un [f64] [i64];
            0xb1 I64TruncF64U i64_trunc_f64_u "i64.trunc_f64_u" mvp none try_un [f64] [i64];
            0xb2 F32ConvertI32S f32_convert_i32_s "f32.convert_i32_s" mvp none un [i32] [f32];
            0xb3 F32ConvertI32U f32_convert_i32_u "f32.convert_i32_u" mvp none un [i32] [f32];
            0xb4 F32ConvertI64S f32_convert_i64_s "f32.convert_i64_s" mvp none un [i64] [f32];
            0xb5 F32ConvertI64U f32_convert_i64_u "f32.convert_i64_u" mvp none un [i64] [f32];
            0xb6 F32DemoteF64 f32_demote_f64 "f32.demote_f64" mvp none un [f64] [f32] nans=f32;
            0xb7 F64ConvertI32S f64_convert_i32_s "f64.convert_i32_s" mvp none un [i32] [f64];
            0xb8 F64ConvertI32U f64_convert_i32_u "f64.convert_i32_u" mvp none un [i32] [f64];
            0xb9 F64ConvertI64S f64_convert_i64_s "f64.convert_i64_s" mvp none un [i64] [f64];
            0xba F64ConvertI64U f64_convert_i64_u "f64.convert_i64_u" mvp none un [i64] [f64];
            0xbb F64PromoteF32 f64_promote_f32 "f64.promote_f32" mvp none un [f32] [f64] nans=f64;
            0xbc I32ReinterpretF32 i32_reinterpret_f32 "i32.reinterpret_f32" mvp none un [f32] [i32];
            0xbd I64ReinterpretF64 i64_reinterpret_f64 "i64.reinterpret_f64" mvp none un [f64] [i64];
            0xbe F32ReinterpretI32 f32_reinterpret_i32 "f32.reinterpret_i32" mvp none un [i32] [f32];
            0xbf F64ReinterpretI64 f64_reinterpret_i64 "f64.reinterpret_i64" mvp none un [i64] [f64];
            0xc0 I32Extend8S i32_extend8_s "i32.extend8_s" sign_extension none un [i32] [i32];
            0xc1 I32Extend16S i32_extend16_s "i32.extend16_s" sign_extension none un [i32] [i32];
            0xc2 I64Extend8S i64_extend8_s "i64.extend8_s" sign_extension none un [i64] [i64];
            0xc3 I64Extend16S i64_extend16_s "i64.extend16_s" sign_extension none un [i64] [i64];
            0xc4 I64Extend32S i64_extend32_s "i64.extend32_s" sign_extension none un [i64] [i64];
            // Reference instructions.
            0xd0 RefNull ref_null "ref.null" reference_types heap special [] [];
            0xd1 RefIsNull ref_is_null "ref.is_null" reference_types none special [] [];
            0xd2 RefFunc ref_func "ref.func" reference_types func special [] [];
            0xd3 RefEq ref_eq "ref.eq" gc none special [] [];
            0xd4 RefAsNonNull ref_as_non_null "ref.as_non_null" function_references none special [] [];
            0xd5 BrOnNull br_on_null "br_on_null" function_references label special [] [];
            0xd6 BrOnNonNull br_on_non_null "br_on_non_null" function_references label special [] [];
            // Garbage collection (prefix 0xfb).
            0xfb0000 StructNew struct_new "struct.new" gc type special [] [];
            0xfb0001 StructNewDefault struct_new_default "struct.new_default" gc type special [] [];
            0xfb0002 StructGet struct_get "struct.get" gc field special [] [];
            0xfb0003 StructGetS struct_get_s "struct.get_s" gc field special [] [];
            0xfb0004 StructGetU struct_get_u "struct.get_u" gc field special [] [];
            0xfb0005 StructSet struct_set "struct.set" gc field special [] [];
            0xfb0006 ArrayNew array_new "array.new" gc type special [] [];
            0xfb0007 ArrayNewDefault array_new_default "array.new_default" gc type special [] [];
            0xfb0008 ArrayNewFixed array_new_fixed "array.new_fixed" gc type_count special [] [];
            0xfb0009 ArrayNewData array_new_data "array.new_data" gc type_data special [] [];
            0xfb000a ArrayNewElem array_new_elem "array.new_elem" gc type_elem special [] [];
            0xfb000b ArrayGet array_get "array.get" gc type special [] [];
            0xfb000c ArrayGetS array_get_s "array.get_s" gc type special [] [];
            0xfb000d ArrayGetU array_get_u "array.get_u" gc type special [] [];
            0xfb000e ArraySet array_set "array.set" gc type special [] [];
            0xfb000f ArrayLen array_len "array.len" gc none special [] [];
            0xfb0010 ArrayFill array_fill "array.fill" gc type special [] [];
            0xfb0011 ArrayCopy array_copy "array.copy" gc type_type special [] [];
            0xfb0012 ArrayInitData array_init_data "array.init_data" gc type_data special [] [];
            0xfb0013 ArrayInitElem array_init_elem "array.init_elem" gc type_elem special [] [];
            0xfb0014 RefTest ref_test "ref.test" gc heap special [] [];
            0xfb0015 RefTestNull ref_test_null "ref.test" gc heap special [] [];
            0xfb0016 RefCast ref_cast "ref.cast" gc heap special [] [];
            0xfb0017 RefCastNull ref_cast_null "ref.cast" gc heap special [] [];
            0xfb0018 BrOnCast br_on_cast "br_on_cast" gc br_cast special [] [];
            0xfb0019 BrOnCastFail br_on_cast_fail "br_on_cast_fail" gc br_cast special [] [];
            0xfb001a AnyConvertExtern any_convert_extern "any.convert_extern" gc none special [] [];
            0xfb001b ExternConvertAny extern_convert_any "extern.convert_any" gc none special [] [];
            0xfb001c RefI31 ref_i31 "ref.i31" gc none special [] [];
            0xfb001d I31GetS i31_get_s "i31.get_s" gc none special [] [];
            0xfb001e I31GetU i31_get_u "i31.get_u" gc none special [] [];
            0xfb0020 StructNewDesc struct_new_desc "struct.new_desc" custom_descriptors type special [] [];
            0xfb0021 StructNewDefaultDesc struct_new_default_desc "struct.new_default_desc" custom_descriptors type special [] [];
            0xfb0022 RefGetDesc ref_get_desc "ref.get_desc" custom_descriptors type special [] [];
            0xfb0023 RefCastDescEq ref_cast_desc_eq "ref.cast_desc_eq" custom_descriptors heap special [] [];
            0xfb0024 RefCastDescEqNull ref_cast_desc_eq_null "ref.cast_desc_eq" custom_descriptors heap special [] [];
            0xfb0025 BrOnCastDescEq br_on_cast_desc_eq "br_on_cast_desc_eq" custom_descriptors br_cast special [] [];
            0xfb0026 BrOnCastDescEqFail br_on_cast_desc_eq_fail "br_on_cast_desc_eq_fail" custom_descriptors br_cast special [] [];
            // Saturating truncation, bulk memory, tables, wide arithmetic (prefix 0xfc).
            0xfc0000 I32TruncSatF32S i32_trunc_sat_f32_s "i32.trunc_sat_f32_s" saturating_float_to_int none un [f32] [i32];
            0xfc0001 I32TruncSatF32U i32_trunc_sat_f32_u "i32.trunc_sat_f32_u" saturating_float_to_int none un [f32] [i32];
            0xfc0002 I32TruncSatF64S i32_trunc_sat_f64_s "i32.trunc_sat_f64_s" saturating_float_to_int none un [f64] [i32];
            0xfc0003 I32TruncSatF64U i32_trunc_sat_f64_u "i32.trunc_sat_f64_u" saturating_float_to_int none un [f64] [i32];
            0xfc0004 I64TruncSatF32S i64_trunc_sat_f32_s "i64.trunc_sat_f32_s" saturating_float_to_int none un [f32] [i64];
            0xfc0005 I64TruncSatF32U i64_trunc_sat_f32_u "i64.trunc_sat_f32_u" saturating_float_to_int none un [f32] [i64];
            0xfc0006 I64TruncSatF64S i64_trunc_sat_f64_s "i64.trunc_sat_f64_s" saturating_float_to_int none un [f64] [i64];
            0xfc0007 I64TruncSatF64U i64_trunc_sat_f64_u "i64.trunc_sat_f64_u" saturating_float_to_int none un [f64] [i64];
            0xfc0008 MemoryInit memory_init "memory.init" bulk_memory data_mem special [] [];
            0xfc0009 DataDrop data_drop "data.drop" bulk_memory data special [] [];
            0xfc000a MemoryCopy memory_copy "memory.copy" bulk_memory mem_mem special [] [];
            0xfc000b MemoryFill memory_fill "memory.fill" bulk_memory mem special [] [];
            0xfc000c TableInit table_init "table.init" bulk_memory elem_table special [] [];
            0xfc000d ElemDrop elem_drop "elem.drop" bulk_memory elem special [] [];
            0xfc000e TableCopy table_copy "table.copy" bulk_memory table_table special [] [];
            0xfc000f TableGrow table_grow "table.grow" reference_types table special [] [];
            0xfc0010 TableSize table_size "table.size" reference_types table special [] [];
            0xfc0011 TableFill table_fill "table.fill" reference_types table special [] [];
            0xfc0013 I64Add128 i64_add128 "i64.add128" wide_arithmetic none wide [i64 i64 i64 i64] [i64 i64];
            0xfc0014 I64Sub128 i64_sub128 "i64.sub128" wide_arithmetic none wide [i64 i64 i64 i64] [i64 i64];
            0xfc0015 I64MulWideS i64_mul_wide_s "i64.mul_wide_s" wide_arithmetic none wide [i64 i64] [i64 i64];
            0xfc0016 I64MulWideU i64_mul_wide_u "i64.mul_wide_u" wide_arithmetic none wide [i64 i64] [i64 i64];
            // Vector instructions (prefix 0xfd).
            0xfd0000 V128Load v128_load "v128.load" simd memarg v_load [] [v128] raw=v128;
            0xfd0001 V128Load8x8S v128_load8x8_s "v128.load8x8_s" simd memarg v_load [] [v128] raw=i64;
            0xfd0002 V128Load8x8U v128_load8x8_u "v128.load8x8_u" simd memarg v_load [] [v128] raw=i64;
            0xfd0003 V128Load16x4S v128_load16x4_s "v128.load16x4_s" simd memarg v_load [] [v128] raw=i64;
            0xfd0004 V128Load16x4U v128_load16x4_u "v128.load16x4_u" simd memarg v_load [] [v128] raw=i64;
            0xfd0005 V128Load32x2S v128_load32x2_s "v128.load32x2_s" simd memarg v_load [] [v128] raw=i64;
            0xfd0006 V128Load32x2U v128_load32x2_u "v128.load32x2_u" simd memarg v_load [] [v128] raw=i64;
            0xfd0007 V128Load8Splat v128_load8_splat "v128.load8_splat" simd memarg v_load [] [v128] raw=i8;
            0xfd0008 V128Load16Splat v128_load16_splat "v128.load16_splat" simd memarg v_load [] [v128] raw=i16;
            0xfd0009 V128Load32Splat v128_load32_splat "v128.load32_splat" simd memarg v_load [] [v128] raw=i32;
            0xfd000a V128Load64Splat v128_load64_splat "v128.load64_splat" simd memarg v_load [] [v128] raw=i64;
            0xfd000b V128Store v128_store "v128.store" simd memarg v_store [v128] [] raw=v128;
            0xfd000c V128Const v128_const "v128.const" simd v128 v_const [] [v128];
            0xfd000d I8x16Shuffle i8x16_shuffle "i8x16.shuffle" simd lanes v_shuffle [v128 v128] [v128];
            0xfd000e I8x16Swizzle i8x16_swizzle "i8x16.swizzle" simd none v_bin [v128 v128] [v128];
            0xfd000f I8x16Splat i8x16_splat "i8x16.splat" simd none v_splat [i32] [v128];
            0xfd0010 I16x8Splat i16x8_splat "i16x8.splat" simd none v_splat [i32] [v128];
            0xfd0011 I32x4Splat i32x4_splat "i32x4.splat" simd none v_splat [i32] [v128];
            0xfd0012 I64x2Splat i64x2_splat "i64x2.splat" simd none v_splat [i64] [v128];
            0xfd0013 F32x4Splat f32x4_splat "f32x4.splat" simd none v_splat [f32] [v128];
            0xfd0014 F64x2Splat f64x2_splat "f64x2.splat" simd none v_splat [f64] [v128];
            0xfd0015 I8x16ExtractLaneS i8x16_extract_lane_s "i8x16.extract_lane_s" simd lane v_extract [v128] [i32] raw=i8;
            0xfd0016 I8x16ExtractLaneU i8x16_extract_lane_u "i8x16.extract_lane_u" simd lane v_extract [v128] [i32] raw=u8;
            0xfd0017 I8x16ReplaceLane i8x16_replace_lane "i8x16.replace_lane" simd lane v_replace [v128 i32] [v128] raw=i8;
            0xfd0018 I16x8ExtractLaneS i16x8_extract_lane_s "i16x8.extract_lane_s" simd lane v_extract [v128] [i32] raw=i16;
            0xfd0019 I16x8ExtractLaneU i16x8_extract_lane_u "i16x8.extract_lane_u" simd lane v_extract [v128] [i32] raw=u16;
            0xfd001a I16x8ReplaceLane i16x8_replace_lane "i16x8.replace_lane" simd lane v_replace [v128 i32] [v128] raw=i16;
            0xfd001b I32x4ExtractLane i32x4_extract_lane "i32x4.extract_lane" simd lane v_extract [v128] [i32] raw=i32;
            0xfd001c I32x4ReplaceLane i32x4_replace_lane "i32x4.replace_lane" simd lane v_replace [v128 i32] [v128] raw=i32;
            0xfd001d I64x2ExtractLane i64x2_extract_lane "i64x2.extract_lane" simd lane v_extract [v128] [i64] raw=i64;
            0xfd001e I64x2ReplaceLane i64x2_replace_lane "i64x2.replace_lane" simd lane v_replace [v128 i64] [v128] raw=i64;
            0xfd001f F32x4ExtractLane f32x4_extract_lane "f32x4.extract_lane" simd lane v_extract [v128] [f32] raw=f32;
            0xfd0020 F32x4ReplaceLane f32x4_replace_lane "f32x4.replace_lane" simd lane v_replace [v128 f32] [v128] raw=f32;
            0xfd0021 F64x2ExtractLane f64x2_extract_lane "f64x2.extract_lane" simd lane v_extract [v128] [f64] raw=f64;
            0xfd0022 F64x2ReplaceLane f64x2_replace_lane "f64x2.replace_lane" simd lane v_replace [v128 f64] [v128] raw=f64;
            0xfd0023 I8x16Eq i8x16_eq "i8x16.eq" simd none v_bin [v128 v128] [v128] commutes;
            0xfd0024 I8x16Ne i8x16_ne "i8x16.ne" simd none v_bin [v128 v128] [v128] commutes;
            0xfd0025 I8x16LtS i8x16_lt_s "i8x16.lt_s" simd none v_bin [v128 v128] [v128];
            0xfd0026 I8x16LtU i8x16_lt_u "i8x16.lt_u" simd none v_bin [v128 v128] [v128];
            0xfd0027 I8x16GtS i8x16_gt_s "i8x16.gt_s" simd none v_bin [v128 v128] [v128];
            0xfd0028 I8x16GtU i8x16_gt_u "i8x16.gt_u" simd none v_bin [v128 v128] [v128];
            0xfd0029 I8x16LeS i8x16_le_s "i8x16.le_s" simd none v_bin [v128 v128] [v128];
            0xfd002a I8x16LeU i8x16_le_u "i8x16.le_u" simd none v_bin [v128 v128] [v128];
            0xfd002b I8x16GeS i8x16_ge_s "i8x16.ge_s" simd none v_bin [v128 v128] [v128];
            0xfd002c I8x16GeU i8x16_ge_u "i8x16.ge_u" simd none v_bin [v128 v128] [v128];
            0xfd002d I16x8Eq i16x8_eq "i16x8.eq" simd none v_bin [v128 v128] [v128] commutes;
            0xfd002e I16x8Ne i16x8_ne "i16x8.ne" simd none v_bin [v128 v128] [v128] commutes;
            0xfd002f I16x8LtS i16x8_lt_s "i16x8.lt_s" simd none v_bin [v128 v128] [v128];
            0xfd0030 I16x8LtU i16x8_lt_u "i16x8.lt_u" simd none v_bin [v128 v128] [v128];
            0xfd0031 I16x8GtS i16x8_gt_s "i16x8.gt_s" simd none v_bin [v128 v128] [v128];
            0xfd0032 I16x8GtU i16x8_gt_u "i16x8.gt_u" simd none v_bin [v128 v128] [v128];
            0xfd0033 I16x8LeS i16x8_le_s "i16x8.le_s" simd none v_bin [v128 v128] [v128];
            0xfd0034 I16x8LeU i16x8_le_u "i16x8.le_u" simd none v_bin [v128 v128] [v128];
            0xfd0035 I16x8GeS i16x8_ge_s "i16x8.ge_s" simd none v_bin [v128 v128] [v128];
            0xfd0036 I16x8GeU i16x8_ge_u "i16x8.ge_u" simd none v_bin [v128 v128] [v128];
            0xfd0037 I32x4Eq i32x4_eq "i32x4.eq" simd none v_bin [v128 v128] [v128] commutes;
            0xfd0038 I32x4Ne i32x4_ne "i32x4.ne" simd none v_bin [v128 v128] [v128] commutes;
            0xfd0039 I32x4LtS i32x4_lt_s "i32x4.lt_s" simd none v_bin [v128 v128] [v128];
            0xfd003a I32x4LtU i32x4_lt_u "i32x4.lt_u" simd none v_bin [v128 v128] [v128];
            0xfd003b I32x4GtS i32x4_gt_s "i32x4.gt_s" simd none v_bin [v128 v128] [v128];
            0xfd003c I32x4GtU i32x4_gt_u "i32x4.gt_u" simd none v_bin [v128 v128] [v128];
            0xfd003d I32x4LeS i32x4_le_s "i32x4.le_s" simd none v_bin [v128 v128] [v128];
            0xfd003e I32x4LeU i32x4_le_u "i32x4.le_u" simd none v_bin [v128 v128] [v128];
            0xfd003f I32x4GeS i32x4_ge_s "i32x4.ge_s" simd none v_bin [v128 v128] [v128];
            0xfd0040 I32x4GeU i32x4_ge_u "i32x4.ge_u" simd none v_bin [v128 v128] [v128];
            0xfd0041 F32x4Eq f32x4_eq "f32x4.eq" simd none v_bin [v128 v128] [v128] commutes;
            0xfd0042 F32x4Ne f32x4_ne "f32x4.ne" simd none v_bin [v128 v128] [v128] commutes;
            0xfd0043 F32x4Lt f32x4_lt "f32x4.lt" simd none v_bin [v128 v128] [v128];
            0xfd0044 F32x4Gt f32x4_gt "f32x4.gt" simd none v_bin [v128 v128] [v128];
            0xfd0045 F32x4Le f32x4_le "f32x4.le" simd none v_bin [v128 v128] [v128];
            0xfd0046 F32x4Ge f32x4_ge "f32x4.ge" simd none v_bin [v128 v128] [v128];
            0xfd0047 F64x2Eq f64x2_eq "f64x2.eq" simd none v_bin [v128 v128] [v128] commutes;
            0xfd0048 F64x2Ne f64x2_ne "f64x2.ne" simd none v_bin [v128 v128] [v128] commutes;
            0xfd0049 F64x2Lt f64x2_lt "f64x2.lt" simd none v_bin [v128 v128] [v128];
            0xfd004a F64x2Gt f64x2_gt "f64x2.gt" simd none v_bin [v128 v128] [v128];
            0xfd004b F64x2Le f64x2_le "f64x2.le" simd none v_bin [v128 v128] [v128];
            0xfd004c F64x2Ge f64x2_ge "f64x2.ge" simd none v_bin [v128 v128] [v128];
            0xfd004d V128Not v128_not "v128.not" simd none v_un [v128] [v128];
            0xfd004e V128And v128_and "v128.and" simd none v_bin [v128 v128] [v128] commutes;
            0xfd004f V128Andnot v128_andnot "v128.andnot" simd none v_bin [v128 v128] [v128];
            0xfd0050 V128Or v128_or "v128.or" simd none v_bin [v128 v128] [v128] commutes;
            0xfd0051 V128Xor v128_xor "v128.xor" simd none v_bin [v128 v128] [v128] commutes;
            0xfd0052 V128Bitselect v128_bitselect "v128.bitselect" simd none v_tern [v128 v128 v128] [v128];
            0xfd0053 V128AnyTrue v128_any_true "v128.any_true" simd none v_test [v128] [i32];
            0xfd0054 V128Load8Lane v128_load8_lane "v128.load8_lane" simd memarg_lane v_load_lane [v128] [v128] raw=i8;
            0xfd0055 V128Load16Lane v128_load16_lane "v128.load16_lane" simd memarg_lane v_load_lane [v128] [v128] raw=i16;
            0xfd0056 V128Load32Lane v128_load32_lane "v128.load32_lane" simd memarg_lane v_load_lane [v128] [v128] raw=i32;
            0xfd0057 V128Load64Lane v128_load64_lane "v128.load64_lane" simd memarg_lane v_load_lane [v128] [v128] raw=i64;
            0xfd0058 V128Store8Lane v128_store8_lane "v128.store8_lane" simd memarg_lane v_store_lane [v128] [] raw=i8;
            0xfd0059 V128Store16Lane v128_store16_lane "v128.store16_lane" simd memarg_lane v_store_lane [v128] [] raw=i16;
            0xfd005a V128Store32Lane v128_store32_lane "v128.store32_lane" simd memarg_lane v_store_lane [v128] [] raw=i32;
            0xfd005b V128Store64Lane v128_store64_lane "v128.store64_lane" simd memarg_lane v_store_lane [v128] [] raw=i64;
            0xfd005c V128Load32Zero v128_load32_zero "v128.load32_zero" simd memarg v_load [] [v128] raw=i32;
            0xfd005d V128Load64Zero v128_load64_zero "v128.load64_zero" simd memarg v_load [] [v128] raw=i64;
            0xfd005e F32x4DemoteF64x2Zero f32x4_demote_f64x2_zero "f32x4.demote_f64x2_zero" simd none v_un [v128] [v128] nans=f32x4;
            0xfd005f F64x2PromoteLowF32x4 f64x2_promote_low_f32x4 "f64x2.promote_low_f32x4" simd none v_un [v128] [v128] nans=f64x2;
            0xfd0060 I8x16Abs i8x16_abs "i8x16.abs" simd none v_un [v128] [v128];
            0xfd0061 I8x16Neg i8x16_neg "i8x16.neg" simd none v_un [v128] [v128];
            0xfd0062 I8x16Popcnt i8x16_popcnt "i8x16.popcnt" simd none v_un [v128] [v128];
            0xfd0063 I8x16AllTrue i8x16_all_true "i8x16.all_true" simd none v_test [v128] [i32];
            0xfd0064 I8x16Bitmask i8x16_bitmask "i8x16.bitmask" simd none v_test [v128] [i32];
            0xfd0065 I8x16NarrowI16x8S i8x16_narrow_i16x8_s "i8x16.narrow_i16x8_s" simd none v_bin [v128 v128] [v128];
            0xfd0066 I8x16NarrowI16x8U i8x16_narrow_i16x8_u "i8x16.narrow_i16x8_u" simd none v_bin [v128 v128] [v128];
            0xfd0067 F32x4Ceil f32x4_ceil "f32x4.ceil" simd none v_un [v128] [v128] nans=f32x4;
            0xfd0068 F32x4Floor f32x4_floor "f32x4.floor" simd none v_un [v128] [v128] nans=f32x4;
            0xfd0069 F32x4Trunc f32x4_trunc "f32x4.trunc" simd none v_un [v128] [v128] nans=f32x4;
            0xfd006a F32x4Nearest f32x4_nearest "f32x4.nearest" simd none v_un [v128] [v128] nans=f32x4;
            0xfd006b I8x16Shl i8x16_shl "i8x16.shl" simd none v_shift [v128 i32] [v128];
            0xfd006c I8x16ShrS i8x16_shr_s "i8x16.shr_s" simd none v_shift [v128 i32] [v128];
            0xfd006d I8x16ShrU i8x16_shr_u "i8x16.shr_u" simd none v_shift [v128 i32] [v128];
            0xfd006e I8x16Add i8x16_add "i8x16.add" simd none v_bin [v128 v128] [v128] commutes;
            0xfd006f I8x16AddSatS i8x16_add_sat_s "i8x16.add_sat_s" simd none v_bin [v128 v128] [v128] commutes;
            0xfd0070 I8x16AddSatU i8x16_add_sat_u "i8x16.add_sat_u" simd none v_bin [v128 v128] [v128] commutes;
            0xfd0071 I8x16Sub i8x16_sub "i8x16.sub" simd none v_bin [v128 v128] [v128];
            0xfd0072 I8x16SubSatS i8x16_sub_sat_s "i8x16.sub_sat_s" simd none v_bin [v128 v128] [v128];
            0xfd0073 I8x16SubSatU i8x16_sub_sat_u "i8x16.sub_sat_u" simd none v_bin [v128 v128] [v128];
            0xfd0074 F64x2Ceil f64x2_ceil "f64x2.ceil" simd none v_un [v128] [v128] nans=f64x2;
            0xfd0075 F64x2Floor f64x2_floor "f64x2.floor" simd none v_un [v128] [v128] nans=f64x2;
            0xfd0076 I8x16MinS i8x16_min_s "i8x16.min_s" simd none v_bin [v128 v128] [v128] commutes;
            0xfd0077 I8x16MinU i8x16_min_u "i8x16.min_u" simd none v_bin [v128 v128] [v128] commutes;
            0xfd0078 I8x16MaxS i8x16_max_s "i8x16.max_s" simd none v_bin [v128 v128] [v128] commutes;
            0xfd0079 I8x16MaxU i8x16_max_u "i8x16.max_u" simd none v_bin [v128 v128] [v128] commutes;
            0xfd007a F64x2Trunc f64x2_trunc "f64x2.trunc" simd none v_un [v128] [v128] nans=f64x2;
            0xfd007b I8x16AvgrU i8x16_avgr_u "i8x16.avgr_u" simd none v_bin [v128 v128] [v128] commutes;
            0xfd007c I16x8ExtaddPairwiseI8x16S i16x8_extadd_pairwise_i8x16_s "i16x8.extadd_pairwise_i8x16_s" simd none v_un [v128] [v128];
            0xfd007d I16x8ExtaddPairwiseI8x16U i16x8_extadd_pairwise_i8x16_u "i16x8.extadd_pairwise_i8x16_u" simd none v_un [v128] [v128];
            0xfd007e I32x4ExtaddPairwiseI16x8S i32x4_extadd_pairwise_i16x8_s "i32x4.extadd_pairwise_i16x8_s" simd none v_un [v128] [v128];
            0xfd007f I32x4ExtaddPairwiseI16x8U i32x4_extadd_pairwise_i16x8_u "i32x4.extadd_pairwise_i16x8_u" simd none v_un [v128] [v128];
            0xfd0080 I16x8Abs i16x8_abs "i16x8.abs" simd none v_un [v128] [v128];
            0xfd0081 I16x8Neg i16x8_neg "i16x8.neg" simd none v_un [v128] [v128];
            0xfd0082 I16x8Q15mulrSatS i16x8_q15mulr_sat_s "i16x8.q15mulr_sat_s" simd none v_bin [v128 v128] [v128] commutes;
            0xfd0083 I16x8AllTrue i16x8_all_true "i16x8.all_true" simd none v_test [v128] [i32];
            0xfd0084 I16x8Bitmask i16x8_bitmask "i16x8.bitmask" simd none v_test [v128] [i32];
            0xfd0085 I16x8NarrowI32x4S i16x8_narrow_i32x4_s "i16x8.narrow_i32x4_s" simd none v_bin [v128 v128] [v128];
            0xfd0086 I16x8NarrowI32x4U i16x8_narrow_i32x4_u "i16x8.narrow_i32x4_u" simd none v_bin [v128 v128] [v128];
            0xfd0087 I16x8ExtendLowI8x16S i16x8_extend_low_i8x16_s "i16x8.extend_low_i8x16_s" simd none v_un [v128] [v128];
            0xfd0088 I16x8ExtendHighI8x16S i16x8_extend_high_i8x16_s "i16x8.extend_high_i8x16_s" simd none v_un [v128] [v128];
            0xfd0089 I16x8ExtendLowI8x16U i16x8_extend_low_i8x16_u "i16x8.extend_low_i8x16_u" simd none v_un [v128] [v128];
            0xfd008a I16x8ExtendHighI8x16U i16x8_extend_high_i8x16_u "i16x8.extend_high_i8x16_u" simd none v_un [v128] [v128];
            0xfd008b I16x8Shl i16x8_shl "i16x8.shl" simd none v_shift [v128 i32] [v128];
            0xfd008c I16x8ShrS i16x8_shr_s "i16x8.shr_s" simd none v_shift [v128 i32] [v128];
            0xfd008d I16x8ShrU i16x8_shr_u "i16x8.shr_u" simd none v_shift [v128 i32] [v128];
            0xfd008e I16x8Add i16x8_add "i16x8.add" simd none v_bin [v128 v128] [v128] commutes;
            0xfd008f I16x8AddSatS i16x8_add_sat_s "i16x8.add_sat_s" simd none v_bin [v128 v128] [v128] commutes;
            0xfd0090 I16x8AddSatU i16x8_add_sat_u "i16x8.add_sat_u" simd none v_bin [v128 v128] [v128] commutes;
            0xfd0091 I16x8Sub i16x8_sub "i16x8.sub" simd none v_bin [v128 v128] [v128];
            0xfd0092 I16x8SubSatS i16x8_sub_sat_s "i16x8.sub_sat_s" simd none v_bin [v128 v128] [v128];
            0xfd0093 I16x8SubSatU i16x8_sub_sat_u "i16x8.sub_sat_u" simd none v_bin [v128 v128] [v128];
            0xfd0094 F64x2Nearest f64x2_nearest "f64x2.nearest" simd none v_un [v128] [v128] nans=f64x2;
            0xfd0095 I16x8Mul i16x8_mul "i16x8.mul" simd none v_bin [v128 v128] [v128] commutes;
            0xfd0096 I16x8MinS i16x8_min_s "i16x8.min_s" simd none v_bin [v128 v128] [v128] commutes;
            0xfd0097 I16x8MinU i16x8_min_u "i16x8.min_u" simd none v_bin [v128 v128] [v128] commutes;
            0xfd0098 I16x8MaxS i16x8_max_s "i16x8.max_s" simd none v_bin [v128 v128] [v128] commutes;
            0xfd0099 I16x8MaxU i16x8_max_u "i16x8.max_u" simd none v_bin [v128 v128] [v128] commutes;
            0xfd009b I16x8AvgrU i16x8_avgr_u "i16x8.avgr_u" simd none v_bin [v128 v128] [v128] commutes;
            0xfd009c I16x8ExtmulLowI8x16S i16x8_extmul_low_i8x16_s "i16x8.extmul_low_i8x16_s" simd none v_bin [v128 v128] [v128] commutes;
            0xfd009d I16x8ExtmulHighI8x16S i16x8_extmul_high_i8x16_s "i16x8.extmul_high_i8x16_s" simd none v_bin [v128 v128] [v128] commutes;
            0xfd009e I16x8ExtmulLowI8x16U i16x8_extmul_low_i8x16_u "i16x8.extmul_low_i8x16_u" simd none v_bin [v128 v128] [v128] commutes;
            0xfd009f I16x8ExtmulHighI8x16U i16x8_extmul_high_i8x16_u "i16x8.extmul_high_i8x16_u" simd none v_bin [v128 v128] [v128] commutes;
            0xfd00a0 I32x4Abs i32x4_abs "i32x4.abs" simd none v_un [v128] [v128];
            0xfd00a1 I32x4Neg i32x4_neg "i32x4.neg" simd none v_un [v128] [v128];
            0xfd00a3 I32x4AllTrue i32x4_all_true "i32x4.all_true" simd none v_test [v128] [i32];
            0xfd00a4 I32x4Bitmask i32x4_bitmask "i32x4.bitmask" simd none v_test [v128] [i32];
            0xfd00a7 I32x4ExtendLowI16x8S i32x4_extend_low_i16x8_s "i32x4.extend_low_i16x8_s" simd none v_un [v128] [v128];
            0xfd00a8 I32x4ExtendHighI16x8S i32x4_extend_high_i16x8_s "i32x4.extend_high_i16x8_s" simd none v_un [v128] [v128];
            0xfd00a9 I32x4ExtendLowI16x8U i32x4_extend_low_i16x8_u "i32x4.extend_low_i16x8_u" simd none v_un [v128] [v128];
            0xfd00aa I32x4ExtendHighI16x8U i32x4_extend_high_i16x8_u "i32x4.extend_high_i16x8_u" simd none v_un [v128] [v128];
            0xfd00ab I32x4Shl i32x4_shl "i32x4.shl" simd none v_shift [v128 i32] [v128];
            0xfd00ac I32x4ShrS i32x4_shr_s "i32x4.shr_s" simd none v_shift [v128 i32] [v128];
            0xfd00ad I32x4ShrU i32x4_shr_u "i32x4.shr_u" simd none v_shift [v128 i32] [v128];
            0xfd00ae I32x4Add i32x4_add "i32x4.add" simd none v_bin [v128 v128] [v128] commutes;
            0xfd00b1 I32x4Sub i32x4_sub "i32x4.sub" simd none v_bin [v128 v128] [v128];
            0xfd00b5 I32x4Mul i32x4_mul "i32x4.mul" simd none v_bin [v128 v128] [v128] commutes;
            0xfd00b6 I32x4MinS i32x4_min_s "i32x4.min_s" simd none v_bin [v128 v128] [v128] commutes;
            0xfd00b7 I32x4MinU i32x4_min_u "i32x4.min_u" simd none v_bin [v128 v128] [v128] commutes;
            0xfd00b8 I32x4MaxS i32x4_max_s "i32x4.max_s" simd none v_bin [v128 v128] [v128] commutes;
            0xfd00b9 I32x4MaxU i32x4_max_u "i32x4.max_u" simd none v_bin [v128 v128] [v128] commutes;
            0xfd00ba I32x4DotI16x8S i32x4_dot_i16x8_s "i32x4.dot_i16x8_s" simd none v_bin [v128 v128] [v128] commutes;
            0xfd00bc I32x4ExtmulLowI16x8S i32x4_extmul_low_i16x8_s "i32x4.extmul_low_i16x8_s" simd none v_bin [v128 v128] [v128] commutes;
            0xfd00bd I32x4ExtmulHighI16x8S i32x4_extmul_high_i16x8_s "i32x4.extmul_high_i16x8_s" simd none v_bin [v128 v128] [v128] commutes;
            0xfd00be I32x4ExtmulLowI16x8U i32x4_extmul_low_i16x8_u "i32x4.extmul_low_i16x8_u" simd none v_bin [v128 v128] [v128] commutes;
            0xfd00bf I32x4ExtmulHighI16x8U i32x4_extmul_high_i16x8_u "i32x4.extmul_high_i16x8_u" simd none v_bin [v128 v128] [v128] commutes;
            0xfd00c0 I64x2Abs i64x2_abs "i64x2.abs" simd none v_un [v128] [v128];
            0xfd00c1 I64x2Neg i64x2_neg "i64x2.neg" simd none v_un [v128] [v128];
            0xfd00c3 I64x2AllTrue i64x2_all_true "i64x2.all_true" simd none v_test [v128] [i32];
            0xfd00c4 I64x2Bitmask i64x2_bitmask "i64x2.bitmask" simd none v_test [v128] [i32];
            0xfd00c7 I64x2ExtendLowI32x4S i64x2_extend_low_i32x4_s "i64x2.extend_low_i32x4_s" simd none v_un [v128] [v128];
            0xfd00c8 I64x2ExtendHighI32x4S i64x2_extend_high_i32x4_s "i64x2.extend_high_i32x4_s" simd none v_un [v128] [v128];
            0xfd00c9 I64x2ExtendLowI32x4U i64x2_extend_low_i32x4_u "i64x2.extend_low_i32x4_u" simd none v_un [v128] [v128];
            0xfd00ca I64x2ExtendHighI32x4U i64x2_extend_high_i32x4_u "i64x2.extend_high_i32x4_u" simd none v_un [v128] [v128];
            0xfd00cb I64x2Shl i64x2_shl "i64x2.shl" simd none v_shift [v128 i32] [v128];
            0xfd00cc I64x2ShrS i64x2_shr_s "i64x2.shr_s" simd none v_shift [v128 i32] [v128];
            0xfd00cd I64x2ShrU i64x2_shr_u "i64x2.shr_u" simd none v_shift [v128 i32] [v128];
            0xfd00ce I64x2Add i64x2_add "i64x2.add" simd none v_bin [v128 v128] [v128] commutes;
            0xfd00d1 I64x2Sub i64x2_sub "i64x2.sub" simd none v_bin [v128 v128] [v128];
            0xfd00d5 I64x2Mul i64x2_mul "i64x2.mul" simd none v_bin [v128 v128] [v128] commutes;
            0xfd00d6 I64x2Eq i64x2_eq "i64x2.eq" simd none v_bin [v128 v128] [v128] commutes;
            0xfd00d7 I64x2Ne i64x2_ne "i64x2.ne" simd none v_bin [v128 v128] [v128] commutes;
            0xfd00d8 I64x2LtS i64x2_lt_s "i64x2.lt_s" simd none v_bin [v128 v128] [v128];
            0xfd00d9 I64x2GtS i64x2_gt_s "i64x2.gt_s" simd none v_bin [v128 v128] [v128];
            0xfd00da I64x2LeS i64x2_le_s "i64x2.le_s" simd none v_bin [v128 v128] [v128];
            0xfd00db I64x2GeS i64x2_ge_s "i64x2.ge_s" simd none v_bin [v128 v128] [v128];
            0xfd00dc I64x2ExtmulLowI32x4S i64x2_extmul_low_i32x4_s "i64x2.extmul_low_i32x4_s" simd none v_bin [v128 v128] [v128] commutes;
            0xfd00dd I64x2ExtmulHighI32x4S i64x2_extmul_high_i32x4_s "i64x2.extmul_high_i32x4_s" simd none v_bin [v128 v128] [v128] commutes;
            0xfd00de I64x2ExtmulLowI32x4U i64x2_extmul_low_i32x4_u "i64x2.extmul_low_i32x4_u" simd none v_bin [v128 v128] [v128] commutes;
            0xfd00df I64x2ExtmulHighI32x4U i64x2_extmul_high_i32x4_u "i64x2.extmul_high_i32x4_u" simd none v_bin [v128 v128] [v128] commutes;
            0xfd00e0 F32x4Abs f32x4_abs "f32x4.abs" simd none v_un [v128] [v128];
            0xfd00e1 F32x4Neg f32x4_neg "f32x4.neg" simd none v_un [v128] [v128];
            0xfd00e3 F32x4Sqrt f32x4_sqrt "f32x4.sqrt" simd none v_un [v128] [v128] nans=f32x4;
            0xfd00e4 F32x4Add f32x4_add "f32x4.add" simd none v_bin [v128 v128] [v128] commutes nans=f32x4;
            0xfd00e5 F32x4Sub f32x4_sub "f32x4.sub" simd none v_bin [v128 v128] [v128] nans=f32x4;
            0xfd00e6 F32x4Mul f32x4_mul "f32x4.mul" simd none v_bin [v128 v128] [v128] commutes nans=f32x4;
            0xfd00e7 F32x4Div f32x4_div "f32x4.div" simd none v_bin [v128 v128] [v128] nans=f32x4;
            0xfd00e8 F32x4Min f32x4_min "f32x4.min" simd none v_bin [v128 v128] [v128] commutes nans=f32x4;
            0xfd00e9 F32x4Max f32x4_max "f32x4.max" simd none v_bin [v128 v128] [v128] commutes nans=f32x4;
            0xfd00ea F32x4Pmin f32x4_pmin "f32x4.pmin" simd none v_bin [v128 v128] [v128];
            0xfd00eb F32x4Pmax f32x4_pmax "f32x4.pmax" simd none v_bin [v128 v128] [v128];
            0xfd00ec F64x2Abs f64x2_abs "f64x2.abs" simd none v_un [v128] [v128];
            0xfd00ed F64x2Neg f64x2_neg "f64x2.neg" simd none v_un [v128] [v128];
            0xfd00ef F64x2Sqrt f64x2_sqrt "f64x2.sqrt" simd none v_un [v128] [v128] nans=f64x2;
            0xfd00f0 F64x2Add f64x2_add "f64x2.add" simd none v_bin [v128 v128] [v128] commutes nans=f64x2;
            0xfd00f1 F64x2Sub f64x2_sub "f64x2.sub" simd none v_bin [v128 v128] [v128] nans=f64x2;
            0xfd00f2 F64x2Mul f64x2_mul "f64x2.mul" simd none v_bin [v128 v128] [v128] commutes nans=f64x2;
            0xfd00f3 F64x2Div f64x2_div "f64x2.div" simd none v_bin [v128 v128] [v128] nans=f64x2;
            0xfd00f4 F64x2Min f64x2_min "f64x2.min" simd none v_bin [v128 v128] [v128] commutes nans=f64x2;
            0xfd00f5 F64x2Max f64x2_max "f64x2.max" simd none v_bin [v128 v128] [v128] commutes nans=f64x2;
            0xfd00f6 F64x2Pmin f64x2_pmin "f64x2.pmin" simd none v_bin [v128 v128] [v128];
            0xfd00f7 F64x2Pmax f64x2_pmax "f64x2.pmax" simd none v_bin [v128 v128] [v128];
            0xfd00f8 I32x4TruncSatF32x4S i32x4_trunc_sat_f32x4_s "i32x4.trunc_sat_f32x4_s" simd none v_un [v128] [v128];
            0xfd00f9 I32x4TruncSatF32x4U i32x4_trunc_sat_f32x4_u "i32x4.trunc_sat_f32x4_u" simd none v_un [v128] [v128];
            0xfd00fa F32x4ConvertI32x4S f32x4_convert_i32x4_s "f32x4.convert_i32x4_s" simd none v_un [v128] [v128];
            0xfd00fb F32x4ConvertI32x4U f32x4_convert_i32x4_u "f32x4.convert_i32x4_u" simd none v_un [v128] [v128];
            0xfd00fc I32x4TruncSatF64x2SZero i32x4_trunc_sat_f64x2_s_zero "i32x4.trunc_sat_f64x2_s_zero" simd none v_un [v128] [v128];
            0xfd00fd I32x4TruncSatF64x2UZero i32x4_trunc_sat_f64x2_u_zero "i32x4.trunc_sat_f64x2_u_zero" simd none v_un [v128] [v128];
            0xfd00fe F64x2ConvertLowI32x4S f64x2_convert_low_i32x4_s "f64x2.convert_low_i32x4_s" simd none v_un [v128] [v128];
            0xfd00ff F64x2ConvertLowI32x4U f64x2_convert_low_i32x4_u "f64x2.convert_low_i32x4_u" simd none v_un [v128] [v128];
            // Relaxed vector instructions (prefix 0xfd).
            0xfd0100 I8x16RelaxedSwizzle i8x16_relaxed_swizzle "i8x16.relaxed_swizzle" relaxed_simd none v_bin [v128 v128] [v128];
            0xfd0101 I32x4RelaxedTruncF32x4S i32x4_relaxed_trunc_f32x4_s "i32x4.relaxed_trunc_f32x4_s" relaxed_simd none v_un [v128] [v128];
            0xfd0102 I32x4RelaxedTruncF32x4U i32x4_relaxed_trunc_f32x4_u "i32x4.relaxed_trunc_f32x4_u" relaxed_simd none v_un [v128] [v128];
            0xfd0103 I32x4RelaxedTruncF64x2SZero i32x4_relaxed_trunc_f64x2_s_zero "i32x4.relaxed_trunc_f64x2_s_zero" relaxed_simd none v_un [v128] [v128];
            0xfd0104 I32x4RelaxedTruncF64x2UZero i32x4_relaxed_trunc_f64x2_u_zero "i32x4.relaxed_trunc_f64x2_u_zero" relaxed_simd none v_un [v128] [v128];
            0xfd0105 F32x4RelaxedMadd f32x4_relaxed_madd "f32x4.relaxed_madd" relaxed_simd none v_tern [v128 v128 v128] [v128] nans=f32x4;
            0xfd0106 F32x4RelaxedNmadd f32x4_relaxed_nmadd "f32x4.relaxed_nmadd" relaxed_simd none v_tern [v128 v128 v128] [v128] nans=f32x4;
            0xfd0107 F64x2RelaxedMadd f64x2_relaxed_madd "f64x2.relaxed_madd" relaxed_simd none v_tern [v128 v128 v128] [v128] nans=f64x2;
            0xfd0108 F64x2RelaxedNmadd f64x2_relaxed_nmadd "f64x2.relaxed_nmadd" relaxed_simd none v_tern [v128 v128 v128] [v128] nans=f64x2;
            0xfd0109 I8x16RelaxedLaneselect i8x16_relaxed_laneselect "i8x16.relaxed_laneselect" relaxed_simd none v_tern [v128 v128 v128] [v128];
            0xfd010a I16x8RelaxedLaneselect i16x8_relaxed_laneselect "i16x8.relaxed_laneselect" relaxed_simd none v_tern [v128 v128 v128] [v128];
            0xfd010b I32x4RelaxedLaneselect i32x4_relaxed_laneselect "i32x4.relaxed_laneselect" relaxed_simd none v_tern [v128 v128 v128] [v128];
            0xfd010c I64x2RelaxedLaneselect i64x2_relaxed_laneselect "i64x2.relaxed_laneselect" relaxed_simd none v_tern [v128 v128 v128] [v128];
            0xfd010d F32x4RelaxedMin f32x4_relaxed_min "f32x4.relaxed_min" relaxed_simd none v_bin [v128 v128] [v128] commutes nans=f32x4;
            0xfd010e F32x4RelaxedMax f32x4_relaxed_max "f32x4.relaxed_max" relaxed_simd none v_bin [v128 v128] [v128] commutes nans=f32x4;
            0xfd010f F64x2RelaxedMin f64x2_relaxed_min "f64x2.relaxed_min" relaxed_simd none v_bin [v128 v128] [v128] commutes nans=f64x2;
            0xfd0110 F64x2RelaxedMax f64x2_relaxed_max "f64x2.relaxed_max" relaxed_simd none v_bin [v128 v128] [v128] commutes nans=f64x2;
            0xfd0111 I16x8RelaxedQ15mulrS i16x8_relaxed_q15mulr_s "i16x8.relaxed_q15mulr_s" relaxed_simd none v_bin [v128 v128] [v128] commutes;
            0xfd0112 I16x8RelaxedDotI8x16I7x16S i16x8_relaxed_dot_i8x16_i7x16_s "i16x8.relaxed_dot_i8x16_i7x16_s" relaxed_simd none v_bin [v128 v128] [v128] commutes;
            0xfd0113 I32x4RelaxedDotI8x16I7x16AddS i32x4_relaxed_dot_i8x16_i7x16_add_s "i32x4.relaxed_dot_i8x16_i7x16_add_s" relaxed_simd none v_tern [v128 v128 v128] [v128];
            // Threads (prefix 0xfe).
            0xfe0000 MemoryAtomicNotify memory_atomic_notify "memory.atomic.notify" threads memarg atomic_notify [i32] [i32] raw=u32;
            0xfe0001 MemoryAtomicWait32 memory_atomic_wait32 "memory.atomic.wait32" threads memarg atomic_wait [i32 i64] [i32] raw=u32;
            0xfe0002 MemoryAtomicWait64 memory_atomic_wait64 "memory.atomic.wait64" threads memarg atomic_wait [i64 i64] [i32] raw=u64;
            0xfe0003 AtomicFence atomic_fence "atomic.fence" threads fence special [] [];
            0xfe0010 I32AtomicLoad i32_atomic_load "i32.atomic.load" threads memarg atomic_load [] [i32] raw=u32;
            0xfe0011 I64AtomicLoad i64_atomic_load "i64.atomic.load" threads memarg atomic_load [] [i64] raw=u64;
            0xfe0012 I32AtomicLoad8U i32_atomic_load8_u "i32.atomic.load8_u" threads memarg atomic_load [] [i32] raw=u8;
            0xfe0013 I32AtomicLoad16U i32_atomic_load16_u "i32.atomic.load16_u" threads memarg atomic_load [] [i32] raw=u16;
            0xfe0014 I64AtomicLoad8U i64_atomic_load8_u "i64.atomic.load8_u" threads memarg atomic_load [] [i64] raw=u8;
            0xfe0015 I64AtomicLoad16U i64_atomic_load16_u "i64.atomic.load16_u" threads memarg atomic_load [] [i64] raw=u16;
            0xfe0016 I64AtomicLoad32U i64_atomic_load32_u "i64.atomic.load32_u" threads memarg atomic_load [] [i64] raw=u32;
            0xfe0017 I32AtomicStore i32_atomic_store "i32.atomic.store" threads memarg atomic_store [i32] [] raw=u32;
            0xfe0018 I64AtomicStore i64_atomic_store "i64.atomic.store" threads memarg atomic_store [i64] [] raw=u64;
            0xfe0019 I32AtomicStore8 i32_atomic_store8 "i32.atomic.store8" threads memarg atomic_store [i32] [] raw=u8;
            0xfe001a I32AtomicStore16 i32_atomic_store16 "i32.atomic.store16" threads memarg atomic_store [i32] [] raw=u16;
            0xfe001b I64AtomicStore8 i64_atomic_store8 "i64.atomic.store8" threads memarg atomic_store [i64] [] raw=u8;
            0xfe001c I64AtomicStore16 i64_atomic_store16 "i64.atomic.store16" threads memarg atomic_store [i64] [] raw=u16;
            0xfe001d I64AtomicStore32 i64_atomic_store32 "i64.atomic.store32" threads memarg atomic_store [i64] [] raw=u32;
            0xfe001e I32AtomicRmwAdd i32_atomic_rmw_add "i32.atomic.rmw.add" threads memarg atomic_rmw [i32] [i32] raw=u32 rmw=Add;
            0xfe001f I64AtomicRmwAdd i64_atomic_rmw_add "i64.atomic.rmw.add" threads memarg atomic_rmw [i64] [i64] raw=u64 rmw=Add;
            0xfe0020 I32AtomicRmw8AddU i32_atomic_rmw8_add_u "i32.atomic.rmw8.add_u" threads memarg atomic_rmw [i32] [i32] raw=u8 rmw=Add;
            0xfe0021 I32AtomicRmw16AddU i32_atomic_rmw16_add_u "i32.atomic.rmw16.add_u" threads memarg atomic_rmw [i32] [i32] raw=u16 rmw=Add;
            0xfe0022 I64AtomicRmw8AddU i64_atomic_rmw8_add_u "i64.atomic.rmw8.add_u" threads memarg atomic_rmw [i64] [i64] raw=u8 rmw=Add;
            0xfe0023 I64AtomicRmw16AddU i64_atomic_rmw16_add_u "i64.atomic.rmw16.add_u" threads memarg atomic_rmw [i64] [i64] raw=u16 rmw=Add;
            0xfe0024 I64AtomicRmw32AddU i64_atomic_rmw32_add_u "i64.atomic.rmw32.add_u" threads memarg atomic_rmw [i64] [i64] raw=u32 rmw=Add;
            0xfe0025 I32AtomicRmwSub i32_atomic_rmw_sub "i32.atomic.rmw.sub" threads memarg atomic_rmw [i32] [i32] raw=u32 rmw=Sub;
            0xfe0026 I64AtomicRmwSub i64_atomic_rmw_sub "i64.atomic.rmw.sub" threads memarg atomic_rmw [i64] [i64] raw=u64 rmw=Sub;
            0xfe0027 I32AtomicRmw8SubU i32_atomic_rmw8_sub_u "i32.atomic.rmw8.sub_u" threads memarg atomic_rmw [i32] [i32] raw=u8 rmw=Sub;
            0xfe0028 I32AtomicRmw16SubU i32_atomic_rmw16_sub_u "i32.atomic.rmw16.sub_u" threads memarg atomic_rmw [i32] [i32] raw=u16 rmw=Sub;
            0xfe0029 I64AtomicRmw8SubU i64_atomic_rmw8_sub_u "i64.atomic.rmw8.sub_u" threads memarg atomic_rmw [i64] [i64] raw=u8 rmw=Sub;
            0xfe002a I64AtomicRmw16SubU i64_atomic_rmw16_sub_u "i64.atomic.rmw16.sub_u" threads memarg atomic_rmw [i64] [i64] raw=u16 rmw=Sub;
            0xfe002b I64AtomicRmw32SubU i64_atomic_rmw32_sub_u "i64.atomic.rmw32.sub_u" threads memarg atomic_rmw [i64] [i64] raw=u32 rmw=Sub;
            0xfe002c I32AtomicRmwAnd i32_atomic_rmw_and "i32.atomic.rmw.and" threads memarg atomic_rmw [i32] [i32] raw=u32 rmw=And;
            0xfe002d I64AtomicRmwAnd i64_atomic_rmw_and "i64.atomic.rmw.and" threads memarg atomic_rmw [i64] [i64] raw=u64 rmw=And;
            0xfe002e I32AtomicRmw8AndU i32_atomic_rmw8_and_u "i32.atomic.rmw8.and_u" threads memarg atomic_rmw [i32] [i32] raw=u8 rmw=And;
            0xfe002f I32AtomicRmw16AndU i32_atomic_rmw16_and_u "i32.atomic.rmw16.and_u" threads memarg atomic_rmw [i32] [i32] raw=u16 rmw=And;
            0xfe0030 I64AtomicRmw8AndU i64_atomic_rmw8_and_u "i64.atomic.rmw8.and_u" threads memarg atomic_rmw [i64] [i64] raw=u8 rmw=And;
            0xfe0031 I64AtomicRmw16AndU i64_atomic_rmw16_and_u "i64.atomic.rmw16.and_u" threads memarg atomic_rmw [i64] [i64] raw=u16 rmw=And;
            0xfe0032 I64AtomicRmw32AndU i64_atomic_rmw32_and_u "i64.atomic.rmw32.and_u" threads memarg atomic_rmw [i64] [i64] raw=u32 rmw=And;
            0xfe0033 I32AtomicRmwOr i32_atomic_rmw_or "i32.atomic.rmw.or" threads memarg atomic_rmw [i32] [i32] raw=u32 rmw=Or;
            0xfe0034 I64AtomicRmwOr i64_atomic_rmw_or "i64.atomic.rmw.or" threads memarg atomic_rmw [i64] [i64] raw=u64 rmw=Or;
            0xfe0035 I32AtomicRmw8OrU i32_atomic_rmw8_or_u "i32.atomic.rmw8.or_u" threads memarg atomic_rmw [i32] [i32] raw=u8 rmw=Or;
            0xfe0036 I32AtomicRmw16OrU i32_atomic_rmw16_or_u "i32.atomic.rmw16.or_u" threads memarg atomic_rmw [i32] [i32] raw=u16 rmw=Or;
            0xfe0037 I64AtomicRmw8OrU i64_atomic_rmw8_or_u "i64.atomic.rmw8.or_u" threads memarg atomic_rmw [i64] [i64] raw=u8 rmw=Or;
            0xfe0038 I64AtomicRmw16OrU i64_atomic_rmw16_or_u "i64.atomic.rmw16.or_u" threads memarg atomic_rmw [i64] [i64] raw=u16 rmw=Or;
            0xfe0039 I64AtomicRmw32OrU i64_atomic_rmw32_or_u "i64.atomic.rmw32.or_u" threads memarg atomic_rmw [i64] [i64] raw=u32 rmw=Or;
            0xfe003a I32AtomicRmwXor i32_atomic_rmw_xor "i32.atomic.rmw.xor" threads memarg atomic_rmw [i32] [i32] raw=u32 rmw=Xor;
            0xfe003b I64AtomicRmwXor i64_atomic_rmw_xor "i64.atomic.rmw.xor" threads memarg atomic_rmw [i64] [i64] raw=u64 rmw=Xor;
            0xfe003c I32AtomicRmw8XorU i32_atomic_rmw8_xor_u "i32.atomic.rmw8.xor_u" threads memarg atomic_rmw [i32] [i32] raw=u8 rmw=Xor;
            0xfe003d I32AtomicRmw16XorU i32_atomic_rmw16_xor_u "i32.atomic.rmw16.xor_u" threads memarg atomic_rmw [i32] [i32] raw=u16 rmw=Xor;
            0xfe003e I64AtomicRmw8XorU i64_atomic_rmw8_xor_u "i64.atomic.rmw8.xor_u" threads memarg atomic_rmw [i64] [i64] raw=u8 rmw=Xor;
            0xfe003f I64AtomicRmw16XorU i64_atomic_rmw16_xor_u "i64.atomic.rmw16.xor_u" threads memarg atomic_rmw [i64] [i64] raw=u16 rmw=Xor;
            0xfe0040 I64AtomicRmw32XorU i64_atomic_rmw32_xor_u "i64.atomic.rmw32.xor_u" threads memarg atomic_rmw [i64] [i64] raw=u32 rmw=Xor;
            0xfe0041 I32AtomicRmwXchg i32_atomic_rmw_xchg "i32.atomic.rmw.xchg" threads memarg atomic_rmw [i32] [i32] raw=u32 rmw=Xchg;
            0xfe0042 I64AtomicRmwXchg i64_atomic_rmw_xchg "i64.atomic.rmw.xchg" threads memarg atomic_rmw [i64] [i64] raw=u64 rmw=Xchg;
            0xfe0043 I32AtomicRmw8XchgU i32_atomic_rmw8_xchg_u "i32.atomic.rmw8.xchg_u" threads memarg atomic_rmw [i32] [i32] raw=u8 rmw=Xchg;
            0xfe0044 I32AtomicRmw16XchgU i32_atomic_rmw16_xchg_u "i32.atomic.rmw16.xchg_u" threads memarg atomic_rmw [i32] [i32] raw=u16 rmw=Xchg;
            0xfe0045 I64AtomicRmw8XchgU i64_atomic_rmw8_xchg_u "i64.atomic.rmw8.xchg_u" threads memarg atomic_rmw [i64] [i64] raw=u8 rmw=Xchg;
            0xfe0046 I64AtomicRmw16XchgU i64_atomic_rmw16_xchg_u "i64.atomic.rmw16.xchg_u" threads memarg atomic_rmw [i64] [i64] raw=u16 rmw=Xchg;
            0xfe0047 I64AtomicRmw32XchgU i64_atomic_rmw32_xchg_u "i64.atomic.rmw32.xchg_u" threads memarg atomic_rmw [i64] [i64] raw=u32 rmw=Xchg;
            0xfe0048 I32AtomicRmwCmpxchg i32_atomic_rmw_cmpxchg "i32.atomic.rmw.cmpxchg" threads memarg atomic_cmpxchg [i32 i32] [i32] raw=u32;
            0xfe0049 I64AtomicRmwCmpxchg i64_atomic_rmw_cmpxchg "i64.atomic.rmw.cmpxchg" threads memarg atomic_cmpxchg [i64 i64] [i64] raw=u64;
            0xfe004a I32AtomicRmw8CmpxchgU i32_atomic_rmw8_cmpxchg_u "i32.atomic.rmw8.cmpxchg_u" threads memarg atomic_cmpxchg [i32 i32] [i32] raw=u8;
            0xfe004b I32AtomicRmw16CmpxchgU i32_atomic_rmw16_cmpxchg_u "i32.atomic.rmw16.cmpxchg_u" threads memarg atomic_cmpxchg [i32 i32] [i32] raw=u16;
            0xfe004c I64AtomicRmw8CmpxchgU i64_atomic_rmw8_cmpxchg_u "i64.atomic.rmw8.cmpxchg_u" threads memarg atomic_cmpxchg [i64 i64] [i64] raw=u8;
            0xfe004d I64AtomicRmw16CmpxchgU i64_atomic_rmw16_cmpxchg_u "i64.atomic.rmw16.cmpxchg_u" threads memarg atomic_cmpxchg [i64 i64] [i64] raw=u16;
            0xfe004e I64AtomicRmw32CmpxchgU i64_atomic_rmw32_cmpxchg_u "i64.atomic.rmw32.cmpxchg_u" threads memarg atomic_cmpxchg [i64 i64] [i64] raw=u32;
        }
    };
}

/// The form of an instruction's immediate: which [`Imm`](crate::Imm) it decodes to.
#[allow(non_camel_case_types)]
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ImmKind {
    /// Nothing.
    none,
    /// A block type.
    block,
    /// A label.
    label,
    /// A vector of labels and a default label.
    labels,
    /// A block type and a vector of catch clauses.
    try_table,
    /// A function.
    func,
    /// A type.
    r#type,
    /// A type and a table.
    call_indirect,
    /// A local.
    local,
    /// A global.
    global,
    /// A table.
    table,
    /// Two tables: destination, source.
    table_table,
    /// An element segment and a table.
    elem_table,
    /// An element segment.
    elem,
    /// A data segment.
    data,
    /// A data segment and a memory.
    data_mem,
    /// A memory.
    mem,
    /// Two memories: destination, source.
    mem_mem,
    /// Alignment, offset and memory.
    memarg,
    /// Alignment, offset, memory and a lane.
    memarg_lane,
    /// A lane.
    lane,
    /// Sixteen lanes.
    lanes,
    /// A constant.
    i32,
    /// A constant.
    i64,
    /// A constant.
    f32,
    /// A constant.
    f64,
    /// A constant.
    v128,
    /// A heap type.
    heap,
    /// A vector of value types.
    types,
    /// A type and a field of it.
    field,
    /// Two types: destination, source.
    type_type,
    /// A type and a count.
    type_count,
    /// A type and a data segment.
    type_data,
    /// A type and an element segment.
    type_elem,
    /// A label and two reference types.
    br_cast,
    /// A tag.
    tag,
    /// The reserved byte of `atomic.fence`.
    fence,
}

/// How an instruction is executed; instructions of one shape differ only in the function that
/// computes their result.
#[allow(non_camel_case_types)]
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Shape {
    /// Control, variables, references, bulk operations: each by code of its own.
    special,
    /// Pushes its immediate.
    constant,
    /// One operand, one result.
    un,
    /// Two operands, one result.
    bin,
    /// Two operands; the result is a truth value.
    cmp,
    /// One operand; the result is a truth value.
    test,
    /// One operand, one result, or a trap.
    try_un,
    /// Two operands, one result, or a trap.
    try_bin,
    /// Several operands, two results.
    wide,
    /// Reads memory.
    load,
    /// Writes memory.
    store,
    /// A vector constant.
    v_const,
    /// Vector to vector.
    v_un,
    /// Two vectors to a vector.
    v_bin,
    /// Three vectors to a vector.
    v_tern,
    /// A vector and a shift count to a vector.
    v_shift,
    /// A vector to an `i32`.
    v_test,
    /// Two vectors and sixteen lane numbers to a vector.
    v_shuffle,
    /// A scalar to a vector.
    v_splat,
    /// A lane of a vector.
    v_extract,
    /// A vector with one lane replaced.
    v_replace,
    /// Reads memory to a vector.
    v_load,
    /// Writes a vector to memory.
    v_store,
    /// Reads memory to a lane.
    v_load_lane,
    /// Writes a lane to memory.
    v_store_lane,
    /// Atomic load.
    atomic_load,
    /// Atomic store.
    atomic_store,
    /// Atomic read-modify-write.
    atomic_rmw,
    /// Atomic compare-exchange.
    atomic_cmpxchg,
    /// `memory.atomic.wait`.
    atomic_wait,
    /// `memory.atomic.notify`.
    atomic_notify,
}

/// A row of the table as data.
#[derive(Clone, Copy, Debug)]
pub struct OpInfo {
    /// The opcode: one byte, or prefix and sub-opcode as `0xPP_SSSS`.
    pub code: u32,
    /// The text format's name.
    pub mnemonic: &'static str,
    /// The proposal that it belongs to.
    pub feature: crate::Features,
    /// The form of its immediate.
    pub imm: ImmKind,
    /// How it is executed.
    pub shape: Shape,
    /// Operand types, an implicit memory address not among them. Empty for [`Shape::special`].
    pub params: &'static [ValType],
    /// Result types. Empty for [`Shape::special`].
    pub results: &'static [ValType],
}

macro_rules! val_type {
    (i32) => {
        ValType::I32
    };
    (i64) => {
        ValType::I64
    };
    (f32) => {
        ValType::F32
    };
    (f64) => {
        ValType::F64
    };
    (v128) => {
        ValType::V128
    };
}

macro_rules! define_ops {
    ($($code:literal $op:ident $name:ident $mnemonic:literal $feature:ident $imm:ident $shape:ident
       [$($param:ident)*] [$($result:ident)*] $($fact:ident $(= $of:ident)?)*;)*) => {
        /// An instruction's opcode.
        #[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
        #[repr(u16)]
        pub enum Op {
            $(#[doc = concat!("`", $mnemonic, "`")] $op,)*
        }

        /// The rows of the table in the order of [`Op`].
        const ALL_OPS: [OpInfo; COUNT] = [$(OpInfo {
            code: $code,
            mnemonic: $mnemonic,
            feature: crate::features::named::$feature,
            imm: imm_kind!($imm),
            shape: Shape::$shape,
            params: &[$(val_type!($param)),*],
            results: &[$(val_type!($result)),*],
        },)*];

        /// The mnemonics, one behind the other, and how long they are.
        const ALL_MNEMONICS: &str = concat!($($mnemonic),*);
        const LENGTHS: [usize; COUNT] = [$($mnemonic.len()),*];

        /// The features and the shapes alone, for constant evaluation.
        const FEATURES: [Features; COUNT] = [$(crate::features::named::$feature),*];
        const SHAPES: [Shape; COUNT] = [$(Shape::$shape),*];

        const ALL_FACTS: [Facts; COUNT] = [$(facts!(Facts::NONE; $($fact $(= $of)?)*)),*];

        /// How many instructions there are.
        const COUNT: usize = [$($code),*].len();

        impl Op {
            /// Every instruction, in the order of the table.
            pub const ALL: [Op; COUNT] = [$(Op::$op),*];
        }
    };
}

macro_rules! imm_kind {
    (type) => {
        ImmKind::r#type
    };
    ($kind:ident) => {
        ImmKind::$kind
    };
}

for_each_op!(define_ops);

static OPS: [Row; Op::ROWS] = {
    let mut rows = [Row::of(&ALL_OPS[0]); Op::ROWS];
    let mut i = 0;
    while i < Op::ROWS {
        rows[i] = Row::of(&ALL_OPS[i]);
        i += 1;
    }
    rows
};

/// How many rows have mnemonics in a build.
const NAMED: usize = if MESSAGES { Op::ROWS } else { 0 };

/// Where the mnemonics of [`OPS`] begin, and the last one ends.
static BEGINS: [u16; NAMED + 1] = BEGIN;
const BEGIN: [u16; NAMED + 1] = {
    let (mut begins, mut row) = ([0; NAMED + 1], 0);
    while row < NAMED {
        begins[row + 1] = begins[row] + LENGTHS[row] as u16;
        row += 1;
    }
    begins
};

/// These mnemonics: not an address for each.
static MNEMONICS: &str = {
    const FIRST: &[u8] = ALL_MNEMONICS.as_bytes().split_at(BEGIN[NAMED] as usize).0;
    const TEXT: [u8; BEGIN[NAMED] as usize] = *FIRST.first_chunk().expect("it is as long");
    match core::str::from_utf8(&TEXT) {
        Ok(text) => text,
        Err(_) => unreachable!(),
    }
};

/// Up to the last row of the build that has some.
static FACTS: [Facts; {
    let mut rows = Op::ROWS;
    while !ALL_FACTS[rows - 1].is_some() {
        rows -= 1;
    }
    rows
}] = cut(ALL_FACTS);

/// The first entries of a table: those that a build has something for. What is cut off is only
/// looked at by the compiler, which makes no code or data of it.
///
/// ```
/// const FIRST: [u8; 2] = windlass_decode::cut([1, 2, 3]);
/// assert_eq!(FIRST, [1, 2]);
/// ```
pub const fn cut<T: Copy, const ALL: usize, const FIRST: usize>(all: [T; ALL]) -> [T; FIRST] {
    let mut first = [all[0]; FIRST];
    let mut i = 0;
    while i < FIRST {
        first[i] = all[i];
        i += 1;
    }
    first
}

/// Stands for the rows that a build does not keep; the prefixes of their opcodes follow those of all
/// others. Of what feature they are is not told apart: none of them is in the build.
const NO_ATOMICS: OpInfo = OpInfo {
    code: 0,
    mnemonic: "an atomic instruction",
    feature: Features::THREADS,
    imm: ImmKind::none,
    shape: Shape::special,
    params: &[],
    results: &[],
};

/// The same of vector instructions.
const NO_VECTORS: OpInfo =
    OpInfo { mnemonic: "a vector instruction", feature: Features::SIMD, ..NO_ATOMICS };

impl Op {
    /// How many rows the tables of a build have: in the order of [`Op::ALL`], without the vector and
    /// atomic instructions at the end that it does not have.
    pub const ROWS: usize = {
        let last = Features::SIMD.union(Features::RELAXED_SIMD).union(Features::THREADS);
        let left_out = last.difference(Features::BUILT);
        let mut rows = COUNT;
        while left_out.contains(FEATURES[rows - 1]) {
            rows -= 1;
        }
        rows
    };

    /// This instruction's row of the table. A build that leaves vector or atomic instructions out may
    /// have one row for all of them, which tells only the feature.
    #[inline]
    pub fn info(self) -> OpInfo {
        match OPS.get(self as usize) {
            Some(row) => row.info(self.mnemonic()),
            None if (self as u16) < Op::MemoryAtomicNotify as u16 => NO_VECTORS,
            None => NO_ATOMICS,
        }
    }

    /// The first operand that [`Op::info`] tells.
    #[inline]
    pub fn first_param(self) -> Option<ValType> {
        OPS.get(self as usize)?.first_param()
    }

    /// The first result that [`Op::info`] tells.
    #[inline]
    pub fn first_result(self) -> Option<ValType> {
        OPS.get(self as usize)?.first_result()
    }

    /// Whether every module may have it.
    pub(crate) const fn is_mvp(self) -> bool {
        crate::Features::NONE.contains(ALL_OPS[self as usize].feature)
    }

    /// The proposal that it belongs to.
    pub const fn feature(self) -> Features {
        FEATURES[self as usize]
    }

    /// The form of its immediate.
    pub const fn imm_kind(self) -> ImmKind {
        ALL_OPS[self as usize].imm
    }

    /// The instruction whose opcode is this byte.
    pub const fn of_byte(byte: usize) -> Option<Op> {
        if byte < ONE_BYTE.len() { ONE_BYTE[byte] } else { None }
    }

    /// Its opcode, which is evaluated by the compiler, and is to be of a byte.
    pub(crate) const fn byte(self) -> u8 {
        let code = ALL_OPS[self as usize].code;
        assert!(code <= 0xff);
        code as u8
    }

    /// How this instruction is executed.
    pub const fn shape(self) -> Shape {
        SHAPES[self as usize]
    }

    /// What else is true of it.
    pub(crate) const fn facts(self) -> &'static Facts {
        if (self as usize) < FACTS.len() { &FACTS[self as usize] } else { &Facts::NONE }
    }

    /// Whether it begins a block, which an `end` or `delegate` closes.
    #[inline]
    pub fn begins_block(self) -> bool {
        matches!(self, Op::Block | Op::Loop | Op::If | Op::Try | Op::TryTable)
    }

    /// The text format's name; in builds without [`MESSAGES`], "an instruction".
    #[inline]
    pub fn mnemonic(self) -> &'static str {
        let row = self as usize;
        match BEGINS.get(row..row + 2) {
            Some(&[begin, end]) => &MNEMONICS[usize::from(begin)..usize::from(end)],
            _ if (self as usize) < Op::ROWS => "an instruction",
            _ if (self as u16) < Op::MemoryAtomicNotify as u16 => NO_VECTORS.mnemonic,
            _ => NO_ATOMICS.mnemonic,
        }
    }

    /// The instruction with this opcode: one byte, or prefix and sub-opcode as `0xPP_SSSS`. Of
    /// those that have one row in a build, one of them.
    #[inline]
    pub fn from_code(code: u32) -> Option<Op> {
        let page = match code >> 16 {
            0 => &ONE_BYTE[..],
            0xfb => &PREFIX_FB[..],
            0xfc => &PREFIX_FC[..],
            0xfd => &PREFIX_FD[..],
            0xfe => &PREFIX_FE[..],
            _ => return None,
        };
        let rest = (code & 0xffff) as usize;
        match code >> 16 {
            // One stands for all that have no rows.
            0xfd if !keeps(Op::V128Load) => (rest < VECTORS).then_some(Op::V128Load),
            0xfe if !keeps(Op::MemoryAtomicNotify) => {
                (rest < ATOMICS).then_some(Op::MemoryAtomicNotify)
            }
            _ => *page.get(rest)?,
        }
    }

    /// Whether `byte` starts a two-part opcode.
    #[inline]
    pub fn is_prefix(byte: u8) -> bool {
        matches!(byte, 0xfb..=0xfe)
    }
}

static ONE_BYTE: [Option<Op>; 256] = page(0);
static PREFIX_FB: [Option<Op>; 0x27] = page(0xfb);
static PREFIX_FC: [Option<Op>; 0x17] = page(0xfc);
static PREFIX_FD: [Option<Op>; if keeps(Op::V128Load) { VECTORS } else { 0 }] = page(0xfd);
static PREFIX_FE: [Option<Op>; if keeps(Op::MemoryAtomicNotify) { ATOMICS } else { 0 }] =
    page(0xfe);
const VECTORS: usize = 0x114;
const ATOMICS: usize = 0x4f;

/// Whether a build has a row for an instruction.
const fn keeps(op: Op) -> bool {
    (op as usize) < Op::ROWS
}

/// The instructions whose opcode has this prefix, by the rest of the opcode.
const fn page<const N: usize>(prefix: u32) -> [Option<Op>; N] {
    let mut page = [None; N];
    let mut i = 0;
    while i < COUNT {
        let code = ALL_OPS[i].code;
        if code >> 16 == prefix && N > 0 {
            page[(code & 0xffff) as usize] = Some(Op::ALL[i]);
        }
        i += 1;
    }
    page
}
