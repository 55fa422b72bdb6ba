// SPDX-License-Identifier: Apache-2.0

import Adaptation
import Foundation
import Imaging
import Segmentation
import TestSupport
import Testing

/// The experiments that the repository ships in `configs/`.
@Suite("Shipped configs")
struct ShippedConfigTests {
  private static let folder = Fixtures.repository.appendingPathComponent("configs").path

  private static let files: [String] =
    ["gtav_to_cityscapes.yaml", "synthia_to_cityscapes.yaml"]
    + ((try? FileManager.default.contentsOfDirectory(atPath: "\(folder)/ablations")) ?? []).sorted().map {
      "ablations/\($0)"
    }

  private func settings<Root: RunSettings>(_ name: String) throws -> Root {
    let path = "\(Self.folder)/\(name)"
    let known = Set(Root.table.settings.map(\.name))
    let items = try ConfigFile.read(path, for: Root.job.rawValue, knows: known.contains)
    var (chosen, settings) = (Root(), Root())
    for (item, file) in items where item.name == "profile" {
      try Root.table.set(item.name, to: item.value, in: &chosen, at: file)
    }
    settings.apply(chosen.profile)
    for (item, file) in items { try Root.table.set(item.name, to: item.value, in: &settings, at: file) }
    return settings
  }

  @Test("make runs of train and adapt", arguments: files)
  func valid(_ name: String) throws {
    let adaptation: AdaptationSettings = try settings(name)
    try adaptation.check()
    #expect(adaptation.target.dataset == "cityscapes" && adaptation.network == "deeplabv2-resnet101")
    let training: TrainingSettings = try settings(name)
    try training.check()
    #expect(training.optimizer == .sgd && training.auxiliaryWeight == 0.1)
  }

  @Test("have every published number of GTA5 to Cityscapes")
  func published() throws {
    let s: AdaptationSettings = try settings("gtav_to_cityscapes.yaml")
    #expect(s.batch == 6 && s.steps == 9000 && s.warmUp == 5000 && s.horizon == 100_000 && s.power == 0.9)
    #expect(s.size == PixelSize(width: 1280, height: 640) && s.crop == PixelSize(width: 512, height: 256))
    #expect(s.pseudoLabels.size == PixelSize(width: 1024, height: 512))
    #expect(s.pseudoLabels.scales == [1, 1.25, 0.75] && s.pseudoLabels.mirror)
    #expect(s.learningRate == 1e-4 && s.learning.headScale == 10 && s.learning.momentum == 0.9)
    #expect(
      s.learning.weightDecay == 5e-4 && s.iapc.teacherDecay == 0.9999 && s.learning.backboneUpdates == 3)
    let w = s.iapc.weights
    #expect(w.importance == 0.2 && w.enhanced == 0.5 && w.symmetric == 0.04 && w.entropy == 2)
    #expect(s.views.minScale == 0.8 && s.views.maxScale == 1.2 && s.views.minimumClasses == 10)
    #expect(s.iapc.statisticsPass && s.iapc.importance == .logits && s.iapc.prototypes == .perImage)
    #expect(s.initialStatistics == .source && s.finalStatistics == .source)
  }

  @Test("take 16 classes and stop after 5000 steps for SYNTHIA")
  func synthia() throws {
    let s: AdaptationSettings = try settings("synthia_to_cityscapes.yaml")
    #expect(s.classes == "cityscapes16" && s.steps == 5000 && s.batch == 6)
    let training: TrainingSettings = try settings("synthia_to_cityscapes.yaml")
    #expect(training.source.dataset == "synthia" && training.classes == "cityscapes16")
    #expect(training.size == PixelSize(width: 1280, height: 760))
  }

  @Test("name a folder of their own for each ablation, and differ from the base in what they are named after")
  func ablations() throws {
    let base: AdaptationSettings = try settings("gtav_to_cityscapes.yaml")
    let names = Self.files.filter { $0.hasPrefix("ablations/") }
    #expect(names.count == 15)
    var outputs: Set<String> = [base.output]
    for name in names {
      var s: AdaptationSettings = try settings(name)
      #expect(outputs.insert(s.output).inserted, "\(name)")
      s.output = base.output
      #expect(s != base, "\(name) changes nothing")
    }
    let none: AdaptationSettings = try settings("ablations/no-pe.yaml")
    #expect(none.iapc.weights.enhanced == 0 && none.iapc.weights.importance == 0.2)
  }
}
