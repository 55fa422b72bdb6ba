// SPDX-License-Identifier: Apache-2.0
// Elementwise arithmetic and reductions.
#include "boundary.hpp"
#include "operations.hpp"

using namespace ctorch;

namespace {

// No axes mean all of them.
at::OptionalIntArrayRef some(const int64_t *axes, size_t count) {
  return count == 0 ? at::OptionalIntArrayRef() : at::OptionalIntArrayRef(ints(axes, count));
}

}  // namespace

extern "C" {

ct_error *ct_add(ct_tensor **out, const ct_tensor *x, const ct_tensor *y) {
  return guarded([&] { *out = wrap(at::add(unwrap(x), unwrap(y))); });
}

ct_error *ct_sub(ct_tensor **out, const ct_tensor *x, const ct_tensor *y) {
  return guarded([&] { *out = wrap(at::sub(unwrap(x), unwrap(y))); });
}

ct_error *ct_mul(ct_tensor **out, const ct_tensor *x, const ct_tensor *y) {
  return guarded([&] { *out = wrap(at::mul(unwrap(x), unwrap(y))); });
}

ct_error *ct_div(ct_tensor **out, const ct_tensor *x, const ct_tensor *y) {
  return guarded([&] { *out = wrap(at::div(unwrap(x), unwrap(y))); });
}

ct_error *ct_add_scalar(ct_tensor **out, const ct_tensor *x, double y) {
  return guarded([&] { *out = wrap(at::add(unwrap(x), y)); });
}

ct_error *ct_mul_scalar(ct_tensor **out, const ct_tensor *x, double y) {
  return guarded([&] { *out = wrap(at::mul(unwrap(x), y)); });
}

ct_error *ct_exp(ct_tensor **out, const ct_tensor *x) {
  return guarded([&] { *out = wrap(at::exp(unwrap(x))); });
}

ct_error *ct_log(ct_tensor **out, const ct_tensor *x) {
  return guarded([&] { *out = wrap(at::log(unwrap(x))); });
}

ct_error *ct_sqrt(ct_tensor **out, const ct_tensor *x) {
  return guarded([&] { *out = wrap(at::sqrt(unwrap(x))); });
}

ct_error *ct_clamp_min(ct_tensor **out, const ct_tensor *x, double low) {
  return guarded([&] { *out = wrap(at::clamp_min(unwrap(x), low)); });
}

ct_error *ct_eq(ct_tensor **out, const ct_tensor *x, const ct_tensor *y) {
  return guarded([&] { *out = wrap(at::eq(unwrap(x), unwrap(y))); });
}

ct_error *ct_eq_scalar(ct_tensor **out, const ct_tensor *x, double y) {
  return guarded([&] { *out = wrap(at::eq(unwrap(x), y)); });
}

ct_error *ct_lt_scalar(ct_tensor **out, const ct_tensor *x, double y) {
  return guarded([&] { *out = wrap(at::lt(unwrap(x), y)); });
}

ct_error *ct_logical_not(ct_tensor **out, const ct_tensor *x) {
  return guarded([&] { *out = wrap(at::logical_not(unwrap(x))); });
}

ct_error *ct_logical_and(ct_tensor **out, const ct_tensor *x, const ct_tensor *y) {
  return guarded([&] { *out = wrap(at::logical_and(unwrap(x), unwrap(y))); });
}

ct_error *ct_masked_fill(ct_tensor **out, const ct_tensor *x, const ct_tensor *mask, double value) {
  return guarded([&] { *out = wrap(at::masked_fill(unwrap(x), unwrap(mask), value)); });
}

ct_error *ct_is_finite(bool *out, const ct_tensor *x) {
  return guarded([&] { *out = at::isfinite(unwrap(x)).all().item<bool>(); });
}

ct_error *ct_sum(ct_tensor **out, const ct_tensor *x, const int64_t *axes, size_t count, bool keep) {
  return guarded([&] { *out = wrap(at::sum(unwrap(x), some(axes, count), keep)); });
}

ct_error *ct_mean(ct_tensor **out, const ct_tensor *x, const int64_t *axes, size_t count, bool keep) {
  return guarded([&] { *out = wrap(at::mean(unwrap(x), some(axes, count), keep)); });
}

ct_error *ct_norm(ct_tensor **out, const ct_tensor *x, const int64_t *axes, size_t count, bool keep) {
  return guarded([&] { *out = wrap(at::linalg_vector_norm(unwrap(x), 2, some(axes, count), keep)); });
}

ct_error *ct_argmax(ct_tensor **out, const ct_tensor *x, int64_t axis) {
  return guarded([&] { *out = wrap(at::argmax(unwrap(x), axis)); });
}

ct_error *ct_topk(ct_tensor **values, ct_tensor **indices, const ct_tensor *x, int64_t count, int64_t axis) {
  return guarded([&] {
    auto [top, where] = at::topk(unwrap(x), count, axis, /*largest=*/true, /*sorted=*/true);
    auto *first = wrap(std::move(top));
    try {
      *indices = wrap(std::move(where));
    } catch (...) {
      ct_tensor_free(first);
      throw;
    }
    *values = first;
  });
}

ct_error *ct_bincount(ct_tensor **out, const ct_tensor *x, int64_t bins) {
  return guarded([&] {
    auto counts = at::bincount(unwrap(x).flatten(), {}, bins);
    TORCH_CHECK(counts.numel() == bins, "a value of ", counts.numel() - 1, " where the largest is ", bins - 1);
    *out = wrap(std::move(counts));
  });
}

ct_error *ct_matmul(ct_tensor **out, const ct_tensor *x, const ct_tensor *y) {
  return guarded([&] {
    const auto result = at::matmul(unwrap(x), unwrap(y));
    count_products(result.numel(), unwrap(x).size(-1), times_formed({unwrap(x), unwrap(y)}));
    *out = wrap(result);
  });
}

}  // extern "C"
