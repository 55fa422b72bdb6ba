// SPDX-License-Identifier: Apache-2.0
// Normalisation by the statistics of all processes' batches, by libtorch's operators: for what the kernels do not take.
#include <torch/csrc/autograd/custom_function.h>

#include "group.hpp"
#include "layers.hpp"

using torch::autograd::AutogradContext;
using torch::autograd::variable_list;

namespace ctorch {

namespace {

const std::vector<int64_t> kOverValues{0, 2, 3};

at::Tensor along_channels(const at::Tensor &vector) { return vector.view({1, -1, 1, 1}); }

/// Two sums [C] of each process and its count of values, over all: [2C + 1].
at::Tensor shared(Group *group, const at::Tensor &first, const at::Tensor &second, const at::Tensor &x) {
  const auto count = at::full({1}, static_cast<double>(x.numel() / x.size(1)), first.options());
  auto sums = at::cat({first, second, count});
  sum_over(group, sums);
  return sums;
}

/// Source: Ioffe and Szegedy 2015, with the batches of all processes as one.
struct SharedNorm : torch::autograd::Function<SharedNorm> {
  static at::Tensor forward(AutogradContext *context, const at::Tensor &x, const at::Tensor &weight,
                            const at::Tensor &bias, const Norm &norm) {
    const int64_t channels = x.size(1);
    const auto [variance, mean] = at::var_mean(x.to(at::kFloat), kOverValues, /*correction=*/0);
    const auto own_mean = mean.to(at::kDouble);
    const double own_count = static_cast<double>(x.numel() / channels);
    // Devices have threads of their own for backward.
    auto *const group = norm_group();
    context->saved_data["group"] = reinterpret_cast<int64_t>(group);
    const auto sums = shared(group, own_mean * own_count, (variance + own_mean.square()) * own_count, x);
    const double count = sums[2 * channels].item<double>();
    const auto all_mean = sums.narrow(0, 0, channels) / count;
    const auto all_variance = (sums.narrow(0, channels, channels) / count - all_mean.square()).clamp_min(0);
    const auto kept_mean = all_mean.to(at::kFloat);
    const auto inverse = (all_variance + norm.epsilon).rsqrt().to(at::kFloat);
    if (norm.moves && norm.running_mean.defined()) {
      norm.running_mean.mul_(1 - norm.momentum).add_(kept_mean, norm.momentum);
      const auto unbiased = (all_variance * (count / (count - 1))).to(at::kFloat);
      norm.running_variance.mul_(1 - norm.momentum).add_(unbiased, norm.momentum);
    }
    context->save_for_backward({x, weight, kept_mean, inverse});
    const auto scale = weight * inverse;
    const auto y = x * along_channels(scale) + along_channels(bias - kept_mean * scale);
    return y.to(x.scalar_type());
  }

  static variable_list backward(AutogradContext *context, variable_list gradients) {
    const auto saved = context->get_saved_variables();
    const auto x = saved[0].to(at::kFloat), gradient = gradients[0].to(at::kFloat);
    const auto &weight = saved[1], &inverse = saved[3];
    const int64_t channels = x.size(1);
    const auto centred = x - along_channels(saved[2]);
    const auto sum = gradient.sum(kOverValues, false, at::kDouble);
    const auto product = (gradient * centred).sum(kOverValues, false, at::kDouble);
    auto *const group = reinterpret_cast<Group *>(context->saved_data["group"].toInt());
    const auto sums = shared(group, sum, product, x);
    const double count = sums[2 * channels].item<double>();
    const auto mean = (sums.narrow(0, 0, channels) / count).to(at::kFloat);
    const auto slope = (sums.narrow(0, channels, channels) / count).to(at::kFloat) * inverse.square();
    const auto of_x =
        along_channels(weight * inverse) * (gradient - along_channels(mean) - centred * along_channels(slope));
    return {of_x.to(saved[0].scalar_type()), product.to(at::kFloat) * inverse, sum.to(at::kFloat), {}};
  }
};

}  // namespace

at::Tensor shared_norm(const at::Tensor &x, const Norm &norm) {
  return SharedNorm::apply(x, norm.weight, norm.bias, norm);
}

}  // namespace ctorch
