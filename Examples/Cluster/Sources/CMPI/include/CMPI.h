// SPDX-License-Identifier: Apache-2.0
//
// The calls of MPI that a group of training processes needs. Each returns 0, or an error's code.
#ifndef CMPI_H
#define CMPI_H

#include <stdint.h>

enum { CMPI_TEXT_SIZE = 512 };

/// Joins the processes that were started together. `host` has room for CMPI_TEXT_SIZE bytes. Calls may then come from any
/// thread, one at a time; -1 if this MPI does not allow that.
int cmpi_start(int *rank, int *count, char *host);

/// Collects bytes of all processes: rank r's counts[r] bytes come to all + starts[r].
int cmpi_gather(const void *part, int size, void *all, const int *counts, const int *starts);

/// Replaces each number by the sum of all processes' numbers there.
int cmpi_sum(int64_t *numbers, int count);

/// Writes what an error's code means into CMPI_TEXT_SIZE bytes.
void cmpi_describe(int code, char *text);

/// Leaves the other processes, when all are done.
void cmpi_finish(void);

/// Ends all processes.
void cmpi_abort(int status);

#endif
