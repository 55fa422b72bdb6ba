// SPDX-License-Identifier: Apache-2.0

import Imaging
import Segmentation
import Torch

/// The steps of a run on a copy of its network, which they may change.
package struct ProbeSubject {
  /// The network that the steps train.
  let network: any Segmenter
  /// One step on a made-up image of a size.
  let step: (PixelSize) -> Void
  /// What a checkpoint holds.
  let state: () -> StepLoop.State
}

/// What the steps of a run cost, measured by a few of them on small made-up images.
///
/// Networks, gradients and the optimiser cost the same whatever the images; the maps between the layers grow
/// with the images' area. So two sizes tell what any other costs.
package struct StepCost: Sendable {
  /// `fixed + slope * pixels`.
  package struct Line: Sendable {
    package var fixed, slope: Double

    package init(fixed: Double, slope: Double) {
      (self.fixed, self.slope) = (fixed, slope)
    }

    /// Through two points; neither part is below 0.
    init(_ small: (pixels: Int, value: Double), _ large: (pixels: Int, value: Double)) {
      slope = max(0, (large.value - small.value) / Double(large.pixels - small.pixels))
      fixed = max(0, small.value - slope * Double(small.pixels))
    }

    package func at(_ pixels: Int) -> Double { fixed + slope * Double(pixels) }
  }

  /// Bytes of one network.
  package var network: Int
  /// Bytes that stay between steps: all networks and the optimiser's state.
  package var kept: Int
  /// Bytes at a step's peak, `kept` among them, by the pixels of the batch.
  package var memory: Line
  /// Seconds of a step, by the pixels of the batch.
  package var seconds: Line
  /// Bytes and seconds that a pixel costs in a pass without gradients.
  package var passMemory, passSeconds: Double
  /// Bytes of a checkpoint file.
  package var checkpoint: Int

  package init(
    network: Int, kept: Int, memory: Line, seconds: Line, passMemory: Double, passSeconds: Double,
    checkpoint: Int
  ) {
    (self.network, self.kept, self.checkpoint) = (network, kept, checkpoint)
    (self.memory, self.seconds) = (memory, seconds)
    (self.passMemory, self.passSeconds) = (passMemory, passSeconds)
  }

  /// Measures on what `make` gives, which is let go again; no tensor of the run is touched.
  ///
  /// - `checkStop`: asked between steps; what it throws ends the measurement.
  package static func measure(
    crop: PixelSize, checkStop: () throws -> Void = {}, _ make: () throws -> ProbeSubject
  ) throws -> StepCost {
    try MemoryCounter.count { counter in
      let subject = try make()
      var size = smallSize(for: subject.network, crop)
      try checkStop()
      let small = sample(subject, size, counter)
      // As large as the crop, if steps stay short.
      repeat {
        size = size.width <= size.height ? size.widened(2) : size.heightened(2)
      } while size.area < crop.area
        && small.seconds * 2 * Double(size.area) / Double(small.pixels) < longestStep
      try checkStop()
      let large = sample(subject, size, counter)
      try checkStop()
      let (kept, pass) = (counter.takeHeld(), self.pass(subject.network, size, counter))
      var memory = Line((small.pixels, Double(small.peak)), (large.pixels, Double(large.peak)))
      // In steps on small images the gradients are the peak, not the maps that they are computed from.
      let maps = Line(
        Self.maps(subject.network, smallSize(for: subject.network, crop), counter),
        Self.maps(subject.network, size, counter))
      memory.slope = max(memory.slope, maps.slope)
      return StepCost(
        network: subject.network.store.byteCount, kept: kept, memory: memory,
        seconds: Line((small.pixels, small.seconds), (large.pixels, large.seconds)),
        passMemory: Double(pass.peak - kept) / Double(size.area),
        passSeconds: pass.seconds / Double(size.area),
        checkpoint: fileBytes(subject.state()))
    }
  }

  /// Seconds that a step of the measurement should stay below.
  private static let longestStep = 0.25

  private typealias Sample = (pixels: Int, peak: Int, seconds: Double)

  private static func smallSize(for network: any Segmenter, _ crop: PixelSize) -> PixelSize {
    // Of which a method that looks at half the size takes statistics of one image.
    let least = max(16, 4 * network.coarsestStride)
    func length(_ side: Int) -> Int { network.inputLength(nearest: Double(max(least, min(64, side)))) }
    return PixelSize(width: length(crop.width), height: length(crop.height))
  }

  /// The peak and the shortest of a few steps; one before makes what is made once only.
  private static func sample(_ subject: ProbeSubject, _ size: PixelSize, _ counter: MemoryCounter) -> Sample {
    shortest(size, counter) { subject.step(size) }
  }

  private static func pass(
    _ network: any Segmenter, _ size: PixelSize, _ counter: MemoryCounter
  ) -> Sample {
    shortest(size, counter) {
      withoutGradients { _ = network(network.input([.made(size)]), .evaluation).logits.sum().item }
    }
  }

  /// Bytes that a forward pass leaves for the backward pass.
  private static func maps(
    _ network: any Segmenter, _ size: PixelSize, _ counter: MemoryCounter
  ) -> (pixels: Int, value: Double) {
    let before = counter.takeHeld()
    let prediction = network(network.input([.made(size)]), .batchStatistics)
    let bytes = counter.takeHeld() - before
    return withExtendedLifetime(prediction) { (size.area, Double(bytes)) }
  }

  private static func shortest(_ size: PixelSize, _ counter: MemoryCounter, _ body: () -> Void) -> Sample {
    body()
    _ = counter.takePeak()
    var (best, total) = (Double.infinity, 0.0)
    // Two at least: one alone may have met what another program was at just then.
    for index in 0..<3 where index < 2 || total < 0.1 {
      let seconds = ContinuousClock().measure(body).seconds
      (best, total) = (min(best, seconds), total + seconds)
    }
    return (size.area, counter.takePeak(), best)
  }

  /// Bytes of a state in a file: its tensors, and about so much to name each.
  private static func fileBytes(_ state: StepLoop.State) -> Int {
    state.reduce(0) { $0 + $1.tensor.bytes.count + $1.name.utf8.count + 60 }
  }
}

extension MemoryCounter {
  /// Bytes held now: the peak since it was asked last, asked twice.
  fileprivate func takeHeld() -> Int {
    _ = takePeak()
    return takePeak()
  }
}

extension ParameterStore {
  /// Bytes of all tensors.
  var byteCount: Int { entries.reduce(0) { $0 + $1.tensor.elementCount * $1.tensor.dtype.byteWidth } }
}

extension PixelSize {
  fileprivate func widened(_ factor: Int) -> PixelSize { PixelSize(width: width * factor, height: height) }
  fileprivate func heightened(_ factor: Int) -> PixelSize {
    PixelSize(width: width, height: height * factor)
  }
}

extension RGBImage {
  /// A made-up picture of all brightnesses.
  static func made(_ size: PixelSize) -> RGBImage {
    RGBImage(size: size, pixels: (0..<3 * size.area).map { UInt8(truncatingIfNeeded: $0 &* 37 >> 3) })
  }
}

// MARK: The steps of the two kinds of run

extension AdaptationSettings {
  /// A step of the method with three views of one image, at a learning rate of 0.
  package func probe(_ network: any Segmenter) throws -> ProbeSubject {
    let method = makeMethod(network.copy())
    let student = method.student
    func input(_ size: PixelSize) -> Tensor { student.input([.made(size)]) }
    let small = network.inputLength(nearest: 64)
    try method.prepare(
      TargetImages(count: 1) { try $0(input(PixelSize(width: small, height: small))) })
    return ProbeSubject(
      network: student,
      step: { size in
        let batch = TargetBatch(
          images: input(size), scaled: input(size), augmented: input(size),
          pseudoLabels: labels([.made(size, student.classCount)]).to(student.store.device))
        _ = method.step(batch, learningRate: 0)
      }, state: { method.state })
  }
}

extension TrainingSettings {
  /// A step of training on one image.
  package func probe(_ network: any Segmenter) -> ProbeSubject {
    let learner = SupervisedLearner(network.copy(), self, classWeights: nil)
    return ProbeSubject(
      network: learner.network,
      step: { size in
        let sample = SupervisedSample(image: .made(size), label: .made(size, network.classCount))
        _ = learner.step([sample], 0)
      }, state: { learner.state })
  }
}

extension LabelMap {
  /// Made-up labels of all classes.
  fileprivate static func made(_ size: PixelSize, _ classCount: Int) -> LabelMap {
    LabelMap(size: size, pixels: (0..<size.area).map { UInt8($0 / 8 % classCount) })
  }
}
