// SPDX-License-Identifier: Apache-2.0

import Adaptation
import Segmentation
import TestSupport
import Testing
import Torch

@Suite("Prototypes")
struct PrototypesTests {
  init() { Machine.threads = 1 }

  /// Two features a position on a 1 x 3 grid, and logits whose argmax is the given class.
  private func prediction(_ classes: [[Int]], _ features: [[Float]], classCount: Int = 3) -> Prediction {
    let labels = Tensor(classes.flatMap { $0 }.map(Int64.init), shape: [classes.count, 1, 3])
    return Prediction(
      logits: labels.oneHot(classes: classCount).permuted(0, 3, 1, 2),
      features: Tensor(features.flatMap { $0 }, shape: [features.count, 2, 1, 3]))
  }

  @Test("of each image are its class means, zero where a class is absent")
  func perImage() throws {
    let all = try cases("prototypes")
    #expect(all.count == 4)
    for (name, x) in all {
      var prototypes = Prototypes(.perImage, classCount: 5, decay: 0.99)
      let found = prototypes.update(
        Prediction(logits: try #require(x["logits"]), features: try #require(x["features"])))
      assertClose(found, try #require(x["prototypes"]), name)
    }
  }

  @Test("of the run enter as they are, then move, and stay where a class is absent")
  func momentum() {
    var prototypes = Prototypes(.momentum, classCount: 3, decay: 0.75)
    // Class 0 at (1, 10) and (3, 30), class 1 at (5, 50); then class 0 at (10, 0) over two images.
    let first = prototypes.update(prediction([[0, 0, 1]], [[1, 3, 5, 10, 30, 50]]))
    assertClose(first, [2, 20, 5, 50, 0, 0], shape: [1, 3, 2])
    let second = prototypes.update(
      prediction([[0, 0, 0], [0, 0, 2]], [[10, 10, 10, 0, 0, 0], [10, 10, 4, 0, 0, 8]]))
    assertClose(second, [0.75 * 2 + 2.5, 15, 5, 50, 4, 8], shape: [1, 3, 2])
  }

  @Test("of the run go on from a stored state")
  func restored() {
    var whole = Prototypes(.momentum, classCount: 3, decay: 0.9)
    let (a, b) = (
      prediction([[0, 0, 1]], [[1, 2, 3, 4, 5, 6]]), prediction([[1, 2, 0]], [[9, 8, 7, 6, 5, 4]])
    )
    _ = whole.update(a)
    var resumed = Prototypes(.momentum, classCount: 3, decay: 0.9)
    resumed.restore(bank: whole.bank, seen: whole.seen)
    assertClose(resumed.update(b), whole.update(b), relative: 0, absolute: 0)
  }

  @Test("of the whole set are means over all images, and never move")
  func fixed() throws {
    let network = StubSegmenter()
    var prototypes = Prototypes(.static, classCount: 3, decay: 0.99)
    #expect(prototypes.needsWholeSet && !prototypes.needsTeacher)
    let generator = TensorGenerator(seed: 2)
    let images = (0..<3).map { _ in generator.normal([1, 3, 8, 8]) }
    try prototypes.fill(from: network, TargetImages(count: 3) { body in try images.forEach(body) })
    #expect(network.modes == [.evaluation, .evaluation, .evaluation])

    // The same by the per-image form, weighted by how many positions each image has of a class.
    var sums = [Double](repeating: 0, count: 12)
    var counts = [Double](repeating: 0, count: 3)
    for image in images {
      let seen = withoutGradients { network(image, .evaluation) }
      let grid = seen.logits.resizedBilinear(height: 8, width: 8).argmax(1).scalars(as: Int64.self)
      let features = seen.features.scalars(as: Float.self)
      for y in 0..<4 {
        for x in 0..<4 {
          let c = Int(grid[2 * y * 8 + 2 * x])
          counts[c] += 1
          for d in 0..<4 { sums[4 * c + d] += Double(features[16 * d + 4 * y + x]) }
        }
      }
    }
    let expected = sums.indices.map { counts[$0 / 4] == 0 ? 0 : sums[$0] / counts[$0 / 4] }
    let batch = Prediction(logits: images[0], features: images[0])
    assertClose(prototypes.update(batch), expected, shape: [1, 3, 4])
    assertClose(prototypes.update(batch), expected, shape: [1, 3, 4])
  }

  @Test("carry no gradient")
  func noGradient() {
    let features = TensorGenerator(seed: 1).normal([1, 2, 1, 3])
    features.requiresGradient = true
    var prototypes = Prototypes(.perImage, classCount: 3, decay: 0)
    let logits = prediction([[0, 1, 2]], [[0, 0, 0, 0, 0, 0]]).logits
    let means = withoutGradients { prototypes.update(Prediction(logits: logits, features: features)) }
    #expect(!means.requiresGradient)
  }
}
