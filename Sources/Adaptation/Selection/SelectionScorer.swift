// SPDX-License-Identifier: Apache-2.0

import Imaging
import Segmentation
import Torch

/// Asks a network about a subset of images and computes all criteria that need no other network.
///
/// Passes are those of prediction: stored statistics, nothing of the network changes, nothing is drawn. An
/// image costs three passes: plain, mixed with the image before, and mirrored at 3/4 of the size.
public struct SelectionScorer {
  /// The images and pixels that networks are asked about.
  public let subset: SelectionSubset

  /// A scorer on a subset.
  public init(_ subset: SelectionSubset) {
    self.subset = subset
  }

  /// - `precision`: what the network computes in.
  /// - `sampled`: called with the class probabilities of each image's pixels, [N, C], in order.
  /// - `progress`: called after each image with the count so far; what it throws ends the work.
  public func score(
    _ network: any Segmenter, in precision: Precision = .float32,
    sampled: (Tensor) throws -> Void = { _ in }, progress: (Int) throws -> Void = { _ in }
  ) throws -> SelectionScores {
    try withoutGradients {
      var tally = Tally(classCount: network.classCount)
      let view = NetworkView(network: network, size: subset.size, precision: precision)
      var (first, before): (Seen?, Seen?)
      for (index, image) in subset.images.enumerated() {
        let seen = Seen(view.input(image), view)
        let probabilities = view.probabilities(seen, at: subset.pixels[index])
        try sampled(probabilities)
        tally.add(probabilities, seen.classes)
        tally.geometric.add(plain: seen.classes, changed: view.changedClasses(seen.input))
        if let before { tally.mix.add(seen, over: before, view) }
        (first, before) = (first ?? seen.withoutLogits, seen.withoutLogits)
        try progress(index + 1)
      }
      if let first, let before, subset.images.count > 1 { tally.mix.add(first, over: before, view) }
      return tally.scores
    }
  }
}

/// What a network makes of inputs of one size.
private struct NetworkView {
  let network: any Segmenter
  let size: PixelSize
  let precision: Precision

  func input(_ image: RGBImage) -> Tensor { network.input([image]) }

  func logits(_ input: Tensor) -> Tensor { network(input, .evaluation, in: precision).logits }

  /// uint8 [H, W] at the subset's size.
  func classes(_ logits: Tensor) -> Tensor {
    WinningClasses(of: [logits], height: size.height, width: size.width, alignCorners: true).classes
  }

  func changedClasses(_ input: Tensor) -> Tensor {
    func length(_ side: Int) -> Int {
      network.inputLength(nearest: GeometricConsistency.scale * Double(side))
    }
    let changed = GeometricConsistency.changed(
      input, height: length(size.height), width: length(size.width))
    return classes(GeometricConsistency.undone(logits(changed)))
  }

  /// Class probabilities of pixels. Shapes: -> [N, C].
  func probabilities(_ seen: Seen, at pixels: [Int]) -> Tensor {
    let (height, width) = (size.height, size.width)
    let isWhole = seen.logits.shape.suffix(2) == [height, width]
    let scores = isWhole ? seen.logits : seen.logits.resizedBilinear(height: height, width: width)
    let places = Tensor(pixels.map(Int64.init), shape: [pixels.count]).to(scores.device)
    return scores.reshaped(scores.shape[1], -1).selecting(places, along: 1).permuted(1, 0).softmax(1)
  }
}

/// An image as a network saw it.
private struct Seen {
  let input: Tensor
  let classes: Tensor
  private let held: Tensor?

  /// Of one that still has them.
  var logits: Tensor {
    guard let held else { fatalError("the scores were let go") }
    return held
  }

  init(_ input: Tensor, _ view: NetworkView) {
    let logits = view.logits(input)
    self.init(input: input, classes: view.classes(logits), held: logits)
  }

  private init(input: Tensor, classes: Tensor, held: Tensor?) {
    (self.input, self.classes, self.held) = (input, classes, held)
  }

  /// Without the largest part, for the time until the next image.
  var withoutLogits: Seen { Seen(input: input, classes: classes, held: nil) }
}

extension MixAgreement {
  fileprivate mutating func add(_ dominant: Seen, over other: Seen, _ view: NetworkView) {
    let mixture = view.classes(view.logits(Self.mixed(dominant.input, other.input)))
    add(dominant: dominant.classes, other: other.classes, mixture: mixture)
  }
}

/// Sums over images.
private struct Tally {
  private var images = 0.0
  private var (entropy, density) = (0.0, 0.0)
  private var mean: Tensor?
  private var nuclear = NuclearNorm()
  private var counts: [Double]
  var geometric: GeometricConsistency
  var mix = MixAgreement()

  init(classCount: Int) {
    counts = [Double](repeating: 0, count: classCount)
    geometric = GeometricConsistency(classCount: classCount)
  }

  /// Shapes: probabilities of sampled pixels [N, C], the classes of all pixels [H, W].
  mutating func add(_ probabilities: Tensor, _ classes: Tensor) {
    images += 1
    entropy += meanEntropy(probabilities)
    density += softNeighbourhoodDensity(probabilities)
    let own = probabilities.to(.float64).mean(0, keepingAxes: true)
    mean = mean.map { $0 + own } ?? own
    nuclear.add(probabilities)
    let found = classes.to(.int64).reshaped(-1).histogram(bins: counts.count).to(.cpu)
    for (index, count) in found.scalars(as: Int64.self).enumerated() { counts[index] += Double(count) }
  }

  var scores: SelectionScores {
    guard let mean else { fatalError("no image was scored") }
    var values: [Criterion: Double] = [
      .entropy: entropy / images, .snd: density / images, .bnm: nuclear.value,
      .im: information(meanProbabilities: mean / images, entropy / images),
    ]
    values[.mixval] = mix.value
    values[.geometric] = geometric.value
    let all = counts.reduce(0, +)
    return SelectionScores(values: values, histogram: counts.map { $0 / all })
  }
}
