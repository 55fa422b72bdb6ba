// SPDX-License-Identifier: Apache-2.0
// Sizes that follow a tensor, also in a program that is being recorded.
#pragma once

#include <torch/csrc/jit/frontend/tracer.h>

#include <algorithm>
#include <array>

#include "ctorch.h"

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

/// `plane_of` of sizes that are shares of those of `like`.
inline std::array<int64_t, 2> scaled_plane_of(const at::Tensor &like, const char *argument, const ct_scale &scale) {
  TORCH_CHECK(like.dim() >= 2, "a tensor of shape ", like.sizes(), " has no height and width");
  TORCH_CHECK(scale.numerator > 0 && scale.denominator > 0, "a scale of ", scale.numerator, "/", scale.denominator);
  if (torch::jit::tracer::isTracing()) {
    std::array<at::Tensor, 2> sizes;
    for (size_t i = 0; i < 2; i++) {
      const auto size = torch::jit::tracer::getSizeOf(like, like.dim() - 2 + static_cast<int64_t>(i));
      const auto whole = size.mul(scale.numerator).add(scale.denominator - 1).floor_divide(scale.denominator);
      sizes[i] = whole.clamp_min(scale.least);
    }
    for (size_t i = 0; i < 2; i++) {
      torch::jit::tracer::ArgumentStash::stashIntArrayRefElem(argument, 2, i, sizes[i]);
    }
  }
  const auto scaled = [&](int64_t side) {
    return std::max(scale.least, (side * scale.numerator + scale.denominator - 1) / scale.denominator);
  };
  return {scaled(like.size(-2)), scaled(like.size(-1))};
}

}  // namespace ctorch
