// SPDX-License-Identifier: Apache-2.0
// The passes of depthwise convolutions, once for each set of instructions that libtorch tells apart.
#include "depthwise_kernels.hpp"

#include <ATen/Version.h>

#include <algorithm>
#include <array>

namespace ctorch {

// Whatever the processor: SSE2 or NEON.
namespace portable {
#include "depthwise_passes.hpp"
}  // namespace portable

#if defined(__x86_64__) && defined(__clang__)

#pragma clang attribute push(__attribute__((target("avx2,fma"))), apply_to = function)
namespace avx2 {
#include "depthwise_passes.hpp"
}  // namespace avx2
#pragma clang attribute pop

#pragma clang attribute push(__attribute__((target("avx512f,avx512bw,avx512vl,avx512dq,fma"))), apply_to = function)
namespace avx512 {
#include "depthwise_passes.hpp"
}  // namespace avx512
#pragma clang attribute pop

const DepthwiseKernels &depthwise_kernels() {
  static const DepthwiseKernels chosen = [] {
    const auto name = at::get_cpu_capability();
    if (name == "AVX512") return avx512::kernels();
    return name == "AVX2" ? avx2::kernels() : portable::kernels();
  }();
  return chosen;
}

#else

const DepthwiseKernels &depthwise_kernels() {
  static const DepthwiseKernels kernels = portable::kernels();
  return kernels;
}

#endif

}  // namespace ctorch
