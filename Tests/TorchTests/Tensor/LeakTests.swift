// SPDX-License-Identifier: Apache-2.0

import TestSupport
import Testing
import Torch

// Handles are counted over the whole process, so each check has a process of its own.
@Suite("Every handle is given back")
struct LeakTests {
  @Test("by creation, reading and arithmetic")
  func arithmetic() async {
    await #expect(processExitsWith: .success) {
      leakChecked {
        let (x, y) = (floats([1, 2, 3, 4], 2, 2), Tensor.full(2, [2, 2]))
        _ = [x + y, x - y, x * y, x / y, x + 1, x * 2, 1 - x, -x, x / 3]
        _ = [x.exp(), x.log(), x.squareRoot(), x.clamped(from: 2)]
        _ = [x.equals(y), x.equals(1), x.isLess(than: 2), x.equals(1).not(), x.equals(1).and(x.equals(y))]
        _ = [x.replaced(where: x.equals(1), with: 0), Tensor.range(3), .zeros([1]), .ones([0])]
        _ = (x.isFinite, x.shape, x.dtype, x.device, x.scalars(as: Float.self), x.stored, x.mean().item)
        _ = Tensor(x.stored)
        _ = Tensor.filled([2]) { (memory: UnsafeMutableBufferPointer<Float>) in memory.update(repeating: 0) }
        _ = x.withMemory(of: Float.self) { $0.count }
      }
    }
  }

  @Test("by reductions, shapes and random tensors")
  func shapes() async {
    await #expect(processExitsWith: .success) {
      leakChecked {
        let generator = TensorGenerator(seed: 1)
        let (x, index) = (generator.uniform([2, 3]), integers([1, 0], 2))
        generator.state = generator.state
        _ = [x.sum(), x.mean(0), x.norm(1), x.argmax(1), index.histogram(bins: 2), generator.normal([2])]
        _ = x.largest(1, along: 1)
        _ = [x.reshaped(3, 2), x.permuted(1, 0), x.slice(0..<1, along: 1), x.flipped(along: 0)]
        _ = [
          Tensor.concatenated([x, x, x], along: 0), x.selecting(index, along: 1), index.oneHot(classes: 3),
        ]
        _ = [x.gathering(index.reshaped(2, 1), along: 1), x.matmul(x.permuted(1, 0)), x.to(.float64)]
        _ = [x.copy(), x.contiguous(), x.reshaped(1, 2, 3, 1).channelsLast(), x.detached()]
      }
    }
  }

  @Test("by image operations and their gradients")
  func images() async {
    await #expect(processExitsWith: .success) {
      leakChecked {
        let random = TensorGenerator(seed: 1)
        let (x, weight) = (random.normal([2, 3, 6, 6]), random.normal([3, 3, 3, 3]))
        x.requiresGradient = true
        let window = Window(stride: 2, padding: 1)
        let y = x.conv2d(weight, bias: .ones([3]), window).prelu(.ones([3])).relu()
        let z =
          y.resizedBilinear(height: 6, width: 6)
          + x.maxPooled(kernel: 3, window).resizedNearest(height: 6, width: 6)
        let w = z.averagePooled(kernel: 3, window).convTranspose2d(
          random.normal([3, 3, 2, 2]), Window(stride: 2))
        let target = Tensor.zeros([2, 6, 6], dtype: .int64)
        let loss = w.logSoftmax(1).negativeLogLikelihood(of: target, ignoring: 255)
        (loss.mean() + w.softmax(1).sum()).backward()
        _ = x.gradient
        x.clearGradient()
      }
    }
  }

  @Test("by the objective in one pass and gradients from several tensors")
  func objective() async {
    await #expect(processExitsWith: .success) {
      leakChecked {
        let random = TensorGenerator(seed: 1)
        let (logits, similarities) = (random.normal([1, 3, 2, 2]), random.normal([1, 3, 2, 2]))
        for leaf in [logits, similarities] { leaf.requiresGradient = true }
        var pass = DenseObjective(
          logits: logits, judge: random.normal([1, 3, 3, 3]), labels: .zeros([1, 5, 5], dtype: .uint8),
          classWeights: .ones([3]), similarities: similarities)
        pass.trust = .logits
        for weight in [0, 1.0] {
          (pass.weights.trusted, pass.weights.mutual) = (1, weight)
          let found = pass.evaluated()
          Tensor.backward(
            from: [(logits, found.logits)] + (found.similarities.map { [(similarities, $0)] } ?? []))
        }
        #expect(similarities.gradient != nil)
      }
    }
  }

  @Test("by networks, optimisers and their states")
  func training() async {
    await #expect(processExitsWith: .success) {
      leakChecked {
        let store = ParameterStore(seed: 1)
        let convolution = Convolution(Scope(store) / "conv", 3, 4, kernel: 3, bias: true)
        let norm = BatchNorm(Scope(store) / "bn", 4)
        let groups = [ParameterGroup("all", store.trainable, updates: 2)]
        let optimisers: [any Optimizer] = [SGD(groups), AdamW(groups)]
        for optimiser in optimisers {
          for mode in [Mode.training, .evaluation, .batchStatistics, .estimating(share: 0.5)] {
            norm(convolution(.ones([2, 3, 5, 5])), mode).sum().backward()
            optimiser.step(learningRate: 0.1)
          }
          #expect(optimiser.load(optimiser.state).isExact)
        }
        #expect(store.load(store.state).isExact)
        let other = ParameterStore(seed: 2)
        _ = Convolution(Scope(other) / "conv", 3, 4, kernel: 3, bias: true)
        _ = BatchNorm(Scope(other) / "bn", 4)
        other.copy(from: store)
        other.follow(store, keep: 0.9)
      }
    }
  }

  @Test("by errors that are caught", .enabled(if: Machine.cudaDeviceCount == 0))
  func errors() async {
    await #expect(processExitsWith: .success) {
      leakChecked {
        for _ in 0..<3 { #expect(throws: TorchError.self) { try Device.cuda(0).synchronize() } }
      }
    }
  }
}
