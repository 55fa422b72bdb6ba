// SPDX-License-Identifier: Apache-2.0
// A process group that fails once and then at once, and whose waiting can be broken off from another thread.
#pragma once

#include <torch/csrc/distributed/c10d/Backend.hpp>
#include <torch/csrc/distributed/c10d/Store.hpp>

#include <atomic>
#include <chrono>
#include <mutex>
#include <string>

#include "boundary.hpp"
#include "ctorch_group.h"

namespace ctorch {

class Group {
 public:
  Group(const c10::intrusive_ptr<c10d::Store> &store, const char *name, const char *address, int rank, int size,
        std::chrono::milliseconds timeout);

  /// Adds up in place.
  void sum(at::Tensor tensor);
  void broadcast(at::Tensor tensor, int root);
  void gather(std::vector<at::Tensor> outs, at::Tensor tensor);

  /// Lets tensors of CUDA devices travel from device to device, over NCCL. All processes call it, each with a device
  /// of its own.
  void join_devices(const c10::intrusive_ptr<c10d::Store> &store, const char *name, int rank,
                    std::chrono::milliseconds timeout);
  /// The tensor as it travels: dense, and on the CPU unless devices are joined.
  at::Tensor carried(const at::Tensor &x) const;
  /// Whether a tensor travels from device to device.
  bool carries(const at::Tensor &x) const;

  /// A sum on its way, of a tensor as it travels. Nothing is waited for.
  struct Pending {
    c10::intrusive_ptr<c10d::Work> work;
    int64_t bytes = 0;
  };
  Pending begin_sum(at::Tensor tensor);
  void finish(const Pending &pending);

  /// - why: of the first call counts.
  void break_off(const std::string &why);
  /// Empty while nothing is wrong.
  std::string failure() const;
  int size() const { return size_; }

  std::atomic<int64_t> calls{0}, bytes{0}, nanoseconds{0};

 private:
  void check() const;
  c10d::Backend &backend(const at::Tensor &tensor) const;
  void wait(const c10::intrusive_ptr<c10d::Work> &work);

  c10::intrusive_ptr<c10d::Backend> backend_;
  /// Null where tensors of devices travel over the CPU.
  c10::intrusive_ptr<c10d::Backend> devices_;
  int size_;
  mutable std::mutex mutex_;
  std::string failure_;
  std::atomic<bool> failed_{false};
};

/// Whether this library was compiled with NCCL.
bool has_nccl();
c10::intrusive_ptr<c10d::Backend> nccl_backend(const c10::intrusive_ptr<c10d::Store> &store, int rank, int size,
                                               std::chrono::milliseconds timeout);

/// The group that this thread's normalisations by a batch's statistics share them in; null for none.
Group *norm_group();

/// Adds up doubles over such a group, or does nothing without one. After a failure the sums stay this process's own:
/// the group tells, and what a network made of them is thrown away.
void sum_over(Group *group, at::Tensor sums);

}  // namespace ctorch

struct ct_group {
  ctorch::Group value;
};
