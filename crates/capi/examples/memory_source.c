/* Guests' memory in arrays of the host's, as on machines that have no more; and memory that stays
   where it is while the host has its address. */
#include "example.h"

#define PAGES 3

/* The one place there is, aligned to 8 bytes. */
static uint64_t place[PAGES * 0x10000 / 8];
static bool taken = false;
static int ended = 0;

static uint8_t *take(void *env, size_t minimum, size_t maximum, size_t *size) {
  CHECK(env == &taken && minimum <= maximum);
  if (taken || minimum > sizeof place) return NULL;
  taken = true;
  *size = sizeof place;
  return (uint8_t *)place;
}

static void give_back(void *env, uint8_t *bytes, size_t size) {
  CHECK(env == &taken && taken && bytes == (uint8_t *)place && size == sizeof place);
  taken = false;
}

static void end(void *env) {
  (void)env;
  ended++;
}

static wasm_memory_t *memory_of(const wasm_instance_t *instance) {
  wasm_extern_t *item = windlass_instance_export(instance, "memory");
  CHECK(item && wasm_extern_as_memory(item));
  return wasm_extern_as_memory(item);
}

/* All memories of an engine's stores, also those that modules define. */
static void all(void) {
  wasm_config_t *config = wasm_config_new();
  windlass_config_memory_source(config, take, give_back, &taken, end);
  wasm_engine_t *engine = wasm_engine_new_with_config(config);
  wasm_store_t *store = wasm_store_new(engine);
  memset(place, 7, sizeof place);
  wasm_instance_t *instance = instance_of(
      engine, store,
      "(memory (export \"memory\") 1 10) (data (i32.const 5) \"hello\")"
      "(func (export \"grow\") (param i32) (result i32) (memory.grow (local.get 0)))",
      NULL);
  CHECK(taken && memcmp((char *)place + 4, "\0hello\0", 7) == 0);
  wasm_memory_t *memory = memory_of(instance);
  CHECK((void *)wasm_memory_data(memory) == (void *)place);
  wasm_func_t *grow = func_of(instance, "grow");
  int32_t result = 0;
  succeeds(call(grow, PAGES, &result));
  CHECK(result == -1);
  succeeds(call(grow, PAGES - 1, &result));
  CHECK(result == 1 && wasm_memory_data_size(memory) == sizeof place);
  /* There is no place for another one. */
  wasm_limits_t limits = {1, 1};
  wasm_memorytype_t *type = wasm_memorytype_new(&limits);
  CHECK(!wasm_memory_new(store, type));
  wasm_memorytype_delete(type);
  wasm_func_delete(grow);
  wasm_memory_delete(memory);
  wasm_instance_delete(instance);
  CHECK(taken);
  wasm_store_delete(store);
  CHECK(!taken && ended == 0);
  wasm_engine_delete(engine);
  CHECK(ended == 1);
}

static uint8_t *take_absurd(void *env, size_t minimum, size_t maximum, size_t *size) {
  (void)env, (void)minimum, (void)maximum;
  *size = SIZE_MAX;
  return (uint8_t *)place;
}

static void count_back(void *env, uint8_t *bytes, size_t size) {
  CHECK(bytes == (uint8_t *)place && size == SIZE_MAX);
  ++*(int *)env;
}

/* What can't be a memory comes back as it was given. */
static void absurd(void) {
  int came_back = 0;
  wasm_config_t *config = wasm_config_new();
  windlass_config_memory_source(config, take_absurd, count_back, &came_back, NULL);
  wasm_engine_t *engine = wasm_engine_new_with_config(config);
  wasm_store_t *store = wasm_store_new(engine);
  wasm_limits_t limits = {1, 1};
  wasm_memorytype_t *type = wasm_memorytype_new(&limits);
  CHECK(!wasm_memory_new(store, type) && came_back == 1);
  wasm_memorytype_delete(type);
  wasm_store_delete(store);
  wasm_engine_delete(engine);
}

/* One memory. */
static void one(void) {
  wasm_engine_t *engine = wasm_engine_new();
  wasm_store_t *store = wasm_store_new(engine);
  wasm_limits_t limits = {2, wasm_limits_max_default};
  wasm_memorytype_t *type = wasm_memorytype_new(&limits);
  uint8_t *bytes = (uint8_t *)place;
  ended = 0;
  CHECK(!windlass_memory_new_with_bytes(store, type, bytes, MEMORY_PAGE_SIZE, NULL, end));
  CHECK(!windlass_memory_new_with_bytes(store, type, NULL, sizeof place, NULL, end));
  CHECK(!windlass_memory_new_with_bytes(store, type, bytes + 1, sizeof place - 1, NULL, end));
  CHECK(!windlass_memory_new_with_bytes(NULL, type, bytes, sizeof place, NULL, end));
  CHECK(!windlass_memory_new_with_bytes(store, NULL, bytes, sizeof place, NULL, end));
  CHECK(ended == 5);
  wasm_memory_t *memory =
      windlass_memory_new_with_bytes(store, type, bytes, sizeof place, NULL, end);
  CHECK(memory && (void *)wasm_memory_data(memory) == (void *)place);
  CHECK(wasm_memory_grow(memory, 1) && !wasm_memory_grow(memory, 1));
  wasm_memory_delete(memory);
  wasm_memorytype_delete(type);
  CHECK(ended == 5);
  wasm_store_delete(store);
  CHECK(ended == 6);
  wasm_engine_delete(engine);
}

/* While there is a pin, a memory grows only where it is. */
static void pinned(void) {
  wasm_engine_t *engine = wasm_engine_new();
  wasm_store_t *store = wasm_store_new(engine);
  wasm_instance_t *instance =
      instance_of(engine, store, "(memory (export \"memory\") 1 3)", NULL);
  wasm_memory_t *memory = memory_of(instance);
  windlass_memory_pin_t *pin = windlass_memory_pin(memory);
  byte_t *data = wasm_memory_data(memory);
  CHECK(pin && !wasm_memory_grow(memory, 1) && wasm_memory_data(memory) == data);
  windlass_memory_pin_delete(pin);
  CHECK(wasm_memory_grow(memory, 1) && !windlass_memory_pin(NULL));
  wasm_memory_delete(memory);
  wasm_instance_delete(instance);
  wasm_store_delete(store);
  wasm_engine_delete(engine);
}

/* A pin is all that is left of its memory, and keeps it. */
static void outlived(void) {
  wasm_engine_t *engine = wasm_engine_new();
  wasm_store_t *store = wasm_store_new(engine);
  wasm_limits_t limits = {1, 2};
  wasm_memorytype_t *type = wasm_memorytype_new(&limits);
  ended = 0;
  wasm_memory_t *memory = windlass_memory_new_with_bytes(
      store, type, (uint8_t *)place, MEMORY_PAGE_SIZE, NULL, end);
  wasm_memory_t *other = wasm_memory_new(store, type);
  wasm_memorytype_t *shared_type = windlass_memorytype_new(1, 2, false, true);
  wasm_memory_t *shared = wasm_memory_new(store, shared_type);
  CHECK(memory && other && shared);
  windlass_memory_pin_t *pins[3] = {
      windlass_memory_pin(memory), windlass_memory_pin(other), windlass_memory_pin(shared)};
  byte_t *data = wasm_memory_data(other), *shared_data = wasm_memory_data(shared);
  wasm_memory_delete(shared);
  wasm_memory_delete(other);
  wasm_memory_delete(memory);
  wasm_memorytype_delete(shared_type);
  wasm_memorytype_delete(type);
  wasm_store_delete(store);
  wasm_engine_delete(engine);
  CHECK(ended == 0);
  data[0] = shared_data[0] = 1;
  windlass_memory_pin_delete(pins[0]);
  CHECK(ended == 0);
  windlass_memory_pin_delete(pins[1]);
  CHECK(ended == 1);
  windlass_memory_pin_delete(pins[2]);
}

int main(void) {
  all();
  absurd();
  one();
  pinned();
  outlived();
  return 0;
}
