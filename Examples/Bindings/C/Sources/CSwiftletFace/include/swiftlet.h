// SPDX-License-Identifier: Apache-2.0

/// Sentence embeddings from C: libswiftlet.so.
///
/// Texts are passed as Apache Arrow keeps a `utf8` array in memory, so that none is copied on the way, and vectors come
/// back in memory of the caller's. Every mistake that can be seen is an error with a text, never the end of the process.
/// What cannot be seen is a pointer to too little memory: each function says how much it reads and writes.
///
/// Any number of threads may call any function at once. After fork() the parent's encoders do not work in the child, which
/// gets an error and opens its own.

#ifndef SWIFTLET_H
#define SWIFTLET_H

#include <stdint.h>

#ifdef __cplusplus
extern "C" {
#endif

/// The version of this header, which swiftlet_abi() gives, too. It changes if a function does.
#define SWIFTLET_ABI 1

int32_t swiftlet_abi(void);

/// Loads a model.
///
/// folder     A model folder of sentence-transformers, or a bare transformer. NUL-terminated UTF-8.
/// precision  "float32", "bfloat16" or "int8": the number format of products with weights. NUL-terminated.
/// threads    The number of threads that compute beside the callers', from 1 to 1024; 0 for one a processor, which all such
///            encoders of the process share.
/// messages   NULL, or memory of messages_size bytes for text in UTF-8, NUL-terminated, cut if it is too long: the error, or
///            else the warnings about the model's files, one a line; empty if there is none.
///
/// Returns the encoder, a number above 0; after an error 0.
int64_t swiftlet_open(
    const char *folder, const char *precision, int32_t threads, char *messages, int64_t messages_size);

/// Closes an encoder. Calls that use it end as if it were open. Does nothing if it is not open in this process.
void swiftlet_close(int64_t encoder);

/// The number of elements of a vector; -1 if the encoder is not open in this process.
int64_t swiftlet_dimension(int64_t encoder);

/// The number of bytes that a text takes in the output; -1 if the encoder is not open in this process or there is no such
/// format. With a dimension of d: "float32" 4 d, "int8" d + 4, "bits" (d + 7) / 8.
int64_t swiftlet_row_size(int64_t encoder, const char *format);

/// Embeds texts. A vector depends on its text alone, never on the texts beside it.
///
/// count        The number of texts.
/// offsets      count + 1 numbers: text i is data[offsets[i]] up to, not including, data[offsets[i + 1]]. They start at 0 or
///              above, never fall and end at data_size or below. Not read if count is 0.
/// data         The texts in UTF-8, data_size bytes.
/// format       What is written, in the byte order of the machine:
///              "float32"  count x d float
///              "int8"     count float, the scales; then count x d int8_t, the codes. An element is about scale x code.
///                         scale = max|x| / 127, code = x / scale rounded to nearest, ties to even. A vector of zeros has
///                         scale 0, one with NaN or infinity scale NaN.
///              "bits"     count x (d + 7) / 8 bytes: a bit for each element, 1 if it is above 0, the first one highest.
/// output       Memory of output_size bytes, at least count x swiftlet_row_size().
/// truncated    NULL, or count bytes: 1 if the text has more tokens than the model's maximum, so that it was cut, else 0.
/// error        NULL, or memory of error_size bytes for text in UTF-8, NUL-terminated, cut if it is too long: the error;
///              empty if there is none.
///
/// Returns 0; after an error 1, and what is in output and truncated is of no use.
///
/// No pointer needs to be aligned. Texts get the prompt that the model folder names as its default one, if any.
int32_t swiftlet_encode(
    int64_t encoder, int64_t count, const int32_t *offsets, const uint8_t *data, int64_t data_size, const char *format,
    void *output, int64_t output_size, uint8_t *truncated, char *error, int64_t error_size);

#ifdef __cplusplus
}
#endif

#endif
