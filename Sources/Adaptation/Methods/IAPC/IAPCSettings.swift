// SPDX-License-Identifier: Apache-2.0

import Segmentation

/// The choices of the method, those included in which its paper and its released code differ.
public struct IAPCSettings: Equatable, Sendable {
  /// What the source network's trust in a pixel is read from.
  public enum Importance: String, SettingChoice {
    /// `1 - z2 / z1` of the two largest logits, as the released code has it; it can leave [0, 1].
    case logits
    /// `1 - p2 / p1` of the two largest probabilities, as the paper has it.
    case probabilities
    /// The largest probability.
    case first
    /// One less the second largest probability.
    case second
    /// Every pixel counts alike.
    case none
  }

  /// How the student's images are made harder than those that labels come from.
  public struct Mixing: Equatable, Sendable {
    /// Whether half of the classes of an image are pasted over another of the batch.
    public var classes = false
    /// The share of square patches that are hidden.
    public var masked = 0.0
    /// The side of such a patch in pixels; nil for a fifteenth of the crop's shorter side.
    public var patch: Int?
  }

  /// What prototypes are means of.
  public enum Prototypes: String, SettingChoice {
    /// Each image's own teacher features.
    case perImage = "per_image"
    /// The batches' teacher features, averaged over the run.
    case momentum
    /// The source network's features of the whole target set, once.
    case `static`
  }

  /// How the similarities are laid out.
  public enum PrototypeLayout: String, SettingChoice {
    /// As the paper means it.
    case mended
    /// [HW, C] read as [C, H, W]: a mistake of the code of 2023, for comparisons with its numbers.
    case scrambled2023
  }

  /// How classes are weighed against each other.
  public enum ClassBalance: String, SettingChoice {
    /// Those that are rare in a batch or absent from it weigh more, as the paper has it.
    case batch
    /// Those that the student predicts less often than they are labelled weigh more.
    case shares = "distribution_alignment"
  }

  /// Which pixels the entropy term takes. Its mean is over all pixels in either case.
  public enum EntropyPixels: String, SettingChoice {
    /// All, as the paper has it.
    case all
    /// Those whose class, as the student predicts it, is their pseudo-label: none is made surer of what its label
    /// denies.
    case agreed
  }

  /// Multipliers of the terms; a term of weight 0 is not computed.
  public struct Weights: Equatable, Sendable {
    /// Of the importance-aware pseudo-label term, `loss_weights.ia`.
    public var importance = 0.2
    /// Of the enhanced term of prototypes, `loss_weights.pe`.
    public var enhanced = 0.5
    /// Of the symmetric term of prototypes, `loss_weights.ps`.
    public var symmetric = 0.04
    /// Of the entropy term, `loss_weights.im`.
    public var entropy = 2.0

    /// Multipliers; the released code's where none is given.
    public init(
      importance: Double = 0.2, enhanced: Double = 0.5, symmetric: Double = 0.04, entropy: Double = 2
    ) {
      (self.importance, self.enhanced) = (importance, enhanced)
      (self.symmetric, self.entropy) = (symmetric, entropy)
    }
  }

  /// The multipliers of the terms.
  public var weights = Weights()
  /// What the source network's trust in a pixel is read from.
  public var importance = Importance.logits
  /// Which pixels the entropy term takes.
  public var entropyOn = EntropyPixels.all
  /// How the student's images are made harder than those that labels come from.
  public var mixing = Mixing()
  /// What prototypes are means of.
  public var prototypes = Prototypes.perImage
  /// How the similarities are laid out.
  public var prototypeLayout = PrototypeLayout.mended
  /// Share of the old prototypes at each step, for `momentum`.
  public var prototypeDecay = 0.99
  /// Share of the old teacher at each step.
  public var teacherDecay = 0.9999
  /// Which statistics the teacher's normalisation layers use.
  public var teacherNorm = NormChoice.batch
  /// How classes are weighed against each other.
  public var classBalance = ClassBalance.batch
  /// Pixels an image below which a class counts as rare; nil for 1/32 of the crop.
  public var rarePixels: Int?
  /// The weight of a rare class, and the one that an absent class moves towards.
  public var rareWeight = 7.0
  /// Whether ignored pixels count in the means of the importance and the enhanced term.
  public var ignoredInMean = true
  /// Whether a pass over the plain crops follows each update and moves the student's running statistics.
  public var statisticsPass = false

  /// The choices of the authors' code, but for repeated updates and the statistics pass.
  public init() {}
}
