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
      ("schedule.steps", "0"), ("data.batch_size", "0"), ("validation.every", "0"), ("checkpoint.every", "0"),
      ("checkpoint.keep", "0"), ("optimizer.learning_rate", "0"), ("optimizer.head_lr_mult", "-1"),
      ("schedule.power", "-1"),
      ("optimizer.momentum", "1"), ("optimizer.weight_decay", "-1"), ("loss_weights.auxiliary", "-1"),
      ("schedule.warm_up", "-1"),
      ("schedule.total_steps", "1999"), ("runtime.workers", "65"), ("runtime.threads", "-1"),
      ("data.max_unreadable", "-1"),
      ("augmentation.min_scale", "0"),
      ("augmentation.cat_max_ratio", "0"), ("augmentation.gaussian_blur", "1.5"),
      ("augmentation.blur_max_std", "0.1"),
      ("data.rare_class_temperature", "0"), ("data.rare_class_min_pixels", "0"),
    ])
  func checks(_ name: String, _ text: String) throws {
    var settings = TrainingSettings()
    try table.set(name, to: text, in: &settings, at: "--set")
    let found = try #require(problem { try settings.check() })
    #expect(found.what == "cannot use the setting \(name)", "\(found)")
  }
}
