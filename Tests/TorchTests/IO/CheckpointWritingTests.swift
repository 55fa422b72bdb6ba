// SPDX-License-Identifier: Apache-2.0

import Files
import Foundation
import TestSupport
import Testing
import Torch

@Suite("Writing checkpoints")
struct CheckpointWritingTests {
  typealias Fixtures = CheckpointFixtures

  private static let odd: [(name: String, tensor: StoredTensor)] = [
    ("scalar", Fixtures.expected([], seed: 6)), ("ünïcode.名", Fixtures.expected([3], seed: 1)),
    ("empty", StoredTensor(dtype: .float32, shape: [0, 3], bytes: [])),
    ("long", Fixtures.expected([70_000], seed: 2, .int8)),
  ]

  @Test("what is written is read back", arguments: ["pth", "pt", "safetensors"])
  func roundTrip(kind: String) throws {
    let scratch = try ScratchFolder()
    let tensors = Fixtures.plain + Fixtures.everyType + Self.odd
    let metadata = ["classes": "19", "quote": "\"a/b\"\n"]
    try CheckpointFile.write(Checkpoint(tensors: tensors, metadata: metadata), to: scratch.path("a.\(kind)"))
    let back = try CheckpointFile.read(scratch.path("a.\(kind)"))
    expectSame(back.tensors.sorted { $0.name < $1.name }, tensors.sorted { $0.name < $1.name })
    #expect(back.metadata == metadata)
    if kind != "safetensors" { #expect(back.tensors.map(\.name) == tensors.map(\.name)) }
  }

  @Test("the same checkpoint gives the same bytes", arguments: ["pth", "safetensors"])
  func deterministic(kind: String) throws {
    let scratch = try ScratchFolder()
    let checkpoint = Checkpoint(tensors: Fixtures.plain, metadata: ["a": "1", "b": "2", "c": "3"])
    for name in ["a", "b"] { try CheckpointFile.write(checkpoint, to: scratch.path("\(name).\(kind)")) }
    #expect(try FileBytes.read(scratch.path("a.\(kind)")) == FileBytes.read(scratch.path("b.\(kind)")))
  }

  @Test("an unknown extension and a folder that is not there are refused")
  func wrongTargets() throws {
    let scratch = try ScratchFolder()
    let checkpoint = Checkpoint(tensors: Fixtures.plain)
    let extensionProblem = #expect(throws: Problem.self) {
      try CheckpointFile.write(checkpoint, to: scratch.path("a.onnx"))
    }
    #expect(extensionProblem?.why == "the extension \"onnx\" names no format")
    for kind in ["pth", "safetensors"] {
      #expect(throws: Problem.self) { try CheckpointFile.write(checkpoint, to: scratch.path("no/a.\(kind)")) }
    }
  }

  @Test("a failing rename is told and leaves nothing behind", arguments: ["pth", "safetensors"])
  func targetIsDirectory(kind: String) throws {
    let scratch = try ScratchFolder()
    let target = scratch.path("a.\(kind)")
    try FileManager.default.createDirectory(atPath: target, withIntermediateDirectories: false)
    #expect(throws: Problem.self) {
      try CheckpointFile.write(Checkpoint(tensors: Fixtures.plain), to: target)
    }
    #expect(try FileManager.default.contentsOfDirectory(atPath: scratch.url.path) == ["a.\(kind)"])
  }

  private static let python = ProcessInfo.processInfo.environment["IAPC_PYTHON"]

  // Needs a Python with torch and safetensors, named by IAPC_PYTHON.
  @Test("PyTorch loads what is written, strictly and without running code", .enabled(if: python != nil))
  func live() throws {
    let scratch = try ScratchFolder()
    let tensors = Fixtures.plain + Fixtures.everyType + Self.odd
    for kind in ["pth", "safetensors"] {
      let all = Checkpoint(tensors: tensors, metadata: ["a": "1"])
      try CheckpointFile.write(all, to: scratch.path("all.\(kind)"))
      let net = Checkpoint(tensors: [
        ("weight", Fixtures.expected([2, 3], seed: 1)), ("bias", Fixtures.expected([2], seed: 2)),
      ])
      try CheckpointFile.write(net, to: scratch.path("net.\(kind)"))
    }
    let process = Process()
    process.executableURL = URL(fileURLWithPath: try #require(Self.python))
    process.arguments = ["-c", Self.script, scratch.url.path]
    let output = Pipe()
    (process.standardOutput, process.standardError) = (output, output)
    try process.run()
    let text = String(decoding: output.fileHandleForReading.readDataToEndOfFile(), as: UTF8.self)
    process.waitUntilExit()
    #expect(process.terminationStatus == 0, "\(text)")
    #expect(text.hasSuffix("loaded \(tensors.count) tensors\n"), "\(text)")
  }

  private static let script = #"""
    import collections, sys, torch
    from safetensors import safe_open
    from safetensors.torch import load_file
    folder = sys.argv[1]
    def formula(shape, seed, dtype):
        values = (torch.arange(torch.Size(shape).numel()) * 7 + seed) % 31
        if dtype == torch.bool:
            return (values % 2 == 1).reshape(shape)
        return (values if dtype == torch.uint8 else values - 8).to(dtype).reshape(shape)
    seeds = {"conv.weight": 1, "conv.bias": 2, "bn.num_batches_tracked": 3, "scalar": 6, "ünïcode.名": 1,
             "empty": 0, "long": 2}
    names = ["uint8", "int8", "int16", "int32", "int64", "float16", "bfloat16", "float32", "float64", "bool"]
    seeds.update({name: i for i, name in enumerate(names)})
    zipped = torch.load(f"{folder}/all.pth", weights_only=True)
    assert type(zipped) is collections.OrderedDict
    assert torch.load(f"{folder}/all.pth", weights_only=True, mmap=True).keys() == zipped.keys()
    for loaded in (zipped, load_file(f"{folder}/all.safetensors")):
        assert set(loaded) == set(seeds), loaded.keys()
        for name, value in loaded.items():
            dtype = getattr(torch, name) if name in names else value.dtype
            assert value.dtype == dtype and value.is_contiguous() and not value.requires_grad, name
            assert torch.equal(value, formula(value.shape, seeds[name], dtype)), name
    assert zipped["conv.weight"].shape == (4, 3, 2, 2) and zipped["empty"].shape == (0, 3)
    with safe_open(f"{folder}/all.safetensors", "pt") as file:
        assert file.metadata() == {"a": "1"}
    for state in (torch.load(f"{folder}/net.pth", weights_only=True), load_file(f"{folder}/net.safetensors")):
        torch.nn.Linear(3, 2).load_state_dict(state, strict=True)
    print("loaded", len(zipped), "tensors")
    """#
}
