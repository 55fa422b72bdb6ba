// SPDX-License-Identifier: Apache-2.0
// Where pixels lie between the points of a coarser grid.
#pragma once

#include <algorithm>
#include <cmath>
#include <cstdint>
#include <vector>

namespace ctorch {

/// How pixels along an axis lie between the points of a coarser grid.
struct Axis {
  std::vector<int32_t> low, high;
  /// What each neighbour gives to the pixel.
  std::vector<float> low_share, high_share;
};

/// As libtorch computes it, in float with a fused multiplication and addition. From the last pixel up to `length`
/// follow places like its own.
inline Axis axis_of(int64_t points, int64_t pixels, bool align_corners, int64_t length) {
  const auto count = [](int64_t n) { return static_cast<float>(n); };
  const float corners = pixels > 1 ? count(points - 1) / count(pixels - 1) : 0;
  const float scale = align_corners ? corners : count(points) / count(pixels);
  Axis axis;
  for (int64_t i = 0; i < length; i++) {
    const int64_t pixel = std::min(i, pixels - 1);
    const float corner = scale * count(pixel), centre = std::fma(scale, count(pixel) + 0.5f, -0.5f);
    const float exact = points == pixels ? count(pixel) : align_corners ? corner : std::max(centre, 0.0f);
    const auto low = std::min(static_cast<int64_t>(exact), points - 1);
    const int64_t high = std::min(low + 1, points - 1);
    const float share = high == low ? 0 : std::clamp(exact - count(low), 0.0f, 1.0f);
    axis.low.push_back(static_cast<int32_t>(low));
    axis.high.push_back(static_cast<int32_t>(high));
    axis.low_share.push_back(1 - share);
    axis.high_share.push_back(share);
  }
  return axis;
}

}  // namespace ctorch
