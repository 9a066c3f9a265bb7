/* Memories: read and written in place and by checked copies, grown; those of 64 bits; shared. */
#include "example.h"

int main(void) {
  wasm_config_t *config = wasm_config_new();
  CHECK(windlass_config_feature(config, "threads", true));
  CHECK(!windlass_config_feature(config, "magic", true));
  wasm_engine_t *engine = wasm_engine_new_with_config(config);
  wasm_store_t *store = wasm_store_new(engine);
  wasm_instance_t *instance = instance_of(
      engine, store,
      "(memory (export \"memory\") 2 3) (data (i32.const 0x1000) \"\\01\\02\\03\\04\")"
      "(func (export \"load\") (param i32) (result i32) (i32.load8_u (local.get 0)))",
      NULL);
  wasm_extern_t *item = windlass_instance_export(instance, "memory");
  wasm_memory_t *memory = wasm_extern_as_memory(item);
  CHECK(wasm_memory_size(memory) == 2);
  CHECK(wasm_memory_data_size(memory) == 2 * MEMORY_PAGE_SIZE);
  CHECK(wasm_memory_data(memory)[0x1003] == 4);
  wasm_memory_data(memory)[0x1003] = 5;
  wasm_func_t *load = func_of(instance, "load");
  int32_t byte = 0;
  succeeds(call(load, 0x1003, &byte));
  CHECK(byte == 5);
  wasm_trap_t *trap = call(load, 0x20000, &byte);
  CHECK(windlass_trap_code(trap) == WINDLASS_TRAP_MEMORY_OUT_OF_BOUNDS);
  wasm_trap_delete(trap);
  CHECK(wasm_memory_grow(memory, 1) && wasm_memory_size(memory) == 3);
  CHECK(!wasm_memory_grow(memory, 1) && !wasm_memory_grow(memory, UINT32_MAX));
  succeeds(call(load, 0x20000, &byte));
  CHECK(byte == 0);

  uint8_t bytes[4] = {1, 2, 3, 4}, read[4] = {0};
  succeeds(windlass_memory_write(memory, 100, bytes, 4));
  succeeds(windlass_memory_read(memory, 100, read, 4));
  CHECK(memcmp(bytes, read, 4) == 0);
  fails(windlass_memory_write(memory, 0x2fffd, bytes, 4), "out of bounds");
  fails(windlass_memory_read(memory, UINT64_MAX, read, 4), "out of bounds");
  fails(windlass_memory_read(memory, 0, NULL, 4), "null");
  CHECK(wasm_memory_data(memory)[0x2fffd] == 0);

  wasm_limits_t limits = {1, wasm_limits_max_default};
  wasm_memorytype_t *type = wasm_memorytype_new(&limits);
  wasm_memory_t *own_memory = wasm_memory_new(store, type);
  CHECK(own_memory && !wasm_memory_same(own_memory, memory));
  wasm_memorytype_delete(type);
  wasm_memory_delete(own_memory);

  type = windlass_memorytype_new(1, 2, true, true);
  uint64_t min = 0, max = 0;
  bool is_64 = false, shared = false;
  CHECK(windlass_memorytype_limits(type, &min, &max, &is_64, &shared));
  CHECK(min == 1 && max == 2 && is_64 && shared);
  own_memory = wasm_memory_new(store, type);
  CHECK(own_memory && windlass_memory_is_shared(own_memory));
  wasm_store_t *other = wasm_store_new(engine);
  wasm_memory_t *again = windlass_memory_obtain(other, own_memory);
  succeeds(windlass_memory_grow(again, 1));
  CHECK(windlass_memory_size(own_memory) == 2);
  wasm_memory_data(again)[5] = 7;
  CHECK(wasm_memory_data(own_memory)[5] == 7);
  CHECK(!windlass_memory_obtain(other, memory));
  wasm_memory_delete(again);
  wasm_memory_delete(own_memory);
  wasm_memorytype_delete(type);
  wasm_store_delete(other);

  wasm_func_delete(load);
  wasm_extern_delete(item);
  wasm_instance_delete(instance);
  wasm_store_delete(store);
  wasm_engine_delete(engine);
  printf("memories\n");
  return 0;
}
