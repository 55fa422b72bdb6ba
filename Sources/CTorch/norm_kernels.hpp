// SPDX-License-Identifier: Apache-2.0
// Passes over the rows of a channels-last map for normalisation and activation: one read, at most one write each.
#pragma once

#include <cstdint>

namespace ctorch {

/// How values become smaller than nothing: not at all, never, or by a learned slope a channel.
enum class Activation : int32_t { none = 0, relu = 1, prelu = 2 };

/// What one pass of a channelwise affine map and its activation needs, each [channels]; `slope` for prelu.
struct ChannelMap {
  const float *scale;
  const float *shift;
  const float *slope;
  Activation activation;
};

/// What the backward passes need more: the gradient of the pre-activation is `gradient` where it is let through.
struct ChannelGradient {
  ChannelMap map;
  /// [channels], what `x` is centred by.
  const float *mean;
  /// Rows of the activation's result, which decide what relu let through where something was added before it; or
  /// NULL, and then `x` decides.
  const void *result;
  /// Rows of what was added before the activation where `result` does not tell; or NULL.
  const void *added;
};

/// Values are float, or bfloat16 where the name says so; [rows, channels], dense.
template <class T>
struct NormPasses {
  /// Sums of `x - centre` and of its square are added to the doubles [channels].
  void (*moments)(const T *x, int64_t rows, int64_t channels, const float *centre, double *sum, double *square);
  /// y = activation(x * scale + shift + added); `added` may be NULL, `y` may be `x`.
  void (*apply)(T *y, const T *x, const T *added, int64_t rows, int64_t channels, const ChannelMap &map);
  /// With d the gradient of the pre-activation: adds d, d * (x - mean) and, for prelu, gradient * pre-activation
  /// below 0 to the doubles [3, channels].
  void (*sums)(const T *gradient, const T *x, int64_t rows, int64_t channels, const ChannelGradient &how,
               double *sums);
  /// out = a * d + b * (x - mean) + c, with [channels] of each; `let_through` takes d, and may be NULL. `out` may
  /// be `x`, `let_through` may be `gradient`.
  void (*back)(T *out, T *let_through, const T *gradient, const T *x, int64_t rows, int64_t channels,
               const ChannelGradient &how, const float *a, const float *b, const float *c);
};

struct NormKernels {
  NormPasses<float> full;
  /// bfloat16 as its bits.
  NormPasses<uint16_t> half;
};

/// The kernels for this processor.
const NormKernels &norm_kernels();

}  // namespace ctorch
