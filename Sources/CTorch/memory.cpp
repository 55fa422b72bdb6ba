// SPDX-License-Identifier: Apache-2.0
// Counts the bytes that libtorch's allocators hand out to the work of a thread.
#include <c10/core/Allocator.h>
#include <c10/util/ThreadLocalDebugInfo.h>

#include <algorithm>
#include <memory>
#include <mutex>

#include "boundary.hpp"

using namespace ctorch;

namespace {

/// Told of every block by the allocators, from whatever thread works for the one that counts.
class Counter final : public c10::MemoryReportingInfoBase {
 public:
  void reportMemoryUsage(void *, int64_t bytes, size_t, size_t, c10::Device) override {
    std::lock_guard<std::mutex> lock(mutex_);
    held_ += bytes;
    peak_ = std::max(peak_, held_);
  }
  bool memoryProfilingEnabled() const override { return true; }

  int64_t take_peak() {
    std::lock_guard<std::mutex> lock(mutex_);
    const int64_t peak = peak_;
    peak_ = held_;
    return peak;
  }

 private:
  std::mutex mutex_;
  int64_t held_ = 0;
  int64_t peak_ = 0;
};

}  // namespace

struct ct_memory_counter {
  std::shared_ptr<Counter> counter;
};

extern "C" {

ct_error *ct_memory_counter_start(ct_memory_counter **out) {
  return guarded([&] {
    auto handle = std::make_unique<ct_memory_counter>();
    handle->counter = std::make_shared<Counter>();
    c10::ThreadLocalDebugInfo::_push(c10::DebugInfoKind::PROFILER_STATE, handle->counter);
    *out = handle.release();
  });
}

int64_t ct_memory_counter_take_peak(ct_memory_counter *handle) { return handle->counter->take_peak(); }

void ct_memory_counter_stop(ct_memory_counter *handle) {
  ct_error_free(guarded([&] { c10::ThreadLocalDebugInfo::_pop(c10::DebugInfoKind::PROFILER_STATE); }));
  delete handle;
}

}  // extern "C"
