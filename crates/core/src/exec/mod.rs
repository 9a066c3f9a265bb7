//! What cells do.
//!
//! From the inside out: [`meaning`] is what instructions compute; [`machine`] has registers, cells
//! and places, and the only raw reads and writes, and leads from one handler to the next; [`code`]
//! is a module's code; [`handlers`] are written in terms of the machine and of meaning; [`tables`]
//! choose among them; [`cells`] tells the verifier of translated code what formats there are.
//! `driver` runs it. Nothing here names modules, stores or the translator.
//!
//! The invariants that `unsafe` code here relies on. The translator establishes them; of code, the
//! verifier (`verify`) proves I1, I2, I3, I5, I6 and I10, and of I15 that code pays what its
//! operators cost. Each names a test that breaks when it does not hold, if there
//! can be one.
//!
//! - **I1** A handler runs only on a cell that was emitted for it: the operand words are there, in
//!   its format; if it is of a sequence, the cells that follow are its other parts, or such as read
//!   pinned locals where the parts read the slots of these; if it is of a block, they are the
//!   block's, word by word.
//!   Test: `src/verify/tests.rs`: `missing_and_additional_words_are_found`.
//!   Test: `src/verify/tests.rs`: `what_a_sequence_says_has_to_follow`.
//!   Test: `src/verify/tests.rs`: `a_sequence_finds_a_pinned_local_in_its_slot`.
//!   Test: `src/translate/block_tests.rs`: `the_verifier_compares_blocks_word_by_word`.
//! - **I2** Slots named in code lie in the frame: parameters below `sp`, the rest below what
//!   `enter` checked. Test: `src/verify/tests.rs`: `slots_are_those_of_the_frame`.
//! - **I3** Code addresses and branch targets are handler words of cells of the same function, or
//!   of the first cell of a function. Test: `src/verify/tests.rs`: `branches_go_to_cells`.
//! - **I4** The context outlives the run; while code runs, nothing else uses it. The thread has it,
//!   so this is I9 again, and its test the same.
//! - **I5** `Context::loop_ip` is the start of the innermost loop wherever a branch uses it.
//!   Test: `src/verify/tests.rs`: `the_loop_is_the_innermost`.
//! - **I6** Indices of globals, tables, memories and functions in code are valid for the running
//!   instance, and the views in the context are those of that instance. A handler is for shared
//!   memories if and only if the memory is one, unless it is of an atomic instruction. The view of
//!   a shared memory can be shorter than the memory, never longer.
//!   Test: `src/verify/tests.rs`: `indices_are_those_of_the_module`.
//!   Test: `tests/api/growth.rs`: `growth_in_another_instance_is_seen_at_once`.
//! - **I7** Code is immutable once published, but for code addresses in calls, which are atomic.
//!   Test: `src/driver/translation.rs`: `published_code_changes_in_addresses_of_code_alone`.
//! - **I8** Handlers made by `run_fast` are in code only where [`native::is_fast`]: `handlers` of
//!   [`tables`] picks them, and what they call is unsafe for everybody else. No test can break it:
//!   a CPU is fast or is not, as long as a program runs, and where it is not, such code is an
//!   illegal instruction.
//! - **I9** Whoever uses a thread has its store borrowed; a thread runs in one store only, one call
//!   at a time. By `driver/handle.rs`, which checks it. Test: `src/driver/handle.rs`:
//!   `a_thread_is_used_with_its_store_only_and_for_one_thing_at_a_time`.
//! - **I10** A reference of a defined type that is not null is an object of that type or a subtype,
//!   of an exact type just of that type, in the heap whose view is in the context: offsets of its
//!   fields in code lie in it. The upper half of a structure's header is its descriptor, if its
//!   type has one, and else 0. Where code can stop, every reference lies in a slot that
//!   [`MapJob`](crate::translate::MapJob) tells, so a collection finds it.
//!   Test: `src/verify/mutation_tests.rs`: `what_is_changed_is_refused_or_harmless`.
//!   Test: `src/verify/maps_tests.rs`: `maps_say_what_the_verifier_knows`.
//!   Test: `tests/api/collection.rs`: `paused_executions_keep_their_references`.
//!
//! Beside these, of the whole crate. Who establishes each, and who relies on it:
//!
//! - **I11** Every encoded value fits its field: a slot, a distance, an index that does not is an
//!   error. By `translate/encode.rs`, through which all fields go; I1 to I3 rely on it.
//!   Test: `tests/api/code_limits.rs`: `what_was_gigabytes_of_code_is_translated_and_runs`.
//! - **I12** What the host holds across an allocation is pinned: a limiter or a collection that
//!   comes in between can't free it. By `runtime/roots` and those who allocate for the host
//!   (`reference`, `runtime/instance.rs`); I10 relies on it.
//!   Test: `tests/api/embedder_code.rs`:
//!   `what_is_stored_outlives_its_owner_that_the_limiter_drops`.
//! - **I13** A collection completes or leaves no trace: marks are cleared when one begins, and code
//!   of the embedder (drops, limiters) runs before or after its bookkeeping, never within. By
//!   `collect` and `runtime/heap`; I10 relies on it.
//!   Test: `tests/api/embedder_code.rs`: `a_drop_that_panics_leaves_a_whole_store`.
//! - **I14** A type's number is used with its engine only. By `types`, where each number has its
//!   engine's name beside it, and by whoever takes a type from the host; I6 and I10 rely on it:
//!   that a function or an object is of a type is decided by comparing numbers.
//!   Test: `tests/api/foreign.rs`: `types_of_another_engine_match_nothing`.
//! - **I15** No work and no memory without a budget: what takes long is paid in fuel and looks at
//!   the interrupt flag, what is large is asked of the limiter or bounded by the configuration. By
//!   `metering`, by `runtime/resources.rs` and by `translate/budget.rs`; whoever runs guests that
//!   are not trusted relies on it.
//!   Test: `src/verify/paid_tests.rs`: `every_amount_is_what_operators_cost`.
//!   Test: `tests/api/costs.rs`: `instructions_and_amounts_cost_what_the_documentation_says`.
//!   Test: `tests/api/growth.rs`: `one_number_limits_all_together`.
//!   Test: `tests/api/throws.rs`: `a_throw_is_interrupted`.
//!
//! **Backstops.** Should one of these not hold all the same, some accesses are compared with what
//! there is, in every build; what lies beyond is not read. The tests make each happen.
//! Test: `src/driver/broken_tests.rs`: `references_beyond_what_there_is_are_not_followed`.
//! Test: `src/driver/broken_tests.rs`: `indices_beyond_what_there_is_are_not_used`.
//! - A function that a reference names (I6): calls abort, no cast or test passes.
//! - An object that a reference names (I10): accesses abort if its header is beyond the heap, no
//!   cast or test passes. Not compared: whether an object begins there, offsets of fields, and how
//!   many elements a header tells that is none.
//! - Indices in code (I6) of tables and, in `ref.func`, of functions: they abort. Of memories, by
//!   instructions that name one: out of bounds.
//! - Types that the heap does not know (I10) have no supertypes.
//! - What the driver uses (I6): imported functions, tags, segments, types, instances and exceptions
//!   are items of lists, which panic. So do its accesses to objects and to values of calls.
//! - Where calls and growth end (I2): frames lie below the end of the stack, as `enter` checks.
//!
//! Not compared, as there is nothing to compare with, are slots, code addresses and the start of
//! the loop (I2, I3, I5); nor are indices of globals, which are among the most frequent accesses.
//!
//! With comparisons for null in their place, or none, the twelve kernels of `cargo xtask
//! instructions` take as many machine instructions (within 0.01 %).
//!
//! How references lie in slots, globals and tables. Null is 0, whatever the type.
//! - A function is its index in the store + 1, an exception its index in the store + 1.
//! - The hierarchies of `any` and `extern` share one encoding, so that conversions copy. Bit 0 is
//!   set: a number of 31 bits, above it. The low three bits are 010: a host value, its index in the
//!   store above them. The low three bits are 000: an object, as its offset in bytes in the store's
//!   heap of objects.

pub(crate) mod cells;
pub(crate) mod code;
pub(crate) mod handlers;
pub(crate) mod machine;
pub(crate) mod meaning;
pub(crate) mod tables;

pub(crate) use code::{
    catch::{Catches, Clause, TryBlock},
    slow::SlowOp,
    table::CodeTable,
};
pub(crate) use handlers::call::{DIRECT, set_by_enter};
pub use machine::dispatch::BACKEND;
pub(crate) use machine::{Cell, Ip, pack_const, pack_fields, pack_halves, views::FuncCode};
pub(crate) use tables::ops::{fold_bin, fold_un};
