// SPDX-License-Identifier: Apache-2.0

import Adaptation
import Files
import Imaging
import TestSupport
import Testing

@Suite("Settings of training")
struct TrainingSettingsTests {
  private let table = TrainingSettings.table

  @Test("have unique names, and all come back from their own texts")
  func roundTrip() throws {
    #expect(Set(table.settings.map(\.name)).count == table.settings.count)
    for profile in TrainingSettings.Profile.allCases {
      var settings = TrainingSettings()
      settings.apply(profile)
      settings.rareClasses.pixels = 3000
      settings.validation.labelSpace = "cityscapesIds"
      var read = TrainingSettings()
      for item in table.values(of: settings) { try table.set(item.name, to: item.value, in: &read, at: "") }
      #expect(read == settings)
      #expect(throws: Never.self) { try settings.check() }
    }
  }

  @Test("of the DeepLabV2 recipe are AdaptSegNet's")
  func recipe() {
    var settings = TrainingSettings()
    settings.apply(.deeplabv2)
    #expect(settings.optimizer == .sgd && !settings.nesterov && settings.momentum == 0.9)
    #expect((settings.learningRate, settings.headScale, settings.weightDecay) == (2.5e-4, 10, 5e-4))
    #expect((settings.batch, settings.warmUp, settings.horizon, settings.power) == (1, 0, 250_000, 0.9))
    #expect(settings.size == PixelSize(width: 1280, height: 720) && settings.crop == settings.size)
    #expect(settings.auxiliaryWeight == 0.1 && settings.freezeNormalisation == .affine)
    #expect(settings.classWeights == .none && settings.normalisation == "caffe")
    #expect((settings.views.minScale, settings.views.maxScale) == (1, 1) && !settings.views.mirror)
  }

  @Test(
    "that make no run are refused by name",
    arguments: [
      ("steps", "0"), ("batch", "0"), ("evaluateEvery", "0"), ("checkpointEvery", "0"),
      ("checkpointKeep", "0"), ("learningRate", "0"), ("headScale", "-1"), ("power", "-1"),
      ("momentum", "1"), ("weightDecay", "-1"), ("auxiliaryWeight", "-1"), ("warmUp", "-1"),
      ("horizon", "1999"), ("workers", "65"), ("threads", "-1"), ("mostUnreadable", "-1"),
      ("views.minScale", "0"),
      ("views.classMaximum", "0"), ("views.blur", "1.5"), ("views.maxDeviation", "0.1"),
      ("rareClasses.temperature", "0"), ("rareClasses.pixels", "0"),
    ])
  func checks(_ name: String, _ text: String) throws {
    var settings = TrainingSettings()
    try table.set(name, to: text, in: &settings, at: "--set")
    let found = try #require(problem { try settings.check() })
    #expect(found.what == "cannot use the setting \(name)", "\(found)")
  }
}
