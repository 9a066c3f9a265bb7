/* Values of the host in the hands of a guest: foreign ones, and any other handle. */
#include "example.h"

/* Calls a function that takes and gives one externref; the argument is lent. */
static wasm_ref_t *pass(const wasm_func_t *func, wasm_ref_t *ref) {
  wasm_val_t args[1] = {WASM_REF_VAL(ref)}, vals[1] = {WASM_INIT_VAL};
  wasm_val_vec_t in = WASM_ARRAY_VEC(args), out = WASM_ARRAY_VEC(vals);
  succeeds(wasm_func_call(func, &in, &out));
  CHECK(vals[0].kind == WASM_EXTERNREF);
  return vals[0].of.ref;
}

int main(void) {
  wasm_engine_t *engine = wasm_engine_new();
  wasm_store_t *store = wasm_store_new(engine);
  wasm_instance_t *instance = instance_of(
      engine, store,
      "(global $g (mut externref) (ref.null extern))"
      "(func (export \"swap\") (param externref) (result externref)"
      "  (global.get $g) (global.set $g (local.get 0)))",
      NULL);
  wasm_func_t *swap = func_of(instance, "swap");
  int one = 1, two = 2;
  wasm_ref_t *first = wasm_foreign_as_ref(wasm_foreign_new(store));
  wasm_ref_t *second = wasm_foreign_as_ref(wasm_foreign_new(store));
  wasm_ref_set_host_info(first, &one);
  wasm_ref_set_host_info(second, &two);
  CHECK(!pass(swap, first));
  wasm_ref_t *back = pass(swap, second);
  CHECK(wasm_ref_same(back, first) && wasm_ref_get_host_info(back) == &one);
  CHECK(wasm_ref_as_foreign(back) && !wasm_ref_as_func(back));
  wasm_ref_delete(back);
  wasm_ref_delete(second);
  succeeds(windlass_store_gc(store));
  back = pass(swap, wasm_instance_as_ref(instance));
  CHECK(wasm_ref_get_host_info(back) == &two);
  wasm_ref_delete(back);
  back = pass(swap, wasm_func_as_ref(swap));
  CHECK(wasm_instance_same(wasm_ref_as_instance(back), instance));
  wasm_ref_delete(back);
  back = pass(swap, NULL);
  CHECK(wasm_func_same(wasm_ref_as_func(back), swap));
  wasm_ref_delete(back);

  wasm_store_t *other = wasm_store_new(engine);
  wasm_ref_t *foreign = wasm_foreign_as_ref(wasm_foreign_new(other));
  wasm_val_t args[1] = {WASM_REF_VAL(foreign)}, vals[1] = {WASM_INIT_VAL};
  wasm_val_vec_t in = WASM_ARRAY_VEC(args), out = WASM_ARRAY_VEC(vals);
  fails(wasm_func_call(swap, &in, &out), "another store");
  wasm_ref_delete(foreign);
  wasm_store_delete(other);

  wasm_ref_delete(first);
  wasm_func_delete(swap);
  wasm_instance_delete(instance);
  wasm_store_delete(store);
  wasm_engine_delete(engine);
  printf("host values\n");
  return 0;
}
