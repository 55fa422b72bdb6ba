// SPDX-License-Identifier: Apache-2.0
#include "boundary.hpp"

#include <atomic>

namespace {

std::atomic<int64_t> live_handles{0};
ct_error out_of_memory{CT_OUT_OF_MEMORY, "no memory"};

}  // namespace

namespace ctorch {

ct_error *make_error(ct_error_kind kind, const char *message) noexcept {
  try {
    auto *error = new ct_error{kind, message};
    handle_created();
    return error;
  } catch (...) {
    return &out_of_memory;
  }
}

void handle_created() noexcept { live_handles.fetch_add(1, std::memory_order_relaxed); }
void handle_destroyed() noexcept { live_handles.fetch_sub(1, std::memory_order_relaxed); }

}  // namespace ctorch

extern "C" {

ct_error_kind ct_error_get_kind(const ct_error *error) { return error->kind; }
const char *ct_error_message(const ct_error *error) { return error->message.c_str(); }

void ct_error_free(ct_error *error) {
  if (error == nullptr || error == &out_of_memory) return;
  delete error;
  ctorch::handle_destroyed();
}

void ct_tensor_free(ct_tensor *tensor) {
  if (tensor == nullptr) return;
  delete tensor;
  ctorch::handle_destroyed();
}

int64_t ct_live_handles(void) { return live_handles.load(std::memory_order_relaxed); }

}  // extern "C"
