// SPDX-License-Identifier: Apache-2.0

import Files
import Foundation
import Imaging
import Segmentation
import Testing

@Suite("Drawing images by their classes")
struct RareClassSamplingTests {
  /// Three classes of shares 0.6, 0.3 and 0.1; the last image has too little of the rarest.
  private let statistics = ClassStatistics(
    counts: [[600, 300, 0], [540, 360, 0], [600, 200, 200], [660, 240, 100], [600, 400, 1]],
    areas: [1000, 1000, 1000, 1000, 1000])

  @Test("probabilities are the softmax of the shares' complements, and draws follow them")
  func frequencies() throws {
    let temperature = 0.2
    let sampling = try RareClassSampling(statistics, temperature: temperature)
    let powers = statistics.shares.map { exp((1 - $0) / temperature) }
    let expected = powers.map { $0 / powers.reduce(0, +) }
    for (found, wanted) in zip(sampling.probabilities, expected) { #expect(abs(found - wanted) < 1e-12) }

    var generator = SeededGenerator(seed: 5)
    var drawn = [0, 0, 0]
    var images = [0, 0, 0, 0, 0]
    for _ in 0..<20_000 {
      let (index, wanted) = sampling.draw(using: &generator)
      #expect(statistics.counts[index][wanted.index] >= 2 * wanted.pixels)
      drawn[wanted.index] += 1
      if wanted.index == 2 { images[index] += 1 }
    }
    for (count, probability) in zip(drawn, expected) {
      let deviation = (20_000 * probability * (1 - probability)).squareRoot()
      #expect(abs(Double(count) - 20_000 * probability) < 4 * deviation)
    }
    // 0.15 % of 1000 pixels is one pixel: all three images that show the class count.
    #expect(images[0] == 0 && images[1] == 0)
    for count in images[2...] { #expect(abs(count - drawn[2] / 3) < drawn[2] / 20) }
  }

  @Test("at a low temperature the rarest class is nearly always drawn, and no power overflows")
  func cold() throws {
    let sampling = try RareClassSampling(statistics, temperature: 1e-4)
    #expect(sampling.probabilities == [0, 0, 1])
    var generator = SeededGenerator(seed: 1)
    for _ in 0..<100 { #expect(sampling.draw(using: &generator).wanted.index == 2) }
  }

  @Test("a class counts only in images that show enough of it")
  func enough() throws {
    let sampling = try RareClassSampling(statistics, temperature: 0.2, pixels: 150)
    var generator = SeededGenerator(seed: 1)
    for _ in 0..<200 {
      let (index, wanted) = sampling.draw(using: &generator)
      #expect(wanted.index != 2 || (index == 2 && wanted.pixels == 75))
    }
    #expect(try RareClassSampling(statistics, temperature: 1, pixels: 250).probabilities[2] == 0)
    #expect(problem { _ = try RareClassSampling(statistics, temperature: 1, pixels: 1000) } != nil)
  }

  @Test("statistics count the classes of every label file")
  func counted() throws {
    let folder = ScratchFolder()
    try folder.touch("i/x", "l/x")
    var wanted: [[Int]] = []
    for name in 0..<20 {
      try placeImage(12, 8).writePNG(to: folder.at("i/\(name).png"))
      var label = tiledLabel(12, 8, tile: name % 4 + 1, classes: 5)
      label.pixels[0] = 255
      try label.writePNG(to: folder.at("l/\(name).png"))
    }
    let data = try LabelledImages(
      images: ImageList(folder: folder.at("i")), labelFolder: folder.at("l"), space: .camvid11)
    for index in 0..<data.count {
      let label = try data.read(index).label
      wanted.append((0..<11).map { id in label.pixels.filter { Int($0) == id }.count })
    }
    let found = try data.classStatistics()
    #expect(found.counts == wanted && found.areas == [Int](repeating: 96, count: 20))
    #expect(abs(found.shares.reduce(0, +) - 1) < 1e-12)

    let views = try SupervisedViews(crop: pixelSize(6, 4), scaleRange: 1...1)
    func batch(_ seed: UInt64, at start: Int) throws -> [SupervisedSample] {
      let sampling = try RareClassSampling(found, temperature: 0.01, pixels: 4)
      return try data.loader(
        views, BatchOrder(count: data.count, batchSize: 4, seed: seed), workers: 2, replacing: 0,
        rareClasses: sampling
      ).startingAt(start).next().compactMap(\.sample)
    }
    #expect(try batch(1, at: 3) == batch(1, at: 3))
    #expect(try batch(1, at: 3) != batch(1, at: 4))
    #expect(try batch(1, at: 0).allSatisfy { $0.path.hasPrefix(folder.at("i")) })
  }
}
