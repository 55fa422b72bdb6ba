// SPDX-License-Identifier: Apache-2.0

import Adaptation
import Imaging
import Segmentation
import Testing
import Torch

@Suite("Evaluation protocols")
struct EvaluationProtocolTests {
  init() { Machine.threads = 1 }

  private func labels(_ logits: Tensor) -> [UInt8] { logits.argmax(1).to(.uint8).scalars(as: UInt8.self) }

  @Test("have names of their own and are found by them")
  func names() throws {
    let names = EvaluationProtocol.known.map(\.name)
    #expect(Set(names).count == names.count && names.first == "full")
    for name in names { #expect(try EvaluationProtocol.named(name).name == name) }
    let found = problem { _ = try EvaluationProtocol.named("stda") }
    #expect(found?.remedy.contains("sfda") == true)
  }

  @Test("have the sizes of their sources")
  func sizes() throws {
    let sizes = [
      "sfda": (1024, 512), "dt-st-gta5": (1536, 768), "dt-st-synthia": (1280, 640), "daformer": (1024, 512),
      "mmseg": (2048, 1024), "hrda": (2048, 1024),
    ]
    for (name, size) in sizes {
      let settings = try EvaluationProtocol.named(name).settings
      #expect(settings.size == PixelSize(width: size.0, height: size.1))
      let ofMMSegmentation = ["daformer", "mmseg", "hrda"].contains(name)
      #expect(settings.alignCorners != ofMMSegmentation)
      #expect(settings.interpolation == (ofMMSegmentation ? .bilinear : .bicubic))
    }
    #expect(EvaluationProtocol.full.settings == PredictionSettings())
  }

  @Test("say which part was replaced, and keep their name where nothing was")
  func replaced() throws {
    let sfda = try EvaluationProtocol.named("sfda")
    let size = PixelSize(width: 512, height: 256)
    let changed = sfda.replacing(\.size, with: size) { "size \($0?.description ?? "own")" }
      .replacing(\.mirror, with: true) { $0 ? "mirrored" : "not mirrored" }
    #expect(changed.name == "sfda, size 512x256, mirrored")
    #expect(changed.explanation == "\(sfda.explanation); but size 512x256; but mirrored")
    #expect(changed.settings.size == size && changed.settings.mirror)
    let same = sfda.replacing(\.size, with: sfda.settings.size) { _ in "size" }
      .replacing(\.alignCorners, with: nil) { _ in "corners" }
    #expect(same == sfda)
  }

  @Test("sfda is bicubic resizing, one pass, and upsampling with align_corners to the label's size")
  func sfda() throws {
    let network = try smallNetwork()
    let size = PixelSize(width: 32, height: 16)
    let way = try EvaluationProtocol.named("sfda").replacing(\.size, with: size) { _ in "small" }
    let image = picture(64, 32, seed: 12)
    let expected = withoutGradients {
      network(network.input([image.resizedBicubic(to: size)]), .evaluation).logits
        .resizedBilinear(height: 40, width: 72, alignCorners: true)
    }
    let found = Predictor(network, way.settings).labels(of: image, at: PixelSize(width: 72, height: 40))
    #expect(found.pixels == labels(expected))
  }

  @Test("daformer is bilinear resizing and upsampling in two steps without align_corners")
  func daformer() throws {
    let network = try smallNetwork()
    let size = PixelSize(width: 32, height: 16)
    let way = try EvaluationProtocol.named("daformer").replacing(\.size, with: size) { _ in "small" }
    let image = picture(64, 32, seed: 13)
    let expected = withoutGradients {
      network(network.input([image.resizedBilinear(to: size)]), .evaluation).logits
        .resizedBilinear(height: 16, width: 32, alignCorners: false)
        .resizedBilinear(height: 40, width: 72, alignCorners: false)
    }
    let target = PixelSize(width: 72, height: 40)
    let found = Predictor(network, way.settings).labels(of: image, at: target)
    #expect(found.pixels == labels(expected))
    let corners = way.replacing(\.alignCorners, with: true) { _ in "corners" }
    #expect(Predictor(network, corners.settings).labels(of: image, at: target) != found)
  }

  @Test("one pass at another scale compares scores, not probabilities")
  func onePass() throws {
    let network = try smallNetwork()
    let image = picture(64, 32, seed: 14)
    let expected = withoutGradients {
      let half = image.resizedBicubic(to: PixelSize(width: 32, height: 16))
      return network(network.input([half]), .evaluation).logits.resizedBilinear(height: 32, width: 64)
    }
    let found = Predictor(network, PredictionSettings(scales: [0.5])).labels(of: image)
    #expect(found.pixels == labels(expected))
  }
}
