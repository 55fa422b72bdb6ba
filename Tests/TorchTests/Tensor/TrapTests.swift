// SPDX-License-Identifier: Apache-2.0

import TestSupport
import Testing
import Torch

@Suite("Mistakes end the process with a full message")
struct TrapTests {
  private func text(_ result: ExitTest.Result?) throws -> String {
    String(decoding: try #require(result).standardErrorContent, as: UTF8.self)
  }

  @Test("wrong shapes: the operation, libtorch's words and the operands")
  func shapes() async throws {
    let result = await #expect(processExitsWith: .failure, observing: [\.standardErrorContent]) {
      _ = Tensor.ones([2, 3]) + Tensor.ones([4], dtype: .float64)
    }
    let told = try text(result)
    #expect(told.contains("add: The size of tensor a (3) must match the size of tensor b (4)"), "\(told)")
    #expect(told.contains("[operands: float32 [2, 3], float64 [4]]"), "\(told)")
    #expect(!told.contains("frame #"), "libtorch's own backtrace is left out")
  }

  @Test("wrong layers: the operation and the operands")
  func layers() async throws {
    let result = await #expect(processExitsWith: .failure, observing: [\.standardErrorContent]) {
      _ = Tensor.ones([1, 3, 4, 4]).conv2d(.ones([2, 5, 3, 3]), Window())
    }
    let told = try text(result)
    #expect(told.contains("conv2d: ") && told.contains("to have 5 channels"), "\(told)")
    #expect(told.contains("[operands: float32 [1, 3, 4, 4], float32 [2, 5, 3, 3]]"), "\(told)")
  }

  @Test("reading as another type")
  func types() async throws {
    let scalars = await #expect(processExitsWith: .failure, observing: [\.standardErrorContent]) {
      _ = Tensor.ones([1]).scalars(as: Double.self)
    }
    #expect(try text(scalars).contains("scalars(as: Double) of a tensor of float32"))
    let memory = await #expect(processExitsWith: .failure, observing: [\.standardErrorContent]) {
      Tensor.ones([1]).withMemory(of: UInt8.self) { _ in }
    }
    #expect(try text(memory).contains("memory of UInt8 of a tensor of float32"))
  }

  @Test("memory of a tensor that is not contiguous, and bytes that do not fill a shape")
  func memory() async throws {
    let strided = await #expect(processExitsWith: .failure, observing: [\.standardErrorContent]) {
      Tensor.ones([2, 3]).permuted(1, 0).withMemory(of: Float.self) { _ in }
    }
    #expect(try text(strided).contains("only a contiguous CPU tensor lends its memory"))
    let short = await #expect(processExitsWith: .failure, observing: [\.standardErrorContent]) {
      _ = Tensor([1, 2, 3] as [Float], shape: [2, 2])
    }
    #expect(try text(short).contains("takes 16 bytes, got 12"))
  }

  @Test("one element of several, and a gradient of several")
  func single() async throws {
    let item = await #expect(processExitsWith: .failure, observing: [\.standardErrorContent]) {
      _ = Tensor.ones([2]).item
    }
    #expect(try text(item).contains("item: "))
    let backward = await #expect(processExitsWith: .failure, observing: [\.standardErrorContent]) {
      let x = Tensor.ones([2])
      x.requiresGradient = true
      (x * 2).backward()
    }
    #expect(try text(backward).contains("backward: grad can be implicitly created only for scalar"))
  }

  @Test("a histogram of a value outside, and dilated average pooling")
  func refused() async throws {
    let histogram = await #expect(processExitsWith: .failure, observing: [\.standardErrorContent]) {
      _ = integers([7], 1).histogram(bins: 5)
    }
    #expect(try text(histogram).contains("bincount: a value of 7 where the largest is 4"))
    let pooling = await #expect(processExitsWith: .failure, observing: [\.standardErrorContent]) {
      _ = Tensor.ones([1, 1, 9, 9]).averagePooled(kernel: 3, Window(dilation: 2))
    }
    #expect(try text(pooling).contains("avgPool2d: average pooling has no dilation"))
  }

  @Test("no memory: what was asked for and what to do")
  func memoryRunsOut() async throws {
    let result = await #expect(processExitsWith: .failure, observing: [\.standardErrorContent]) {
      _ = Tensor.zeros([1 << 50])
    }
    let told = try text(result)
    #expect(
      told.contains("error: the memory ran out (full): ") && told.contains("4503599627370496 bytes"),
      "\(told)")
    #expect(told.contains("free memory, or take smaller images, crops or batches"), "\(told)")
  }

  @Test("no threads")
  func threads() async throws {
    let result = await #expect(processExitsWith: .failure, observing: [\.standardErrorContent]) {
      Machine.threads = 0
    }
    #expect(try text(result).contains("setThreads: Expected positive number of threads"))
  }
}
