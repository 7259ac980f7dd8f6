// SPDX-License-Identifier: Apache-2.0
//
// Calls every kernel on seeded numbers, at all sizes from 0 to 67, on each path that this CPU can run, and
// prints a hash of the results for each path and kernel: check_kernels
// Exits 1 if a path differs from the scalar one.
//
// Every buffer ends where a page begins that nobody may touch, and in a second pass starts where one ends; stored
// numbers lie at odd addresses too. Scripts/sanitize.sh and Scripts/check_neon.sh build it.

#include "CSwiftletKernels.h"
#include "guarded_buffers.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { SIZES = 68 };

static const swlt_storage storages[] = {SWLT_F32, SWLT_F16, SWLT_BF16, SWLT_F64};
static const size_t widths[] = {[SWLT_F32] = 4, [SWLT_F16] = 2, [SWLT_BF16] = 2, [SWLT_F64] = 8};

/// Elements of rows `stride` apart, no more than belongs to them.
static size_t extent(size_t rows, size_t n, size_t stride) { return rows ? (rows - 1) * stride + n : 0; }

// Kernels: what each does with rows and columns of size n.

/// Each function in turn.
static swlt_function function(size_t m) { return (swlt_function)(m % (SWLT_SIGMOID + 1)); }

static void check_product(const swlt_kernels *k, size_t n) {
  for (size_t m = 0; m < 18; m++) {
    size_t depth = (7 * n + 5 * m) % SIZES, lda = depth + m % 3, ldc = n + m % 2;
    float *a = numbers(extent(m, depth, lda)), *b = numbers(depth * n), *bias = m % 4 ? numbers(n) : NULL;
    float *packed = buffer(depth * ((n + 15) / 16 * 16) * sizeof *packed), *c = results(extent(m, n, ldc));
    if (m % 5) k->pack(depth, n, b, 1, depth, packed);
    else k->pack(depth, n, b, n, 1, packed);
    k->product(m, n, depth, a, lda, packed, bias, function(m), c, ldc);
    for (size_t r = 0; r < m; r++) hash_floats(c + r * ldc, n);
    in_use = 0;
  }
}

static void check_add_product(const swlt_kernels *k, size_t n) {
  for (size_t m = 0; m < 18; m++) {
    // a by rows, or by columns.
    size_t depth = (7 * n + 5 * m) % SIZES, lda = (m % 2 ? m : depth) + m % 3, ldc = n + m % 4;
    float *a = numbers(m % 2 ? extent(depth, m, lda) : extent(m, depth, lda)), *b = numbers(depth * n);
    float *packed = buffer(depth * ((n + 15) / 16 * 16) * sizeof *packed), *c = numbers(extent(m, n, ldc));
    k->pack(depth, n, b, n, 1, packed);
    k->add_product(m, n, depth, a, m % 2 ? 1 : lda, m % 2 ? lda : 1, packed, c, ldc);
    hash_floats(c, extent(m, n, ldc));
    in_use = 0;
  }
}

/// 0 to 17 rows, and enough for weights to be expanded.
static size_t row_count(size_t i, size_t n) { return i < 18 ? i : SWLT_EXPANDED_ROWS + n % 8; }

/// Products in int8, of which all paths give the same bits, or in bfloat16, of which each path may give its own.
static void check_compact(const swlt_compact *c, size_t n, size_t panel_width, int hashes) {
  for (size_t i = 0; i < 19; i++) {
    size_t m = row_count(i, n);
    size_t k = (7 * n + 5 * m) % SIZES, ldx = k + m % 3, ldc = n + m % 2;
    float *x = numbers(extent(m, k, ldx)), *w = numbers(n * k), *bias = m % 4 ? numbers(n) : NULL;
    float *scratch = buffer((k + 63) / 64 * 64 * sizeof *scratch), *y = results(extent(m, n, ldc));
    void *inputs = buffer(m * c->input_size(k)), *packed = buffer(c->weights_size(k, n));
    float *panel = c->expands && m % 2 ? buffer(k * panel_width * sizeof *panel) : NULL;
    if (hashes || m % 5) c->pack(k, n, w, 1, k, scratch, packed);
    else c->pack(k, n, w, n, 1, scratch, packed);
    c->convert(m, k, x, ldx, scratch, inputs);
    c->product(m, n, k, inputs, packed, panel, bias, function(m), y, ldc);
    for (size_t r = 0; hashes && r < m; r++) hash_floats(y + r * ldc, n);
    in_use = 0;
  }
}

/// Weights that are halves: float32's product, by which a path without float16 is checked.
static void check_float16(const swlt_kernels *k, size_t n) {
  for (size_t i = 0; i < 19; i++) {
    size_t m = row_count(i, n);
    size_t depth = (7 * n + 5 * m) % SIZES, ldc = n + m % 2;
    float *a = numbers(m * depth), *b = numbers(depth * n), *bias = m % 4 ? numbers(n) : NULL;
    for (size_t j = 0; j < depth * n; j++) b[j] = __builtin_rintf(b[j] * 512) / 512;
    size_t size = k->float16 ? k->float16->weights_size(depth, n) : depth * ((n + 15) / 16 * 16) * sizeof *b;
    float *c = results(extent(m, n, ldc));
    void *packed = buffer(size);
    float *panel = m % 2 ? buffer(depth * k->panel_width * sizeof *panel) : NULL;
    if (k->float16) {
      k->float16->pack(depth, n, b, m % 5 ? 1 : n, m % 5 ? depth : 1, NULL, packed);
      k->float16->product(m, n, depth, a, packed, panel, bias, function(m), c, ldc);
    } else {
      k->pack(depth, n, b, m % 5 ? 1 : n, m % 5 ? depth : 1, packed);
      k->product(m, n, depth, a, depth, packed, bias, function(m), c, ldc);
    }
    for (size_t r = 0; r < m; r++) hash_floats(c + r * ldc, n);
    in_use = 0;
  }
}

static void check_bfloat16(const swlt_kernels *k, size_t n) {
  const swlt_compact *c = k->bfloat16;
  check_compact(c, n, k->panel_width, 0);
  // The gradient of weights: columns become inputs, and sums start at y.
  for (size_t m = 0; m < 18; m++) {
    size_t depth = (7 * n + 5 * m) % SIZES, ldx = m + n % 3, ldc = n + m % 4;
    float *x = numbers(extent(depth, m, ldx)), *w = numbers(depth * n), *y = numbers(extent(m, n, ldc));
    void *inputs = buffer(m * c->input_size(depth)), *packed = buffer(c->weights_size(depth, n));
    c->pack(depth, n, w, n, 1, NULL, packed);
    c->convert_columns(m, depth, x, ldx, inputs);
    c->add_product(m, n, depth, inputs, packed, y, ldc);
    in_use = 0;
  }
  // Results that become inputs, in the middle of longer rows.
  for (size_t m = 0; c->product_to_inputs && m < 18; m++) {
    size_t depth = (7 * n + 5 * m) % SIZES, columns = (n + 15) / 16 * 16, next_size = 2 * columns + m % 2 * 32;
    float *x = numbers(m * depth), *w = numbers(depth * n), *bias = m % 4 ? numbers(n) : NULL;
    void *inputs = buffer(m * c->input_size(depth)), *packed = buffer(c->weights_size(depth, n));
    c->pack(depth, n, w, n, 1, NULL, packed);
    c->convert(m, depth, x, depth, NULL, inputs);
    void *next = buffer(m > 0 ? (m - 1) * next_size + 2 * columns : 0);
    c->product_to_inputs(m, n, depth, inputs, packed, bias, function(m), next, next_size);
    in_use = 0;
  }
  for (size_t m = 0; c->convert_softmax && m < 18; m++) {
    size_t columns = (n + 15) / 16 * 16, ldx = columns + m % 3;
    c->convert_softmax(m, n, 2, numbers(extent(m, columns, ldx)), ldx, buffer(m * c->input_size(n)));
    in_use = 0;
  }
}

static void check_int8(const swlt_kernels *k, size_t n) { check_compact(k->int8, n, k->panel_width, 1); }

/// Inputs by rows or of softmax, weights by columns or by rows.
static void check_int8_heads(const swlt_kernels *k, size_t n) {
  const swlt_compact *c = k->int8_heads;
  for (size_t m = 0; m < 18; m++) {
    size_t depth = (7 * n + 5 * m) % SIZES, columns = m % 2 ? depth : (depth + 15) / 16 * 16;
    size_t ldx = columns + m % 3, ldc = n + m % 2;
    float *x = numbers(extent(m, columns, ldx)), *w = numbers(depth * n), *y = results(extent(m, n, ldc));
    float *scratch = buffer(c->scratch_count(depth) * sizeof *scratch);
    void *inputs = buffer(m * c->input_size(depth)), *packed = buffer(c->weights_size(depth, n));
    if (m % 3) c->pack(depth, n, w, 1, depth, scratch, packed);
    else c->pack(depth, n, w, n, 1, scratch, packed);
    if (m % 2) c->convert(m, depth, x, ldx, NULL, inputs);
    else c->convert_softmax(m, depth, 2, x, ldx, inputs);
    c->product(m, n, depth, inputs, packed, NULL, NULL, function(m), y, ldc);
    for (size_t r = 0; r < m && depth > 0; r++) hash_floats(y + r * ldc, n);
    in_use = 0;
  }
}

/// 0 to 17 queries for 1 to 7 blocks of rows; some rows, and some blocks, are passed over.
static void check_scan(const swlt_kernels *k, size_t n) {
  for (size_t m = 0; m < 18; m++) {
    size_t blocks = 1 + (m + n) % 7, pairs = (n + 1) / 2, size = swlt_code_block_size(n);
    char *codes = buffer(blocks * size);
    uint16_t *live = buffer(blocks * sizeof *live);
    int16_t *inputs = buffer(2 * pairs * m * sizeof *inputs);
    swlt_scan_query *queries = buffer(m * sizeof *queries);
    swlt_candidate *candidates = buffer(16 * blocks * m * sizeof *candidates);
    size_t *counts = buffer(m * sizeof *counts);
    for (size_t block = 0; block < blocks; block++) {
      char *code = codes + block * size;
      for (size_t i = 0; i < 32 * pairs; i++) code[i] = (char)((int)(random_bits() % 255) - 127);
      for (size_t i = 0; i < 32; i++) {
        float bound = (float)random_bits() * 0x1p-36f;
        memcpy(code + 32 * pairs + i * sizeof bound, &bound, sizeof bound);
      }
      live[block] = random_bits() % 3 ? (uint16_t)random_bits() : 0;
    }
    for (size_t i = 0; i < 2 * pairs * m; i++) inputs[i] = (int16_t)random_bits();
    for (size_t q = 0; q < m; q++)
      queries[q] = (swlt_scan_query){0x1p-15f, 1.5f, 0.25f, 0x1p-20f, q % 3 ? (float)(int32_t)random_bits() * 0x1p-25f : -1e30f};
    k->scan(blocks, n, codes, live, m, inputs, queries, candidates, counts);
    for (size_t q = 0; q < m; q++)
      for (size_t i = 0; i < counts[q]; i++) {
        const swlt_candidate *found = candidates + 16 * blocks * q + i;
        hash_floats((float[]){(float)found->row, found->lower, found->upper}, 3);
      }
    in_use = 0;
  }
}

static void check_dot(const swlt_kernels *k, size_t n) {
  float sum = k->dot(n, numbers(n), numbers(n));
  hash_floats(&sum, 1);
}

static void check_map(const swlt_kernels *k, size_t n) {
  float *x = any_numbers(n), *small = numbers(n), *y = results(n);
  for (int function = SWLT_IDENTITY; function <= SWLT_SIGMOID; function++) {
    k->map(n, (swlt_function)function, x, y);
    hash_floats(y, n);
    k->map(n, (swlt_function)function, small, small);
    hash_floats(small, n);
  }
}

static void check_map_gradient(const swlt_kernels *k, size_t n) {
  for (int function = SWLT_IDENTITY; function <= SWLT_SIGMOID; function++)
    for (int any = 0; any < 2; any++) {
      float *x = any ? any_numbers(n) : numbers(n), *gradient = numbers(n), *out = results(n);
      k->map_gradient(n, (swlt_function)function, x, gradient, out);
      hash_floats(out, n);
      k->map_gradient(n, (swlt_function)function, x, gradient, any ? x : gradient);
      hash_floats(any ? x : gradient, n);
      in_use = 0;
    }
}

static void check_logarithm(const swlt_kernels *k, size_t n) {
  float *x = any_numbers(n), *small = numbers(n);
  k->logarithm(n, x, x);
  k->logarithm(n, small, small);
  hash_floats(x, n);
  hash_floats(small, n);
}

static void check_add(const swlt_kernels *k, size_t n) {
  float *x = any_numbers(n), *y = numbers(n);
  k->add(n, x, y);
  hash_floats(y, n);
}

static void check_exponential(const swlt_kernels *k, size_t n) {
  float *x = any_numbers(n), *small = numbers(n);
  k->exponential(n, x, x);
  k->exponential(n, small, small);
  hash_floats(x, n);
  hash_floats(small, n);
}

static void check_scale(const swlt_kernels *k, size_t n) {
  float *x = any_numbers(n);
  k->scale(n, 0.3f, x);
  hash_floats(x, n);
}

static void check_divide(const swlt_kernels *k, size_t n) {
  float *x = any_numbers(n);
  k->divide(n, 0.3f, x);
  hash_floats(x, n);
}

static void check_softmax(const swlt_kernels *k, size_t n) {
  size_t rows = n % 4, stride = (n + 15) / 16 * 16;
  float *x = numbers(rows * stride);
  k->softmax(rows, n, 9.7f, x, stride);
  hash_floats(x, rows * stride);
}

static void check_softmax_gradient(const swlt_kernels *k, size_t n) {
  size_t rows = n % 4, stride = (n + 15) / 16 * 16;
  float *y = numbers(rows * stride), *gradient = numbers(rows * stride);
  k->softmax(rows, n, 1, y, stride);
  k->softmax_gradient(rows, n, 9.7f, y, gradient, stride);
  hash_floats(gradient, rows * stride);
}

static void check_layer_norm(const swlt_kernels *k, size_t n) {
  for (size_t rows = 0; rows < 4; rows++) {
    float *x = numbers(rows * n), *residual = rows % 2 ? numbers(rows * n) : NULL;
    float *gamma = numbers(n), *beta = numbers(n), *out = rows == 2 ? x : results(rows * n);
    k->layer_norm(rows, n, x, residual, gamma, beta, 1e-12f, out);
    hash_floats(out, rows * n);
    in_use = 0;
  }
}

static void check_layer_norm_gradient(const swlt_kernels *k, size_t n) {
  for (size_t rows = 0; rows < 4; rows++) {
    float *x = numbers(rows * n), *residual = rows % 2 ? numbers(rows * n) : NULL, *gamma = numbers(n);
    float *gradient = numbers(rows * n), *normalized = results(rows * n);
    float *out = rows == 2 ? gradient : results(rows * n);
    k->layer_norm_gradient(rows, n, x, residual, gamma, 1e-12f, gradient, normalized, out);
    hash_floats(normalized, rows * n);
    hash_floats(out, rows * n);
    in_use = 0;
  }
}

static void check_gather(const swlt_kernels *k, size_t n) {
  enum { ROWS = 5, TABLE = 7 };
  int32_t *indices = buffer(ROWS * sizeof *indices);
  for (int i = 0; i < ROWS; i++) indices[i] = (int32_t)(random_bits() % TABLE);
  indices[0] = TABLE - 1;
  for (size_t s = 0; s < 4; s++) {
    in_use = 1;
    void *table = bytes(TABLE * n * widths[storages[s]]);
    float *out = numbers(ROWS * n);
    for (int add = 1; add >= 0; add--)
      for (int factor = 0; factor < 2; factor++) {
        k->gather(ROWS, n, table, storages[s], indices, factor ? 0.7 : 1, add, out);
        hash_floats(out, ROWS * n);
      }
  }
}

static void check_scatter_add(const swlt_kernels *k, size_t n) {
  enum { ROWS = 5, SUMS = 3 };
  size_t ldx = n + n % 3, ldout = n + n % 2;
  int32_t *indices = buffer(ROWS * sizeof *indices);
  for (int i = 0; i < ROWS; i++) indices[i] = (int32_t)(random_bits() % SUMS);
  indices[0] = SUMS - 1;
  float *x = numbers(extent(ROWS, n, ldx)), *out = numbers(extent(SUMS, n, ldout));
  k->scatter_add(ROWS, n, x, ldx, indices, out, ldout);
  hash_floats(out, extent(SUMS, n, ldout));
}

static void check_add_rows(const swlt_kernels *k, size_t n) {
  size_t rows = n % 5, ld = n + n % 3;
  float *x = numbers(extent(rows, n, ld)), *y = numbers(extent(rows, n, ld)), *out = numbers(n);
  k->add_rows(rows, n, x, y, ld, out);
  hash_floats(out, n);
  k->add_rows(rows, n, x, NULL, ld, out);
  hash_floats(out, n);
}

static void check_dropout(const swlt_kernels *k, size_t n) {
  // Words 0 to 3 of several blocks.
  size_t count = 5 * n;
  uint32_t *key = buffer(2 * sizeof *key), *counter = buffer(3 * sizeof *counter);
  for (int i = 0; i < 2; i++) key[i] = random_bits();
  for (int i = 0; i < 3; i++) counter[i] = random_bits();
  float *x = any_numbers(count), *y = results(count);
  k->dropout(count, key, counter, 0x60000000, 1.6f, x, y);
  hash_floats(y, count);
  k->dropout(count, key, counter, 0x60000000, 1.6f, x, x);
  hash_floats(x, count);
}

static void check_sum_rows(const swlt_kernels *k, size_t n) {
  size_t rows = n % 5, stride = n + n % 3;
  float *x = numbers(extent(rows, n, stride)), *weights = numbers(rows), *out = results(n);
  k->sum_rows(rows, n, x, stride, weights, out);
  hash_floats(out, n);
  k->sum_rows(rows, n, x, stride, NULL, out);
  hash_floats(out, n);
}

static void check_max_rows(const swlt_kernels *k, size_t n) {
  size_t rows = 1 + n % 5, stride = n + n % 3;
  float *x = numbers(extent(rows, n, stride)), *out = results(n);
  k->max_rows(rows, n, x, stride, out);
  hash_floats(out, n);
}

static void check_convert(const swlt_kernels *k, size_t n) {
  for (size_t s = 0; s < 4; s++) {
    void *x = bytes(n * widths[storages[s]]);
    float *y = results(n);
    size_t count = k->convert(n, x, storages[s], y);
    hash_floats(y, n);
    hash_bytes(&count, sizeof count);
    in_use = 0;
  }
  float *x = any_numbers(n);
  k->convert(n, x, SWLT_F32, x);
  hash_floats(x, n);
}

static void check_count_non_finite(const swlt_kernels *k, size_t n) {
  for (size_t s = 0; s < 4; s++) {
    void *x = bytes(n * widths[storages[s]]);
    size_t first = n, count = k->count_non_finite(n, x, storages[s], &first);
    if (k->count_non_finite(n, x, storages[s], NULL) != count) abort();
    hash_bytes(&first, sizeof first);
    hash_bytes(&count, sizeof count);
    in_use = 0;
  }
}

static void check_adamw(const swlt_kernels *k, size_t n) {
  const swlt_adamw step = {0.7f, 0.999f, 0.1f, 0.999f, 0.001f, 0.03f, 1e-8f, 0.01f};
  for (int any = 0; any < 2; any++) {
    float *(*fill)(size_t) = any ? any_numbers : numbers;
    float *gradient = fill(n), *weights = fill(n), *first = fill(n), *second = fill(n);
    for (size_t i = 0; i < n; i++) second[i] = __builtin_fabsf(second[i]);
    k->adamw(n, &step, gradient, weights, first, second);
    k->adamw(n, &step, NULL, weights, first, second);
    hash_floats(weights, n);
    hash_floats(first, n);
    hash_floats(second, n);
    in_use = 0;
  }
}

/// Numbers of all kinds, three times into the same sums, and back.
static void check_move_to_sums(const swlt_kernels *k, size_t n) {
  int64_t *sums = buffer(n * sizeof *sums);
  for (size_t i = 0; i < n; i++) sums[i] = (int64_t)((uint64_t)random_bits() << 32 | random_bits()) / 8;
  for (int any = 0; any < 3; any++) {
    float *x = any ? any_numbers(n) : numbers(n);
    size_t count = k->move_to_sums(n, any == 1 ? 0x1p16f : 1, x, sums);
    hash_bytes(&count, sizeof count);
    hash_floats(x, n);
    hash_bytes(sums, n * sizeof *sums);
  }
  float *x = numbers(n);
  k->take_sums(n, sums, x);
  hash_floats(x, n);
  hash_bytes(sums, n * sizeof *sums);
}

#define CHECK(kernel) {#kernel, check_##kernel}

static const struct {
  const char *name;
  void (*check)(const swlt_kernels *, size_t n);
} checks[] = {
    CHECK(product), CHECK(add_product), CHECK(float16), CHECK(bfloat16), CHECK(int8), CHECK(int8_heads), CHECK(scan),
    CHECK(dot), CHECK(map), CHECK(map_gradient), CHECK(exponential), CHECK(logarithm), CHECK(add), CHECK(scale),
    CHECK(divide), CHECK(softmax), CHECK(softmax_gradient), CHECK(layer_norm), CHECK(layer_norm_gradient), CHECK(gather),
    CHECK(scatter_add), CHECK(add_rows), CHECK(dropout), CHECK(sum_rows), CHECK(max_rows), CHECK(convert), CHECK(count_non_finite),
    CHECK(adamw), CHECK(move_to_sums),
};

enum { CHECKS = sizeof checks / sizeof *checks };

int main(void) {
  static const char *const names[] = {"scalar", "avx2", "avx512", "neon"};
  uint64_t expected[CHECKS];
  int differing = 0;
  map_regions();
  for (int p = 0; p < 4; p++) {
    const swlt_kernels *kernels = swlt_named(names[p]);
    for (size_t c = 0; kernels && c < CHECKS; c++) {
      hash = 14695981039346656037u;
      state = c;
      for (placed = 0; placed < PLACEMENTS; placed++)
        for (size_t n = 0; n < SIZES; n++) {
          in_use = 0;
          checks[c].check(kernels, n);
        }
      printf("%s %s %016llx\n", names[p], checks[c].name, (unsigned long long)hash);
      if (p == 0) expected[c] = hash;
      differing += hash != expected[c];
    }
  }
  return differing != 0;
}
