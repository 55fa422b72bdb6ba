// SPDX-License-Identifier: Apache-2.0
// Sizes that follow a tensor, also in a program that is being recorded.
#pragma once

#include <torch/csrc/jit/frontend/tracer.h>

#include <array>

namespace ctorch {

/// Height and width of `like` [..., H, W] for the next call of an operator that takes them as `argument`: a program
/// that is being recorded will ask `like` for them anew, instead of keeping these for ever.
inline std::array<int64_t, 2> plane_of(const at::Tensor &like, const char *argument) {
  TORCH_CHECK(like.dim() >= 2, "a tensor of shape ", like.sizes(), " has no height and width");
  if (torch::jit::tracer::isTracing()) {
    for (size_t i = 0; i < 2; i++) {
      const auto size = torch::jit::tracer::getSizeOf(like, like.dim() - 2 + static_cast<int64_t>(i));
      torch::jit::tracer::ArgumentStash::stashIntArrayRefElem(argument, 2, i, size);
    }
  }
  return {like.size(-2), like.size(-1)};
}

}  // namespace ctorch
