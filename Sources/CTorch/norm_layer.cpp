// SPDX-License-Identifier: Apache-2.0
// Statistics, normalisation and its gradient, shared out over threads.
#include "norm_layer.hpp"

#include <ATen/Parallel.h>

#include <cmath>
#include <vector>

#include "group.hpp"

namespace ctorch {

namespace {

thread_local bool composes = false;

/// Rows of a part: parts do not depend on the number of threads, and so neither do the sums.
constexpr int64_t kRows = 1024;
/// Values below which a second thread costs more than it gives.
constexpr int64_t kGrain = 32768;

/// A channels-last map as rows of channels.
template <class T>
struct Rows {
  T *data;
  int64_t rows;
  int64_t channels;

  explicit Rows(const at::Tensor &x)
      : data(x.defined() ? static_cast<T *>(x.data_ptr()) : nullptr),
        rows(x.defined() ? x.numel() / x.size(1) : 0),
        channels(x.defined() ? x.size(1) : 0) {}
  T *at(int64_t row) const { return data == nullptr ? nullptr : data + row * channels; }
};

/// Calls `body(passes, T())` with the kernels for the type of `x`.
template <class Body>
void with_passes(const at::Tensor &x, const Body &body) {
  const auto &kernels = norm_kernels();
  if (x.scalar_type() == at::kFloat) {
    body(kernels.full, float());
  } else {
    body(kernels.half, uint16_t());
  }
}

template <class Body>
void for_rows(int64_t rows, int64_t channels, const Body &body) {
  at::parallel_for(0, rows, std::max<int64_t>(1, kGrain / channels), body);
}

/// Sums over parts of the rows, [width] doubles each, added up in the order of the parts.
template <class Body>
std::vector<double> sum_of_parts(int64_t rows, int64_t channels, int64_t width, const Body &body) {
  const int64_t parts = (rows + kRows - 1) / kRows;
  std::vector<double> sums(std::max<int64_t>(parts, 1) * width);
  at::parallel_for(0, parts, std::max<int64_t>(1, kGrain / (kRows * channels)), [&](int64_t begin, int64_t end) {
    for (int64_t part = begin; part < end; part++) {
      body(part * kRows, std::min(kRows, rows - part * kRows), sums.data() + part * width);
    }
  });
  for (int64_t part = 1; part < parts; part++) {
    for (int64_t i = 0; i < width; i++) sums[i] += sums[part * width + i];
  }
  sums.resize(width);
  return sums;
}

const float *floats(const at::Tensor &x) { return x.defined() ? elements<float>(x) : nullptr; }

ChannelMap channel_map(const Statistics &s, const Norm &norm) {
  return {floats(s.scale), floats(s.shift), floats(norm.slope), norm.activation};
}

/// The mean of some rows spread over the map: squares of differences from it lose nothing to a large mean.
template <class Passes, class T>
void estimate_centre(const Passes &passes, const Rows<T> &x, float *centre) {
  constexpr int64_t kSamples = 64;
  const int64_t step = (x.rows + kSamples - 1) / kSamples;
  std::vector<float> zero(x.channels);
  std::vector<double> sum(2 * x.channels);
  int64_t count = 0;
  for (int64_t row = 0; row < x.rows; row += step, count++) {
    passes.moments(x.at(row), 1, x.channels, zero.data(), sum.data(), sum.data() + x.channels);
  }
  for (int64_t i = 0; i < x.channels; i++) centre[i] = static_cast<float>(sum[i] / count);
}

/// The same sums over the values of all processes that share statistics, and how many values those are.
double over_all_processes(std::vector<double> &sums, size_t width, double count) {
  if (norm_group() == nullptr) return count;
  std::vector<double> carried(sums.begin(), sums.begin() + static_cast<int64_t>(width));
  carried.push_back(count);
  sum_over(norm_group(), at::from_blob(carried.data(), {static_cast<int64_t>(carried.size())}, at::kDouble));
  std::copy(carried.begin(), carried.end() - 1, sums.begin());
  return carried.back();
}

/// Where processes share statistics: makes the sums about a centre of this process's own ones about 0, which becomes
/// the centre, and adds those of the others. In doubles nothing is lost, and all processes get the same bits.
double share_moments(std::vector<double> &sums, std::vector<float> &centre, double count) {
  if (norm_group() == nullptr) return count;
  const size_t channels = centre.size();
  for (size_t i = 0; i < channels; i++) {
    const double c = centre[i], sum = sums[i];
    sums[i] = sum + count * c;
    sums[channels + i] += 2 * c * sum + count * c * c;
  }
  std::fill(centre.begin(), centre.end(), 0.0f);
  return over_all_processes(sums, 2 * channels, count);
}

Statistics of_batch(const at::Tensor &z, const Norm &norm) {
  const int64_t channels = z.size(1);
  std::vector<double> sums;
  auto mean = at::empty({channels}, at::kFloat), inverse = at::empty({channels}, at::kFloat);
  std::vector<float> centre(channels);
  with_passes(z, [&](const auto &passes, auto sample) {
    const Rows<decltype(sample)> rows(z);
    estimate_centre(passes, rows, centre.data());
    sums = sum_of_parts(rows.rows, channels, 2 * channels, [&](int64_t start, int64_t length, double *out) {
      passes.moments(rows.at(start), length, channels, centre.data(), out, out + channels);
    });
  });
  const double count = share_moments(sums, centre, static_cast<double>(z.numel() / channels));
  auto *const means = mean.mutable_data_ptr<float>();
  auto *const inverses = inverse.mutable_data_ptr<float>();
  const bool moves = norm.moves && norm.running_mean.defined();
  auto *const moved_mean = moves ? norm.running_mean.mutable_data_ptr<float>() : nullptr;
  auto *const moved_variance = moves ? norm.running_variance.mutable_data_ptr<float>() : nullptr;
  for (int64_t i = 0; i < channels; i++) {
    const double offset = sums[i] / count;
    const double variance = std::max(0.0, sums[channels + i] / count - offset * offset);
    means[i] = static_cast<float>(centre[i] + offset);
    inverses[i] = static_cast<float>(1 / std::sqrt(variance + norm.epsilon));
    if (!moves) continue;
    const double unbiased = variance * count / (count - 1);
    moved_mean[i] = static_cast<float>(norm.momentum * means[i] + (1 - norm.momentum) * moved_mean[i]);
    moved_variance[i] = static_cast<float>(norm.momentum * unbiased + (1 - norm.momentum) * moved_variance[i]);
  }
  return statistics(mean, inverse, norm);
}

}  // namespace

bool composes_layers() { return composes; }
void set_composes_layers(bool value) { composes = value; }

bool suits(const at::Tensor &x) {
  return !composes && x.dim() == 4 && x.is_cpu() && x.numel() > 0 &&
         (x.scalar_type() == at::kFloat || x.scalar_type() == at::kBFloat16);
}

at::Tensor dense(const at::Tensor &x) { return x.contiguous(at::MemoryFormat::ChannelsLast); }

Statistics statistics(const at::Tensor &mean, const at::Tensor &inverse_deviation, const Norm &norm) {
  const auto scale = norm.weight * inverse_deviation;
  return {mean, inverse_deviation, scale, norm.bias - mean * scale};
}

Statistics statistics(const at::Tensor &z, const Norm &norm) {
  if (norm.of_batch) return of_batch(z, norm);
  return statistics(norm.running_mean, (norm.running_variance + norm.epsilon).rsqrt(), norm);
}

void normalise(const at::Tensor &out, const at::Tensor &z, const at::Tensor &added, const Statistics &s,
               const Norm &norm) {
  with_passes(z, [&](const auto &passes, auto sample) {
    using T = decltype(sample);
    const Rows<T> from(z), more(added), to(out);
    const auto map = channel_map(s, norm);
    for_rows(from.rows, from.channels, [&](int64_t begin, int64_t end) {
      passes.apply(to.at(begin), from.at(begin), more.at(begin), end - begin, from.channels, map);
    });
  });
}

NormGradients normalise_backward(const at::Tensor &out, const at::Tensor &let_through, const at::Tensor &gradient,
                                 const at::Tensor &z, const Sum &sum, const Statistics &s, const Norm &norm) {
  const int64_t channels = z.size(1);
  NormGradients gradients{at::empty({channels}, at::kFloat), at::empty({channels}, at::kFloat), {}};
  if (norm.slope.defined()) gradients.slope = at::empty({channels}, at::kFloat);
  auto *const of_weight = gradients.weight.mutable_data_ptr<float>();
  auto *const of_bias = gradients.bias.mutable_data_ptr<float>();
  auto *const of_slope = norm.slope.defined() ? gradients.slope.mutable_data_ptr<float>() : nullptr;
  const float *const scale = floats(s.scale), *const inverse = floats(s.inverse_deviation);
  std::vector<float> b(channels), c(channels);
  with_passes(z, [&](const auto &passes, auto sample) {
    using T = decltype(sample);
    const Rows<T> from(z), g(gradient), y(sum.result), more(sum.added), to(out), kept(let_through);
    const auto how = [&](int64_t row) {
      return ChannelGradient{channel_map(s, norm), floats(s.mean), y.at(row), more.at(row)};
    };
    auto sums = sum_of_parts(from.rows, channels, 3 * channels, [&](int64_t start, int64_t length, double *o) {
      passes.sums(g.at(start), from.at(start), length, channels, how(start), o);
    });
    for (int64_t i = 0; i < channels; i++) {
      of_bias[i] = static_cast<float>(sums[i]);
      of_weight[i] = static_cast<float>(sums[channels + i] * inverse[i]);
      if (of_slope != nullptr) of_slope[i] = static_cast<float>(sums[2 * channels + i]);
    }
    auto count = static_cast<double>(from.rows);
    if (norm.of_batch) count = over_all_processes(sums, 2 * channels, count);
    for (int64_t i = 0; norm.of_batch && i < channels; i++) {
      // Source: Ioffe and Szegedy 2015, section 3: the mean and what correlates with the values are taken out.
      b[i] = static_cast<float>(-scale[i] * inverse[i] * inverse[i] * sums[channels + i] / count);
      c[i] = static_cast<float>(-scale[i] * sums[i] / count);
    }
    for_rows(from.rows, channels, [&](int64_t begin, int64_t end) {
      passes.back(to.at(begin), kept.at(begin), g.at(begin), from.at(begin), end - begin, channels, how(begin), scale,
                  b.data(), c.data());
    });
  });
  return gradients;
}

}  // namespace ctorch
