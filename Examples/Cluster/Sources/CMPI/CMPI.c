// SPDX-License-Identifier: Apache-2.0

#include "CMPI.h"

#include <mpi.h>
#include <stdio.h>

_Static_assert(MPI_MAX_PROCESSOR_NAME <= CMPI_TEXT_SIZE && MPI_MAX_ERROR_STRING <= CMPI_TEXT_SIZE, "texts of MPI");

int cmpi_start(int *rank, int *count, char *host) {
  int provided, length;
  int error = MPI_Init_thread(NULL, NULL, MPI_THREAD_SERIALIZED, &provided);
  if (error) return error;
  if (provided < MPI_THREAD_SERIALIZED) return -1;
  // Else an error ends the process before it can say more.
  error = MPI_Comm_set_errhandler(MPI_COMM_WORLD, MPI_ERRORS_RETURN);
  if (!error) error = MPI_Comm_rank(MPI_COMM_WORLD, rank);
  if (!error) error = MPI_Comm_size(MPI_COMM_WORLD, count);
  if (!error) error = MPI_Get_processor_name(host, &length);
  return error;
}

int cmpi_gather(const void *part, int size, void *all, const int *counts, const int *starts) {
  return MPI_Allgatherv(part, size, MPI_BYTE, all, counts, starts, MPI_BYTE, MPI_COMM_WORLD);
}

int cmpi_sum(int64_t *numbers, int count) {
  return MPI_Allreduce(MPI_IN_PLACE, numbers, count, MPI_INT64_T, MPI_SUM, MPI_COMM_WORLD);
}

void cmpi_describe(int code, char *text) {
  int length;
  if (code < 0 || MPI_Error_string(code, text, &length)) {
    snprintf(text, CMPI_TEXT_SIZE, "this MPI does not allow calls from several threads");
  }
}

void cmpi_finish(void) { MPI_Finalize(); }

void cmpi_abort(int status) { MPI_Abort(MPI_COMM_WORLD, status); }
