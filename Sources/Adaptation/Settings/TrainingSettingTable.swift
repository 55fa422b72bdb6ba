// SPDX-License-Identifier: Apache-2.0

extension TrainingSettings {
  /// Every setting under the name that config files and `--set` use.
  public static let table = SettingTable<TrainingSettings>([
    Setting("profile", \.profile, "a recipe to start from"),
    Setting(
      "loss_weights.classes", \.classWeights,
      "how much a pixel of a class counts; logarithmic: rare ones more"),
    Setting(
      "loss_weights.auxiliary", \.auxiliaryWeight,
      "the weight of the auxiliary classifier's loss; above 0, a fresh network that can have one has it"),
    Setting("network.name", \.network, "the network's family"),
    Setting("network.weights", \.weightsFile, "weights to go on from (--weights); auto: a fresh network"),
    Setting(
      "network.backbone", \.backbone,
      "a body's weights, of ImageNet for one, for a fresh network to start from"),
    Setting(
      "network.variant", \.variant,
      "what a fresh network has besides the default: width=32; or what foreign weights do not say"),
    Setting("network.classes", \.classes, "the classes that the network learns; auto: those of the labels"),
    Setting(
      "network.pixel_normalization", \.normalisation,
      "how the network takes its pixels; auto: as its weights do; imageNet for a fresh one"),
    Setting("data.images", \.source.images, "the images: a folder or a list file"),
    Setting("data.labels", \.source.labels, "the folder of label images"),
    Setting(
      "data.label_space", \.source.labelSpace, "what the label images hold; auto: as the data set says"),
    Setting("data.dataset", \.source.dataset, "a data set in their place: its name, or a .yaml"),
    Setting("data.root", \.source.data, "the data set's root folder"),
    Setting("data.split", \.source.split, "the data set's part; auto: its own choice"),
    Setting("data.allow_missing", \.source.allowMissing, "whether images or labels may be missing"),
    Setting(
      "data.exif_orientation", \.source.exifOrientation,
      "apply: images and labels are turned as their EXIF says; ignore: as they are stored"),
    Setting("data.batch_size", \.batch, "images a step"),
    Setting("data.size", \.size, "the size that images are brought to; auto: their own"),
    Setting(
      "data.rare_class_sampling", \.rareClasses.sampling,
      "whether images are drawn by their classes, rare ones more often (DAFormer)"),
    Setting(
      "data.rare_class_temperature", \.rareClasses.temperature,
      "the smaller, the more often rare classes come"),
    Setting(
      "data.rare_class_min_pixels", \.rareClasses.pixels,
      "pixels of a class that make an image show it; auto: 0.15 % of the image"),
    Setting(
      "data.max_unreadable", \.mostUnreadable,
      "files that may become unreadable during the run, replaced by the next; one more ends it"),
    Setting("augmentation.crop", \.crop, "the size of the crops"),
    Setting("augmentation.min_scale", \.views.minScale, "the smallest random factor of the size"),
    Setting("augmentation.max_scale", \.views.maxScale, "the largest random factor of the size"),
    Setting(
      "augmentation.cat_max_ratio", \.views.classMaximum,
      "the share of a crop above which one class is too much (10 tries); the field's: 0.75; 1: off"),
    Setting("augmentation.hflip", \.views.mirror, "whether half of the crops are mirrored"),
    Setting("augmentation.color_jitter", \.views.colour, "whether crops go through the colour policy"),
    Setting("augmentation.brightness", \.views.brightness, "random change of brightness, 0 to 1"),
    Setting("augmentation.contrast", \.views.contrast, "random change of contrast, 0 to 1"),
    Setting(
      "augmentation.photometric_distortion", \.views.distortion,
      "ssd: random brightness, contrast, saturation and hue, as SSD and mmsegmentation have them"),
    Setting(
      "augmentation.gaussian_blur", \.views.blur, "the probability of a Gaussian blur; DAFormer's: 0.5"),
    Setting("augmentation.blur_min_std", \.views.minDeviation, "the weakest blur's deviation, in pixels"),
    Setting("augmentation.blur_max_std", \.views.maxDeviation, "the strongest blur's deviation, in pixels"),
    Setting(
      "batch_norm.freeze", \.freezeNormalisation,
      "what of the normalisation stays: affine: weights and biases; all: the statistics too"),
    Setting(
      "batch_norm.sync", \.syncBatchnorm,
      "whether a batch's statistics are those of all processes' parts of it"),
    Setting("optimizer.name", \.optimizer, "what moves the weights"),
    Setting("optimizer.learning_rate", \.learningRate, "the body's learning rate after the warm-up"),
    Setting("optimizer.head_lr_mult", \.headScale, "the classifier's learning rate over the body's"),
    Setting("optimizer.momentum", \.momentum, "the momentum of sgd"),
    Setting("optimizer.nesterov", \.nesterov, "whether sgd looks ahead along its momentum"),
    Setting("optimizer.weight_decay", \.weightDecay, "the optimiser's weight decay"),
    Setting("schedule.steps", \.steps, "updates to run"),
    Setting("schedule.warm_up", \.warmUp, "steps over which the learning rate rises from a tenth"),
    Setting(
      "schedule.total_steps", \.horizon, "the step at which the learning rate would reach 0; auto: the last"),
    Setting("schedule.power", \.power, "the power of the learning rate's decay"),
    Setting("validation.images", \.validation.images, "images to score the network on; auto: none"),
    Setting("validation.labels", \.validation.labels, "the folder of their label images"),
    Setting("validation.label_space", \.validation.labelSpace, "what those hold; auto: as data.label_space"),
    Setting("validation.dataset", \.validation.dataset, "a data set in their place"),
    Setting("validation.root", \.validation.data, "that data set's root folder"),
    Setting("validation.split", \.validation.split, "that data set's part"),
    Setting("validation.allow_missing", \.validation.allowMissing, "whether some of them may be missing"),
    Setting("validation.every", \.evaluateEvery, "steps between scores on the validation images"),
    Setting(
      "checkpoint.every", \.checkpointEvery,
      "steps between checkpoints; auto: as many as take five minutes, at most a quarter of the run"),
    Setting("checkpoint.keep", \.checkpointKeep, "checkpoints kept"),
    Setting("runtime.output", \.output, "the run folder"),
    Setting(
      "runtime.on_nan", \.notFinite,
      "whether a step whose loss or gradient is no number ends the run or is left out"),
    Setting(
      "runtime.max_skipped", \.mostSkipped, "such steps in a row that are left out before the run ends"),
    Setting(
      "runtime.plan", \.plan,
      "where memory or disk will not do: refuse to begin, or only warn; off: no estimate"),
    Setting("runtime.device", \.device, "auto, cpu, cuda or cuda:N"),
    Setting("runtime.seed", \.seed, "the seed of every random choice"),
    Setting("runtime.threads", \.threads, "threads of the computation; 0: all cores"),
    Setting("runtime.workers", \.workers, "threads that prepare batches ahead"),
  ])

  /// - Throws: `Problem` for values that make no run.
  public func check() throws {
    for (name, value) in [
      ("schedule.steps", steps), ("validation.every", evaluateEvery),
      ("checkpoint.every", checkpointEvery ?? 1),
      ("checkpoint.keep", checkpointKeep), ("runtime.max_skipped", mostSkipped),
      ("data.rare_class_min_pixels", rareClasses.pixels ?? 1),
    ] {
      try require(name, value, in: 1...Most.steps)
    }
    try require("data.batch_size", batch, in: 1...Most.batch)
    for (name, value) in [
      ("optimizer.learning_rate", learningRate), ("optimizer.head_lr_mult", headScale),
      ("data.rare_class_temperature", rareClasses.temperature), ("augmentation.min_scale", views.minScale),
      ("augmentation.max_scale", views.maxScale), ("augmentation.cat_max_ratio", views.classMaximum),
      ("augmentation.blur_min_std", views.minDeviation),
    ] {
      try require(value > 0, name, value.settingText, "a number above 0")
    }
    for (name, value) in [
      ("optimizer.weight_decay", weightDecay), ("loss_weights.auxiliary", auxiliaryWeight),
      ("schedule.power", power),
    ] {
      try require(value >= 0, name, value.settingText, "at least 0")
    }
    try require((0..<1).contains(momentum), "optimizer.momentum", momentum.settingText, "at least 0, below 1")
    try require(
      !nesterov || momentum > 0 || optimizer != .sgd, "optimizer.nesterov", "on",
      "a momentum above 0 to look along")
    try require((0...1).contains(views.blur), "augmentation.gaussian_blur", views.blur.settingText, "0 to 1")
    try require(
      views.maxDeviation >= views.minDeviation && views.maxDeviation <= 64, "augmentation.blur_max_std",
      views.maxDeviation.settingText, "\(views.minDeviation) to 64")
    try require("schedule.warm_up", warmUp, in: 0...Most.steps)
    try require(
      horizon ?? steps >= steps, "schedule.total_steps", horizon.settingText,
      "at least the number of steps, \(steps)")
    try require((0...64).contains(workers), "runtime.workers", "\(workers)", "0 to 64")
    try require(mostUnreadable >= 0, "data.max_unreadable", "\(mostUnreadable)", "at least 0")
    try require((0...1024).contains(threads), "runtime.threads", "\(threads)", "0 to 1024")
  }
}
