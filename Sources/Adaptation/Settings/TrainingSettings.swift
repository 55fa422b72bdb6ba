// SPDX-License-Identifier: Apache-2.0

import Imaging
import Segmentation

/// Everything that decides a run of `train`.
public struct TrainingSettings: RunSettings, Equatable, Sendable {
  // What.
  /// The choices that the others start from.
  public var profile = Profile.compact
  /// The name of the network's family.
  public var network = "espnet"
  /// Weights to go on from; nil for a fresh network.
  public var weightsFile: String?
  /// Weights of a body, of ImageNet for one, that a fresh network starts from.
  public var backbone: String?
  /// What a fresh network has besides its family's default, or foreign weights do not say.
  public var variant: String?
  /// Images with labels.
  public var source = DataSource(preferredSplit: "train")
  /// The classes that the network learns; nil for those of the labels.
  public var classes: String?
  public var output = ""
  /// How the network takes its pixels; nil as its weights say, or ImageNet's for a fresh one.
  public var normalisation: String?

  // How long and how fast.
  /// Images a step.
  public var batch = 8
  public var steps = 2000
  /// What moves the parameters.
  public var optimizer = OptimizerChoice.adamw
  /// The learning rate after the warm-up.
  public var learningRate = 2e-3
  /// The classifier's learning rate over the body's.
  public var headScale = 1.0
  /// Steps of the warm-up.
  public var warmUp = 100
  /// nil for the number of steps.
  public var horizon: Int?
  /// The exponent of the learning rate's decay.
  public var power = 0.9
  /// Share of the old direction, of `sgd`.
  public var momentum = 0.9
  /// Whether `sgd` looks a step ahead.
  public var nesterov = false
  /// How fast parameters shrink.
  public var weightDecay = 1e-4
  /// How much a pixel of each class counts.
  public var classWeights = ClassBalance.logarithmic
  /// The weight of a second classifier's loss; 0 trains none.
  public var auxiliaryWeight = 0.0
  /// What stays of the normalisation layers as the network came.
  public var freezeNormalisation = FrozenNormalisation.none

  // What the network sees.
  /// The size that images are brought to before the random scale; nil for each image's own.
  public var size: PixelSize?
  /// The size of training crops.
  public var crop = PixelSize(width: 320, height: 240)
  /// How training crops are cut and coloured.
  public var views = Views()
  /// Whether images of rare classes are drawn more often.
  public var rareClasses = RareClasses()

  // How it is watched and kept.
  /// Labelled images that the network is scored on while it is trained; none where no images are named.
  public var validation = DataSource()
  /// Steps between scores on the validation images.
  public var evaluateEvery = 500
  /// Steps between checkpoints; nil for as many as take five minutes, at most a quarter of the run.
  public var checkpointEvery: Int?
  public var checkpointKeep = 2
  /// What happens at a step whose loss or gradient is no number.
  public var notFinite = NotFinite.stop
  /// Such steps in a row that are skipped before the run ends, where they are skipped.
  public var mostSkipped = 10
  /// What is done before the first step about memory, disk and time.
  public var plan = PlanPolicy.refuse

  // On what.
  /// "auto", "cpu", "cuda" or "cuda:N".
  public var device = "auto"
  /// The seed of every random choice.
  public var seed: UInt64 = 1
  /// Threads of the computation; 0 for all cores.
  public var threads = 0
  /// Threads that prepare batches ahead.
  public var workers = 1
  /// Whether normalisation by a batch's statistics takes the whole batch, where processes share it.
  public var syncBatchnorm = false
  /// How many different files may turn out unreadable while batches are made before the run ends.
  public var mostUnreadable = 10

  public static let job = RunJob.train

  /// The settings before a profile decides, which are those of `compact`.
  public static let initial = Self(initial: ())

  private init(initial: Void) {}

  /// The choices that others can start from.
  public enum Profile: String, SettingChoice {
    /// A small network on small images, from nothing in some thousand steps.
    case compact
    /// DeepLabV2 as domain adaptation trains its source networks.
    case deeplabv2
  }

  /// How much a pixel of each class counts.
  public enum ClassBalance: String, SettingChoice {
    /// All alike.
    case none
    /// `1 / ln(1.1 + share of the pixels)`, so that rare classes count more.
    /// Source: Paszke et al. 2016 (ENet), with the constant of Mehta et al. 2018 (ESPNet).
    case logarithmic
  }

  /// What stays of the normalisation layers as the network came.
  public enum FrozenNormalisation: String, SettingChoice {
    /// Nothing: all is trained.
    case none
    /// Weights and biases; the statistics move.
    case affine
    /// The statistics too: layers normalise by the stored ones.
    case all
  }

  /// How training crops are cut and coloured.
  public struct Views: Equatable, Sendable {
    /// The least random factor of the size.
    public var minScale = 0.75
    /// The greatest random factor of the size.
    public var maxScale = 1.5
    /// See `SupervisedViews.classMaximum`.
    public var classMaximum = 1.0
    /// Whether crops are mirrored, with probability 1/2.
    public var mirror = true
    /// Whether crops go through the colour policy of adaptation's strong view.
    public var colour = false
    /// How far brightness changes, as a share.
    public var brightness = 0.2
    /// How far contrast changes, as a share.
    public var contrast = 0.2
    /// Which photometric distortion crops go through.
    public var distortion = Distortion.none
    /// The probability of blur.
    public var blur = 0.0
    /// The least deviation of blur, in pixels.
    public var minDeviation = 0.15
    /// The greatest deviation of blur, in pixels.
    public var maxDeviation = 1.15
  }

  /// A photometric distortion of the field.
  public enum Distortion: String, SettingChoice {
    /// None.
    case none
    /// See `PhotometricDistortion`.
    case ssd
  }

  /// See `RareClassSampling`.
  public struct RareClasses: Equatable, Sendable {
    /// Whether images are drawn by their rarest classes.
    public var sampling = false
    /// How sharply rare classes are preferred; small is sharp.
    public var temperature = 0.01
    /// nil for 0.15 % of the image.
    public var pixels: Int?
  }
}

extension TrainingSettings {
  /// What `iapc train` starts from with a profile.
  ///
  /// `deeplabv2` is the recipe of Tsai et al. 2018 (AdaptSegNet), whose source networks most of the field
  /// starts from: whole images at 1280x720 one by one, plain SGD, a decay over 250000 steps that stops at
  /// 150000, the auxiliary classifier at a tenth.
  public init(profile: Profile = .compact) {
    self = .initial
    self.profile = profile
    guard profile == .deeplabv2 else { return }
    (network, normalisation) = ("deeplabv2-resnet101", "caffe")
    (size, crop) = (PixelSize(width: 1280, height: 720), PixelSize(width: 1280, height: 720))
    (batch, steps, horizon) = (1, 150_000, 250_000)
    (optimizer, learningRate, headScale) = (.sgd, 2.5e-4, 10)
    (warmUp, power, momentum, weightDecay) = (0, 0.9, 0.9, 5e-4)
    (classWeights, auxiliaryWeight, freezeNormalisation) = (.none, 0.1, .affine)
    (views.minScale, views.maxScale, views.mirror) = (1, 1, false)
    (views.brightness, views.contrast) = (0, 0)
    evaluateEvery = 5000
  }

  /// The defaults: the profile `compact`.
  public init() { self.init(profile: .compact) }

  public static var starts: [(name: String, settings: Self)] {
    Profile.allCases.map { (name: $0.rawValue, settings: Self(profile: $0)) }
  }

  public static var group: (name: String, members: [String]) { ("", []) }

  public var start: Self { Self(profile: profile) }
}
