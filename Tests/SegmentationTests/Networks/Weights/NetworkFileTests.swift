// SPDX-License-Identifier: Apache-2.0

import Files
import Foundation
import Segmentation
import TestSupport
import Testing
import Torch

@Suite("Networks in weights files")
struct NetworkFileTests {
  init() { Machine.threads = 1 }

  private let camvid = LabelSpace.camvid11

  private func network() -> ESPNet {
    ESPNet(.init(p: 1, q: 1, outputs: 11), classCount: 11, normalisation: .imageNet, seed: 9)
  }

  /// Writes a checkpoint of the network with a change, and gives the problem that loading it ends with.
  private func refusal(
    classes: String? = "camvid11", family: String? = nil, _ change: (inout Checkpoint) -> Void
  ) throws -> Problem? {
    let folder = try TestSupport.ScratchFolder()
    var checkpoint = NetworkFile.checkpoint(of: network(), classes: camvid)
    change(&checkpoint)
    try CheckpointFile.write(checkpoint, to: folder.path("w.safetensors"))
    return problem {
      _ = try NetworkFile.load(folder.path("w.safetensors"), family: family, classes: classes)
    }
  }

  @Test("come back with network, classes and normalisation", arguments: ["safetensors", "pth"])
  func roundTrip(_ ending: String) throws {
    let folder = try TestSupport.ScratchFolder()
    let (path, network) = (folder.path("w.\(ending)"), network())
    try NetworkFile.save(network, classes: camvid, to: path)
    let loaded = try NetworkFile.load(path)
    #expect(loaded.classes == camvid && loaded.file == path)
    #expect(loaded.network.name == "espnet" && loaded.network.variant == network.variant)
    #expect(loaded.network.normalisation == .imageNet)
    #expect(loaded.network.classCount == 11)
    #expect(loaded.sha256 == (try FileHash.sha256(ofFile: path)))
    #expect(zip(loaded.network.store.state, network.store.state).allSatisfy { $0 == $1 })
  }

  @Test("a class space the caller names wins over the file's")
  func named() throws {
    let folder = try TestSupport.ScratchFolder()
    // 20 outputs serve 19 classes, the last being void; the file says nothing.
    let network = ESPNet(.init(p: 1, q: 1, outputs: 20), classCount: 20)
    try CheckpointFile.write(Checkpoint(tensors: network.store.state), to: folder.path("w.pth"))
    let loaded = try NetworkFile.load(folder.path("w.pth"))
    #expect(loaded.classes.name == "cityscapes19" && loaded.network.classCount == 19)
    #expect(loaded.network.normalisation == .espnetCityscapes)
    #expect(
      try NetworkFile.load(folder.path("w.pth"), classes: "cityscapesIds").classes.name == "cityscapesIds")
  }

  @Test("of other classes are refused, with both counts")
  func classes() throws {
    let problem = try #require(try refusal(classes: "cityscapes19") { _ in })
    #expect(problem.why.contains("11 outputs") && problem.why.contains("19 classes"))
    #expect(problem.place.contains("w.safetensors") && problem.remedy.contains("--classes"))
    let unknown = try #require(try refusal(classes: "camvid12") { _ in })
    #expect(unknown.what == "unknown label space" && unknown.remedy.contains("camvid11"))
  }

  @Test("of another network are refused, with the first entry's name")
  func otherNetwork() throws {
    let problem = try #require(
      try refusal {
        $0.tensors = [
          ("backbone.conv1.weight", StoredTensor(dtype: .float32, shape: [1], bytes: [0, 0, 0, 0]))
        ]
      })
    #expect(problem.why.contains("1 entries") && problem.why.contains("espnet"))
    #expect(problem.why.contains("backbone.conv1.weight"))
  }

  @Test("with an entry too few or too many are refused, and the entry is named")
  func entries() throws {
    let missing = try #require(
      try refusal { $0.tensors.removeAll { $0.name == "encoder.level3_0.bn.bias" || $0.name == "br.weight" } }
    )
    #expect(
      missing.why.contains("2 missing (br.weight")
        || missing.why.contains("2 missing (encoder.level3_0.bn.bias"))
    let more = try #require(
      try refusal {
        $0.tensors.append(("extra.weight", StoredTensor(dtype: .float32, shape: [1], bytes: [0, 0, 0, 0])))
      })
    #expect(more.why.contains("1 unexpected (extra.weight)"))
  }

  @Test("with an entry of another shape are refused, with both shapes")
  func shapes() throws {
    let problem = try #require(
      try refusal {
        let i = $0.tensors.firstIndex { $0.name == "br.weight" } ?? 0
        $0.tensors[i].tensor = StoredTensor(
          dtype: .float32, shape: [3], bytes: [UInt8](repeating: 0, count: 12))
      })
    #expect(problem.why.contains("br.weight [3], expected [11]"))
  }

  @Test("with normalisation that cannot be read are refused", arguments: ["", "{}", "{\"name\": 1}"])
  func normalisation(_ text: String) throws {
    let problem = try refusal { $0.metadata["iapc.normalisation"] = text }
    #expect(problem?.place.contains("w.safetensors") == true)
  }

  @Test("counters of newer normalisation layers are passed over")
  func counters() throws {
    let folder = try TestSupport.ScratchFolder()
    var checkpoint = NetworkFile.checkpoint(of: network(), classes: camvid)
    checkpoint.tensors.append(
      (
        "br.num_batches_tracked",
        StoredTensor(dtype: .int64, shape: [], bytes: [UInt8](repeating: 1, count: 8))
      ))
    try CheckpointFile.write(checkpoint, to: folder.path("w.safetensors"))
    #expect(try NetworkFile.load(folder.path("w.safetensors")).network.variant == network().variant)
  }

  @Test("a family is known by its name, and the nearest is told")
  func families() throws {
    #expect(try NetworkFamily.named("espnet").name == "espnet")
    let problem = try #require(problem { _ = try NetworkFamily.named("espnett") })
    #expect(problem.what == "unknown network" && problem.remedy.contains("espnet"))
    #expect(try refusal(family: "resnet") { _ in }?.what == "unknown network")
    #expect(Set(NetworkFamily.all.map(\.name)).count == NetworkFamily.all.count)
  }

  @Test(
    "a fresh network is that of its seed",
    arguments: ["espnet", "deeplabv2-resnet101", "deeplabv2-resnet50", "deeplabv2-vgg16", "segformer-b0"])
  func fresh(_ name: String) throws {
    let family = try NetworkFamily.named(name)
    let variant = name.hasPrefix("deeplabv2") ? try VariantText("width=8") : .none
    func made(_ seed: UInt64) throws -> any Segmenter {
      try family.fresh(
        BuildRequest(classCount: 5, normalisation: .imageNet, variant: variant, seed: seed))
    }
    let (a, b, c) = (try made(1), try made(1), try made(2))
    #expect(a.classCount == 5 && a.normalisation == .imageNet)
    #expect(zip(a.store.state, b.store.state).allSatisfy { $0 == $1 })
    #expect(zip(a.store.state, c.store.state).contains { $0 != $1 })
  }
}
