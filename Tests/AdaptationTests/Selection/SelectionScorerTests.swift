// SPDX-License-Identifier: Apache-2.0

import Adaptation
import Files
import Foundation
import Imaging
import Segmentation
import TestSupport
import Testing
import Torch

@Suite("A look at a network without labels")
struct SelectionScorerTests {
  init() { Machine.threads = 1 }

  private func subset(_ count: Int = 3, pixels: Int = 40) -> SelectionSubset {
    SelectionSubset((0..<count).map { picture(24, 16, seed: UInt64($0)) }, pixels: pixels, seed: 9)
  }

  @Test("asks as predictions do, changes nothing of the network and is the same each time")
  func unchanged() throws {
    let network = StubSegmenter()
    let before = network.store.state.map(\.tensor)
    let first = try SelectionScorer(subset()).score(network)
    #expect(network.store.state.map(\.tensor) == before)
    #expect(network.modes.allSatisfy { $0 == .evaluation } && network.modes.count == 9)
    #expect(try SelectionScorer(subset()).score(network) == first)
    #expect(Set(first.values.keys) == [.entropy, .im, .snd, .bnm, .mixval, .geometric])
    #expect(abs(first.histogram.reduce(0, +) - 1) < 1e-12 && first.histogram.count == 3)
  }

  @Test("gives each criterion of the sampled pixels that its function gives")
  func criteria() throws {
    var sampled: [Tensor] = []
    let scores = try SelectionScorer(subset()).score(StubSegmenter(), sampled: { sampled.append($0) })
    #expect(sampled.map(\.shape) == [[40, 3], [40, 3], [40, 3]])
    let all = Tensor.concatenated(sampled, along: 0)
    func expect(_ criterion: Criterion, _ expected: Double) {
      #expect(abs((scores[criterion] ?? 0) - expected) < 1e-6, "\(criterion)")
    }
    expect(.entropy, meanEntropy(all))
    expect(.im, informationMaximisation(all))
    expect(.snd, sampled.map { softNeighbourhoodDensity($0) }.reduce(0, +) / 3)
    var norm = NuclearNorm()
    norm.add(all)
    expect(.bnm, norm.value)
  }

  @Test("of a network that says the same everywhere finds what no ranking criterion can see")
  func collapsed() throws {
    let network = StubSegmenter()
    withoutGradients {
      let zeros = network.store.state.map { entry in
        (name: entry.name, tensor: Tensor.zeros(entry.tensor.shape, dtype: entry.tensor.dtype).stored)
      }
      #expect(network.store.load(zeros).isExact)
    }
    var scores = try SelectionScorer(subset()).score(network)
    #expect(scores.histogram == [1, 0, 0] && scores[.mixval] == 1 && scores[.geometric] == 1)
    #expect(abs((scores[.snd] ?? 0) - log(39)) < 1e-4 && abs(scores[.im] ?? 1) < 1e-6)
    scores.compare(to: [0.2, 0.5, 0.3])
    #expect(scores.vanished == [1, 2] && abs((scores[.drift] ?? 0) - log(5)) < 1e-9)
  }

  @Test("needs two images for mixtures, and goes without them for one")
  func single() throws {
    let scores = try SelectionScorer(subset(1)).score(StubSegmenter())
    #expect(scores[.mixval] == nil && scores[.snd] != nil)
  }

  @Test("ends between images where it is told to")
  func ended() {
    var seen: [Int] = []
    #expect(throws: Interruption(signal: 2)) {
      try SelectionScorer(subset()).score(
        StubSegmenter(),
        progress: { count in
          seen.append(count)
          if count == 2 { throw Interruption(signal: 2) }
        })
    }
    #expect(seen == [1, 2])
  }
}

@Suite("The subset that networks are compared on")
struct SelectionSubsetTests {
  @Test("is the same for a seed, another for another, and has distinct pixels of the image")
  func seeded() throws {
    let fixtures = try RunFixtures()
    let list = try ImageList(at: fixtures.images)
    func made(_ seed: UInt64, most: Int = 4) throws -> SelectionSubset {
      try SelectionSubset(of: list, at: PixelSize(width: 24, height: 16), most: most, pixels: 50, seed: seed)
    }
    let (first, again) = (try made(1), try made(1))
    #expect(first.indices == again.indices && first.pixels == again.pixels && first.images == again.images)
    #expect(first.images.count == 4 && Set(first.indices).count == 4)
    #expect(try (2...6).contains { try made($0).indices != first.indices })
    for pixels in first.pixels {
      #expect(pixels.count == 50 && Set(pixels).count == 50 && pixels == pixels.sorted())
      #expect(pixels.allSatisfy { (0..<24 * 16).contains($0) })
    }
    #expect(Set(first.pixels).count == 4)
    // An image keeps its pixels whichever others are chosen.
    let all = try made(1, most: 100)
    #expect(all.indices == Array(0..<6))
    #expect(first.indices.map { all.pixels[$0] } == first.pixels)
  }

  @Test("takes every pixel of an image that has no more")
  func small() {
    let subset = SelectionSubset([picture(4, 2, seed: 1)], pixels: 1000, seed: 1)
    #expect(subset.pixels == [Array(0..<8)])
  }
}
