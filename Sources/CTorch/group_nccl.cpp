// SPDX-License-Identifier: Apache-2.0
// NCCL for tensors of CUDA devices. Package.swift sets IAPC_NCCL where libtorch is a CUDA build and the headers are there.
#ifdef IAPC_NCCL
#define USE_C10D_NCCL
#endif
#include "group.hpp"

#ifdef IAPC_NCCL
#include <torch/csrc/distributed/c10d/ProcessGroupNCCL.hpp>

#include <cstdlib>
#endif

namespace ctorch {

#ifdef IAPC_NCCL

bool has_nccl() { return true; }

c10::intrusive_ptr<c10d::Backend> nccl_backend(const c10::intrusive_ptr<c10d::Store> &store, int rank, int size,
                                               std::chrono::milliseconds timeout) {
  // Who is lost is found by its heart. libtorch's own watch would end the program before it has saved anything.
  setenv("TORCH_NCCL_ASYNC_ERROR_HANDLING", "0", /*overwrite=*/0);
  setenv("TORCH_NCCL_ENABLE_MONITORING", "0", /*overwrite=*/0);
  auto options = c10d::ProcessGroupNCCL::Options::create();
  options->timeout = timeout;
  return c10::make_intrusive<c10d::ProcessGroupNCCL>(store, rank, size, options);
}

#else

bool has_nccl() { return false; }

c10::intrusive_ptr<c10d::Backend> nccl_backend(const c10::intrusive_ptr<c10d::Store> &, int, int,
                                               std::chrono::milliseconds) {
  TORCH_CHECK(false, "this library was compiled without NCCL");
}

#endif

}  // namespace ctorch
