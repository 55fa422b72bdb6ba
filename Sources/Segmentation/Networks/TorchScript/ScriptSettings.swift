// SPDX-License-Identifier: Apache-2.0

import Files
import Torch

/// What a user says of a TorchScript module, as the variant's properties `features` and `head`.
struct ScriptSettings: Equatable {
  /// The inner module whose output the features are; nil for the module's own, or else the head's input.
  var features: String?
  /// Beginnings of the names of the classifier's parameters; empty for the layers that the scores come from.
  var heads: [String] = []

  /// - Throws: `Problem` for an origin, and for properties that are none of a module.
  init(_ variant: VariantText) throws {
    if let origin = variant.origin {
      throw Problem(
        "cannot use the variant", at: origin.name,
        because: "a TorchScript module is whole: it comes from no other code's weights",
        remedy: "leave it out")
    }
    for property in variant.properties {
      switch property.name {
      case "features": features = property.value
      case "head": heads = property.value.split(separator: "+").map(String.init)
      default: throw unknownName(property.name, of: "property of a module", known: ["features", "head"])
      }
    }
  }

  /// As `--variant` takes it.
  var text: String {
    let head = heads.isEmpty ? nil : "head=\(heads.joined(separator: "+"))"
    return [features.map { "features=\($0)" }, head].compactMap(\.self).joined(separator: ",")
  }

  /// The names of the classifier's parameters.
  ///
  /// - Throws: `Problem` where there are none.
  func head(among entries: [ScriptModule.Entry], at place: String) throws -> Set<String> {
    let parameters = entries.filter { $0.kind == .parameter }
    guard !heads.isEmpty else {
      let found = parameters.filter(\.isHead).map(\.name)
      guard found.isEmpty else { return Set(found) }
      throw Problem(
        "cannot tell the head of the module", at: place,
        because: "its scores come from no parameter that could be found",
        remedy: "name the classifier's inner module with --head")
    }
    for head in heads where !parameters.contains(where: { Self.isIn(head, $0.name) }) {
      throw Problem(
        "cannot use the head", at: "\(place), --head \(head)",
        because: "no parameter's name begins so; the last is \(parameters.last?.name ?? "none")",
        remedy: "name an inner module, as in \"classifier\"")
    }
    return Set(parameters.map(\.name).filter { name in heads.contains { Self.isIn($0, name) } })
  }

  private static func isIn(_ module: String, _ name: String) -> Bool {
    name == module || name.hasPrefix("\(module).")
  }
}
