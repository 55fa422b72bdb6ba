// SPDX-License-Identifier: Apache-2.0
// Keeps clear of a defect below libtorch.
#pragma once

#include <ATen/ATen.h>

namespace ctorch {

/// `x` as a dilated convolution may take it where its weight's gradient is wanted.
///
/// oneDNN (libtorch 2.13, AVX-512) gives wrong gradients, NaN among them, for bfloat16 maps that are channels-last and
/// whose channels, or the result's, are no multiple of 16. Row-major maps get right ones.
inline at::Tensor sound_for_gradient(const at::Tensor &x, const at::Tensor &weight, int64_t dilation) {
  const bool is_whole = weight.size(0) % 16 == 0 && weight.size(1) % 16 == 0;
  return x.is_cpu() && x.scalar_type() == at::kBFloat16 && dilation > 1 && !is_whole ? x.contiguous() : x;
}

}  // namespace ctorch
