// SPDX-License-Identifier: Apache-2.0

import Adaptation
import Foundation
import Imaging
import Segmentation
import TestSupport
import Testing
import Torch

@Suite("Predicting label maps")
struct PredictorTests {
  init() { Machine.threads = 1 }

  private func mirrored(_ map: LabelMap) -> [UInt8] {
    (0..<map.height).flatMap { y in map.pixels[y * map.width..<(y + 1) * map.width].reversed() }
  }

  @Test("input sizes are the nearest multiples that the network takes")
  func inputSizes() throws {
    let own = Predictor(try smallNetwork(), PredictionSettings())
    let image = PixelSize(width: 61, height: 35)
    #expect(own.inputSize(of: image) == PixelSize(width: 64, height: 32))
    #expect(own.inputSize(of: image, scale: 1.25) == PixelSize(width: 80, height: 40))
    #expect(own.inputSize(of: PixelSize(width: 3, height: 2)) == PixelSize(width: 8, height: 8))
    let fixed = Predictor(own.network, PredictionSettings(size: PixelSize(width: 40, height: 24)))
    #expect(fixed.inputSize(of: image, scale: 0.75) == PixelSize(width: 32, height: 16))
  }

  @Test("labels have the image's size, or the one asked for, and classes of the network")
  func sizes() throws {
    let predictor = Predictor(try smallNetwork(), PredictionSettings(scales: [1, 0.5], mirror: true))
    let image = picture(50, 37, seed: 1)
    #expect(predictor.labels(of: image).size == image.size)
    let other = PixelSize(width: 20, height: 60)
    let labels = predictor.labels(of: image, at: other)
    #expect(labels.size == other && labels.pixels.allSatisfy { $0 < 6 })
    #expect(Set(predictor.labels(of: picture(64, 64, seed: 2)).pixels).count > 1)
  }

  @Test("one plain scale is the argmax of the network's own logits")
  func plain() throws {
    let network = try smallNetwork()
    let image = picture(48, 32, seed: 3)
    let logits = withoutGradients { network(network.input([image]), .evaluation).logits }
    let expected = logits.argmax(1).to(.uint8).scalars(as: UInt8.self)
    #expect(Predictor(network, PredictionSettings()).labels(of: image).pixels == expected)
  }

  @Test("with mirroring, a mirrored image has the mirrored labels")
  func symmetric() throws {
    let predictor = Predictor(try smallNetwork(), PredictionSettings(scales: [1], mirror: true))
    let image = picture(48, 32, seed: 4)
    let (straight, turned) = (predictor.labels(of: image), predictor.labels(of: image.mirrored()))
    let same = zip(mirrored(straight), turned.pixels).filter { $0 == $1 }.count
    #expect(same == straight.pixels.count)
    // Without it they differ somewhere, or this test would tell nothing.
    let plain = Predictor(predictor.network, PredictionSettings())
    #expect(mirrored(plain.labels(of: image)) != plain.labels(of: image.mirrored()).pixels)
  }

  @Test("several scales sum probabilities at the image's size")
  func scales() throws {
    let network = try smallNetwork()
    let image = picture(48, 32, seed: 5)
    let predictor = Predictor(network, PredictionSettings(scales: [1, 0.5], mirror: false))
    let expected = withoutGradients {
      let half = image.resizedBicubic(to: PixelSize(width: 24, height: 16))
      let small = network(network.input([half]), .evaluation).logits.softmax(1)
      let sum =
        network(network.input([image]), .evaluation).logits.softmax(1)
        + small.resizedBilinear(height: 32, width: 48)
      return sum
    }
    #expect(predictor.labels(of: image).pixels == expected.argmax(1).to(.uint8).scalars(as: UInt8.self))
    let found = predictor.labelsAndConfidence(of: image)
    #expect(found.labels.pixels == predictor.labels(of: image).pixels)
    let best = (expected * 127.5 + 0.5).largest(1, along: 1).values.to(.uint8).scalars(as: UInt8.self)
    #expect(zip(found.confidence.pixels, best).allSatisfy { abs(Int($0) - Int($1)) <= 1 })
  }
}

@Suite("Pseudo-labels")
struct PseudoLabelerTests {
  init() { Machine.threads = 1 }

  private func labeler(_ fixtures: RunFixtures, _ settings: PredictionSettings = PredictionSettings()) throws
    -> PseudoLabeler
  {
    PseudoLabeler(try NetworkFile.load(fixtures.settings.weightsFile), settings)
  }

  @Test("are made once, appear whole, and are read back as classes")
  func cached() throws {
    let fixtures = try RunFixtures()
    let (labeler, images) = (try labeler(fixtures), try ImageList(at: fixtures.images))
    let place = fixtures.folder.path("cache/labels")
    var seen: [Int] = []
    let first = try labeler.labels(images, in: place) { seen.append($0) }
    #expect(!first.cached && seen == [1, 2, 3, 4, 5, 6])
    let again = try labeler.labels(images, in: place) { _ in Issue.record("labels were made twice") }
    #expect(again.cached)
    let label = try again.labels.label(named: "b/4")
    let loaded = try NetworkFile.load(fixtures.settings.weightsFile)
    let expected = Predictor(loaded.network, PredictionSettings())
      .labels(of: try ImageFile.readRGB(fixtures.folder.path("images/b/4.png")))
    #expect(label == expected)
    #expect(contents(fixtures.folder.path("cache")) == ["labels"])
  }

  @Test("that were broken off leave nothing, and are begun anew")
  func interrupted() throws {
    let fixtures = try RunFixtures()
    let (labeler, images) = (try labeler(fixtures), try ImageList(at: fixtures.images))
    let place = fixtures.folder.path("cache/labels")
    #expect(throws: Interruption(signal: 2)) {
      try labeler.labels(images, in: place) { if $0 == 3 { throw Interruption(signal: 2) } }
    }
    #expect(contents(fixtures.folder.path("cache")).isEmpty)
    #expect(try !labeler.labels(images, in: place).cached)
  }

  @Test("have another key for other weights, colours, images, settings or statistics")
  func keys() throws {
    let fixtures = try RunFixtures()
    let images = try ImageList(at: fixtures.images)
    var keys = [
      try labeler(fixtures).key(imagesHash: images.contentHash()),
      try labeler(fixtures).key(imagesHash: images.contentHash(), state: "statistics"),
      try labeler(fixtures, PredictionSettings(mirror: true)).key(imagesHash: images.contentHash()),
      try labeler(fixtures, PredictionSettings(scales: [1, 1.25])).key(imagesHash: images.contentHash()),
      try labeler(fixtures, PredictionSettings(size: PixelSize(width: 48, height: 32))).key(
        imagesHash: images.contentHash()),
      try labeler(fixtures).key(
        imagesHash: ImageList(at: fixtures.folder.path("images/b")).contentHash()),
    ]
    #expect(try labeler(fixtures).key(imagesHash: images.contentHash()) == keys[0])
    let brighter = try NetworkFile.load(
      fixtures.settings.weightsFile, normalisation: "mean=0.2/0.2/0.2,std=0.1/0.1/0.1")
    keys.append(
      PseudoLabeler(brighter, PredictionSettings()).key(imagesHash: try images.contentHash()))
    try picture(48, 32, seed: 77).writePNG(to: fixtures.folder.path("images/1.png"))
    keys.append(try labeler(fixtures).key(imagesHash: images.contentHash()))
    let other = ESPNet(.init(p: 1, q: 1, outputs: 11), classCount: 11, seed: 5)
    try NetworkFile.save(other, classes: .camvid11, to: fixtures.settings.weightsFile)
    keys.append(try labeler(fixtures).key(imagesHash: images.contentHash()))
    #expect(Set(keys).count == keys.count)
  }

  @Test("come with confidences on request")
  func confidences() throws {
    let fixtures = try RunFixtures()
    let (labels, confidences) = (fixtures.folder.path("labels"), fixtures.folder.path("confidences"))
    try labeler(fixtures).write(try ImageList(at: fixtures.images), to: labels, confidence: confidences)
    let confidence = try ImageFile.readIndices("\(confidences)/b/5.png")
    // 11 classes: the winning one has at least an eleventh.
    #expect(confidence.values.allSatisfy { (23...255).contains($0) })
    #expect(contents("\(labels)/b") == ["3.png", "4.png", "5.png"])
  }

  @Test("of another label space are refused when they are read")
  func foreign() throws {
    let fixtures = try RunFixtures()
    let place = fixtures.folder.path("labels")
    let labels = try labeler(fixtures).labels(try ImageList(at: fixtures.images), in: place).labels
    try LabelMap(size: PixelSize(width: 2, height: 1), pixels: [3, 11]).writePNG(to: "\(place)/0.png")
    let found = problem { _ = try labels.label(named: "0") }
    #expect(found?.place == "\(place)/0.png" && found?.why.contains("0 to 10") == true)
  }
}

@Suite("Scoring")
struct EvaluatorTests {
  init() { Machine.threads = 1 }

  @Test("compares predictions at the labels' size with mapped classes, over all images")
  func scores() throws {
    let fixtures = try RunFixtures()
    let network = ESPNet(.init(p: 1, q: 1, outputs: 19), classCount: 19, seed: 8)
    let predictor = Predictor(network, PredictionSettings(size: PixelSize(width: 24, height: 16)))
    let images = try ImageList(at: fixtures.images)
    let mapping = try LabelMapping(from: .cityscapes19, to: .camvid11)
    var expected = ConfusionMatrix(classCount: 11)
    for (i, entry) in images.entries.enumerated() {
      var label = LabelMap(size: PixelSize(width: 48, height: 32), filledWith: UInt8(i % 3))
      label.pixels[5] = 11
      try makeFolder((fixtures.folder.path("labels/\(entry.name)") as NSString).deletingLastPathComponent)
      try label.writePNG(to: fixtures.folder.path("labels/\(entry.name).png"))
      label.pixels[5] = 255
      let prediction = predictor.labels(of: try ImageFile.readRGB(entry.path))
      expected.add(prediction: mapping(prediction), label: label)
    }
    let data = try LabelledImages(
      images: images, labelFolder: fixtures.folder.path("labels"), space: .camvid11)
    var counts: [Int] = []
    let found = try Evaluator(predictor, classes: .cityscapes19, data: data).run { counts.append($0) }
    #expect(found.matrix == expected && found.images == 6 && counts == [1, 2, 3, 4, 5, 6])
    #expect(found.meanIoU == expected.meanIoU)
    let pixels: Int = (0..<11).reduce(0) { $0 + expected.pixels(of: $1) }
    #expect(pixels == 6 * (48 * 32 - 1))
    let other = try LabelledImages(
      images: images, labelFolder: fixtures.folder.path("labels"), space: .cityscapes19)
    let unknown = problem { _ = try Evaluator(predictor, classes: .camvid11, data: other) }
    #expect(unknown?.what == "no mapping between these label spaces is known")
  }

  @Test("tells of images left out for want of a label")
  func missing() throws {
    let fixtures = try RunFixtures()
    let loaded = try NetworkFile.load(fixtures.settings.weightsFile)
    try makeFolder(fixtures.folder.path("labels"))
    for name in ["0", "1"] {
      try LabelMap(size: PixelSize(width: 48, height: 32), filledWith: 3)
        .writePNG(to: fixtures.folder.path("labels/\(name).png"))
    }
    let data = try LabelledImages(
      images: ImageList(at: fixtures.images), labelFolder: fixtures.folder.path("labels"), space: .camvid11,
      allowing: .images)
    let predictor = Predictor(loaded.network, PredictionSettings())
    let found = try Evaluator(predictor, classes: loaded.classes, data: data).run()
    #expect(found.images == 2 && found.missing == 4)
    let report = EvaluationReport(found, of: loaded, under: .full, statistics: "stored")
    #expect(report.missing == 4 && report.images == 2)
  }

  @Test("is written with null for a class that occurs nowhere")
  func report() throws {
    let fixtures = try RunFixtures()
    let loaded = try NetworkFile.load(fixtures.settings.weightsFile)
    let images = try ImageList(at: fixtures.folder.path("images/b"))
    try makeFolder(fixtures.folder.path("labels"))
    for name in ["3", "4", "5"] {
      try LabelMap(size: PixelSize(width: 48, height: 32), filledWith: 255)
        .writePNG(to: fixtures.folder.path("labels/\(name).png"))
    }
    let data = try LabelledImages(
      images: images, labelFolder: fixtures.folder.path("labels"), space: .camvid11)
    let evaluation = try Evaluator(
      Predictor(loaded.network, PredictionSettings()), classes: loaded.classes, data: data
    )
    .run()
    let path = fixtures.folder.path("score.json")
    try writeJSON(EvaluationReport(evaluation, of: loaded, under: .full, statistics: "source"), to: path)
    let json = try #require(try JSONSerialization.jsonObject(with: Data(bytes(path))) as? [String: Any])
    let classes = try #require(json["classes"] as? [[String: Any]])
    #expect(classes.count == 11 && classes[0]["iou"] is NSNull && classes[0]["name"] as? String == "sky")
    #expect(json["images"] as? Int == 3 && json["label_space"] as? String == "camvid11")
    #expect((json["weights"] as? [String: Any])?["sha256"] as? String == loaded.sha256)
  }
}
