// SPDX-License-Identifier: Apache-2.0
// Chains of a network that is never trained again: normalisations folded into convolutions, weights laid out once as
// oneDNN wants them, additions and rectifiers within the convolution.
#include <ATen/core/dispatch/Dispatcher.h>

#include <array>
#include <atomic>
#include <string>

#include "layers.hpp"

using namespace ctorch;

namespace {

/// Operators of libtorch's that have no C++ header; nothing where this build lacks one of them.
struct Operators {
  using Found = std::optional<c10::OperatorHandle>;
  Found reorder = find("mkldnn::_reorder_convolution_weight", "");
  Found plain = find("mkldnn::_convolution_pointwise", "");
  Found adding = find("mkldnn::_convolution_pointwise", "binary");

  static Found find(const char *name, const char *overload) {
    if (!at::hasMKLDNN() || !at::globalContext().userEnabledMkldnn()) return std::nullopt;
    return c10::Dispatcher::singleton().findSchema({name, overload});
  }
  bool all() const { return reorder && plain && adding; }
};

const Operators &operators() {
  static const Operators found;
  return found;
}

at::Tensor call(const Operators::Found &op, torch::jit::Stack stack) {
  op->callBoxed(stack);
  return stack[0].toTensor();
}

using Pair = std::array<int64_t, 2>;
Pair pair(int64_t value) { return {value, value}; }

struct FrozenStage {
  at::Tensor weight, bias;
  Pair stride, padding, dilation;
  bool rectifies;
};

FrozenStage unwrap_stage(const ct_frozen_stage &raw) {
  return {unwrap(raw.weight),        unwrap(raw.bias),           pair(raw.window.stride),
          pair(raw.window.padding), pair(raw.window.dilation), raw.rectifies};
}

/// The stage with `added`, which may be undefined, put to the convolution's result.
at::Tensor run(const at::Tensor &x, const FrozenStage &s, const at::Tensor &added) {
  const c10::List<std::optional<at::Scalar>> no_scalars;
  const at::IValue none, rectifier = s.rectifies ? at::IValue("relu") : at::IValue();
  at::Tensor y;
  if (s.weight.is_mkldnn() && !added.defined()) {
    y = call(operators().plain, {x, s.weight, s.bias, s.padding, s.stride, s.dilation, int64_t(1),
                                 std::string(s.rectifies ? "relu" : "none"), no_scalars, none});
  } else if (s.weight.is_mkldnn()) {
    y = call(operators().adding, {x, added, s.weight, s.bias, s.padding, s.stride, s.dilation, int64_t(1),
                                  std::string("add"), none, rectifier, no_scalars, none});
  } else {
    y = at::conv2d(x, s.weight, s.bias, s.stride, s.padding, s.dilation);
    if (added.defined()) y.add_(added);
    if (s.rectifies) y.relu_();
  }
  count_products(y.numel(), s.weight);
  return dense(y);
}

/// The weight laid out as oneDNN wants it for images of a size; as it is where oneDNN cannot take its type on this
/// processor, as bfloat16 without AVX-512: `run` then takes libtorch's convolution.
at::Tensor laid_out(const at::Tensor &weight, const ct_window &window, const at::Tensor &input) {
  if (!input.is_cpu() || !operators().all()) return weight;
  const auto reorder = [&] {
    return call(operators().reorder, {weight, pair(window.padding), pair(window.stride), pair(window.dilation),
                                      int64_t(1), input.sizes().vec()});
  };
  if (weight.scalar_type() != at::kBFloat16) return reorder();
  // libtorch has the same check in no header that stayed the same from 2.11 to 2.13.
  static std::atomic<bool> refused = false;
  if (refused) return weight;
  try {
    return reorder();
  } catch (const c10::Error &error) {
    if (std::string(error.what_without_backtrace()).find("cpu support") == std::string::npos) throw;
    refused = true;
    return weight;
  }
}

}  // namespace

extern "C" {

ct_error *ct_freeze_stage(ct_tensor **weight, ct_tensor **bias, const ct_conv_norm *stage, const ct_tensor *x) {
  return guarded([&] {
    const at::NoGradGuard no_grad;
    const auto norm = unwrap_norm(stage->norm);
    const auto &input = unwrap(x);
    const auto inverse = (norm.running_variance.to(at::kDouble) + norm.epsilon).rsqrt();
    const auto scale = norm.weight.to(at::kDouble) * inverse;
    const auto shift = norm.bias.to(at::kDouble) - norm.running_mean.to(at::kDouble) * scale;
    auto folded = (unwrap(stage->weight) * scale.to(at::kFloat).view({-1, 1, 1, 1})).to(input.scalar_type());
    folded = laid_out(folded, stage->window, input);
    auto *first = wrap(folded);
    *bias = wrap(shift.to(input.scalar_type()));
    *weight = first;
  });
}

ct_error *ct_frozen_chain(ct_tensor **out, const ct_tensor *x, const ct_frozen_stage *stages, size_t count,
                          const ct_frozen_stage *shortcut, bool adds_input) {
  return guarded([&] {
    TORCH_CHECK(count > 0, "a chain needs a stage");
    const at::NoGradGuard no_grad;
    const auto input = dense(unwrap(x));
    auto a = input;
    for (size_t i = 0; i + 1 < count; i++) a = run(a, unwrap_stage(stages[i]), {});
    const auto added = shortcut != nullptr ? run(input, unwrap_stage(*shortcut), {})
                       : adds_input        ? input
                                           : at::Tensor();
    *out = wrap(run(a, unwrap_stage(stages[count - 1]), added));
  });
}

}  // extern "C"
