// SPDX-License-Identifier: Apache-2.0
//
// Chooses the table of kernels for this CPU, and sets the thread's floating-point mode.

#include "CSwiftletKernels.h"

#include <string.h>

extern const swlt_kernels swlt_scalar, swlt_avx2, swlt_avx512[2][2], swlt_neon[2];

int swlt_is_sanitized(void) {
#if __has_feature(address_sanitizer)
  return 1;
#else
  return 0;
#endif
}

#if defined(__x86_64__) && __SIZEOF_POINTER__ == 8

/// Whether the CPU has what avx2.c is compiled for. A hypervisor can hide F16C (the half conversions) alone.
static int has_avx2(void) {
  return __builtin_cpu_supports("avx2") && __builtin_cpu_supports("fma") && __builtin_cpu_supports("f16c");
}

static int has_avx512(void) {
  return has_avx2() && __builtin_cpu_supports("avx512f") && __builtin_cpu_supports("avx512bw") &&
         __builtin_cpu_supports("avx512dq") && __builtin_cpu_supports("avx512vl");
}

static const swlt_kernels *avx512(void) {
  return &swlt_avx512[__builtin_cpu_supports("avx512bf16") != 0][__builtin_cpu_supports("avx512vnni") != 0];
}

const swlt_kernels *swlt_named(const char *name) {
  if (strcmp(name, "avx512") == 0) return has_avx512() ? avx512() : NULL;
  if (strcmp(name, "avx2") == 0) return has_avx2() ? &swlt_avx2 : NULL;
  return strcmp(name, "scalar") == 0 ? &swlt_scalar : NULL;
}

const swlt_kernels *swlt_best(void) { return has_avx512() ? avx512() : has_avx2() ? &swlt_avx2 : &swlt_scalar; }

void swlt_relax(void) { __builtin_ia32_pause(); }

uint64_t swlt_use_ieee_arithmetic(void) {
  uint32_t setting = __builtin_ia32_stmxcsr();
  __builtin_ia32_ldmxcsr(0x1f80);  // all exceptions masked
  return setting;
}

void swlt_set_arithmetic(uint64_t setting) { __builtin_ia32_ldmxcsr((uint32_t)setting); }

#elif defined(__aarch64__) && __SIZEOF_POINTER__ == 8

#if defined(__linux__)
#include <sys/auxv.h>

static int has_dot_product(void) { return (getauxval(AT_HWCAP) >> 20) & 1; }
#else
#include <sys/sysctl.h>

/// Every Mac with an Arm CPU has it; iPhones, iPads and Apple TVs have it from the A13 on.
static int has_dot_product(void) {
  int value = 0;
  size_t size = sizeof value;
  return sysctlbyname("hw.optional.arm.FEAT_DotProd", &value, &size, NULL, 0) == 0 && value;
}
#endif

const swlt_kernels *swlt_named(const char *name) {
  if (strcmp(name, "neon") == 0) return swlt_best();
  return strcmp(name, "scalar") == 0 ? &swlt_scalar : NULL;
}

const swlt_kernels *swlt_best(void) { return &swlt_neon[has_dot_product()]; }

void swlt_relax(void) { __builtin_arm_yield(); }

uint64_t swlt_use_ieee_arithmetic(void) {
  uint64_t setting = __builtin_arm_rsr64("fpcr");
  __builtin_arm_wsr64("fpcr", 0);
  return setting;
}

void swlt_set_arithmetic(uint64_t setting) { __builtin_arm_wsr64("fpcr", setting); }

#else
// Counts are Swift's Int, which has the size of a pointer.
#error "Swiftlet runs on x86-64 and 64-bit Arm, with 64-bit pointers: not on arm64_32 or WebAssembly."
#endif
