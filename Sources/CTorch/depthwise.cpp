// SPDX-License-Identifier: Apache-2.0
// 3x3 convolutions of each channel by itself: several side by side, and several channels into one.
#include <torch/csrc/autograd/custom_function.h>

#include "depthwise_rows.hpp"
#include "layers.hpp"

using namespace ctorch;
using torch::autograd::AutogradContext;
using torch::autograd::variable_list;

namespace {

using Pair = std::array<int64_t, 2>;
Pair pair(int64_t value) { return {value, value}; }

/// What a ladder is beside its weights.
struct Form : torch::CustomClassHolder {
  std::vector<int64_t> dilations;
  int64_t stride = 1;
  bool sums = false;

  int64_t padding() const { return *std::max_element(dilations.begin(), dilations.end()); }
  int64_t side(int64_t length) const { return (length - 1) / stride + 1; }
};

at::Tensor empty_map(const at::Tensor &like, int64_t channels, int64_t height, int64_t width) {
  return at::empty({like.size(0), channels, height, width}, like.options(), at::MemoryFormat::ChannelsLast);
}

/// The maps of each part of the channels, with zeros around them and their pixels `every` places apart; where `sums`, each
/// with those after it added.
std::vector<Plane> padded_parts(const at::Tensor &map, int64_t parts, int64_t padding, int64_t every, int64_t height,
                                int64_t width, bool sums) {
  const int64_t channels = map.size(1) / parts;
  std::vector<Plane> planes;
  for (int64_t k = 0; k < parts; k++) planes.emplace_back(map.size(0), height, width, channels, padding);
  for_image_rows(map.size(0), map.size(2), map.size(3) * map.size(1), [&](int64_t image, int64_t row) {
    for (int64_t k = parts; k-- > 0;) {
      const auto *const more = sums && k + 1 < parts ? planes[k + 1].row(image, row * every) : nullptr;
      Channels{map, k * channels, channels}.take(planes[k].row(image, row * every), image, row, every * channels,
                                                 more);
    }
  });
  return planes;
}

/// A map with zeros around it.
Plane padded(const at::Tensor &map, int64_t padding) {
  return padded_parts(map, 1, padding, 1, map.size(2), map.size(3), false)[0];
}

// MARK: Several branches side by side

at::Tensor ladder(const at::Tensor &x, at::TensorList weights, const Form &form) {
  const int64_t channels = x.size(1), count = static_cast<int64_t>(weights.size());
  const int64_t height = form.side(x.size(2)), width = form.side(x.size(3));
  const auto plane = padded(x, form.padding());
  const auto out = empty_map(x, count * channels, height, width);
  std::vector<TiledWeights> tiled(weights.begin(), weights.end());
  const auto &kernels = depthwise_kernels();
  for_image_rows(x.size(0), height, count * width * channels, [&](int64_t image, int64_t row) {
    std::vector<float> made(width * channels);
    for (int64_t k = 0; k < count; k++) {
      const auto &w = tiled[k];
      const bool adds = form.sums && k > 0;
      auto taps = plane.taps(image, row * form.stride, form.dilations[k]);
      if (form.stride == 1) {
        kernels.convolve(made.data(), taps.data(), w.values.data(), w.tile, width * channels, adds);
      } else {
        for (int64_t i = 0; i < width; i++) {
          kernels.convolve(made.data() + i * channels, taps.data(), w.values.data(), w.tile, channels, adds);
          for (auto &tap : taps) tap += form.stride * channels;
        }
      }
      Channels{out, k * channels, channels}.give(made.data(), image, row);
    }
  });
  for (const auto &weight : weights) count_products(out.numel() / count, weight);
  return out;
}

struct Ladder : torch::autograd::Function<Ladder> {
  static at::Tensor forward(AutogradContext *context, const at::Tensor &input, at::TensorList weights,
                            const c10::intrusive_ptr<Form> &form) {
    const auto x = dense(input);
    variable_list saved{x};
    saved.insert(saved.end(), weights.begin(), weights.end());
    context->save_for_backward(saved);
    context->saved_data["form"] = c10::IValue::make_capsule(form);
    return ladder(x, weights, *form);
  }

  static variable_list backward(AutogradContext *context, variable_list incoming) {
    const auto form = c10::static_intrusive_pointer_cast<Form>(context->saved_data["form"].toCapsule());
    const auto saved = context->get_saved_variables();
    const auto &x = saved[0];
    const int64_t channels = x.size(1), count = static_cast<int64_t>(saved.size()) - 1;
    const int64_t images = x.size(0), height = x.size(2), width = x.size(3);
    const auto gradient = dense(incoming[0].to(x.scalar_type()));
    const auto planes =
        padded_parts(gradient, count, form->padding(), form->stride, height, width, form->sums);
    variable_list gradients(saved.size() + 1);
    if (context->needs_input_grad(0)) {
      const auto out = empty_map(x, channels, height, width);
      std::vector<TiledWeights> tiled(saved.begin() + 1, saved.end());
      for_image_rows(images, height, count * width * channels, [&](int64_t image, int64_t row) {
        std::vector<float> made(width * channels);
        for (int64_t k = 0; k < count; k++) {
          const auto taps = planes[k].taps(image, row, -form->dilations[k]);
          depthwise_kernels().convolve(made.data(), taps.data(), tiled[k].values.data(), tiled[k].tile,
                                       width * channels, k > 0);
        }
        Channels{out, 0, channels}.give(made.data(), image, row);
      });
      gradients[0] = out;
    }
    const auto plane = padded(x, form->padding());
    for (int64_t k = 0; k < count; k++) {
      if (!context->needs_input_grad(1 + k)) continue;
      const auto found = correlate(plane, form->dilations[k], images, gradient.size(2), form->stride, width, channels,
                                   [&](int64_t image, int64_t row) { return planes[k].row(image, row); });
      gradients[1 + k] = found.view({channels, 1, 3, 3}).to(saved[1 + k].scalar_type());
      count_products(gradient.numel() / count, saved[1 + k]);
    }
    if (gradients[0].defined()) {
      for (int64_t k = 0; k < count; k++) count_products(gradient.numel() / count, saved[1 + k]);
    }
    return gradients;
  }
};

/// The ladder by libtorch's operators, with their gradients: for what the kernels do not take.
at::Tensor ladder_composed(const at::Tensor &x, at::TensorList weights, const Form &form) {
  std::vector<at::Tensor> parts;
  for (size_t k = 0; k < weights.size(); k++) {
    const auto around = pair(form.dilations[k]);
    const auto y = at::conv2d(x, weights[k].to(x.scalar_type()), {}, pair(form.stride), around, around, x.size(1));
    count_products(y.numel(), weights[k], times_formed({x, weights[k]}));
    parts.push_back(form.sums && k > 0 ? parts.back() + y : y);
  }
  return parts.size() == 1 ? parts[0] : at::cat(parts, 1);
}

// MARK: Several channels into one

at::Tensor part_of(const at::Tensor &weight, int64_t k) { return weight.select(1, k); }

at::Tensor merge(const at::Tensor &x, const at::Tensor &weight) {
  const int64_t channels = weight.size(0), parts = weight.size(1), width = x.size(3);
  const auto planes = padded_parts(x, parts, 1, 1, x.size(2), width, false);
  const auto out = empty_map(x, channels, x.size(2), width);
  std::vector<TiledWeights> tiled;
  for (int64_t k = 0; k < parts; k++) tiled.emplace_back(part_of(weight, k));
  for_image_rows(x.size(0), x.size(2), width * x.size(1), [&](int64_t image, int64_t row) {
    std::vector<float> made(width * channels);
    for (int64_t k = 0; k < parts; k++) {
      depthwise_kernels().convolve(made.data(), planes[k].taps(image, row, 1).data(), tiled[k].values.data(),
                                   tiled[k].tile, width * channels, k > 0);
    }
    Channels{out, 0, channels}.give(made.data(), image, row);
  });
  count_products(out.numel(), weight);
  return out;
}

struct Merge : torch::autograd::Function<Merge> {
  static at::Tensor forward(AutogradContext *context, const at::Tensor &input, const at::Tensor &weight) {
    const auto x = dense(input);
    context->save_for_backward({x, weight});
    return merge(x, weight);
  }

  static variable_list backward(AutogradContext *context, variable_list incoming) {
    const auto saved = context->get_saved_variables();
    const auto &x = saved[0], &weight = saved[1];
    const int64_t channels = weight.size(0), parts = weight.size(1);
    const int64_t images = x.size(0), height = x.size(2), width = x.size(3);
    const auto gradient = dense(incoming[0].to(x.scalar_type()));
    const auto plane = padded(gradient, 1);
    variable_list gradients(2);
    if (context->needs_input_grad(0)) {
      const auto out = empty_map(x, x.size(1), height, width);
      std::vector<TiledWeights> tiled;
      for (int64_t k = 0; k < parts; k++) tiled.emplace_back(part_of(weight, k));
      for_image_rows(images, height, width * x.size(1), [&](int64_t image, int64_t row) {
        std::vector<float> made(width * channels);
        const auto taps = plane.taps(image, row, -1);
        for (int64_t k = 0; k < parts; k++) {
          depthwise_kernels().convolve(made.data(), taps.data(), tiled[k].values.data(), tiled[k].tile,
                                       width * channels, false);
          Channels{out, k * channels, channels}.give(made.data(), image, row);
        }
      });
      count_products(gradient.numel(), weight);
      gradients[0] = out;
    }
    if (context->needs_input_grad(1)) {
      const auto planes = padded_parts(x, parts, 1, 1, height, width, false);
      std::vector<at::Tensor> found;
      for (int64_t k = 0; k < parts; k++) {
        found.push_back(correlate(planes[k], 1, images, height, 1, width, channels,
                                  [&](int64_t image, int64_t row) { return plane.row(image, row); }));
      }
      count_products(gradient.numel(), weight);
      gradients[1] = at::stack(found, 1).to(weight.scalar_type());
    }
    return gradients;
  }
};

at::Tensor merge_composed(const at::Tensor &x, const at::Tensor &weight) {
  const auto shuffled = at::channel_shuffle(x, weight.size(1));
  const auto y = at::conv2d(shuffled, weight.to(x.scalar_type()), {}, pair(1), pair(1), pair(1), weight.size(0));
  count_products(y.numel(), weight, times_formed({x, weight}));
  return y;
}

}  // namespace

extern "C" {

ct_error *ct_depthwise_ladder(ct_tensor **out, const ct_tensor *x, const ct_tensor *const *weights,
                              const int64_t *dilations, size_t count, int64_t stride, bool sums) {
  return guarded([&] {
    TORCH_CHECK(count > 0 && stride > 0, "a ladder of ", count, " branches at a stride of ", stride);
    const auto &input = unwrap(x);
    TORCH_CHECK(input.dim() == 4, "a ladder met ", input.sizes());
    auto form = c10::make_intrusive<Form>();
    form->dilations.assign(dilations, dilations + count);
    std::tie(form->stride, form->sums) = std::tie(stride, sums);
    std::vector<at::Tensor> all;
    for (size_t i = 0; i < count; i++) {
      all.push_back(unwrap(weights[i]));
      TORCH_CHECK(all[i].sizes() == at::IntArrayRef({input.size(1), 1, 3, 3}) && dilations[i] > 0, "a branch of ",
                  all[i].sizes(), " met ", input.sizes());
    }
    auto inputs = all;
    inputs.push_back(input);
    if (!suits(input)) {
      *out = wrap(ladder_composed(input, all, *form));
    } else if (records(inputs)) {
      *out = wrap(Ladder::apply(input, at::TensorList(all), form));
    } else {
      *out = wrap(ladder(dense(input), all, *form));
    }
  });
}

ct_error *ct_depthwise_merge(ct_tensor **out, const ct_tensor *x, const ct_tensor *weight) {
  return guarded([&] {
    const auto &input = unwrap(x);
    const auto &w = unwrap(weight);
    TORCH_CHECK(input.dim() == 4 && w.dim() == 4 && w.size(2) == 3 && w.size(3) == 3 &&
                    w.size(0) * w.size(1) == input.size(1),
                "a merge of ", w.sizes(), " met ", input.sizes());
    if (!suits(input)) {
      *out = wrap(merge_composed(input, w));
    } else if (records({input, w})) {
      *out = wrap(Merge::apply(input, w));
    } else {
      *out = wrap(merge(dense(input), w));
    }
  });
}

}  // extern "C"
