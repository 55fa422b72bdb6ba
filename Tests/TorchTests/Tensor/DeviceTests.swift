// SPDX-License-Identifier: Apache-2.0

import TestSupport
import Testing
import Torch

@Suite("Devices and the machine")
struct DeviceTests {
  @Test("devices are told by name")
  func names() {
    #expect(Device.cpu.description == "cpu")
    #expect(Device.cuda(1).description == "cuda:1")
    #expect(Tensor.ones([1]).device == .cpu)
  }

  @Test("the machine tells its libtorch")
  func machine() {
    #expect(Machine.torchVersion.split(separator: ".").count >= 3)
    #expect(["DEFAULT", "NO AVX", "AVX2", "AVX512", "SVE256", "NEON"].contains(Machine.cpuCapability))
    #expect(Machine.cudaDeviceCount >= 0)
    #expect(Machine.threads >= 1)
  }

  @Test("waiting for the CPU is at once")
  func synchronizing() throws {
    try Device.cpu.synchronize()
  }

  // A machine with a CUDA device has nothing to refuse.
  @Test("a CUDA device that is not there is refused", .enabled(if: Machine.cudaDeviceCount == 0))
  func missingDevice() {
    let error = #expect(throws: TorchError.self) { try Device.cuda(0).synchronize() }
    #expect(error?.operation == "synchronize")
    #expect(error?.message.isEmpty == false)
  }

  // Needs a CUDA device.
  @Test("a CUDA device computes what the CPU does", .enabled(if: Machine.cudaDeviceCount > 0))
  func cuda() throws {
    let x = TensorGenerator(seed: 1).normal([2, 3, 4, 5])
    let there = x.to(.cuda(0))
    #expect(there.device == .cuda(0))
    assertClose((there * there).sum(1).to(.cpu), (x * x).sum(1))
    assertClose(Tensor.range(3, on: .cuda(0)) + Tensor.ones([3], dtype: .int64, on: .cuda(0)), [1, 2, 3])
    try Device.cuda(0).synchronize()
  }

  @Test("threads and subnormal numbers are set for the process")
  func processSettings() async {
    await #expect(processExitsWith: .success) {
      Machine.threads = 1
      #expect(Machine.threads == 1)
      let tiny = floats([Float.leastNonzeroMagnitude * 65536], 1)
      #expect((tiny * 0.5).item > 0)
      if Machine.flushDenormals(true) { #expect((tiny * 0.5).item == 0) }
    }
  }

  @Test("the arithmetic of layers is counted, that of their backward passes too")
  func operations() {
    func counted(_ body: () -> Void) -> Int {
      let before = Machine.operations
      body()
      return Machine.operations - before
    }
    let (x, weight) = (Tensor.ones([2, 3, 8, 8]), Tensor.ones([5, 3, 3, 3]))
    let products = 2 * 2 * 5 * 8 * 8 * 3 * 9
    #expect(counted { _ = x.conv2d(weight, Window(padding: 1)) } >= products)
    // Other tests may count beside this one, so bounds are all that holds.
    weight.requiresGradient = true
    #expect(counted { _ = x.conv2d(weight, Window(padding: 1)) } >= 2 * products)
    #expect(counted { _ = Tensor.ones([4, 6]).matmul(.ones([6, 7])) } >= 2 * 4 * 7 * 6)
  }
}
