/* What the hosts of real programs share. */
#ifndef PROGRAM_H
#define PROGRAM_H

#include "../example.h"

typedef struct program {
  wasm_store_t *store;
  wasm_instance_t *instance;
} program;

/* An instance of the module in a file, in a store of its own. */
static inline program load(
    wasm_engine_t *engine, windlass_linker_t *linker, const char *path) {
  FILE *file = fopen(path, "rb");
  CHECK(file && fseek(file, 0, SEEK_END) == 0);
  wasm_byte_vec_t binary;
  wasm_byte_vec_new_uninitialized(&binary, (size_t)ftell(file));
  rewind(file);
  CHECK(fread(binary.data, 1, binary.size, file) == binary.size);
  fclose(file);
  wasm_module_t *module = NULL;
  succeeds(windlass_module_new(engine, (const uint8_t *)binary.data, binary.size, &module));
  wasm_byte_vec_delete(&binary);
  program guest = {wasm_store_new(engine), NULL};
  succeeds(windlass_linker_define_unknown_imports_as_traps(linker, module));
  succeeds(windlass_linker_instantiate(linker, guest.store, module, &guest.instance));
  wasm_module_delete(module);
  return guest;
}

static inline void unload(program *guest) {
  wasm_instance_delete(guest->instance);
  wasm_store_delete(guest->store);
}

static inline wasm_memory_t *memory_of(const program *guest, const char *name) {
  wasm_extern_t *item = windlass_instance_export(guest->instance, name);
  CHECK(item && wasm_extern_as_memory(item));
  return wasm_extern_as_memory(item);
}

/* Calls an export whose parameters are i32s; its result as a number, 0 if there is none. */
static inline int64_t invoke(
    const program *guest, const char *name, size_t count, const int32_t args[]) {
  wasm_val_t vals[8], result;
  CHECK(count <= 8);
  for (size_t i = 0; i < count; i++) {
    vals[i].kind = WASM_I32;
    vals[i].of.i32 = args[i];
  }
  wasm_func_t *func = func_of(guest->instance, name);
  wasm_val_vec_t in = {count, vals}, out = {wasm_func_result_arity(func), &result};
  CHECK(out.size <= 1);
  succeeds(wasm_func_call(func, &in, &out));
  wasm_func_delete(func);
  if (out.size == 0) return 0;
  return result.kind == WASM_I64 ? result.of.i64 : result.of.i32;
}

#endif
