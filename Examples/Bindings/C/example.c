// SPDX-License-Identifier: Apache-2.0
//
// Embeds its arguments from C: example MODEL TEXT...
//
//     cc example.c -I Sources/CSwiftletFace/include -L DIR -lswiftlet -Wl,-rpath,DIR -o example
//
// DIR is the folder of libswiftlet.so, which `build` leaves in ../Python/src/swiftlet_embed.
#include "swiftlet.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

int main(int count, char **arguments) {
  if (count < 3) {
    fprintf(stderr, "usage: %s MODEL TEXT...\n", arguments[0]);
    return 64;
  }
  int texts = count - 2;
  char message[1024];

  int64_t encoder = swiftlet_open(arguments[1], "float32", 0, message, sizeof message);
  if (encoder == 0) {
    fprintf(stderr, "%s\n", message);
    return 1;
  }

  // The texts one after the other, and where each starts.
  int32_t *offsets = malloc((texts + 1) * sizeof *offsets);
  offsets[0] = 0;
  for (int i = 0; i < texts; i++) offsets[i + 1] = offsets[i] + (int32_t)strlen(arguments[i + 2]);
  char *data = malloc(offsets[texts] + 1);
  for (int i = 0; i < texts; i++) memcpy(data + offsets[i], arguments[i + 2], offsets[i + 1] - offsets[i]);

  int64_t dimension = swiftlet_dimension(encoder), size = texts * swiftlet_row_size(encoder, "float32");
  float *vectors = malloc(size);
  int failed = swiftlet_encode(
      encoder, texts, offsets, (const uint8_t *)data, offsets[texts], "float32", vectors, size, NULL, message,
      sizeof message);
  if (failed) {
    fprintf(stderr, "%s\n", message);
  } else {
    for (int i = 0; i < texts; i++) {
      for (int64_t j = 0; j < dimension; j++) printf(j == 0 ? "%.9g" : " %.9g", vectors[i * dimension + j]);
      printf("\n");
    }
  }
  free(vectors);
  free(data);
  free(offsets);
  swiftlet_close(encoder);
  return failed;
}
