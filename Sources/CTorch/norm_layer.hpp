// SPDX-License-Identifier: Apache-2.0
// Batch normalisation with its activation, over channels-last maps of the CPU: what the layers with gradients share.
#pragma once

#include <ATen/ATen.h>

#include "norm_kernels.hpp"

namespace ctorch {

/// A normalisation of [N, C, H, W] and what follows it. All vectors are float32 [C].
struct Norm {
  at::Tensor weight;
  at::Tensor bias;
  /// Stored statistics: moved where `moves`, used where not `of_batch`; undefined where they are neither.
  at::Tensor running_mean;
  at::Tensor running_variance;
  /// prelu's, float32 [C]; undefined for others.
  at::Tensor slope;
  Activation activation = Activation::none;
  /// Whether the batch's own statistics normalise.
  bool of_batch = false;
  bool moves = false;
  double momentum = 0.1;
  double epsilon = 1e-5;
};

/// The statistics that normalised a batch, float32 [C] each, and the affine map that they made.
struct Statistics {
  at::Tensor mean;
  at::Tensor inverse_deviation;
  at::Tensor scale;
  at::Tensor shift;
};

/// Whether the kernels take `x`: float32 or bfloat16 [N, C, H, W] on the CPU, unless layers are to be composed.
bool suits(const at::Tensor &x);

/// Whether this thread computes layers by libtorch's operators one by one, whatever the kernels could take.
bool composes_layers();
void set_composes_layers(bool value);

/// `x` as the kernels want it: dense channels-last.
at::Tensor dense(const at::Tensor &x);

/// The statistics to normalise `z` with; moves the stored ones where the norm says so.
Statistics statistics(const at::Tensor &z, const Norm &norm);

/// The same from known mean and inverse deviation.
Statistics statistics(const at::Tensor &mean, const at::Tensor &inverse_deviation, const Norm &norm);

/// activation(norm(z) + added) into `out`, which may be `z`; `added` may be undefined.
void normalise(const at::Tensor &out, const at::Tensor &z, const at::Tensor &added, const Statistics &s,
               const Norm &norm);

/// Gradients of a normalisation's inputs; `slope` is undefined but for prelu.
struct NormGradients {
  at::Tensor weight;
  at::Tensor bias;
  at::Tensor slope;
};

/// What tells of a sum before the activation: its result, which is enough for relu, or what was added; both undefined
/// where nothing was.
struct Sum {
  at::Tensor result;
  at::Tensor added;
};

/// The gradient of `z` into `out`, which may be `z`, from that of the activation's result.
///
/// `let_through`, where defined, takes the gradient of what was added, and may be `gradient`.
NormGradients normalise_backward(const at::Tensor &out, const at::Tensor &let_through, const at::Tensor &gradient,
                                 const at::Tensor &z, const Sum &sum, const Statistics &s, const Norm &norm);

}  // namespace ctorch
