// SPDX-License-Identifier: Apache-2.0

import Files
import Torch

extension NetworkFamily {
  static func segFormer(_ size: SegFormer.Description.Size) -> NetworkFamily {
    let name = "segformer-\(size.rawValue)"

    @Sendable func mine(_ weights: RecognisedWeights?) -> RecognisedWeights? {
      weights.flatMap { SegFormer.Description(showing: $0)?.size == size ? $0 : nil }
    }

    return NetworkFamily(
      name: name, normalisation: .imageNet, canHaveAuxiliary: false,
      recognise: { mine(SegFormerReading.recognise($0)) },
      recogniseBody: { mine(SegFormerReading.recognise($0, bodies: true)) },
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
    let shapes = Dictionary(
      weights.checkpoint.tensors.map { ($0.name, $0.tensor.shape) }, uniquingKeysWith: { first, _ in first })
    self.init(shapes, .huggingface, bodies: true)
    if let packing = weights.packing { norms = packing.norms }
  }

  /// The whole variant: what weights show, what their file says, then what the user says.
  init?(_ weights: RecognisedWeights, _ said: VariantText) throws {
    self.init(showing: weights)
    if let own = weights.checkpoint.metadata[NetworkFile.Key.variant] { try apply(VariantText(own)) }
    try apply(said)
  }
}
