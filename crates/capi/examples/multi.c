/* Several parameters and results of all kinds of numbers. */
#include "example.h"

static wasm_trap_t *reverse(const wasm_val_vec_t *args, wasm_val_vec_t *results) {
  for (size_t i = 0; i < args->size; i++) {
    wasm_val_copy(&results->data[i], &args->data[args->size - 1 - i]);
  }
  return NULL;
}

int main(void) {
  wasm_engine_t *engine = wasm_engine_new();
  wasm_store_t *store = wasm_store_new(engine);
  wasm_valtype_t *ps[4] = {
      wasm_valtype_new_i32(), wasm_valtype_new_i64(), wasm_valtype_new_f32(),
      wasm_valtype_new_f64()};
  wasm_valtype_t *rs[4] = {
      wasm_valtype_new_f64(), wasm_valtype_new_f32(), wasm_valtype_new_i64(),
      wasm_valtype_new_i32()};
  wasm_valtype_vec_t params, results;
  wasm_valtype_vec_new(&params, 4, ps);
  wasm_valtype_vec_new(&results, 4, rs);
  wasm_functype_t *type = wasm_functype_new(&params, &results);
  wasm_func_t *func = wasm_func_new(store, type, reverse);
  CHECK(wasm_func_param_arity(func) == 4 && wasm_func_result_arity(func) == 4);
  wasm_instance_t *instance = instance_of(
      engine, store,
      "(import \"\" \"f\" (func $f (param i32 i64 f32 f64) (result f64 f32 i64 i32)))"
      "(func (export \"g\") (param i32 i64 f32 f64) (result f64 f32 i64 i32)"
      "  (call $f (local.get 0) (local.get 1) (local.get 2) (local.get 3)))",
      wasm_func_as_extern(func));
  wasm_func_t *g = func_of(instance, "g");
  wasm_val_t args[4] = {
      WASM_I32_VAL(-1), WASM_I64_VAL(INT64_MIN), WASM_F32_VAL(0.25f), WASM_F64_VAL(-0.0)};
  wasm_val_t vals[4];
  wasm_val_vec_t in = WASM_ARRAY_VEC(args), out = WASM_ARRAY_VEC(vals);
  succeeds(wasm_func_call(g, &in, &out));
  CHECK(vals[0].kind == WASM_F64 && vals[0].of.f64 == 0 && 1 / vals[0].of.f64 < 0);
  CHECK(vals[1].kind == WASM_F32 && vals[1].of.f32 == 0.25f);
  CHECK(vals[2].kind == WASM_I64 && vals[2].of.i64 == INT64_MIN);
  CHECK(vals[3].kind == WASM_I32 && vals[3].of.i32 == -1);
  wasm_func_delete(g);
  wasm_instance_delete(instance);
  wasm_func_delete(func);
  wasm_functype_delete(type);
  wasm_store_delete(store);
  wasm_engine_delete(engine);
  printf("many values\n");
  return 0;
}
