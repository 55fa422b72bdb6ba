// SPDX-License-Identifier: Apache-2.0

import TestSupport
import Testing
import Torch

@Suite("Winning classes")
struct WinningClassesTests {
  struct Case: CustomTestStringConvertible {
    let maps: [[Int]]
    let height, width: Int
    var testDescription: String { "\(maps) at \(height)x\(width)" }
  }

  static let cases = [
    Case(maps: [[19, 65, 129]], height: 300, width: 512),
    Case(maps: [[19, 16, 24]], height: 128, width: 192),
    Case(maps: [[5, 40, 30]], height: 40, width: 30),
    Case(maps: [[7, 40, 300]], height: 33, width: 130),
    Case(maps: [[1, 3, 4]], height: 9, width: 11),
    Case(maps: [[256, 2, 2]], height: 5, width: 129),
    Case(maps: [[3, 1, 1]], height: 4, width: 6),
    Case(maps: [[2, 6, 5]], height: 1, width: 1),
    Case(maps: [[19, 16, 24], [19, 20, 30], [19, 12, 18]], height: 96, width: 144),
    Case(maps: [[6, 32, 48], [6, 9, 13]], height: 32, width: 48),
  ]

  @Test("are those of the upsampled maps' sum", arguments: cases, [false, true])
  func againstTensors(of item: Case, alignCorners: Bool) {
    let random = TensorGenerator(seed: 4)
    let maps = item.maps.map { random.normal([1] + $0) }
    let (height, width) = (item.height, item.width)
    let found = WinningClasses(of: maps, height: height, width: width, alignCorners: alignCorners)
    let expected = WinningClasses(summing: maps, height: height, width: width, alignCorners: alignCorners)
    assertClose(found.sums, expected.sums, relative: 1e-5, absolute: 1e-6)
    #expect(found.classes.shape == [height, width] && found.classes.dtype == .uint8)
    let differ = found.classes.equals(expected.classes).to(.float32) * -1 + 1
    // Only pixels whose two best are as good as equal may differ by rounding.
    #expect(differ.sum().item <= 1e-4 * Double(height * width))
    guard item.maps[0][0] > 1 else { return }
    let all = maps.map {
      $0.shape.suffix(2) == [height, width]
        ? $0 : $0.resizedBilinear(height: height, width: width, alignCorners: alignCorners)
    }
    let two = all.dropFirst().reduce(all[0]) { $0 + $1 }.largest(2, along: 1).values
    let lead = (two.slice(0..<1, along: 1) - two.slice(1..<2, along: 1)).reshaped([height, width])
    let wrong = differ * lead
    #expect(wrong.largest(1, along: 1).values.scalars(as: Float.self).allSatisfy { $0 <= 1e-5 })
  }

  @Test("are the first of equals, and do not depend on the number of threads")
  func tiesAndThreads() {
    let alike = Tensor.zeros([1, 4, 3, 3])
    let first = WinningClasses(of: [alike], height: 20, width: 200, alignCorners: true)
    #expect(first.classes.sum().item == 0)
    let map = TensorGenerator(seed: 5).normal([1, 19, 32, 64])
    let before = Machine.threads
    defer { Machine.threads = before }
    let runs = [1, 2, 3].map { threads in
      Machine.threads = threads
      let found = WinningClasses(of: [map], height: 200, width: 500, alignCorners: false)
      return found.classes.stored.bytes + found.sums.stored.bytes
    }
    #expect(runs[0] == runs[1] && runs[0] == runs[2])
  }
}
