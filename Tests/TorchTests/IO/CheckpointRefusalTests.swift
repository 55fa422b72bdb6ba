// SPDX-License-Identifier: Apache-2.0

import Files
import Foundation
import TestSupport
import Testing
import Torch

@Suite("Refusing what is no checkpoint")
struct CheckpointRefusalTests {
  typealias Fixtures = CheckpointFixtures

  private func refusal(_ path: String, sourceLocation: SourceLocation = #_sourceLocation) throws -> Problem {
    let problem = #expect(throws: Problem.self, sourceLocation: sourceLocation) {
      try CheckpointFile.read(path)
    }
    return try #require(problem, sourceLocation: sourceLocation)
  }

  @Test("a pickle that calls a function is refused by its name and not run", arguments: ["zip", "legacy"])
  func evil(kind: String) throws {
    let problem = try refusal(Fixtures.path("evil.\(kind).pth"))
    #expect(problem.why == "the file asks to call `posix.system`, which iapc never does")
    #expect(problem.remedy.contains("state_dict"))
  }

  @Test("a whole pickled module is refused", arguments: ["zip", "legacy"])
  func module(kind: String) throws {
    let problem = try refusal(Fixtures.path("module.\(kind).pth"))
    #expect(problem.remedy.contains("torch.save(model.state_dict(), path)"))
  }

  @Test("a TorchScript program is refused as such")
  func script() throws {
    #expect(try refusal(Fixtures.path("script.zip.pth")).why.contains("TorchScript"))
  }

  @Test("a zip of something else and a pickle of something else are refused as such")
  func otherContainers() throws {
    #expect(try refusal(Fixtures.path("notes.zip")).why.contains("torch.save did not write"))
    #expect(try refusal(Fixtures.path("other.pkl")).why == "it is a pickle that torch.save did not write")
  }

  @Test("views that would unpack to far more than the file are refused")
  func overlap() throws {
    #expect(try refusal(Fixtures.path("overlap.legacy.pth")).why.contains("overlap"))
  }

  @Test("missing, empty, directory and text are told apart")
  func wrongFiles() throws {
    let scratch = try ScratchFolder()
    #expect(try refusal(scratch.path("none.pth")).why == "there is no such file")
    #expect(try refusal(scratch.url.path).why.contains("directory"))
    #expect(try refusal(scratch.file("empty.pth", [])).why == "the file is empty")
    #expect(
      try refusal(scratch.file("a.pth", Array("hello, this is text\n".utf8))).why.contains("a text file"))
    #expect(
      try refusal(scratch.file("b.pth", Array("<!DOCTYPE html><html>".utf8))).why.contains("a web page"))
    let pointer = "version https://git-lfs.github.com/spec/v1\n"
    #expect(try refusal(scratch.file("c.pth", Array(pointer.utf8))).why.contains("LFS pointer"))
    #expect(
      try refusal(scratch.file("d.pth", [1, 2, 3, 4, 5])).why.contains("begins with the bytes 1 2 3 4"))
  }

  @Test(
    "a file cut anywhere is refused as incomplete",
    arguments: ["plain.zip.pth", "plain.legacy.pth", "plain.safetensors", "wrapped.legacy.pth"])
  func truncated(name: String) throws {
    let whole = try Fixtures.bytes(name)
    let scratch = try ScratchFolder()
    for length in stride(from: 24, to: whole.count, by: 37) + [whole.count - 1] {
      let path = try scratch.file("cut", Array(whole[..<length]))
      let problem = try refusal(path)
      #expect(problem.place == path)
      #expect(problem.why.contains("damaged or incomplete"), "cut to \(length): \(problem)")
    }
  }

  @Test(
    "safetensors headers that contradict the file are refused",
    arguments: [
      (#"{"a":{"dtype":"F32","shape":[2],"data_offsets":[0,4]}}"#, "has 4 bytes"),
      (#"{"a":{"dtype":"F32","shape":[1],"data_offsets":[4,8]}}"#, "should begin at 0"),
      (#"{"a":{"dtype":"F32","shape":[1],"data_offsets":[0,4]}}"#, "belong to none"),
      (#"{"a":{"dtype":"F32","shape":[3],"data_offsets":[0,12]}}"#, "announced"),
      (#"{"a":{"dtype":"F8","shape":[8],"data_offsets":[0,8]}}"#, "element type F8"),
      (#"{"a":{"dtype":"U8","shape":[-8],"data_offsets":[0,8]}}"#, "shape [-8]"),
      (#"{"a":{"dtype":"U8","shape":[4611686018427387904,4],"data_offsets":[0,8]}}"#, "shape"),
      (#"{"a":{"dtype":"U8","shape":[4611686018427387904,4,0],"data_offsets":[0,0]}}"#, "shape"),
      (
        #"{"a":{"dtype":"U8","shape":[8],"data_offsets":[0,8]},"#
          + #""b":{"dtype":"U8","shape":[4],"data_offsets":[4,8]}}"#,
        "should begin at 8"
      ),
      (#"{"a":{"dtype":"U8","shape":[8],"data_offsets":[8,0]}}"#, "should begin at 0"),
      (#"{"a":{"dtype":"U8","shape":[8],"data_offsets":[0]}}"#, "should begin at 0"),
      (#"{"a":1}"#, "JSON"), ("{", "JSON"), ("{}", "after the last tensor"),
    ])
  func headers(json: String, why: String) throws {
    let length = withUnsafeBytes(of: UInt64(json.utf8.count).littleEndian) { [UInt8]($0) }
    let scratch = try ScratchFolder()
    let problem = try refusal(scratch.file("x", length + json.utf8 + [UInt8](repeating: 0, count: 8)))
    #expect(problem.why.contains(why), "\(problem)")
  }

  @Test("a safetensors header longer than the file is refused")
  func longHeader() throws {
    let scratch = try ScratchFolder()
    let problem = try refusal(scratch.file("x", [255, 255, 255, 255, 0, 0, 0, 0] + Array("{}".utf8)))
    #expect(problem.why.contains("declares 4294967295 bytes"))
  }
}
