// SPDX-License-Identifier: Apache-2.0
// Maps with zeros around them, and convolutions of their rows.
#pragma once

#include <ATen/ATen.h>
#include <ATen/Parallel.h>

#include <algorithm>
#include <array>
#include <vector>

#include "boundary.hpp"
#include "depthwise_kernels.hpp"

namespace ctorch {

/// Values below which a second thread costs more than it gives.
constexpr int64_t kDepthwiseGrain = 32768;

/// Calls `body(image, row)` for all rows of all images, of so many values each, shared out over threads.
template <class Body>
void for_image_rows(int64_t images, int64_t rows, int64_t values, const Body &body) {
  const auto grain = std::max<int64_t>(1, kDepthwiseGrain / std::max<int64_t>(1, values));
  at::parallel_for(0, images * rows, grain, [&](int64_t begin, int64_t end) {
    for (int64_t i = begin; i < end; i++) body(i / rows, i % rows);
  });
}

/// A part of a channels-last map's channels as rows of its own type.
struct Channels {
  const at::Tensor &map;
  int64_t first, count;

  int64_t step() const { return map.size(1); }
  int64_t offset(int64_t image, int64_t row) const {
    return ((image * map.size(2) + row) * map.size(3)) * step() + first;
  }

  /// Puts a row as floats at `to`, whose pixels lie `to_step` apart, with `more` added where it is not NULL.
  void take(float *to, int64_t image, int64_t row, int64_t to_step, const float *more) const {
    const auto &k = depthwise_kernels();
    const auto place = offset(image, row);
    if (map.scalar_type() == at::kFloat) {
      k.take_full(to, static_cast<const float *>(map.const_data_ptr()) + place, map.size(3), count, to_step, step(),
                  more);
    } else {
      k.take_half(to, static_cast<const uint16_t *>(map.const_data_ptr()) + place, map.size(3), count, to_step, step(),
                  more);
    }
  }

  /// Sets a row from floats.
  void give(const float *from, int64_t image, int64_t row) const {
    const auto &k = depthwise_kernels();
    const auto place = offset(image, row);
    if (map.scalar_type() == at::kFloat) {
      k.give_full(static_cast<float *>(map.mutable_data_ptr()) + place, from, map.size(3), count, step());
    } else {
      k.give_half(static_cast<uint16_t *>(map.mutable_data_ptr()) + place, from, map.size(3), count, step());
    }
  }
};

/// Floats [N, H, W, C] with zeros around each image, which taps may lie in.
class Plane {
 public:
  Plane(int64_t images, int64_t height, int64_t width, int64_t channels, int64_t padding)
      : width_(width + 2 * padding),
        height_(height + 2 * padding),
        channels_(channels),
        padding_(padding),
        values_(at::zeros({images, height_, width_, channels}, at::kFloat)),
        data_(static_cast<float *>(values_.mutable_data_ptr())) {}

  float *row(int64_t image, int64_t row) const {
    return data_ + ((image * height_ + row + padding_) * width_ + padding_) * channels_;
  }

  /// The 3x3 taps of a row's first pixel at a dilation, those of the turned kernel where it is below 0.
  std::array<const float *, 9> taps(int64_t image, int64_t row, int64_t dilation) const {
    std::array<const float *, 9> found;
    const auto *const centre = this->row(image, row);
    for (int64_t t = 0; t < 9; t++) {
      found[t] = centre + ((t / 3 - 1) * dilation * width_ + (t % 3 - 1) * dilation) * channels_;
    }
    return found;
  }

 private:
  int64_t width_, height_, channels_, padding_;
  at::Tensor values_;
  float *data_;
};

/// Weights [C, 3, 3] as kernels take them: [9, tile].
struct TiledWeights {
  int64_t tile;
  std::vector<float> values;

  explicit TiledWeights(const at::Tensor &weight) : tile(tile_of(weight.size(0))), values(9 * tile) {
    const auto own = weight.to(at::kFloat).contiguous();
    const auto *const from = elements<float>(own);
    const int64_t channels = weight.size(0);
    for (int64_t t = 0; t < 9; t++) {
      for (int64_t i = 0; i < tile; i++) values[t * tile + i] = from[(i % channels) * 9 + t];
    }
  }

  /// Whole pixels of more values than a loop's start costs.
  static int64_t tile_of(int64_t channels) { return channels * ((127 + channels) / channels); }
};

/// Sums over rows of a map's gradient times the 3x3 taps of another: the gradient of weights [C, 3, 3].
///
/// Parts of the rows are summed in float, and the parts in double; they do not depend on the number of threads.
/// `gradient(image, row)` gives a row of floats.
template <class Gradient>
at::Tensor correlate(const Plane &x, int64_t dilation, int64_t images, int64_t rows, int64_t every, int64_t width,
                     int64_t channels, const Gradient &gradient) {
  constexpr int64_t kRows = 8;
  const int64_t tile = TiledWeights::tile_of(channels), total = images * rows;
  const int64_t parts = (total + kRows - 1) / kRows;
  std::vector<double> sums(parts * 9 * channels);
  at::parallel_for(0, parts, 1, [&](int64_t begin, int64_t end) {
    std::vector<float> own(9 * tile);
    for (int64_t part = begin; part < end; part++) {
      std::fill(own.begin(), own.end(), 0.0f);
      for (int64_t i = part * kRows; i < std::min(total, (part + 1) * kRows); i++) {
        const int64_t image = i / rows, row = i % rows * every;
        depthwise_kernels().correlate(own.data(), x.taps(image, row, dilation).data(), gradient(image, row), tile,
                                      width * channels);
      }
      auto *const to = sums.data() + part * 9 * channels;
      for (int64_t t = 0; t < 9; t++) {
        for (int64_t j = 0; j < tile; j++) to[(j % channels) * 9 + t] += own[t * tile + j];
      }
    }
  });
  auto found = at::empty({channels, 3, 3}, at::kFloat);
  auto *const to = found.mutable_data_ptr<float>();
  for (int64_t j = 0; j < 9 * channels; j++) {
    double sum = 0;
    for (int64_t part = 0; part < parts; part++) sum += sums[part * 9 * channels + j];
    to[j] = static_cast<float>(sum);
  }
  return found;
}

}  // namespace ctorch
