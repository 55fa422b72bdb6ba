// SPDX-License-Identifier: Apache-2.0
// Store and group on libtorch's c10d: TCPStore, Gloo and, for tensors of CUDA devices where it is there, NCCL.
#define USE_C10D_GLOO
#include "group.hpp"

#include <c10/util/Logging.h>
#include <torch/csrc/distributed/c10d/PrefixStore.hpp>
#include <torch/csrc/distributed/c10d/ProcessGroupGloo.hpp>
#include <torch/csrc/distributed/c10d/TCPStore.hpp>

#include <cstdlib>
#include <thread>

using namespace ctorch;
using std::chrono::milliseconds;

struct ct_store {
  c10::intrusive_ptr<c10d::Store> value;
};

namespace ctorch {

namespace {

thread_local Group *shared_by_norms = nullptr;

c10::intrusive_ptr<c10d::Backend> gloo(const c10::intrusive_ptr<c10d::Store> &store, const char *address, int rank,
                                       int size, milliseconds timeout) {
  auto options = c10d::ProcessGroupGloo::Options::create(timeout);
  options->devices.push_back(c10d::ProcessGroupGloo::createDeviceForHostname(address));
  return c10::make_intrusive<c10d::ProcessGroupGloo>(store, rank, size, options);
}

void abort(const c10::intrusive_ptr<c10d::Backend> &backend) {
  try {
    backend->abort();
  } catch (const std::exception &) {
    // The group has failed already.
  }
}

}  // namespace

Group *norm_group() { return shared_by_norms; }

void sum_over(Group *group, at::Tensor sums) {
  if (group != nullptr) {
    try {
      group->sum(std::move(sums));
    } catch (const std::exception &) {
      // As the header says.
    }
  }
}

Group::Group(const c10::intrusive_ptr<c10d::Store> &store, const char *name, const char *address, int rank, int size,
             milliseconds timeout)
    : backend_(gloo(c10::make_intrusive<c10d::PrefixStore>(name, store), address, rank, size, timeout)),
      size_(size) {}

void Group::join_devices(const c10::intrusive_ptr<c10d::Store> &store, const char *name, int rank,
                         milliseconds timeout) {
  devices_ = nccl_backend(c10::make_intrusive<c10d::PrefixStore>(name, store), rank, size_, timeout);
}

bool Group::carries(const at::Tensor &x) const { return devices_ && x.is_cuda(); }

at::Tensor Group::carried(const at::Tensor &x) const { return (carries(x) ? x : x.cpu()).contiguous(); }

c10d::Backend &Group::backend(const at::Tensor &tensor) const { return carries(tensor) ? *devices_ : *backend_; }

void Group::break_off(const std::string &why) {
  const std::lock_guard<std::mutex> lock(mutex_);
  if (failure_.empty()) failure_ = why.empty() ? "broken off" : why;
  // A device that waits for a lost process would wait on, and everything that it is given after with it.
  if (devices_ && !failed_) std::thread(abort, devices_).detach();
  failed_ = true;
}

std::string Group::failure() const {
  const std::lock_guard<std::mutex> lock(mutex_);
  return failure_;
}

void Group::check() const { TORCH_CHECK(!failed_, failure()); }

void Group::wait(const c10::intrusive_ptr<c10d::Work> &work) {
  const auto started = std::chrono::steady_clock::now();
  // Work's own waiting cannot be broken off. Most ends within the first short naps.
  for (int naps = 0; !work->isCompleted(); naps++) {
    check();
    if (naps < 200) {
      std::this_thread::yield();
    } else {
      std::this_thread::sleep_for(std::chrono::microseconds(naps < 2000 ? 20 : 500));
    }
  }
  nanoseconds += std::chrono::nanoseconds(std::chrono::steady_clock::now() - started).count();
  try {
    // NCCL's waiting only orders the device's work.
    if (const auto problem = work->exception()) std::rethrow_exception(problem);
    work->wait();
  } catch (const std::exception &e) {
    break_off(e.what());
    check();
  }
}

Group::Pending Group::begin_sum(at::Tensor tensor) {
  check();
  const int64_t size = static_cast<int64_t>(tensor.nbytes());
  calls++;
  bytes += size;
  std::vector<at::Tensor> tensors{std::move(tensor)};
  try {
    return {backend(tensors[0]).allreduce(tensors, {}), size};
  } catch (const std::exception &e) {
    break_off(e.what());
    check();
  }
  return {};
}

void Group::finish(const Pending &pending) { wait(pending.work); }

void Group::sum(at::Tensor tensor) {
  auto carrier = carried(tensor);
  finish(begin_sum(carrier));
  if (!carrier.is_same(tensor)) tensor.copy_(carrier);
}

void Group::broadcast(at::Tensor tensor, int root) {
  check();
  calls++;
  bytes += static_cast<int64_t>(tensor.nbytes());
  auto carrier = carried(tensor);
  std::vector<at::Tensor> tensors{carrier};
  c10d::BroadcastOptions options;
  options.rootRank = root;
  wait(backend(carrier).broadcast(tensors, options));
  if (!carrier.is_same(tensor)) tensor.copy_(carrier);
}

void Group::gather(std::vector<at::Tensor> outs, at::Tensor tensor) {
  check();
  calls++;
  bytes += static_cast<int64_t>(tensor.nbytes());
  std::vector<at::Tensor> inputs{carried(tensor)};
  std::vector<std::vector<at::Tensor>> found(1);
  for (const auto &out : outs) found[0].push_back(at::empty_like(out, inputs[0].device()));
  wait(backend(inputs[0]).allgather(found, inputs, {}));
  for (size_t i = 0; i < outs.size(); i++) outs[i].copy_(found[0][i]);
}

}  // namespace ctorch

namespace {

std::vector<uint8_t> bytes_of(const char *text) { return {text, text + std::strlen(text)}; }

char *copy_of(const std::string &text) {
  auto *const copy = static_cast<char *>(std::malloc(text.size() + 1));
  if (copy == nullptr) throw std::bad_alloc();
  std::memcpy(copy, text.c_str(), text.size() + 1);
  return copy;
}

char *copy_of(const std::vector<uint8_t> &bytes) { return copy_of(std::string(bytes.begin(), bytes.end())); }

}  // namespace

extern "C" {

ct_error *ct_store_open(ct_store **out, const char *host, uint16_t port, bool serves, int64_t timeout) {
  return guarded([&] {
    c10d::TCPStoreOptions options;
    options.port = port;
    options.isServer = serves;
    options.waitWorkers = false;
    options.timeout = milliseconds(timeout);
    // Takes over what TORCH_CPP_LOG_LEVEL says, which only Python does by itself.
    c10::initLogging();
    *out = new ct_store{c10::make_intrusive<c10d::TCPStore>(host, options)};
    handle_created();
  });
}

void ct_store_free(ct_store *store) {
  if (store == nullptr) return;
  delete store;
  handle_destroyed();
}

ct_error *ct_store_set(ct_store *store, const char *key, const char *text) {
  return guarded([&] { store->value->set(key, bytes_of(text)); });
}

ct_error *ct_store_set_first(char **out, ct_store *store, const char *key, const char *text) {
  return guarded([&] { *out = copy_of(store->value->compareSet(key, {}, bytes_of(text))); });
}

ct_error *ct_store_get(char **out, ct_store *store, const char *key) {
  return guarded([&] { *out = store->value->check({key}) ? copy_of(store->value->get(key)) : nullptr; });
}

ct_error *ct_store_add(int64_t *out, ct_store *store, const char *key, int64_t value) {
  return guarded([&] { *out = store->value->add(key, value); });
}

void ct_text_free(char *text) { std::free(text); }

ct_error *ct_group_join(ct_group **out, ct_store *store, const char *name, const char *address, int32_t rank,
                        int32_t size, int64_t timeout) {
  return guarded([&] {
    *out = new ct_group{{store->value, name, address, rank, size, milliseconds(timeout)}};
    handle_created();
  });
}

bool ct_has_nccl(void) { return has_nccl(); }

ct_error *ct_group_join_devices(ct_group *group, ct_store *store, const char *name, int32_t rank, int64_t timeout) {
  return guarded([&] { group->value.join_devices(store->value, name, rank, milliseconds(timeout)); });
}

void ct_group_free(ct_group *group) {
  if (group == nullptr) return;
  delete group;
  handle_destroyed();
}

ct_error *ct_group_sum(ct_group *group, ct_tensor *tensor) {
  return guarded([&] { group->value.sum(unwrap(tensor)); });
}

ct_error *ct_group_broadcast(ct_group *group, ct_tensor *tensor, int32_t root) {
  return guarded([&] { group->value.broadcast(unwrap(tensor), root); });
}

ct_error *ct_group_gather(ct_group *group, ct_tensor *const *outs, const ct_tensor *tensor) {
  return guarded([&] {
    std::vector<at::Tensor> all;
    for (int i = 0; i < group->value.size(); i++) all.push_back(unwrap(outs[i]));
    group->value.gather(std::move(all), unwrap(tensor));
  });
}

void ct_group_break(ct_group *group, const char *why) { group->value.break_off(why); }

char *ct_group_failure(ct_group *group) {
  const auto why = group->value.failure();
  return why.empty() ? nullptr : copy_of(why);
}

void ct_group_cost(const ct_group *group, int64_t *calls, int64_t *bytes, double *seconds) {
  *calls = group->value.calls;
  *bytes = group->value.bytes;
  *seconds = static_cast<double>(group->value.nanoseconds) * 1e-9;
}

void ct_set_norm_group(ct_group *group) {
  shared_by_norms = group == nullptr ? nullptr : &group->value;
}

}  // extern "C"
