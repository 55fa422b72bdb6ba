// SPDX-License-Identifier: Apache-2.0

extension AdaptationSettings {
  /// What `iapc adapt` starts from with a method and a profile.
  ///
  /// Of `iapc`, `reference` is the authors' released code as mended in December 2024, `paper` the paper's text where
  /// the two differ, `recommended` the paper with what our measurements favour. Other methods have their published
  /// settings, whatever the profile.
  public init(method: Method = .iapc, profile: Profile = .recommended) {
    self = .initial
    (self.method, self.profile) = (method, profile)
    switch (method, profile) {
    case (.iapc, .reference):
      (steps, finalStatistics) = (Self.publishedSteps, .source)
      iapc.importance = .logits
      learning.backboneUpdates = 3
      iapc.statisticsPass = true
    case (.iapc, .paper):
      (steps, finalStatistics) = (Self.publishedSteps, .source)
      iapc.importance = .probabilities
    case (.iapc, .recommended): chooseRecommended()
    default: choosePublished()
    }
  }

  /// The defaults: the method `iapc` and the profile `recommended`.
  public init() { self.init(method: .iapc) }

  /// What a run can start from, under the names that help texts give them; first the default.
  public static var starts: [(name: String, settings: Self)] {
    [Profile.recommended, .paper, .reference].map { (name: $0.rawValue, settings: Self(profile: $0)) }
      + others.map { (name: $0.rawValue, settings: Self(method: $0)) }
  }

  public static var group: (name: String, members: [String]) { ("other methods", others.map(\.rawValue)) }

  public var start: Self { Self(method: method, profile: profile) }

  private static var others: [Method] { Method.allCases.filter { $0 != .iapc } }

  /// Updates of the published run.
  private static let publishedSteps = 9000

  /// The paper's importance and class weights on better labels of harder views.
  private mutating func chooseRecommended() {
    (initialStatistics, finalStatistics, exposure) = (.target, .target, .source)
    (sourceShare, guards) = (nil, true)
    (pseudoLabels.scales, pseudoLabels.statistics) = ([1, 1.25, 1.5], .scale)
    (pseudoLabels.mirror, pseudoLabels.balance) = (false, 0.2)
    iapc.importance = .probabilities
    iapc.weights = IAPCSettings.Weights(importance: 1, enhanced: 0.5, symmetric: 0.04, entropy: 2)
    iapc.entropyOn = .agreed
    iapc.prototypes = .momentum
    iapc.mixing.classes = true
    (iapc.classBalance, iapc.teacherDecay, adapted) = (.shares, 0.9967, .teacher)
    (learning.optimizer, learning.headScale, learning.weightDecay) = (.adamwRelative, 1, 0.01)
    (learningRate, warmUp) = (5e-3, 20)
    horizon = nil
  }

  /// The published choices of a method other than `iapc`.
  ///
  /// Their authors take as many steps as their data sets have images, or ten thousands of them; so few as here are
  /// ours.
  private mutating func choosePublished() {
    // It has no part in them.
    iapc = Self().iapc
    switch method {
    case .iapc: break
    case .sourceOnly: steps = 0
    case .batchnorm: (steps, finalStatistics) = (0, .target)
    case .tent:
      (learning.optimizer, learning.weightDecay, learning.headScale) = (.adamw, 0, 1)
      learningRate = 1e-3
    case .selfTraining, .urma: learningRate = 5e-5
    case .hcl: learningRate = 1e-4
    case .cotta:
      (learning.optimizer, learning.weightDecay, learning.headScale) = (.adamw, 0, 1)
      (learningRate, adapted) = (7.5e-6, .teacher)
    case .dynamicTeacher:
      learningRate = 2.5e-4
      learning.studentNorm = .stored
    }
  }
}
