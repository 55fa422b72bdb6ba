// SPDX-License-Identifier: Apache-2.0

import Files

extension DeepLabV2.Description {
  /// A property that weights do not show: how it is written and set.
  struct Property: Sendable {
    let name: String
    /// What may be written, for messages.
    let values: String
    /// Whether a VGG has it.
    let isOfVGG: Bool
    let text: @Sendable (DeepLabV2.Description) -> String
    /// False where the text is no value of this property.
    let set: @Sendable (inout DeepLabV2.Description, String) -> Bool
  }

  static let properties: [Property] = [
    Property(name: "branches", values: "2 or 4", isOfVGG: true, text: { "\($0.branches)" }) { d, text in
      guard let value = Int(text), [2, 4].contains(value) else { return false }
      d.branches = value
      return true
    },
    Property(name: "stride", values: "1x1 or 3x3", isOfVGG: false, text: { $0.stride.rawValue }) { d, text in
      guard let value = StrideSite(rawValue: text) else { return false }
      d.stride = value
      return true
    },
    Property(name: "ceil", values: "true or false", isOfVGG: false, text: { "\($0.ceil)" }) { d, text in
      guard let value = Bool(text) else { return false }
      d.ceil = value
      return true
    },
    Property(
      name: "dilation", values: "full or contracted", isOfVGG: false,
      text: { $0.contracted ? "contracted" : "full" }
    ) { d, text in
      guard ["full", "contracted"].contains(text) else { return false }
      d.contracted = text == "contracted"
      return true
    },
    Property(name: "norm", values: "batch or frozen", isOfVGG: false, text: { $0.norm.rawValue }) { d, text in
      guard let value = Norm(rawValue: text) else { return false }
      d.norm = value
      d.epsilon = value == .frozen ? 0 : 1e-5
      return true
    },
    Property(name: "eps", values: "0 or a small number", isOfVGG: false, text: { "\($0.epsilon)" }) {
      d, text in
      guard let value = Double(text), value.isFinite, (0..<1).contains(value) else { return false }
      d.epsilon = value
      return true
    },
  ]

  /// The properties that weights do not show, as a variant text: "branches=4,stride=1x1,...".
  public var variantText: String {
    Self.properties.filter { backbone != .vgg16 || $0.isOfVGG }.map { "\($0.name)=\($0.text(self))" }
      .joined(separator: ",")
  }

  /// Sets one property.
  /// - Throws: `Problem` for an unknown name or value.
  mutating func set(_ name: String, to value: String) throws {
    guard let property = Self.properties.first(where: { $0.name == name }) else {
      throw unknownName(name, of: "property of the variant", known: Self.properties.map(\.name))
    }
    guard property.set(&self, value) else {
      throw Problem(
        "cannot use the variant", at: "\(name)=\(value)", because: "expected \(property.values)",
        remedy: "correct the value")
    }
  }
}

extension DeepLabV2 {
  public var variant: String {
    let d = description
    var read = ["\(d.outputs) outputs"]
    if d.width != 64 { read.append("width \(d.width)") }
    if d.stem == .deep { read.append("deep stem") }
    if d.auxiliary { read.append("auxiliary head") }
    return "\(d.variantText); \(read.joined(separator: ", "))"
  }
}
