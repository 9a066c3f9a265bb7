//! Implementation limits: those of the JavaScript API's embedding, which programs in the field
//! keep.

/// Bytes of a module.
pub const MODULE_BYTES: usize = 1 << 30;
/// Types in a module.
pub const TYPES: u32 = 1_000_000;
/// Recursion groups in a module.
pub const REC_GROUPS: u32 = 1_000_000;
/// Types in a recursion group.
pub const REC_GROUP_TYPES: u32 = 1_000_000;
/// Functions that a module defines.
pub const FUNCS: u32 = 1_000_000;
/// Imports of a module.
pub const IMPORTS: u32 = 1_000_000;
/// Exports of a module.
pub const EXPORTS: u32 = 1_000_000;
/// Globals that a module defines.
pub const GLOBALS: u32 = 1_000_000;
/// Tags that a module defines.
pub const TAGS: u32 = 1_000_000;
/// Data segments of a module.
pub const DATA: u32 = 100_000;
/// Element segments of a module.
pub const ELEMENTS: u32 = 10_000_000;
/// Tables of a module.
pub const TABLES: u32 = 100_000;
/// Memories of a module.
pub const MEMORIES: u32 = 100;
/// Elements of an element segment.
pub const SEGMENT_ELEMENTS: u32 = 10_000_000;
/// Parameters of a function type or block.
pub const PARAMS: u32 = 1_000;
/// Results of a function type or block.
pub const RESULTS: u32 = 1_000;
/// Fields of a structure.
pub const FIELDS: u32 = 10_000;
/// Locals that a function declares, its parameters not counted.
pub const LOCALS: u64 = 50_000;
/// Slots of a function's frame: its locals and operands, where vectors take two each, and four of
/// its own. They have signed numbers of 16 bits.
pub const FRAME_SLOTS: usize = 32_759;
/// Bytes of a function body.
pub const BODY_BYTES: u32 = 7_654_321;
/// Labels of a `br_table`.
pub const BR_TABLE_LABELS: u32 = 65_520;
/// Clauses of a `try_table`.
pub const CATCHES: u32 = 10_000;
/// Bytes of the name of an import, an export or a custom section.
pub const NAME_BYTES: u32 = 100_000;
/// Depth of the hierarchy of types.
pub const SUBTYPING_DEPTH: u32 = 63;
/// Operands of `array.new_fixed`.
pub const ARRAY_NEW_FIXED: u32 = 10_000;
/// Elements of a table with 32-bit addresses, initially.
pub const TABLE_ELEMENTS: u64 = 10_000_000;
/// Operands on the stack of a function.
pub const OPERANDS: usize = 1_000_000;
