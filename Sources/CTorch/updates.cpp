// SPDX-License-Identifier: Apache-2.0
// Updates of all parameters: one pass over memory each, however often a gradient is applied.
#include <ATen/Parallel.h>
#include <ATen/core/grad_mode.h>

#include <algorithm>
#include <array>
#include <vector>

#include "boundary.hpp"
#include "norm_layer.hpp"

using namespace ctorch;

namespace {

/// Elements that a thread takes at once: they stay in the nearest caches while a gradient is applied repeatedly.
constexpr int64_t kPiece = 1 << 12;

/// The same elements of the tensors of an update.
template <size_t N>
struct Piece {
  std::array<float *, N> data;
  int64_t count;
};

/// Whether a pass over memory meets the same elements of all: dense float32 on the CPU, laid out alike. None does where
/// things are to be computed by libtorch's operators.
template <size_t N>
bool matches(const std::array<at::Tensor, N> &tensors) {
  return !composes_layers() && std::all_of(tensors.begin(), tensors.end(), [&](const at::Tensor &x) {
    return x.is_cpu() && x.scalar_type() == at::kFloat && x.is_non_overlapping_and_dense() &&
           x.sizes() == tensors[0].sizes() && x.strides() == tensors[0].strides();
  });
}

template <size_t N>
void cut(const std::array<at::Tensor, N> &tensors, std::vector<Piece<N>> &pieces) {
  for (int64_t start = 0; start < tensors[0].numel(); start += kPiece) {
    Piece<N> piece{{}, std::min(kPiece, tensors[0].numel() - start)};
    for (size_t i = 0; i < N; i++) piece.data[i] = static_cast<float *>(tensors[i].mutable_data_ptr()) + start;
    pieces.push_back(piece);
  }
}

template <size_t N, class Body>
void for_pieces(const std::vector<Piece<N>> &pieces, const Body &body) {
  at::parallel_for(0, static_cast<int64_t>(pieces.size()), 1, [&](int64_t begin, int64_t end) {
    for (int64_t i = begin; i < end; i++) body(pieces[i]);
  });
}

struct Rates {
  float rate, momentum, decay;
};

/// At `first` the momentum is the gradient, however often: so PyTorch starts a parameter that is listed several times.
template <bool first, bool nesterov>
void descend(const Piece<3> &piece, const Rates &r) {
  float *__restrict const p = piece.data[0], *__restrict const m = piece.data[2];
  const float *__restrict const g = piece.data[1];
  for (int64_t i = 0; i < piece.count; i++) {
    const float slope = g[i] + r.decay * p[i];
    const float velocity = first ? slope : r.momentum * m[i] + slope;
    p[i] -= r.rate * (nesterov ? slope + r.momentum * velocity : velocity);
    m[i] = velocity;
  }
}

void descend(const Piece<3> &piece, const Rates &r, const ct_sgd &s) {
  if (s.first_step) return s.nesterov ? descend<true, true>(piece, r) : descend<true, false>(piece, r);
  return s.nesterov ? descend<false, true>(piece, r) : descend<false, false>(piece, r);
}

/// The same by libtorch, on any device.
void descend(const at::Tensor &parameter, const at::Tensor &gradient, const at::Tensor &momentum, const ct_sgd &s) {
  // The fused step refuses buffers that it does not use.
  const auto buffers = s.momentum == 0 ? std::vector<at::Tensor>() : std::vector<at::Tensor>{momentum};
  for (int64_t update = 0; update < s.updates; update++) {
    at::_fused_sgd_({parameter}, {gradient}, buffers, s.weight_decay, s.momentum, s.learning_rate,
                    /*dampening=*/0.0, s.nesterov, /*maximize=*/false, s.first_step);
  }
}

}  // namespace

extern "C" {

ct_error *ct_sgd_step(ct_tensor *const *parameters, const ct_tensor *const *gradients, ct_tensor *const *momenta,
                      size_t count, ct_sgd s) {
  return guarded([&] {
    const at::NoGradGuard no_grad;
    std::vector<Piece<3>> pieces;
    for (size_t i = 0; i < count; i++) {
      const std::array<at::Tensor, 3> tensors{unwrap(parameters[i]), unwrap(gradients[i]), unwrap(momenta[i])};
      if (matches(tensors)) {
        cut(tensors, pieces);
      } else {
        descend(tensors[0], tensors[1], tensors[2], s);
      }
    }
    const Rates rates{static_cast<float>(s.learning_rate), static_cast<float>(s.momentum),
                      static_cast<float>(s.weight_decay)};
    for_pieces(pieces, [&](const auto &piece) {
      for (int64_t update = 0; update < s.updates; update++) descend(piece, rates, s);
    });
  });
}

ct_error *ct_average_into(ct_tensor *const *averages, const ct_tensor *const *values, size_t count, double keep) {
  return guarded([&] {
    const at::NoGradGuard no_grad;
    std::vector<Piece<2>> pieces;
    for (size_t i = 0; i < count; i++) {
      const std::array<at::Tensor, 2> tensors{unwrap(averages[i]), unwrap(values[i])};
      if (matches(tensors)) {
        cut(tensors, pieces);
      } else {
        tensors[0].mul_(keep).add_(tensors[1] * (1 - keep));
      }
    }
    const auto old_share = static_cast<float>(keep), new_share = static_cast<float>(1 - keep);
    for_pieces(pieces, [&](const Piece<2> &piece) {
      float *__restrict const average = piece.data[0];
      const float *__restrict const value = piece.data[1];
      for (int64_t i = 0; i < piece.count; i++) {
        // Two products and a sum, each rounded, as PyTorch's operators give them.
#pragma clang fp contract(off)
        average[i] = average[i] * old_share + value[i] * new_share;
      }
    });
  });
}

}  // extern "C"
