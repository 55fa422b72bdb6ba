// SPDX-License-Identifier: Apache-2.0

import Adaptation
import Imaging
import Segmentation
import Testing

@Suite("Looks that a run can afford")
struct AffordableTests {
  /// The steps between looks and the images of each, as a run resolves them.
  private func resolved(_ change: (inout AdaptationSettings) -> Void) throws -> (every: Int?, images: Int?) {
    let fixtures = try RunFixtures()
    let run = try fixtures.run("run") {
      $0.steps = 1
      $0.selectEvery = nil
      change(&$0)
    }
    let found = try AdaptationSettings(ofRun: run)
    return (found.selectEvery, found.selection.images)
  }

  @Test("are none in a run of few steps")
  func none() throws { #expect(try resolved { $0.selection.images = nil }.every == 0) }

  @Test("are as many as are asked for, whatever they take")
  func asked() throws {
    let found = try resolved { ($0.selectEvery, $0.selection.images) = (7, nil) }
    #expect(found.every == 7 && found.images == 32)
    #expect(try resolved { ($0.selectEvery, $0.selection.images) = (1, 2) }.images == 2)
  }

  @Test(
    "of the demo and of the paper's run take a twentieth of their time at most", arguments: [false, true])
  func share(estimates: Bool) {
    for (steps, crop, size) in [(150, 4 * 256 * 192, 320 * 240), (9000, 6 * 512 * 256, 1280 * 640)] {
      let found = SelectionSettings.affordable(
        steps: steps, work: Double(steps * crop), size: size, asked: nil, estimates: estimates)
      let looks = 1 + (steps + found.every - 1) / found.every
      #expect(found.every > 0 && (2...11).contains(looks) && (4...32).contains(found.images))
      // In passes over a pixel: 4.5 for a step's, 2.56 for a look's, and one more for statistics.
      let passes = 2.5625 + (estimates ? 1 : 0)
      #expect(Double(looks * found.images * size) * passes <= 0.05 * 4.5 * Double(steps * crop))
    }
  }
}
