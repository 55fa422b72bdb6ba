// SPDX-License-Identifier: Apache-2.0
// Passes over rows of channels-last maps for 3x3 convolutions of single channels.
#pragma once

#include <cstdint>

namespace ctorch {

/// Rows are floats, pixel by pixel. Weights and sums of a tap are repeated for as many pixels as make a `tile`, a multiple
/// of the channels: [9, tile].
struct DepthwiseKernels {
  /// out[i] = sum over taps of taps[t][i] * weights[t][i mod tile], added to `out` where `adds`.
  void (*convolve)(float *out, const float *const *taps, const float *weights, int64_t tile, int64_t length, bool adds);
  /// sums[t][i mod tile] += gradient[i] * taps[t][i]
  void (*correlate)(float *sums, const float *const *taps, const float *gradient, int64_t tile, int64_t length);
  /// Pixels that lie `from_step` values apart, put as floats `to_step` apart, with `more` added where it is not NULL.
  void (*take_full)(float *to, const float *from, int64_t pixels, int64_t channels, int64_t to_step, int64_t from_step,
                    const float *more);
  /// The same of bfloat16 as its bits.
  void (*take_half)(float *to, const uint16_t *from, int64_t pixels, int64_t channels, int64_t to_step,
                    int64_t from_step, const float *more);
  /// Pixels side by side, put `to_step` values apart.
  void (*give_full)(float *to, const float *from, int64_t pixels, int64_t channels, int64_t to_step);
  /// The same of bfloat16 as its bits.
  void (*give_half)(uint16_t *to, const float *from, int64_t pixels, int64_t channels, int64_t to_step);
};

/// The kernels for this processor.
const DepthwiseKernels &depthwise_kernels();

}  // namespace ctorch
