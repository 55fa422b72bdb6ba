// SPDX-License-Identifier: Apache-2.0
// Normalisation and activation as one layer with gradients.
#include <torch/csrc/autograd/custom_function.h>

#include <algorithm>

#include "group.hpp"
#include "layers.hpp"

using namespace ctorch;
using torch::autograd::AutogradContext;
using torch::autograd::variable_list;

namespace {

/// Keeps its inputs alone: the result is the next layer's to keep.
struct NormAct : torch::autograd::Function<NormAct> {
  static at::Tensor forward(AutogradContext *context, const at::Tensor &x, const at::Tensor &weight,
                            const at::Tensor &bias, const std::optional<at::Tensor> &,
                            const std::optional<at::Tensor> &more, const Norm &norm) {
    const auto z = dense(x);
    const auto added = more ? dense(*more) : at::Tensor();
    const auto s = statistics(z, norm);
    auto out = at::empty_like(z);
    normalise(out, z, added, s, norm);
    context->save_for_backward({z, weight, bias, norm.slope, s.mean, s.inverse_deviation, added});
    context->saved_data["activation"] = static_cast<int64_t>(norm.activation);
    context->saved_data["of_batch"] = norm.of_batch;
    return out;
  }

  static variable_list backward(AutogradContext *context, variable_list gradients) {
    const auto saved = context->get_saved_variables();
    Norm norm{saved[1], saved[2], {}, {}, saved[3]};
    norm.activation = static_cast<Activation>(context->saved_data["activation"].toInt());
    norm.of_batch = context->saved_data["of_batch"].toBool();
    const auto &z = saved[0];
    const auto gradient = dense(gradients[0].to(z.scalar_type()));
    auto out = at::empty_like(z);
    const auto &added = saved[6];
    const auto through = added.defined() ? at::empty_like(z) : at::Tensor();
    const auto s = statistics(saved[4], saved[5], norm);
    const auto found = normalise_backward(out, through, gradient, z, Sum{{}, added}, s, norm);
    return {out, found.weight, found.bias, found.slope, through, {}};
  }
};

}  // namespace

namespace ctorch {

Norm unwrap_norm(const ct_norm_layer &raw) {
  const auto tensor = [](const ct_tensor *handle) { return handle == nullptr ? at::Tensor() : handle->value; };
  return {unwrap(raw.weight),
          unwrap(raw.bias),
          tensor(raw.running_mean),
          tensor(raw.running_variance),
          tensor(raw.slope),
          static_cast<Activation>(raw.activation),
          raw.of_batch,
          raw.moves,
          raw.momentum,
          raw.epsilon};
}

void check_batch(const at::Tensor &x, const Norm &norm) {
  TORCH_CHECK(x.dim() == 4 && x.size(1) == norm.weight.numel(), "a normalisation of ", norm.weight.numel(),
              " channels met ", x.sizes());
  // PyTorch's check above libtorch: the unbiased variance of one value is not a number.
  TORCH_CHECK(!norm.of_batch || norm_group() != nullptr || x.numel() > x.size(1), "training needs more than one value a channel");
}

at::Tensor norm_act_composed(const at::Tensor &x, const at::Tensor &added, const Norm &norm) {
  const bool uses_stored = !norm.of_batch || norm.moves;
  const auto stored = [&](const at::Tensor &t) { return uses_stored ? t : at::Tensor(); };
  auto y = norm.of_batch && norm_group() != nullptr
               ? shared_norm(x, norm)
               : at::batch_norm(x, norm.weight, norm.bias, stored(norm.running_mean), stored(norm.running_variance),
                                norm.of_batch, norm.momentum, norm.epsilon, /*cudnn_enabled=*/true);
  if (added.defined()) y = y + added;
  switch (norm.activation) {
    case Activation::none: return y;
    case Activation::relu: return at::relu(y);
    case Activation::prelu: return at::prelu(y, norm.slope.to(y.scalar_type()));
  }
  return y;
}

bool records(at::TensorList inputs) {
  return at::GradMode::is_enabled() &&
         std::any_of(inputs.begin(), inputs.end(), [](const auto &x) { return x.defined() && x.requires_grad(); });
}

}  // namespace ctorch

extern "C" {

bool ct_composes_layers(void) { return composes_layers(); }
void ct_set_composes_layers(bool value) { set_composes_layers(value); }

ct_error *ct_norm_act(ct_tensor **out, const ct_tensor *x, const ct_tensor *more, ct_norm_layer raw) {
  return guarded([&] {
    const auto norm = unwrap_norm(raw);
    const auto &input = unwrap(x);
    const auto added = more == nullptr ? at::Tensor() : unwrap(more);
    check_batch(input, norm);
    TORCH_CHECK(!added.defined() || (added.sizes() == input.sizes() && added.scalar_type() == input.scalar_type()),
                "a normalised map of ", input.sizes(), " is to be added to one of another form");
    if (!suits(input)) {
      *out = wrap(norm_act_composed(input, added, norm));
    } else if (records({input, norm.weight, norm.bias, norm.slope, added})) {
      // An input that is no tensor must not stand as one.
      const auto given = [](const at::Tensor &t) { return t.defined() ? std::optional(t) : std::nullopt; };
      *out = wrap(NormAct::apply(input, norm.weight, norm.bias, given(norm.slope), given(added), norm));
    } else {
      const auto z = dense(input);
      auto y = at::empty_like(z);
      normalise(y, z, added.defined() ? dense(added) : added, statistics(z, norm), norm);
      *out = wrap(y);
    }
  });
}

}  // extern "C"
