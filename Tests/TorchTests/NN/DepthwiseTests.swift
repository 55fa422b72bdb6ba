// SPDX-License-Identifier: Apache-2.0

import TestSupport
import Testing
import Torch

@Suite("Convolutions of single channels")
struct DepthwiseTests {
  /// A layer's result with the gradients of its input and parameters for a fixed probe, in one form.
  private func run(
    _ form: LayerForm, _ x: Tensor, _ store: ParameterStore, in precision: DType = .float32,
    _ layer: (Tensor) -> Tensor
  ) throws -> [Tensor] {
    let input = x + 0
    input.requiresGradient = true
    store.clearGradients()
    let result = withLayers(form) { layer(input.to(precision).inLayerLayout()).to(.float32) }
    (result * TensorGenerator(seed: 3).normal(result.shape)).sum().backward()
    let alone = withLayers(form) { withoutGradients { layer(x.to(precision).inLayerLayout()).to(.float32) } }
    assertClose(alone, result.detached(), relative: 1e-6, absolute: 1e-6)
    return [result.detached(), try #require(input.gradient)]
      + (try store.trainable.map { try #require($0.tensor.gradient) + 0 })
  }

  private func compare(_ x: Tensor, _ store: ParameterStore, _ layer: (Tensor) -> Tensor) throws {
    let expected = try run(.composed, x, store, layer)
    for (found, expected) in zip(try run(.fused, x, store, layer), expected) {
      assertClose(found, expected, relative: 1e-4, absolute: 1e-4)
    }
    for (found, expected) in zip(try run(.fused, x, store, in: .bfloat16, layer), expected) {
      let scale = expected.norm().item / Double(expected.elementCount).squareRoot()
      assertClose(found, expected, relative: 0.1, absolute: 0.1 * scale)
    }
  }

  @Test(
    "side by side have the results and gradients of libtorch's, one by one",
    arguments: [
      (4, [1, 2, 3, 4], 1, true), (3, [1, 1, 2, 3], 1, true), (5, [1, 2, 3, 4], 2, true),
      (33, [2, 1], 2, false), (10, [1], 1, false), (160, [7], 1, false),
    ] as [(Int, [Int], Int, Bool)])
  func ladder(channels: Int, dilations: [Int], stride: Int, sums: Bool) throws {
    let store = ParameterStore(seed: 4)
    let ladder = DepthwiseLadder(
      dilations.indices.map { Scope(store) / $0 }, channels, dilations: dilations, stride: stride, sums: sums)
    for size in [[2, channels, 9, 14], [1, channels, 1, 1], [3, channels, 8, 5]] {
      try compare(TensorGenerator(seed: 5).normal(size), store, ladder.callAsFunction)
    }
  }

  @Test("merging channels have the results and gradients of a shuffle and a grouped convolution")
  func merge() throws {
    for (channels, parts) in [(2, 5), (16, 5), (3, 1)] {
      let store = ParameterStore(seed: 4)
      let merge = DepthwiseMerge(Scope(store), channels, parts: parts)
      for (height, width) in [(7, 9), (1, 1)] {
        let x = TensorGenerator(seed: 6).normal([2, parts * channels, height, width])
        try compare(x, store, merge.callAsFunction)
      }
    }
  }

  @Test("the number of threads changes no bit")
  func threads() throws {
    let before = Machine.threads
    defer { Machine.threads = before }
    let store = ParameterStore(seed: 4)
    let ladder = DepthwiseLadder(
      (0..<3).map { Scope(store) / $0 }, 24, dilations: [1, 2, 3], sums: true)
    let x = TensorGenerator(seed: 5).normal([2, 24, 40, 50])
    let results = try [1, 2].map { count in
      Machine.threads = count
      return try run(.fused, x, store, ladder.callAsFunction)
    }
    for (one, two) in zip(results[0], results[1]) { #expect(one.stored == two.stored) }
  }
}

@Suite("A normalisation to which a map is added")
struct AddingNormTests {
  @Test(
    "has the results and gradients of libtorch's layers, one by one",
    arguments: [Mode.training, .evaluation, .batchStatistics])
  func gradients(mode: Mode) throws {
    for activation in ["none", "relu", "prelu"] {
      let results = try [LayerForm.composed, .fused].map { form -> [Tensor] in
        let store = ParameterStore(seed: 1)
        let norm = BatchNorm(Scope(store) / "bn", 6)
        let then: Activation =
          switch activation {
          case "none": .none
          case "relu": .relu
          default: .prelu(Scope(store) / "act", 6)
          }
        let random = TensorGenerator(seed: 8)
        store.take(
          store.entries.map {
            let low = $0.name == "act.weight" ? -1.5 : 0.5
            return ($0.name, random.uniform($0.tensor.shape, from: low, to: 1.5).stored)
          })
        let (x, other) = (random.normal([3, 6, 5, 7]), random.normal([3, 6, 5, 7]))
        (x.requiresGradient, other.requiresGradient) = (true, true)
        let result = withLayers(form) { norm(x, adding: other, then: then, mode) }
        (result * random.normal(result.shape)).sum().backward()
        return [result.detached(), try #require(x.gradient), try #require(other.gradient)]
          + (try store.trainable.map { try #require($0.tensor.gradient) })
      }
      for (expected, found) in zip(results[0], results[1]) {
        assertClose(found, expected, relative: 1e-4, absolute: 1e-4, activation)
      }
    }
  }
}

@Suite("Sizes that are shares of others")
struct ScaledSizeTests {
  @Test("are rounded up and never below the least; pooling and resizing reach them")
  func sizes() {
    let x = TensorGenerator(seed: 2).normal([1, 2, 7, 41])
    for (scale, expected) in [
      (ScaledSize(2, least: 5), [14, 82]), (ScaledSize(3, over: 2, least: 5), [11, 62]),
      (ScaledSize(1, over: 10, least: 5), [5, 5]), (ScaledSize(1, over: 2, least: 3), [4, 21]),
    ] {
      #expect(Array(x.resizedBilinear(to: scale).shape[2...]) == expected)
      #expect(Array(x.adaptiveAveragePooled(to: scale).shape[2...]) == expected)
      #expect(x.adaptiveAveragePooled(to: scale).adaptiveAveragePooled(like: x).shape == x.shape)
    }
    let row = Tensor((0..<7).map { Float($0) }, shape: [1, 1, 1, 7])
    let means = row.adaptiveAveragePooled(like: .zeros([1, 3])).scalars(as: Float.self)
    #expect(means == [1, 3, 5])
    #expect(
      Tensor([Float(0), 40, -40], shape: [3]).sigmoid().scalars(as: Float.self).map { $0.rounded() } == [
        1, 1, 0,
      ])
  }
}
