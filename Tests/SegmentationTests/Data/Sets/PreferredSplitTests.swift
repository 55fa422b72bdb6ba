// SPDX-License-Identifier: Apache-2.0

import Foundation
import Imaging
import Segmentation
import TestSupport
import Testing

@Suite("The part of a data set")
struct PreferredSplitTests {
  @Test("that a command prefers is taken where none is named and the set has it")
  func preferred() throws {
    try withTemporaryFolder { folder in
      let picture = RGBImage(size: PixelSize(width: 2, height: 1))
      for (split, count) in [("train", 1), ("val", 2), ("test", 3)] {
        let town = folder.path("leftImg8bit/\(split)/a")
        try FileManager.default.createDirectory(atPath: town, withIntermediateDirectories: true)
        for i in 0..<count { try picture.writePNG(to: "\(town)/a_\(i)_leftImg8bit.png") }
      }
      func count(_ split: String?, preferring preferred: String?) throws -> Int {
        try DataSource(
          dataset: "cityscapes", data: folder.path(""), split: split, preferredSplit: preferred,
          allowMissing: true
        ).imageList().count
      }
      #expect(try count(nil, preferring: "train") == 1)
      #expect(try count(nil, preferring: nil) == 2 && count(nil, preferring: "every") == 2)
      #expect(try count("test", preferring: "train") == 3)
    }
  }
}
