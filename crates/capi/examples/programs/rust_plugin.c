/* The host of plugin.rs: rust_plugin PLUGIN.wasm */
#include "program.h"

static char logged[64];

static wasm_trap_t *log_text(
    void *env, windlass_caller_t *caller, const wasm_val_vec_t *args, wasm_val_vec_t *results) {
  (void)env, (void)results;
  wasm_extern_t *memory = windlass_caller_export(caller, "memory");
  size_t size = (uint32_t)args->data[1].of.i32;
  if (size >= sizeof logged) size = sizeof logged - 1;
  wasm_trap_t *trap = windlass_memory_read(
      memory ? wasm_extern_as_memory(memory) : NULL, (uint32_t)args->data[0].of.i32,
      (uint8_t *)logged, size);
  if (memory) wasm_extern_delete(memory);
  return trap;
}

int main(int argc, const char *argv[]) {
  CHECK(argc == 2);
  wasm_engine_t *engine = wasm_engine_new();
  windlass_linker_t *linker = windlass_linker_new(engine);
  wasm_functype_t *type = wasm_functype_new_2_0(wasm_valtype_new_i32(), wasm_valtype_new_i32());
  succeeds(windlass_linker_define_func(linker, "host", "log", type, log_text, NULL, NULL));
  wasm_functype_delete(type);
  program guest = load(engine, linker, argv[1]);
  wasm_memory_t *memory = memory_of(&guest, "memory");

  static const char TEXT[] = "The cat sat on the mat. The mat was flat; the cat was not.";
  const int32_t size = sizeof TEXT - 1;
  int32_t at = (int32_t)invoke(&guest, "room", 1, (int32_t[]){size});
  succeeds(windlass_memory_write(memory, (uint32_t)at, (const uint8_t *)TEXT, (size_t)size));
  uint64_t packed = (uint64_t)invoke(&guest, "count", 2, (int32_t[]){at, size});
  char report[256] = {0};
  CHECK((uint32_t)packed < sizeof report);
  succeeds(windlass_memory_read(memory, packed >> 32, (uint8_t *)report, (uint32_t)packed));
  CHECK(strcmp(logged, "14 words, 8 different") == 0);
  CHECK(strcmp(report, "cat=2;flat=1;mat=2;not=1;on=1;sat=1;the=4;was=2;") == 0);
  printf("%s: %s\n", logged, report);

  wasm_memory_delete(memory);
  unload(&guest);
  windlass_linker_delete(linker);
  wasm_engine_delete(engine);
  return 0;
}
