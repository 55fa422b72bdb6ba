// SPDX-License-Identifier: Apache-2.0

import Files

/// What a user says of weights that do not say it themselves: a named origin, single properties, or both,
/// between commas: "dt-st", "adaptsegnet,ceil=false", "branches=2,stride=3x3".
public struct VariantText: Equatable, Sendable {
  /// The code base that was named, if one was.
  public let origin: VariantOrigin?
  /// Single properties, which go before those of the origin.
  public let properties: [VariantProperty]

  /// Nothing said.
  public static let none = VariantText(origin: nil, properties: [])

  init(origin: VariantOrigin?, properties: [VariantProperty]) {
    self.origin = origin
    self.properties = properties
  }

  /// - Throws: `Problem` for an unknown origin and for a second one. Whether a property exists is known to
  /// the
  ///   network that it is said of.
  public init(_ text: String) throws {
    var origins: [VariantOrigin] = []
    var properties: [VariantProperty] = []
    for part in text.split(separator: ",") {
      let sides = part.split(separator: "=", maxSplits: 1, omittingEmptySubsequences: false)
        .map { $0.filter { !$0.isWhitespace } }
      if sides.count == 2 {
        properties.append(VariantProperty(sides[0], sides[1]))
      } else {
        origins.append(try VariantOrigin.named(sides[0]))
      }
    }
    guard origins.count <= 1 else {
      throw Problem(
        "cannot use the variant", at: text,
        because: "it names the origins "
          + origins.map(\.name).joined(separator: " and "), remedy: "name one, and single properties after it"
      )
    }
    self.init(origin: origins.first, properties: properties)
  }

  var isEmpty: Bool { origin == nil && properties.isEmpty }
}

/// A property of a variant as it is written: `branches=2`.
public struct VariantProperty: Equatable, Sendable {
  /// The property's name: "branches".
  public let name: String
  /// The property's value: "2".
  public let value: String

  init(_ name: String, _ value: String) { (self.name, self.value) = (name, value) }
}

/// A code base whose weights share what their names and shapes do not show.
public struct VariantOrigin: Equatable, Sendable {
  /// The name that `--variant` takes.
  public let name: String
  /// What differs from ADVENT's network.
  let properties: [VariantProperty]
  /// Whether weights that count no batches come from frozen normalisation layers.
  let freezesUncounted: Bool
  /// The colours that its weights want.
  public let normalisation: Normalisation

  private init(
    _ name: String, _ normalisation: Normalisation, _ properties: [(String, String)] = [],
    freezesUncounted: Bool = false
  ) {
    self.name = name
    self.properties = properties.map { VariantProperty($0.0, $0.1) }
    self.freezesUncounted = freezesUncounted
    self.normalisation = normalisation
  }

  private static let twoBranches = [("branches", "2")]
  /// A torchvision ResNet with `replace_stride_with_dilation`, and mmseg's with `contract_dilation`.
  private static let torchvision = [("stride", "3x3"), ("ceil", "false"), ("dilation", "contracted")]

  /// The origins that are known, those that stand for others of their kind first.
  public static let all: [VariantOrigin] = [
    VariantOrigin("advent", .caffe),
    VariantOrigin("adaptsegnet", .caffe, twoBranches),
    VariantOrigin("fada", .imageNet, torchvision, freezesUncounted: true),
    VariantOrigin("mmseg", .imageNet, torchvision),
    VariantOrigin("da-sac", .imageNet),
    VariantOrigin("iapc", .caffe),
    VariantOrigin("ldbe", .caffe),
    VariantOrigin("cal-sfda", .caffe),
    VariantOrigin("maxsquare", .caffe, twoBranches),
    VariantOrigin("urma", .caffe, twoBranches),
    VariantOrigin("bdl", .caffe, twoBranches),
    VariantOrigin("dt-st", .imageNet, torchvision, freezesUncounted: true),
    VariantOrigin("pah-bac", .imageNet, torchvision, freezesUncounted: true),
    VariantOrigin("daformer", .imageNet, torchvision),
    VariantOrigin("hrda", .imageNet, torchvision),
    VariantOrigin("mic", .imageNet, torchvision),
  ]

  /// The origin of a name.
  ///
  /// - Throws: a `Problem` that lists the known names and says which is nearest.
  public static func named(_ name: String) throws -> VariantOrigin {
    if let found = all.first(where: { $0.name == name }) { return found }
    throw unknownName(name, of: "origin of weights", known: all.map(\.name))
  }
}
