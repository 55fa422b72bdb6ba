// SPDX-License-Identifier: Apache-2.0
// What the layers of ctorch_layers.h share.
#pragma once

#include "boundary.hpp"
#include "norm_layer.hpp"
#include "operations.hpp"

namespace ctorch {

Norm unwrap_norm(const ct_norm_layer &raw);

/// Throws where `x` is no batch for `norm`.
void check_batch(const at::Tensor &x, const Norm &norm);

/// The same as normalise, by libtorch's operators: for what the kernels do not take.
at::Tensor norm_act_composed(const at::Tensor &x, const at::Tensor &added, const Norm &norm);

/// The normalisation alone, by the statistics of all processes that share them: there must be a group for it.
at::Tensor shared_norm(const at::Tensor &x, const Norm &norm);

/// Whether an operation on these records a gradient.
bool records(at::TensorList inputs);

}  // namespace ctorch
