// SPDX-License-Identifier: Apache-2.0

import Foundation
import TestSupport
import Testing

/// Texts as editors of Windows write them.
@Suite struct ByteOrderMarkTests {
  @Test("A config file that begins with a byte-order mark is read as without")
  func byteOrderMark() throws {
    let sample = try Sample.make()
    try withTemporaryFolder { folder in
      let mark: [UInt8] = [0xEF, 0xBB, 0xBF]
      let config = try folder.file("c.yaml", mark + Array("schedule.steps: 1\r\nruntime.seed: 5\r\n".utf8))
      let run = folder.path("run")
      try done(sample.adapt(to: run, "--config", config))
      let resolved = try text("\(run)/config.yaml")
      #expect(
        resolved.contains("\n  steps: 1\n") && resolved.contains("\n  seed: 5\n"), "\(resolved)")
    }
  }

  @Test("A list of images and a saved result that begin with a byte-order mark are read as without")
  func byteOrderMarkElsewhere() throws {
    let sample = try Sample.make()
    try withTemporaryFolder { folder in
      let mark: [UInt8] = [0xEF, 0xBB, 0xBF]
      let image = "\(sample.images)/\(try #require(listing(sample.images)?.sorted().first))"
      let list = try folder.file("list.txt", mark + Array("\(image)\r\n".utf8))
      try done(["predict", "--weights", sample.weights, "--images", list, "--output", folder.path("out")])
      let json = folder.path("result.json")
      try done([
        "evaluate", "--weights", sample.weights, "--images", sample.images, "--labels", sample.labels,
        "--label-space", "camvid11", "--json", json,
      ])
      let marked = try folder.file("marked.json", mark + bytes(json))
      #expect(try done(["evaluate", "--from", marked]).output == done(["evaluate", "--from", json]).output)
    }
  }
}
