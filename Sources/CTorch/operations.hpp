// SPDX-License-Identifier: Apache-2.0
// Counts the arithmetic of convolutions and matrix products.
#pragma once

#include <ATen/ATen.h>

#include <algorithm>

namespace ctorch {

/// Adds a multiplication and an addition for each of `elements` and each of the `met` that it is put to, `times` over.
void count_products(int64_t elements, int64_t met, int64_t times = 1);

/// The same of a convolution: of its result, or, where it is transposed, of its input.
inline void count_products(int64_t elements, const at::Tensor &weight, int64_t times = 1) {
  count_products(elements, weight.numel() / std::max<int64_t>(1, weight.size(0)), times);
}

/// How often the products of an operation are formed: in the backward pass once more for each input that wants its
/// gradient.
int64_t times_formed(at::TensorList inputs);

}  // namespace ctorch
