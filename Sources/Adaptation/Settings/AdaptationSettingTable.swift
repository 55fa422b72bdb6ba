// SPDX-License-Identifier: Apache-2.0

extension AdaptationSettings {
  /// Every setting under the name that config files and `--set` use.
  public static let table = SettingTable<AdaptationSettings>([
    Setting("profile", \.profile, "a set of choices to start from"),
    Setting("method", \.method, "the way to adapt"),
    Setting("network", \.network, "the network's family; auto: as the weights say"),
    Setting("weightsFile", \.weightsFile, "the source network's weights (--weights)"),
    Setting("classes", \.classes, "the label space that the network predicts"),
    Setting("variant", \.variant, "what foreign weights do not say: an origin, properties, or both"),
    Setting("normalisation", \.normalisation, "the colours that the weights want; auto: as they say"),
    Setting("images", \.target.images, "the unlabelled images: a folder or a list file"),
    Setting("dataset", \.target.dataset, "a data set in their place: its name, or a .yaml"),
    Setting("data", \.target.data, "the data set's root folder"),
    Setting("split", \.target.split, "the data set's part; auto: its own choice"),
    Setting("allowMissing", \.target.allowMissing, "whether images of the data set may be missing"),
    Setting(
      "exifOrientation", \.target.exifOrientation,
      "apply: images are turned as their EXIF says; ignore: as they are stored"),
    Setting("output", \.output, "the run folder"),
    Setting("batch", \.batch, "images a step, over all processes"),
    Setting("steps", \.steps, "updates to run"),
    Setting("learningRate", \.learningRate, "the body's learning rate after the warm-up"),
    Setting(
      "warmUp", \.warmUp, "steps in which the rate rises from a tenth; auto: 5/9 of all, at most 5000"),
    Setting("horizon", \.horizon, "the step at which the rate would reach 0; auto: just after the last"),
    Setting("power", \.power, "the power of the learning rate's decay"),
    Setting("size", \.size, "the size that images are brought to"),
    Setting("crop", \.crop, "the size of the crops that networks see in training"),
    Setting("views.minScale", \.views.minScale, "the smallest random factor of the size"),
    Setting("views.maxScale", \.views.maxScale, "the largest random factor of the size"),
    Setting("views.mirror", \.views.mirror, "whether half of the crops are mirrored"),
    Setting("views.colour", \.views.colour, "whether the student's crops change colours"),
    Setting(
      "views.minimumClasses", \.views.minimumClasses, "crops with more classes are preferred (10 tries)"),
    Setting("pseudoLabels.size", \.pseudoLabels.size, "the input size of pseudo-labels at scale 1"),
    Setting(
      "pseudoLabels.scales", \.pseudoLabels.scales,
      "the scales whose scores are summed; auto: three of the candidates, chosen without labels"),
    Setting(
      "pseudoLabels.candidates", \.pseudoLabels.candidates, "the scales that are tried where none are named"),
    Setting(
      "pseudoLabels.statistics", \.pseudoLabels.statistics,
      "whose normalisation statistics label at each scale: the network's, or the images' at that scale"),
    Setting(
      "pseudoLabels.balance", \.pseudoLabels.balance,
      "how far rare classes are preferred: probabilities over a class's mean one to that power"),
    Setting("pseudoLabels.mirror", \.pseudoLabels.mirror, "whether mirrored images are summed too"),
    Setting(
      "exposure", \.exposure,
      "how bright images are for the networks that label them: as they are, or as the source's were"),
    Setting("weights.ia", \.iapc.weights.importance, "the importance-aware term's weight; 0: off"),
    Setting("weights.pe", \.iapc.weights.enhanced, "the prototype-enhanced term's weight"),
    Setting("weights.ps", \.iapc.weights.symmetric, "the prototype-symmetric term's weight"),
    Setting("weights.im", \.iapc.weights.entropy, "the entropy term's weight"),
    Setting(
      "entropyOn", \.iapc.entropyOn,
      "which pixels the entropy term takes: all, or those whose predicted class is their label"),
    Setting("importance", \.iapc.importance, "what trust in the source network is read from"),
    Setting(
      "mixing.classes", \.iapc.mixing.classes,
      "whether half of an image's classes are pasted over another of the batch for the student"),
    Setting("mixing.masked", \.iapc.mixing.masked, "the share of square patches hidden from the student"),
    Setting(
      "mixing.patch", \.iapc.mixing.patch,
      "the side of such a patch, in pixels; auto: 1/15 of the crop's shorter side"),
    Setting("prototypes", \.iapc.prototypes, "what prototypes are means of"),
    Setting(
      "prototypeLayout", \.iapc.prototypeLayout, "scrambled2023 imitates a mistake of the code of 2023"),
    Setting("prototypeDecay", \.iapc.prototypeDecay, "share of the old prototypes, for momentum"),
    Setting("selfTraining.balanced", \.selfTraining.balanced, "self-training: a threshold for each class"),
    Setting("selfTraining.threshold", \.selfTraining.threshold, "self-training: the one threshold"),
    Setting("selfTraining.portion", \.selfTraining.portion, "self-training: pixels taken in the first round"),
    Setting("selfTraining.portionStep", \.selfTraining.portionStep, "self-training: more of them each round"),
    Setting("selfTraining.portionMost", \.selfTraining.portionMost, "self-training: at most so many"),
    Setting("selfTraining.round", \.selfTraining.round, "self-training: steps of a round"),
    Setting("urma.entropy", \.urma.entropy, "urma: the entropy term's weight"),
    Setting("urma.uncertainty", \.urma.uncertainty, "urma: the weight of the decoders' disagreement"),
    Setting("urma.decoders", \.urma.decoders, "urma: classifiers on features with channels left out"),
    Setting("urma.dropout", \.urma.dropout, "urma: the probability that a channel is left out"),
    Setting("hcl.instance", \.hcl.instance, "hcl: the weight of the features' contrast"),
    Setting("hcl.temperature", \.hcl.temperature, "hcl: what similarities are divided by"),
    Setting("hcl.teacherDecay", \.hcl.teacherDecay, "hcl: share of the old average at each step"),
    Setting("cotta.teacherDecay", \.cotta.teacherDecay, "cotta: share of the old teacher at each step"),
    Setting("cotta.threshold", \.cotta.threshold, "cotta: the confidence below which views are averaged"),
    Setting("cotta.scales", \.cotta.scales, "cotta: the views' factors of the size"),
    Setting("cotta.restored", \.cotta.restored, "cotta: share of the weights put back at each step"),
    Setting("dtSt.teacherDecay", \.dynamicTeacher.teacherDecay, "dt-st: share of the old teacher"),
    Setting("dtSt.negative", \.dynamicTeacher.negative, "dt-st: weight of the classes ruled out"),
    Setting("dtSt.mixing", \.dynamicTeacher.mixing, "dt-st: whether classes are pasted"),
    Setting("teacherDecay", \.iapc.teacherDecay, "share of the old teacher at each step"),
    Setting("teacherNorm", \.iapc.teacherNorm, "the teacher's normalisation statistics"),
    Setting(
      "classBalance", \.iapc.classBalance,
      "which classes weigh more: those rare in a batch, or those predicted less often than labelled"),
    Setting(
      "rarePixels", \.iapc.rarePixels, "pixels an image below which a class is rare; auto: 1/32 of the crop"),
    Setting("rareWeight", \.iapc.rareWeight, "the weight of rare classes"),
    Setting("ignoredInMean", \.iapc.ignoredInMean, "whether ignored pixels count in the supervised means"),
    Setting("backboneUpdates", \.learning.backboneUpdates, "steps of the body for each gradient"),
    Setting("statisticsPass", \.iapc.statisticsPass, "whether a plain pass follows each update"),
    Setting("optimizer", \.learning.optimizer, "what moves the parameters"),
    Setting(
      "studentNorm", \.learning.studentNorm, "the student's normalisation statistics while it learns"),
    Setting("trained", \.learning.trained, "what of the network learns; auto: the method's own choice"),
    Setting("headScale", \.learning.headScale, "the classifier's learning rate over the body's"),
    Setting("momentum", \.learning.momentum, "the optimiser's momentum"),
    Setting("weightDecay", \.learning.weightDecay, "the optimiser's weight decay"),
    Setting("initialStatistics", \.initialStatistics, "normalisation statistics before the first step"),
    Setting(
      "finalStatistics", \.finalStatistics,
      "normalisation statistics of the adapted network; auto: target where the steps leave much of the source's"
    ),
    Setting("adapted", \.adapted, "which network is saved: the student, or the average of its last steps"),
    Setting(
      "guard", \.guards,
      "whether the network before the steps is saved where the label-free score is lower after them"),
    Setting(
      "statisticsForm", \.statisticsForm,
      "how batches enter statistics that are estimated anew: their mean, a running mean of momentum 0.1, or a "
        + "blend with the source's in which later batches count less"),
    Setting(
      "sourceShare", \.sourceShare,
      "share of the source's statistics that stays in those estimated anew; auto: chosen without labels"),
    Setting("device", \.device, "auto, cpu, cuda or cuda:N"),
    Setting(
      "precision", \.learning.precision, "what the networks compute in: bfloat16 halves time and memory"),
    Setting("seed", \.seed, "the seed of every random choice"),
    Setting("threads", \.threads, "threads of the computation; 0: all cores"),
    Setting("workers", \.workers, "threads that prepare batches ahead"),
    Setting(
      "syncBatchnorm", \.learning.syncBatchnorm,
      "whether a batch's statistics are those of all processes' parts of it"),
    Setting(
      "overlap", \.learning.overlap, "whether processes exchange gradients while backward goes on"),
    Setting(
      "mostUnreadable", \.mostUnreadable,
      "files that may become unreadable during the run, replaced by the next; one more ends it"),
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
    Setting(
      "selectEvery", \.selectEvery,
      "steps between lines of selection.jsonl; 0: none; auto: a few that take 1/20 of the time"),
    Setting("selection.images", \.selection.images, "images that those lines look at; auto: at most 32"),
    Setting("selection.pixels", \.selection.pixels, "pixels of each of them"),
    Setting(
      "collapse", \.collapse, "where the network seems to have collapsed: warn, stop the run, or off"),
    Setting(
      "collapseDrift", \.collapseDrift,
      "how far class shares may move from those at the start (KL, in nats) before that is called a collapse"),
  ])

  /// - Throws: `Problem` for values that make no run.
  public func check() throws {
    for (name, value) in [
      ("checkpointEvery", checkpointEvery ?? 1), ("checkpointKeep", checkpointKeep),
      ("mostSkipped", mostSkipped), ("selection.images", selection.images ?? 1),
    ] {
      try require(name, value, in: 1...Most.steps)
    }
    try require("steps", steps, in: (method.takesSteps ? 1 : 0)...Most.steps)
    try require("batch", batch, in: 1...Most.batch)
    try require(learningRate > 0, "learningRate", "\(learningRate)", "a number above 0")
    for (name, value) in [("warmUp", warmUp), ("selectEvery", selectEvery)] {
      try require(name, value ?? 0, in: 0...Most.steps)
    }
    try require(
      horizon ?? steps >= steps, "horizon", horizon.settingText, "at least the number of steps, \(steps)")
    try require(
      (2...100_000).contains(selection.pixels), "selection.pixels", "\(selection.pixels)", "2 to 100000")
    try require(collapseDrift > 0, "collapseDrift", "\(collapseDrift)", "a number above 0")
    try require((0...64).contains(workers), "workers", "\(workers)", "0 to 64")
    try require(mostUnreadable >= 0, "mostUnreadable", "\(mostUnreadable)", "at least 0")
    try require((0...1024).contains(threads), "threads", "\(threads)", "0 to 1024")
    try require(
      (1...16).contains(learning.backboneUpdates), "backboneUpdates", "\(learning.backboneUpdates)", "1 to 16"
    )
    try require((0...1).contains(iapc.teacherDecay), "teacherDecay", "\(iapc.teacherDecay)", "0 to 1")
    try require(
      (pseudoLabels.scales ?? []).allSatisfy { $0 > 0 && $0 <= 4 }, "pseudoLabels.scales",
      pseudoLabels.scales.settingText,
      "factors above 0, at most 4")
    try require(
      adapted == .student || method.hasTeacher, "adapted", "teacher",
      "student, for \(method.rawValue) averages no network")
    try require((0...1).contains(sourceShare ?? 0), "sourceShare", sourceShare.settingText, "0 to 1")
    let weights = iapc.weights
    let all = [weights.importance, weights.enhanced, weights.symmetric, weights.entropy]
    try require(
      all.allSatisfy { $0 >= 0 } && all.contains { $0 > 0 }, "weights", "\(all)", "none below 0, one above")
  }
}
