// SPDX-License-Identifier: Apache-2.0
// The passes of depthwise_kernels.hpp. Included once for each set of instructions, inside a namespace of its own: hence
// no include guard.

/// The nine taps of one place, moved on by some values.
struct Nine {
  const float *at[9];

  Nine(const float *const *taps, int64_t offset) {
    for (int t = 0; t < 9; t++) at[t] = taps[t] + offset;
  }
};

template <bool adds>
void convolve_tiles(float *out, const float *const *taps, const float *weights, int64_t tile, int64_t length) {
  const Nine w(std::array<const float *, 9>{weights, weights + tile, weights + 2 * tile, weights + 3 * tile,
                                            weights + 4 * tile, weights + 5 * tile, weights + 6 * tile,
                                            weights + 7 * tile, weights + 8 * tile}
                   .data(),
               0);
  for (int64_t start = 0; start < length; start += tile) {
    const int64_t count = std::min(tile, length - start);
    const Nine x(taps, start);
    float *const to = out + start;
#pragma clang loop vectorize(assume_safety)
    for (int64_t i = 0; i < count; i++) {
      const float upper = x.at[0][i] * w.at[0][i] + x.at[1][i] * w.at[1][i] + x.at[2][i] * w.at[2][i];
      const float middle = x.at[3][i] * w.at[3][i] + x.at[4][i] * w.at[4][i] + x.at[5][i] * w.at[5][i];
      const float lower = x.at[6][i] * w.at[6][i] + x.at[7][i] * w.at[7][i] + x.at[8][i] * w.at[8][i];
      to[i] = (adds ? to[i] : 0.0f) + ((upper + middle) + lower);
    }
  }
}

inline void convolve(float *out, const float *const *taps, const float *weights, int64_t tile, int64_t length,
                     bool adds) {
  if (adds) {
    convolve_tiles<true>(out, taps, weights, tile, length);
  } else {
    convolve_tiles<false>(out, taps, weights, tile, length);
  }
}

inline void correlate(float *sums, const float *const *taps, const float *gradient, int64_t tile, int64_t length) {
  for (int64_t start = 0; start < length; start += tile) {
    const int64_t count = std::min(tile, length - start);
    const Nine x(taps, start);
    const float *const g = gradient + start;
    for (int t = 0; t < 9; t += 3) {
      float *const a = sums + t * tile, *const b = a + tile, *const c = b + tile;
      const float *const p = x.at[t], *const q = x.at[t + 1], *const r = x.at[t + 2];
#pragma clang loop vectorize(assume_safety)
      for (int64_t i = 0; i < count; i++) {
        a[i] += g[i] * p[i];
        b[i] += g[i] * q[i];
        c[i] += g[i] * r[i];
      }
    }
  }
}

#include "half_values.hpp"

template <class T>
void take(float *to, const T *from, int64_t pixels, int64_t channels, int64_t to_step, int64_t from_step,
          const float *more) {
  for (int64_t p = 0; p < pixels; p++) {
    float *const y = to + p * to_step;
    const T *const x = from + p * from_step;
    const float *const z = more == nullptr ? nullptr : more + p * to_step;
    if (z == nullptr) {
#pragma clang loop vectorize(assume_safety)
      for (int64_t i = 0; i < channels; i++) y[i] = value(x[i]);
    } else {
#pragma clang loop vectorize(assume_safety)
      for (int64_t i = 0; i < channels; i++) y[i] = value(x[i]) + z[i];
    }
  }
}

template <class T>
void give(T *to, const float *from, int64_t pixels, int64_t channels, int64_t to_step) {
  for (int64_t p = 0; p < pixels; p++) {
    T *const y = to + p * to_step;
    const float *const x = from + p * channels;
#pragma clang loop vectorize(assume_safety)
    for (int64_t i = 0; i < channels; i++) put(y + i, x[i]);
  }
}

inline DepthwiseKernels kernels() {
  return {convolve, correlate, take<float>, take<uint16_t>, give<float>, give<uint16_t>};
}
