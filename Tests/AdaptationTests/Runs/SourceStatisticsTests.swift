// SPDX-License-Identifier: Apache-2.0

import Adaptation
import Imaging
import Segmentation
import TestSupport
import Testing
import Torch

@Suite("A share of the source's statistics")
struct SourceStatisticsTests {
  init() { Machine.threads = 1 }

  /// Every running mean and variance of a network.
  private func statistics(_ file: String) throws -> [Tensor] {
    try NetworkFile.load(file).network.store.statistics
  }

  /// The adapted weights of a run that estimates statistics and keeps a share of the source's.
  private func adapted(_ fixtures: RunFixtures, _ share: String) throws -> String {
    let run = try fixtures.run("share \(share)") {
      ($0.method, $0.finalStatistics) = (.batchnorm, .target)
      $0.sourceShare = Double(share)
    }
    return run.adaptedSafetensors
  }

  @Test("stays where they are estimated anew")
  func share() throws {
    let fixtures = try RunFixtures()
    let source = try statistics(fixtures.settings.weightsFile)
    let target = try statistics(adapted(fixtures, "0"))
    let mixed = try statistics(adapted(fixtures, "0.25"))
    let whole = try statistics(adapted(fixtures, "1"))
    #expect(zip(source, target).contains { $0.stored != $1.stored })
    for (i, source) in source.enumerated() {
      assertClose(mixed[i], 0.25 * source + 0.75 * target[i], relative: 1e-6)
      assertClose(whole[i], source, relative: 1e-6)
    }
  }

  @Test("is the one with the best score without labels, where it is left open")
  func chosen() throws {
    let fixtures = try RunFixtures()
    let images = try ImageList(folder: fixtures.images).entries.map { try ImageFile.readRGB($0.path) }
    func score(_ file: String) throws -> Double {
      let network = try NetworkFile.load(file).network
      var mean = MeanPrediction(classCount: 11)
      var (mirrored, scaled) = (GeometricConsistency(classCount: 11), GeometricConsistency(classCount: 11))
      for image in images {
        withoutGradients {
          let input = network.input([image])
          let logits = network(input, .evaluation).logits
          mean.add(logits.softmax(1))
          let changed = network(network.input([image.mirrored()]), .evaluation).logits.flipped(along: 3)
          mirrored.add(plain: logits.argmax(1), changed: changed.argmax(1))
          let small = network(input.resizedBilinear(height: 24, width: 40, alignCorners: false), .evaluation)
          let (height, width) = (logits.shape[2], logits.shape[3])
          let back = small.logits.resizedBilinear(height: height, width: width, alignCorners: false)
          scaled.add(plain: logits.argmax(1), changed: back.argmax(1))
        }
      }
      return try mean.information * (#require(mirrored.value) * #require(scaled.value)).squareRoot()
    }
    let scores = try ["0", "0.25", "0.5", "0.75", "0.875", "1"].map { try score(adapted(fixtures, $0)) }
    let best = try #require(scores.max())
    #expect(scores.min() != best)
    #expect(abs(try score(adapted(fixtures, "auto")) - best) < 1e-6)
  }
}
