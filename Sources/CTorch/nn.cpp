// SPDX-License-Identifier: Apache-2.0
// Layers as functions.
#include <ATen/core/grad_mode.h>

#include "boundary.hpp"
#include "dilated_gradient.hpp"
#include "operations.hpp"
#include "tracing.hpp"

using namespace ctorch;

namespace {

std::optional<at::Tensor> optional(const ct_tensor *handle) {
  return handle == nullptr ? std::nullopt : std::optional<at::Tensor>(handle->value);
}

/// A parameter in the type of what it meets: where maps are bfloat16, weights are stored in full all the same.
at::Tensor like(const at::Tensor &x, const at::Tensor &parameter) { return parameter.to(x.scalar_type()); }

std::array<int64_t, 2> square(int64_t side) { return {side, side}; }

}  // namespace

extern "C" {

ct_error *ct_conv2d(ct_tensor **out, const ct_tensor *x, const ct_tensor *weight, const ct_tensor *bias,
                    ct_window window, int64_t groups) {
  return guarded([&] {
    const auto learns = at::GradMode::is_enabled() && unwrap(weight).requires_grad();
    const auto input = learns ? sound_for_gradient(unwrap(x), unwrap(weight), window.dilation) : unwrap(x);
    const auto shift = bias == nullptr ? std::nullopt : std::optional(like(input, unwrap(bias)));
    const auto result = at::conv2d(input, like(input, unwrap(weight)), shift, square(window.stride),
                                   square(window.padding), square(window.dilation), groups);
    count_products(result.numel(), unwrap(weight), times_formed({input, unwrap(weight)}));
    *out = wrap(result);
  });
}

ct_error *ct_conv_transpose2d(ct_tensor **out, const ct_tensor *x, const ct_tensor *weight, const ct_tensor *bias,
                              ct_window window) {
  return guarded([&] {
    const auto &input = unwrap(x);
    const auto shift = bias == nullptr ? std::nullopt : std::optional(like(input, unwrap(bias)));
    *out = wrap(at::conv_transpose2d(input, like(input, unwrap(weight)), shift, square(window.stride),
                                     square(window.padding), square(0), 1, square(window.dilation)));
    count_products(input.numel(), unwrap(weight), times_formed({input, unwrap(weight)}));
  });
}

ct_error *ct_relu(ct_tensor **out, const ct_tensor *x) {
  return guarded([&] { *out = wrap(at::relu(unwrap(x))); });
}

ct_error *ct_sigmoid(ct_tensor **out, const ct_tensor *x) {
  return guarded([&] { *out = wrap(at::sigmoid(unwrap(x))); });
}

ct_error *ct_prelu(ct_tensor **out, const ct_tensor *x, const ct_tensor *weight) {
  return guarded([&] { *out = wrap(at::prelu(unwrap(x), like(unwrap(x), unwrap(weight)))); });
}

ct_error *ct_avg_pool2d(ct_tensor **out, const ct_tensor *x, int64_t kernel, ct_window window) {
  return guarded([&] {
    TORCH_CHECK(window.dilation == 1, "average pooling has no dilation");
    *out = wrap(at::avg_pool2d(unwrap(x), square(kernel), square(window.stride), square(window.padding)));
  });
}

ct_error *ct_max_pool2d(ct_tensor **out, const ct_tensor *x, int64_t kernel, ct_window window, bool ceil_mode) {
  return guarded([&] {
    *out = wrap(at::max_pool2d(unwrap(x), square(kernel), square(window.stride), square(window.padding),
                               square(window.dilation), ceil_mode));
  });
}

ct_error *ct_resize_bilinear(ct_tensor **out, const ct_tensor *x, int64_t height, int64_t width, bool align_corners) {
  return guarded([&] {
    *out = wrap(at::upsample_bilinear2d(unwrap(x), {height, width}, align_corners));
  });
}

ct_error *ct_resize_bilinear_like(ct_tensor **out, const ct_tensor *x, const ct_tensor *like, bool align_corners) {
  return guarded([&] {
    *out = wrap(at::upsample_bilinear2d(unwrap(x), plane_of(unwrap(like), "output_size"), align_corners));
  });
}

ct_error *ct_resize_bilinear_scaled(ct_tensor **out, const ct_tensor *x, ct_scale scale, bool align_corners) {
  return guarded([&] {
    const auto &input = unwrap(x);
    *out = wrap(at::upsample_bilinear2d(input, scaled_plane_of(input, "output_size", scale), align_corners));
  });
}

ct_error *ct_adaptive_avg_pool2d_like(ct_tensor **out, const ct_tensor *x, const ct_tensor *like) {
  return guarded([&] {
    *out = wrap(at::adaptive_avg_pool2d(unwrap(x), plane_of(unwrap(like), "output_size")));
  });
}

ct_error *ct_adaptive_avg_pool2d_scaled(ct_tensor **out, const ct_tensor *x, ct_scale scale) {
  return guarded([&] {
    const auto &input = unwrap(x);
    *out = wrap(at::adaptive_avg_pool2d(input, scaled_plane_of(input, "output_size", scale)));
  });
}

ct_error *ct_resize_nearest(ct_tensor **out, const ct_tensor *x, int64_t height, int64_t width) {
  return guarded([&] { *out = wrap(at::upsample_nearest2d(unwrap(x), {height, width})); });
}

ct_error *ct_softmax(ct_tensor **out, const ct_tensor *x, int64_t axis) {
  return guarded([&] { *out = wrap(at::softmax(unwrap(x), axis)); });
}

ct_error *ct_log_softmax(ct_tensor **out, const ct_tensor *x, int64_t axis) {
  return guarded([&] { *out = wrap(at::log_softmax(unwrap(x), axis)); });
}

ct_error *ct_nll_loss2d(ct_tensor **out, const ct_tensor *log_probabilities, const ct_tensor *target,
                        const ct_tensor *weight, int64_t ignored) {
  return guarded([&] {
    *out = wrap(at::nll_loss2d(unwrap(log_probabilities), unwrap(target), optional(weight), at::Reduction::None,
                               ignored));
  });
}

ct_error *ct_linear(ct_tensor **out, const ct_tensor *x, const ct_tensor *weight, const ct_tensor *bias) {
  return guarded([&] {
    const auto &input = unwrap(x);
    const auto shift = bias == nullptr ? std::nullopt : std::optional(like(input, unwrap(bias)));
    const auto result = at::linear(input, like(input, unwrap(weight)), shift);
    count_products(result.numel(), unwrap(weight), times_formed({input, unwrap(weight)}));
    *out = wrap(result);
  });
}

ct_error *ct_layer_norm(ct_tensor **out, const ct_tensor *x, const ct_tensor *weight, const ct_tensor *bias,
                        double epsilon) {
  return guarded([&] {
    const auto &input = unwrap(x);
    const auto scale = like(input, unwrap(weight));
    *out = wrap(at::layer_norm(input, scale.sizes(), scale, like(input, unwrap(bias)), epsilon));
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
