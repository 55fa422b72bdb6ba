// SPDX-License-Identifier: Apache-2.0

import TestSupport
import Testing
import Torch

/// The same layers written with plain operations, whose gradients libtorch knows.
private struct Written {
  let store: ParameterStore
  let mode: Mode

  func normalised(_ z: Tensor, _ name: String, epsilon: Double = 1e-5) -> Tensor {
    func vector(_ part: String) -> Tensor { store["\(name).\(part)"]!.tensor.reshaped(1, -1, 1, 1) }
    let isOfBatch = mode != .evaluation
    let mean = isOfBatch ? z.mean(0, 2, 3, keepingAxes: true) : vector("running_mean")
    let centred = z - mean
    let variance =
      isOfBatch ? (centred * centred).mean(0, 2, 3, keepingAxes: true) : vector("running_var")
    return centred / (variance + epsilon).squareRoot() * vector("weight") + vector("bias")
  }

  func convolved(_ x: Tensor, _ name: String, _ window: Window) -> Tensor {
    x.conv2d(store["\(name).weight"]!.tensor, window)
  }

  /// The block: two activations inside, one at the end.
  func block(_ x: Tensor, dilation: Int, shortcut: Bool, adds: Bool) -> Tensor {
    let first = normalised(convolved(x, "c1", Window()), "n1").relu()
    let window = Window(padding: dilation, dilation: dilation)
    let second = normalised(convolved(first, "c2", window), "n2").relu()
    let third = normalised(convolved(second, "c3", Window()), "n3")
    if shortcut { return (third + normalised(convolved(x, "c4", Window()), "n4")).relu() }
    return (adds ? third + x : third).relu()
  }
}

@Suite("A chain of convolutions")
struct ConvolutionChainTests {
  enum Kind: CaseIterable { case plain, residual, projected }

  private static func chain(_ store: ParameterStore, _ input: Int, _ kind: Kind) -> ConvolutionChain {
    let root = Scope(store)
    func stage(_ i: Int, _ a: Int, _ b: Int, kernel: Int = 1, _ activation: Activation = .relu)
      -> ConvolutionChain.Stage
    {
      let window = Window(padding: kernel / 2 * 2, dilation: kernel == 1 ? 1 : 2)
      return ConvolutionChain.Stage(
        Convolution(root / "c\(i)", a, b, kernel: kernel, window),
        BatchNorm(root / "n\(i)", b, activation: activation))
    }
    let output = kind == .projected ? input + 3 : input
    let stages = [stage(1, input, 5), stage(2, 5, 5, kernel: 3), stage(3, 5, output)]
    switch kind {
    case .plain: return ConvolutionChain(in: store, stages)
    case .residual: return ConvolutionChain(in: store, stages, shortcut: .input)
    case .projected:
      return ConvolutionChain(
        in: store, stages, shortcut: .projection(stage(4, input, output, .none)))
    }
  }

  /// Vectors of a network are all alike at the start, which hides mistakes.
  private static func shake(_ store: ParameterStore) {
    let random = TensorGenerator(seed: 8)
    store.take(
      store.entries.filter { $0.tensor.shape.count == 1 }.map {
        ($0.name, random.uniform($0.tensor.shape, from: 0.5, to: 1.5).stored)
      })
  }

  @Test(
    "results and all gradients are those of plain operations",
    arguments: Kind.allCases, [Mode.training, .evaluation, .batchStatistics])
  func gradients(kind: Kind, mode: Mode) throws {
    let store = ParameterStore(seed: 4)
    let chain = Self.chain(store, 7, kind)
    Self.shake(store)
    let random = TensorGenerator(seed: 5)
    let x = random.normal([2, 7, 9, 11])
    let copy = x + 0
    x.requiresGradient = true
    copy.requiresGradient = true
    let written = Written(store: store, mode: mode).block(
      copy, dilation: 2, shortcut: kind == .projected, adds: kind == .residual)
    let probe = random.normal(written.shape)
    (written * probe).sum().backward()
    let expected = try store.trainable.map { try #require($0.tensor.gradient) + 0 }
    let expectedInput = try #require(copy.gradient)
    store.clearGradients()

    let found = chain(x, mode)
    assertClose(found, written.detached(), relative: 1e-5, absolute: 1e-5)
    assertClose(withoutGradients { chain(x, mode) }, written.detached(), relative: 1e-5, absolute: 1e-5)
    (found * probe).sum().backward()
    assertClose(try #require(x.gradient), expectedInput, relative: 1e-4, absolute: 2e-5, "input")
    for (entry, gradient) in zip(store.trainable, expected) {
      assertClose(
        try #require(entry.tensor.gradient), gradient, relative: 1e-4, absolute: 1e-4, entry.name)
    }
  }

  @Test(
    "a sealed network evaluates as before with its normalisations folded, at other sizes too",
    arguments: Kind.allCases, [DType.float32, .bfloat16])
  func sealed(kind: Kind, type: DType) {
    let store = ParameterStore(seed: 4)
    let chain = Self.chain(store, 7, kind)
    Self.shake(store)
    let random = TensorGenerator(seed: 5)
    let inputs = [random.normal([2, 7, 9, 11]), random.normal([1, 7, 16, 5])].map { $0.to(type) }
    let before = withoutGradients { inputs.map { chain($0, .evaluation).to(.float32) } }
    store.seal()
    #expect(store.isSealed && store.entries.isEmpty)
    // bfloat16 keeps 8 bits.
    let tolerance = type == .float32 ? 1e-5 : 0.05
    for (x, expected) in zip(inputs + inputs, before + before) {
      let found = withoutGradients { chain(x, .evaluation) }
      #expect(found.dtype == type)
      assertClose(found.to(.float32), expected, relative: tolerance, absolute: tolerance)
    }
  }

  // oneDNN gives NaN for some of these, which the layers keep clear of.
  @Test(
    "bfloat16 gradients of dilated convolutions are those of float32 but for rounding",
    arguments: [(20, 20), (25, 28), (16, 32), (12, 16)], [2, 8])
  func halfGradients(channels: (input: Int, output: Int), dilation: Int) throws {
    let random = TensorGenerator(seed: 6)
    let x = random.normal([2, channels.input, 17, 33]).channelsLast()
    let probe = random.normal([2, channels.output, 17, 33])
    func gradients(_ type: DType, chained: Bool) throws -> [Tensor] {
      let store = ParameterStore(seed: 4)
      let window = Window(padding: dilation, dilation: dilation)
      let convolution = Convolution(
        Scope(store) / "c", channels.input, channels.output, kernel: 3, window)
      let norm = BatchNorm(Scope(store) / "n", channels.output)
      let layer: (Tensor) -> Tensor =
        chained
        ? { ConvolutionChain(in: store, [.init(convolution, norm)])($0, .training) }
        : { norm(convolution($0), .training) }
      (layer(x.to(type)).to(.float32) * probe).sum().backward()
      return try store.trainable.map { try #require($0.tensor.gradient) }
    }
    for chained in [false, true] {
      let (full, half) = (
        try gradients(.float32, chained: chained), try gradients(.bfloat16, chained: chained)
      )
      for (a, b) in zip(full, half) { #expect((a - b).norm().item < 0.02 * a.norm().item) }
    }
  }
}
