// SPDX-License-Identifier: Apache-2.0
// The passes of normalisation, once for each set of instructions that libtorch tells apart.
#include <ATen/Version.h>

#include <algorithm>
#include <vector>

#include "norm_kernels.hpp"

namespace ctorch {

// Whatever the processor: SSE2 or NEON.
namespace portable {
#include "norm_passes.hpp"
}  // namespace portable

#if defined(__x86_64__) && defined(__clang__)

#pragma clang attribute push(__attribute__((target("avx2,fma"))), apply_to = function)
namespace avx2 {
#include "norm_passes.hpp"
}  // namespace avx2
#pragma clang attribute pop

#pragma clang attribute push(__attribute__((target("avx512f,avx512bw,avx512vl,avx512dq,fma"))), apply_to = function)
namespace avx512 {
#include "norm_passes.hpp"
}  // namespace avx512
#pragma clang attribute pop

const NormKernels &norm_kernels() {
  static const NormKernels chosen = [] {
    const auto name = at::get_cpu_capability();
    if (name == "AVX512") return NormKernels{avx512::passes<float>(), avx512::passes<uint16_t>()};
    if (name == "AVX2") return NormKernels{avx2::passes<float>(), avx2::passes<uint16_t>()};
    return NormKernels{portable::passes<float>(), portable::passes<uint16_t>()};
  }();
  return chosen;
}

#else

const NormKernels &norm_kernels() {
  static const NormKernels kernels{portable::passes<float>(), portable::passes<uint16_t>()};
  return kernels;
}

#endif

}  // namespace ctorch
