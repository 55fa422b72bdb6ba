// SPDX-License-Identifier: Apache-2.0
// What transformers are made of: layers over the last axis, and attention.
#include "boundary.hpp"
#include "operations.hpp"

using namespace ctorch;

namespace {

/// A parameter in the type of what it meets: where maps are bfloat16, weights are stored in full all the same.
at::Tensor like(const at::Tensor &x, const ct_tensor *parameter) { return unwrap(parameter).to(x.scalar_type()); }

}  // namespace

extern "C" {

ct_error *ct_linear(ct_tensor **out, const ct_tensor *x, const ct_tensor *weight, const ct_tensor *bias) {
  return guarded([&] {
    const auto &input = unwrap(x);
    const auto shift = bias == nullptr ? std::nullopt : std::optional(like(input, bias));
    const auto result = at::linear(input, like(input, weight), shift);
    count_products(result.numel(), unwrap(weight), times_formed({input, unwrap(weight)}));
    *out = wrap(result);
  });
}

ct_error *ct_layer_norm(ct_tensor **out, const ct_tensor *x, const ct_tensor *weight, const ct_tensor *bias,
                        double epsilon) {
  return guarded([&] {
    const auto &input = unwrap(x);
    *out = wrap(at::layer_norm(input, unwrap(weight).sizes(), like(input, weight), like(input, bias), epsilon));
  });
}

ct_error *ct_gelu(ct_tensor **out, const ct_tensor *x) {
  return guarded([&] { *out = wrap(at::gelu(unwrap(x))); });
}

ct_error *ct_attention(ct_tensor **out, const ct_tensor *query, const ct_tensor *key, const ct_tensor *value) {
  return guarded([&] {
    const auto &q = unwrap(query);
    const auto &k = unwrap(key);
    const auto result = at::scaled_dot_product_attention(q, k, unwrap(value));
    count_products(2 * q.numel(), k.size(-2), times_formed({q, k}));
    *out = wrap(result);
  });
}

}  // extern "C"
