// SPDX-License-Identifier: Apache-2.0
// What this machine and this libtorch offer.
#include <ATen/Context.h>
#include <ATen/Parallel.h>
#include <ATen/Version.h>
#include <torch/version.h>

#include <dlfcn.h>

#include <climits>
#ifdef __GLIBC__
#include <malloc.h>
#endif

#include "boundary.hpp"

using namespace ctorch;

extern "C" {

int32_t ct_threads(void) { return at::get_num_threads(); }
ct_error *ct_set_threads(int32_t count) {
  return guarded([&] { at::set_num_threads(count); });
}
void ct_keep_freed_memory(void) {
#ifdef __GLIBC__
  mallopt(M_MMAP_THRESHOLD, 1 << 30);
  mallopt(M_TRIM_THRESHOLD, INT_MAX);
#endif
}

void ct_give_back_freed_memory(void) {
#ifdef __GLIBC__
  malloc_trim(0);
#endif
}

const char *ct_version(void) { return TORCH_VERSION; }

ct_error *ct_cpu_capability(const char **out) {
  return guarded([&] {
    static const std::string name = at::get_cpu_capability();
    *out = name.c_str();
  });
}

int32_t ct_cuda_devices(void) {
  int32_t count = 0;
  ct_error_free(guarded([&] {
    if (at::hasCUDA()) count = static_cast<int32_t>(at::detail::getCUDAHooks().deviceCount());
  }));
  return count;
}

ct_error *ct_synchronize(ct_device device) {
  return guarded([&] {
    if (device.kind == 1) at::detail::getCUDAHooks().deviceSynchronize(static_cast<c10::DeviceIndex>(device.index));
  });
}

const char *ct_library_path(void) {
  // The address of a function inside libtorch: the linker knows the file it was loaded from.
  Dl_info info{};
  return dladdr(reinterpret_cast<const void *>(&at::get_num_threads), &info) != 0 ? info.dli_fname : nullptr;
}

bool ct_set_flush_denormal(bool value) { return at::globalContext().setFlushDenormal(value); }

}  // extern "C"
