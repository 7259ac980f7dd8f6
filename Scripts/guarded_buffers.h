// SPDX-License-Identifier: Apache-2.0
//
// Buffers between pages that nobody may touch, seeded numbers in them, and a hash of results. Included by check_kernels.c.

#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>

enum { REGION = 1 << 18, GUARD = 1 << 16, BUFFERS = 8 };

// Buffers

typedef enum { BEFORE_GUARD, AFTER_GUARD, PLACEMENTS } placement;

static char *regions[BUFFERS];
static placement placed;
static size_t in_use;

static void map_regions(void) {
  for (int i = 0; i < BUFFERS; i++) {
    char *base = mmap(NULL, GUARD + REGION + GUARD, PROT_NONE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    if (base == MAP_FAILED || mprotect(base + GUARD, REGION, PROT_READ | PROT_WRITE)) abort();
    regions[i] = base + GUARD;
  }
}

/// A buffer of its own until `in_use` is 0 again.
static void *buffer(size_t bytes) {
  if (bytes > REGION || in_use == BUFFERS) abort();
  char *region = regions[in_use++];
  return placed == AFTER_GUARD ? region : region + REGION - bytes;
}

// Numbers

static uint64_t state;

static uint32_t random_bits(void) {
  state = state * 6364136223846793005u + 1442695040888963407u;
  return (uint32_t)(state >> 32);
}

/// `count` floats from -1 to 1.
static float *numbers(size_t count) {
  float *x = buffer(count * sizeof *x);
  for (size_t i = 0; i < count; i++) x[i] = (float)(int32_t)random_bits() * 0x1p-31f;
  return x;
}

/// `count` floats of any bits: every size, sign, infinity and NaN.
static float *any_numbers(size_t count) {
  float *x = buffer(count * sizeof *x);
  for (size_t i = 0; i < count; i++) {
    uint32_t bits = random_bits();
    memcpy(x + i, &bits, sizeof bits);
  }
  return x;
}

static float *results(size_t count) {
  float *x = buffer(count * sizeof *x);
  memset(x, 0xff, count * sizeof *x);
  return x;
}

/// `count` random bytes, at an odd address where that leaves the end at the guard.
static void *bytes(size_t count) {
  char *x = placed == AFTER_GUARD ? (char *)buffer(count + 1) + 1 : buffer(count);
  for (size_t i = 0; i < count; i++) x[i] = (char)(random_bits() >> 24);
  return x;
}

// Hashes

static uint64_t hash;

static void hash_bytes(const void *p, size_t count) {
  const unsigned char *c = p;
  for (size_t i = 0; i < count; i++) hash = (hash ^ c[i]) * 1099511628211u;
}

/// The bits of each number, all NaN being one: their bits are the CPU's choice.
static void hash_floats(const float *x, size_t count) {
  for (size_t i = 0; i < count; i++) {
    float number = x[i] == x[i] ? x[i] : __builtin_nanf("");
    hash_bytes(&number, sizeof number);
  }
}
