// SPDX-License-Identifier: Apache-2.0
// Parallel dilated convolutions with few outputs: one matrix product for all taps, then sums of shifted maps.
#include <ATen/Parallel.h>
#include <torch/csrc/autograd/custom_function.h>

#include <algorithm>

#include "layers.hpp"

using namespace ctorch;
using torch::autograd::AutogradContext;
using torch::autograd::variable_list;

namespace {

constexpr int64_t kTaps = 9;

/// Calls `body(tap, from)` for each tap of the output position `at` whose input position `from` is in the map.
struct Taps {
  std::vector<int64_t> dilations;
  int64_t height, width;

  template <class Body>
  void visit(int64_t row, int64_t column, const Body &body) const {
    int64_t tap = 0;
    for (const auto d : dilations) {
      for (int64_t i = 0; i < kTaps; i++, tap++) {
        const int64_t y = row + (i / 3 - 1) * d, x = column + (i % 3 - 1) * d;
        if (y >= 0 && y < height && x >= 0 && x < width) body(tap, y * width + x);
      }
    }
  }
};

/// out[p, k] = sum over taps of maps[tap's position, tap, k]; maps [N, H, W, taps, K] -> [N, H, W, K].
void gather(float *out, const float *maps, const Taps &taps, int64_t images, int64_t classes) {
  const int64_t plane = taps.height * taps.width, stride = kTaps * taps.dilations.size() * classes;
  at::parallel_for(0, images * taps.height, 1, [&](int64_t begin, int64_t end) {
    for (int64_t line = begin; line < end; line++) {
      const int64_t row = line % taps.height;
      const float *const image = maps + line / taps.height * plane * stride;
      for (int64_t column = 0; column < taps.width; column++) {
        float *const to = out + (line * taps.width + column) * classes;
        taps.visit(row, column, [&](int64_t tap, int64_t from) {
          const float *const part = image + from * stride + tap * classes;
          for (int64_t k = 0; k < classes; k++) to[k] += part[k];
        });
      }
    }
  });
}

/// The gradient of `gather`: each map's position takes that of the output it went to. `maps` holds zeros. Each
/// position of an image is written by one output alone, so images and rows need no order.
void scatter(float *maps, const float *gradient, const Taps &taps, int64_t images, int64_t classes) {
  const int64_t plane = taps.height * taps.width, stride = kTaps * taps.dilations.size() * classes;
  at::parallel_for(0, images * taps.height, 1, [&](int64_t begin, int64_t end) {
    for (int64_t line = begin; line < end; line++) {
      const int64_t row = line % taps.height;
      float *const image = maps + line / taps.height * plane * stride;
      for (int64_t column = 0; column < taps.width; column++) {
        const float *const from = gradient + (line * taps.width + column) * classes;
        taps.visit(row, column, [&](int64_t tap, int64_t to) {
          std::copy_n(from, classes, image + to * stride + tap * classes);
        });
      }
    }
  });
}

/// [K, C, 3, 3] each -> [taps * K, C, 1, 1].
at::Tensor joined(at::TensorList weights) {
  std::vector<at::Tensor> parts;
  for (const auto &w : weights) parts.push_back(w.permute({2, 3, 0, 1}).reshape({kTaps * w.size(0), w.size(1)}));
  return at::cat(parts).unsqueeze(2).unsqueeze(3);
}

struct DilatedSum : torch::autograd::Function<DilatedSum> {
  static at::Tensor forward(AutogradContext *context, const at::Tensor &input, at::TensorList weights,
                            at::TensorList biases, const std::vector<int64_t> &dilations) {
    const auto x = dense(input);
    variable_list saved{x};
    saved.insert(saved.end(), weights.begin(), weights.end());
    context->save_for_backward(saved);
    context->saved_data["dilations"] = dilations;
    return run(x, weights, biases, dilations);
  }

  /// Without a gradient. Shapes: dense [N, C, H, W] -> float32 [N, K, H, W].
  static at::Tensor run(const at::Tensor &x, at::TensorList weights, at::TensorList biases,
                        const std::vector<int64_t> &dilations) {
    const int64_t classes = weights[0].size(0);
    const auto whole = joined(weights);
    const auto maps = dense(at::conv2d(x, whole.to(x.scalar_type())).to(at::kFloat));
    count_products(maps.numel(), whole);
    auto bias = biases[0].clone();
    for (size_t i = 1; i < biases.size(); i++) bias.add_(biases[i]);
    auto out = bias.expand({x.size(0), x.size(2), x.size(3), classes}).contiguous().permute({0, 3, 1, 2});
    gather(out.mutable_data_ptr<float>(), elements<float>(maps), {dilations, x.size(2), x.size(3)}, x.size(0),
           classes);
    return out;
  }

  static variable_list backward(AutogradContext *context, variable_list incoming) {
    const auto saved = context->get_saved_variables();
    const auto dilations = context->saved_data["dilations"].toIntVector();
    const auto &x = saved[0];
    const auto weights = at::TensorList(saved).slice(1);
    const int64_t classes = weights[0].size(0), taps = kTaps * dilations.size();
    const auto gradient = dense(incoming[0].to(at::kFloat));
    auto maps = at::empty({x.size(0), taps * classes, x.size(2), x.size(3)}, gradient.options(),
                          at::MemoryFormat::ChannelsLast)
                    .zero_();
    scatter(maps.mutable_data_ptr<float>(), elements<float>(gradient), {dilations, x.size(2), x.size(3)},
            x.size(0), classes);
    const auto whole = joined(weights).to(x.scalar_type());
    count_products(maps.numel(), whole, context->needs_input_grad(0) ? 2 : 1);
    const auto [of_input, of_weights, of_bias] = at::convolution_backward(
        maps.to(x.scalar_type()), x, whole, std::nullopt, {1, 1}, {0, 0}, {1, 1}, false, {0, 0}, 1,
        {context->needs_input_grad(0), true, false});
    variable_list gradients{of_input};
    for (size_t i = 0; i < weights.size(); i++) {
      const auto part = of_weights.narrow(0, i * kTaps * classes, kTaps * classes);
      gradients.push_back(part.reshape({3, 3, classes, x.size(1)}).permute({2, 3, 0, 1}).to(at::kFloat));
    }
    const auto of_biases = gradient.sum({0, 2, 3});
    gradients.insert(gradients.end(), weights.size(), of_biases);
    gradients.emplace_back();
    return gradients;
  }
};

at::Tensor composed(const at::Tensor &x, at::TensorList weights, at::TensorList biases,
                    const std::vector<int64_t> &dilations) {
  at::Tensor sum;
  for (size_t i = 0; i < weights.size(); i++) {
    const std::array<int64_t, 2> pair{dilations[i], dilations[i]};
    const auto type = x.scalar_type();
    const auto y = at::conv2d(x, weights[i].to(type), biases[i].to(type), {1, 1}, pair, pair);
    count_products(y.numel(), weights[i], times_formed({x, weights[i]}));
    sum = sum.defined() ? sum + y : y;
  }
  return sum;
}

}  // namespace

extern "C" ct_error *ct_dilated_sum(ct_tensor **out, const ct_tensor *x, const ct_tensor *const *weights,
                                    const ct_tensor *const *biases, const int64_t *dilations, size_t count) {
  return guarded([&] {
    TORCH_CHECK(count > 0, "a sum of convolutions needs one");
    const auto &input = unwrap(x);
    const std::vector<int64_t> steps(dilations, dilations + count);
    variable_list w, b, all{input};
    for (size_t i = 0; i < count; i++) {
      w.push_back(unwrap(weights[i]));
      b.push_back(unwrap(biases[i]));
      TORCH_CHECK(w[i].sizes() == w[0].sizes() && w[i].dim() == 4 && w[i].size(2) == 3 && w[i].size(3) == 3,
                  "the weights are not all [K, C, 3, 3]");
    }
    all.insert(all.end(), w.begin(), w.end());
    all.insert(all.end(), b.begin(), b.end());
    if (!suits(input)) {
      *out = wrap(composed(input, w, b, steps));
    } else if (records(all)) {
      *out = wrap(DilatedSum::apply(input, at::TensorList(w), at::TensorList(b), steps));
    } else {
      *out = wrap(DilatedSum::run(dense(input), w, b, steps));
    }
  });
}
