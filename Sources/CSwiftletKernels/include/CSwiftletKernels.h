// SPDX-License-Identifier: Apache-2.0
//
// Vector kernels on float32, one table of them for each instruction set, and the choice of a table at run time.
//
// Every table computes the same bits. A product starts at 0 and adds over k in order, one fused multiply-add each;
// a sum along a row runs in 16 lanes (lane i takes elements i, i + 16, ...) that one fixed tree adds up; elementary
// functions are polynomials evaluated in one order. Pointers need no alignment beyond that of their element.
#ifndef SWIFTLET_KERNELS_H
#define SWIFTLET_KERNELS_H

#include <stddef.h>
#include <stdint.h>

/// A function of each element, for `map` or for a product after its bias is added.
typedef enum {
  SWLT_IDENTITY,
  SWLT_GELU,       // x (1 + erf(x / sqrt 2)) / 2
  SWLT_GELU_8BIT,  // the same to 2^-12, for what is then rounded to 8 bits
  SWLT_GELU_TANH,  // x (1 + tanh(sqrt(2 / pi) (x + 0.044715 x^3))) / 2
  SWLT_RELU,
  SWLT_SILU,  // x / (1 + exp(-x))
  SWLT_TANH,
  SWLT_SOFTPLUS,  // log(1 + exp(x))
  SWLT_SIGMOID,   // 1 / (1 + exp(-x))
} swlt_function;

/// How numbers are stored outside the kernels, which all compute in float32.
typedef enum { SWLT_F32, SWLT_F16, SWLT_BF16, SWLT_F64 } swlt_storage;

/// The numbers of an AdamW step that are the same for every element.
typedef struct {
  float gradient_factor;  // clips the gradient
  float weight_factor;    // 1 - learning rate * weight decay
  float first_share;      // 1 - beta1
  float second_keep;      // beta2
  float second_share;     // 1 - beta2
  float root_correction;  // sqrt(1 - beta2^t)
  float epsilon;
  float step_size;  // learning rate / (1 - beta1^t)
} swlt_adamw;

/// The bytes of 16 rows of codes, a block: for each two elements of the dimension (the last of an odd number is 0), 16
/// pairs of int8 codes, one a row; then, float32, the rows' 16 scales and their 16 errors.
static inline size_t swlt_code_block_size(size_t dimension) { return (dimension + 1) / 2 * 32 + 2 * 16 * 4; }

/// What is known of the dot product p of a query and a row: with the row's scale s and error e, and the product d of
/// their codes, |p - scale s d| <= norm e + code_error s + slack.
typedef struct {
  float scale;
  float norm;
  float code_error;
  float slack;
  float threshold;  // of the upper bounds that are asked for
} swlt_scan_query;

/// A row and the bounds of its dot product with a query.
typedef struct {
  uint32_t row;
  float lower;
  float upper;
} swlt_candidate;

/// From this number of rows on, it is faster to expand weights of two bytes to float32 once for all rows.
enum { SWLT_EXPANDED_ROWS = 64 };

/// Products with weights of fewer bits, see `float16`, `bfloat16` and `int8` below. The form of the bytes of inputs and
/// weights depends on the CPU path.
typedef struct {
  /// The bytes of a row of k inputs.
  size_t (*input_size)(size_t k);

  /// The bytes of weights packed for k inputs and n outputs. If n is a multiple of panel_width, the weights of output n
  /// begin at this offset.
  size_t (*weights_size)(size_t k, size_t n);

  /// The number of floats of scratch that pack needs for k inputs, and convert; that of int8_heads needs none.
  size_t (*scratch_count)(size_t k);

  /// Packs b of k rows and n columns, as the float32 pack does. int8 takes a row_stride of 1 only;
  /// bfloat16 and int8_heads need row_stride or column_stride to be 1.
  void (*pack)(size_t k, size_t n, const float *b, size_t row_stride, size_t column_stride, float *scratch,
               void *packed);

  /// Converts rows of k numbers, ldx apart, to inputs without gaps. `scratch` as for pack. Null if inputs are rows of k
  /// float32 numbers.
  void (*convert)(size_t rows, size_t k, const float *x, size_t ldx, float *scratch, void *inputs);

  /// The same for the columns of x: k rows of `columns` numbers, ldx apart, become `columns` rows of k inputs. Null but in
  /// bfloat16.
  void (*convert_columns)(size_t columns, size_t k, const float *x, size_t ldx, void *inputs);

  /// The inputs that stand for swlt_kernels.softmax of rows of n > 0 numbers; scale > 0. The rows have room for n rounded up
  /// to a multiple of 16, all of which change. In int8_heads a product takes rows of convert or of convert_softmax, not
  /// both. Null but there and in bfloat16 of a CPU with instructions for it.
  void (*convert_softmax)(size_t rows, size_t n, float scale, float *x, size_t ldx, void *inputs);

  /// function(a b + bias) as inputs of the next product: what convert makes of them. `next` is where the first of the n
  /// outputs begins in the first row, and next_size the bytes from one row to the next; each 16 outputs, of which the last may
  /// be fewer, take 32 bytes. Null but in bfloat16 of a CPU with instructions for it.
  void (*product_to_inputs)(size_t m, size_t n, size_t k, const void *a, const void *packed, const float *bias,
                            swlt_function function, void *next, size_t next_size);

  /// Whether weights are expanded to float32 if there are at least SWLT_EXPANDED_ROWS rows.
  int expands;

  /// c = function(a b + bias), as the float32 product: a holds m rows of inputs, b the packed weights of n outputs.
  /// `scratch` is null or holds the k * panel_width numbers of an expanded panel.
  void (*product)(size_t m, size_t n, size_t k, const void *inputs, const void *packed, float *scratch,
                  const float *bias, swlt_function function, float *c, size_t ldc);

  /// c += a b, the sums starting at c, input by input. Null but in bfloat16.
  void (*add_product)(size_t m, size_t n, size_t k, const void *inputs, const void *packed, float *c, size_t ldc);
} swlt_compact;

/// The kernels for one instruction set.
typedef struct {
  /// "scalar", "avx2", "avx512" or "neon".
  const char *name;

  /// A panel of packed columns is this wide, a multiple of 16; the last may be narrower, a multiple of 16 too.
  size_t panel_width;

  /// The rows of a register tile: products of a multiple of this many rows waste nothing.
  size_t tile_rows;

  /// Packs b of k rows and n columns, element (p, j) at b[p * row_stride + j * column_stride], into panels: panel
  /// after panel, each k rows of its columns, the last filled up with zeros to a multiple of 16.
  /// `packed` holds k * round_up(n, 16) elements.
  void (*pack)(size_t k, size_t n, const float *b, size_t row_stride, size_t column_stride, float *packed);

  /// c = function(a b + bias): a is m x k with rows lda apart, b is k x n packed, c is m x n with rows ldc apart.
  /// `bias` holds n elements or is null.
  void (*product)(size_t m, size_t n, size_t k, const float *a, size_t lda, const float *packed, const float *bias,
                  swlt_function function, float *c, size_t ldc);

  /// c += a b, the sums starting at c: a is m x k, element (i, p) at a[i * row_stride + p * column_stride], b is
  /// k x n packed, c is m x n with rows ldc apart.
  void (*add_product)(size_t m, size_t n, size_t k, const float *a, size_t row_stride, size_t column_stride,
                      const float *packed, float *c, size_t ldc);

  /// For weights that are exact as float16: the same bits as `product`. Null if the path has no instruction for halves.
  const swlt_compact *float16;

  /// Inputs and weights rounded to bfloat16, sums in float32, input by input. Uses the CPU's dot product of pairs or
  /// float32 multiply-adds. The dot product rounds after each of its two products, as Intel's manual says and Zen 4 was seen
  /// to do, but takes numbers below 2^-126 for 0. So this is the only kernel whose bits may depend on the CPU.
  const swlt_compact *bfloat16;

  /// Inputs and weights rounded to integers from -127 to 127, with one scale for each input row and each output.
  /// Before, both are multiplied by the same Hadamard matrix, 64 numbers at a time, which spreads outliers and keeps
  /// dot products. Integer sums are exact for k up to 65,536. Numbers must be finite.
  /// Ashkboos et al.: QuaRot: outlier-free 4-bit inference in rotated LLMs, NeurIPS 2024.
  const swlt_compact *int8;

  /// As int8, but without the Hadamard matrix, for the short rows of attention heads: the products of queries and keys,
  /// and those of values and softmax's rows, which are integers from 0 to 255.
  const swlt_compact *int8_heads;

  /// For each of `count` queries, the rows of `blocks` (see swlt_code_block_size) whose upper bound is at least the
  /// query's threshold, in order. `live` has a bit a row: others are passed over. `inputs` holds the queries' int16 codes,
  /// an even number each; no sum of codes' products may reach 2^31. Query q has room for 16 `blocks` candidates at
  /// candidates + 16 * blocks * q, and counts[q] gets their number.
  void (*scan)(size_t blocks, size_t dimension, const void *codes, const uint16_t *live, size_t count,
               const int16_t *inputs, const swlt_scan_query *queries, swlt_candidate *candidates, size_t *counts);

  /// The sum of x[i] y[i], each added by a fused multiply-add to its lane.
  float (*dot)(size_t n, const float *x, const float *y);

  /// y = function(x); x and y may be the same.
  void (*map)(size_t n, swlt_function function, const float *x, float *y);

  /// out = gradient * function'(x); out may be x or gradient. The derivative of RELU at 0 is 0.
  void (*map_gradient)(size_t n, swlt_function function, const float *x, const float *gradient, float *out);

  /// y = exp(x) for n elements; x and y may be the same.
  void (*exponential)(size_t n, const float *x, float *y);

  /// y = log(x) for n elements; x and y may be the same.
  void (*logarithm)(size_t n, const float *x, float *y);

  /// y[i] += x[i]
  void (*add)(size_t n, const float *x, float *y);

  /// x[i] = x[i] * factor
  void (*scale)(size_t n, float factor, float *x);

  /// x[i] = x[i] / divisor
  void (*divide)(size_t n, float divisor, float *x);

  /// Each row of x, in place: exp(scale (x - max)) over their sum. scale > 0. The rows, ldx apart, have room for n
  /// rounded up to a multiple of 16; numbers past n become 0.
  void (*softmax)(size_t rows, size_t n, float scale, float *x, size_t ldx);

  /// The gradient of softmax's input from that of its result y: scale y (gradient - sum of gradient y), in place of
  /// the gradient. Rows as softmax's; past n, y is 0 and the gradient finite.
  void (*softmax_gradient)(size_t rows, size_t n, float scale, const float *y, float *gradient, size_t ld);

  /// out = gamma (z - mean(z)) / sqrt(variance(z) + epsilon) + beta along each row of z = x + residual.
  /// `residual` may be null; out may be x. All rows are n apart.
  void (*layer_norm)(size_t rows, size_t n, const float *x, const float *residual, const float *gamma,
                     const float *beta, float epsilon, float *out);

  /// The gradient of z from that of layer_norm's result, to `out`, which may be `gradient`; and the normalized
  /// rows, (z - mean(z)) / sqrt(variance(z) + epsilon), to `normalized`.
  void (*layer_norm_gradient)(size_t rows, size_t n, const float *x, const float *residual, const float *gamma,
                              float epsilon, const float *gradient, float *normalized, float *out);

  /// Sets row r of out (rows n apart) to row indices[r] of a table of n columns in `storage`, or adds it if `add`. Each
  /// number is converted to float32, multiplied by `factor` in double and rounded once.
  void (*gather)(size_t rows, size_t n, const void *table, swlt_storage storage, const int32_t *indices, double factor,
                 int add, float *out);

  /// Adds row r of x to row indices[r] of out, in the order of r: n columns, rows ldx and ldout apart.
  void (*scatter_add)(size_t rows, size_t n, const float *x, size_t ldx, const int32_t *indices, float *out,
                      size_t ldout);

  /// out[j] += sum over r, in order, of x[r][j], or of x[r][j] y[r][j] by fused multiply-adds if y is not null.
  void (*add_rows)(size_t rows, size_t n, const float *x, const float *y, size_t ld, float *out);

  /// y[i] = x[i] * scale where word i of a random stream is at least `threshold`, else 0; x and y may be the same.
  /// Philox 4x32-10 of `key` makes the words: word w of the counter (b, counter[0], counter[1], counter[2]) is
  /// number 64 (b / 16) + 16 w + b mod 16.
  void (*dropout)(size_t n, const uint32_t key[2], const uint32_t counter[3], uint32_t threshold, float scale,
                  const float *x, float *y);

  /// out[j] = sum over r, in order, of weights[r] x[r][j] by fused multiply-adds from 0; null weights are all 1.
  void (*sum_rows)(size_t rows, size_t n, const float *x, size_t ldx, const float *weights, float *out);

  /// out[j] = max over r of x[r][j], NaN if one is NaN; rows > 0.
  void (*max_rows)(size_t rows, size_t n, const float *x, size_t ldx, float *out);

  /// Converts n numbers to float32, rounding to nearest even, and returns how many of the results are NaN or
  /// infinite. y may be x if the storage is SWLT_F32.
  size_t (*convert)(size_t n, const void *x, swlt_storage storage, float *y);

  /// How many of n stored numbers are NaN or infinite as float32. If not null, `first` gets the index of the first.
  size_t (*count_non_finite)(size_t n, const void *x, swlt_storage storage, size_t *first);

  /// A step of AdamW on n weights w and their moments m and v. With g = gradient_factor * gradient, all zeros where
  /// `gradient` is null: m += first_share (g - m), v = second_keep v + second_share g^2, and then
  /// w = weight_factor w - step_size m / (sqrt(v) / root_correction + epsilon).
  void (*adamw)(size_t n, const swlt_adamw *step, const float *gradient, float *weights, float *first, float *second);

  /// sums[i] += x[i] 2^44 rounded to an integer, half to even, and x[i] = 0. Numbers whose magnitude is not below `limit`,
  /// which is 2^18 at most, are not added; returns how many those are.
  size_t (*move_to_sums)(size_t n, float limit, float *x, int64_t *sums);

  /// x[i] = sums[i] 2^-44, rounded once, and sums[i] = 0. The sums' magnitudes are below 2^62.
  void (*take_sums)(size_t n, int64_t *sums, float *x);
} swlt_kernels;

/// The table for the best instruction set that this CPU and its operating system offer.
const swlt_kernels *swlt_best(void);

/// The table called `name`, or null if there is none of that name or this CPU cannot run it.
const swlt_kernels *swlt_named(const char *name);

/// Makes this thread round to nearest and keep subnormal numbers, as the bits above require, whatever the process has
/// set (code built with -ffast-math flushes them). Returns the previous setting, for swlt_set_arithmetic.
uint64_t swlt_use_ieee_arithmetic(void);

/// Sets the thread's floating-point control register: MXCSR or FPCR.
void swlt_set_arithmetic(uint64_t setting);

/// Whether this library was compiled with AddressSanitizer.
int swlt_is_sanitized(void);

/// Tells the CPU that this thread waits for another in a loop.
void swlt_relax(void);

#endif
