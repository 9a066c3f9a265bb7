/* What Windlass has beyond the standard C API: wasm.h. README.md beside the headers has the rules
   of ownership. Functions that can fail return an own wasm_trap_t*: null if all went well.
   Texts that are passed as const char* are UTF-8 and end with a zero. */
#ifndef WINDLASS_H
#define WINDLASS_H

#include "wasm.h"

#ifdef __cplusplus
extern "C" {
#endif

#define own

/* ---- Settings ---- */

/* Guests pay fuel, and can be interrupted, too. Off by default. */
WASM_API_EXTERN void windlass_config_consume_fuel(wasm_config_t *, bool enable);
/* Guests can be interrupted, also by deadlines. Off by default. */
WASM_API_EXTERN void windlass_config_interruptible(wasm_config_t *, bool enable);
/* Functions are translated with their module, not when they are called first. Off by default. */
WASM_API_EXTERN void windlass_config_compile_eagerly(wasm_config_t *, bool enable);
/* The most that the value stack of a call may take, in bytes. */
WASM_API_EXTERN void windlass_config_max_wasm_stack(wasm_config_t *, size_t bytes);
/* How deep calls from the host to guests may nest: 64 by default. Each takes native stack, also for
   the callback. Where less than 32 KiB of it are left, calls and callbacks trap, "call stack
   exhausted". Callbacks that take more themselves, or that run on a stack which is not the
   thread's own, want a smaller number. */
WASM_API_EXTERN void windlass_config_max_nested_calls(wasm_config_t *, size_t depth);
/* All NaNs that instructions make have the same bits. Off by default. */
WASM_API_EXTERN void windlass_config_canonicalize_nans(wasm_config_t *, bool enable);
/* Memories of the engine's stores, also those that modules define but not shared ones, lie in bytes
   that `take` gives: `minimum` at least, with anything in them, aligned to 8, that nobody else uses
   until `give_back` gets them. It stores in `size` how many there are: so far can the memory grow,
   if its type lets it; more than `maximum` are not used. Null if there are none: then there is no
   memory. Both may be called by any thread that has a store, and must not use stores. */
typedef uint8_t *(*windlass_memory_take_callback_t)(
    void *env, size_t minimum, size_t maximum, size_t *size);
typedef void (*windlass_memory_give_back_callback_t)(void *env, uint8_t *bytes, size_t size);
WASM_API_EXTERN void windlass_config_memory_source(
    wasm_config_t *, windlass_memory_take_callback_t take,
    windlass_memory_give_back_callback_t give_back, void *env, void (*finalizer)(void *));
/* Switches a proposal by its name ("simd", "gc", "threads", "memory64" ...); false if the name is
   not known. */
WASM_API_EXTERN bool windlass_config_feature(wasm_config_t *, const char *name, bool enable);

/* Lets a tick pass for the deadlines of the engine's stores. From any thread. */
WASM_API_EXTERN void windlass_engine_increment_epoch(wasm_engine_t *);

/* ---- Modules ---- */

/* A module of bytes in the binary format. */
WASM_API_EXTERN own wasm_trap_t *windlass_module_new(
    wasm_engine_t *, const uint8_t *bytes, size_t size, own wasm_module_t **out);
WASM_API_EXTERN own wasm_trap_t *windlass_module_validate(
    wasm_engine_t *, const uint8_t *bytes, size_t size);
/* The name that the module's name section gives it, or an empty one. */
WASM_API_EXTERN void windlass_module_name(const wasm_module_t *, own wasm_name_t *out);
/* The binary format of a text. Only with the feature `wat`. */
WASM_API_EXTERN own wasm_trap_t *windlass_wat2wasm(
    const uint8_t *text, size_t size, own wasm_byte_vec_t *out);

/* ---- Errors ---- */

/* Which trap it is. */
typedef uint8_t windlass_trap_code_t;
enum windlass_trap_code_enum {
  /* No trap: an error of the host's, of a module, of a link; an exception; an exit. */
  WINDLASS_TRAP_NONE,
  WINDLASS_TRAP_UNREACHABLE,
  WINDLASS_TRAP_MEMORY_OUT_OF_BOUNDS,
  WINDLASS_TRAP_TABLE_OUT_OF_BOUNDS,
  WINDLASS_TRAP_UNDEFINED_ELEMENT,
  WINDLASS_TRAP_UNINITIALIZED_ELEMENT,
  WINDLASS_TRAP_INDIRECT_CALL_TYPE_MISMATCH,
  WINDLASS_TRAP_INTEGER_OVERFLOW,
  WINDLASS_TRAP_INTEGER_DIVIDE_BY_ZERO,
  WINDLASS_TRAP_INVALID_CONVERSION_TO_INTEGER,
  WINDLASS_TRAP_STACK_OVERFLOW,
  WINDLASS_TRAP_NULL_REFERENCE,
  WINDLASS_TRAP_NULL_FUNCTION_REFERENCE,
  WINDLASS_TRAP_NULL_STRUCTURE_REFERENCE,
  WINDLASS_TRAP_NULL_ARRAY_REFERENCE,
  WINDLASS_TRAP_NULL_I31_REFERENCE,
  WINDLASS_TRAP_NULL_EXCEPTION_REFERENCE,
  WINDLASS_TRAP_ARRAY_OUT_OF_BOUNDS,
  WINDLASS_TRAP_CAST_FAILURE,
  WINDLASS_TRAP_ALLOCATION_TOO_LARGE,
  WINDLASS_TRAP_UNALIGNED_ATOMIC,
  WINDLASS_TRAP_EXPECTED_SHARED_MEMORY,
  WINDLASS_TRAP_CANNOT_SUSPEND,
  WINDLASS_TRAP_OUT_OF_FUEL,
  WINDLASS_TRAP_INTERRUPTED,
  /* One of a later version. */
  WINDLASS_TRAP_OTHER = 255
};

WASM_API_EXTERN windlass_trap_code_t windlass_trap_code(const wasm_trap_t *);
/* Whether the program has ended itself (by WASI's proc_exit), and with which status. */
WASM_API_EXTERN bool windlass_trap_exit_status(const wasm_trap_t *, int32_t *status);

/* The names that the module gives to itself and the function; null if it gives none. */
WASM_API_EXTERN const wasm_name_t *windlass_frame_func_name(const wasm_frame_t *);
WASM_API_EXTERN const wasm_name_t *windlass_frame_module_name(const wasm_frame_t *);

/* ---- Stores ---- */

/* A pointer for the store to keep; `finalizer` (or null) is called with it when the store gets
   another, or ends. */
WASM_API_EXTERN own wasm_trap_t *windlass_store_set_data(
    wasm_store_t *, void *data, void (*finalizer)(void *));
WASM_API_EXTERN void *windlass_store_data(const wasm_store_t *);
/* Whether an internal error has made the store unusable: everything in it fails then. */
WASM_API_EXTERN bool windlass_store_is_poisoned(const wasm_store_t *);
/* Collects garbage. It also happens by itself. */
WASM_API_EXTERN own wasm_trap_t *windlass_store_gc(wasm_store_t *);

/* Fuel; an error unless the engine was configured for it. */
WASM_API_EXTERN own wasm_trap_t *windlass_store_set_fuel(wasm_store_t *, uint64_t fuel);
WASM_API_EXTERN own wasm_trap_t *windlass_store_get_fuel(const wasm_store_t *, uint64_t *fuel);

/* Guests are stopped when the engine has made this many ticks more; UINT64_MAX is never. */
WASM_API_EXTERN own wasm_trap_t *windlass_store_set_epoch_deadline(wasm_store_t *, uint64_t ticks);

/* The most that guests of a store may take; SIZE_MAX is no limit. */
typedef struct windlass_limits_t {
  /* Of a memory, in bytes. */
  size_t memory_size;
  /* Of the heap of structures and arrays, in bytes. */
  size_t gc_heap_size;
  /* Of all value stacks together, in bytes. */
  size_t stack_size;
  /* Of all that guests make the host hold, in bytes. */
  size_t total_size;
  /* Of a table, in elements. */
  size_t table_elements;
  /* How many the store may have. */
  size_t instances;
  size_t tables;
  size_t memories;
} windlass_limits_t;

#define WINDLASS_NO_LIMITS \
  {SIZE_MAX, SIZE_MAX, SIZE_MAX, SIZE_MAX, SIZE_MAX, SIZE_MAX, SIZE_MAX, SIZE_MAX}

WASM_API_EXTERN own wasm_trap_t *windlass_store_set_limits(
    wasm_store_t *, const windlass_limits_t *);

/* Stops guests of a store from any thread, while it is in use. */
typedef struct windlass_interrupt_handle_t windlass_interrupt_handle_t;
WASM_API_EXTERN void windlass_interrupt_handle_delete(own windlass_interrupt_handle_t *);
/* Null unless the engine was configured for interrupts or fuel. */
WASM_API_EXTERN own windlass_interrupt_handle_t *windlass_interrupt_handle_new(
    const wasm_store_t *);
/* Stops the guest that runs, or the next. */
WASM_API_EXTERN void windlass_interrupt_handle_interrupt(windlass_interrupt_handle_t *);
/* Takes an interrupt back that no guest has noticed. */
WASM_API_EXTERN void windlass_interrupt_handle_clear(windlass_interrupt_handle_t *);

/* ---- Functions and instances ---- */

/* Who called a host function, while it runs. */
typedef struct windlass_caller_t windlass_caller_t;
WASM_API_EXTERN wasm_store_t *windlass_caller_store(windlass_caller_t *);
/* What the calling instance exports under a name, or null. */
WASM_API_EXTERN own wasm_extern_t *windlass_caller_export(windlass_caller_t *, const char *name);

typedef own wasm_trap_t *(*windlass_func_callback_t)(
    void *env, windlass_caller_t *, const wasm_val_vec_t *args, own wasm_val_vec_t *results);
WASM_API_EXTERN own wasm_func_t *windlass_func_new(
    wasm_store_t *, const wasm_functype_t *, windlass_func_callback_t, void *env,
    void (*finalizer)(void *));

/* What the instance exports under a name, or null. */
WASM_API_EXTERN own wasm_extern_t *windlass_instance_export(
    const wasm_instance_t *, const char *name);

/* As wasm_global_set, and tells why not. */
WASM_API_EXTERN own wasm_trap_t *windlass_global_set(wasm_global_t *, const wasm_val_t *);

/* ---- Linker ---- */

/* Finds the imports of modules by name. */
typedef struct windlass_linker_t windlass_linker_t;
WASM_API_EXTERN void windlass_linker_delete(own windlass_linker_t *);
WASM_API_EXTERN own windlass_linker_t *windlass_linker_new(wasm_engine_t *);
WASM_API_EXTERN void windlass_linker_allow_shadowing(windlass_linker_t *, bool allow);
WASM_API_EXTERN own wasm_trap_t *windlass_linker_define(
    windlass_linker_t *, const char *module, const char *name, const wasm_extern_t *);
/* In whatever store; `env` ends with the last that has it, and with the linker. */
WASM_API_EXTERN own wasm_trap_t *windlass_linker_define_func(
    windlass_linker_t *, const char *module, const char *name, const wasm_functype_t *,
    windlass_func_callback_t, void *env, void (*finalizer)(void *));
WASM_API_EXTERN own wasm_trap_t *windlass_linker_define_instance(
    windlass_linker_t *, const char *module, const wasm_instance_t *);
/* Functions that the module imports and that are not defined fail when they are called. */
WASM_API_EXTERN own wasm_trap_t *windlass_linker_define_unknown_imports_as_traps(
    windlass_linker_t *, const wasm_module_t *);
WASM_API_EXTERN own wasm_extern_t *windlass_linker_get(
    const windlass_linker_t *, wasm_store_t *, const char *module, const char *name);
WASM_API_EXTERN own wasm_trap_t *windlass_linker_instantiate(
    const windlass_linker_t *, wasm_store_t *, const wasm_module_t *, own wasm_instance_t **out);

/* ---- Calls that can be paused ---- */

typedef struct windlass_execution_t windlass_execution_t;
WASM_API_EXTERN void windlass_execution_delete(own windlass_execution_t *);

/* Why a call returned to the host. */
typedef uint8_t windlass_event_t;
enum windlass_event_enum {
  /* The results are there. */
  WINDLASS_FINISHED,
  /* It goes on when the store has fuel. */
  WINDLASS_OUT_OF_FUEL,
  /* It can go on. */
  WINDLASS_INTERRUPTED,
  /* It goes on when it has the results of a host function. */
  WINDLASS_HOST_PENDING
};

/* Starts a call; nothing runs yet. */
WASM_API_EXTERN own wasm_trap_t *windlass_func_start(
    const wasm_func_t *, const wasm_val_vec_t *args, own windlass_execution_t **out);
/* Runs until something happens. `results` has room for as many as the function's type says; they
   are written if it finished. It must not be deleted meanwhile. */
WASM_API_EXTERN own wasm_trap_t *windlass_execution_run(
    windlass_execution_t *, windlass_event_t *event, own wasm_val_vec_t *results);
/* What a host function returns for its results to come later, by windlass_execution_resume. */
WASM_API_EXTERN own wasm_trap_t *windlass_trap_new_pending(void *request);
/* The request of the host function that is pending. */
WASM_API_EXTERN void *windlass_execution_request(const windlass_execution_t *);
WASM_API_EXTERN own wasm_trap_t *windlass_execution_resume(
    windlass_execution_t *, const wasm_val_vec_t *results);
/* Whether it finished or failed. */
WASM_API_EXTERN bool windlass_execution_has_ended(const windlass_execution_t *);

/* ---- Types and values that wasm.h does not know ---- */

/* More of wasm_valkind_t. A vector does not fit into wasm_val_t: its value owns a handle of it, as
   if it were a reference. */
enum windlass_valkind_enum {
  WINDLASS_ANYREF = 130,
  WINDLASS_EXNREF = 131,
  WINDLASS_V128 = 132
};

WASM_API_EXTERN own wasm_ref_t *windlass_v128_new(const uint8_t bytes[16]);
/* False if it is no vector. */
WASM_API_EXTERN bool windlass_v128_get(const wasm_ref_t *, uint8_t bytes[16]);

/* Whether it is a type of references that may be null. */
WASM_API_EXTERN bool windlass_valtype_is_nullable(const wasm_valtype_t *);
/* As the text format has it. */
WASM_API_EXTERN void windlass_valtype_name(const wasm_valtype_t *, own wasm_name_t *out);

/* Limits of 64 bits; `max` is UINT64_MAX for none, and must be there if it is shared. Null if they
   have more than 32 bits and `is_64` is false; wasm_memory_new refuses what no memory can have. */
WASM_API_EXTERN own wasm_memorytype_t *windlass_memorytype_new(
    uint64_t min, uint64_t max, bool is_64, bool shared);
/* Each may be null. False if it is no memory's type. */
WASM_API_EXTERN bool windlass_memorytype_limits(
    const wasm_memorytype_t *, uint64_t *min, uint64_t *max, bool *is_64, bool *shared);

WASM_API_EXTERN uint64_t windlass_memory_size(const wasm_memory_t *);
WASM_API_EXTERN own wasm_trap_t *windlass_memory_grow(wasm_memory_t *, uint64_t delta);
/* Copies that are checked: an error if they reach beyond the memory, and nothing happens. */
WASM_API_EXTERN own wasm_trap_t *windlass_memory_read(
    const wasm_memory_t *, uint64_t offset, uint8_t *buffer, size_t size);
WASM_API_EXTERN own wasm_trap_t *windlass_memory_write(
    wasm_memory_t *, uint64_t offset, const uint8_t *buffer, size_t size);
/* A memory of zeros in these bytes, which are as those of windlass_config_memory_source until
   `finalizer` is called: when the memory ends, or at once if there is none. Null if they are too
   few, or not aligned. */
WASM_API_EXTERN own wasm_memory_t *windlass_memory_new_with_bytes(
    wasm_store_t *, const wasm_memorytype_t *, uint8_t *bytes, size_t size, void *env,
    void (*finalizer)(void *));
/* As long as a pin lives, wasm_memory_data stays the same: what would have to move the memory
   fails, as a growth does that its type does not allow. It keeps the memory's store. */
typedef struct windlass_memory_pin_t windlass_memory_pin_t;
WASM_API_EXTERN own windlass_memory_pin_t *windlass_memory_pin(wasm_memory_t *);
WASM_API_EXTERN void windlass_memory_pin_delete(own windlass_memory_pin_t *);
/* Memories that several stores of an engine share; the same one for another store. */
WASM_API_EXTERN bool windlass_memory_is_shared(const wasm_memory_t *);
WASM_API_EXTERN own wasm_memory_t *windlass_memory_obtain(wasm_store_t *, const wasm_memory_t *);

/* ---- Exceptions ---- */

/* A tag is a wasm_extern_t of kind WASM_EXTERN_TAG. */
WASM_API_EXTERN own wasm_extern_t *windlass_tag_new(wasm_store_t *, const wasm_tagtype_t *);
WASM_API_EXTERN own wasm_trap_t *windlass_exception_new(
    const wasm_extern_t *tag, const wasm_val_vec_t *vals, own wasm_ref_t **out);
WASM_API_EXTERN own wasm_extern_t *windlass_exception_tag(const wasm_ref_t *);
WASM_API_EXTERN void windlass_exception_vals(const wasm_ref_t *, own wasm_val_vec_t *out);
/* The exception that nobody caught, if the error is that; null if not. */
WASM_API_EXTERN own wasm_ref_t *windlass_trap_exception(const wasm_trap_t *);
/* What a host function returns to throw an exception. */
WASM_API_EXTERN own wasm_trap_t *windlass_trap_new_exception(const wasm_ref_t *exception);

/* ---- References to what lies in guests' heaps ---- */

typedef uint8_t windlass_refkind_t;
enum windlass_refkind_enum {
  WINDLASS_REF_OTHER,
  WINDLASS_REF_FOREIGN,
  WINDLASS_REF_FUNC,
  /* An externref that is a guest's value, or the other way. */
  WINDLASS_REF_EXTERN,
  WINDLASS_REF_I31,
  WINDLASS_REF_STRUCT,
  WINDLASS_REF_ARRAY,
  WINDLASS_REF_EXCEPTION,
  WINDLASS_REF_V128
};

WASM_API_EXTERN windlass_refkind_t windlass_ref_kind(const wasm_ref_t *);
/* The exact type of a structure, an array or an i31; null of anything else. */
WASM_API_EXTERN own wasm_valtype_t *windlass_ref_type(const wasm_ref_t *);

/* 31 bits of the value are kept. */
WASM_API_EXTERN own wasm_ref_t *windlass_i31_new(wasm_store_t *, uint32_t value);
/* Without a sign; false if it is none. */
WASM_API_EXTERN bool windlass_i31_get(const wasm_ref_t *, uint32_t *value);

typedef struct windlass_field_t {
  /* Null for an integer of 8 or 16 bits. */
  const wasm_valtype_t *type;
  uint8_t bits;
  wasm_mutability_t mutability;
} windlass_field_t;

/* Types of references to structures and arrays. Those in modules will do, too. */
WASM_API_EXTERN own wasm_valtype_t *windlass_structtype_new(
    wasm_engine_t *, const windlass_field_t *fields, size_t count);
WASM_API_EXTERN own wasm_valtype_t *windlass_arraytype_new(
    wasm_engine_t *, const windlass_field_t *element);

WASM_API_EXTERN own wasm_trap_t *windlass_struct_new(
    wasm_store_t *, const wasm_valtype_t *, const wasm_val_vec_t *vals, own wasm_ref_t **out);
WASM_API_EXTERN own wasm_trap_t *windlass_struct_get(
    const wasm_ref_t *, size_t index, own wasm_val_t *out);
WASM_API_EXTERN own wasm_trap_t *windlass_struct_set(
    wasm_ref_t *, size_t index, const wasm_val_t *);
WASM_API_EXTERN own wasm_trap_t *windlass_array_new(
    wasm_store_t *, const wasm_valtype_t *, const wasm_val_vec_t *vals, own wasm_ref_t **out);
WASM_API_EXTERN uint32_t windlass_array_size(const wasm_ref_t *);
WASM_API_EXTERN own wasm_trap_t *windlass_array_get(
    const wasm_ref_t *, uint32_t index, own wasm_val_t *out);
WASM_API_EXTERN own wasm_trap_t *windlass_array_set(
    wasm_ref_t *, uint32_t index, const wasm_val_t *);

/* ---- WASI: only with the feature `wasi` ---- */

/* What a guest will see: nothing, but what these functions give it. */
typedef struct wasi_config_t wasi_config_t;
WASM_API_EXTERN own wasi_config_t *wasi_config_new(void);
WASM_API_EXTERN void wasi_config_delete(own wasi_config_t *);

/* The first argument is the program's name. False if a text is not UTF-8. */
WASM_API_EXTERN bool wasi_config_set_argv(wasi_config_t *, size_t argc, const char *const argv[]);
WASM_API_EXTERN void wasi_config_inherit_argv(wasi_config_t *);
WASM_API_EXTERN bool wasi_config_set_env(
    wasi_config_t *, size_t envc, const char *const names[], const char *const values[]);
WASM_API_EXTERN void wasi_config_inherit_env(wasi_config_t *);

/* Of files: false if they can't be opened. Those to write to are emptied. */
WASM_API_EXTERN bool wasi_config_set_stdin_file(wasi_config_t *, const char *path);
WASM_API_EXTERN void wasi_config_set_stdin_bytes(wasi_config_t *, own wasm_byte_vec_t *);
WASM_API_EXTERN void wasi_config_inherit_stdin(wasi_config_t *);
/* Returns how many bytes it took, at least one; or less than 0. It must not use the store. */
typedef ptrdiff_t (*wasi_write_callback_t)(void *env, const uint8_t *bytes, size_t size);
WASM_API_EXTERN bool wasi_config_set_stdout_file(wasi_config_t *, const char *path);
WASM_API_EXTERN void wasi_config_set_stdout_custom(
    wasi_config_t *, wasi_write_callback_t, void *env, void (*finalizer)(void *));
WASM_API_EXTERN void wasi_config_inherit_stdout(wasi_config_t *);
WASM_API_EXTERN bool wasi_config_set_stderr_file(wasi_config_t *, const char *path);
WASM_API_EXTERN void wasi_config_set_stderr_custom(
    wasi_config_t *, wasi_write_callback_t, void *env, void (*finalizer)(void *));
WASM_API_EXTERN void wasi_config_inherit_stderr(wasi_config_t *);

/* A directory of the host, with what is in it; false if it can't be opened. */
WASM_API_EXTERN bool wasi_config_preopen_dir(
    wasi_config_t *, const char *host_path, const char *guest_path, bool fs_mutable);
/* An empty directory in memory, with room for so many bytes. */
WASM_API_EXTERN bool windlass_wasi_config_preopen_memory(
    wasi_config_t *, const char *guest_path, uint64_t bytes);

/* The store's guests see that from now on. */
WASM_API_EXTERN own wasm_trap_t *windlass_store_set_wasi(wasm_store_t *, own wasi_config_t *);
/* Defines the functions of WASI preview 1. */
WASM_API_EXTERN own wasm_trap_t *windlass_linker_define_wasi(windlass_linker_t *);

#undef own

#ifdef __cplusplus
}
#endif

#endif
