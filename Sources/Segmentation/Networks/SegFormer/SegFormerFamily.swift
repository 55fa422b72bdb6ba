// SPDX-License-Identifier: Apache-2.0

import Files
import Torch

extension NetworkFamily {
  static func segFormer(_ size: SegFormer.Description.Size) -> NetworkFamily {
    let name = "segformer-\(size.rawValue)"
    return NetworkFamily(
      name: name, normalisation: .imageNet, canHaveAuxiliary: false,
      recognise: { SegFormerReading.recognise($0, as: size) },
      recogniseBody: { SegFormerReading.recognise($0, as: size, bodies: true) },
      build: { weights, request in
        guard let description = try SegFormer.Description(weights, request.variant) else {
          fatalError("the weights were recognised as those of \(name)")
        }
        guard description.outputs == request.classCount else {
          throw otherClasses(description.outputs, request, at: "decode_head.classifier.weight")
        }
        return SegFormer(description, normalisation: request.normalisation, device: request.device)
      },
      make: { request in
        var description = SegFormer.Description(size, outputs: request.classCount)
        try description.apply(request.variant)
        return SegFormer(
          description, normalisation: request.normalisation, device: request.device, seed: request.seed)
      },
      describe: { weights, variant in
        try SegFormer.Description(weights, variant)?.variantText ?? ""
      })
  }
}

extension SegFormer.Description {
  /// What the names and shapes of recognised weights show.
  init?(showing weights: RecognisedWeights) {
    self.init(weights.checkpoint.shapes, .huggingface, bodies: true)
    if let packing = weights.packing { norms = packing.norms }
  }

  /// The whole variant: what weights show, what their file says, then what the user says.
  init?(_ weights: RecognisedWeights, _ said: VariantText) throws {
    self.init(showing: weights)
    if let own = weights.checkpoint.metadata[NetworkFile.Key.variant] { try apply(VariantText(own)) }
    try apply(said)
  }
}
