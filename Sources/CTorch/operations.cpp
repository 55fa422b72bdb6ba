// SPDX-License-Identifier: Apache-2.0
#include "operations.hpp"

#include <ATen/core/grad_mode.h>

#include <algorithm>
#include <atomic>

#include "boundary.hpp"

namespace ctorch {

namespace {

std::atomic<int64_t> operations{0};

}  // namespace

void count_products(int64_t elements, int64_t met, int64_t times) {
  operations.fetch_add(2 * elements * met * times, std::memory_order_relaxed);
}

int64_t times_formed(at::TensorList inputs) {
  if (!at::GradMode::is_enabled()) return 1;
  return 1 + std::count_if(inputs.begin(), inputs.end(), [](const auto &x) { return x.requires_grad(); });
}

}  // namespace ctorch

extern "C" int64_t ct_operations(void) { return ctorch::operations.load(std::memory_order_relaxed); }
