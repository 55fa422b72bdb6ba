// SPDX-License-Identifier: Apache-2.0

import Files
import Foundation
import TestSupport
import Testing
import Torch

@Suite("Bounds of the pickle reader")
struct PickleBoundsTests {
  /// A file of the old format whose object pickle is `steps`.
  private static func legacy(_ steps: [UInt8]) -> [UInt8] {
    let magic: [UInt8] = [
      0x80, 2, 0x8a, 10, 0x6c, 0xfc, 0x9c, 0x46, 0xf9, 0x20, 0x6a, 0xa8, 0x50, 0x19, 0x2e,
    ]
    let version: [UInt8] = [0x80, 2, 0x4d, 0xe9, 3, 0x2e]
    let system: [UInt8] = [0x80, 2, 0x7d] + text("little_endian") + [0x88, 0x73, 0x2e]
    return magic + version + system + [0x80, 2] + steps + [0x2e]
  }

  private static func text(_ text: String) -> [UInt8] { [0x8c, UInt8(text.utf8.count)] + text.utf8 }

  private static let (list, dict, append, setItem): ([UInt8], [UInt8], [UInt8], [UInt8]) =
    ([0x5d], [0x7d], [0x61], [0x73])

  private func refusal(_ steps: [UInt8], sourceLocation: SourceLocation = #_sourceLocation) throws -> String {
    let scratch = try ScratchFolder()
    let path = try scratch.file("a.pth", Self.legacy(steps))
    let problem = #expect(throws: Problem.self, sourceLocation: sourceLocation) {
      try CheckpointFile.read(path)
    }
    return try #require(problem, sourceLocation: sourceLocation).why
  }

  @Test("lists nested very deep are refused")
  func deep() throws {
    let depth = 200_000
    let steps =
      [[UInt8]](repeating: Self.list, count: depth) + [[UInt8]](repeating: Self.append, count: depth - 1)
    #expect(try refusal(steps.flatMap { $0 }).contains("nested more than 64"))
  }

  @Test("a list that holds itself is refused")
  func circle() throws {
    #expect(try refusal(Self.list + [0x71, 0, 0x68, 0] + Self.append).contains("in a circle"))
  }

  @Test("lists that hold each other twice, sixty times over, are read without growing")
  func doubling() throws {
    var steps = Self.list + [0x94]
    for index in 0..<60 {
      steps += Self.list + [0x94] + [0x68, UInt8(index)] + Self.append + [0x68, UInt8(index)] + Self.append
    }
    #expect(try refusal(steps).contains("no dictionary of tensors"))
  }

  @Test("dictionaries that hold one another in very many places end")
  func manyPlaces() throws {
    func many(of item: [UInt8], _ memo: UInt8) -> [UInt8] {
      let pairs = (0..<2000).flatMap { Self.text("k\($0)") + item }
      return Self.dict + [0x28] + pairs + [0x75, 0x71, memo]
    }
    let steps = many(of: [0x4e], 0) + many(of: [0x68, 0], 1) + many(of: [0x68, 1], 2)
    #expect(try refusal(steps).contains("too often"))
  }

  @Test("copies asked for again and again end")
  func copies() throws {
    let pair = Self.text("a") + Self.text("b") + [0x86]
    let pairs = Self.list + [0x94, 0x28] + (0..<5000).flatMap { _ in pair } + [0x65]
    let global = Array("ccollections\nOrderedDict\n".utf8)
    let copy = global + [0x68, 0, 0x85, 0x52, 0x30]
    #expect(try refusal(pairs + (0..<2000).flatMap { _ in copy }).contains("more than"))
  }

  @Test("a length beyond the file is refused before any memory is taken")
  func length() throws {
    #expect(try refusal([0x42, 255, 255, 255, 255]).contains("4294967295 bytes are announced"))
    #expect(try refusal([0x8e] + [UInt8](repeating: 255, count: 8)).contains("impossible"))
  }

  @Test("steps that call or take what is not there are refused")
  func unbalanced() throws {
    #expect(try refusal([0x30]).contains("takes more than it has"))
    #expect(try refusal([0x74]).contains("takes more than it has"))
    #expect(try refusal([0x68, 9]).contains("recalls entry 9"))
    #expect(try refusal([0x80, 9]).contains("pickle protocol 9"))
    #expect(try refusal(Array("ios\nsystem\n".utf8)).contains("0x69"))
    #expect(try refusal([0x82, 1]).contains("0x82"))
    #expect(try refusal(Self.dict + [0x4e, 0x61]).contains("no container"))
  }

  @Test("names that are not allowed are refused, however they are written")
  func names() throws {
    let refused = "the file asks to call `os.system`, which iapc never does"
    #expect(try refusal(Array("cos\nsystem\n".utf8)) == refused)
    #expect(try refusal(Self.text("os") + Self.text("system") + [0x93]) == refused)
    #expect(try refusal(Array("cbuiltins\neval\n".utf8)).contains("`builtins.eval`"))
    let loader = Array("ctorch.storage\n_load_from_bytes\n".utf8)
    #expect(try refusal(loader).contains("`torch.storage._load_from_bytes`"))
    #expect(try refusal(Array("cargparse\nNamespace\n".utf8)).contains("`argparse.Namespace`"))
  }

  @Test("an object of an unknown class is passed over, and what is in it still counts")
  func foreign() throws {
    let state = Self.dict + Self.text("lr") + [0x4b, 1] + Self.setItem
    let object = Array("cargparse\nNamespace\n".utf8) + [0x29, 0x81]
    let beside = Self.dict + Self.text("args") + object + state + [0x62] + Self.setItem
    #expect(try refusal(beside) == "no entry is a dictionary of tensors")
    #expect(try refusal(object + state + [0x62]).contains("`argparse.Namespace()`"))
    let call = Array("cposix\nsystem\n".utf8) + [0x28] + Self.text("ls") + [0x74, 0x52]
    let hidden = Self.dict + Self.text("lr") + call + Self.setItem
    #expect(try refusal(object + hidden + [0x62]).contains("`posix.system`"))
  }

  @Test(
    "tensors that leave their storage are refused",
    arguments: [
      ([0x4b, 3], [2], [1], "reaches element 4"), ([0x4b, 0], [2], [4], "reaches element 4"),
      ([0x4b, 0], [255, 255, 255, 255, 255, 255, 255, 255], [0, 0, 0, 0, 0, 0, 0, 0], "impossible"),
      ([0x4b, 0], [2, 2], [1], "as many strides"),
      ([0x8a, 8, 255, 255, 255, 255, 255, 255, 255, 127], [2], [1], "impossible"),
      ([0x8a, 1, 255], [2], [1], "0 or more"),
    ] as [([UInt8], [UInt8], [UInt8], String)])
  func windows(offset: [UInt8], shape: [UInt8], strides: [UInt8], why: String) throws {
    func tuple(_ numbers: [UInt8]) -> [UInt8] { [0x28] + numbers.flatMap { [0x4b, $0] } + [0x74] }
    let storage =
      [0x28] + Self.text("storage") + Array("ctorch\nFloatStorage\n".utf8) + Self.text("0") + Self.text("cpu")
      + [0x4b, 4, 0x74, 0x51]
    let call = Array("ctorch._utils\n_rebuild_tensor\n".utf8) + [0x28] + storage + offset
    let tensor = call + tuple(shape) + tuple(strides) + [0x74, 0x52]
    let data = [0x80, 2] + Self.list + Self.text("0") + Self.append + [0x2e, 4, 0, 0, 0, 0, 0, 0, 0]
    let scratch = try ScratchFolder()
    let object = Self.dict + Self.text("a") + tensor + Self.setItem
    let path = try scratch.file("a.pth", Self.legacy(object) + data + [UInt8](repeating: 0, count: 16))
    let problem = #expect(throws: Problem.self) { try CheckpointFile.read(path) }
    #expect(problem?.why.contains(why) == true, "\(String(describing: problem))")
  }
}
