// SPDX-License-Identifier: Apache-2.0

import Adaptation
import Segmentation
import TestSupport
import Testing
import Torch

@Suite("Statistics that are estimated anew")
struct StatisticsTests {
  init() { Machine.threads = 1 }

  private let batches = (0..<4).map { TensorGenerator(seed: UInt64(40 + $0)).normal([2, 3, 8, 8]) }

  /// The running mean after the batches, and each batch's own.
  private func means(_ form: StatisticsForm) throws -> (start: Tensor, batches: [Tensor], found: Tensor) {
    func mean(_ network: StubSegmenter) throws -> Tensor {
      try #require(network.store["norm.running_mean"]).tensor.copy()
    }
    let start = try mean(StubSegmenter())
    let own = try batches.map { batch in
      let network = StubSegmenter()
      _ = withoutGradients { network(batch, .estimating(share: 1)) }
      return try mean(network)
    }
    let network = StubSegmenter()
    try reestimateStatistics(of: network, batches: 4, form: form) { batches[$0] }
    return (start, own, try mean(network))
  }

  @Test("are the mean over the batches, without a rest of the old")
  func mean() throws {
    let x = try means(.mean)
    assertClose(x.found, (x.batches[0] + x.batches[1] + x.batches[2] + x.batches[3]) / 4)
  }

  @Test("run with momentum, or blend with the source's as the momentum decays")
  func running() throws {
    for (form, shares) in [
      (StatisticsForm.running, [0.1, 0.1, 0.1, 0.1]),
      (.blend, [0.1, 0.0923116, 0.0852144, 0.0786628]),
    ] {
      let x = try means(form)
      let expected = zip(x.batches, shares).reduce(x.start) { $0 * (1 - $1.1) + $1.0 * $1.1 }
      assertClose(x.found, expected, relative: 1e-5)
    }
  }
}
