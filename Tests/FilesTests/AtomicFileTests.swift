// SPDX-License-Identifier: Apache-2.0

import Files
import Foundation
import Testing

@Suite("Atomic files")
struct AtomicFileTests {
  struct Stop: Error {}

  @Test("Bytes appended in pieces stand in the file")
  func pieces() throws {
    try inFolder { folder in
      let path = folder + "/a"
      try AtomicFile.write(to: path) { writer in
        try Array("one ".utf8).withUnsafeBytes { try writer.append($0) }
        try Array("two".utf8).withUnsafeBytes { try writer.append($0) }
        #expect(writer.count == 7)
      }
      #expect(try FileBytes.read(path) == Array("one two".utf8))
      #expect(try FileBytes.beginning(of: path, limit: 3) == Array("one".utf8))
      try AtomicFile.write([UInt8](), to: path)
      #expect(try FileBytes.read(path).isEmpty)
      #expect(try names(folder) == ["a"])
    }
  }

  @Test("A body that fails leaves the old file and nothing else")
  func failure() throws {
    try inFolder { folder in
      let path = folder + "/a"
      try AtomicFile.write("old", to: path)
      #expect(throws: Stop.self) {
        try AtomicFile.write(to: path) { writer in
          try [1, 2, 3].withUnsafeBytes { try writer.append($0) }
          throw Stop()
        }
      }
      #expect(try FileBytes.read(path) == Array("old".utf8))
      #expect(try names(folder) == ["a"])
    }
  }

  @Test("What a killed writer leaves is known by its name, and nothing else is")
  func temporaries() throws {
    try inFolder { folder in
      var seen: [String] = []
      for name in ["step-000004.safetensors", ".hidden"] {
        try AtomicFile.write(to: "\(folder)/\(name)") { _ in seen += try names(folder) }
      }
      #expect(
        seen.compactMap(AtomicFile.target(ofTemporary:)).sorted() == [".hidden", "step-000004.safetensors"])
      for name in [
        "a.partial", ".a.partial", ".partial", "..1.partial", ".a.1z.part", "a.1z.partial", ".a.1Z.partial",
        ".a.01.partial", ".a.+1.partial", ".a.zzzzzzzzzzzzzz.partial", ".a..partial", "",
      ] {
        #expect(AtomicFile.target(ofTemporary: name) ?? "" == "", "\(name)")
      }
      #expect(AtomicFile.target(ofTemporary: ".config.yaml.1z.partial") == "config.yaml")
    }
  }

  @Test("A hash of pieces is the hash of the whole; texts count with their lengths")
  func hash() {
    let bytes = (0..<500).map { UInt8($0 % 251) }
    var stream = FileHash.Stream()
    for piece in [bytes[0..<1], bytes[1..<300], bytes[300...]] { piece.withUnsafeBytes { stream.update($0) } }
    #expect(stream.finish() == FileHash.sha256(of: bytes))
    func hash(_ texts: String...) -> String {
      var stream = FileHash.Stream()
      for text in texts { stream.update(text) }
      return stream.finish()
    }
    #expect(hash("ab", "c") != hash("a", "bc") && hash("ab", "c") == hash("ab", "c"))
  }

  @Test("A link is followed and stays a link")
  func link() throws {
    try inFolder { folder in
      try AtomicFile.write("old", to: folder + "/target")
      try FileManager.default.createSymbolicLink(
        atPath: folder + "/link", withDestinationPath: folder + "/target")
      try AtomicFile.write("new", to: folder + "/link")
      #expect(try FileBytes.read(folder + "/target") == Array("new".utf8))
      let leadsTo = try FileManager.default.destinationOfSymbolicLink(atPath: folder + "/link")
      #expect(leadsTo == folder + "/target")
    }
  }

  @Test("A missing folder and a directory of that name are told apart")
  func places() throws {
    try inFolder { folder in
      let missing = #expect(throws: Problem.self) { try AtomicFile.write("x", to: folder + "/no/a") }
      #expect(missing?.why == "its folder does not exist")
      try FileManager.default.createDirectory(atPath: folder + "/d", withIntermediateDirectories: false)
      let taken = #expect(throws: Problem.self) { try AtomicFile.write("x", to: folder + "/d") }
      #expect(taken?.why == "a directory has that name")
      #expect(try names(folder) == ["d"])
    }
  }

  // Filling a disk needs a small one: mount one (tmpfs, size=64k) and name it here.
  static let smallDisk = ProcessInfo.processInfo.environment["IAPC_SMALL_DISK"]

  @Test("A full disk is told with the bytes needed", .enabled(if: smallDisk != nil, "set IAPC_SMALL_DISK"))
  func fullDisk() throws {
    let folder = try #require(Self.smallDisk)
    let before = try names(folder)
    let bytes = [UInt8](repeating: 1, count: 5 << 20)
    let whole = #expect(throws: Problem.self) { try AtomicFile.write(bytes, to: folder + "/a") }
    #expect(whole?.why == "No space left on device; 5 MiB are needed")
    let streamed = #expect(throws: Problem.self) {
      try AtomicFile.write(to: folder + "/a", expecting: 9 << 20) { writer in
        try bytes.withUnsafeBytes { try writer.append($0) }
      }
    }
    #expect(streamed?.why == "No space left on device; 9 MiB are needed")
    #expect(try names(folder) == before)
  }

  private func names(_ folder: String) throws -> [String] {
    try FileManager.default.contentsOfDirectory(atPath: folder).sorted()
  }
}

@Suite("File hashes")
struct FileHashTests {
  @Test("The hash of a file is that of its bytes, across the reading's pieces")
  func hashes() throws {
    #expect(
      FileHash.sha256(of: Array("abc".utf8))
        == "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad")
    try inFolder { folder in
      for count in [0, 1, 1 << 20, (1 << 20) + 1, 3_000_000] {
        let bytes = (0..<count).map { UInt8(truncatingIfNeeded: $0 &* 31) }
        try AtomicFile.write(bytes, to: folder + "/a")
        #expect(try FileHash.sha256(ofFile: folder + "/a") == FileHash.sha256(of: bytes))
      }
    }
  }

  @Test("A file that cannot be read is a Problem")
  func unreadable() {
    let missing = #expect(throws: Problem.self) { try FileHash.sha256(ofFile: "no/such/file") }
    #expect(missing?.why == "there is no such file")
    #expect(throws: Problem.self) { try FileHash.sha256(ofFile: "/dev/null") }
  }
}

private func inFolder(_ body: (String) throws -> Void) throws {
  let folder = FileManager.default.temporaryDirectory.appendingPathComponent(UUID().uuidString)
  try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
  defer { try? FileManager.default.removeItem(at: folder) }
  try body(folder.resolvingSymlinksInPath().path)
}
