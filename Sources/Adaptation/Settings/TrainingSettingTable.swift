// SPDX-License-Identifier: Apache-2.0

extension TrainingSettings {
  /// Every setting under the name that config files and `--set` use.
  public static let table = SettingTable<TrainingSettings>([
    Setting("profile", \.profile, "a recipe to start from"),
    Setting("network", \.network, "the network's family"),
    Setting("weightsFile", \.weightsFile, "weights to go on from (--weights); auto: a fresh network"),
    Setting(
      "backbone", \.backbone, "a body's weights, of ImageNet for one, for a fresh network to start from"),
    Setting(
      "variant", \.variant,
      "what a fresh network has besides the default: width=32; or what foreign weights do not say"),
    Setting("images", \.source.images, "the images: a folder or a list file"),
    Setting("labels", \.source.labels, "the folder of label images"),
    Setting("labelSpace", \.source.labelSpace, "what the label images hold; auto: as the data set says"),
    Setting("dataset", \.source.dataset, "a data set in their place: its name, or a .yaml"),
    Setting("data", \.source.data, "the data set's root folder"),
    Setting("split", \.source.split, "the data set's part; auto: its own choice"),
    Setting("allowMissing", \.source.allowMissing, "whether images or labels may be missing"),
    Setting(
      "exifOrientation", \.source.exifOrientation,
      "apply: images and labels are turned as their EXIF says; ignore: as they are stored"),
    Setting("classes", \.classes, "the classes that the network learns; auto: those of the labels"),
    Setting("output", \.output, "the run folder"),
    Setting(
      "normalisation", \.normalisation,
      "how the network takes its pixels; auto: as its weights do; imageNet for a fresh one"),
    Setting("batch", \.batch, "images a step"),
    Setting("steps", \.steps, "updates to run"),
    Setting("optimizer", \.optimizer, "what moves the weights"),
    Setting("learningRate", \.learningRate, "the body's learning rate after the warm-up"),
    Setting("headScale", \.headScale, "the classifier's learning rate over the body's"),
    Setting("warmUp", \.warmUp, "steps over which the learning rate rises from a tenth"),
    Setting("horizon", \.horizon, "the step at which the learning rate would reach 0; auto: the last"),
    Setting("power", \.power, "the power of the learning rate's decay"),
    Setting("momentum", \.momentum, "the momentum of sgd"),
    Setting("nesterov", \.nesterov, "whether sgd looks ahead along its momentum"),
    Setting("weightDecay", \.weightDecay, "the optimiser's weight decay"),
    Setting(
      "classWeights", \.classWeights, "how much a pixel of a class counts; logarithmic: rare ones more"),
    Setting(
      "auxiliaryWeight", \.auxiliaryWeight,
      "the weight of the auxiliary classifier's loss; above 0, a fresh network that can have one has it"),
    Setting(
      "freezeNormalisation", \.freezeNormalisation,
      "what of the normalisation stays: affine: weights and biases; all: the statistics too"),
    Setting("size", \.size, "the size that images are brought to; auto: their own"),
    Setting("crop", \.crop, "the size of the crops"),
    Setting("views.minScale", \.views.minScale, "the smallest random factor of the size"),
    Setting("views.maxScale", \.views.maxScale, "the largest random factor of the size"),
    Setting(
      "views.classMaximum", \.views.classMaximum,
      "the share of a crop above which one class is too much (10 tries); the field's: 0.75; 1: off"),
    Setting("views.mirror", \.views.mirror, "whether half of the crops are mirrored"),
    Setting("views.colour", \.views.colour, "whether crops go through the colour policy"),
    Setting("views.brightness", \.views.brightness, "random change of brightness, 0 to 1"),
    Setting("views.contrast", \.views.contrast, "random change of contrast, 0 to 1"),
    Setting(
      "views.distortion", \.views.distortion,
      "ssd: random brightness, contrast, saturation and hue, as SSD and mmsegmentation have them"),
    Setting("views.blur", \.views.blur, "the probability of a Gaussian blur; DAFormer's: 0.5"),
    Setting("views.minDeviation", \.views.minDeviation, "the weakest blur's deviation, in pixels"),
    Setting("views.maxDeviation", \.views.maxDeviation, "the strongest blur's deviation, in pixels"),
    Setting(
      "rareClasses.sampling", \.rareClasses.sampling,
      "whether images are drawn by their classes, rare ones more often (DAFormer)"),
    Setting(
      "rareClasses.temperature", \.rareClasses.temperature, "the smaller, the more often rare classes come"),
    Setting(
      "rareClasses.pixels", \.rareClasses.pixels,
      "pixels of a class that make an image show it; auto: 0.15 % of the image"),
    Setting("validation.images", \.validation.images, "images to score the network on; auto: none"),
    Setting("validation.labels", \.validation.labels, "the folder of their label images"),
    Setting("validation.labelSpace", \.validation.labelSpace, "what those hold; auto: as labelSpace"),
    Setting("validation.dataset", \.validation.dataset, "a data set in their place"),
    Setting("validation.data", \.validation.data, "that data set's root folder"),
    Setting("validation.split", \.validation.split, "that data set's part"),
    Setting("validation.allowMissing", \.validation.allowMissing, "whether some of them may be missing"),
    Setting("evaluateEvery", \.evaluateEvery, "steps between scores on the validation images"),
    Setting(
      "checkpointEvery", \.checkpointEvery,
      "steps between checkpoints; auto: as many as take five minutes, at most a quarter of the run"),
    Setting("checkpointKeep", \.checkpointKeep, "checkpoints kept"),
    Setting(
      "notFinite", \.notFinite,
      "whether a step whose loss or gradient is no number ends the run or is left out"),
    Setting("mostSkipped", \.mostSkipped, "such steps in a row that are left out before the run ends"),
    Setting(
      "plan", \.plan, "where memory or disk will not do: refuse to begin, or only warn; off: no estimate"),
    Setting("device", \.device, "auto, cpu, cuda or cuda:N"),
    Setting("seed", \.seed, "the seed of every random choice"),
    Setting("threads", \.threads, "threads of the computation; 0: all cores"),
    Setting("workers", \.workers, "threads that prepare batches ahead"),
    Setting(
      "syncBatchnorm", \.syncBatchnorm,
      "whether a batch's statistics are those of all processes' parts of it"),
    Setting(
      "mostUnreadable", \.mostUnreadable,
      "files that may become unreadable during the run, replaced by the next; one more ends it"),
  ])

  /// - Throws: `Problem` for values that make no run.
  public func check() throws {
    for (name, value) in [
      ("steps", steps), ("evaluateEvery", evaluateEvery), ("checkpointEvery", checkpointEvery ?? 1),
      ("checkpointKeep", checkpointKeep), ("mostSkipped", mostSkipped),
      ("rareClasses.pixels", rareClasses.pixels ?? 1),
    ] {
      try require(name, value, in: 1...Most.steps)
    }
    try require("batch", batch, in: 1...Most.batch)
    for (name, value) in [
      ("learningRate", learningRate), ("headScale", headScale),
      ("rareClasses.temperature", rareClasses.temperature), ("views.minScale", views.minScale),
      ("views.maxScale", views.maxScale), ("views.classMaximum", views.classMaximum),
      ("views.minDeviation", views.minDeviation),
    ] {
      try require(value > 0, name, value.settingText, "a number above 0")
    }
    for (name, value) in [
      ("weightDecay", weightDecay), ("auxiliaryWeight", auxiliaryWeight), ("power", power),
    ] {
      try require(value >= 0, name, value.settingText, "at least 0")
    }
    try require((0..<1).contains(momentum), "momentum", momentum.settingText, "at least 0, below 1")
    try require(
      !nesterov || momentum > 0 || optimizer != .sgd, "nesterov", "on", "a momentum above 0 to look along")
    try require((0...1).contains(views.blur), "views.blur", views.blur.settingText, "0 to 1")
    try require(
      views.maxDeviation >= views.minDeviation && views.maxDeviation <= 64, "views.maxDeviation",
      views.maxDeviation.settingText, "\(views.minDeviation) to 64")
    try require("warmUp", warmUp, in: 0...Most.steps)
    try require(
      horizon ?? steps >= steps, "horizon", horizon.settingText, "at least the number of steps, \(steps)")
    try require((0...64).contains(workers), "workers", "\(workers)", "0 to 64")
    try require(mostUnreadable >= 0, "mostUnreadable", "\(mostUnreadable)", "at least 0")
    try require((0...1024).contains(threads), "threads", "\(threads)", "0 to 1024")
  }
}
