// SPDX-License-Identifier: Apache-2.0

/// The names of settings that have an option, and of these options.
enum SettingNames {
  /// The option of a setting, without dashes: `weights` of `network.weights`. Of a setting that no run has, its own name
  /// in kebab-case: `class-set` of `class_set`.
  static func option(of setting: String) -> String {
    options.first { $0.setting == setting }?.option ?? setting.replacing("_", with: "-")
  }

  /// The setting of an option: the reverse of `option(of:)`.
  static func setting(of option: String) -> String {
    options.first { $0.option == option }?.setting ?? option.replacing("-", with: "_")
  }

  private static let options: [(option: String, setting: String)] = [
    ("method", "method.name"), ("network", "network.name"), ("weights", "network.weights"),
    ("classes", "network.classes"), ("variant", "network.variant"), ("backbone", "network.backbone"),
    ("normalisation", "network.pixel_normalization"), ("features", "network.features"),
    ("head", "network.head"), ("images", "data.images"), ("labels", "data.labels"),
    ("label-space", "data.label_space"), ("dataset", "data.dataset"), ("data", "data.root"),
    ("split", "data.split"), ("allow-missing", "data.allow_missing"),
    ("exif-orientation", "data.exif_orientation"), ("size", "data.size"), ("batch", "data.batch_size"),
    ("crop", "augmentation.crop"), ("sync-batchnorm", "batch_norm.sync"), ("optimizer", "optimizer.name"),
    ("learning-rate", "optimizer.learning_rate"), ("steps", "schedule.steps"),
    ("validation-images", "validation.images"), ("validation-labels", "validation.labels"),
    ("validation-label-space", "validation.label_space"), ("evaluate-every", "validation.every"),
    ("output", "runtime.output"), ("device", "runtime.device"), ("precision", "runtime.precision"),
    ("seed", "runtime.seed"), ("threads", "runtime.threads"),
  ]
}
