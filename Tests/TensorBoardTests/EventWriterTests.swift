// SPDX-License-Identifier: Apache-2.0

import Files
import Foundation
import TensorBoard
import TestSupport
import Testing

@Suite struct EventWriterTests {
  @Test(
    "CRC-32C has its published values", arguments: [("", 0), ("a", 0xc1d0_4330), ("123456789", 0xe306_9283)])
  func checksum(text: String, expected: UInt32) {
    #expect(CRC32C.checksum(Array(text.utf8)) == expected)
  }

  @Test("What is written is read again: numbers, a picture, a text")
  func readAgain() throws {
    try withTemporaryFolder { folder in
      let writer = try EventWriter(in: folder.url.path, from: 0) { 5.5 }
      try writer.add([("loss", 0.25), ("rate", 1e-3)], at: 3)
      try writer.add(picture: [1, 2, 3], (width: 4, height: 2), tag: "view", at: 3)
      try writer.add(text: "a < b", tag: "config", at: 0)
      let board = try EventFiles(folder.url.path)
      #expect(board.numbers["loss"] == [3: 0.25])
      #expect(board.numbers["rate"] == [3: Double(Float(1e-3))])
      #expect(board.pictures["view"] == [3: [1, 2, 3]])
      #expect(board.texts["config"] == [0: "a < b"])
    }
  }

  @Test("A file is named by its time, and a later one after it even where the clock went back")
  func names() throws {
    try withTemporaryFolder { folder in
      for time in [1700.9, 20.0, 1700.0] { _ = try EventWriter(in: folder.url.path, from: 0) { time } }
      #expect(
        try FileManager.default.contentsOfDirectory(atPath: folder.url.path).sorted() == [
          "events.out.tfevents.0000001700.iapc", "events.out.tfevents.0000001701.iapc",
          "events.out.tfevents.0000001702.iapc",
        ])
    }
  }

  @Test("A later writer takes back what was told of its first step and of later ones")
  func takesBack() throws {
    try withTemporaryFolder { folder in
      let first = try EventWriter(in: folder.url.path, from: 0)
      for step in 1...5 { try first.add([("loss", Double(step))], at: step) }
      let second = try EventWriter(in: folder.url.path, from: 3)
      for step in 3...4 { try second.add([("loss", Double(10 * step))], at: step) }
      #expect(try EventFiles(folder.url.path).numbers["loss"] == [1: 1, 2: 2, 3: 30, 4: 40])
    }
  }

  @Test("A record that a kill cut short hides nothing that is whole, before it or in a later file")
  func cutShort() throws {
    try withTemporaryFolder { folder in
      let writer = try EventWriter(in: folder.url.path, from: 0)
      for step in 1...2 { try writer.add([("loss", Double(step))], at: step) }
      let name = try #require(try FileManager.default.contentsOfDirectory(atPath: folder.url.path).first)
      let whole = try FileBytes.read(folder.path(name))
      for count in whole.count - 20..<whole.count {
        _ = try folder.file(name, Array(whole.prefix(count)))
        #expect(try EventFiles(folder.url.path).numbers["loss"] == [1: 1])
      }
      try EventWriter(in: folder.url.path, from: 2).add([("loss", 7)], at: 2)
      #expect(try EventFiles(folder.url.path).numbers["loss"] == [1: 1, 2: 7])
    }
  }

  @Test("A changed byte anywhere in a record is found by its checksums")
  func damage() throws {
    let record = RecordFraming.record(Array("message".utf8))
    #expect(RecordFraming.messages(in: record) == [Array("message".utf8)])
    for place in record.indices {
      var damaged = record
      damaged[place] ^= 0x10
      #expect(RecordFraming.messages(in: damaged) == [], "byte \(place)")
    }
  }

  @Test("A folder that is not there is a problem with a remedy")
  func noFolder() throws {
    #expect {
      _ = try EventWriter(in: "/nowhere/at/all", from: 0)
    } throws: { ($0 as? Problem)?.description.contains("cannot write the events") == true }
  }
}
