// SPDX-License-Identifier: Apache-2.0

import TestSupport
import Testing
import Torch

@Suite("Making and reading tensors")
struct CreationTests {
  @Test("Swift numbers go in and come out unchanged")
  func roundTrips() {
    #expect(Tensor([0, 1, 255] as [UInt8], shape: [3]).scalars(as: UInt8.self) == [0, 1, 255])
    #expect(Tensor([.min, -1, .max] as [Int32], shape: [3]).scalars(as: Int32.self) == [.min, -1, .max])
    #expect(integers([.min, -1, .max], 3).scalars(as: Int64.self) == [.min, -1, .max])
    #expect(floats([-0.1, 3e38, .ulpOfOne], 3).scalars(as: Float.self) == [-0.1, 3e38, .ulpOfOne])
    #expect(Tensor([1e300, -2e-300], shape: [1, 2]).scalars(as: Double.self) == [1e300, -2e-300])
  }

  @Test("every type is made, told and stored", arguments: DType.allCases)
  func types(dtype: DType) {
    let tensor = Tensor.full(1, [2, 3], dtype: dtype)
    #expect(tensor.dtype == dtype)
    #expect(tensor.shape == [2, 3])
    let stored = tensor.stored
    #expect(stored.bytes.count == 6 * dtype.byteWidth)
    #expect(Tensor(stored).stored == stored)
    #expect(values(stored) == [1, 1, 1, 1, 1, 1])
    #expect(tensor.slice(0..<1, along: 0).slice(1..<2, along: 1).item == 1)
    #expect(Tensor.zeros([4], dtype: dtype).stored.bytes.allSatisfy { $0 == 0 })
  }

  @Test("every type converts to every other", arguments: DType.allCases)
  func conversions(from: DType) {
    for to in DType.allCases {
      let converted = Tensor([0, 1, 1, 0] as [UInt8], shape: [4]).to(from).to(to)
      #expect(converted.dtype == to)
      #expect(values(converted.stored) == [0, 1, 1, 0], "\(from) to \(to)")
    }
  }

  @Test("floating types are told from the others")
  func floatingTypes() {
    #expect(DType.allCases.filter(\.isFloatingPoint) == [.float16, .float32, .float64, .bfloat16])
  }

  @Test("shapes of no elements and of no axes hold")
  func edges() {
    let scalar = floats([2.5])
    #expect(scalar.shape == [] && scalar.rank == 0 && scalar.elementCount == 1 && scalar.item == 2.5)
    let empty = Tensor([] as [Float], shape: [0, 3])
    #expect(empty.shape == [0, 3] && empty.elementCount == 0 && empty.scalars(as: Float.self) == [])
    #expect(empty.stored.bytes.isEmpty)
    #expect(Tensor.range(0).shape == [0])
    #expect(empty.withMemory(of: Float.self) { $0.count } == 0)
    let filled = Tensor.filled([0]) { (memory: UnsafeMutableBufferPointer<Float>) in
      memory.update(repeating: 1)
    }
    #expect(filled.shape == [0])
  }

  @Test("ranges and constant tensors hold their values")
  func constants() {
    assertClose(.range(4), integers([0, 1, 2, 3], 4))
    assertClose(.range(3, dtype: .float32), floats([0, 1, 2], 3))
    assertClose(.ones([2]), floats([1, 1], 2))
    assertClose(.full(-2.5, [2, 1], dtype: .float64), [-2.5, -2.5], shape: [2, 1])
    #expect(Tensor.full(1, [1]).description == "Tensor(float32, [1], cpu)")
  }

  @Test("memory that is filled is the tensor's, and views lend it")
  func memory() {
    let tensor = Tensor.filled([2, 3]) { (memory: UnsafeMutableBufferPointer<Int32>) in
      for i in memory.indices { memory[i] = Int32(i * i) }
    }
    #expect(tensor.scalars(as: Int32.self) == [0, 1, 4, 9, 16, 25])
    let row = tensor.slice(1..<2, along: 0)
    row.withMemory(of: Int32.self) { $0[0] = -7 }
    #expect(tensor.scalars(as: Int32.self) == [0, 1, 4, -7, 16, 25])
  }

  @Test("an error in the filling comes through")
  func fillingFails() {
    struct Refused: Error {}
    #expect(throws: Refused.self) {
      try Tensor.filled([2]) { (_: UnsafeMutableBufferPointer<Float>) in throw Refused() }
    }
  }

  @Test("a tensor that is not contiguous is read in row-major order")
  func strided() {
    let transposed = floats([1, 2, 3, 4, 5, 6], 2, 3).permuted(1, 0)
    #expect(transposed.scalars(as: Float.self) == [1, 4, 2, 5, 3, 6])
    assertClose(Tensor(transposed.stored), floats([1, 4, 2, 5, 3, 6], 3, 2))
  }

  @Test("a handle outlives every use of a temporary")
  func lifetimes() {
    for i in 0..<500 {
      let x = Double(i)
      let sum = (Tensor.full(x, [257]) + Tensor.full(1, [257])) * Tensor.full(2, [257])
      #expect(sum.mean().item == 2 * (x + 1))
      let kept = Tensor.full(x, [257]).withMemory(of: Float.self) { memory in
        let others = (0..<4).map { _ in Tensor.full(-1, [257]) }
        return others.count == 4 ? memory.reduce(0, +) : 0
      }
      #expect(kept == Float(257 * i))
      #expect(Tensor.concatenated([.full(x, [3]), .full(x, [4])], along: 0).sum().item == 7 * x)
      #expect(TensorGenerator(seed: 5).uniform([64]).isFinite)
    }
  }
}
