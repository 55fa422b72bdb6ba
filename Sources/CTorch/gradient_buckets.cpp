// SPDX-License-Identifier: Apache-2.0
// Gradients of many parameters, added up over a group in few messages, which may leave during backward.
#include <torch/csrc/autograd/function_hook.h>
#include <torch/csrc/autograd/variable.h>

#include <memory>
#include <vector>

#include "group.hpp"

using namespace ctorch;

namespace {

/// Some parameters whose gradients travel together.
struct Bucket {
  std::vector<at::Tensor> parameters;
  at::Tensor flat;
  /// Gradients that backward has still to fill in.
  size_t awaited = 0;
  bool has_left = false;
  Group::Pending pending;

  /// Calls `body` with each parameter, its place in `flat`, and that of a number which is above 0 where somebody has a
  /// gradient of it.
  template <class Body>
  void each(const Body &body) {
    int64_t start = 0, mark = flat.numel() - static_cast<int64_t>(parameters.size());
    for (auto &parameter : parameters) {
      body(parameter, flat.narrow(0, start, parameter.numel()).view_as(parameter), flat.select(0, mark++));
      start += parameter.numel();
    }
  }
};

}  // namespace

struct ct_buckets {
  Group *group;
  std::vector<Bucket> buckets;
  std::vector<at::Tensor> hooked;
  /// The first bucket that has not left: they leave in one order in all processes.
  size_t next = 0;

  void reset() {
    next = 0;
    for (auto &bucket : buckets) {
      bucket.awaited = bucket.parameters.size();
      bucket.has_left = false;
    }
  }

  void filled(size_t index) {
    buckets[index].awaited--;
    while (next < buckets.size() && buckets[next].awaited == 0) leave(buckets[next++]);
  }

  /// Sends a bucket. After a failure nothing leaves: whoever asks next gets the error.
  void leave(Bucket &bucket) {
    const at::NoGradGuard guard;
    bucket.each([](at::Tensor &parameter, at::Tensor place, at::Tensor mark) {
      const auto &gradient = parameter.grad();
      mark.fill_(gradient.defined() ? 1 : 0);
      gradient.defined() ? (void)place.copy_(gradient) : (void)place.zero_();
    });
    if (!group->failure().empty()) return;
    bucket.pending = group->begin_sum(bucket.flat);
    bucket.has_left = true;
  }

  void finish() {
    const at::NoGradGuard guard;
    while (next < buckets.size()) leave(buckets[next++]);
    for (auto &bucket : buckets) {
      if (!bucket.has_left) continue;
      group->finish(bucket.pending);
      const auto count = static_cast<int64_t>(bucket.parameters.size());
      const auto marks = bucket.flat.narrow(0, bucket.flat.numel() - count, count).cpu();
      const auto *mark = elements<float>(marks);
      bucket.each([&](at::Tensor &parameter, const at::Tensor &place, const at::Tensor &) {
        if (*mark++ == 0) return;
        auto &gradient = parameter.mutable_grad();
        gradient.defined() ? (void)gradient.copy_(place) : (void)(gradient = place.to(parameter.options(), false, true));
      });
    }
  }
};

namespace {

struct Filled final : torch::autograd::PostAccumulateGradHook {
  Filled(ct_buckets *buckets, size_t index) : buckets(buckets), index(index) {}
  void operator()(const torch::autograd::Variable &) override {
    try {
      buckets->filled(index);
    } catch (const std::exception &) {
      // The group has failed, and says so to whoever waits for the gradients.
    }
  }
  ct_buckets *buckets;
  size_t index;
};

}  // namespace

extern "C" {

ct_error *ct_buckets_make(ct_buckets **out, ct_group *group, ct_tensor *const *parameters, size_t count,
                          int64_t bytes, bool overlaps) {
  return guarded([&] {
    auto made = std::make_unique<ct_buckets>();
    made->group = &group->value;
    // Backward fills gradients in from the last layer to the first.
    int64_t filled = bytes;
    for (size_t i = count; i-- > 0;) {
      const auto &parameter = unwrap(parameters[i]);
      if (filled >= bytes) {
        made->buckets.emplace_back();
        filled = 0;
      }
      made->buckets.back().parameters.push_back(parameter);
      filled += static_cast<int64_t>(parameter.nbytes());
    }
    for (size_t index = 0; index < made->buckets.size(); index++) {
      auto &bucket = made->buckets[index];
      int64_t total = 0;
      for (const auto &parameter : bucket.parameters) total += parameter.numel();
      const auto device = made->group->carries(bucket.parameters[0]) ? bucket.parameters[0].device() : at::kCPU;
      bucket.flat = at::empty({total + static_cast<int64_t>(bucket.parameters.size())}, at::device(device));
      if (!overlaps) continue;
      for (const auto &parameter : bucket.parameters) {
        torch::autograd::impl::set_post_acc_grad_hooks(parameter, std::make_unique<Filled>(made.get(), index));
        made->hooked.push_back(parameter);
      }
    }
    made->reset();
    *out = made.release();
    handle_created();
  });
}

ct_error *ct_buckets_finish(ct_buckets *buckets) {
  return guarded([&] {
    struct Reset {
      ct_buckets *buckets;
      ~Reset() { buckets->reset(); }
    } reset{buckets};
    buckets->finish();
    const auto why = buckets->group->failure();
    TORCH_CHECK(why.empty(), why);
  });
}

void ct_buckets_free(ct_buckets *buckets) {
  if (buckets == nullptr) return;
  for (const auto &parameter : buckets->hooked) {
    torch::autograd::impl::set_post_acc_grad_hooks(parameter, nullptr);
  }
  delete buckets;
  handle_destroyed();
}

}  // extern "C"
