// SPDX-License-Identifier: Apache-2.0
// The passes of norm_kernels.hpp. Included once for each set of instructions, inside a namespace of its own: hence
// no include guard. Plain loops over channels, which the compiler vectorises.

#include "half_values.hpp"

/// Rows whose sums fit a float before they go into a double.
constexpr int64_t kBlock = 64;

template <class T>
void moments(const T *x, int64_t rows, int64_t channels, const float *centre, double *sum, double *square) {
  std::vector<float> sums(2 * channels);
  float *const s = sums.data(), *const q = s + channels;
  for (int64_t start = 0; start < rows; start += kBlock) {
    std::fill(sums.begin(), sums.end(), 0.0f);
    const int64_t end = std::min(start + kBlock, rows);
    int64_t row = start;
    for (; row + 4 <= end; row += 4) {
      const T *const a = x + row * channels, *const b = a + channels, *const c = b + channels, *const d = c + channels;
      for (int64_t i = 0; i < channels; i++) {
        const float m = centre[i];
        const float va = value(a[i]) - m, vb = value(b[i]) - m, vc = value(c[i]) - m, vd = value(d[i]) - m;
        s[i] += (va + vb) + (vc + vd);
        q[i] += (va * va + vb * vb) + (vc * vc + vd * vd);
      }
    }
    for (; row < end; row++) {
      const T *const a = x + row * channels;
      for (int64_t i = 0; i < channels; i++) {
        const float v = value(a[i]) - centre[i];
        s[i] += v;
        q[i] += v * v;
      }
    }
    for (int64_t i = 0; i < channels; i++) sum[i] += s[i];
    for (int64_t i = 0; i < channels; i++) square[i] += q[i];
  }
}

template <Activation activation>
inline float activated(float x, float slope) {
  if (activation == Activation::relu) return x < 0.0f ? 0.0f : x;
  if (activation == Activation::prelu) return x > 0.0f ? x : x * slope;
  return x;
}

template <Activation activation, bool adds, class T>
void apply_rows(T *y, const T *x, const T *added, int64_t rows, int64_t channels, const ChannelMap &map) {
  const float *const scale = map.scale, *const shift = map.shift;
  const float *const slope = activation == Activation::prelu ? map.slope : map.scale;
  for (int64_t row = 0; row < rows; row++) {
    const T *const from = x + row * channels;
    const T *const more = adds ? added + row * channels : from;
    T *const to = y + row * channels;
#pragma clang loop vectorize(assume_safety)
    for (int64_t i = 0; i < channels; i++) {
      float v = value(from[i]) * scale[i] + shift[i];
      if (adds) v += value(more[i]);
      put(to + i, activated<activation>(v, slope[i]));
    }
  }
}

template <Activation activation, class T>
void apply_activated(T *y, const T *x, const T *added, int64_t rows, int64_t channels, const ChannelMap &map) {
  if (added == nullptr) {
    apply_rows<activation, false>(y, x, added, rows, channels, map);
  } else {
    apply_rows<activation, true>(y, x, added, rows, channels, map);
  }
}

template <class T>
void apply(T *y, const T *x, const T *added, int64_t rows, int64_t channels, const ChannelMap &map) {
  switch (map.activation) {
    case Activation::none: return apply_activated<Activation::none>(y, x, added, rows, channels, map);
    case Activation::relu: return apply_activated<Activation::relu>(y, x, added, rows, channels, map);
    case Activation::prelu: return apply_activated<Activation::prelu>(y, x, added, rows, channels, map);
  }
}

/// What decides whether a gradient is let through.
enum class Gate { open, result, relu, prelu };

template <Gate gate>
inline float let_through(float gradient, float pre, float result, float slope) {
  if (gate == Gate::open) return gradient;
  if (gate == Gate::result) return result > 0.0f ? gradient : 0.0f;
  if (gate == Gate::relu) return pre > 0.0f ? gradient : 0.0f;
  return pre > 0.0f ? gradient : gradient * slope;
}

template <Gate gate, bool adds, class T>
void sums_rows(const T *gradient, const T *x, int64_t rows, int64_t channels, const ChannelGradient &how,
               double *sums) {
  const float *const scale = how.map.scale, *const shift = how.map.shift, *const mean = how.mean;
  const float *const slope = gate == Gate::prelu ? how.map.slope : scale;
  const T *const results = static_cast<const T *>(how.result), *const others = static_cast<const T *>(how.added);
  std::vector<float> block(3 * channels);
  float *const s = block.data(), *const p = s + channels, *const n = p + channels;
  for (int64_t start = 0; start < rows; start += kBlock) {
    std::fill(block.begin(), block.end(), 0.0f);
    const int64_t end = std::min(start + kBlock, rows);
    for (int64_t row = start; row < end; row++) {
      const T *const from = x + row * channels, *const g = gradient + row * channels;
      const T *const y = gate == Gate::result ? results + row * channels : from;
      const T *const more = adds ? others + row * channels : from;
#pragma clang loop vectorize(assume_safety)
      for (int64_t i = 0; i < channels; i++) {
        const float v = value(from[i]);
        float pre = v * scale[i] + shift[i];
        if (adds) pre += value(more[i]);
        const float d = let_through<gate>(value(g[i]), pre, value(y[i]), slope[i]);
        s[i] += d;
        p[i] += d * (v - mean[i]);
        if (gate == Gate::prelu) n[i] += pre > 0.0f ? 0.0f : value(g[i]) * pre;
      }
    }
    for (int64_t i = 0; i < 3 * channels; i++) sums[i] += block[i];
  }
}

template <Gate gate, class T>
void sums_gated(const T *gradient, const T *x, int64_t rows, int64_t channels, const ChannelGradient &how,
                double *sums) {
  if (how.added == nullptr || gate == Gate::open || gate == Gate::result) {
    sums_rows<gate, false>(gradient, x, rows, channels, how, sums);
  } else {
    sums_rows<gate, true>(gradient, x, rows, channels, how, sums);
  }
}

template <class T>
void sums(const T *gradient, const T *x, int64_t rows, int64_t channels, const ChannelGradient &how, double *sums) {
  switch (how.map.activation) {
    case Activation::none: return sums_gated<Gate::open>(gradient, x, rows, channels, how, sums);
    case Activation::relu:
      return how.result == nullptr ? sums_gated<Gate::relu>(gradient, x, rows, channels, how, sums)
                                   : sums_gated<Gate::result>(gradient, x, rows, channels, how, sums);
    case Activation::prelu: return sums_gated<Gate::prelu>(gradient, x, rows, channels, how, sums);
  }
}

template <Gate gate, bool keeps, bool adds, class T>
void back_rows(T *out, T *kept, const T *gradient, const T *x, int64_t rows, int64_t channels,
               const ChannelGradient &how, const float *a, const float *b, const float *c) {
  const float *const scale = how.map.scale, *const shift = how.map.shift, *const mean = how.mean;
  const float *const slope = gate == Gate::prelu ? how.map.slope : scale;
  const T *const results = static_cast<const T *>(how.result), *const others = static_cast<const T *>(how.added);
  for (int64_t row = 0; row < rows; row++) {
    const T *const from = x + row * channels, *const g = gradient + row * channels;
    const T *const y = gate == Gate::result ? results + row * channels : from;
    const T *const more = adds ? others + row * channels : from;
    T *const to = out + row * channels;
    T *const keep = keeps ? kept + row * channels : to;
#pragma clang loop vectorize(assume_safety)
    for (int64_t i = 0; i < channels; i++) {
      const float v = value(from[i]);
      float pre = v * scale[i] + shift[i];
      if (adds) pre += value(more[i]);
      const float d = let_through<gate>(value(g[i]), pre, value(y[i]), slope[i]);
      if (keeps) put(keep + i, d);
      put(to + i, a[i] * d + b[i] * (v - mean[i]) + c[i]);
    }
  }
}

template <Gate gate, class T>
void back_gated(T *out, T *kept, const T *gradient, const T *x, int64_t rows, int64_t channels,
                const ChannelGradient &how, const float *a, const float *b, const float *c) {
  const bool adds = how.added != nullptr && (gate == Gate::relu || gate == Gate::prelu);
  if (kept == nullptr) {
    back_rows<gate, false, false>(out, kept, gradient, x, rows, channels, how, a, b, c);
  } else if (!adds) {
    back_rows<gate, true, false>(out, kept, gradient, x, rows, channels, how, a, b, c);
  } else {
    back_rows<gate, true, true>(out, kept, gradient, x, rows, channels, how, a, b, c);
  }
}

template <class T>
void back(T *out, T *kept, const T *gradient, const T *x, int64_t rows, int64_t channels, const ChannelGradient &how,
          const float *a, const float *b, const float *c) {
  switch (how.map.activation) {
    case Activation::none:
      return back_gated<Gate::open>(out, kept, gradient, x, rows, channels, how, a, b, c);
    case Activation::relu:
      return how.result == nullptr ? back_gated<Gate::relu>(out, kept, gradient, x, rows, channels, how, a, b, c)
                                   : back_gated<Gate::result>(out, kept, gradient, x, rows, channels, how, a, b, c);
    case Activation::prelu:
      return back_gated<Gate::prelu>(out, kept, gradient, x, rows, channels, how, a, b, c);
  }
}

template <class T>
NormPasses<T> passes() {
  return {moments<T>, apply<T>, sums<T>, back<T>};
}
