// SPDX-License-Identifier: Apache-2.0

import Adaptation
import Imaging
import Segmentation
import TestSupport
import Testing
import Torch

/// A network that sees one pixel at a time.
private final class PixelSegmenter: Segmenter {
  let name = "pixel"
  let variant = "one layer"
  let store = ParameterStore(seed: 3)
  let classCount = 5
  let outputStride = 1
  let sizeMultiple = 4
  let normalisation = Normalisation.imageNet
  private let head: Convolution

  init() { head = Convolution(Scope(store) / "top", 3, 5, kernel: 1) }

  func callAsFunction(_ images: Tensor, _ mode: Mode) -> Prediction {
    Prediction(logits: head(images), features: images)
  }

  func isHead(_ parameter: String) -> Bool { true }
  func isNormalisation(_ parameter: String) -> Bool { false }
  func copy() -> PixelSegmenter {
    let twin = PixelSegmenter()
    twin.store.copy(from: store)
    return twin
  }
}

@Suite("Prediction in windows")
struct TilingTests {
  init() { Machine.threads = 1 }

  private func settings(
    _ width: Int, _ height: Int, overlap: Int? = nil, _ change: (inout PredictionSettings) -> Void = { _ in }
  ) -> PredictionSettings {
    var settings = PredictionSettings()
    settings.tiling = Tiling(size: PixelSize(width: width, height: height), overlap: overlap)
    change(&settings)
    return settings
  }

  @Test("covers every pixel with windows of one size that overlap as asked and begin at multiples")
  func places() {
    for (width, height) in [(64, 32), (72, 40), (32, 16), (24, 8), (104, 88)] {
      let image = PixelSize(width: width, height: height)
      let places = Tiling(size: PixelSize(width: 30, height: 16), overlap: 12).places(in: image, multiple: 8)
      let window = PixelSize(width: min(32, width), height: min(16, height))
      #expect(places.allSatisfy { $0.size == window && $0.fits(in: image) && ($0.x | $0.y) % 8 == 0 })
      let starts = Set(places.map(\.x)).sorted()
      #expect(zip(starts, starts.dropFirst()).allSatisfy { $1 - $0 <= window.width - 12 })
      var seen = [Bool](repeating: false, count: image.area)
      for place in places {
        for y in place.y..<place.y + window.height {
          for x in place.x..<place.x + window.width { seen[y * width + x] = true }
        }
      }
      #expect(!seen.contains(false) && Set(places).count == places.count)
    }
    // As HRDA on Cityscapes: three windows side by side.
    let whole = PixelSize(width: 2048, height: 1024)
    let tiling = Tiling(size: PixelSize(width: 1024, height: 1024))
    #expect(tiling.overlap == 512 && tiling.places(in: whole, multiple: 8).map(\.x) == [0, 512, 1024])
  }

  @Test("one window that covers all is the plain pass, exactly", arguments: [false, true])
  func covering(mirror: Bool) throws {
    let network = try smallNetwork()
    let image = picture(61, 35, seed: 6)
    let plain = Predictor(network, PredictionSettings(mirror: mirror))
    let tiled = Predictor(network, settings(64, 32) { $0.mirror = mirror })
    #expect(tiled.labels(of: image) == plain.labels(of: image))
    let (one, other) = (tiled.labelsAndConfidence(of: image), plain.labelsAndConfidence(of: image))
    #expect(one.labels == other.labels && one.confidence == other.confidence)
  }

  @Test("does not depend on the order of the windows")
  func order() throws {
    let predictor = Predictor(try smallNetwork(), settings(32, 16, overlap: 8))
    let image = picture(64, 48, seed: 7)
    let input = predictor.network.input([image])
    let places = Tiling(size: PixelSize(width: 32, height: 16), overlap: 8).places(
      in: image.size, multiple: 8)
    #expect(places.count == 15)
    let first = withoutGradients { predictor.tiledScores(of: input, at: places, softmax: false) }
    var generator = SystemRandomNumberGenerator()
    for order in [places.reversed(), places.shuffled(using: &generator)] {
      let again = withoutGradients { predictor.tiledScores(of: input, at: order, softmax: false) }
      assertClose(again, first, relative: 1e-5, absolute: 1e-5)
      #expect(again.argmax(1).scalars(as: Int64.self) == first.argmax(1).scalars(as: Int64.self))
    }
  }

  @Test("row by row gives the classes of the whole volume of scores", arguments: [0, 4, 8, 12])
  func rowByRow(overlap: Int) throws {
    let predictor = Predictor(try smallNetwork(), settings(24, 16, overlap: overlap))
    let image = picture(64, 56, seed: 15)
    let input = predictor.network.input([image])
    let places = Tiling(size: PixelSize(width: 24, height: 16), overlap: overlap).places(
      in: image.size, multiple: 8)
    withoutGradients {
      let whole = predictor.tiledScores(of: input, at: places, softmax: false).argmax(1).to(.uint8)
      let rows = predictor.tiledClasses(of: input, at: places)
      #expect(rows.shape == whole.shape && Set(whole.scalars(as: UInt8.self)).count > 1)
      let expected = whole.scalars(as: UInt8.self)
      let same = rows.scalars(as: UInt8.self) == expected
      let used = predictor.labels(of: image).pixels == expected
      #expect(same && used)
    }
  }

  @Test("of a network that sees one pixel gives the whole image's labels, at every size and overlap")
  func local() {
    let network = PixelSegmenter()
    let plain = Predictor(network, PredictionSettings())
    for (width, height, overlap) in [(16, 16, 0), (16, 16, 4), (20, 12, 8), (40, 8, 2), (16, 16, 12)] {
      let tiled = Predictor(network, settings(width, height, overlap: overlap))
      for image in [picture(64, 48, seed: 8), picture(61, 35, seed: 9)] {
        let same = tiled.labels(of: image) == plain.labels(of: image)
        #expect(same, "\(width)x\(height), \(overlap)")
      }
    }
  }

  @Test("sums probabilities where there are several passes")
  func passes() {
    let network = PixelSegmenter()
    var asked = PredictionSettings(scales: [1, 0.5], mirror: true)
    let image = picture(64, 48, seed: 10)
    let plain = Predictor(network, asked).labelsAndConfidence(of: image)
    asked.tiling = Tiling(size: PixelSize(width: 16, height: 16), overlap: 8)
    let tiled = Predictor(network, asked).labelsAndConfidence(of: image)
    #expect(tiled.labels == plain.labels)
    let away = zip(tiled.confidence.pixels, plain.confidence.pixels).map { abs(Int($0) - Int($1)) }
    #expect((away.max() ?? 0) <= 1)
  }

  @Test("differs from the whole image's where a network sees more than a pixel")
  func support() throws {
    let network = try smallNetwork()
    let image = picture(64, 48, seed: 11)
    let tiled = Predictor(network, settings(16, 16, overlap: 0)).labels(of: image)
    #expect(tiled.size == image.size && tiled != Predictor(network, PredictionSettings()).labels(of: image))
  }

  @Test("adds a window in place, and nothing beside it")
  func windowSum() {
    let sum = Tensor.zeros([1, 2, 3, 4])
    sum.add(Tensor.ones([1, 2, 2, 2]), row: 1, column: 2)
    sum.add(Tensor.ones([1, 2, 1, 1]), row: 1, column: 2)
    let plane: [Float] = [0, 0, 0, 0, 0, 0, 2, 1, 0, 0, 1, 1]
    #expect(sum.scalars(as: Float.self) == plane + plane)
  }
}
