// SPDX-License-Identifier: Apache-2.0

import Imaging
import Segmentation

/// Everything that decides a run of `adapt`.
public struct AdaptationSettings: RunSettings, Equatable, Sendable {
  // What.
  /// The choices that the others start from.
  public var profile = Profile.recommended
  /// The way to adapt.
  public var method = Method.iapc
  /// The name of the network's family; nil as the weights say.
  public var network: String?
  /// The source network's weights.
  public var weightsFile = ""
  /// The label space that the network predicts; nil for what the weights say, or else `cityscapes19`.
  public var classes: String?
  /// What foreign weights do not say of themselves: an origin, single properties, or both.
  public var variant: String?
  /// The colours that the weights want; nil as they say.
  public var normalisation: String?
  /// The unlabelled images. Its labels are never asked for.
  public var target = DataSource(preferredSplit: "train")
  public var output = ""

  // How long and how fast.
  /// Images a step.
  public var batch = 6
  /// Updates to run; `source-only` and `adabn` take none.
  public var steps = 300
  /// The body's learning rate after the warm-up; the classifier's is `learning.headScale` times it.
  public var learningRate = 1e-4
  /// nil for 5/9 of the steps, at most 5000: the share of the published run.
  public var warmUp: Int?
  /// The step at which the learning rate would reach 0; nil for just after the last.
  public var horizon: Int? = 100_000
  /// The exponent of the learning rate's decay.
  public var power = 0.9

  // What the networks see.
  /// The network's input size; nil for the first image's size, at most 1280 wide.
  public var size: PixelSize?
  /// nil for half of `size` each way.
  public var crop: PixelSize?
  /// How training views are cut and coloured.
  public var views = Views()
  /// How the source network labels the images.
  public var pseudoLabels = PseudoLabels()
  /// How bright the images are that source and teacher see.
  public var exposure = ExposureChoice.own

  /// How the student learns, whatever the method.
  public var learning = LearningSettings()
  /// The choices of `iapc`.
  public var iapc = IAPCSettings()
  /// The choices of `self-training`.
  public var selfTraining = SelfTraining.Settings()
  /// The choices of `urma`.
  public var urma = URMA.Settings()
  /// The choices of `hcl`.
  public var hcl = HCL.Settings()
  /// The choices of `cotta`.
  public var cotta = CoTTA.Settings()
  /// The choices of `dt-st`.
  public var dynamicTeacher = DynamicTeacher.Settings()
  /// Where normalisation statistics come from before the first step.
  public var initialStatistics = Statistics.source
  /// Which normalisation statistics the adapted network is saved with; nil for `target` where the steps would leave
  /// much of the source's in those that they move, else `source`.
  public var finalStatistics: Statistics?
  /// Which of the method's networks is the adapted one.
  public var adapted = AdaptedNetwork.student
  /// Whether the network before the first step is saved in the place of the adapted one where the adapted one has the
  /// lower `LabelFreeScore`.
  public var guards = false
  /// How batches enter statistics that are estimated anew.
  public var statisticsForm = StatisticsForm.mean
  /// The share of the source's statistics that stays where they are estimated anew, 0 to 1; nil for the one with
  /// which the network has the best `LabelFreeScore`.
  public var sourceShare: Double? = 0

  // On what.
  /// "auto", "cpu", "cuda" or "cuda:N".
  public var device = "auto"
  /// The seed of every random choice.
  public var seed: UInt64 = 1
  /// Threads of the computation; 0 for all cores.
  public var threads = 0
  /// Threads that prepare batches ahead.
  public var workers = 1
  /// How many different files may turn out unreadable while batches are made before the run ends.
  public var mostUnreadable = 10
  /// Steps between checkpoints; nil for as many as take five minutes, at most a quarter of the run.
  public var checkpointEvery: Int?
  /// Checkpoints kept.
  public var checkpointKeep = 2
  /// What happens at a step whose loss or gradient is no number.
  public var notFinite = NotFinite.stop
  /// Such steps in a row that are skipped before the run ends, where they are skipped.
  public var mostSkipped = 10
  /// What is done before the first step about memory, disk and time.
  public var plan = PlanPolicy.refuse

  // How it is watched.
  /// Steps between looks at the network without labels; 0 for none, nil for a handful of looks that take at
  /// most a twentieth of the time.
  public var selectEvery: Int?
  /// How the network is looked at.
  public var selection = SelectionSettings()
  /// What happens where the network seems to have collapsed.
  public var collapse = CollapsePolicy.warn
  /// How far the shares of the predicted classes may move from those at the start, as a divergence in nats.
  public var collapseDrift = 1.0

  /// How training views are cut and coloured.
  public struct Views: Equatable, Sendable {
    /// The least random factor of the size.
    public var minScale = 0.8
    /// The greatest random factor of the size.
    public var maxScale = 1.2
    /// Whether views are mirrored, with probability 1/2.
    public var mirror = true
    /// Whether the student sees other colours.
    public var colour = true
    /// A crop is taken at once when its label has more classes than this.
    public var minimumClasses = 10
  }

  /// How the source network labels the images.
  public struct PseudoLabels: Equatable, Sendable {
    /// The input size at scale 1; nil for `size`.
    public var size: PixelSize?
    /// Factors of the size whose probabilities are summed; nil for the three of `candidates` at which the
    /// network has the best `LabelFreeScore`.
    public var scales: [Double]? = [1, 1.25, 0.75]
    /// What `scales` are chosen from where they are not named.
    public var candidates = [0.75, 1, 1.25, 1.5, 2]
    /// Whose normalisation statistics label at each scale.
    public var statistics = ScaleStatistics.network
    /// How far rare classes are preferred: probabilities are divided by a class's mean one to the power of this.
    public var balance = 0.0
    /// Whether mirrored images count too.
    public var mirror = true
  }

  /// Whose normalisation statistics label at each scale.
  public enum ScaleStatistics: String, SettingChoice {
    /// The network's, at all scales.
    case network
    /// Of the target images at that scale.
    case scale
  }

  /// The choices that others can start from; see `init(method:profile:)`.
  public enum Profile: String, SettingChoice {
    /// The paper's text where text and code differ.
    case paper
    /// The authors' released code.
    case reference
    /// The paper with what our measurements favour.
    case recommended
  }

  /// The ways to adapt.
  public enum Method: String, SettingChoice {
    /// The source network as it is.
    case sourceOnly = "source-only"
    /// The source network with normalisation statistics of the target images.
    case batchnorm = "adabn"
    /// See `Tent`.
    case tent
    /// See `SelfTraining`.
    case selfTraining = "self-training"
    /// See `URMA`.
    case urma
    /// See `HCL`.
    case hcl
    /// See `CoTTA`.
    case cotta
    /// See `DynamicTeacher`.
    case dynamicTeacher = "dt-st"
    /// Importance-aware and prototype-contrast learning: Cao et al. 2024.
    case iapc

    /// Whether it learns anything.
    var takesSteps: Bool { self != .sourceOnly && self != .batchnorm }
    /// Whether it learns from labels that are made before the first step.
    var needsPseudoLabels: Bool { [.urma, .hcl, .iapc].contains(self) }
    /// Whether it averages its student over the steps.
    var hasTeacher: Bool { [.hcl, .cotta, .dynamicTeacher, .iapc].contains(self) }
    /// Whether several processes can share its batches.
    var sharesBatches: Bool { [.tent, .iapc].contains(self) || !takesSteps }
  }

  /// Where normalisation statistics come from.
  public enum Statistics: String, SettingChoice {
    /// As the network has them.
    case source
    /// Estimated anew over all target images, plain and at the network's input size.
    case target
  }

  public static let job = RunJob.adapt

  /// The settings before a method and a profile decide: what a run had of a setting that is newer than the run.
  public static let initial = Self(initial: ())

  private init(initial: Void) {}
}
