/* A host of plugins that are not trusted: limits, fuel, and functions that it gives them. */
#include "example.h"

static const char *const PLUGIN =
    "(import \"host\" \"log\" (func $log (param i32 i32)))"
    "(memory (export \"memory\") 1)"
    "(data (i32.const 0) \"at work\")"
    "(func (export \"work\") (call $log (i32.const 0) (i32.const 7)))"
    "(func (export \"spin\") (loop $next (br $next)))"
    "(func (export \"eat\") (result i32) (memory.grow (i32.const 100)))"
    "(func $deep (export \"deep\") (call $deep))";

static wasm_trap_t *log_text(
    void *env, windlass_caller_t *caller, const wasm_val_vec_t *args, wasm_val_vec_t *results) {
  (void)results;
  wasm_extern_t *item = windlass_caller_export(caller, "memory");
  uint8_t text[64];
  size_t size = (uint32_t)args->data[1].of.i32;
  if (size > sizeof text) size = sizeof text;
  wasm_trap_t *trap = windlass_memory_read(
      item ? wasm_extern_as_memory(item) : NULL, (uint32_t)args->data[0].of.i32, text, size);
  if (!trap) printf("%s: %.*s\n", (const char *)env, (int)size, (const char *)text);
  if (item) wasm_extern_delete(item);
  return trap;
}

static wasm_trap_t *run(const wasm_instance_t *instance, const char *name, int32_t *result) {
  wasm_func_t *func = func_of(instance, name);
  wasm_trap_t *trap = call(func, 0, result);
  wasm_func_delete(func);
  return trap;
}

int main(void) {
  wasm_config_t *config = wasm_config_new();
  windlass_config_consume_fuel(config, true);
  windlass_config_max_wasm_stack(config, 64 << 10);
  windlass_config_compile_eagerly(config, true);
  wasm_engine_t *engine = wasm_engine_new_with_config(config);
  windlass_linker_t *linker = windlass_linker_new(engine);
  wasm_functype_t *type = wasm_functype_new_2_0(wasm_valtype_new_i32(), wasm_valtype_new_i32());
  succeeds(windlass_linker_define_func(
      linker, "host", "log", type, log_text, (void *)(uintptr_t) "plugin", NULL));
  fails(windlass_linker_define_func(linker, "host", "log", type, log_text, NULL, NULL), "already");
  wasm_functype_delete(type);
  wasm_module_t *module = module_of(engine, PLUGIN);

  for (int plugin = 0; plugin < 2; plugin++) {
    wasm_store_t *store = wasm_store_new(engine);
    windlass_limits_t limits = WINDLASS_NO_LIMITS;
    limits.memory_size = 10 * MEMORY_PAGE_SIZE;
    limits.instances = 1;
    succeeds(windlass_store_set_limits(store, &limits));
    succeeds(windlass_store_set_fuel(store, 100000));
    wasm_instance_t *instance = NULL;
    succeeds(windlass_linker_instantiate(linker, store, module, &instance));
    succeeds(run(instance, "work", NULL));
    int32_t result = 0;
    succeeds(run(instance, "eat", &result));
    CHECK(result == -1);
    wasm_trap_t *trap = run(instance, "deep", NULL);
    CHECK(windlass_trap_code(trap) == WINDLASS_TRAP_STACK_OVERFLOW);
    wasm_trap_delete(trap);
    uint64_t fuel = 0;
    succeeds(windlass_store_get_fuel(store, &fuel));
    CHECK(fuel > 0 && fuel < 100000);
    trap = run(instance, "spin", NULL);
    CHECK(windlass_trap_code(trap) == WINDLASS_TRAP_OUT_OF_FUEL);
    wasm_trap_delete(trap);
    succeeds(windlass_store_get_fuel(store, &fuel));
    CHECK(fuel == 0);
    fails(run(instance, "spin", NULL), "windlass_store_set_fuel");
    wasm_instance_t *second = NULL;
    trap = windlass_linker_instantiate(linker, store, module, &second);
    CHECK(trap && !second);
    wasm_trap_delete(trap);
    wasm_instance_delete(instance);
    wasm_store_delete(store);
  }

  /* What is unknown is an error, or one when it is called. */
  wasm_module_t *strange = module_of(
      engine, "(import \"host\" \"magic\" (func $f)) (func (export \"work\") (call $f))");
  wasm_store_t *store = wasm_store_new(engine);
  succeeds(windlass_store_set_fuel(store, 1000));
  wasm_instance_t *instance = NULL;
  fails(windlass_linker_instantiate(linker, store, strange, &instance), "magic");
  succeeds(windlass_linker_define_unknown_imports_as_traps(linker, strange));
  succeeds(windlass_linker_instantiate(linker, store, strange, &instance));
  fails(run(instance, "work", NULL), "not defined");
  succeeds(windlass_linker_define_instance(linker, "strange", instance));
  wasm_extern_t *work = windlass_linker_get(linker, store, "strange", "work");
  CHECK(work && wasm_extern_kind(work) == WASM_EXTERN_FUNC);
  windlass_linker_allow_shadowing(linker, true);
  succeeds(windlass_linker_define(linker, "host", "magic", work));
  wasm_extern_delete(work);
  wasm_instance_delete(instance);
  wasm_store_delete(store);
  wasm_module_delete(strange);
  wasm_module_delete(module);
  windlass_linker_delete(linker);
  wasm_engine_delete(engine);

  /* An engine without fuel says how to get one with it. */
  engine = wasm_engine_new();
  store = wasm_store_new(engine);
  uint64_t fuel = 0;
  fails(windlass_store_set_fuel(store, 1), "windlass_config_consume_fuel");
  fails(windlass_store_get_fuel(store, &fuel), "windlass_config_consume_fuel");
  wasm_store_delete(store);
  wasm_engine_delete(engine);
  return 0;
}
