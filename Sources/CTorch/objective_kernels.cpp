// SPDX-License-Identifier: Apache-2.0
// The fused objective's kernels, once for each set of instructions that libtorch tells apart.
#include <ATen/Version.h>

#include <algorithm>
#include <cstring>
#include <limits>

#include "objective.hpp"

namespace ctorch {

// Whatever the processor: SSE2 or NEON.
namespace portable {
#define LANES 4
#include "objective_lanes.hpp"
#include "objective_strips.hpp"
#include "objective_passes.hpp"
#undef LANES
}  // namespace portable

#if defined(__x86_64__) && defined(__clang__)

#pragma clang attribute push(__attribute__((target("avx2,fma"))), apply_to = function)
namespace avx2 {
#define LANES 8
#include "objective_lanes.hpp"
#include "objective_strips.hpp"
#include "objective_passes.hpp"
#undef LANES
}  // namespace avx2
#pragma clang attribute pop

#pragma clang attribute push(__attribute__((target("avx512f,avx512bw,avx512vl,avx512dq,fma"))), apply_to = function)
namespace avx512 {
#define LANES 16
#include "objective_lanes.hpp"
#include "objective_strips.hpp"
#include "objective_passes.hpp"
#undef LANES
}  // namespace avx512
#pragma clang attribute pop

const ObjectiveKernels &objective_kernels() {
  static const ObjectiveKernels chosen = [] {
    const auto name = at::get_cpu_capability();
    if (name == "AVX512") return avx512::kernels;
    if (name == "AVX2") return avx2::kernels;
    return portable::kernels;
  }();
  return chosen;
}

#else

const ObjectiveKernels &objective_kernels() { return portable::kernels; }

#endif

}  // namespace ctorch
