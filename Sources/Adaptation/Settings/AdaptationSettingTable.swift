// SPDX-License-Identifier: Apache-2.0

extension AdaptationSettings {
  /// Every setting under the name that config files and `--set` use.
  public static let table = SettingTable<AdaptationSettings>(
    [
      Setting("profile", \.profile, "a set of choices to start from"),
      Setting("method.name", \.method, "the way to adapt"),
    ] + ofMethods + ofAll)

  /// The settings that runs of every method have.
  private static let ofAll: [Setting<AdaptationSettings>] = [
    Setting("network.name", \.network, "the network's family; auto: as the weights say"),
    Setting("network.weights", \.weightsFile, "the source network's weights (--weights)"),
    Setting("network.classes", \.classes, "the label space that the network predicts"),
    Setting("network.variant", \.variant, "what foreign weights do not say: an origin, properties, or both"),
    Setting(
      "network.pixel_normalization", \.normalisation, "the colours that the weights want; auto: as they say"),
    Setting("data.images", \.target.images, "the unlabelled images: a folder or a list file"),
    Setting("data.dataset", \.target.dataset, "a data set in their place: its name, or a .yaml"),
    Setting("data.root", \.target.data, "the data set's root folder"),
    Setting("data.split", \.target.split, "the data set's part; auto: its own choice"),
    Setting("data.allow_missing", \.target.allowMissing, "whether images of the data set may be missing"),
    Setting(
      "data.exif_orientation", \.target.exifOrientation,
      "apply: images are turned as their EXIF says; ignore: as they are stored"),
    Setting("data.batch_size", \.batch, "images a step, over all processes"),
    Setting("data.size", \.size, "the size that images are brought to"),
    Setting(
      "data.photometric_matching", \.exposure,
      "how bright images are for the networks that label them: as they are, or as the source's were"),
    Setting(
      "data.max_unreadable", \.mostUnreadable,
      "files that may become unreadable during the run, replaced by the next; one more ends it"),
    Setting("augmentation.crop", \.crop, "the size of the crops that networks see in training"),
    Setting("augmentation.min_scale", \.views.minScale, "the smallest random factor of the size"),
    Setting("augmentation.max_scale", \.views.maxScale, "the largest random factor of the size"),
    Setting("augmentation.hflip", \.views.mirror, "whether half of the crops are mirrored"),
    Setting("augmentation.color_jitter", \.views.colour, "whether the student's crops change colours"),
    Setting(
      "augmentation.min_classes", \.views.minimumClasses, "crops with more classes are preferred (10 tries)"),
    Setting("pseudo_labels.size", \.pseudoLabels.size, "the input size of pseudo-labels at scale 1"),
    Setting(
      "pseudo_labels.scales", \.pseudoLabels.scales,
      "the scales whose scores are summed; auto: three of the candidates, chosen without labels"),
    Setting(
      "pseudo_labels.candidate_scales", \.pseudoLabels.candidates,
      "the scales that are tried where none are named"),
    Setting(
      "pseudo_labels.bn_statistics", \.pseudoLabels.statistics,
      "whose normalisation statistics label at each scale: the network's, or the images' at that scale"),
    Setting(
      "pseudo_labels.class_balance", \.pseudoLabels.balance,
      "how far rare classes are preferred: probabilities over a class's mean one to that power"),
    Setting("pseudo_labels.flip", \.pseudoLabels.mirror, "whether mirrored images are summed too"),
    Setting(
      "batch_norm.student", \.learning.studentNorm, "the student's normalisation statistics while it learns"),
    Setting("batch_norm.initial", \.initialStatistics, "normalisation statistics before the first step"),
    Setting(
      "batch_norm.final", \.finalStatistics,
      "normalisation statistics of the adapted network; auto: target where the steps leave much of the source's"
    ),
    Setting(
      "batch_norm.estimate", \.statisticsForm,
      "how batches enter statistics that are estimated anew: their mean, a running mean of momentum 0.1, or a "
        + "blend with the source's in which later batches count less"),
    Setting(
      "batch_norm.source_fraction", \.sourceShare,
      "share of the source's statistics that stays in those estimated anew; auto: chosen without labels"),
    Setting(
      "batch_norm.sync", \.learning.syncBatchnorm,
      "whether a batch's statistics are those of all processes' parts of it"),
    Setting("optimizer.name", \.learning.optimizer, "what moves the parameters"),
    Setting("optimizer.learning_rate", \.learningRate, "the body's learning rate after the warm-up"),
    Setting("optimizer.backbone_updates", \.learning.backboneUpdates, "steps of the body for each gradient"),
    Setting(
      "optimizer.trained", \.learning.trained, "what of the network learns; auto: the method's own choice"),
    Setting("optimizer.head_lr_mult", \.learning.headScale, "the classifier's learning rate over the body's"),
    Setting("optimizer.momentum", \.learning.momentum, "the optimiser's momentum"),
    Setting("optimizer.weight_decay", \.learning.weightDecay, "the optimiser's weight decay"),
    Setting("schedule.steps", \.steps, "updates to run"),
    Setting(
      "schedule.warm_up", \.warmUp,
      "steps in which the rate rises from a tenth; auto: 5/9 of all, at most 5000"),
    Setting(
      "schedule.total_steps", \.horizon, "the step at which the rate would reach 0; auto: just after the last"
    ),
    Setting("schedule.power", \.power, "the power of the learning rate's decay"),
    Setting(
      "selection.guard", \.guards,
      "whether the network before the steps is saved where the label-free score is lower after them"),
    Setting(
      "selection.every", \.selectEvery,
      "steps between lines of selection.jsonl; 0: none; auto: a few that take 1/20 of the time"),
    Setting("selection.images", \.selection.images, "images that those lines look at; auto: at most 32"),
    Setting("selection.pixels", \.selection.pixels, "pixels of each of them"),
    Setting(
      "selection.collapse_alarm", \.collapse,
      "where the network seems to have collapsed: warn, stop the run, or off"),
    Setting(
      "selection.collapse_kl", \.collapseDrift,
      "how far class shares may move from those at the start (KL, in nats) before that is called a collapse"),
    Setting(
      "checkpoint.network", \.adapted, "which network is saved: the student, or the average of its last steps"
    ),
    Setting(
      "checkpoint.every", \.checkpointEvery,
      "steps between checkpoints; auto: as many as take five minutes, at most a quarter of the run"),
    Setting("checkpoint.keep", \.checkpointKeep, "checkpoints kept"),
    Setting("runtime.output", \.output, "the run folder"),
    Setting("runtime.device", \.device, "auto, cpu, cuda or cuda:N"),
    Setting(
      "runtime.precision", \.learning.precision,
      "what the networks compute in: bfloat16 halves time and memory"),
    Setting("runtime.seed", \.seed, "the seed of every random choice"),
    Setting("runtime.threads", \.threads, "threads of the computation; 0: all cores"),
    Setting("runtime.workers", \.workers, "threads that prepare batches ahead"),
    Setting(
      "runtime.overlap", \.learning.overlap, "whether processes exchange gradients while backward goes on"),
    Setting(
      "runtime.on_nan", \.notFinite,
      "whether a step whose loss or gradient is no number ends the run or is left out"),
    Setting(
      "runtime.max_skipped", \.mostSkipped, "such steps in a row that are left out before the run ends"),
    Setting(
      "runtime.plan", \.plan,
      "where memory or disk will not do: refuse to begin, or only warn; off: no estimate"),
  ]

  /// - Throws: `Problem` for values that make no run.
  public func check() throws {
    for (name, value) in [
      ("checkpoint.every", checkpointEvery ?? 1), ("checkpoint.keep", checkpointKeep),
      ("runtime.max_skipped", mostSkipped), ("selection.images", selection.images ?? 1),
    ] {
      try require(name, value, in: 1...Most.steps)
    }
    try require("schedule.steps", steps, in: (method.takesSteps ? 1 : 0)...Most.steps)
    try require("data.batch_size", batch, in: 1...Most.batch)
    try require(learningRate > 0, "optimizer.learning_rate", "\(learningRate)", "a number above 0")
    for (name, value) in [("schedule.warm_up", warmUp), ("selection.every", selectEvery)] {
      try require(name, value ?? 0, in: 0...Most.steps)
    }
    try require(
      horizon ?? steps >= steps, "schedule.total_steps", horizon.settingText,
      "at least the number of steps, \(steps)")
    try require(
      (2...100_000).contains(selection.pixels), "selection.pixels", "\(selection.pixels)", "2 to 100000")
    try require(collapseDrift > 0, "selection.collapse_kl", "\(collapseDrift)", "a number above 0")
    try require((0...64).contains(workers), "runtime.workers", "\(workers)", "0 to 64")
    try require(mostUnreadable >= 0, "data.max_unreadable", "\(mostUnreadable)", "at least 0")
    try require((0...1024).contains(threads), "runtime.threads", "\(threads)", "0 to 1024")
    try require(
      (1...16).contains(learning.backboneUpdates), "optimizer.backbone_updates",
      "\(learning.backboneUpdates)", "1 to 16"
    )
    for decay in [iapc.teacherDecay, hcl.teacherDecay, cotta.teacherDecay, dynamicTeacher.teacherDecay] {
      try require((0...1).contains(decay), "teacher.ema_decay", "\(decay)", "0 to 1")
    }
    try require(
      (pseudoLabels.scales ?? []).allSatisfy { $0 > 0 && $0 <= 4 }, "pseudo_labels.scales",
      pseudoLabels.scales.settingText,
      "factors above 0, at most 4")
    try require(
      adapted == .student || method.hasTeacher, "checkpoint.network", "teacher",
      "student, for \(method.rawValue) averages no network")
    try require(
      (0...1).contains(sourceShare ?? 0), "batch_norm.source_fraction", sourceShare.settingText, "0 to 1")
    let weights = iapc.weights
    let all = [weights.importance, weights.enhanced, weights.symmetric, weights.entropy]
    try require(
      all.allSatisfy { $0 >= 0 } && all.contains { $0 > 0 }, "loss_weights", "\(all)",
      "none below 0, one above")
  }
}
