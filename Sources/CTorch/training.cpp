// SPDX-License-Identifier: Apache-2.0
// Gradients and what goes over lists of tensors.
#include <ATen/core/grad_mode.h>
#include <torch/csrc/autograd/autograd.h>

#include "boundary.hpp"

using namespace ctorch;

namespace {

template <class Handle>
std::vector<at::Tensor> list(Handle *const *handles, size_t count) {
  std::vector<at::Tensor> tensors;
  tensors.reserve(count);
  for (size_t i = 0; i < count; i++) tensors.push_back(unwrap(handles[i]));
  return tensors;
}

}  // namespace

extern "C" {

ct_error *ct_detach(ct_tensor **out, const ct_tensor *x) {
  return guarded([&] { *out = wrap(unwrap(x).detach()); });
}

ct_error *ct_requires_grad(bool *out, const ct_tensor *x) {
  return guarded([&] { *out = unwrap(x).requires_grad(); });
}

ct_error *ct_set_requires_grad(ct_tensor *x, bool value) {
  return guarded([&] { unwrap(x).set_requires_grad(value); });
}

ct_error *ct_backward(const ct_tensor *x) {
  return guarded([&] { unwrap(x).backward(); });
}

ct_error *ct_backward_from(const ct_tensor *const *roots, const ct_tensor *const *gradients, size_t count) {
  return guarded([&] { torch::autograd::backward(list(roots, count), list(gradients, count)); });
}

ct_error *ct_grad(ct_tensor **out, const ct_tensor *x) {
  return guarded([&] {
    const auto &gradient = unwrap(x).grad();
    *out = gradient.defined() ? wrap(gradient) : nullptr;
  });
}

ct_error *ct_clear_grad(ct_tensor *x) {
  return guarded([&] { unwrap(x).mutable_grad().reset(); });
}

bool ct_grad_enabled(void) { return at::GradMode::is_enabled(); }
void ct_set_grad_enabled(bool value) { at::GradMode::set_enabled(value); }

ct_error *ct_adamw_step(ct_tensor *const *parameters, const ct_tensor *const *gradients, ct_tensor *const *means,
                        ct_tensor *const *variances, ct_tensor *const *steps, size_t count, ct_adamw s) {
  return guarded([&] {
    if (count == 0) return;
    const at::NoGradGuard no_grad;
    const auto counters = list(steps, count);
    at::_foreach_add_(counters, 1);
    at::_fused_adamw_(list(parameters, count), list(gradients, count), list(means, count), list(variances, count), {},
                      counters, s.learning_rate, s.beta1, s.beta2, s.weight_decay, s.epsilon, /*amsgrad=*/false,
                      /*maximize=*/false);
  });
}

ct_error *ct_norm_of_all(double *out, const ct_tensor *const *tensors, size_t count) {
  return guarded([&] {
    const at::NoGradGuard no_grad;
    double norm = 0;
    if (count > 0) {
      const auto norms = at::_foreach_norm(list(tensors, count), 2);
      norm = at::linalg_vector_norm(at::stack(norms).to(at::kDouble), 2).item<double>();
    }
    *out = norm;
  });
}

ct_error *ct_copy_all_into(ct_tensor *const *targets, const ct_tensor *const *values, size_t count) {
  return guarded([&] {
    if (count == 0) return;
    const at::NoGradGuard no_grad;
    at::_foreach_copy_(list(targets, count), list(values, count));
  });
}

}  // extern "C"
