// SPDX-License-Identifier: Apache-2.0

extension AdaptationSettings {
  /// The settings that runs of one method have. Several methods may have one of a name, each its own.
  static let ofMethods: [Setting<AdaptationSettings>] = {
    var all: [Setting<AdaptationSettings>] = []
    all += of(
      .iapc,
      [
        Setting(
          "method.im_pixels", \.iapc.entropyOn,
          "which pixels the entropy term takes: all, or those whose predicted class is their label"),
        Setting("method.importance", \.iapc.importance, "what trust in the source network is read from"),
        Setting(
          "method.class_mix", \.iapc.mixing.classes,
          "whether half of an image's classes are pasted over another of the batch for the student"),
        Setting(
          "method.mask_ratio", \.iapc.mixing.masked, "the share of square patches hidden from the student"),
        Setting(
          "method.mask_patch", \.iapc.mixing.patch,
          "the side of such a patch, in pixels; auto: 1/15 of the crop's shorter side"),
        Setting("method.prototypes", \.iapc.prototypes, "what prototypes are means of"),
        Setting(
          "method.prototype_layout", \.iapc.prototypeLayout,
          "scrambled2023 imitates a mistake of the code of 2023"),
        Setting("method.prototype_decay", \.iapc.prototypeDecay, "share of the old prototypes, for momentum"),
        Setting(
          "method.class_weights", \.iapc.classBalance,
          "which classes weigh more: those rare in a batch, or those predicted less often than labelled"),
        Setting(
          "method.rare_pixels", \.iapc.rarePixels,
          "pixels an image below which a class is rare; auto: 1/32 of the crop"),
        Setting("method.rare_weight", \.iapc.rareWeight, "the weight of rare classes"),
        Setting(
          "method.ignored_in_mean", \.iapc.ignoredInMean,
          "whether ignored pixels count in the supervised means"),
      ])
    all += of(
      .selfTraining,
      [
        Setting("method.balanced", \.selfTraining.balanced, "a threshold for each class"),
        Setting("method.threshold", \.selfTraining.threshold, "the one threshold"),
        Setting(
          "method.portion", \.selfTraining.portion, "pixels taken in the first round"),
        Setting(
          "method.portion_step", \.selfTraining.portionStep, "more of them each round"),
        Setting("method.portion_max", \.selfTraining.portionMost, "at most so many"),
        Setting("method.round_steps", \.selfTraining.round, "steps of a round"),
      ])
    all += of(
      .urma,
      [
        Setting("method.entropy", \.urma.entropy, "the entropy term's weight"),
        Setting("method.uncertainty", \.urma.uncertainty, "the weight of the decoders' disagreement"),
        Setting("method.decoders", \.urma.decoders, "classifiers on features with channels left out"),
        Setting("method.dropout", \.urma.dropout, "the probability that a channel is left out"),
      ])
    all += of(
      .hcl,
      [
        Setting("method.instance", \.hcl.instance, "the weight of the features' contrast"),
        Setting("method.temperature", \.hcl.temperature, "what similarities are divided by"),
      ])
    all += of(
      .cotta,
      [
        Setting("method.threshold", \.cotta.threshold, "the confidence below which views are averaged"),
        Setting("method.scales", \.cotta.scales, "the views' factors of the size"),
        Setting("method.restored", \.cotta.restored, "share of the weights put back at each step"),
      ])
    all += of(
      .dynamicTeacher,
      [
        Setting("method.negative", \.dynamicTeacher.negative, "weight of the classes ruled out"),
        Setting("method.class_mix", \.dynamicTeacher.mixing, "whether classes are pasted"),
      ])
    all += of(
      .iapc,
      [
        Setting("loss_weights.ia", \.iapc.weights.importance, "the importance-aware term's weight; 0: off"),
        Setting("loss_weights.pe", \.iapc.weights.enhanced, "the prototype-enhanced term's weight"),
        Setting("loss_weights.ps", \.iapc.weights.symmetric, "the prototype-symmetric term's weight"),
        Setting("loss_weights.im", \.iapc.weights.entropy, "the entropy term's weight"),
        Setting("teacher.ema_decay", \.iapc.teacherDecay, "share of the old teacher at each step"),
        Setting("teacher.batch_norm", \.iapc.teacherNorm, "the teacher's normalisation statistics"),
      ])
    all += of(
      .hcl,
      [
        Setting("teacher.ema_decay", \.hcl.teacherDecay, "share of the old average at each step")
      ])
    all += of(
      .cotta,
      [
        Setting("teacher.ema_decay", \.cotta.teacherDecay, "share of the old teacher at each step")
      ])
    all += of(
      .dynamicTeacher,
      [
        Setting("teacher.ema_decay", \.dynamicTeacher.teacherDecay, "share of the old teacher")
      ])
    all += of(
      .iapc,
      [
        Setting("batch_norm.update_pass", \.iapc.statisticsPass, "whether a plain pass follows each update")
      ])
    return all
  }()

  private static func of(
    _ method: Method, _ settings: [Setting<AdaptationSettings>]
  ) -> [Setting<AdaptationSettings>] {
    settings.map { $0.of(Setting.Scope(choice: method.rawValue) { $0.method.rawValue }) }
  }
}
