/* Traps, their codes and backtraces; errors of the host that go through the guest. */
#include "example.h"

static wasm_trap_t *fail(void *env, const wasm_val_vec_t *args, wasm_val_vec_t *results) {
  (void)args, (void)results;
  wasm_message_t message;
  wasm_name_new_from_string_nt(&message, "the host says no");
  wasm_trap_t *trap = wasm_trap_new((wasm_store_t *)env, &message);
  wasm_name_delete(&message);
  return trap;
}

int main(void) {
  wasm_engine_t *engine = wasm_engine_new();
  wasm_store_t *store = wasm_store_new(engine);
  wasm_functype_t *type = wasm_functype_new_0_0();
  wasm_func_t *func = wasm_func_new_with_env(store, type, fail, store, NULL);
  wasm_functype_delete(type);
  wasm_instance_t *instance = instance_of(
      engine, store,
      "(module $m (import \"\" \"fail\" (func $fail))"
      "  (func $inner (param i32) (result i32) (i32.div_s (i32.const 1) (local.get 0)))"
      "  (func (export \"divide\") (param i32) (result i32) (call $inner (local.get 0)))"
      "  (func (export \"fail\") (call $fail)))",
      wasm_func_as_extern(func));
  wasm_func_delete(func);

  wasm_func_t *divide = func_of(instance, "divide");
  wasm_trap_t *trap = call(divide, 0, NULL);
  CHECK(windlass_trap_code(trap) == WINDLASS_TRAP_INTEGER_DIVIDE_BY_ZERO);
  CHECK(!windlass_trap_exit_status(trap, NULL) && !windlass_trap_exception(trap));
  wasm_frame_t *origin = wasm_trap_origin(trap);
  CHECK(wasm_frame_func_index(origin) == 1);
  CHECK(wasm_instance_same(wasm_frame_instance(origin), instance));
  const wasm_name_t *name = windlass_frame_func_name(origin);
  CHECK(name->size == 5 && memcmp(name->data, "inner", 5) == 0);
  CHECK(windlass_frame_module_name(origin)->size == 1);
  CHECK(wasm_frame_func_offset(origin) == 5);
  wasm_frame_vec_t trace;
  wasm_trap_trace(trap, &trace);
  CHECK(trace.size == 2 && wasm_frame_func_index(trace.data[1]) == 2);
  CHECK(!windlass_frame_func_name(trace.data[1]));
  CHECK(wasm_frame_module_offset(trace.data[0]) == wasm_frame_module_offset(origin));
  wasm_frame_vec_delete(&trace);
  wasm_frame_delete(origin);
  fails(trap, "integer divide by zero");

  wasm_func_t *run = func_of(instance, "fail");
  trap = call(run, 0, NULL);
  CHECK(windlass_trap_code(trap) == WINDLASS_TRAP_NONE);
  wasm_trap_trace(trap, &trace);
  CHECK(trace.size == 1);
  wasm_frame_vec_delete(&trace);
  fails(trap, "the host says no");

  /* Wrong uses are errors. */
  wasm_val_vec_t none = WASM_EMPTY_VEC;
  wasm_val_t one[1] = {WASM_I32_VAL(1)};
  wasm_val_vec_t ones = WASM_ARRAY_VEC(one);
  fails(wasm_func_call(run, &ones, &none), "expected 0 values, found 1");
  fails(wasm_func_call(divide, &ones, &none), "expected 1 values, found 0");
  fails(wasm_func_call(NULL, &none, &none), "null");
  fails(wasm_func_call((const wasm_func_t *)instance, &none, &none), "another kind");
  wasm_func_delete(run);
  wasm_func_delete(divide);
  wasm_instance_delete(instance);

  /* The start function traps. */
  wasm_module_t *module = module_of(engine, "(func $start unreachable) (start $start)");
  wasm_extern_vec_t imports = WASM_EMPTY_VEC;
  trap = NULL;
  CHECK(!wasm_instance_new(store, module, &imports, &trap));
  CHECK(windlass_trap_code(trap) == WINDLASS_TRAP_UNREACHABLE);
  wasm_trap_delete(trap);
  CHECK(!wasm_instance_new(store, module, &imports, NULL));
  wasm_module_delete(module);

  /* A module that is none. */
  fails(windlass_module_validate(engine, (const uint8_t *)"no", 2), "header");
  wasm_store_delete(store);
  wasm_engine_delete(engine);
  printf("traps are told\n");
  return 0;
}
