// SPDX-License-Identifier: Apache-2.0
// Convolutions and normalisations one after another, with what is added before the end: the block of a ResNet.
#include <torch/csrc/autograd/custom_function.h>

#include "dilated_gradient.hpp"
#include "layers.hpp"

using namespace ctorch;
using torch::autograd::AutogradContext;
using torch::autograd::variable_list;

namespace {

/// A convolution and its normalisation.
struct Stage {
  at::Tensor weight;
  std::array<int64_t, 2> stride, padding, dilation;
  Norm norm;
};

struct Chain {
  std::vector<Stage> stages;
  /// None, or the one stage that stands beside the others.
  std::vector<Stage> shortcut;
  bool adds_input = false;

  bool adds() const { return adds_input || !shortcut.empty(); }
  /// What may have a gradient, stage by stage, the shortcut's last.
  variable_list parameters() const {
    variable_list all;
    for (const auto *part : {&stages, &shortcut}) {
      for (const auto &s : *part) all.insert(all.end(), {s.weight, s.norm.weight, s.norm.bias});
    }
    return all;
  }
};

Stage unwrap_stage(const ct_conv_norm &raw) {
  const auto pair = [](int64_t value) { return std::array<int64_t, 2>{value, value}; };
  const auto &w = raw.window;
  TORCH_CHECK(raw.norm.slope == nullptr, "a chain has no learned slopes");
  return {unwrap(raw.weight), pair(w.stride), pair(w.padding), pair(w.dilation), unwrap_norm(raw.norm)};
}

at::Tensor convolve(const at::Tensor &x, const Stage &s) {
  const auto z = dense(at::conv2d(x, s.weight.to(x.scalar_type()), {}, s.stride, s.padding, s.dilation));
  count_products(z.numel(), s.weight);
  return z;
}

/// The block without a gradient, each convolution's result normalised where it stands.
at::Tensor infer(const at::Tensor &input, const Chain &chain) {
  const at::NoGradGuard no_grad;
  const auto run = [](const at::Tensor &x, const Stage &stage, const at::Tensor &added) {
    auto z = convolve(x, stage);
    normalise(z, z, added, statistics(z, stage.norm), stage.norm);
    return z;
  };
  auto a = input;
  for (size_t i = 0; i + 1 < chain.stages.size(); i++) a = run(a, chain.stages[i], {});
  const auto added = chain.shortcut.empty() ? chain.adds_input ? input : at::Tensor()
                                            : run(input, chain.shortcut[0], {});
  return run(a, chain.stages.back(), added);
}

/// The block by libtorch's operators, with their gradients: for what the kernels do not take.
at::Tensor composed(const at::Tensor &input, const Chain &chain) {
  const auto run = [](const at::Tensor &x, const Stage &s, const at::Tensor &added) {
    const auto z = at::conv2d(x, s.weight.to(x.scalar_type()), {}, s.stride, s.padding, s.dilation);
    count_products(z.numel(), s.weight, times_formed({x, s.weight}));
    return norm_act_composed(z, added, s.norm);
  };
  auto a = input;
  for (size_t i = 0; i + 1 < chain.stages.size(); i++) a = run(a, chain.stages[i], {});
  const auto added = chain.shortcut.empty() ? chain.adds_input ? input : at::Tensor()
                                            : run(input, chain.shortcut[0], {});
  return run(a, chain.stages.back(), added);
}

/// What the backward pass needs beside the saved tensors.
struct Kept : torch::CustomClassHolder {
  Chain chain;
  /// Of each stage, the shortcut's last.
  std::vector<Statistics> statistics;
};

/// The gradients of a convolution: of its input, where `wants_input`, and of its weight.
std::pair<at::Tensor, at::Tensor> convolve_backward(const at::Tensor &gradient, const at::Tensor &x, const Stage &s,
                                                    const at::Tensor &weight, bool wants_input, bool wants_weight) {
  if (!wants_input && !wants_weight) return {};
  count_products(gradient.numel(), weight, (wants_input ? 1 : 0) + (wants_weight ? 1 : 0));
  const auto input = sound_for_gradient(x, weight, s.dilation[0]);
  const auto [of_input, of_weight, of_bias] =
      at::convolution_backward(gradient, input, weight.to(x.scalar_type()), std::nullopt, s.stride, s.padding,
                               s.dilation, false, {0, 0}, 1, {wants_input, wants_weight, false});
  return {wants_input ? dense(of_input) : of_input, wants_weight ? of_weight.to(weight.scalar_type()) : of_weight};
}

struct ConvChain : torch::autograd::Function<ConvChain> {
  static at::Tensor forward(AutogradContext *context, const at::Tensor &input, at::TensorList parameters,
                            const c10::intrusive_ptr<Kept> &kept) {
    const auto x = dense(input);
    const auto &chain = kept->chain;
    const auto &stages = chain.stages;
    variable_list saved{x};
    auto a = x;
    for (size_t i = 0; i + 1 < stages.size(); i++) {
      const auto z = convolve(a, stages[i]);
      kept->statistics.push_back(statistics(z, stages[i].norm));
      a = at::empty_like(z);
      normalise(a, z, {}, kept->statistics.back(), stages[i].norm);
      saved.push_back(z);
    }
    const auto y = convolve(a, stages.back());
    kept->statistics.push_back(statistics(y, stages.back().norm));
    auto added = chain.adds_input ? x : at::Tensor();
    if (!chain.shortcut.empty()) {
      const auto &shortcut = chain.shortcut[0];
      added = convolve(x, shortcut);
      kept->statistics.push_back(statistics(added, shortcut.norm));
      normalise(added, added, {}, kept->statistics.back(), shortcut.norm);
    }
    normalise(y, y, added, kept->statistics[stages.size() - 1], stages.back().norm);
    saved.push_back(y);
    saved.insert(saved.end(), parameters.begin(), parameters.end());
    context->save_for_backward(saved);
    context->saved_data["kept"] = c10::IValue::make_capsule(kept);
    return y;
  }

  static variable_list backward(AutogradContext *context, variable_list incoming) {
    const auto kept = c10::static_intrusive_pointer_cast<Kept>(context->saved_data["kept"].toCapsule());
    return Backward(context, *kept).run(incoming[0]);
  }

 private:
  /// The gradients of one block, from its end to its start.
  class Backward {
   public:
    Backward(AutogradContext *context, const Kept &kept)
        : context_(context), chain_(kept.chain), statistics_(kept.statistics), saved_(context->get_saved_variables()) {
      depth_ = chain_.stages.size();
      first_parameter_ = depth_ + 1;
      // The input, the parameters and what is no tensor.
      gradients_.resize(1 + saved_.size() - first_parameter_ + 1);
    }

    variable_list run(const at::Tensor &incoming) {
      const auto &x = saved_[0];
      const auto gradient = dense(incoming.to(x.scalar_type()));
      auto through = chain_.adds() ? at::empty_like(gradient) : at::Tensor();
      auto input_gradient = stage_backward(depth_ - 1, gradient, through);
      for (size_t i = depth_ - 1; i-- > 0;) input_gradient = stage_backward(i, input_gradient, {});
      if (!context_->needs_input_grad(0)) {
        if (!chain_.shortcut.empty()) shortcut_backward(through);
      } else if (!chain_.shortcut.empty()) {
        input_gradient.add_(shortcut_backward(through));
      } else if (chain_.adds_input) {
        input_gradient.add_(through);
      }
      gradients_[0] = input_gradient;
      return gradients_;
    }

   private:
    /// Saved parameter `which` (weight, norm's weight and bias) of a stage; the shortcut is the last stage.
    size_t position(size_t stage, size_t which) const { return 3 * stage + which; }
    const at::Tensor &parameter(size_t stage, size_t which) const {
      return saved_[first_parameter_ + position(stage, which)];
    }
    bool wants(size_t stage, size_t which) const {
      return context_->needs_input_grad(1 + position(stage, which));
    }

    /// A stage's input: the block's, or the activation of the stage before, computed again.
    at::Tensor input_of(size_t i) const {
      if (i == 0) return saved_[0];
      auto a = at::empty_like(saved_[i]);
      normalise(a, saved_[i], {}, statistics_[i - 1], chain_.stages[i - 1].norm);
      return a;
    }

    at::Tensor stage_backward(size_t i, const at::Tensor &gradient, const at::Tensor &through) {
      const auto &stage = chain_.stages[i];
      const auto a = input_of(i);
      const bool is_last = i + 1 == depth_;
      // The last convolution's result was not kept; its own gradient takes the place of what nobody else holds.
      const auto z = is_last ? convolve(a, stage) : saved_[1 + i];
      const auto result = is_last && chain_.adds() ? saved_[depth_] : at::Tensor();
      const auto out = is_last ? z : gradient;
      norm_backward(i, out, through, gradient, z, result, stage.norm);
      const bool wants_input = i > 0 || context_->needs_input_grad(0);
      auto [of_input, of_weight] = convolve_backward(out, a, stage, parameter(i, 0), wants_input, wants(i, 0));
      if (wants(i, 0)) gradients_[1 + position(i, 0)] = of_weight;
      return of_input;
    }

    at::Tensor shortcut_backward(const at::Tensor &gradient) {
      const auto &stage = chain_.shortcut[0];
      const auto z = convolve(saved_[0], stage);
      norm_backward(depth_, z, {}, gradient, z, {}, stage.norm);
      auto [of_input, of_weight] = convolve_backward(z, saved_[0], stage, parameter(depth_, 0),
                                                     context_->needs_input_grad(0), wants(depth_, 0));
      if (wants(depth_, 0)) gradients_[1 + position(depth_, 0)] = of_weight;
      return of_input;
    }

    void norm_backward(size_t i, const at::Tensor &out, const at::Tensor &through, const at::Tensor &gradient,
                       const at::Tensor &z, const at::Tensor &result, const Norm &norm) {
      const auto found = normalise_backward(out, through, gradient, z, {result, {}}, statistics_[i], norm);
      if (wants(i, 1)) gradients_[1 + position(i, 1)] = found.weight;
      if (wants(i, 2)) gradients_[1 + position(i, 2)] = found.bias;
    }

    AutogradContext *context_;
    const Chain &chain_;
    const std::vector<Statistics> &statistics_;
    variable_list saved_;
    size_t depth_ = 0, first_parameter_ = 0;
    variable_list gradients_;
  };
};

}  // namespace

extern "C" ct_error *ct_conv_chain(ct_tensor **out, const ct_tensor *x, const ct_conv_norm *stages, size_t count,
                                   const ct_conv_norm *shortcut, bool adds_input) {
  return guarded([&] {
    TORCH_CHECK(count > 0, "a chain needs a stage");
    Chain chain;
    for (size_t i = 0; i < count; i++) chain.stages.push_back(unwrap_stage(stages[i]));
    if (shortcut != nullptr) chain.shortcut.push_back(unwrap_stage(*shortcut));
    chain.adds_input = adds_input;
    const auto &input = unwrap(x);
    const auto parameters = chain.parameters();
    auto inputs = parameters;
    inputs.push_back(input);
    if (!suits(input)) {
      *out = wrap(composed(input, chain));
    } else if (records(inputs)) {
      auto kept = c10::make_intrusive<Kept>();
      kept->chain = std::move(chain);
      *out = wrap(ConvChain::apply(input, at::TensorList(parameters), kept));
    } else {
      *out = wrap(infer(dense(input), chain));
    }
  });
}
