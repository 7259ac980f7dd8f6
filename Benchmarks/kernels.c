// SPDX-License-Identifier: Apache-2.0
//
// The speed of the matrix products beside what the processor could do, for each path and precision that it has
// instructions for, the speed of its memory, and the time of what is outside of the products with weights: a line of JSON
// each. Benchmarks/run builds it.
//
// Products run on one thread and are timed by the thread's own clock, so that other programs disturb little. A peak is
// a loop of multiply-adds on registers alone, 12 or 16 sums side by side, in the vectors of the path.

#include "CSwiftletKernels.h"

#include <math.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#define COUNT(array) (sizeof(array) / sizeof *(array))

static double seconds(clockid_t clock) {
  struct timespec t;
  clock_gettime(clock, &t);
  return (double)t.tv_sec + 1e-9 * (double)t.tv_nsec;
}

/// The least processor time of a call, of 20 times or more that take 0.2 s together.
static double least_time(void (*call)(const void *), const void *context) {
  double least = INFINITY, total = 0;
  // So many calls at a time that the clock is exact.
  int calls = 1;
  for (int times = 0; times < 20 || total < 0.2;) {
    double start = seconds(CLOCK_THREAD_CPUTIME_ID);
    for (int i = 0; i < calls; i++) call(context);
    double time = seconds(CLOCK_THREAD_CPUTIME_ID) - start;
    if (time < 1e-3) {
      calls *= 2;
      continue;
    }
    least = fmin(least, time / calls);
    total += time;
    times++;
  }
  return least;
}

// Peaks

enum { STEPS = 10000 };
static volatile int zero;

/// `name` runs STEPS steps of next(sum, factor) on each of `sums` sums.
#define PEAK_LOOP(name, features, vector, sums, next)                                                    \
  features __attribute__((noinline)) static void name(const void *context) {                             \
    (void)context;                                                                                       \
    vector x[sums], factor = (vector){0} + (__typeof__((vector){0}[0]))zero;                             \
    _Pragma("clang loop unroll(full)") for (int i = 0; i < sums; i++) x[i] = factor;                     \
    for (int step = 0; step < STEPS; step++)                                                             \
      _Pragma("clang loop unroll(full)") for (int i = 0; i < sums; i++) x[i] = next(x[i], factor);       \
    vector sum = x[0];                                                                                   \
    _Pragma("clang loop unroll(full)") for (int i = 1; i < sums; i++) sum += x[i];                       \
    zero = sum[0] == 1;                                                                                  \
  }

#define FMA(sum, factor) __builtin_elementwise_fma(sum, factor, factor)

typedef struct {
  const char *path, *precision;
  /// Whether the CPU can run it, given that it can run the path.
  int (*offered)(void);
  void (*steps)(const void *);
  /// Of a call of `steps`; a multiplication and an addition are two.
  double operations;
} peak;

static int always(void) { return 1; }

#if defined(__x86_64__)
#include <immintrin.h>

typedef float floats8 __attribute__((vector_size(32)));
typedef float floats16 __attribute__((vector_size(64)));
typedef int32_t ints16 __attribute__((vector_size(64)));

#define BFLOAT16_DOT(sum, factor) ((floats16)_mm512_dpbf16_ps(sum, (__m512bh)(factor), (__m512bh)(factor)))
#define INT8_DOT(sum, factor) ((ints16)_mm512_dpbusd_epi32((__m512i)(sum), (__m512i)(factor), (__m512i)(factor)))

static int has_bfloat16(void) { return __builtin_cpu_supports("avx512bf16") != 0; }
static int has_int8(void) { return __builtin_cpu_supports("avx512vnni") != 0; }

PEAK_LOOP(avx2_steps, __attribute__((target("avx2,fma"))), floats8, 12, FMA)
PEAK_LOOP(avx512_steps, __attribute__((target("avx512f,avx512vl"))), floats16, 16, FMA)
PEAK_LOOP(bfloat16_steps, __attribute__((target("avx512f,avx512vl,avx512bf16"))), floats16, 16, BFLOAT16_DOT)
PEAK_LOOP(int8_steps, __attribute__((target("avx512f,avx512vl,avx512vnni"))), ints16, 16, INT8_DOT)

static const peak peaks[] = {
    {"avx2", "float32", always, avx2_steps, 2.0 * 12 * 8 * STEPS},
    {"avx2", "float16", always, avx2_steps, 2.0 * 12 * 8 * STEPS},
    {"avx512", "float32", always, avx512_steps, 2.0 * 16 * 16 * STEPS},
    {"avx512", "float16", always, avx512_steps, 2.0 * 16 * 16 * STEPS},
    {"avx512", "bfloat16", has_bfloat16, bfloat16_steps, 2.0 * 16 * 32 * STEPS},
    {"avx512", "int8", has_int8, int8_steps, 2.0 * 16 * 64 * STEPS},
};
#else
typedef float floats4 __attribute__((vector_size(16)));

PEAK_LOOP(neon_steps, , floats4, 16, FMA)

static const peak peaks[] = {
    {"neon", "float32", always, neon_steps, 2.0 * 16 * 4 * STEPS},
    {"neon", "float16", always, neon_steps, 2.0 * 16 * 4 * STEPS},
};
#endif

// Memory

typedef struct {
  const char *bytes;
  size_t count;
} memory;

static void *read_memory(void *context) {
  typedef int vector __attribute__((vector_size(64)));
  const memory *m = context;
  vector sums[8] = {0};
  for (size_t i = 0; i < m->count / sizeof *sums; i += COUNT(sums))
#pragma clang loop unroll(full)
    for (size_t j = 0; j < COUNT(sums); j++) sums[j] += ((const vector *)m->bytes)[i + j];
  for (size_t j = 0; j < COUNT(sums); j++) zero = sums[j][0] == 1;
  return NULL;
}

/// The least time in which two threads run a function each on its part.
static double least_time_of_two(void *(*run)(void *), void *first, void *second) {
  double least = INFINITY;
  for (int i = 0; i < 10; i++) {
    double start = seconds(CLOCK_MONOTONIC);
    pthread_t other;
    if (pthread_create(&other, NULL, run, second)) abort();
    run(first);
    pthread_join(other, NULL);
    least = fmin(least, seconds(CLOCK_MONOTONIC) - start);
  }
  return least;
}

// Scans

typedef struct {
  const swlt_kernels *kernels;
  const char *codes;
  size_t blocks;
} rows;

enum { DIMENSION = 384, SCAN_BLOCKS = 64 };

/// Searches rows for one query, as an index does, with a threshold that few reach.
static void *scan_rows(void *context) {
  static int16_t query[DIMENSION];
  swlt_candidate candidates[16 * SCAN_BLOCKS];
  uint16_t live[SCAN_BLOCKS];
  const rows *r = context;
  swlt_scan_query bounds = {.scale = 1, .norm = 1, .threshold = 1};
  memset(live, 0xFF, sizeof live);
  size_t size = swlt_code_block_size(DIMENSION), count;
  for (size_t block = 0; block < r->blocks; block += SCAN_BLOCKS) {
    size_t blocks = r->blocks - block < SCAN_BLOCKS ? r->blocks - block : SCAN_BLOCKS;
    r->kernels->scan(blocks, DIMENSION, r->codes + block * size, live, 1, query, &bounds,
                     candidates, &count);
    zero = count == 1;
  }
  return NULL;
}

// Updates

typedef struct {
  const swlt_kernels *kernels;
  float *numbers;
  size_t count;
} weights;

/// A step of AdamW: four arrays are read, gradient, weights and two moments; all but the gradient are also written.
static void *update_weights(void *context) {
  const weights *w = context;
  swlt_adamw step = {.gradient_factor = 1, .weight_factor = 1, .first_share = 0.1f, .second_keep = 0.999f,
                     .second_share = 0.001f, .root_correction = 1, .epsilon = 1e-8f, .step_size = 1e-5f};
  float *x = w->numbers;
  w->kernels->adamw(w->count, &step, x, x + w->count, x + 2 * w->count, x + 3 * w->count);
  return NULL;
}

static void print_share(const char *kernel, const char *path, double speed, double memory_speed) {
  printf("{\"kernel\": \"%s\", \"path\": \"%s\", \"threads\": 2, \"gigabytes_per_s\": %.1f, "
         "\"share_of_memory\": %.3f}\n",
         kernel, path, speed / 1e9, speed / memory_speed);
}

/// Prints the bytes a second that two threads read while they scan or update arrays that no cache holds, beside those
/// of a loop that only adds up what it reads.
static void measure_memory(void) {
  size_t size = swlt_code_block_size(DIMENSION), half = (size_t)1 << 28, blocks = half / size;
  char *bytes = aligned_alloc(64, 2 * half);
  if (!bytes) abort();
  memset(bytes, 0, 2 * half);
  memory parts[] = {{bytes, blocks * size / 512 * 512}, {bytes + half, blocks * size / 512 * 512}};
  double added = 2.0 * (double)parts[0].count / least_time_of_two(read_memory, &parts[0], &parts[1]);
  printf("{\"kernel\": \"memory\", \"threads\": 2, \"gigabytes_per_s\": %.1f}\n", added / 1e9);
  for (size_t i = 0; i < COUNT(peaks); i++) {
    const swlt_kernels *kernels = swlt_named(peaks[i].path);
    if (!kernels || !peaks[i].offered() || strcmp(peaks[i].precision, "float32") != 0) continue;
    rows r[] = {{kernels, bytes, blocks}, {kernels, bytes + half, blocks}};
    double scanned = 2.0 * (double)(blocks * size) / least_time_of_two(scan_rows, &r[0], &r[1]);
    print_share("scan", kernels->name, scanned, added);
    size_t count = half / (4 * sizeof(float));
    weights w[] = {{kernels, (float *)bytes, count}, {kernels, (float *)(bytes + half), count}};
    double bytes_read = 2.0 * 4 * sizeof(float) * (double)count;
    print_share("adamw", kernels->name, bytes_read / least_time_of_two(update_weights, &w[0], &w[1]), added);
  }
  free(bytes);
}

// Products

static void *space(size_t bytes) {
  void *p = aligned_alloc(64, (bytes + 63) / 64 * 64);
  if (!p) abort();
  return p;
}

/// From -1 to 1.
static float *numbers(size_t count) {
  static uint64_t state = 1;
  float *x = space(count * sizeof *x);
  for (size_t i = 0; i < count; i++) {
    state = state * 6364136223846793005u + 1442695040888963407u;
    x[i] = (float)(int32_t)(state >> 32) * 0x1p-31f;
  }
  return x;
}

/// y = x W^T + b, in the form that a path's product takes.
typedef struct {
  const swlt_kernels *kernels;
  const swlt_compact *compact;  // null: float32
  size_t rows, outputs, inputs;
  float *x, *weights, *bias, *y, *scratch;
  void *packed, *converted;
} layer;

static void pack(layer *l) {
  if (!l->compact) {
    l->packed = space(l->outputs * l->inputs * sizeof(float));
    l->kernels->pack(l->inputs, l->outputs, l->weights, 1, l->inputs, l->packed);
    return;
  }
  size_t padded = (l->inputs + 63) / 64 * 64, input_size = l->compact->input_size(l->inputs);
  l->scratch = space(padded * l->kernels->panel_width * sizeof *l->scratch);
  l->packed = space(l->compact->weights_size(l->inputs, l->outputs));
  l->compact->pack(l->inputs, l->outputs, l->weights, 1, l->inputs, l->scratch, l->packed);
  l->converted = space(l->rows * input_size);
  if (l->compact->convert) l->compact->convert(l->rows, l->inputs, l->x, l->inputs, l->scratch, l->converted);
  else memcpy(l->converted, l->x, l->rows * input_size);
}

static void multiply(const void *context) {
  const layer *l = context;
  if (l->compact)
    l->compact->product(l->rows, l->outputs, l->inputs, l->converted, l->packed, l->scratch, l->bias,
                        SWLT_IDENTITY, l->y, l->outputs);
  else
    l->kernels->product(l->rows, l->outputs, l->inputs, l->x, l->inputs, l->packed, l->bias, SWLT_IDENTITY, l->y,
                        l->outputs);
}

/// The least cosine of a row of y, of those at the start, in the middle and at the end, and what it should be: a
/// float32 product has those bits, and else the cosine is 0.
static double least_cosine(const layer *l) {
  size_t rows[] = {0, l->rows / 2, l->rows - 1};
  double least = 1;
  for (size_t r = 0; r < COUNT(rows); r++) {
    const float *x = l->x + rows[r] * l->inputs, *y = l->y + rows[r] * l->outputs;
    double product = 0, squares = 0, expected_squares = 0;
    for (size_t j = 0; j < l->outputs; j++) {
      float expected = 0;
      for (size_t p = 0; p < l->inputs; p++) expected = fmaf(x[p], l->weights[j * l->inputs + p], expected);
      expected += l->bias[j];
      if (!l->compact && y[j] != expected) return 0;
      product += (double)y[j] * expected;
      squares += (double)y[j] * y[j];
      expected_squares += (double)expected * expected;
    }
    least = fmin(least, product / sqrt(squares * expected_squares));
  }
  return least;
}

static void measure(const peak *peak, const swlt_kernels *kernels, size_t rows, size_t outputs, size_t inputs) {
  const swlt_compact *compact = strcmp(peak->precision, "float16") == 0    ? kernels->float16
                              : strcmp(peak->precision, "bfloat16") == 0 ? kernels->bfloat16
                              : strcmp(peak->precision, "int8") == 0     ? kernels->int8
                                                                         : NULL;
  layer l = {kernels, compact, rows, outputs, inputs, numbers(rows * inputs), numbers(outputs * inputs),
             numbers(outputs), numbers(rows * outputs), NULL, NULL, NULL};
  pack(&l);
  multiply(&l);
  if (!(least_cosine(&l) > 0.999)) {
    fprintf(stderr, "%s, %s: a product of %zu x %zu x %zu is wrong\n", peak->path, peak->precision, rows, outputs,
            inputs);
    exit(1);
  }
  // The clock's rate moves: a peak for each.
  double limit = peak->operations / least_time(peak->steps, NULL) / 1e9;
  double speed = 2.0 * (double)(rows * outputs * inputs) / least_time(multiply, &l) / 1e9;
  printf("{\"kernel\": \"product\", \"precision\": \"%s\", \"path\": \"%s\", \"rows\": %zu, \"outputs\": %zu, "
         "\"inputs\": %zu, \"gflops\": %.1f, \"peak_gflops\": %.1f}\n",
         peak->precision, peak->path, rows, outputs, inputs, speed, limit);
  fflush(stdout);
  free(l.x), free(l.weights), free(l.bias), free(l.y), free(l.scratch), free(l.packed),
      free(l.converted);
}

// What is outside of the products with weights

/// A passage in a layer of the bundled model. SCORES is AttentionHead.scoreCount.
enum { TOKENS = 114, HEADS = 12, HEAD_SIZE = 32, HIDDEN = HEADS * HEAD_SIZE, INNER = 4 * HIDDEN, LAYERS = 6,
       PADDED = (TOKENS + 15) / 16 * 16, SCORES = 4096 };

typedef struct {
  const swlt_kernels *kernels;
  float *projections, *keys, *values, *scores, *inner, *x, *y;
} passage;

/// Attention of all heads, as AttentionHead.attend computes it: some tiles of rows at a time.
static void attend(const void *context) {
  const passage *p = context;
  const swlt_kernels *k = p->kernels;
  size_t width = 3 * HIDDEN, step = SCORES / PADDED / k->tile_rows * k->tile_rows;
  for (size_t head = 0; head < HEADS; head++) {
    const float *queries = p->projections + head * HEAD_SIZE;
    k->pack(HEAD_SIZE, TOKENS, queries + HIDDEN, 1, width, p->keys);
    k->pack(TOKENS, HEAD_SIZE, queries + 2 * HIDDEN, width, 1, p->values);
    for (size_t row = 0; row < TOKENS; row += step) {
      size_t rows = TOKENS - row < step ? TOKENS - row : step;
      k->product(rows, PADDED, HEAD_SIZE, queries + row * width, width, p->keys, NULL, SWLT_IDENTITY, p->scores, PADDED);
      k->softmax(rows, TOKENS, 0.17f, p->scores, PADDED);
      k->product(rows, HEAD_SIZE, TOKENS, p->scores, PADDED, p->values, NULL, SWLT_IDENTITY,
                 p->y + row * HIDDEN + head * HEAD_SIZE, HIDDEN);
    }
  }
}

/// GELU of as many numbers as a tile has, again and again.
static void activate(const void *context) {
  const passage *p = context;
  size_t count = p->kernels->tile_rows * p->kernels->panel_width;
  for (size_t i = 0; i < TOKENS * INNER; i += count) p->kernels->map(count, SWLT_GELU, p->inner, p->y);
}

/// A layer has two norms.
static void normalize(const void *context) {
  const passage *p = context;
  for (int i = 0; i < 2; i++)
    p->kernels->layer_norm(TOKENS, HIDDEN, p->x, p->projections, p->x, p->x, 1e-12f, p->y);
}

/// Prints the microseconds that a token takes of a core in all layers, the numbers being in the nearest caches.
static void measure_outside(const swlt_kernels *kernels) {
  static const struct {
    const char *name;
    void (*run)(const void *);
  } parts[] = {{"attention", attend}, {"GELU", activate}, {"layer norm", normalize}};
  passage p = {kernels, numbers(TOKENS * 3 * HIDDEN), numbers(HEAD_SIZE * PADDED), numbers(TOKENS * HEAD_SIZE),
               numbers(SCORES), numbers(kernels->tile_rows * kernels->panel_width),
               numbers(TOKENS * HIDDEN), numbers(TOKENS * HIDDEN)};
  for (size_t i = 0; i < COUNT(parts); i++)
    printf("{\"kernel\": \"%s\", \"path\": \"%s\", \"tokens\": %d, \"us_per_token\": %.2f}\n", parts[i].name,
           kernels->name, TOKENS, least_time(parts[i].run, &p) * LAYERS * 1e6 / TOKENS);
  free(p.projections), free(p.keys), free(p.values), free(p.scores), free(p.inner), free(p.x), free(p.y);
}

int main(void) {
  // The four linear maps of the bundled model's layers; some hundred tokens, and one short text.
  static const size_t row_counts[] = {504, 16}, shapes[][2] = {{1152, 384}, {384, 384}, {1536, 384}, {384, 1536}};
  measure_memory();
  for (size_t i = 0; i < COUNT(peaks); i++) {
    const swlt_kernels *kernels = swlt_named(peaks[i].path);
    if (!kernels || !peaks[i].offered()) continue;
    if (strcmp(peaks[i].precision, "float32") == 0) measure_outside(kernels);
    for (size_t r = 0; r < COUNT(row_counts); r++)
      for (size_t s = 0; s < COUNT(shapes); s++)
        measure(&peaks[i], kernels, row_counts[r], shapes[s][0], shapes[s][1]);
  }
}
